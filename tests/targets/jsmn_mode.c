/*
 * One way to compile jsmn, and a walk over what it parsed.  jsmn_fuzzer.c
 * links this file three times, because the library is a header whose mode is
 * a macro:
 *
 *	-DMODE=loose
 *	-DMODE=strict -DJSMN_STRICT
 *	-DMODE=linked -DJSMN_PARENT_LINKS
 */
#define JSMN_STATIC
#include <jsmn.h>

#include <stdint.h>
#include <stdlib.h>

#define TOKENS    512
#define NAME_2(m) jsmn_##m
#define NAME_1(m) NAME_2(m)
#define MODE_RUN  NAME_1(MODE)

int MODE_RUN(const char *text, size_t len);

/* Read every byte of the token, so that a wrong range is seen. */
static unsigned int
token_sum(const char *text, size_t len, const jsmntok_t *t)
{
	unsigned int sum = 0;
	int i;

	if (t->start < 0 || t->end < t->start || (size_t)t->end > len)
		return 0;
	for (i = t->start; i < t->end; i++)
		sum = sum * 31 + (unsigned char)text[i];
	return sum;
}

/* How deep the tokens nest, by their ranges, as users of jsmn find out. */
static int
deepest(const jsmntok_t *tokens, int n)
{
	int i, top = 0, most = 0;
	int ends[TOKENS];

	for (i = 0; i < n; i++) {
		while (top > 0 && ends[top - 1] <= tokens[i].start)
			top--;
		ends[top++] = tokens[i].end;
		if (top > most)
			most = top;
	}
	return most;
}

/*
 * Parse twice, as programs do: once to count, once to fill.  Then once more
 * into too little room, which has to say so and no more.
 */
int
MODE_RUN(const char *text, size_t len)
{
	jsmntok_t *tokens;
	jsmn_parser parser;
	unsigned int sum = 0;
	int count, n, i;

	jsmn_init(&parser);
	count = jsmn_parse(&parser, text, len, NULL, 0);
	tokens = malloc(TOKENS * sizeof(*tokens));
	if (tokens == NULL)
		return 0;
	jsmn_init(&parser);
	n = jsmn_parse(&parser, text, len, tokens, TOKENS);
	for (i = 0; i < n && i < TOKENS; i++)
		sum += token_sum(text, len, &tokens[i]);
	if (n > 0 && n <= TOKENS)
		sum += (unsigned int)deepest(tokens, n);
	free(tokens);
	tokens = malloc(3 * sizeof(*tokens));
	if (tokens != NULL) {
		jsmn_init(&parser);
		n = jsmn_parse(&parser, text, len, tokens, 3);
	}
	free(tokens);
	return (int)(sum & 0xff) + count + n;
}

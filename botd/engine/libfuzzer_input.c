/*
 * Where a crashing input comes from, as libFuzzer tells it: the line "MS: 2
 * InsertByte-CMP- DE: ...-; base unit: <sha1>" beside an artifact's name, and
 * the "Running: <path>" of a reproduction.
 */
#include <ctype.h>
#include <string.h>

#include "botd/engine/libfuzzer.h"

#define MUTATIONS_MOST 64
#define MUTATION_MAX   40
#define SHA1_DIGITS    40

/* The last line that begins with "mark"; its length, or 0 without one. */
static size_t
last_line(const char **line, const char *output, size_t len, const char *mark)
{
	size_t n = strlen(mark), found = 0;
	const char *p = output, *end = output + len, *newline;

	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		if ((size_t)(newline - p) < n || memcmp(p, mark, n) != 0)
			continue;
		*line = p;
		found = (size_t)(newline - p);
	}
	return found;
}

static void
add_unit(struct buf *out, const char *line, size_t len)
{
	static const char mark[] = "base unit: ";
	const char *p = memmem(line, len, mark, sizeof(mark) - 1);
	bool some = false;
	size_t i;

	if (p == NULL)
		return;
	p += sizeof(mark) - 1;
	if ((size_t)(line + len - p) < SHA1_DIGITS)
		return;
	for (i = 0; i < SHA1_DIGITS; i++) {
		if (!isdigit((unsigned char)p[i]) && (p[i] < 'a' || p[i] > 'f'))
			return;
		some |= p[i] != '0';
	}
	/* All zeros: it was a seed, made from nothing. */
	if (some)
		buf_printf(out, "sha1:%.*s\n", SHA1_DIGITS, p);
}

/* "InsertByte-CMP-": names, each with a dash behind it. */
static void
add_mutations(struct buf *out, const char *line, size_t len)
{
	const char *p = line + 4, *end = line + len;
	size_t n;
	int i;

	while (p < end && isdigit((unsigned char)*p))
		p++;
	while (p < end && *p == ' ')
		p++;
	for (i = 0; i < MUTATIONS_MOST; i++) {
		for (n = 0; p + n < end && isalnum((unsigned char)p[n]); n++)
			;
		if (n == 0 || n > MUTATION_MAX || p + n >= end || p[n] != '-')
			return;
		buf_printf(out, "mutation %.*s\n", (int)n, p);
		p += n + 1;
	}
}

void
libfuzzer_parents(struct buf *out, const char *output, size_t len)
{
	const char *line;
	size_t n = last_line(&line, output, len, "MS: ");

	if (n == 0)
		return;
	add_unit(out, line, n);
	add_mutations(out, line, n);
}

/* Flags that change how inputs are made, and what people call that. */
static const struct {
	const char *flag, *name;
	bool value; /* which one is part of the name */
} known[] = {
    {"-use_value_profile=1", "value_profile", false},
    {"-entropic=1", "entropic", false},
    {"-entropic=0", "no_entropic", false},
    {"-only_ascii=1", "only_ascii", false},
    {"-use_cmp=0", "no_cmp", false},
    {"-len_control=", "len_control", true},
    {"-max_len=", "max_len", true},
    {"-mutate_depth=", "mutate_depth", true},
    {"-cross_over=0", "no_cross_over", false},
    {"-dict=", "dictionary", false},
    {"-focus_function=", "focus_function", false},
};

void
libfuzzer_strategies(struct buf *out, const struct engine_plan *p)
{
	size_t i, n;
	int a;

	for (a = 0; a < p->argv.count; a++)
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			n = strlen(known[i].flag);
			if (strncmp(p->argv.list[a], known[i].flag, n) != 0)
				continue;
			buf_printf(out, "strategy %s%s%.20s\n", known[i].name,
			    known[i].value ? " " : "",
			    known[i].value ? p->argv.list[a] + n : "");
		}
}

bool
libfuzzer_came_to(const char *output, size_t len, const char *input)
{
	static const char mark[] = "Running: ";
	const char *line;
	size_t n = last_line(&line, output, len, mark);

	return n == sizeof(mark) - 1 + strlen(input) &&
	    memcmp(line + sizeof(mark) - 1, input, strlen(input)) == 0;
}

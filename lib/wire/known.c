/*
 * jobs/<job>.known, out and in.  Text that a person can read; what is not
 * exactly so is no known list, and a bot without one sends everything.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "lib/wire/known.h"

#define HEAD       "known 1 "
#define RULES_HEAD "rules\n"
#define LINE_LEN   (DIGEST_HEX + 3) /* digest, blank, flag, newline */

void
known_release(struct known *k)
{
	free(k->list);
	free(k->rules);
	memset(k, 0, sizeof(*k));
}

void
known_format(struct buf *out, const struct known *k)
{
	size_t start = out->len;
	int i;

	assert(k->count >= 0 && k->count <= KNOWN_MAX);
	buf_printf(out, HEAD "%s\n", k->project);
	for (i = 0; i < k->count; i++)
		buf_printf(out, "%s %d\n",
		    digest_hex(&k->list[i].signature).text,
		    k->list[i].security ? 1 : 0);
	buf_adds(out, RULES_HEAD);
	buf_add(out, k->rules, k->rules_len);
	assert(out->len - start <= KNOWN_MAX_BYTES);
}

/* ---- in -------------------------------------------------------------- */

struct reader {
	const char *at, *end;
	int line; /* for complaints */
};

static int
bad_line(const struct reader *r, struct err *e)
{
	return err_set(
	    e, ERR_REFUSED, "line %d of a known list is not valid", r->line);
}

static bool
starts_with(const struct reader *r, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(r->end - r->at) >= len && memcmp(r->at, text, len) == 0;
}

static int
parse_head(struct known *k, struct reader *r, struct err *e)
{
	const char *newline;
	size_t len;

	r->line = 1;
	if (!starts_with(r, HEAD))
		return bad_line(r, e);
	r->at += strlen(HEAD);
	newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	if (newline == NULL)
		return bad_line(r, e);
	len = (size_t)(newline - r->at);
	if (len >= sizeof(k->project))
		return bad_line(r, e);
	memcpy(k->project, r->at, len);
	k->project[len] = '\0';
	if (strlen(k->project) != len ||
	    (!name_ok(k->project) && strcmp(k->project, PROJECT_LOST) != 0))
		return bad_line(r, e);
	r->at = newline + 1;
	return 0;
}

static int
parse_signature(struct known *k, struct reader *r, struct err *e)
{
	struct known_signature *s;
	char hex[DIGEST_HEX + 1];
	char flag;

	if (k->count == KNOWN_MAX)
		return err_set(e, ERR_REFUSED,
		    "a known list of more than %d signatures", KNOWN_MAX);
	if (r->end - r->at < LINE_LEN || r->at[DIGEST_HEX] != ' ' ||
	    r->at[LINE_LEN - 1] != '\n')
		return bad_line(r, e);
	memcpy(hex, r->at, DIGEST_HEX);
	hex[DIGEST_HEX] = '\0';
	flag = r->at[DIGEST_HEX + 1];
	s = &k->list[k->count];
	if (strlen(hex) != DIGEST_HEX || digest_parse(&s->signature, hex) ||
	    (flag != '0' && flag != '1'))
		return bad_line(r, e);
	s->security = flag == '1';
	k->count++;
	r->at += LINE_LEN;
	return 0;
}

static int
parse_rules(struct known *k, struct reader *r, struct err *e)
{
	r->at += strlen(RULES_HEAD);
	k->rules_len = (size_t)(r->end - r->at);
	if (memchr(r->at, '\0', k->rules_len) != NULL)
		return err_set(
		    e, ERR_REFUSED, "the rules of a known list hold a NUL");
	k->rules = mem_alloc(k->rules_len + 1);
	memcpy(k->rules, r->at, k->rules_len);
	return 0;
}

static int
parse_all(struct known *k, struct reader *r, struct err *e)
{
	if (parse_head(k, r, e) == -1)
		return -1;
	/* No more than there is text for. */
	k->list = mem_array(
	    (size_t)(r->end - r->at) / LINE_LEN + 1, sizeof(*k->list));
	for (;;) {
		r->line++;
		if (starts_with(r, RULES_HEAD))
			return parse_rules(k, r, e);
		if (parse_signature(k, r, e) == -1)
			return -1;
	}
}

int
known_parse(struct known *k, const void *bytes, size_t len, struct err *e)
{
	struct reader r = {bytes, (const char *)bytes + len, 0};

	memset(k, 0, sizeof(*k));
	if (len > KNOWN_MAX_BYTES)
		return err_set(e, ERR_REFUSED,
		    "a known list of %zu bytes, limit is %d", len,
		    KNOWN_MAX_BYTES);
	if (len == 0)
		return err_set(e, ERR_REFUSED, "a known list that is empty");
	if (parse_all(k, &r, e) == 0)
		return 0;
	known_release(k);
	return -1;
}

bool
known_has(const struct known *k, const struct digest *signature, bool security)
{
	int i;

	for (i = 0; i < k->count; i++)
		if (k->list[i].security == security &&
		    digest_equal(&k->list[i].signature, signature))
			return true;
	return false;
}

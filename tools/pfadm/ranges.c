/*
 * Words with brackets to the names that they mean: bracket by bracket, each
 * name so far times each number.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "tools/pfadm/ranges.h"

#define DIGITS "0123456789"

static int
odd(const char *word, struct err *e)
{
	return err_set(
	    e, ERR_REFUSED, "'%.80s' is no range: b[1-3], b[01-12,20]", word);
}

static int
add(struct ranges *r, char *name, struct err *e)
{
	if (r->count == RANGE_MOST) {
		free(name);
		return err_set(
		    e, ERR_REFUSED, "more than %d names", RANGE_MOST);
	}
	if (r->count == r->room) {
		r->room = r->room == 0 ? 16 : r->room * 2;
		r->list =
		    mem_resize(r->list, (size_t)r->room, sizeof(*r->list));
	}
	r->list[r->count++] = name;
	return 0;
}

void
ranges_release(struct ranges *r)
{
	while (r->count > 0)
		free(r->list[--r->count]);
	free(r->list);
	memset(r, 0, sizeof(*r));
}

/* A number at *p, at most nine digits; its value and how many digits. */
static int
number(const char **p, uint64_t *value, int *digits)
{
	size_t n = strspn(*p, DIGITS);

	if (n == 0 || n > 9)
		return -1;
	*value = strtoull(*p, NULL, 10);
	*digits = (int)n;
	*p += n;
	return 0;
}

static int expand(
    struct ranges *r, const char *head, const char *word, struct err *e);

/* "3" or "1-3" at *p, each with what follows the bracket. */
static int
expand_part(struct ranges *r, const char *head, const char **p,
    const char *tail, struct err *e)
{
	struct buf name = BUF_INIT;
	uint64_t from, to;
	int digits, ignored, got = 0;

	if (number(p, &from, &digits) == -1)
		return -1;
	to = from;
	if (**p == '-') {
		(*p)++;
		if (number(p, &to, &ignored) == -1)
			return -1;
	}
	if (to < from || to - from >= RANGE_MOST)
		return -1;
	for (; from <= to && got == 0; from++) {
		buf_reset(&name);
		buf_printf(&name, "%s%0*" PRIu64, head, digits, from);
		got = expand(r, name.data, tail, e);
	}
	buf_release(&name);
	return got;
}

static int
expand(struct ranges *r, const char *head, const char *word, struct err *e)
{
	const char *open = word + strcspn(word, "[]"), *close, *p;
	struct buf name = BUF_INIT;
	int got = -1;

	buf_printf(&name, "%s%.*s", head, (int)(open - word), word);
	if (*open == '\0')
		return add(r, buf_detach(&name), e);
	close = open + strcspn(open, "]");
	if (*open == '[' && *close == ']') {
		p = open;
		do {
			p++;
			got = expand_part(r, name.data, &p, close + 1, e);
		} while (got == 0 && *p == ',');
		if (got == 0 && p != close)
			got = -1;
	}
	buf_release(&name);
	return got;
}

int
ranges_add(struct ranges *r, const char *word, struct err *e)
{
	err_clear(e);
	if (expand(r, "", word, e) == 0)
		return 0;
	return e->cls == ERR_NONE ? odd(word, e) : err_wrap(e, "'%.80s'", word);
}

/*
 * Names back to words with brackets: sorted, then run by run of numbers that
 * follow each other.  What ranges_add() makes of the words are the names.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "tools/pfadm/ranges.h"

/* "b07": head "b", number 7, two digits; no digits: a name of its own. */
struct part {
	const char *name;
	size_t head;
	uint64_t number;
	int digits;
};

static struct part
part_of(const char *name)
{
	struct part p = {name, strlen(name), 0, 0};

	while (p.head > 0 && p.digits < 9 &&
	    strchr("0123456789", name[p.head - 1]) != NULL) {
		p.head--;
		p.digits++;
	}
	p.number = strtoull(name + p.head, NULL, 10);
	return p;
}

static bool
same_head(const struct part *a, const struct part *b)
{
	return a->head == b->head && memcmp(a->name, b->name, a->head) == 0 &&
	    a->digits > 0 && b->digits > 0;
}

static int
by_head_and_number(const void *x, const void *y)
{
	const struct part *a = x, *b = y;

	if (!same_head(a, b))
		return strcmp(a->name, b->name);
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->digits - b->digits;
}

/* Does "b" come after "a" when one counts with as many digits? */
static bool
follows(const struct part *a, const struct part *b)
{
	bool carry = a->digits < b->digits;

	return b->number == a->number + 1 &&
	    (carry ? b->name[b->head] != '0' && a->name[a->head] != '0' &&
			b->digits == a->digits + 1
		   : a->digits == b->digits);
}

/* Parts "from" to before the one that is returned: "3" or "1-3". */
static size_t
add_run(struct buf *out, const struct part *parts, size_t from, size_t end)
{
	size_t i = from + 1;

	while (i < end && follows(&parts[i - 1], &parts[i]))
		i++;
	buf_adds(out, parts[from].name + parts[from].head);
	if (i > from + 1)
		buf_printf(out, "-%s", parts[i - 1].name + parts[i - 1].head);
	return i;
}

/* All of one head as one word; the index after them. */
static size_t
add_word(struct buf *out, const struct part *parts, size_t from, size_t count,
    bool shell)
{
	const struct part *first = &parts[from];
	size_t end = from + 1, i;

	while (end < count && same_head(first, &parts[end]))
		end++;
	if (end == from + 1) {
		buf_adds(out, first->name);
		return end;
	}
	buf_printf(
	    out, "%s%.*s[", shell ? "'" : "", (int)first->head, first->name);
	for (i = from; i < end;) {
		if (i > from)
			buf_addc(out, ',');
		i = add_run(out, parts, i, end);
	}
	buf_printf(out, "]%s", shell ? "'" : "");
	return end;
}

void
ranges_fold(const char *const *names, size_t count, bool shell, struct buf *out)
{
	struct part *parts = mem_resize(NULL, count + 1, sizeof(*parts));
	size_t i;

	for (i = 0; i < count; i++)
		parts[i] = part_of(names[i]);
	qsort(parts, count, sizeof(*parts), by_head_and_number);
	for (i = 0; i < count;) {
		if (i > 0)
			buf_adds(out, shell ? " " : ", ");
		i = add_word(out, parts, i, count, shell);
	}
	free(parts);
}

/*
 * Rules by name.  A report has some dozens of frames and there are hundreds
 * of rules, so a whole name is one look into a hash, a start is compared with
 * those of its first byte, and only what begins with a star is tried one by
 * one.  Within one set the newest rule that matches wins: lists run from the
 * newest to the oldest and end where nothing newer can come.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/triage/rules_internal.h"

#define NONE (-1)

static uint32_t
hash_of(const char *name, size_t len)
{
	uint32_t h = 2166136261u;

	while (len-- > 0)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h;
}

static unsigned
start_of(const char *name)
{
	return (unsigned char)name[0] % FINDER_STARTS;
}

/* Which letters there are, a bit for each (and its fellow): most globs are
 * out of the question for want of one, and need not be tried. */
static uint64_t
letters_of(const char *text, size_t len)
{
	uint64_t letters = 0;

	while (len-- > 0)
		letters |= 1ull << ((unsigned char)*text++ & 63);
	return letters;
}

static uint64_t
letters_of_glob(const char *glob)
{
	uint64_t letters = 0;

	if (strpbrk(glob, "[\\") != NULL)
		return 0; /* which are needed is not said in a word */
	for (; *glob != '\0'; glob++)
		if (*glob != '*' && *glob != '?')
			letters |= letters_of(glob, 1);
	return letters;
}

void
rules_set_init(struct rules_set *s)
{
	memset(s, 0, sizeof(*s));
	s->state = s->group = s->timeouts = -1;
	s->distance = s->likeness = -1;
}

void
rules_set_release(struct rules_set *s)
{
	int i, k;

	for (i = 0; i < s->count; i++)
		free(s->rules[i].glob);
	for (k = 0; k < FIND_KINDS; k++)
		for (i = 0; i < RULE_SUBJECTS; i++)
			free(s->finders[k][i].whole);
	free(s->rules);
	free(s->project);
	rules_set_init(s);
}

static void
add_whole(struct rules_set *s, struct finder *f, int index)
{
	const struct rule *r = &s->rules[index], *old;
	uint32_t at = hash_of(r->plain, r->length) & (f->slots - 1);

	/* Of two rules for one name the newer one is kept. */
	for (; f->whole[at] != NONE; at = (at + 1) & (f->slots - 1)) {
		old = &s->rules[f->whole[at]];
		if (old->length == r->length &&
		    memcmp(old->plain, r->plain, r->length) == 0)
			break;
	}
	f->whole[at] = index;
}

static void
make_finder(struct rules_set *s, enum finder_kind kind, int subject)
{
	struct finder *f = &s->finders[kind][subject];
	uint32_t i, whole = 0;
	int n;

	for (i = 0; i < FINDER_STARTS; i++)
		f->start[i] = NONE;
	f->other = NONE;
	for (n = 0; n < s->count; n++)
		if (s->rules[n].form == FORM_EXACT)
			whole++;
	for (f->slots = 4; f->slots < 2 * whole; f->slots *= 2)
		continue;
	f->whole = mem_array(f->slots, sizeof(*f->whole));
	for (i = 0; i < f->slots; i++)
		f->whole[i] = NONE;
}

static void
put_rule(struct rules_set *s, int index)
{
	struct rule *r = &s->rules[index];
	enum finder_kind kind = r->verb == RULE_WIDEN ? FIND_WIDEN : FIND_ROLE;
	struct finder *f = &s->finders[kind][r->subject];
	int *head = &f->other;

	if (!f->any)
		make_finder(s, kind, r->subject);
	f->any = true;
	if (r->form == FORM_EXACT) {
		add_whole(s, f, index);
		return;
	}
	if (r->form == FORM_START && r->length > 0)
		head = &f->start[start_of(r->plain)];
	r->letters = letters_of_glob(r->glob);
	r->next = *head;
	*head = index;
}

void
rules_set_index(struct rules_set *s)
{
	int i;

	for (i = 0; i < s->count; i++)
		put_rule(s, i);
}

static bool
matches(const struct rule *r, const char *name, size_t len)
{
	switch (r->form) {
	case FORM_START:
		return len >= r->length &&
		    memcmp(name, r->plain, r->length) == 0;
	case FORM_END:
		return len >= r->length &&
		    memcmp(name + len - r->length, r->plain, r->length) == 0;
	case FORM_PART:
		return memmem(name, len, r->plain, r->length) != NULL;
	default:
		return rules_glob(r->glob, name, len);
	}
}

static int
find_whole(const struct rules_set *s, const struct finder *f, const char *name,
    size_t len)
{
	uint32_t at = hash_of(name, len) & (f->slots - 1);
	const struct rule *r;

	for (; f->whole[at] != NONE; at = (at + 1) & (f->slots - 1)) {
		r = &s->rules[f->whole[at]];
		if (r->length == len && memcmp(r->plain, name, len) == 0)
			return f->whole[at];
	}
	return NONE;
}

struct asked {
	const char *name;
	size_t len;
	uint64_t letters;
};

/* The first of the list that matches and is newer than "best". */
static int
find_listed(
    const struct rules_set *s, int head, int best, const struct asked *a)
{
	const struct rule *r;

	for (; head > best; head = r->next) {
		r = &s->rules[head];
		if ((r->letters & ~a->letters) == 0 &&
		    matches(r, a->name, a->len))
			return head;
	}
	return best;
}

const struct rule *
rules_find(const struct rules_set *s, enum finder_kind kind,
    enum rule_subject subject, const char *name, size_t len)
{
	const struct finder *f = &s->finders[kind][subject];
	struct asked a = {name, len, 0};
	int best;

	if (!f->any || len == 0)
		return NULL;
	best = find_whole(s, f, name, len);
	a.letters = letters_of(name, len);
	best = find_listed(s, f->start[start_of(name)], best, &a);
	best = find_listed(s, f->other, best, &a);
	return best == NONE ? NULL : &s->rules[best];
}

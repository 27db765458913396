/*
 * Which signatures are one bug, given which are linked: links are taken from
 * the nearest on, and two groups become one when that leaves nobody in it who
 * is not linked to all others.  What is so decided depends on the set alone.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/triage/link.h"

/* ---- order ----------------------------------------------------------- */

static int
compare_items(const struct link_item *a, const struct link_item *b)
{
	int c = memcmp(
	    a->signature.bytes, b->signature.bytes, sizeof(a->signature.bytes));

	return c != 0 ? c : (int)a->security - (int)b->security;
}

struct ranked {
	const struct link_item *item;
	int index;
};

static int
compare_ranked(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	return compare_items(a->item, b->item);
}

/* In order; caller frees. */
static struct ranked *
rank(const struct link_item *items, int count)
{
	struct ranked *order = mem_array((size_t)count + 1, sizeof(*order));
	int i;

	for (i = 0; i < count; i++)
		order[i] = (struct ranked){&items[i], i};
	qsort(order, (size_t)count, sizeof(*order), compare_ranked);
	return order;
}

struct edge {
	int low, high; /* ranks */
	double distance;
};

static int
compare_edges(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;

	if (a->distance != b->distance)
		return a->distance < b->distance ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return (a->high > b->high) - (a->high < b->high);
}

/* ---- who is linked to whom ------------------------------------------- */

struct pairs { /* open addressing; 0: free */
	uint64_t *slot;
	size_t mask;
};

static uint64_t
pair_key(int low, int high)
{
	return ((uint64_t)(unsigned)low << 32 | (unsigned)high) + 1;
}

static size_t
pair_at(const struct pairs *p, uint64_t key)
{
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15) >> 20) & p->mask;

	while (p->slot[at] != 0 && p->slot[at] != key)
		at = (at + 1) & p->mask;
	return at;
}

static void
pairs_make(struct pairs *p, const struct edge *edges, int count)
{
	size_t size = 16;
	uint64_t key;
	int i;

	while (size < (size_t)count * 2)
		size *= 2;
	p->slot = mem_array(size, sizeof(*p->slot));
	p->mask = size - 1;
	for (i = 0; i < count; i++) {
		key = pair_key(edges[i].low, edges[i].high);
		p->slot[pair_at(p, key)] = key;
	}
}

static bool
linked(const struct pairs *p, int a, int b)
{
	uint64_t key = a < b ? pair_key(a, b) : pair_key(b, a);

	return p->slot[pair_at(p, key)] == key;
}

/* ---- groups ---------------------------------------------------------- */

/* Members of a group are a ring; its number is its smallest rank. */
struct member {
	int group, next, size;
};

static bool
all_linked(const struct member *m, const struct pairs *p, int group, int other)
{
	int i = group, j;

	do {
		j = other;
		do {
			if (!linked(p, i, j))
				return false;
		} while ((j = m[j].next) != other);
	} while ((i = m[i].next) != group);
	return true;
}

static void
join(struct member *m, int group, int other)
{
	int i = other, next;

	do {
		m[i].group = group;
	} while ((i = m[i].next) != other);
	m[group].size += m[other].size;
	next = m[group].next;
	m[group].next = m[other].next;
	m[other].next = next;
}

static void
take(struct member *m, const struct pairs *p, const struct edge *edge, int most)
{
	int a = m[edge->low].group, b = m[edge->high].group;

	if (a == b || m[a].size + m[b].size > most)
		return;
	if (!all_linked(m, p, a, b))
		return;
	if (a < b)
		join(m, a, b);
	else
		join(m, b, a);
}

void
group_partition(const struct link_item *items, int count,
    const struct group_link *links, int link_count,
    const struct rules_limits *limits, int *group)
{
	struct ranked *order = rank(items, count);
	struct member *m = mem_array((size_t)count + 1, sizeof(*m));
	struct edge *edges = mem_array((size_t)link_count + 1, sizeof(*edges));
	int *ranks = mem_array((size_t)count + 1, sizeof(*ranks)), i, a, b;
	struct pairs pairs;

	for (i = 0; i < count; i++) {
		ranks[order[i].index] = i;
		m[i] = (struct member){i, i, 1};
	}
	for (i = 0; i < link_count; i++) {
		a = ranks[links[i].a];
		b = ranks[links[i].b];
		assert(a != b);
		edges[i] = (struct edge){
		    a < b ? a : b, a < b ? b : a, links[i].distance};
	}
	qsort(edges, (size_t)link_count, sizeof(*edges), compare_edges);
	pairs_make(&pairs, edges, link_count);
	for (i = 0; i < link_count; i++)
		take(m, &pairs, &edges[i], limits->group);
	for (i = 0; i < count; i++)
		group[i] = order[m[ranks[i]].group].index;
	free(pairs.slot);
	free(ranks);
	free(edges);
	free(m);
	free(order);
}

/* ---- all links of a set ---------------------------------------------- */

struct place { /* of an item in a band */
	uint64_t band;
	int rank, index;
};

static int
compare_places(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	if (a->band != b->band)
		return a->band < b->band ? -1 : 1;
	return (a->rank > b->rank) - (a->rank < b->rank);
}

static int
places_make(struct place *p, const struct link_item *items, int count)
{
	struct ranked *order = rank(items, count);
	uint64_t bands[LINK_BANDS];
	int i, k, n, total = 0;

	for (i = 0; i < count; i++) {
		n = link_bands(order[i].item, bands);
		for (k = 0; k < n; k++)
			p[total++] =
			    (struct place){bands[k], i, order[i].index};
	}
	free(order);
	qsort(p, (size_t)total, sizeof(*p), compare_places);
	return total;
}

struct group_search {
	const struct link_item *items;
	struct rules_limits limits;
	struct place *places;
	int total;
	/* The band at hand, and the place in it that meets those before it. */
	int from, to, at;
	struct group_link *links;
	int count, room;
	struct pairs seen;
	size_t used;
};

/* Two may meet in several bands. */
static bool
seen_before(struct group_search *f, int a, int b)
{
	uint64_t key = a < b ? pair_key(a, b) : pair_key(b, a), *old;
	size_t i, size = f->seen.mask + 1, at;

	if (f->used * 2 >= size) {
		old = f->seen.slot;
		f->seen.slot = mem_array(size * 2, sizeof(*old));
		f->seen.mask = size * 2 - 1;
		for (i = 0; i < size; i++)
			if (old[i] != 0)
				f->seen.slot[pair_at(&f->seen, old[i])] =
				    old[i];
		free(old);
	}
	at = pair_at(&f->seen, key);
	if (f->seen.slot[at] == key)
		return true;
	f->seen.slot[at] = key;
	f->used++;
	return false;
}

static void
meet(struct group_search *s, const struct place *a, const struct place *b)
{
	struct link l;

	if (seen_before(s, a->index, b->index))
		return;
	l = link_of(&s->items[a->index], &s->items[b->index], &s->limits);
	if (l.rule == LINK_NONE)
		return;
	if (s->count == s->room) {
		s->room = s->room * 2 + 64;
		s->links =
		    mem_resize(s->links, (size_t)s->room, sizeof(*s->links));
	}
	s->links[s->count++] = (struct group_link){a->index, b->index,
	    (double)link_distance_stored(l.distance) / LINK_DISTANCE_ONE};
}

struct group_search *
group_search_new(
    const struct link_item *items, int count, const struct rules_limits *limits)
{
	struct group_search *s = mem_alloc(sizeof(*s));

	s->items = items;
	s->limits = *limits;
	s->seen.slot = mem_array(1024, sizeof(uint64_t));
	s->seen.mask = 1023;
	s->places =
	    mem_array((size_t)count * LINK_BANDS + 1, sizeof(*s->places));
	s->total = places_make(s->places, items, count);
	return s;
}

static bool
next_band(struct group_search *s)
{
	const struct place *p = s->places;

	if (s->to == s->total)
		return false;
	s->from = s->to;
	while (s->to < s->total && p[s->to].band == p[s->from].band)
		s->to++;
	s->at =
	    s->to - s->from > LINK_BAND_MOST ? s->from + LINK_BAND_MOST : s->to;
	return true;
}

bool
group_search_step(struct group_search *s, int pairs)
{
	int i;

	for (; pairs > 0; pairs -= s->at - s->from) {
		while (s->at <= s->from + 1)
			if (!next_band(s))
				return false;
		s->at--;
		for (i = s->from; i < s->at; i++)
			meet(s, &s->places[i], &s->places[s->at]);
	}
	return true;
}

struct group_link *
group_search_end(struct group_search *s, int *link_count)
{
	struct group_link *links = s->links;

	*link_count = s->count;
	free(s->seen.slot);
	free(s->places);
	free(s);
	return links;
}

struct group_link *
group_links(const struct link_item *items, int count,
    const struct rules_limits *limits, int *link_count)
{
	struct group_search *s = group_search_new(items, count, limits);

	while (group_search_step(s, INT_MAX))
		;
	return group_search_end(s, link_count);
}

void
group_all(const struct link_item *items, int count,
    const struct rules_limits *limits, int *group)
{
	int n;
	struct group_link *links = group_links(items, count, limits, &n);

	group_partition(items, count, links, n, limits, group);
	free(links);
}

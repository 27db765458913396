/*
 * A heap for the order and a hash table for the names.  Two entries that the
 * caller's order calls equal are taken by their bytes, so that the order is
 * total and the same on every machine.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "spool/spool_entries.h"

#define IN_HAND     SIZE_MAX
#define FIRST_SLOTS 64

void
spool_entries_init(
    struct spool_entries *t, int (*order)(const char *, const char *))
{
	memset(t, 0, sizeof(*t));
	t->order = order;
	t->slot_count = FIRST_SLOTS;
	t->slots = mem_array(t->slot_count, sizeof(*t->slots));
}

static void
entry_free(struct spool_entry *en)
{
	free(en->name);
	free(en);
}

void
spool_entries_release(struct spool_entries *t)
{
	struct spool_entry *en, *next;
	size_t i;

	for (i = 0; i < t->slot_count; i++)
		for (en = t->slots[i]; en != NULL; en = next) {
			next = en->next;
			entry_free(en);
		}
	free(t->slots);
	free(t->heap);
	memset(t, 0, sizeof(*t));
}

/* ---- by name --------------------------------------------------------- */

/* FNV-1a.  Names pass a gate that leaves a bot little room to choose; and
 * what it may fill is bounded by its account's quota. */
static size_t
slot_of(const struct spool_entries *t, const char *name)
{
	uint64_t h = 14695981039346656037u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211u;
	return (size_t)(h ^ (h >> 32)) & (t->slot_count - 1);
}

static struct spool_entry **
find(const struct spool_entries *t, const char *name)
{
	struct spool_entry **at = &t->slots[slot_of(t, name)];

	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

static void
grow_slots(struct spool_entries *t)
{
	struct spool_entry **old = t->slots, *en, *next, **at;
	size_t i, count = t->slot_count;

	t->slot_count *= 2;
	t->slots = mem_array(t->slot_count, sizeof(*t->slots));
	for (i = 0; i < count; i++)
		for (en = old[i]; en != NULL; en = next) {
			next = en->next;
			at = &t->slots[slot_of(t, en->name)];
			en->next = *at;
			*at = en;
		}
	free(old);
}

/* ---- by order -------------------------------------------------------- */

static bool
before(const struct spool_entries *t, size_t a, size_t b)
{
	const char *na = t->heap[a]->name, *nb = t->heap[b]->name;
	int order = t->order(na, nb);

	return order != 0 ? order < 0 : strcmp(na, nb) < 0;
}

static void
put_at(struct spool_entries *t, size_t place, struct spool_entry *en)
{
	t->heap[place] = en;
	en->place = place;
}

static void
swap(struct spool_entries *t, size_t a, size_t b)
{
	struct spool_entry *en = t->heap[a];

	put_at(t, a, t->heap[b]);
	put_at(t, b, en);
}

static void
sift_up(struct spool_entries *t, size_t i)
{
	for (; i > 0 && before(t, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(t, i, (i - 1) / 2);
}

static void
sift_down(struct spool_entries *t, size_t i)
{
	size_t child;

	for (;; i = child) {
		child = 2 * i + 1;
		if (child >= t->waiting)
			return;
		if (child + 1 < t->waiting && before(t, child + 1, child))
			child++;
		if (!before(t, child, i))
			return;
		swap(t, i, child);
	}
}

static void
heap_add(struct spool_entries *t, struct spool_entry *en)
{
	if (t->waiting == t->heap_room) {
		t->heap_room = t->heap_room == 0 ? 64 : t->heap_room * 2;
		t->heap = mem_resize(t->heap, t->heap_room, sizeof(*t->heap));
	}
	put_at(t, t->waiting++, en);
	sift_up(t, en->place);
}

static void
heap_remove(struct spool_entries *t, struct spool_entry *en)
{
	size_t place = en->place;
	struct spool_entry *last;

	assert(place < t->waiting && t->heap[place] == en);
	last = t->heap[--t->waiting];
	en->place = IN_HAND;
	if (last == en)
		return;
	put_at(t, place, last);
	sift_up(t, place);
	sift_down(t, last->place);
}

/* ---- both ------------------------------------------------------------ */

bool
spool_entries_add(struct spool_entries *t, const char *name)
{
	struct spool_entry **at = find(t, name), *en;

	if (*at != NULL)
		return false;
	en = mem_alloc(sizeof(*en));
	en->name = mem_strdup(name);
	*at = en;
	if (++t->known > t->slot_count)
		grow_slots(t);
	heap_add(t, en);
	return true;
}

const char *
spool_entries_first(const struct spool_entries *t)
{
	return t->waiting == 0 ? NULL : t->heap[0]->name;
}

const char *
spool_entries_take(struct spool_entries *t)
{
	struct spool_entry *en;

	if (t->waiting == 0)
		return NULL;
	en = t->heap[0];
	heap_remove(t, en);
	return en->name;
}

void
spool_entries_back(struct spool_entries *t, const char *name)
{
	struct spool_entry *en = *find(t, name);

	if (en != NULL && en->place == IN_HAND)
		heap_add(t, en);
}

void
spool_entries_drop(struct spool_entries *t, const char *name)
{
	struct spool_entry **at = find(t, name), *en = *at;

	if (en == NULL)
		return;
	if (en->place != IN_HAND)
		heap_remove(t, en);
	*at = en->next;
	entry_free(en);
	assert(t->known > t->waiting);
	t->known--;
}

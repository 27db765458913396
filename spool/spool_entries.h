#ifndef SPOOL_SPOOL_ENTRIES_H
#define SPOOL_SPOOL_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The names that a spool knows.  Each is either waiting, and then in a heap
 * by the caller's order, or in hand.  A table by name keeps a name from
 * getting in twice.  Everything but growing is O(log n) or better, for new/
 * may hold tens of thousands.
 */
struct spool_entry {
	char *name;
	size_t place;             /* in the heap; IN_HAND when not there */
	struct spool_entry *next; /* of the same slot of the table */
};

struct spool_entries {
	int (*order)(const char *a, const char *b);
	struct spool_entry **heap; /* first: the next one */
	size_t waiting, heap_room;
	struct spool_entry **slots; /* a power of two of them */
	size_t slot_count, known;
};

void spool_entries_init(
    struct spool_entries *t, int (*order)(const char *, const char *));
void spool_entries_release(struct spool_entries *t);

/* False when it is known already. */
bool spool_entries_add(struct spool_entries *t, const char *name);

/* First of those that wait, NULL when none does; take puts it in hand. */
const char *spool_entries_first(const struct spool_entries *t);
const char *spool_entries_take(struct spool_entries *t);

/* From in hand to waiting; a name that waits or is unknown stays so. */
void spool_entries_back(struct spool_entries *t, const char *name);

/* Waiting or in hand: known no more.  "name" may be the entry's own. */
void spool_entries_drop(struct spool_entries *t, const char *name);

#endif

/*
 * A set of names, so that a look at a folder costs a lookup a file.  Open
 * addressing, half empty; the hash is keyed, since a target may choose names.
 */
#include <stdlib.h>

#include "botd/runner/names.h"
#include "lib/base/buf.h"
#include "lib/base/random.h"

#define FIRST_ROOM 256

static uint64_t
hash(const char *name)
{
	static uint64_t key;
	uint64_t h;

	if (key == 0)
		key = random_u64();
	h = key;
	for (; *name != '\0'; name++) {
		h ^= (unsigned char)*name;
		h *= 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h == 0 ? 1 : h; /* 0 is an empty slot */
}

/* Where "h" is, or would go. */
static size_t
find(const struct names *n, uint64_t h)
{
	size_t i = h & (n->room - 1);

	while (n->slots[i] != 0 && n->slots[i] != h)
		i = (i + 1) & (n->room - 1);
	return i;
}

static void
grow(struct names *n)
{
	struct names bigger = {NULL, 0, n->count};
	size_t i;

	bigger.room = n->room == 0 ? FIRST_ROOM : n->room * 2;
	bigger.slots = mem_array(bigger.room, sizeof(bigger.slots[0]));
	for (i = 0; i < n->room; i++)
		if (n->slots[i] != 0)
			bigger.slots[find(&bigger, n->slots[i])] = n->slots[i];
	free(n->slots);
	*n = bigger;
}

bool
names_has(const struct names *n, const char *name)
{
	return n->room != 0 && n->slots[find(n, hash(name))] != 0;
}

bool
names_add(struct names *n, const char *name)
{
	uint64_t h = hash(name);
	size_t i;

	if (n->count * 2 >= n->room)
		grow(n);
	i = find(n, h);
	if (n->slots[i] != 0)
		return false;
	n->slots[i] = h;
	n->count++;
	return true;
}

void
names_release(struct names *n)
{
	free(n->slots);
	*n = (struct names){NULL, 0, 0};
}

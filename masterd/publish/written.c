/*
 * A table of digests, open addressing; it only grows, by as many entries as
 * bots times jobs that ever met since the start.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/digest.h"
#include "masterd/publish/written.h"

#define ROOM_FIRST 64

struct entry {
	int64_t bot;
	uint64_t job; /* 0: free, a job's id never is */
	struct digest text;
};

struct written {
	struct entry *list;
	size_t count, room; /* room is a power of two */
};

struct written *
written_new(void)
{
	struct written *w = mem_alloc(sizeof(*w));

	w->room = ROOM_FIRST;
	w->list = mem_array(w->room, sizeof(*w->list));
	return w;
}

void
written_free(struct written *w)
{
	if (w == NULL)
		return;
	free(w->list);
	free(w);
}

/* The entry, or the free place where it belongs. */
static struct entry *
place(const struct written *w, int64_t bot, uint64_t job)
{
	uint64_t h = (job ^ (uint64_t)bot * 0x9e3779b97f4a7c15u);
	size_t i;

	for (i = h & (w->room - 1);; i = (i + 1) & (w->room - 1))
		if (w->list[i].job == 0 ||
		    (w->list[i].job == job && w->list[i].bot == bot))
			return &w->list[i];
}

static void
grow(struct written *w)
{
	struct written old = *w;
	size_t i;

	w->room = old.room * 2;
	w->list = mem_array(w->room, sizeof(*w->list));
	for (i = 0; i < old.room; i++)
		if (old.list[i].job != 0)
			*place(w, old.list[i].bot, old.list[i].job) =
			    old.list[i];
	free(old.list);
}

bool
written_same(
    const struct written *w, int64_t bot, uint64_t job, const struct buf *text)
{
	const struct entry *e = place(w, bot, job);
	struct digest d;

	if (e->job == 0)
		return false;
	digest_of(&d, buf_text(text), text->len);
	return memcmp(&d, &e->text, sizeof(d)) == 0;
}

void
written_note(
    struct written *w, int64_t bot, uint64_t job, const struct buf *text)
{
	struct entry *e = place(w, bot, job);

	if (e->job == 0 && w->count * 2 >= w->room) {
		grow(w);
		e = place(w, bot, job);
	}
	if (e->job == 0)
		w->count++;
	e->bot = bot;
	e->job = job;
	digest_of(&e->text, buf_text(text), text->len);
}

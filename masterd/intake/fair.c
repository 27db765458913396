/*
 * Round robin over bots: a ring of queues for each class.  A bot with ten
 * thousand bundles waits its turn behind one with a single one.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/intake/fair.h"

struct queue {
	struct name bot;
	const char **names;
	size_t head, count, room;
};

struct ring {
	struct queue *queues;
	size_t count, room, turn;
};

struct fair {
	struct ring rings[FAIR_CLASSES];
	size_t count;
};

struct fair *
fair_new(void)
{
	return mem_alloc(sizeof(struct fair));
}

void
fair_free(struct fair *f)
{
	size_t i;
	int c;

	if (f == NULL)
		return;
	for (c = 0; c < FAIR_CLASSES; c++) {
		for (i = 0; i < f->rings[c].count; i++)
			free(f->rings[c].queues[i].names);
		free(f->rings[c].queues);
	}
	free(f);
}

int
fair_class(const struct bundle_id *id)
{
	return id->cls == BUNDLE_BEAT ? 0 : id->cls == BUNDLE_CRASH ? 1 : 2;
}

static struct queue *
queue_of(struct ring *r, const struct name *bot)
{
	struct queue *q;
	size_t i;

	for (i = 0; i < r->count; i++)
		if (strcmp(r->queues[i].bot.text, bot->text) == 0)
			return &r->queues[i];
	if (r->count == r->room) {
		r->room = r->room == 0 ? 4 : r->room * 2;
		r->queues = mem_resize(r->queues, r->room, sizeof(*q));
	}
	q = &r->queues[r->count++];
	memset(q, 0, sizeof(*q));
	q->bot = *bot;
	return q;
}

void
fair_add(struct fair *f, const struct bundle_id *id, const char *name)
{
	struct queue *q = queue_of(&f->rings[fair_class(id)], &id->bot);

	if (q->head + q->count == q->room) {
		if (q->head > 0) {
			memmove(q->names, q->names + q->head,
			    q->count * sizeof(*q->names));
			q->head = 0;
		}
		if (q->count == q->room) {
			q->room = q->room == 0 ? 8 : q->room * 2;
			q->names =
			    mem_resize(q->names, q->room, sizeof(*q->names));
		}
	}
	q->names[q->head + q->count++] = name;
	f->count++;
}

/* An empty queue leaves the ring, so that gone bots cost nothing. */
static void
drop_queue(struct ring *r, size_t at)
{
	free(r->queues[at].names);
	r->count--;
	memmove(&r->queues[at], &r->queues[at + 1],
	    (r->count - at) * sizeof(r->queues[0]));
}

const char *
fair_next(struct fair *f, int cls)
{
	struct ring *r = &f->rings[cls];
	struct queue *q;
	const char *name;

	if (r->count == 0)
		return NULL;
	if (r->turn >= r->count)
		r->turn = 0;
	q = &r->queues[r->turn];
	name = q->names[q->head++];
	f->count--;
	if (--q->count == 0)
		drop_queue(r, r->turn);
	else
		r->turn++;
	return name;
}

bool
fair_has(const struct fair *f, int cls)
{
	return f->rings[cls].count > 0;
}

size_t
fair_count(const struct fair *f)
{
	return f->count;
}

/*
 * A heap of bots per class by free slots, and augmenting paths over classes.
 *
 * When every class that a group fits is full, breadth-first search looks for
 * a chain of offers of this round that could each move one class on, the last
 * to a free slot.  Served first come, first served in order of shares, this
 * gives as many offers as any arrangement could.  A search is classes x groups
 * steps; a budget bounds them all, and when it is used up (hundreds of
 * different classes and groups, all tangled) the rest is left to the next
 * round.
 */
#include <stdlib.h>

#include "lib/base/buf.h"
#include "masterd/plan/seats.h"

#define BUDGET 4000000 /* steps of all searches of a round */

struct seats {
	const struct match *m;
	unsigned *free;   /* by bot */
	size_t *order;    /* bots, class by class, each a heap */
	size_t *place;    /* of a bot in "order" */
	size_t *first;    /* of a class in "order"; classes + 1 */
	size_t *open;     /* free slots by class */
	unsigned *wanted; /* groups that wait and fit, by class */
	struct seat *list;
	size_t count, room;
	long *head; /* seats by class and group */
	struct step {
		long from;      /* class before; -1: the start */
		unsigned group; /* whose seat moves from there to here */
		bool seen;
	} * steps; /* by class */
	unsigned *queue;
	long budget;
};

/* ---- heaps ----------------------------------------------------------- */

static bool
roomier(const struct seats *s, size_t a, size_t b)
{
	return s->free[a] != s->free[b] ? s->free[a] > s->free[b] : a < b;
}

static void
swap(struct seats *s, size_t i, size_t j)
{
	size_t bot = s->order[i];

	s->order[i] = s->order[j];
	s->order[j] = bot;
	s->place[s->order[i]] = i;
	s->place[s->order[j]] = j;
}

/* The place below i whose bot is roomier than that at i; i when none is. */
static size_t
child_before(const struct seats *s, size_t base, size_t end, size_t i)
{
	size_t left = base + 2 * (i - base) + 1, best = i, k;

	for (k = left; k < end && k < left + 2; k++)
		if (roomier(s, s->order[k], s->order[best]))
			best = k;
	return best;
}

static void
sink(struct seats *s, size_t base, size_t end, size_t i)
{
	size_t down;

	while ((down = child_before(s, base, end, i)) != i) {
		swap(s, i, down);
		i = down;
	}
}

/* Free slots of a bot changed. */
static void
settle(struct seats *s, size_t bot)
{
	unsigned class = s->m->bot_class[bot];
	size_t base = s->first[class], i = s->place[bot], up;

	while (i > base) {
		up = base + (i - base - 1) / 2;
		if (!roomier(s, s->order[i], s->order[up]))
			break;
		swap(s, i, up);
		i = up;
	}
	sink(s, base, s->first[class + 1], i);
}

/* The roomiest bot of a class but "avoid"; ANY_BOT when all are full. */
static size_t
roomiest(const struct seats *s, unsigned class, size_t avoid)
{
	size_t base = s->first[class], end = s->first[class + 1], at = base;

	if (base == end)
		return ANY_BOT;
	if (s->order[base] == avoid) {
		/* The next best is one of the two below. */
		if (base + 1 >= end)
			return ANY_BOT;
		at = base + 1;
		if (base + 2 < end &&
		    roomier(s, s->order[base + 2], s->order[at]))
			at = base + 2;
	}
	return s->free[s->order[at]] > 0 ? s->order[at] : ANY_BOT;
}

static void
change(struct seats *s, size_t bot, int by)
{
	s->free[bot] += (unsigned)by;
	s->open[s->m->bot_class[bot]] += (size_t)by;
	settle(s, bot);
}

/* ---- who sits where -------------------------------------------------- */

static long *
head_of(struct seats *s, unsigned class, unsigned group)
{
	return &s->head[class * s->m->groups + group];
}

static void
sit(struct seats *s, long seat, size_t bot)
{
	struct seat *t = &s->list[seat];
	long *head = head_of(s, s->m->bot_class[bot], t->group);

	t->bot = bot;
	change(s, bot, -1);
	if (t->fixed)
		return;
	t->next = *head;
	*head = seat;
}

/* The last one of this group to sit in this class, taken from its place. */
static long
stand(struct seats *s, unsigned class, unsigned group)
{
	long *head = head_of(s, class, group), seat = *head;

	*head = s->list[seat].next;
	change(s, s->list[seat].bot, 1);
	return seat;
}

/* ---- moving up ------------------------------------------------------- */

/* Where those of "group" in the full class "from" could go.  Returns a class
 * with a free slot; -1 when there is none, with the others in the queue. */
static long
onwards(struct seats *s, unsigned from, unsigned group, unsigned *tail)
{
	unsigned c;

	s->budget -= (long)s->m->classes;
	for (c = 0; c < s->m->classes; c++) {
		if (s->steps[c].seen || s->first[c] == s->first[c + 1] ||
		    !match_fits(s->m, group, c))
			continue;
		s->steps[c] = (struct step){from, group, true};
		if (s->open[c] > 0)
			return c;
		s->queue[(*tail)++] = c;
	}
	return -1;
}

/* A class with a free slot that a chain of moves leads to; -1. */
static long
search(struct seats *s, unsigned group)
{
	unsigned head = 0, tail = 0, c, from, g;
	long found;

	for (c = 0; c < s->m->classes; c++) {
		s->steps[c] = (struct step){-1, 0, match_fits(s->m, group, c)};
		if (s->steps[c].seen)
			s->queue[tail++] = c;
	}
	while (head < tail && s->budget > 0) {
		from = s->queue[head++];
		s->budget -= (long)s->m->groups;
		for (g = 0; g < s->m->groups; g++) {
			if (*head_of(s, from, g) == -1)
				continue;
			if ((found = onwards(s, from, g, &tail)) != -1)
				return found;
		}
	}
	return -1;
}

/* Make a slot free in a class that the group fits. */
static bool
move_up(struct seats *s, unsigned group)
{
	long class = search(s, group), seat;

	if (class == -1)
		return false;
	while (s->steps[class].from != -1) {
		seat = stand(
		    s, (unsigned)s->steps[class].from, s->steps[class].group);
		sit(s, seat, roomiest(s, (unsigned)class, ANY_BOT));
		class = s->steps[class].from;
	}
	return true;
}

/* ---- taking ---------------------------------------------------------- */

static size_t
choose(const struct seats *s, unsigned group, size_t avoid)
{
	size_t best = ANY_BOT, bot;
	unsigned c, best_class = 0;

	for (c = 0; c < s->m->classes; c++) {
		if (s->open[c] == 0 || !match_fits(s->m, group, c) ||
		    (best != ANY_BOT && s->wanted[c] > s->wanted[best_class]))
			continue;
		bot = roomiest(s, c, avoid);
		if (bot != ANY_BOT &&
		    (best == ANY_BOT || s->wanted[c] < s->wanted[best_class] ||
			roomier(s, bot, best))) {
			best = bot;
			best_class = c;
		}
	}
	return best;
}

long
seats_take(struct seats *s, unsigned group, size_t avoid)
{
	size_t bot = choose(s, group, avoid);

	if (bot == ANY_BOT && avoid == ANY_BOT && move_up(s, group))
		bot = choose(s, group, avoid);
	if (bot == ANY_BOT)
		return -1;
	if (s->count == s->room) {
		s->room = s->room == 0 ? 64 : s->room * 2;
		s->list = mem_resize(s->list, s->room, sizeof(*s->list));
	}
	s->list[s->count] = (struct seat){bot, group, avoid != ANY_BOT, -1};
	sit(s, (long)s->count, bot);
	return (long)s->count++;
}

const struct seat *
seats_at(const struct seats *s, long seat)
{
	return &s->list[seat];
}

/* ---- making ---------------------------------------------------------- */

static void
fill_classes(struct seats *s, size_t bots)
{
	size_t *next = mem_array(s->m->classes + 1, sizeof(*next)), c, b;

	for (b = 0; b < bots; b++)
		s->first[s->m->bot_class[b] + 1]++;
	for (c = 0; c < s->m->classes; c++) {
		s->first[c + 1] += s->first[c];
		next[c] = s->first[c];
	}
	for (b = 0; b < bots; b++) {
		c = s->m->bot_class[b];
		s->place[b] = next[c];
		s->order[next[c]++] = b;
		s->open[c] += s->free[b];
	}
	for (c = 0; c < s->m->classes; c++)
		for (b = s->first[c + 1]; b-- > s->first[c];)
			sink(s, s->first[c], s->first[c + 1], b);
	free(next);
}

struct seats *
seats_new(const struct match *m, unsigned *free, size_t bots, const bool *waits)
{
	struct seats *s = mem_alloc(sizeof(*s));
	size_t c, g;

	s->m = m;
	s->free = free;
	s->budget = BUDGET;
	s->order = mem_array(bots + 1, sizeof(*s->order));
	s->place = mem_array(bots + 1, sizeof(*s->place));
	s->first = mem_array(m->classes + 2, sizeof(*s->first));
	s->open = mem_array(m->classes + 1, sizeof(*s->open));
	s->wanted = mem_array(m->classes + 1, sizeof(*s->wanted));
	s->steps = mem_array(m->classes + 1, sizeof(*s->steps));
	s->queue = mem_array(m->classes + 1, sizeof(*s->queue));
	s->head = mem_array(m->classes * m->groups + 1, sizeof(*s->head));
	for (c = 0; c < m->classes * m->groups; c++)
		s->head[c] = -1;
	for (g = 0; g < m->groups; g++)
		for (c = 0; waits[g] && c < m->classes; c++)
			s->wanted[c] += match_fits(m, (unsigned)g, (unsigned)c);
	fill_classes(s, bots);
	return s;
}

void
seats_free(struct seats *s)
{
	free(s->order);
	free(s->place);
	free(s->first);
	free(s->open);
	free(s->wanted);
	free(s->steps);
	free(s->queue);
	free(s->head);
	free(s->list);
	free(s);
}

/*
 * One round of planning.  Shares say who is first, seats who sits where; here
 * is the order: tasks, jobs below their floor, jobs, and what is taken back.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/plan/seats.h"
#include "masterd/plan/share.h"
#include "masterd/plan/withdraw.h"

/* ---- input ----------------------------------------------------------- */

const char *
schedule_keep(struct schedule_input *in, const char *text)
{
	/* Room doubles: it is full whenever the count is a power of 2. */
	if ((in->text_count & (in->text_count - 1)) == 0)
		in->texts = mem_resize(in->texts,
		    in->text_count == 0 ? 1 : in->text_count * 2,
		    sizeof(*in->texts));
	return in->texts[in->text_count++] = mem_strdup(text);
}

void
schedule_input_release(struct schedule_input *in)
{
	size_t i;

	for (i = 0; i < in->text_count; i++)
		free(in->texts[i]);
	free(in->texts);
	free(in->bots);
	free(in->jobs);
	free(in->leases);
	free(in->tasks);
	free(in->marks);
	memset(in, 0, sizeof(*in));
}

void
schedule_steps_release(struct schedule_steps *s)
{
	free(s->list);
	memset(s, 0, sizeof(*s));
}

/* Ids at the start of rows of "size" bytes, in order. */
static long
find(const void *rows, size_t count, size_t size, int64_t id)
{
	size_t low = 0, high = count, middle;
	int64_t one;

	while (low < high) {
		middle = low + (high - low) / 2;
		memcpy(&one, (const char *)rows + middle * size, sizeof(one));
		if (one == id)
			return (long)middle;
		if (one < id)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

long
schedule_bot_at(const struct schedule_input *in, int64_t id)
{
	return find(in->bots, in->bot_count, sizeof(*in->bots), id);
}

long
schedule_job_at(const struct schedule_input *in, int64_t id)
{
	return find(in->jobs, in->job_count, sizeof(*in->jobs), id);
}

bool
schedule_wants(const struct schedule_job *j, unsigned open)
{
	return j->stopped == NULL && j->wait_ms == 0 && j->left_ms > 0 &&
	    (j->ceiling == 0 || open < j->ceiling) &&
	    (!j->no_new || open < j->tasks) && !(j->retry && open > 0);
}

/* ---- a round --------------------------------------------------------- */

struct round {
	struct schedule_input *in;
	struct schedule_steps *out;
	struct match *m;
	struct seats *seats;
	struct share *shares;
	unsigned *free; /* slots, by bot */
	bool *full;     /* groups for which there is nothing more */
	size_t *heap;   /* jobs that want a slot */
	size_t heap_count;
	bool *task_left; /* tasks that got no slot */
};

void
schedule_add_step(struct schedule_steps *s, const struct schedule_step *step)
{
	if (s->count == s->room) {
		s->room = s->room == 0 ? 32 : s->room * 2;
		s->list = mem_resize(s->list, s->room, sizeof(*s->list));
	}
	s->list[s->count++] = *step;
}

static bool
below_floor(const struct round *r, size_t job)
{
	return r->shares[job].open < r->in->jobs[job].floor;
}

/* Floors, then shares, then the older job: the same answer anywhere. */
static bool
before(const struct round *r, size_t a, size_t b)
{
	const struct share *x = &r->shares[a], *y = &r->shares[b];
	int64_t left = r->in->jobs[a].vtime + x->ahead;
	int64_t right = r->in->jobs[b].vtime + y->ahead;

	if (below_floor(r, a) != below_floor(r, b))
		return below_floor(r, a);
	if (left != right)
		return left < right;
	if (x->open != y->open)
		return x->open < y->open;
	return a < b;
}

static void
sink(struct round *r, size_t i)
{
	size_t job = r->heap[i], child;

	while ((child = 2 * i + 1) < r->heap_count) {
		if (child + 1 < r->heap_count &&
		    before(r, r->heap[child + 1], r->heap[child]))
			child++;
		if (!before(r, r->heap[child], job))
			break;
		r->heap[i] = r->heap[child];
		i = child;
	}
	r->heap[i] = job;
}

static bool
wants(const struct round *r, size_t job)
{
	return schedule_wants(&r->in->jobs[job], r->shares[job].open) &&
	    !r->full[r->m->job_group[job]];
}

/* The first of the heap is done with. */
static void
drop_first(struct round *r)
{
	r->heap[0] = r->heap[--r->heap_count];
	if (r->heap_count > 0)
		sink(r, 0);
}

/* ---- tasks ----------------------------------------------------------- */

/* Is there another bot, busy or not, that can run what this group asks for? */
static bool
another_bot(const struct round *r, unsigned group, size_t bot)
{
	const struct schedule_bot *b;
	size_t i;

	for (i = 0; i < r->in->bot_count; i++) {
		b = &r->in->bots[i];
		if (i != bot && b->takes && b->slots > 0 &&
		    match_fits(r->m, group, r->m->bot_class[i]))
			return true;
	}
	return false;
}

static size_t
to_avoid(const struct round *r, unsigned group, int64_t id)
{
	long bot = id == 0 ? -1 : schedule_bot_at(r->in, id);

	return bot == -1 || !another_bot(r, group, (size_t)bot) ? ANY_BOT
								: (size_t)bot;
}

static void
note_offer(struct round *r, int64_t job, int64_t task, uint64_t slice)
{
	/* The bot is filled in when nobody moves any more. */
	schedule_add_step(r->out,
	    &(struct schedule_step){.act = SCHEDULE_OFFER,
		.job = job,
		.task = task,
		.slice_ms = slice});
}

static void
seat_tasks(struct round *r)
{
	const struct schedule_task *t;
	unsigned group;
	size_t i;

	for (i = 0; i < r->in->task_count; i++) {
		t = &r->in->tasks[i];
		group = r->m->task_group[i];
		if (seats_take(r->seats, group, to_avoid(r, group, t->avoid)) ==
		    -1)
			r->task_left[i] = true;
		else
			note_offer(r, 0, t->id, SCHEDULE_CHECK_MS);
	}
}

/* ---- jobs ------------------------------------------------------------ */

static uint64_t
slice_now(const struct round *r, size_t job)
{
	const struct schedule_job *j = &r->in->jobs[job];
	uint64_t slice = r->shares[job].slice_ms;

	return slice < j->left_ms ? slice : j->left_ms;
}

static void
count_offer(struct round *r, size_t job)
{
	struct share *s = &r->shares[job];

	s->open++;
	s->ahead += share_vtime(slice_now(r, job), s->effective);
}

/* The first job gets a slot, or is out of the round. */
static void
seat_first(struct round *r)
{
	size_t job = r->heap[0], avoid = ANY_BOT;
	const struct schedule_job *j = &r->in->jobs[job];
	unsigned group = r->m->job_group[job];

	if (j->retry)
		avoid = to_avoid(r, group, j->avoid);
	if (seats_take(r->seats, group, avoid) == -1) {
		if (avoid == ANY_BOT)
			r->full[group] = true;
		drop_first(r);
		return;
	}
	note_offer(r, j->id, 0, slice_now(r, job));
	count_offer(r, job);
	if (wants(r, job))
		sink(r, 0);
	else
		drop_first(r);
}

static void
seat_jobs(struct round *r)
{
	size_t i;

	for (i = 0; i < r->in->job_count; i++)
		if (wants(r, i) && r->shares[i].contends)
			r->heap[r->heap_count++] = i;
	for (i = r->heap_count / 2; i-- > 0;)
		sink(r, i);
	while (r->heap_count > 0) {
		if (wants(r, r->heap[0]))
			seat_first(r);
		else
			drop_first(r);
	}
}

/* ---- all ------------------------------------------------------------- */

static void
count_free(struct round *r)
{
	const struct schedule_input *in = r->in;
	long bot;
	size_t i;

	for (i = 0; i < in->bot_count; i++)
		r->free[i] = in->bots[i].takes ? in->bots[i].slots : 0;
	for (i = 0; i < in->lease_count; i++) {
		bot = schedule_bot_at(in, in->leases[i].bot);
		/* A bot that was made smaller has more leases than slots. */
		if (bot != -1 && r->free[bot] > 0)
			r->free[bot]--;
	}
}

static void
open_seats(struct round *r)
{
	bool *waits = mem_array(r->m->groups + 1, sizeof(*waits));
	size_t i;

	for (i = 0; i < r->in->task_count; i++)
		waits[r->m->task_group[i]] = true;
	for (i = 0; i < r->in->job_count; i++)
		if (wants(r, i) && r->shares[i].contends)
			waits[r->m->job_group[i]] = true;
	r->seats = seats_new(r->m, r->free, r->in->bot_count, waits);
	free(waits);
}

static void
fill_bots(struct round *r, size_t first)
{
	size_t i;

	for (i = first; i < r->out->count; i++)
		r->out->list[i].bot =
		    r->in->bots[seats_at(r->seats, (long)(i - first))->bot].id;
}

static void
take_back(struct round *r)
{
	struct withdraw w = {
	    .in = r->in,
	    .m = r->m,
	    .shares = r->shares,
	    .task_left = r->task_left,
	    .steps = r->out,
	};

	withdraw_run(&w);
}

void
schedule_run(struct schedule_input *in, struct schedule_steps *steps)
{
	struct round r = {.in = in, .out = steps};
	size_t first;

	steps->count = 0;
	withdraw_above_ceilings(in, steps);
	first = steps->count;
	r.m = match_new(in);
	r.shares = mem_array(in->job_count + 1, sizeof(*r.shares));
	r.free = mem_array(in->bot_count + 1, sizeof(*r.free));
	r.full = mem_array(r.m->groups + 1, sizeof(*r.full));
	r.heap = mem_array(in->job_count + 1, sizeof(*r.heap));
	r.task_left = mem_array(in->task_count + 1, sizeof(*r.task_left));
	share_begin(in, r.m, r.shares);
	count_free(&r);
	open_seats(&r);
	seat_tasks(&r);
	seat_jobs(&r);
	fill_bots(&r, first);
	take_back(&r);
	seats_free(r.seats);
	match_free(r.m);
	free(r.shares);
	free(r.free);
	free(r.full);
	free(r.heap);
	free(r.task_left);
}

/* ---- what is due ----------------------------------------------------- */

#define DUE_SLOTS 20000 /* dealt at least, for the sake of small shares */
#define MILLION   1000000u

/* The same farm, empty, with each slot cut into "parts". */
static void
empty_farm(
    const struct schedule_input *in, struct schedule_input *out, unsigned parts)
{
	size_t i;

	*out = *in;
	out->bots = mem_array(in->bot_count + 1, sizeof(*out->bots));
	out->jobs = mem_array(in->job_count + 1, sizeof(*out->jobs));
	out->lease_count = out->task_count = 0;
	for (i = 0; i < in->bot_count; i++) {
		out->bots[i] = in->bots[i];
		out->bots[i].slots *= parts;
	}
	for (i = 0; i < in->job_count; i++) {
		out->jobs[i] = in->jobs[i];
		out->jobs[i].ceiling *= parts;
		out->jobs[i].floor *= parts;
		out->jobs[i].spent_ms = out->jobs[i].paid_ms = 0;
		/* Half a slice ahead: rounded to the nearest part, not up. */
		out->jobs[i].vtime = share_vtime(
		    SCHEDULE_SHORT_MS / 2, schedule_effective(&in->jobs[i]));
		out->jobs[i].contends = out->jobs[i].retry = false;
		out->jobs[i].no_new = false;
		out->jobs[i].wait_ms = 0;
		out->jobs[i].slice_ms = SCHEDULE_SHORT_MS; /* one for all */
		if (out->jobs[i].left_ms > 0)
			out->jobs[i].left_ms = UINT64_MAX;
	}
}

void
schedule_due(const struct schedule_input *in, uint64_t *due)
{
	struct schedule_steps steps = {0};
	struct schedule_input farm;
	uint64_t slots = 0;
	unsigned parts = 1;
	size_t i;

	for (i = 0; i < in->bot_count; i++)
		slots += in->bots[i].takes ? in->bots[i].slots : 0;
	if (slots > 0 && slots < DUE_SLOTS)
		parts = (unsigned)((DUE_SLOTS + slots - 1) / slots);
	empty_farm(in, &farm, parts);
	schedule_run(&farm, &steps);
	memset(due, 0, in->job_count * sizeof(*due));
	for (i = 0; i < steps.count; i++)
		due[schedule_job_at(in, steps.list[i].job)] += MILLION;
	for (i = 0; i < in->job_count; i++)
		due[i] /= parts;
	free(farm.bots);
	free(farm.jobs);
	schedule_steps_release(&steps);
}

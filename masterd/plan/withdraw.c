/*
 * What is taken back.  The leases that may be are sorted into piles by class
 * and job, the newest on top: of a job's leases the one that has done least
 * goes.
 */
#include <stdlib.h>

#include "lib/base/buf.h"
#include "masterd/plan/withdraw.h"

struct pile {
	unsigned class;
	size_t job;
	size_t next, end; /* in "leases" */
};

struct taker {
	size_t job; /* or NO_JOB */
	unsigned group;
	int64_t avoid;
	bool needs_floor; /* below its floor, or a task: it takes the last */
};

#define NO_JOB    ((size_t)-1)
#define MOST_BACK 64 /* in a round; the rest have theirs 2 s later */

struct back {
	struct withdraw *w;
	struct sorted {
		const struct schedule_lease *lease;
		unsigned class;
		size_t job;
	} * leases;
	size_t lease_count;
	struct pile *piles;
	size_t pile_count;
	unsigned *taken; /* slots, by bot */
	unsigned *soon;  /* leases by class that end soon */
	unsigned slots;  /* of all bots that take */
	unsigned tasks;  /* that run */
};

/* ---- piles ----------------------------------------------------------- */

static int
by_pile(const void *x, const void *y)
{
	const struct sorted *a = x, *b = y;

	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->job != b->job)
		return a->job < b->job ? -1 : 1;
	return a->lease->id > b->lease->id ? -1 : a->lease->id < b->lease->id;
}

static void
sort_out(struct back *b, const struct schedule_lease *l)
{
	const struct schedule_input *in = b->w->in;
	long bot = schedule_bot_at(in, l->bot);
	long job = l->job == 0 ? -1 : schedule_job_at(in, l->job);
	unsigned class;

	if (l->job == 0 && l->bot != 0)
		b->tasks++;
	/* A bot that was made smaller has nothing to give. */
	if (bot == -1 || !in->bots[bot].takes ||
	    b->taken[bot] > in->bots[bot].slots)
		return;
	class = b->w->m->bot_class[bot];
	if (l->left_ms <= SCHEDULE_SOON_MS && l->left_ms >= -SCHEDULE_SOON_MS)
		b->soon[class]++;
	if (job != -1 && l->age_ms >= SCHEDULE_YOUNG_MS)
		b->leases[b->lease_count++] =
		    (struct sorted){l, class, (size_t)job};
}

static void
pile_up(struct back *b)
{
	const struct sorted *s;
	struct pile *p = NULL;
	size_t i;

	qsort(b->leases, b->lease_count, sizeof(*b->leases), by_pile);
	for (i = 0; i < b->lease_count; i++) {
		s = &b->leases[i];
		if (p == NULL || p->class != s->class || p->job != s->job) {
			p = &b->piles[b->pile_count++];
			*p = (struct pile){s->class, s->job, i, i};
		}
		p->end = i + 1;
	}
}

/* ---- giving up ------------------------------------------------------- */

static bool
may_give(const struct back *b, const struct taker *t, const struct pile *p)
{
	const struct share *gives = &b->w->shares[p->job];
	const struct schedule_job *jobs = b->w->in->jobs;

	if (p->next == p->end || p->job == t->job ||
	    !match_fits(b->w->m, t->group, p->class) ||
	    gives->open <= jobs[p->job].floor ||
	    b->leases[p->next].lease->bot == t->avoid)
		return false;
	if (t->needs_floor)
		return true;
	return gives->open >= 2 && jobs[t->job].vtime <= jobs[p->job].vtime;
}

/* Does "a" give before "b"?  Nobody loses its last slot while another has
 * two; then who is furthest ahead. */
static bool
gives_before(const struct back *b, const struct pile *x, const struct pile *y)
{
	const struct share *s = &b->w->shares[x->job];
	const struct share *t = &b->w->shares[y->job];
	int64_t left = b->w->in->jobs[x->job].vtime + s->ahead;
	int64_t right = b->w->in->jobs[y->job].vtime + t->ahead;

	if ((s->open >= 2) != (t->open >= 2))
		return s->open >= 2;
	if (left != right)
		return left > right;
	if (s->open != t->open)
		return s->open > t->open;
	return b->leases[x->next].lease->id > b->leases[y->next].lease->id;
}

static struct pile *
giver(const struct back *b, const struct taker *t)
{
	struct pile *best = NULL, *p;
	size_t i;

	for (i = 0; i < b->pile_count; i++) {
		p = &b->piles[i];
		if (may_give(b, t, p) &&
		    (best == NULL || gives_before(b, p, best)))
			best = p;
	}
	return best;
}

/* Take the top of a pile back: the bot that has it. */
static int64_t
take_back(struct back *b, struct pile *p, enum schedule_cause cause)
{
	const struct schedule_lease *l = b->leases[p->next++].lease;
	struct share *s = &b->w->shares[p->job];
	struct schedule_step step = {.act = SCHEDULE_WITHDRAW,
	    .job = l->job,
	    .bot = l->bot,
	    .lease = l->id,
	    .cause = cause};

	s->open--;
	if (l->left_ms > 0)
		s->ahead -= share_vtime((uint64_t)l->left_ms, s->effective);
	schedule_add_step(b->w->steps, &step);
	return l->bot;
}

static bool
give(struct back *b, const struct taker *t, int64_t task)
{
	struct pile *p = giver(b, t);
	struct schedule_step step = {.act = SCHEDULE_OFFER, .task = task};
	const struct schedule_job *j;
	struct share *s;

	if (p == NULL)
		return false;
	step.bot = take_back(b, p,
	    task != 0            ? SCHEDULE_FOR_TASK
		: t->needs_floor ? SCHEDULE_FOR_FLOOR
				 : SCHEDULE_FOR_SHARE);
	step.slice_ms = SCHEDULE_CHECK_MS;
	if (t->job != NO_JOB) {
		j = &b->w->in->jobs[t->job];
		s = &b->w->shares[t->job];
		step.job = j->id;
		step.slice_ms =
		    s->slice_ms < j->left_ms ? s->slice_ms : j->left_ms;
		s->open++;
		s->ahead += share_vtime(step.slice_ms, s->effective);
	}
	schedule_add_step(b->w->steps, &step);
	return true;
}

/* ---- who takes ------------------------------------------------------- */

static void
serve_tasks(struct back *b)
{
	const struct schedule_input *in = b->w->in;
	unsigned most = b->slots / 4 == 0 ? 1 : b->slots / 4;
	struct taker t = {.job = NO_JOB, .needs_floor = true};
	size_t i;

	for (i = 0; i < in->task_count && b->tasks < most; i++) {
		if (!b->w->task_left[i] || in->tasks[i].patient)
			continue;
		t.group = b->w->m->task_group[i];
		t.avoid = in->tasks[i].avoid;
		if (give(b, &t, in->tasks[i].id))
			b->tasks++;
	}
}

/* Somebody's lease that fits ends soon: that slot is kept in mind for one. */
static bool
can_wait(struct back *b, unsigned group)
{
	unsigned c;

	for (c = 0; c < b->w->m->classes; c++)
		if (b->soon[c] > 0 && match_fits(b->w->m, group, c)) {
			b->soon[c]--;
			return true;
		}
	return false;
}

struct starved {
	int64_t vtime;
	size_t job;
	bool floor;
};

static int
by_need(const void *x, const void *y)
{
	const struct starved *a = x, *b = y;

	if (a->floor != b->floor)
		return a->floor ? -1 : 1;
	if (a->vtime != b->vtime)
		return a->vtime < b->vtime ? -1 : 1;
	return a->job < b->job ? -1 : a->job > b->job;
}

static size_t
find_starved(const struct back *b, struct starved *list)
{
	const struct schedule_input *in = b->w->in;
	const struct share *s;
	size_t i, count = 0;
	bool floor;

	for (i = 0; i < in->job_count; i++) {
		s = &b->w->shares[i];
		floor = s->open < in->jobs[i].floor;
		if (s->contends && (floor || s->open == 0) &&
		    schedule_wants(&in->jobs[i], s->open))
			list[count++] = (struct starved){
			    in->jobs[i].vtime + s->ahead, i, floor};
	}
	qsort(list, count, sizeof(*list), by_need);
	return count;
}

static void
serve_jobs(struct back *b, const struct starved *list, size_t count)
{
	const struct schedule_input *in = b->w->in;
	/* Groups for which nobody gives, by need. */
	bool *nobody = mem_array(2 * b->w->m->groups + 1, sizeof(*nobody));
	unsigned most = MOST_BACK;
	struct taker t;
	size_t i;

	for (i = 0; i < count && most > 0; i++) {
		t.job = list[i].job;
		t.group = b->w->m->job_group[t.job];
		t.needs_floor = list[i].floor;
		t.avoid = in->jobs[t.job].retry ? in->jobs[t.job].avoid : 0;
		if (nobody[2 * t.group + t.needs_floor] ||
		    (!t.needs_floor && can_wait(b, t.group)))
			continue;
		if (give(b, &t, 0))
			most--;
		else if (t.avoid == 0)
			nobody[2 * t.group + t.needs_floor] = true;
	}
	free(nobody);
}

static void
look(struct back *b)
{
	const struct schedule_input *in = b->w->in;
	long bot;
	size_t i;

	for (i = 0; i < in->bot_count; i++)
		b->slots += in->bots[i].takes ? in->bots[i].slots : 0;
	for (i = 0; i < in->lease_count; i++)
		if ((bot = schedule_bot_at(in, in->leases[i].bot)) != -1)
			b->taken[bot]++;
	for (i = 0; i < in->lease_count; i++)
		sort_out(b, &in->leases[i]);
	pile_up(b);
}

static bool
task_waits(const struct withdraw *w)
{
	size_t i;

	for (i = 0; i < w->in->task_count; i++)
		if (w->task_left[i] && !w->in->tasks[i].patient)
			return true;
	return false;
}

void
withdraw_run(struct withdraw *w)
{
	const struct schedule_input *in = w->in;
	struct starved *list = mem_array(in->job_count + 1, sizeof(*list));
	struct back b = {.w = w};
	size_t count = find_starved(&b, list);

	if (count > 0 || task_waits(w)) {
		b.leases = mem_array(in->lease_count + 1, sizeof(*b.leases));
		b.piles = mem_array(in->lease_count + 1, sizeof(*b.piles));
		b.taken = mem_array(in->bot_count + 1, sizeof(*b.taken));
		b.soon = mem_array(w->m->classes + 1, sizeof(*b.soon));
		look(&b);
		serve_tasks(&b);
		serve_jobs(&b, list, count);
	}
	free(b.leases);
	free(b.piles);
	free(b.taken);
	free(b.soon);
	free(list);
}

/* ---- ceilings -------------------------------------------------------- */

static void
drop_newest(
    struct schedule_input *in, int64_t job, struct schedule_steps *steps)
{
	struct schedule_lease *newest = NULL;
	size_t i;

	for (i = 0; i < in->lease_count; i++)
		if (in->leases[i].job == job &&
		    (newest == NULL || in->leases[i].id > newest->id))
			newest = &in->leases[i];
	if (newest == NULL)
		return;
	schedule_add_step(steps,
	    &(struct schedule_step){.act = SCHEDULE_WITHDRAW,
		.job = job,
		.bot = newest->bot,
		.lease = newest->id});
	newest->job = newest->bot = 0;
}

void
withdraw_above_ceilings(struct schedule_input *in, struct schedule_steps *steps)
{
	unsigned *open = mem_array(in->job_count + 1, sizeof(*open));
	long job;
	size_t i;

	for (i = 0; i < in->lease_count; i++)
		if ((job = schedule_job_at(in, in->leases[i].job)) != -1)
			open[job]++;
	for (i = 0; i < in->job_count; i++)
		for (; in->jobs[i].ceiling > 0 && open[i] > in->jobs[i].ceiling;
		     open[i]--)
			drop_newest(in, in->jobs[i].id, steps);
	free(open);
}

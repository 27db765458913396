/*
 * Shares.  Divisions drop a part, and at a weight of 10,000 that part is
 * everything: so only what came through the division counts as paid, and the
 * rest waits in spent_ms - paid_ms for the next round.
 */
#include <stdlib.h>

#include "lib/base/buf.h"
#include "masterd/plan/share.h"

#define MOST       (INT64_MAX / 4)
#define REBASE     (INT64_MAX / 8)
#define TURN_MS    (6ull * 60 * 60 * 1000) /* a turn comes in this time */
#define LAG_SLICES 2
#define NO_LEVEL   INT64_MAX

int64_t
share_vtime(uint64_t ms, uint64_t effective)
{
	unsigned __int128 v = (unsigned __int128)ms * SHARE_UNIT / effective;

	return v > MOST ? MOST : (int64_t)v;
}

uint64_t
schedule_effective(const struct schedule_job *j)
{
	unsigned __int128 e =
	    (unsigned __int128)j->weight * j->multiplier * j->boost;

	return e == 0 ? 1 : e > UINT64_MAX ? UINT64_MAX : (uint64_t)e;
}

static int64_t
add(int64_t a, int64_t b)
{
	return a > MOST - b ? MOST : a + b;
}

/* ---- what was used --------------------------------------------------- */

static void
charge(struct schedule_job *j, uint64_t effective)
{
	uint64_t used = j->spent_ms - j->paid_ms;
	int64_t v;

	if (j->paid_ms >= j->spent_ms) {
		j->paid_ms = j->spent_ms;
		return;
	}
	v = share_vtime(used, effective);
	j->vtime = add(j->vtime, v);
	j->paid_ms += v == MOST
	    ? used
	    : (uint64_t)((unsigned __int128)v * effective / SHARE_UNIT);
}

static void
count_leases(const struct schedule_input *in, struct share *shares)
{
	const struct schedule_lease *l;
	long at;
	size_t i;

	for (i = 0; i < in->lease_count; i++) {
		l = &in->leases[i];
		at = l->job == 0 ? -1 : schedule_job_at(in, l->job);
		if (at == -1)
			continue;
		shares[at].open++;
		if (l->left_ms > 0)
			shares[at].ahead = add(shares[at].ahead,
			    share_vtime(
				(uint64_t)l->left_ms, shares[at].effective));
	}
}

/* ---- levels ---------------------------------------------------------- */

struct levels {
	unsigned *slots; /* that take, by class */
	uint64_t all_slots, all_weight;
	int64_t *lowest;    /* vtime of who wants a slot there; NO_LEVEL */
	bool *runs;         /* groups that any bot can run */
	int64_t *start;     /* of a new job, by group */
	int64_t *reference; /* of lags, by group: of those that have slots
			       where it could, on average; NO_LEVEL */
	int64_t quantum;
};

static void
count_slots(
    const struct schedule_input *in, const struct match *m, struct levels *l)
{
	size_t i, g, c;

	for (i = 0; i < in->bot_count; i++)
		if (in->bots[i].takes) {
			l->slots[m->bot_class[i]] += in->bots[i].slots;
			l->all_slots += in->bots[i].slots;
		}
	for (g = 0; g < m->groups; g++)
		for (c = 0; c < m->classes; c++)
			if (l->slots[c] > 0 &&
			    match_fits(m, (unsigned)g, (unsigned)c))
				l->runs[g] = true;
}

/* The lowest of those that wanted a slot in the last round, too. */
static void
find_lowest(const struct schedule_input *in, const struct match *m,
    const struct share *shares, struct levels *l)
{
	int64_t *by_group = mem_array(m->groups + 1, sizeof(*by_group));
	const struct schedule_job *j;
	size_t i, g, c;

	for (g = 0; g < m->groups; g++)
		by_group[g] = NO_LEVEL;
	for (i = 0; i < in->job_count; i++) {
		j = &in->jobs[i];
		g = m->job_group[i];
		if (shares[i].contends && j->contends &&
		    schedule_wants(j, shares[i].open) && j->vtime < by_group[g])
			by_group[g] = j->vtime;
	}
	for (c = 0; c < m->classes; c++)
		for (g = 0; g < m->groups; g++)
			if (match_fits(m, (unsigned)g, (unsigned)c) &&
			    by_group[g] < l->lowest[c])
				l->lowest[c] = by_group[g];
	free(by_group);
}

/*
 * Who sits there because of its floor is ahead of its share, and says nothing
 * about how far the others are.
 */
static void
find_reference(const struct schedule_input *in, const struct match *m,
    const struct share *shares, struct levels *l)
{
	__int128 *sum = mem_array(m->classes + 1, sizeof(*sum)), all;
	int64_t *count = mem_array(m->classes + 1, sizeof(*count)), n;
	const struct schedule_job *j;
	long job, bot;
	size_t i, g, c;

	for (i = 0; i < in->lease_count; i++) {
		job = schedule_job_at(in, in->leases[i].job);
		bot = schedule_bot_at(in, in->leases[i].bot);
		j = job == -1 ? NULL : &in->jobs[job];
		if (j == NULL || bot == -1 || !in->bots[bot].takes ||
		    !j->contends || shares[job].open <= j->floor)
			continue;
		sum[m->bot_class[bot]] += j->vtime;
		count[m->bot_class[bot]]++;
	}
	for (g = 0; g < m->groups; g++) {
		for (all = 0, n = 0, c = 0; c < m->classes; c++)
			if (match_fits(m, (unsigned)g, (unsigned)c)) {
				all += sum[c];
				n += count[c];
			}
		l->reference[g] = n == 0 ? NO_LEVEL : (int64_t)(all / n);
	}
	free(sum);
	free(count);
}

/* Of the classes that a group can use, the highest level. */
static int64_t
highest(const struct match *m, const struct levels *l, size_t group)
{
	const int64_t *level = l->lowest;
	int64_t best = NO_LEVEL;
	size_t c;

	for (c = 0; c < m->classes; c++)
		if (l->slots[c] > 0 && level[c] != NO_LEVEL &&
		    match_fits(m, (unsigned)group, (unsigned)c) &&
		    (best == NO_LEVEL || level[c] > best))
			best = level[c];
	return best;
}

static void
find_levels(const struct schedule_input *in, const struct match *m,
    const struct share *shares, struct levels *l)
{
	size_t g, c;

	for (c = 0; c < m->classes; c++)
		l->lowest[c] = NO_LEVEL;
	find_lowest(in, m, shares, l);
	find_reference(in, m, shares, l);
	for (g = 0; g < m->groups; g++) {
		l->start[g] = highest(m, l, g);
		if (l->start[g] == NO_LEVEL)
			l->start[g] = l->reference[g];
	}
}

static void
levels_init(struct levels *l, const struct match *m)
{
	*l = (struct levels){0};
	l->slots = mem_array(m->classes + 1, sizeof(*l->slots));
	l->lowest = mem_array(m->classes + 1, sizeof(*l->lowest));
	l->runs = mem_array(m->groups + 1, sizeof(*l->runs));
	l->start = mem_array(m->groups + 1, sizeof(*l->start));
	l->reference = mem_array(m->groups + 1, sizeof(*l->reference));
}

static void
levels_release(struct levels *l)
{
	free(l->slots);
	free(l->lowest);
	free(l->runs);
	free(l->start);
	free(l->reference);
}

/* ---- each job -------------------------------------------------------- */

/*
 * Slices are an hour.  A job to which less than a sixth of a slot is due gets
 * shorter ones, so that its turn comes every six hours, and not every week;
 * but none shorter than five minutes.
 */
static uint64_t
slice_of(
    const struct schedule_job *j, uint64_t effective, const struct levels *l)
{
	uint64_t most = j->slice_ms == 0 || j->slice_ms > SCHEDULE_SLICE_MS
	    ? SCHEDULE_SLICE_MS
	    : j->slice_ms;
	uint64_t turn = l->all_weight == 0
	    ? most
	    : (uint64_t)((unsigned __int128)TURN_MS * l->all_slots * effective /
		  l->all_weight);

	if (turn < SCHEDULE_SHORT_MS)
		turn = SCHEDULE_SHORT_MS;
	return turn < most ? turn : most;
}

static int64_t
bound_of(const struct share *s, const struct levels *l)
{
	unsigned __int128 due = l->all_weight == 0
	    ? 0
	    : (unsigned __int128)s->slice_ms * l->all_slots * s->effective /
		l->all_weight;
	uint64_t ms = s->slice_ms + (due > MOST ? MOST : (uint64_t)due);

	return add(share_vtime(LAG_SLICES * ms, s->effective),
	    add(l->quantum, l->quantum));
}

static void
place(struct schedule_job *j, const struct share *s, const struct levels *l,
    size_t group)
{
	int64_t reference = l->reference[group], start = l->start[group], bound;
	bool at_ceiling = j->ceiling > 0 && s->open >= j->ceiling;

	if (s->contends && !j->contends && start != NO_LEVEL &&
	    j->vtime < start)
		j->vtime = start;
	if (s->contends && reference != NO_LEVEL) {
		bound = bound_of(s, l);
		if (j->vtime < reference - (at_ceiling ? 0 : bound))
			j->vtime = reference - (at_ceiling ? 0 : bound);
		if (j->vtime > add(reference, bound))
			j->vtime = add(reference, bound);
	}
	if (j->vtime < 1)
		j->vtime = 1;
}

/* Differences count, not the numbers: start anew before they grow too large. */
static void
rebase(struct schedule_input *in, const struct share *shares)
{
	int64_t lowest = NO_LEVEL;
	size_t i;

	for (i = 0; i < in->job_count; i++)
		if (shares[i].contends && in->jobs[i].vtime < lowest)
			lowest = in->jobs[i].vtime;
	if (lowest == NO_LEVEL || lowest < REBASE)
		return;
	for (i = 0; i < in->job_count; i++)
		in->jobs[i].vtime = in->jobs[i].vtime < lowest
		    ? 1
		    : in->jobs[i].vtime - lowest + 1;
}

static void
find_slices(
    const struct schedule_input *in, struct share *shares, struct levels *l)
{
	struct share *s;
	int64_t quantum;
	size_t i;

	for (i = 0; i < in->job_count; i++) {
		s = &shares[i];
		s->slice_ms = slice_of(&in->jobs[i], s->effective, l);
		quantum = share_vtime(s->slice_ms, s->effective);
		if (s->contends && quantum > l->quantum)
			l->quantum = quantum;
	}
}

void
share_begin(
    struct schedule_input *in, const struct match *m, struct share *shares)
{
	struct schedule_job *j;
	struct share *s;
	struct levels l;
	size_t i;

	levels_init(&l, m);
	count_slots(in, m, &l);
	for (i = 0; i < in->job_count; i++) {
		shares[i] = (struct share){
		    .effective = schedule_effective(&in->jobs[i])};
		charge(&in->jobs[i], shares[i].effective);
	}
	count_leases(in, shares);
	for (i = 0; i < in->job_count; i++) {
		j = &in->jobs[i];
		s = &shares[i];
		s->contends = l.runs[m->job_group[i]] && j->stopped == NULL &&
		    (s->open > 0 || schedule_wants(j, 0));
		if (s->contends)
			l.all_weight += s->effective;
	}
	rebase(in, shares);
	find_levels(in, m, shares, &l);
	find_slices(in, shares, &l);
	for (i = 0; i < in->job_count; i++) {
		place(&in->jobs[i], &shares[i], &l, m->job_group[i]);
		in->jobs[i].contends = shares[i].contends;
	}
	levels_release(&l);
}

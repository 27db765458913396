/*
 * The clockwork of the simulator.  What may run where is decided here once
 * more, word by word and without bits or classes, so that a mistake of
 * masterd/plan/match.c shows.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/buf.h"
#include "tests/bench/simulate.h"

#define LOST_MS  (5 * 60 * 1000) /* leases of a silent bot expire */
#define WELL_MS  (60 * 1000)
#define GRACE_MS (SCHEDULE_YOUNG_MS + 1)

void
sim_init(struct sim *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->random = seed * 0x9e3779b97f4a7c15 + 1;
	s->now_ms = 1000;
	s->next_lease = 1;
}

void
sim_release(struct sim *s)
{
	schedule_input_release(&s->in);
	schedule_steps_release(&s->steps);
	free(s->jobs);
	free(s->bots);
	free(s->leases);
}

/* splitmix64: the same numbers anywhere. */
uint64_t
sim_random(struct sim *s, uint64_t n)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return n == 0 ? 0 : (z ^ z >> 31) % n;
}

size_t
sim_add_bot(struct sim *s, unsigned slots)
{
	size_t i = s->in.bot_count++;

	s->in.bots = mem_resize(s->in.bots, i + 1, sizeof(*s->in.bots));
	s->bots = mem_resize(s->bots, i + 1, sizeof(*s->bots));
	memset(&s->bots[i], 0, sizeof(s->bots[i]));
	s->in.bots[i] = (struct schedule_bot){(int64_t)i + 1, "bot", slots,
	    true, false, "", "libfuzzer", "", "x86_64", "", ""};
	return i;
}

size_t
sim_add_job(struct sim *s, unsigned weight)
{
	size_t i = s->in.job_count++;

	s->in.jobs = mem_resize(s->in.jobs, i + 1, sizeof(*s->in.jobs));
	s->jobs = mem_resize(s->jobs, i + 1, sizeof(*s->jobs));
	memset(&s->jobs[i], 0, sizeof(s->jobs[i]));
	s->in.jobs[i] = (struct schedule_job){
	    .id = (int64_t)i + 1,
	    .name = "job",
	    .engine = "libfuzzer",
	    .sanitizer = "address",
	    .arch = "",
	    .tags = "",
	    .weight = weight,
	    .multiplier = SCHEDULE_PERMILLE,
	    .boost = SCHEDULE_PERMILLE,
	    .left_ms = UINT64_MAX,
	};
	s->jobs[i].always = s->jobs[i].plain = true;
	return i;
}

static void
broke(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->broken++ > 0)
		return;
	va_start(ap, fmt);
	vsnprintf(s->first, sizeof(s->first), fmt, ap);
	va_end(ap);
}

/* ---- leases ---------------------------------------------------------- */

/* Out of both lists; the last one takes its place. */
static void
drop_lease(struct sim *s, size_t i)
{
	struct schedule_lease *l = &s->in.leases[i];

	if (l->job != 0)
		s->jobs[l->job - 1].open--;
	*l = s->in.leases[--s->in.lease_count];
	s->leases[i] = s->leases[s->in.lease_count];
}

unsigned
sim_end_leases(struct sim *s, long job, long bot)
{
	const struct schedule_lease *l;
	unsigned count = 0;
	size_t i;

	for (i = s->in.lease_count; i-- > 0;) {
		l = &s->in.leases[i];
		if ((job == -1 || l->job == job + 1) &&
		    (bot == -1 || l->bot == bot + 1)) {
			drop_lease(s, i);
			count++;
		}
	}
	return count;
}

/* It lasts for its slice, or fails within a minute. */
static void
add_lease(struct sim *s, const struct schedule_step *step)
{
	struct sim_job *j = &s->jobs[step->job - 1];
	size_t i = s->in.lease_count++;
	struct sim_lease *l;

	if (i == s->lease_room) {
		s->lease_room = s->lease_room == 0 ? 64 : s->lease_room * 2;
		s->in.leases = mem_resize(
		    s->in.leases, s->lease_room, sizeof(*s->in.leases));
		s->leases =
		    mem_resize(s->leases, s->lease_room, sizeof(*s->leases));
	}
	s->in.leases[i] = (struct schedule_lease){
	    s->next_lease++, step->job, step->bot, 0, (int64_t)step->slice_ms};
	l = &s->leases[i];
	*l = (struct sim_lease){0};
	l->since = s->now_ms;
	l->until = l->ends_at = s->now_ms + step->slice_ms;
	l->fails = sim_random(s, 1000) < j->fails;
	if (l->fails)
		l->ends_at = s->now_ms + 1000 + sim_random(s, 60000);
	j->open++;
}

static void
end_lease(struct sim *s, size_t i)
{
	struct schedule_job *row = &s->in.jobs[s->in.leases[i].job - 1];
	struct sim_job *j = &s->jobs[s->in.leases[i].job - 1];

	if (s->leases[i].fails) {
		j->unwell = true;
		row->avoid = s->in.leases[i].bot;
		j->wait_until =
		    s->now_ms + (2000ull << (j->failed < 6 ? j->failed : 6));
		j->failed++;
	} else {
		j->unwell = false;
		row->avoid = 0;
		j->failed = 0;
	}
	drop_lease(s, i);
}

/* ---- time ------------------------------------------------------------ */

static void
spend(struct sim *s, uint64_t ms)
{
	const struct schedule_lease *l;
	uint64_t slots = 0;
	size_t i;

	for (i = 0; i < s->in.lease_count; i++) {
		l = &s->in.leases[i];
		/* A lost bot costs its jobs nothing that counts. */
		if (s->bots[l->bot - 1].lost_at != 0)
			continue;
		s->in.jobs[l->job - 1].spent_ms += ms;
		s->jobs[l->job - 1].used_ms += ms;
	}
	for (i = 0; i < s->in.bot_count; i++)
		slots += s->in.bots[i].takes ? s->in.bots[i].slots : 0;
	s->slot_ms += slots * ms;
}

static void
bots_change(struct sim *s)
{
	struct sim_bot *b;
	size_t i;

	for (i = 0; i < s->in.bot_count; i++) {
		b = &s->bots[i];
		if (b->lost_at != 0 && s->now_ms - b->lost_at >= LOST_MS)
			sim_end_leases(s, -1, (long)i);
		if (b->back_at != 0 && s->now_ms >= b->back_at) {
			b->lost_at = b->back_at = 0;
			b->off = false;
		}
		s->in.bots[i].takes = b->lost_at == 0 && !b->off;
	}
}

static void
leases_change(struct sim *s)
{
	struct schedule_lease *l;
	size_t i;

	for (i = s->in.lease_count; i-- > 0;) {
		l = &s->in.leases[i];
		l->age_ms = s->now_ms - s->leases[i].since;
		l->left_ms = (int64_t)s->leases[i].until - (int64_t)s->now_ms;
		if (s->bots[l->bot - 1].lost_at == 0 &&
		    s->now_ms >= s->leases[i].ends_at)
			end_lease(s, i);
	}
}

/* ---- the rules, word by word ----------------------------------------- */

static bool
has(const char *list, const char *word, size_t len)
{
	const char *p = list;

	for (; (p = strstr(p, word)) != NULL; p++)
		if ((p == list || p[-1] == ' ') && strncmp(p, word, len) == 0 &&
		    (p[len] == '\0' || p[len] == ' '))
			return true;
	return false;
}

static bool
can_run(const struct sim *s, const struct schedule_job *j,
    const struct schedule_bot *b)
{
	char word[64];
	const char *p;
	size_t i, len;

	if (!has(b->engines, j->engine, strlen(j->engine)) ||
	    (*j->arch != '\0' && strcmp(j->arch, b->arch) != 0) ||
	    (*b->sanitizers != '\0' &&
		!has(b->sanitizers, j->sanitizer, strlen(j->sanitizer))))
		return false;
	for (p = j->tags; *p != '\0'; p += len + (p[len] == ' ')) {
		len = strcspn(p, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, p);
		if (*word == '!' ? has(b->tags, word + 1, len - 1)
				 : !has(b->tags, word, len))
			return false;
	}
	for (i = 0; i < s->in.mark_count; i++)
		if (s->in.marks[i].build == j->build &&
		    strcmp(s->in.marks[i].host_class, b->host_class) == 0)
			return false;
	return true;
}

static void
check_slots(struct sim *s, uint64_t ms)
{
	unsigned *taken = mem_array(s->in.bot_count + 1, sizeof(*taken));
	const struct schedule_job *j;
	const struct schedule_bot *b;
	size_t i, k;

	for (i = 0; i < s->in.lease_count; i++)
		taken[s->in.leases[i].bot - 1]++;
	for (i = 0; i < s->in.bot_count; i++) {
		b = &s->in.bots[i];
		if (!b->takes || taken[i] >= b->slots)
			continue;
		s->idle_slot_ms += (b->slots - taken[i]) * ms;
		for (k = 0; k < s->in.job_count; k++) {
			j = &s->in.jobs[k];
			if (schedule_wants(j, s->jobs[k].open) &&
			    !(j->retry && j->avoid == b->id) &&
			    can_run(s, j, b))
				broke(s,
				    "%" PRIu64 " s: bot %zu has a free "
				    "slot that job %zu could use",
				    s->now_ms / 1000, i + 1, k + 1);
		}
	}
	free(taken);
}

/* Could all floors be kept by what is there?  The simulated ones can. */
static void
check_jobs(struct sim *s, uint64_t ms)
{
	const struct schedule_job *j;
	struct sim_job *t;
	size_t i;

	for (i = 0; i < s->in.job_count; i++) {
		j = &s->in.jobs[i];
		t = &s->jobs[i];
		if (j->ceiling > 0 && t->open > j->ceiling)
			broke(s,
			    "%" PRIu64 " s: job %zu has %u slots, its "
			    "ceiling is %u",
			    s->now_ms / 1000, i + 1, t->open, j->ceiling);
		if (t->open >= j->floor || !schedule_wants(j, t->open))
			t->below_since = 0;
		else if (t->below_since == 0)
			t->below_since = s->now_ms;
		else if (s->now_ms - t->below_since > GRACE_MS + 2 * ms)
			broke(s,
			    "%" PRIu64 " s: job %zu has %u slots, its "
			    "floor is %u",
			    s->now_ms / 1000, i + 1, t->open, j->floor);
		if (t->open > 0 || !schedule_wants(j, 0))
			t->waits_since = 0;
		else if (t->waits_since == 0)
			t->waits_since = s->now_ms;
		else if (s->now_ms - t->waits_since > t->longest_wait)
			t->longest_wait = s->now_ms - t->waits_since;
	}
}

static void
take(struct sim *s, const struct schedule_step *step)
{
	const struct schedule_bot *b = &s->in.bots[step->bot - 1];
	size_t i;

	if (step->act == SCHEDULE_OFFER) {
		s->offers++;
		if (!b->takes || !can_run(s, &s->in.jobs[step->job - 1], b))
			broke(s,
			    "%" PRIu64 " s: bot %" PRId64 " cannot run "
			    "job %" PRId64,
			    s->now_ms / 1000, step->bot, step->job);
		add_lease(s, step);
		return;
	}
	s->withdrawals++;
	for (i = 0; s->in.leases[i].id != step->lease; i++)
		;
	if (s->in.leases[i].job != 0 &&
	    s->in.leases[i].age_ms < SCHEDULE_YOUNG_MS)
		broke(s,
		    "%" PRIu64 " s: a lease of %" PRIu64 " ms was "
		    "withdrawn",
		    s->now_ms / 1000, s->in.leases[i].age_ms);
	s->in.leases[i].job = step->job; /* may have been taken out already */
	drop_lease(s, i);
}

/* After a failure one at a time, until one of its leases runs well. */
static void
wait_out(struct sim *s)
{
	const struct schedule_lease *l;
	struct schedule_job *j;
	size_t i;

	for (i = 0; i < s->in.job_count; i++) {
		j = &s->in.jobs[i];
		j->retry = s->jobs[i].unwell;
		j->wait_ms = s->jobs[i].wait_until > s->now_ms
		    ? s->jobs[i].wait_until - s->now_ms
		    : 0;
	}
	for (i = 0; i < s->in.lease_count; i++) {
		l = &s->in.leases[i];
		if (l->age_ms >= WELL_MS) {
			s->in.jobs[l->job - 1].retry = false;
			s->in.jobs[l->job - 1].wait_ms = 0;
		}
	}
}

void
sim_step(struct sim *s, uint64_t ms)
{
	struct timespec from, to;
	size_t i;

	spend(s, ms);
	s->now_ms += ms;
	bots_change(s);
	leases_change(s);
	wait_out(s);
	clock_gettime(CLOCK_MONOTONIC, &from);
	schedule_run(&s->in, &s->steps);
	clock_gettime(CLOCK_MONOTONIC, &to);
	s->seconds += (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	for (i = 0; i < s->steps.count; i++)
		take(s, &s->steps.list[i]);
	s->rounds++;
	check_slots(s, ms);
	check_jobs(s, ms);
}

void
sim_run(struct sim *s, uint64_t ms, uint64_t step_ms)
{
	uint64_t end = s->now_ms + ms;

	while (s->now_ms < end)
		sim_step(
		    s, end - s->now_ms < step_ms ? end - s->now_ms : step_ms);
}

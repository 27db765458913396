/*
 * A day of a farm with everything in it.  Two thirds of the jobs are plain and
 * run all day: their shares are measured.  The others have tags, engines,
 * floors, ceilings and builds that some hosts cannot run; they come and go,
 * are paused and boosted, and make sure that the plain ones are disturbed.
 */
#include <string.h>

#include "lib/base/buf.h"
#include "tests/bench/simulate.h"

#define MINUTE 60000ull
#define HOUR   (60 * MINUTE)

/* ---- who there is ---------------------------------------------------- */

static const char *const tag_sets[] = {
    "", "fast", "slow", "fast gpu", "gpu slow", "night"};
static const char *const job_tags[] = {
    "fast", "gpu", "!slow", "fast !gpu", "night", "!fast !slow"};
static const char *const classes[] = {"deb11", "deb12", "ubuntu", "alpine"};

static void
add_bots(struct sim *s, unsigned count)
{
	struct schedule_bot *b;
	size_t i;

	while (s->in.bot_count < count) {
		i = sim_add_bot(s, 1 + (unsigned)sim_random(s, 16));
		b = &s->in.bots[i];
		b->engines = i % 3 == 0 ? "libfuzzer afl"
		    : i % 10 == 4       ? "honggfuzz libfuzzer"
					: "libfuzzer";
		b->arch = i % 5 == 4 ? "aarch64" : "x86_64";
		b->sanitizers = i % 11 == 5 ? "address undefined" : "";
		b->tags = tag_sets[i % 6];
		b->host_class = classes[i % 4];
	}
}

static const unsigned weights[] = {60, 25, 15, 60, 15, 120, 60, 25};

/* Everything that makes a job special; "kind" of 12. */
static void
make_special(struct sim *s, size_t i, unsigned kind)
{
	struct schedule_job *j = &s->in.jobs[i];

	s->jobs[i].plain = false;
	if (kind < 4) {
		j->tags = job_tags[sim_random(s, 6)];
	} else if (kind < 6) {
		j->engine = kind == 4 ? "afl" : "honggfuzz";
	} else if (kind == 6) {
		j->arch = "aarch64";
	} else if (kind == 7) {
		j->sanitizer = "memory";
	} else if (kind == 8) {
		j->floor = 1 + (unsigned)sim_random(s, 4);
	} else if (kind == 9) {
		j->ceiling = 1 + (unsigned)sim_random(s, 3);
	} else if (kind == 10) {
		j->build = 1;
	} else {
		j->tags = "fast";
		j->ceiling = 3;
		j->floor = 2;
	}
}

static void
add_jobs(struct sim *s, unsigned count)
{
	struct schedule_job *j;
	size_t i;

	while (s->in.job_count < count) {
		i = sim_add_job(s, weights[s->in.job_count % 8]);
		j = &s->in.jobs[i];
		s->jobs[i].fails = i % 5 == 0 ? 20 : 0;
		if (i % 3 != 2)
			continue;
		make_special(s, i, (unsigned)(i / 3 % 12));
		s->jobs[i].always = i % 2 == 0;
		j->multiplier = i % 4 == 0 ? 250 : 1000;
		if (!s->jobs[i].always && i % 4 == 1)
			j->stopped = "not there yet";
	}
}

/* ---- what happens ---------------------------------------------------- */

static void
happen_to_job(struct sim *s, size_t i)
{
	struct schedule_job *j = &s->in.jobs[i];

	if (s->jobs[i].plain)
		return;
	switch (sim_random(s, 3)) {
	case 0: /* paused or resumed, made or cancelled */
		if (s->jobs[i].always)
			break;
		j->stopped = j->stopped == NULL ? "paused" : NULL;
		if (j->stopped != NULL)
			sim_end_leases(s, (long)i, -1);
		break;
	case 1:
		j->boost = j->boost == 1000 ? 4000 : 1000;
		break;
	default:
		if (j->ceiling > 0)
			j->ceiling = j->floor + 1 + (unsigned)sim_random(s, 4);
	}
}

static void
happen_to_bot(struct sim *s, size_t i)
{
	struct sim_bot *b = &s->bots[i];

	if (b->back_at != 0)
		return;
	switch (sim_random(s, 3)) {
	case 0: /* silent; it may be back before its leases expire */
		b->lost_at = s->now_ms;
		b->back_at = s->now_ms + MINUTE + sim_random(s, HOUR);
		break;
	case 1: /* leaves in order */
		b->off = true;
		b->back_at = s->now_ms + MINUTE + sim_random(s, 4 * HOUR);
		sim_end_leases(s, -1, (long)i);
		break;
	default:
		s->in.bots[i].slots = 1 + (unsigned)sim_random(s, 16);
	}
}

static void
happen(struct sim *s, uint64_t step_ms)
{
	/* Each special job about every two hours, each bot every six. */
	if (sim_random(s, 2 * HOUR) < step_ms * s->in.job_count)
		happen_to_job(s, sim_random(s, s->in.job_count));
	if (sim_random(s, 6 * HOUR) < step_ms * s->in.bot_count)
		happen_to_bot(s, sim_random(s, s->in.bot_count));
}

/* ---- how it went ----------------------------------------------------- */

static void
measure(const struct sim *s, struct sim_figures *f)
{
	uint64_t used = 0, weight = 0;
	double error;
	size_t i;

	for (i = 0; i < s->in.job_count; i++) {
		if (s->jobs[i].always &&
		    s->jobs[i].longest_wait > f->longest_wait_ms &&
		    s->jobs[i].plain)
			f->longest_wait_ms = s->jobs[i].longest_wait;
		if (!s->jobs[i].plain)
			continue;
		f->plain_jobs++;
		used += s->jobs[i].used_ms;
		weight += s->in.jobs[i].weight;
	}
	for (i = 0; i < s->in.job_count; i++) {
		if (!s->jobs[i].plain)
			continue;
		error = (double)s->jobs[i].used_ms / (double)used /
			((double)s->in.jobs[i].weight / (double)weight) -
		    1;
		if (error < 0)
			error = -error;
		if (error > f->worst_share)
			f->worst_share = error;
	}
}

void
sim_day(const struct sim_day *day, struct sim_figures *f)
{
	uint64_t end = day->hours * HOUR;
	struct sim s;

	memset(f, 0, sizeof(*f));
	sim_init(&s, day->seed);
	add_bots(&s, day->bots);
	add_jobs(&s, day->jobs);
	s.in.marks = mem_alloc(sizeof(*s.in.marks));
	s.in.marks[s.in.mark_count++] =
	    (struct schedule_mark){1, "b1", "alpine"};
	while (s.now_ms < end) {
		happen(&s, day->step_ms);
		sim_step(&s, day->step_ms);
	}
	measure(&s, f);
	f->rounds = s.rounds;
	f->offers = s.offers;
	f->withdrawals = s.withdrawals;
	f->seconds = s.seconds;
	f->used = 1 - (double)s.idle_slot_ms / (double)s.slot_ms;
	f->broken = s.broken;
	memcpy(f->first, s.first, sizeof(f->first));
	sim_release(&s);
}

/*
 * Causes are looked for in the order in which schedule_run() meets them: the
 * job itself, then bots that cannot, then slots that are taken, then others
 * that are first.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "masterd/plan/match.h"
#include "masterd/plan/why.h"

#define MILLION 1000000.0

struct looking {
	struct why *w;
	const struct schedule_input *in;
	const struct match *m;
	size_t job;
	unsigned bots;         /* that take */
	unsigned fit;          /* and can run it */
	unsigned slots, taken; /* of those */
	unsigned own;          /* of the taken ones */
};

void
why_add(struct why_cause **list, size_t *count, const char *code,
    const char *fmt, va_list ap)
{
	char text[600];

	vsnprintf(text, sizeof(text), fmt, ap);
	*list = mem_resize(*list, *count + 1, sizeof(**list));
	(*list)[(*count)++] = (struct why_cause){code, mem_strdup(text)};
}

void
why_free(struct why_cause *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(list[i].text);
	free(list);
}

static void cause(struct looking *l, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
cause(struct looking *l, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	why_add(&l->w->causes, &l->w->cause_count, code, fmt, ap);
	va_end(ap);
}

static const char *
plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

/* ---- the job itself -------------------------------------------------- */

/* true: the rest does not matter. */
static bool
job_is_stopped(struct looking *l, const char *held)
{
	const struct schedule_job *j = &l->in->jobs[l->job];

	if (j->stopped != NULL)
		cause(l, j->stop_code == NULL ? "stopped" : j->stop_code, "%s",
		    j->stopped);
	if (held != NULL)
		cause(l, "master_holds", "%s", held);
	if (j->left_ms == 0)
		cause(l, "time_used_up", "its time is used up");
	return l->w->cause_count > 0;
}

static void
look_at_job(struct looking *l)
{
	const struct schedule_job *j = &l->in->jobs[l->job];
	long bot = j->avoid == 0 ? -1 : schedule_bot_at(l->in, j->avoid);
	const char *name = bot == -1 ? "" : l->in->bots[bot].name;
	const char *on = bot == -1 ? "" : " on ";

	if (j->wait_ms > 0)
		cause(l, "waits", "waits %" PRIu64 " s after a failure%s%s",
		    (j->wait_ms + 999) / 1000, on, name);
	else if (j->retry && l->w->slots > 0)
		cause(l, "retry",
		    "a task of it failed%s%s: one slot until it runs again", on,
		    name);
	if (j->no_new && l->w->slots >= j->tasks)
		cause(l, "parked_task",
		    "a task of it is parked and it makes no new one: %u "
		    "task%s left",
		    j->tasks, j->tasks == 1 ? " is" : "s are");
	if (j->ceiling > 0 && l->w->slots >= j->ceiling)
		cause(l, "ceiling", "its ceiling of %u slot%s is reached",
		    j->ceiling, plural(j->ceiling));
}

/* ---- bots ------------------------------------------------------------ */

static void
say_miss(struct looking *l, enum match_miss miss, const char *word,
    unsigned count, const char *build)
{
	const char *s = count == 1 ? "" : "s", *lack = count == 1 ? "s" : "";

	if (miss == MISS_ENGINE)
		cause(l, "no_engine", "%u bot%s lack%s engine %s", count, s,
		    lack, word);
	else if (miss == MISS_SANITIZER)
		cause(l, "no_sanitizer", "%u bot%s lack%s sanitizer %s", count,
		    s, lack, word);
	else if (miss == MISS_ARCH)
		cause(l, "wrong_arch", "%u bot%s %s not of architecture %s",
		    count, s, count == 1 ? "is" : "are", word);
	else if (miss == MISS_TAG)
		cause(l, "no_tag", "%u bot%s lack%s tag %s", count, s, lack,
		    word);
	else if (miss == MISS_TAG_BAN)
		cause(l, "has_tag", "%u bot%s ha%s tag %s", count, s,
		    count == 1 ? "s" : "ve", word);
	else if (miss == MISS_HOST)
		cause(l, "incompatible",
		    "build %s is incompatible with class '%s' (%u bot%s)",
		    build, word, count, s);
	else if (miss == MISS_REST)
		cause(l, "rests", "%u bot%s rest%s after leases failed there",
		    count, s, lack);
}

static const char *
build_name(const struct schedule_input *in, int64_t build)
{
	size_t i;

	for (i = 0; i < in->mark_count; i++)
		if (in->marks[i].build == build)
			return in->marks[i].build_name;
	return "";
}

struct miss {
	enum match_miss miss;
	const char *word;
	unsigned count;
};

static bool
fits(const struct looking *l, size_t bot)
{
	return match_fits(l->m, l->m->job_group[l->job], l->m->bot_class[bot]);
}

static void
count_miss(
    struct miss *list, size_t *count, enum match_miss miss, const char *word)
{
	size_t i;

	for (i = 0; i < *count; i++)
		if (list[i].miss == miss && strcmp(list[i].word, word) == 0)
			break;
	if (i == *count)
		list[(*count)++] = (struct miss){miss, word, 0};
	list[i].count++;
}

/* Bots that take but cannot run it: how many for each fault. */
static void
look_at_misses(struct looking *l)
{
	const struct schedule_input *in = l->in;
	struct miss *list = mem_array(l->m->word_count + 1, sizeof(*list));
	enum match_miss miss, kind;
	size_t i, count = 0;
	const char *word;
	unsigned from;

	for (i = 0; i < in->bot_count; i++) {
		if (!in->bots[i].takes || in->bots[i].slots == 0)
			continue;
		from = 0;
		while ((miss = match_miss(l->m, l->job, i, &from, &word)) !=
		    MISS_NONE)
			count_miss(list, &count, miss, word);
	}
	for (kind = MISS_ENGINE; kind <= MISS_REST; kind++)
		for (i = 0; i < count; i++)
			if (list[i].miss == kind)
				say_miss(l, kind, list[i].word, list[i].count,
				    build_name(in, in->jobs[l->job].build));
	free(list);
}

/* Bots that could run it, if they took anything, by their state. */
static void
look_at_absent(struct looking *l)
{
	const struct schedule_input *in = l->in;
	unsigned count;
	size_t i, k;

	for (i = 0; i < in->bot_count; i++) {
		if (in->bots[i].takes || !fits(l, i))
			continue;
		count = 0;
		for (k = 0; k < in->bot_count; k++)
			if (!in->bots[k].takes && fits(l, k) &&
			    strcmp(in->bots[k].state, in->bots[i].state) == 0) {
				if (k < i)
					break; /* it was said there */
				count++;
			}
		if (k < in->bot_count)
			continue;
		if (count == 1)
			cause(l, "bot_absent", "%s could run it, but is %s",
			    in->bots[i].name, in->bots[i].state);
		else
			cause(l, "bot_absent",
			    "%u bots could run it, but are %s", count,
			    in->bots[i].state);
	}
}

static void
count_bots(struct looking *l)
{
	const struct schedule_input *in = l->in;
	const struct schedule_lease *lease;
	long bot;
	size_t i;

	for (i = 0; i < in->bot_count; i++) {
		if (!in->bots[i].takes || in->bots[i].slots == 0)
			continue;
		l->bots++;
		l->w->all_slots += in->bots[i].slots;
		if (!fits(l, i))
			continue;
		l->fit++;
		l->slots += in->bots[i].slots;
	}
	for (i = 0; i < in->lease_count; i++) {
		lease = &in->leases[i];
		bot = schedule_bot_at(in, lease->bot);
		if (bot == -1 || !in->bots[bot].takes || !fits(l, (size_t)bot))
			continue;
		l->taken++;
		l->own += lease->job == in->jobs[l->job].id;
	}
}

static void
look_at_bots(struct looking *l)
{
	if (l->in->bot_count == 0)
		cause(l, "no_bot", "there is no bot");
	else if (l->bots == 0)
		cause(l, "no_bot", "no bot takes work: none of %zu is up",
		    l->in->bot_count);
	else if (l->fit == 0)
		cause(l, "no_bot", "no bot that is up can run it");
	look_at_misses(l);
	look_at_absent(l);
}

/* ---- slots ----------------------------------------------------------- */

static void
look_at_slots(struct looking *l)
{
	const struct schedule_job *j = &l->in->jobs[l->job];
	struct why *w = l->w;
	unsigned free = l->slots - l->taken;

	if (l->fit == 0 || !schedule_wants(j, w->slots))
		return;
	if (w->offers > 0)
		cause(l, "offered", "%u more slot%s %s given to it now",
		    w->offers, plural(w->offers),
		    w->offers == 1 ? "is" : "are");
	if (l->own + w->offers >= l->slots)
		cause(l, "has_all", "it has all %u slot%s that it can use",
		    l->slots, plural(l->slots));
	else if (l->taken >= l->slots)
		cause(l, "no_free_slot", "no free slot: %u of %u are taken",
		    l->taken, l->slots);
	else if (j->retry && j->avoid != 0 && w->offers == 0)
		cause(l, "avoids", "it failed on %s and waits for another bot",
		    schedule_bot_at(l->in, j->avoid) == -1
			? "a bot that is gone"
			: l->in->bots[schedule_bot_at(l->in, j->avoid)].name);
	else if (free > w->offers)
		cause(l, "others_first",
		    "%u free slot%s %s for jobs that had less of their share",
		    free - w->offers, plural(free - w->offers),
		    free - w->offers == 1 ? "is" : "are");
}

/* ---- all ------------------------------------------------------------- */

/* What the planner would do now. */
static void
count_slots(struct why *w, const struct schedule_input *in, size_t job)
{
	struct schedule_steps steps = {0};
	struct schedule_input copy = *in;
	uint64_t *due = mem_array(in->job_count + 1, sizeof(*due));
	int64_t id = in->jobs[job].id;
	size_t i;

	schedule_due(in, due);
	w->due = due[job];
	for (i = 0; i < in->lease_count; i++)
		w->slots += in->leases[i].job == id;
	copy.jobs = mem_array(in->job_count + 1, sizeof(*copy.jobs));
	memcpy(copy.jobs, in->jobs, in->job_count * sizeof(*copy.jobs));
	copy.leases = mem_array(in->lease_count + 1, sizeof(*copy.leases));
	for (i = 0; i < in->lease_count; i++)
		copy.leases[i] = in->leases[i];
	schedule_run(&copy, &steps);
	for (i = 0; i < steps.count; i++)
		w->offers += steps.list[i].act == SCHEDULE_OFFER &&
		    steps.list[i].job == id;
	free(copy.jobs);
	free(copy.leases);
	free(due);
	schedule_steps_release(&steps);
}

void
why_make(struct why *w, const struct schedule_input *in, size_t job,
    const char *held)
{
	struct looking l = {.w = w, .in = in, .job = job};
	struct match *m = match_new(in);

	memset(w, 0, sizeof(*w));
	l.m = m;
	w->effective = schedule_effective(&in->jobs[job]);
	count_slots(w, in, job);
	count_bots(&l);
	if (!job_is_stopped(&l, held)) {
		look_at_job(&l);
		look_at_bots(&l);
		look_at_slots(&l);
	}
	match_free(m);
}

void
why_release(struct why *w)
{
	why_free(w->causes, w->cause_count);
	memset(w, 0, sizeof(*w));
}

/* ---- JSON ------------------------------------------------------------ */

static void
put_decimal(struct buf *out, const char *key, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.6g", value);
	json_put_raw(out, key, text, strlen(text));
}

/* Of nothing there is no share. */
static void
put_share(struct buf *out, const char *key, double part, double whole)
{
	if (whole <= 0)
		json_put_null(out, key);
	else
		put_decimal(out, key, part / whole);
}

void
why_json(struct buf *out, const struct why *w, const struct schedule_job *j,
    const struct why_facts *f)
{
	size_t i;

	json_open(out, NULL, '{');
	json_put_u64(out, "api", 1);
	json_open(out, "item", '{');
	json_put_string(out, "id", f->job);
	json_put_string(out, "target", f->target);
	json_put_string(out, "status", f->status);
	json_put_u64(out, "weight", j->weight);
	put_decimal(out, "multiplier", j->multiplier / 1000.0);
	json_put_string(out, "multiplier_why", f->multiplier_why);
	put_decimal(out, "boost", j->boost / 1000.0);
	json_put_string(out, "boost_until",
	    *f->boost_until == '\0' ? NULL : f->boost_until);
	put_decimal(out, "effective", (double)w->effective / MILLION);
	json_put_u64(out, "slots", w->slots);
	json_put_u64(out, "offers", w->offers);
	json_put_u64(out, "floor", j->floor);
	json_put_u64(out, "ceiling", j->ceiling);
	json_put_u64(out, "all_slots", w->all_slots);
	put_decimal(out, "slots_due", (double)w->due / MILLION);
	put_share(out, "share_due", (double)w->due / MILLION, w->all_slots);
	put_share(out, "share_day", (double)f->day_ms, (double)f->day_all_ms);
	put_share(
	    out, "share_start", (double)f->start_ms, (double)f->start_all_ms);
	json_open(out, "causes", '[');
	for (i = 0; i < w->cause_count; i++) {
		json_open(out, NULL, '{');
		json_put_string(out, "code", w->causes[i].code);
		json_put_string(out, "text", w->causes[i].text);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	json_close(out, '}');
}

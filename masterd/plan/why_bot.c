/*
 * Causes are looked for in the order in which they settle the matter: the
 * master, the bot itself, then what each job that runs wants of it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/plan/match.h"
#include "masterd/plan/why_bot.h"

#define SAID_MOST 12 /* sentences about jobs */

struct looking {
	struct why_bot *w;
	const struct schedule_input *in;
	const struct match *m;
	size_t bot;
	unsigned *open; /* leases, by job */
	unsigned running, content;
};

static void cause(struct why_bot *w, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
cause(struct why_bot *w, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	why_add(&w->causes, &w->cause_count, code, fmt, ap);
	va_end(ap);
}

static const char *
plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

/* ---- the bot itself -------------------------------------------------- */

static void
count_taken(struct why_bot *w, const struct schedule_input *in, size_t bot)
{
	size_t i;

	w->slots = in->bots[bot].slots;
	for (i = 0; i < in->lease_count; i++)
		w->taken += in->leases[i].bot == in->bots[bot].id;
}

static void
say_absent(
    struct why_bot *w, const struct schedule_bot *b, const char *off_until)
{
	if (strncmp(b->state, "off", 3) == 0 && *off_until != '\0')
		cause(
		    w, "off", "it is off until %s%s", off_until, b->state + 3);
	else
		cause(w, "absent", "it is %s", b->state);
}

/* true: the rest does not matter. */
static bool
look_at_bot(struct why_bot *w, const struct schedule_bot *b,
    const struct why_bot_facts *f)
{
	size_t before = w->cause_count;

	if (f->held != NULL)
		cause(w, "master_holds", "%s", f->held);
	if (!b->takes)
		say_absent(w, b, f->off_until);
	else if (b->slots == 0)
		cause(w, "no_slots", "it has no slots");
	else if (b->rests)
		cause(w, "rests",
		    "it rests after %u failures until %s, and checks builds "
		    "only",
		    f->failures, f->rests_until);
	return w->cause_count > before;
}

/* ---- jobs ------------------------------------------------------------ */

static void
say_miss(struct looking *l, enum match_miss miss, const char *word,
    const char *who, bool many)
{
	const char *want = many ? "want" : "wants";
	struct why_bot *w = l->w;

	if (miss == MISS_ENGINE)
		cause(w, "no_engine",
		    "%s %s engine %s, which this bot does not have", who, want,
		    word);
	else if (miss == MISS_SANITIZER)
		cause(w, "no_sanitizer",
		    "%s %s sanitizer %s, which this bot cannot run", who, want,
		    word);
	else if (miss == MISS_ARCH)
		cause(w, "wrong_arch",
		    "%s %s architecture %s, which this bot is not of", who,
		    want, word);
	else if (miss == MISS_TAG)
		cause(w, "no_tag", "%s %s tag %s, which this bot does not have",
		    who, want, word);
	else if (miss == MISS_TAG_BAN)
		cause(
		    w, "has_tag", "%s %s no bot with tag %s", who, want, word);
	else if (miss == MISS_HOST)
		cause(w, "incompatible",
		    "%s %s a build that hosts of class '%s' cannot run", who,
		    many ? "have" : "has", word);
}

struct miss {
	enum match_miss miss;
	const char *word;
	unsigned count;
	size_t job; /* the first of them */
};

/* The first fault alone: it says enough about a job. */
static void
add_miss(struct looking *l, struct miss *list, size_t *count, size_t job)
{
	enum match_miss miss;
	const char *word = "";
	unsigned from = 0;
	size_t i;

	miss = match_miss(l->m, job, l->bot, &from, &word);
	for (i = 0; i < *count; i++)
		if (list[i].miss == miss && strcmp(list[i].word, word) == 0)
			break;
	if (i == *count)
		list[(*count)++] = (struct miss){miss, word, 0, job};
	list[i].count++;
}

static void
say_misses(struct looking *l, const struct miss *list, size_t count)
{
	char who[40];
	size_t i;

	for (i = 0; i < count && l->w->cause_count < SAID_MOST; i++) {
		if (list[i].count == 1)
			snprintf(who, sizeof(who), "job %.8s",
			    l->in->jobs[list[i].job].name);
		else
			snprintf(who, sizeof(who), "%u jobs", list[i].count);
		say_miss(l, list[i].miss, list[i].word, who, list[i].count > 1);
	}
}

/* A task of it failed. */
static void
say_waits(struct looking *l, const struct schedule_job *j)
{
	if (l->w->cause_count >= SAID_MOST)
		return;
	if (j->wait_ms > 0)
		cause(l->w, "waits",
		    "job %.8s waits %" PRIu64 " s after a failure", j->name,
		    (j->wait_ms + 999) / 1000);
	else if (j->retry && j->avoid == l->in->bots[l->bot].id)
		cause(l->w, "avoids",
		    "job %.8s failed on it and waits for another bot", j->name);
}

static void
look_at_jobs(struct looking *l)
{
	const struct schedule_input *in = l->in;
	struct miss *list = mem_array(in->job_count + 1, sizeof(*list));
	const struct schedule_job *j;
	size_t i, count = 0;

	for (i = 0; i < in->job_count; i++) {
		j = &in->jobs[i];
		if (j->stopped != NULL || j->left_ms == 0)
			continue;
		l->running++;
		if (!match_fits(
			l->m, l->m->job_group[i], l->m->bot_class[l->bot]))
			add_miss(l, list, &count, i);
		else if (j->wait_ms > 0 || j->retry)
			say_waits(l, j);
		else if (!schedule_wants(j, l->open[i]))
			l->content++;
	}
	say_misses(l, list, count);
	free(list);
}

static void
say_content(struct looking *l)
{
	if (l->running == 0)
		cause(l->w, "no_job", "there is no job that could run");
	else if (l->content == l->running)
		cause(l->w, "content",
		    "no job needs it: all %u running jobs have what they asked "
		    "for",
		    l->running);
	else if (l->content > 0)
		cause(l->w, "content",
		    "%u job%s that it could run ha%s what %s asked for",
		    l->content, plural(l->content),
		    l->content == 1 ? "s" : "ve",
		    l->content == 1 ? "it" : "they");
}

/* ---- what the planner would do now ----------------------------------- */

static void
count_offers(struct why_bot *w, const struct schedule_input *in, size_t bot)
{
	struct schedule_steps steps = {0};
	struct schedule_input copy = *in;
	size_t i;

	copy.jobs = mem_array(in->job_count + 1, sizeof(*copy.jobs));
	copy.leases = mem_array(in->lease_count + 1, sizeof(*copy.leases));
	for (i = 0; i < in->job_count; i++)
		copy.jobs[i] = in->jobs[i];
	for (i = 0; i < in->lease_count; i++)
		copy.leases[i] = in->leases[i];
	schedule_run(&copy, &steps);
	for (i = 0; i < steps.count; i++)
		w->offers += steps.list[i].act == SCHEDULE_OFFER &&
		    steps.list[i].bot == in->bots[bot].id;
	free(copy.jobs);
	free(copy.leases);
	schedule_steps_release(&steps);
}

static void
look_at_work(struct why_bot *w, const struct schedule_input *in, size_t bot)
{
	struct match *m = match_new(in);
	struct looking l = {.w = w, .in = in, .m = m, .bot = bot};
	long at;
	size_t i;

	count_offers(w, in, bot);
	if (w->offers > 0)
		cause(w, "offered", "%u lease%s %s given to it now", w->offers,
		    plural(w->offers), w->offers == 1 ? "is" : "are");
	l.open = mem_array(in->job_count + 1, sizeof(*l.open));
	for (i = 0; i < in->lease_count; i++)
		if ((at = schedule_job_at(in, in->leases[i].job)) != -1)
			l.open[at]++;
	if (w->taken + w->offers < w->slots) {
		look_at_jobs(&l);
		say_content(&l);
	}
	free(l.open);
	match_free(m);
}

void
why_bot_make(struct why_bot *w, const struct schedule_input *in, size_t bot,
    const struct why_bot_facts *f)
{
	memset(w, 0, sizeof(*w));
	count_taken(w, in, bot);
	if (in->bots[bot].takes && w->slots > 0 && w->taken >= w->slots)
		return;
	if (!look_at_bot(w, &in->bots[bot], f))
		look_at_work(w, in, bot);
}

void
why_bot_release(struct why_bot *w)
{
	why_free(w->causes, w->cause_count);
	memset(w, 0, sizeof(*w));
}

/*
 * Each crashing input is run again, up to ten times, in a cage of its own with
 * forced sanitizer options, before it is sealed with "k of n".  One child at a
 * time and session; the session's engine and the loop go on meanwhile.
 *
 * What is over a limit of time or memory is run twice instead: at 0.8 and at
 * 1.5 times that limit.  What never crashes alone is tried behind the units
 * that the session's process had seen (series.c).
 */
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define TRIES_LEAST 3
#define TRIES_MOST  10
/* For the runs of all finds that wait: each has its share, and with no engine
 * beside them, a third of it. */
#define BUDGET_MS     30000
#define DRAIN_MS      10000
#define SLACK_S       15 /* beyond the input's own time limit */
#define BELOW         80 /* percent */
#define ABOVE         150
#define FULL_RETRY_MS 2000

void
find_free(struct find *f)
{
	int i;

	for (i = 0; i < f->shown_count; i++)
		buf_release(&f->shown[i].report);
	free(f->artifact);
	free(f->series);
	buf_release(&f->report);
	buf_release(&f->parents);
	free(f);
}

/* ---- one find is done ------------------------------------------------ */

static bool
is_waiting(const struct session *s, const struct digest *d)
{
	const struct find *f;

	for (f = s->finds; f != NULL; f = f->next)
		if (digest_equal(&f->digest, d))
			return true;
	return false;
}

/* P.8: only now may the engine's file go. */
static void
unlink_files(struct session *s, const struct find *f)
{
	int i;

	if (s->rerun)
		return; /* the ticket's inputs go with their folder */
	if (f->artifact != NULL)
		(void)unlinkat(s->artifacts, f->artifact, 0);
	if (!is_waiting(s, &f->digest))
		(void)unlinkat(s->crashes, digest_hex(&f->digest).text, 0);
	for (i = 0; i < f->series_count; i++)
		if (!is_waiting(s, &f->series[i]))
			(void)unlinkat(
			    s->crashes, digest_hex(&f->series[i]).text, 0);
}

static void
forget_first(struct session *s, bool files)
{
	struct find *f = s->finds;

	s->finds = f->next;
	if (s->finds == NULL)
		s->finds_tail = &s->finds;
	series_end(s);
	s->outcome.has = false;
	if (files)
		unlink_files(s, f);
	find_free(f);
}

static void
log_one(const struct session *s, const struct find *f, unsigned reproduced)
{
	log_info("crash.sealed", LOG_T("lease", s->lease),
	    LOG_T("target", s->ticket.target.text),
	    LOG_T("input", digest_hex(&f->digest).text),
	    LOG_N("bytes", f->size), LOG_N("reproduced", reproduced),
	    LOG_N("tries", f->tries), LOG_N("series", f->series_count));
}

/* A line for each signature; an input of a ticket may have shown none. */
static void
log_sealed(const struct session *s, const struct find *f)
{
	int i;

	if (f->shown_count == 0)
		log_one(s, f, 0);
	for (i = 0; i < f->shown_count; i++)
		if (!f->shown[i].left_out)
			log_one(s, f, f->shown[i].reproduced);
}

/*
 * Sealed first, then counted: killed between the two it is found, run and
 * sealed again, and nothing was counted.
 */
static int
settle_first(struct session *s)
{
	struct find *f = s->finds;
	struct cage_paths paths;
	bool all = shown_sift(s, f);
	struct err e;

	if (!all) {
		/* As it is to be run, whatever its last run was. */
		cage_paths_fill(&paths, s);
		(void)reproduce_plan(s, &paths, AGAIN_WHOLE, NULL);
	}
	if ((!all && seal_find(s, f, &e) == -1) ||
	    known_count(s, f, &e) == -1) {
		log_warn("crash.unsealed", LOG_T("lease", s->lease),
		    LOG_T("reason", e.text));
		return -1;
	}
	if (!all)
		log_sealed(s, f);
	forget_first(s, true);
	return 0;
}

/* ---- a new one --------------------------------------------------------- */

/* What the session's own output says of it. */
static void
name_find(struct session *s, struct find *f)
{
	struct outcome told = {.code = f->code, .signo = f->signo};
	enum artifact kind = f->artifact == NULL
	    ? ARTIFACT_IGNORED
	    : s->engine->artifact(f->artifact);

	f->named = true;
	symbols_drop_nulls(&f->report);
	if (kind == ARTIFACT_TIMEOUT)
		f->limit = CLASS_TIMEOUT;
	else if (kind == ARTIFACT_MEMORY)
		f->limit = CLASS_MEMORY;
	if (f->report.len == 0)
		return;
	told.report = f->report;
	shown_add(s, f, &told, false);
	if (shown_is_limit(f->shown[0].class))
		f->limit = f->shown[0].class;
}

/* Nothing of it is to be sealed: count it.  False when it has to be run. */
static bool
only_counts(struct session *s, struct find *f)
{
	struct err e;

	if (f->shown_count == 0)
		return f->same_bytes;
	if (!shown_sift(s, f))
		return false;
	if (known_count(s, f, &e) == 0)
		return true;
	log_warn("crash.uncounted", LOG_T("lease", s->lease),
	    LOG_T("reason", e.text));
	return false;
}

void
find_take(struct session *s, struct find *f)
{
	if (f->input == NULL && !symbols_wanted(s, &f->report)) {
		name_find(s, f);
		if (only_counts(s, f)) {
			unlink_files(s, f);
			find_free(f);
			return;
		}
	}
	*s->finds_tail = f;
	s->finds_tail = &f->next;
}

/* ---- running --------------------------------------------------------- */

static void
on_time(void *arg)
{
	struct session *s = arg;

	/* Either it takes too long, or a full disk is tried again. */
	s->again_waits = false;
	if (run_is_on(&s->again))
		run_kill(&s->again);
	else
		reproduce_kick(s);
}

static void
on_ended(void *arg)
{
	struct session *s = arg;
	struct outcome *o = &s->outcome;
	const struct cage_end *end = &s->again.end;
	const char *text = buf_text(&s->again.text);
	size_t len = s->again.text.len, at;

	loop_timer_off(s->again_timer);
	o->has = true;
	o->mode = s->again_mode;
	o->no_memory = end->out_of_memory;
	o->code = end->code;
	o->signo = end->signo;
	o->crashed = end->out_of_memory ||
	    s->engine->ended(end->code, end->signo, text, len) == END_CRASH;
	/* Behind units it has to be this input that it ended with. */
	if (o->crashed && s->again_plan.argv.count > 0 &&
	    (o->mode == AGAIN_SERIES || s->finds->series_count > 0) &&
	    !s->engine->came_to(text, len,
		s->again_plan.argv.list[s->again_plan.argv.count - 1]))
		o->crashed = false;
	buf_reset(&o->report);
	at = engine_report_start(text, len);
	if (o->crashed)
		buf_add(&o->report, text + at, len - at);
	reproduce_kick(s);
}

/* Units that go before the first find's input. */
static int
units_before(const struct session *s, enum again_mode mode, struct digest *list)
{
	const struct find *f = s->finds;

	if (mode == AGAIN_SERIES)
		return series_next(s, list);
	if (f->series_count > 0)
		memcpy(
		    list, f->series, (size_t)f->series_count * sizeof(*list));
	return f->series_count;
}

int
reproduce_plan(struct session *s, const struct cage_paths *paths,
    enum again_mode mode, struct err *e)
{
	char names[TICKET_MAX_SERIES + 1][640];
	const char *inputs[TICKET_MAX_SERIES + 2];
	struct digest list[TICKET_MAX_SERIES + 1];
	unsigned percent = mode == AGAIN_BELOW ? BELOW
	    : mode == AGAIN_ABOVE              ? ABOVE
					       : 100;
	struct engine_target t;
	int i, n;

	engine_plan_release(&s->again_plan);
	engine_target_fill(&t, s, paths);
	if (s->finds->limit == CLASS_TIMEOUT)
		t.time_percent = percent;
	else
		t.memory_percent = percent;
	n = units_before(s, mode, list);
	list[n++] = s->finds->digest;
	for (i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "%s/%s", paths->crashes,
		    digest_hex(&list[i]).text);
		inputs[i] = names[i];
	}
	inputs[n] = NULL;
	return s->engine->reproduce(&s->again_plan, &t, inputs, e);
}

static int
run_again(struct session *s, enum again_mode mode, struct err *e)
{
	struct caged c;

	cage_paths_fill(&c.paths, s);
	if (reproduce_plan(s, &c.paths, mode, e) == -1)
		return -1;
	caged_fill(&c, s, "again", &s->again_plan, true);
	if (mode == AGAIN_ABOVE && s->finds->limit == CLASS_MEMORY)
		c.spec.memory = c.spec.memory * ABOVE / 100;
	s->again_mode = mode;
	if (s->finds->began_ms == 0)
		s->finds->began_ms = clock_up_ms();
	if (run_start(&s->again, &c.spec, e) == -1)
		return -1;
	return loop_timer_set(
	    s->again_timer, (s->again_plan.timeout_s + SLACK_S) * 1000, e);
}

bool
reproduce_can_run(const struct session *s)
{
	return s->prepared && s->runner->sandbox;
}

static void
retry_later(struct session *s)
{
	loop_timer_set(s->again_timer, FULL_RETRY_MS, NULL);
	s->again_waits = true;
}

void
reproduce_init(struct session *s)
{
	run_init(&s->again, s->runner->loop, NULL, on_ended, s);
	s->again_timer = loop_timer(s->runner->loop, on_time, s, NULL);
}

/* ---- what comes next --------------------------------------------------- */

static bool
has_shown(const struct find *f)
{
	int i;

	for (i = 0; i < f->shown_count; i++)
		if (f->shown[i].reproduced > 0)
			return true;
	return false;
}

static bool
tried_enough(const struct session *s, const struct find *f)
{
	uint64_t waiting = 1, budget;
	const struct find *o;

	if (f->tries < TRIES_LEAST || f->tries >= TRIES_MOST)
		return f->tries >= TRIES_MOST;
	for (o = f->next; o != NULL; o = o->next)
		waiting++;
	budget =
	    s->state == SESSION_REPRODUCING && !s->rerun ? DRAIN_MS : BUDGET_MS;
	return clock_up_ms() - f->began_ms >= budget / waiting;
}

/* The next run of the first find; false when it has had them all. */
static bool
next_mode(struct session *s, struct find *f, enum again_mode *mode)
{
	if (shown_is_limit(f->limit)) {
		*mode = f->below == 0 ? AGAIN_BELOW : AGAIN_ABOVE;
		return f->below == 0 || f->above == 0;
	}
	*mode = f->series_tried ? AGAIN_WHOLE : AGAIN_ALONE;
	if (!s->series.on && !tried_enough(s, f))
		return true;
	if (!s->series.on && !f->series_tried && !has_shown(f) && !s->rerun &&
	    !s->salvage) {
		f->series_tried = true;
		(void)series_begin(s);
	}
	*mode = AGAIN_SERIES;
	return s->series.on;
}

/* Units that it needs were found: they are counted anew with it. */
static void
take_series(struct session *s, struct find *f, bool crashed)
{
	if (series_tell(s, crashed))
		return;
	if (s->series.good) {
		f->series = s->series.list;
		f->series_count = s->series.count;
		s->series.list = NULL;
		s->series.count = 0;
		f->tries = 0;
		f->began_ms = clock_up_ms();
	}
	series_end(s);
}

static void
take_outcome(struct session *s, struct find *f)
{
	struct outcome *o = &s->outcome;
	struct shown *shown = NULL;
	unsigned seen;

	o->has = false;
	if (o->mode == AGAIN_SERIES) {
		take_series(s, f, o->crashed);
		return;
	}
	f->tries++;
	if (o->crashed)
		shown = shown_add(s, f, o, true);
	seen =
	    shown != NULL && (o->no_memory || shown->class == f->limit) ? 2 : 1;
	if (o->mode == AGAIN_BELOW)
		f->below = seen;
	else if (o->mode == AGAIN_ABOVE)
		f->above = seen;
	else if (shown != NULL && shown_is_limit(shown->class))
		f->limit = shown->class;
}

/* True when it came a step further, false when something is to be waited for. */
static bool
go_on(struct session *s, struct find *f)
{
	enum again_mode mode;
	struct err e;

	if (!f->named && f->report.len > 0 && symbols_ask(s, &f->report))
		return false;
	if (!f->named) {
		name_find(s, f);
		if (only_counts(s, f)) {
			forget_first(s, true);
			return true;
		}
	}
	if (s->outcome.has) {
		if (symbols_ask(s, &s->outcome.report))
			return false;
		take_outcome(s, f);
		return true;
	}
	if (reproduce_can_run(s) && !f->same_bytes && next_mode(s, f, &mode)) {
		if (run_again(s, mode, &e) == 0)
			return false;
		log_warn("crash.unrepeated", LOG_T("lease", s->lease),
		    LOG_T("reason", e.text));
	}
	if (settle_first(s) == 0)
		return true;
	retry_later(s);
	return false;
}

void
reproduce_kick(struct session *s)
{
	if (run_is_on(&s->again) || s->again_waits || symbols_busy(s))
		return;
	while (s->finds != NULL)
		if (!go_on(s, s->finds))
			return;
	if (s->state == SESSION_REPRODUCING)
		session_drained(s);
}

void
reproduce_give_up(struct session *s)
{
	if (run_is_on(&s->again))
		run_release(&s->again);
	loop_timer_off(s->again_timer);
	symbols_free(s->symbols);
	s->symbols = NULL;
	while (s->finds != NULL) {
		if (s->rerun) { /* will be asked for again */
			s->rerun_whole = false;
			forget_first(s, false);
			continue;
		}
		if (!s->finds->named)
			name_find(s, s->finds);
		if (settle_first(s) == -1) {
			/* The engine's file stays, and work/ with it. */
			s->keep_work = true;
			forget_first(s, false);
		}
	}
	session_drained(s);
}

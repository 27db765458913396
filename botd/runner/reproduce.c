/*
 * Each crashing input is run again, three times, in a cage of its own with
 * forced sanitizer options, before it is sealed with "k of n".  One child at a
 * time and session; the session's engine and the loop go on meanwhile.
 */
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/log.h"
#include "lib/triage/triage.h"

#define TRIES       3
#define SLACK_S     15 /* beyond the input's own time limit */
#define REPORT_MOST (256u * 1024)
/* Inputs sealed for one signature and lease; more would only drown us. */
#define SAME_MOST 5
/* All timeouts of a target have one signature, and each try takes its time. */
#define TIMEOUTS_MOST 1
#define FULL_RETRY_MS 2000

void
find_free(struct find *f)
{
	free(f->artifact);
	buf_release(&f->report);
	free(f);
}

/* ---- how often has it been seen? ------------------------------------- */

static struct seen *
seen_of(struct session *s, const struct buf *report)
{
	struct triage t;
	int i;

	triage_report(&t, buf_text(report), report->len, s->ticket.target.text);
	for (i = 0; i < s->seen_count; i++)
		if (digest_equal(&s->seen[i].signature, &t.signature))
			return &s->seen[i];
	s->seen =
	    mem_resize(s->seen, (size_t)s->seen_count + 1, sizeof(s->seen[0]));
	s->seen[s->seen_count] = (struct seen){t.signature, 0};
	return &s->seen[s->seen_count++];
}

bool
find_is_too_many(struct session *s, struct find *f)
{
	unsigned most = s->engine->artifact(f->artifact) == ARTIFACT_TIMEOUT
	    ? TIMEOUTS_MOST
	    : SAME_MOST;
	struct seen *seen;

	/* Without a report nothing can be said yet. */
	if (f->counted || f->report.len == 0)
		return false;
	seen = seen_of(s, &f->report);
	if (seen->count >= most)
		return true;
	seen->count++;
	f->counted = true;
	return false;
}

/* ---- one find is done ------------------------------------------------ */

static void
forget_first(struct session *s, bool unlink_files)
{
	struct find *f = s->finds;

	s->finds = f->next;
	if (s->finds == NULL)
		s->finds_tail = &s->finds;
	if (unlink_files) {
		/* P.8: only now may the engine's file go. */
		(void)unlinkat(s->artifacts, f->artifact, 0);
		(void)unlinkat(s->crashes, digest_hex(&f->digest).text, 0);
	}
	find_free(f);
}

static int
seal_first(struct session *s)
{
	struct find *f = s->finds;
	struct err e;

	if (f->report.len > REPORT_MOST) {
		f->report.len = REPORT_MOST;
		f->report.data[REPORT_MOST] = '\0';
	}
	if (seal_find(s, f, &e) == -1) {
		log_warn("crash.unsealed", LOG_T("lease", s->lease),
		    LOG_T("reason", e.text));
		return -1;
	}
	log_info("crash.sealed", LOG_T("lease", s->lease),
	    LOG_T("target", s->ticket.target.text),
	    LOG_T("input", digest_hex(&f->digest).text),
	    LOG_N("bytes", f->size), LOG_N("reproduced", f->reproduced),
	    LOG_N("tries", f->tries));
	forget_first(s, true);
	return 0;
}

/* ---- running --------------------------------------------------------- */

static void
judge_try(struct session *s)
{
	struct find *f = s->finds;
	struct cage_end *end = &s->again.end;
	const char *text = buf_text(&s->again.text);
	size_t len = s->again.text.len, at;
	enum engine_end how;

	f->tries++;
	how = s->engine->ended(end->code, end->signo, text, len);
	if (how != END_CRASH && !end->out_of_memory)
		return;
	if (f->reproduced++ > 0)
		return;
	f->code = end->code;
	f->signo = end->signo;
	at = engine_report_start(text, len);
	if (at == len && f->report.len > 0)
		return; /* it says nothing: the session's own is better */
	buf_reset(&f->report);
	buf_add(&f->report, text + at, len - at);
}

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

	loop_timer_off(s->again_timer);
	judge_try(s);
	reproduce_kick(s);
}

static int
make_plan(struct session *s, const struct cage_paths *paths, struct err *e)
{
	struct engine_target t;
	char input[640];

	engine_plan_release(&s->again_plan);
	engine_target_fill(&t, s, paths);
	snprintf(input, sizeof(input), "%s/%s", paths->crashes,
	    digest_hex(&s->finds->digest).text);
	return s->engine->reproduce(&s->again_plan, &t, input, e);
}

static int
run_again(struct session *s, struct err *e)
{
	struct caged c;

	cage_paths_fill(&c.paths, s);
	if (make_plan(s, &c.paths, e) == -1)
		return -1;
	caged_fill(&c, s, "again", &s->again_plan, true);
	if (run_start(&s->again, &c.spec, e) == -1)
		return -1;
	return loop_timer_set(
	    s->again_timer, (s->again_plan.timeout_s + SLACK_S) * 1000, e);
}

/* Can a target be run at all? */
static bool
can_run(const struct session *s)
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

void
reproduce_kick(struct session *s)
{
	struct err e;

	if (run_is_on(&s->again) || s->again_waits)
		return;
	while (s->finds != NULL) {
		if (find_is_too_many(s, s->finds)) {
			forget_first(s, true);
			continue;
		}
		if (s->finds->tries < TRIES && can_run(s)) {
			if (run_again(s, &e) == 0)
				return;
			log_warn("crash.unrepeated", LOG_T("lease", s->lease),
			    LOG_T("reason", e.text));
		}
		if (seal_first(s) == -1) {
			retry_later(s);
			return;
		}
	}
	if (s->state == SESSION_REPRODUCING)
		session_drained(s);
}

void
reproduce_give_up(struct session *s)
{
	if (run_is_on(&s->again))
		run_release(&s->again);
	loop_timer_off(s->again_timer);
	while (s->finds != NULL)
		if (seal_first(s) == -1) {
			/* The engine's file stays, and work/ with it. */
			s->keep_work = true;
			forget_first(s, false);
		}
	session_drained(s);
}

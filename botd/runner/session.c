/*
 * One lease from its ticket to `complete`: a state machine, one function a
 * state.  The table of states is in DESIGN beside this file.
 */
#include <sys/stat.h>

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define PREPARE_MS    (10ull * 60 * 1000)
#define OVERRUN_MS    2000 /* own wall clock: libFuzzer may hang */
#define TERM_GRACE_MS 1000
#define RESTART_MS    200  /* between two starts of the engine */
#define HURRY_MS      3000 /* for reproductions when we are told to leave */
#define SETTLE_MS     300  /* of a dead runner's engines, before a salvage */
#define FULL_RETRY_MS 2000
#define SLICE_MOST_MS (24ull * 60 * 60 * 1000)
#define CHECK_MS      (60ull * 1000) /* of a check whose ticket says none */
#define RERUN_MS      (60ull * 60 * 1000) /* ... and of a reproduction */

/* A target that comes to nothing so often in a row is broken. */
#define BARREN_MOST    5
#define BARREN_MOST_MS 15000
#define LIMIT_KILLS    3

static const char *const state_names[SESSION_STATES] = {"preparing", "running",
    "ending", "reproducing", "pausing", "sealing", "over"};

const char *
session_state_name(enum session_state s)
{
	return state_names[s];
}

static void
session_assert(const struct session *s)
{
	assert(s->state != SESSION_PREPARING || s->prepare_pid > 0);
	assert((s->state == SESSION_RUNNING || s->state == SESSION_ENDING) ==
	    run_is_on(&s->run));
	assert(!run_is_on(&s->again) ||
	    (s->state != SESSION_PREPARING && s->state != SESSION_SEALING));
	assert(!run_is_on(&s->run) || s->prepared);
	assert(s->state != SESSION_REPRODUCING || s->stop != STOP_NONE);
	assert(s->state != SESSION_OVER ||
	    (s->finds == NULL && !run_is_on(&s->again)));
	assert(s->state != SESSION_SEALING || s->stop != STOP_NONE);
	assert(s->stop != STOP_FAILED || s->reason[0] != '\0');
	assert(s->stop != STOP_RETURNED || s->reason[0] != '\0');
}

static void
go(struct session *s, enum session_state to, uint64_t timer_ms)
{
	log_debug("session.changed", LOG_T("lease", s->lease),
	    LOG_T("from", session_state_name(s->state)),
	    LOG_T("state", session_state_name(to)));
	s->state = to;
	if (timer_ms != 0)
		loop_timer_set(s->timer, timer_ms, NULL);
	else
		loop_timer_off(s->timer);
	session_assert(s);
}

bool
session_holds_lease(const struct session *s)
{
	return !s->salvage && s->state != SESSION_OVER &&
	    s->stop != STOP_LEAVING;
}

uint64_t
session_execs(const struct session *s)
{
	return s->execs_before + s->now.execs;
}

uint64_t
session_seconds(const struct session *s)
{
	return s->began_ms == 0 ? 0 : (clock_up_ms() - s->began_ms) / 1000;
}

bool
session_cpu_is_used(const struct session *s, uint64_t running_ms)
{
	uint64_t most = s->ticket.limits.cpu_ms;

	if (most == 0 || s->run.cpu_ms + running_ms < most)
		return false;
	log_info("lease.used_up", LOG_T("lease", s->lease),
	    LOG_N("cpu_ms", s->run.cpu_ms + running_ms), LOG_N("limit", most));
	return true;
}

void
session_need(struct session *s, uint64_t seq)
{
	struct seq_range *last;

	if (s->need_count > 0) {
		last = &s->needs[s->need_count - 1];
		if (last->last + 1 == seq) {
			last->last = seq;
			return;
		}
	}
	s->needs = mem_resize(
	    s->needs, (size_t)s->need_count + 1, sizeof(s->needs[0]));
	s->needs[s->need_count++] = (struct seq_range){seq, seq};
}

/* ---- the end --------------------------------------------------------- */

/* Everything of it that is not in the outbox yet. */
static int
seal_rest(struct session *s, struct err *e)
{
	if (known_seal(s, true, e) == -1)
		return -1;
	do {
		if (seal_units(s, e) == -1)
			return -1;
		if (s->left_out)
			collect_left_out(s);
	} while (s->unit_count > 0);
	/* P.29: a lease of another epoch is over already. */
	if (s->stop == STOP_LEAVING)
		return 0;
	if (!s->stats_sealed && !s->check && !s->rerun) {
		if (seal_stats(s->runner, s, true, NULL, e) == -1)
			return -1;
		session_need(s, s->runner->next_seq - 1);
		s->stats_sealed = true;
	}
	return seal_complete(s, e);
}

static void
remove_folder(struct session *s)
{
	struct err e;

	if (fs_remove_tree(s->runner->work, s->lease, &e) == -1)
		log_warn("work.stays", LOG_T("lease", s->lease),
		    LOG_T("reason", e.text));
}

static void
finish(struct session *s)
{
	struct err e;

	assert(!run_is_on(&s->run) && s->finds == NULL);
	assert(!run_is_on(&s->again));
	prepare_stop(s);
	symbols_free(s->symbols);
	s->symbols = NULL;
	if (seal_rest(s, &e) == 0) {
		if (s->cache != -1 && s->corpus != -1)
			collect_keep(s);
		/* With something unsealed it stays, for a salvage. */
		if (!s->keep_work)
			remove_folder(s);
	} else {
		log_warn("session.unsealed", LOG_T("lease", s->lease),
		    LOG_T("reason", e.text));
		if (!s->runner->stopping) {
			go(s, SESSION_SEALING, FULL_RETRY_MS);
			return;
		}
		/* work/ stays: the next runner salvages it. */
	}
	log_info("lease.over", LOG_T("lease", s->lease),
	    LOG_T("target", s->ticket.target.text),
	    LOG_N("execs", session_execs(s)), LOG_N("units", s->units_sealed),
	    LOG_N("crashes", s->crashes_seen), LOG_N("restarts", s->restarts),
	    LOG_N("units_over", s->units_over), LOG_T("reason", s->reason));
	go(s, SESSION_OVER, 0);
	runner_session_over(s->runner, s);
}

/* Somebody wants the machine. */
static bool
in_a_hurry(const struct session *s)
{
	return s->runner->stopping || s->stop == STOP_RETURNED;
}

/* Was it told to hand the lease back, or is its own time over? */
static bool
in_a_hurry_to_leave(const struct session *s)
{
	return s->runner->stopping || s->returning;
}

/* No engine any more: what it found is run again and sealed, then it ends. */
static void
drain(struct session *s)
{
	assert(s->stop != STOP_NONE);
	go(s, SESSION_REPRODUCING, in_a_hurry(s) ? HURRY_MS : 0);
	reproduce_kick(s);
}

void
session_drained(struct session *s)
{
	/* All of its inputs were run. */
	if (s->rerun && s->rerun_whole)
		session_stop_for(s, STOP_DONE, NULL);
	finish(s);
}

void
session_stop_for(struct session *s, enum session_stop why, const char *reason)
{
	if (why <= s->stop)
		return;
	s->stop = why;
	s->reason[0] = '\0';
	if (reason != NULL)
		text_copy(s->reason, sizeof(s->reason), reason);
}

void
session_end(struct session *s, enum session_stop why, const char *reason)
{
	session_stop_for(s, why, reason);
	s->returning |= why == STOP_RETURNED;
	switch (s->state) {
	case SESSION_PREPARING:
		prepare_stop(s);
		finish(s);
		break;
	case SESSION_RUNNING:
		/* libFuzzer prints its counters when told nicely. */
		cage_signal(s->run.cage, SIGTERM);
		go(s, SESSION_ENDING, TERM_GRACE_MS);
		break;
	case SESSION_REPRODUCING:
		/* Nobody waits for what these inputs show. */
		if (s->rerun && why != STOP_RETURNED)
			reproduce_give_up(s);
		else if (s->runner->stopping || why == STOP_RETURNED)
			loop_timer_set(s->timer, HURRY_MS, NULL);
		break;
	case SESSION_PAUSING:
		if (!s->salvage)
			drain(s);
		break;
	case SESSION_SEALING:
		if (s->runner->stopping)
			finish(s);
		break;
	case SESSION_ENDING:
	case SESSION_OVER:
	case SESSION_STATES:
		break;
	}
}

/* ---- starting -------------------------------------------------------- */

static void
start_engine(struct session *s)
{
	struct err e;

	/* A check's time is its program's: no build fails for its size. */
	if (s->check)
		s->ends_ms = clock_up_ms() + s->ticket.slice_ms;
	else if (clock_up_ms() + 1000 > s->ends_ms ||
	    session_cpu_is_used(s, 0)) {
		session_stop_for(s, STOP_DONE, NULL);
		drain(s);
		return;
	}
	if (s->started_ms != 0)
		s->restarts++;
	s->started_ms = clock_up_ms();
	s->now.execs = 0;
	s->now.ready = false;
	s->removed_input = false;
	s->killed_for = NULL;
	if (launch_engine(s, &e) == -1) {
		session_stop_for(s, STOP_FAILED, e.text);
		drain(s);
		return;
	}
	go(s, SESSION_RUNNING, s->check ? s->ticket.slice_ms : 0);
}

/* Its finds are the inputs of its ticket; until they are all run it would be
 * handed back. */
static void
start_rerun(struct session *s)
{
	session_stop_for(
	    s, STOP_RETURNED, "not all of its inputs were run yet");
	s->rerun_whole = true;
	rerun_start(s);
	go(s, SESSION_REPRODUCING, s->ticket.slice_ms);
	reproduce_kick(s);
}

void
session_prepared(struct session *s, const char *failure)
{
	if (failure != NULL) {
		session_stop_for(s, STOP_FAILED, failure);
		finish(s);
		return;
	}
	s->prepared = true;
	if (s->rerun)
		start_rerun(s);
	else
		start_engine(s);
}

/* ---- an engine has ended --------------------------------------------- */

static void
fail_with_line(struct session *s, const char *what)
{
	struct buf line = BUF_INIT;
	struct buf reason = BUF_INIT;

	engine_telling_line(&line, buf_text(&s->run.text), s->run.text.len);
	if (s->run.end.signo != 0)
		buf_printf(&reason, "%s (signal %d): %s", what,
		    s->run.end.signo, buf_text(&line));
	else
		buf_printf(&reason, "%s (exit %d): %s", what, s->run.end.code,
		    buf_text(&line));
	session_stop_for(s, STOP_FAILED, reason.data);
	buf_release(&reason);
	buf_release(&line);
}

/*
 * A start that neither began to fuzz nor cost a unit will not do better next
 * time.  Some of these in a row, and the lease fails with a sentence.
 */
static void
count_barren(struct session *s, enum engine_end end)
{
	uint64_t now = clock_up_ms();

	if (s->now.ready || s->removed_input) {
		s->barren = 0;
		return;
	}
	if (s->barren++ == 0)
		s->barren_since_ms = s->started_ms;
	if (s->barren < BARREN_MOST &&
	    (s->barren < 2 || now - s->barren_since_ms < BARREN_MOST_MS))
		return;
	fail_with_line(s,
	    end == END_CRASH ? "target crashes at start" : "target cannot run");
}

static void
judge(struct session *s)
{
	struct cage_end *c = &s->run.end;
	enum engine_end end;

	end = s->engine->ended(
	    c->code, c->signo, buf_text(&s->run.text), s->run.text.len);
	/* One that ends without having run anything is none. */
	if ((end == END_CLEAN && s->now.execs > 0) ||
	    clock_up_ms() + 1000 > s->ends_ms) {
		session_stop_for(s, STOP_DONE, NULL);
		return;
	}
	if (s->killed_for != NULL && ++s->limit_kills == LIMIT_KILLS) {
		fail_with_line(s,
		    strcmp(s->killed_for, "memory") == 0
			? "killed three times for its use of memory"
			: "killed three times for its number of processes");
		return;
	}
	/* It will not do better next time, nor on another host of this kind. */
	if (!s->now.ready && !s->removed_input && s->killed_for == NULL &&
	    check_host_failed(s))
		return;
	count_barren(s, end);
}

void
session_engine_ended(struct session *s)
{
	uint64_t since = clock_up_ms() - s->started_ms;
	struct cage_end *c = &s->run.end;

	/* Whatever it was doing, nobody writes now: all is settled. */
	if (!s->check)
		collect(s, true);
	if (c->out_of_memory)
		s->killed_for = "memory";
	log_info("engine.ended", LOG_T("lease", s->lease),
	    LOG_N("exit", c->code), LOG_N("signal", c->signo),
	    LOG_N("execs", s->now.execs), LOG_N("ms", since),
	    LOG_T("limit", s->killed_for == NULL ? "" : s->killed_for));
	if (s->stop == STOP_NONE && s->check)
		check_judge_end(s);
	else if (s->stop == STOP_NONE)
		judge(s);
	s->execs_before += s->now.execs;
	s->now.execs = 0;
	if (s->stop != STOP_NONE) {
		drain(s);
		return;
	}
	/* Its finds are run again while the next start is under way. */
	go(s, SESSION_PAUSING, since < RESTART_MS ? RESTART_MS - since : 1);
	reproduce_kick(s);
}

/* ---- time ------------------------------------------------------------ */

void
session_timer(void *arg)
{
	struct session *s = arg;

	switch (s->state) {
	case SESSION_PREPARING:
		session_end(s, STOP_FAILED,
		    "the session's folder could not be prepared in time");
		break;
	case SESSION_ENDING:
		run_kill(&s->run);
		loop_timer_set(s->timer, TERM_GRACE_MS, NULL);
		break;
	case SESSION_REPRODUCING:
		/* In a hurry it is only handed back. */
		if (s->rerun && !in_a_hurry_to_leave(s))
			session_stop_for(s, STOP_FAILED,
			    "its inputs could not all be run in its time");
		reproduce_give_up(s);
		break;
	case SESSION_PAUSING:
		if (!s->salvage) {
			start_engine(s);
			break;
		}
		if (!s->check && !s->rerun)
			collect(s, true);
		drain(s);
		break;
	case SESSION_SEALING:
		finish(s);
		break;
	case SESSION_RUNNING:
		/* A check's time is over. */
		s->killed_for = "time";
		run_kill(&s->run);
		break;
	case SESSION_OVER:
	case SESSION_STATES:
		break;
	}
}

static void
seal_old_units(struct session *s)
{
	struct err e;

	if (s->unit_count == 0 ||
	    clock_up_ms() - s->pending_since_ms < s->runner->config->seal_ms)
		return;
	if (seal_units(s, &e) == -1)
		log_warn("units.unsealed", LOG_T("lease", s->lease),
		    LOG_T("reason", e.text));
}

void
session_tick(struct session *s)
{
	struct err e;

	if (s->state == SESSION_RUNNING && s->check) {
		launch_look(s);
	} else if (s->state == SESSION_RUNNING) {
		launch_look(s);
		collect(s, false);
		reproduce_kick(s);
		if (prepare_news(s) && prepare_start(s, true, &e) == -1)
			log_warn("segments.unfed", LOG_T("lease", s->lease),
			    LOG_T("reason", e.text));
		/* -max_total_time is only looked at between two inputs. */
		if (clock_up_ms() > s->ends_ms + OVERRUN_MS)
			session_end(s, STOP_DONE, NULL);
	}
	if (s->state == SESSION_OVER || s->state == SESSION_SEALING)
		return;
	seal_old_units(s);
	if (s->check)
		return;
	known_look(s);
	if (known_seal(s, false, &e) == -1)
		log_warn("counts.unsealed", LOG_T("lease", s->lease),
		    LOG_T("reason", e.text));
}

/* ---- a lease begins, or is salvaged ------------------------------------ */

static int
start(struct session *s, struct err *e)
{
	uint64_t slice = s->ticket.slice_ms;

	s->began_ms = clock_up_ms();
	s->ends_ms =
	    s->began_ms + (slice > SLICE_MOST_MS ? SLICE_MOST_MS : slice);
	if (!s->check && !s->rerun && strcmp(s->ticket.kind, "fuzz") != 0)
		return err_set(e, ERR_REFUSED, "this bot knows no task '%s'",
		    s->ticket.kind);
	if (s->engine == NULL)
		return err_set(e, ERR_REFUSED, "this bot has no engine '%s'",
		    s->ticket.engine);
	if (s->check && s->engine->check == NULL)
		return err_set(e, ERR_REFUSED,
		    "this bot cannot check builds for '%s'", s->ticket.engine);
	if (s->check && s->ticket.slice_ms == 0)
		s->ticket.slice_ms = CHECK_MS;
	if (s->rerun && s->ticket.slice_ms == 0)
		s->ticket.slice_ms = RERUN_MS;
	if (session_make_folder(s, e) == -1)
		return err_wrap(e, "cannot make the session's folder");
	if (!s->check)
		known_look(s);
	if (!s->check && !s->rerun)
		(void)prepare_news(s); /* the list as it is now comes with it */
	return prepare_start(s, false, e);
}

void
session_start(struct session *s)
{
	struct err e;

	log_info("lease.started", LOG_T("lease", s->lease),
	    LOG_T("project", s->ticket.project.text),
	    LOG_T("target", s->ticket.target.text),
	    LOG_T("task", s->ticket.kind), LOG_T("engine", s->ticket.engine),
	    LOG_N("slice_ms", s->ticket.slice_ms));
	if (start(s, &e) == -1) {
		session_stop_for(s, STOP_FAILED, e.text);
		go(s, SESSION_SEALING, 0);
		finish(s);
		return;
	}
	go(s, SESSION_PREPARING, PREPARE_MS);
	beat_every(s->runner);
}

void
session_salvage(struct session *s)
{
	struct stat st;
	struct err e;

	s->salvage = true;
	s->stop = STOP_LEAVING;
	s->dir = fs_open_dir(s->runner->work, s->lease, &e);
	if (s->dir != -1 && (s->check || s->rerun)) {
		/* Nothing of it is worth keeping: it will be done again. */
		go(s, SESSION_PAUSING, SETTLE_MS);
		return;
	}
	if (s->dir == -1 || s->engine == NULL ||
	    session_open_folders(s, &e) == -1) {
		log_warn("salvage.failed", LOG_T("lease", s->lease));
		go(s, SESSION_OVER, 0);
		runner_session_over(s->runner, s);
		return;
	}
	read_sealed(s);
	known_salvage(s);
	s->prepared = fstatat(s->dir, "prepared", &st, 0) == 0;
	go(s, SESSION_PAUSING, SETTLE_MS);
}

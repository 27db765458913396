/*
 * The runner's process: boot order, timers, and how it ends.  Everything it
 * knows is in folders; a kill at any instant loses what was found in the last
 * moments at most, and not even that once it was written to work/.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/cage/cage.h"
#include "botd/runner/runner_internal.h"
#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"

#define TICK_MS      1000
#define EVICT_MS     60000
#define GIB          (1ull << 30)
#define SLOT_BYTES   (GIB * 5 / 2)
#define DISK_RESERVE GIB /* or 5 % (DESIGN 11) */

void
runner_die(const char *event, const struct err *e)
{
	log_error(event, LOG_T("reason", e->text));
	/* Sessions die with us; nothing may be flushed or tidied now. */
	_exit(1);
}

/* ---- holding --------------------------------------------------------- */

static bool
disk_is_low(const struct runner *r)
{
	uint64_t free_bytes, total, reserve = DISK_RESERVE;

	if (fs_space(r->root, &free_bytes, &total, NULL) == -1)
		return false;
	/* 1 GiB or 5 %, whichever is less: a small disk has its share. */
	if (total / 20 < reserve)
		reserve = total / 20;
	return free_bytes < reserve;
}

const char *
runner_why_hold(struct runner *r)
{
	if (r->stopping)
		return "the bot is leaving";
	if (r->off.off)
		return r->off.why;
	if (!r->sandbox)
		return r->sandbox_why;
	if (outbox_nearly_full(r)) {
		/* P.21: before it must drop. */
		snprintf(r->hold_why, sizeof(r->hold_why),
		    "the outbox holds %s of %s",
		    text_size(r->outbox.bytes).text,
		    text_size(r->config->outbox_bytes).text);
		return r->hold_why;
	}
	if (disk_is_low(r))
		return "the bot's disk is nearly full";
	if (r->have_status && (r->status->hold || r->status->stop)) {
		snprintf(r->hold_why, sizeof(r->hold_why),
		    "the master says hold: %s", r->status->reason);
		return r->hold_why;
	}
	return NULL;
}

/* ---- sessions end, the runner ends ------------------------------------ */

/* The last of it: why the bot left is what somebody will want to read. */
static void
send_log(struct runner *r)
{
	struct bot_log log = {.text = BUF_INIT};

	bot_log_read(r, &log);
	if (log.worth)
		(void)seal_stats(r, NULL, false, &log, NULL);
	bot_log_release(&log);
}

static void
leave(struct runner *r)
{
	struct err e;

	if (r->ended)
		return;
	r->ended = true;
	send_log(r);
	if (beat_deregister(r, &e) == -1)
		log_warn("deregister.failed", LOG_T("reason", e.text));
	beat_now(r); /* with no lease in hand */
	loop_quit(r->loop, 0);
}

/* Sessions that are over go here, never inside a walk over the list. */
static void
reap_sessions(struct runner *r)
{
	struct session **at = &r->sessions, *s;
	bool ended = false;

	while ((s = *at) != NULL) {
		if (s->state != SESSION_OVER) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		ended |= !s->salvage;
		session_free(s);
	}
	if (ended) {
		r->look_again = true;
		if (!r->stopping)
			beat_every(r);
	}
	if (r->stopping && r->sessions == NULL)
		leave(r);
}

void
runner_session_over(struct runner *r, struct session *s)
{
	if (!s->salvage)
		tickets_done(r, s->ticket.lease);
	loop_timer_set(r->tick, 1, NULL);
}

static void
end_all(struct runner *r, enum session_stop how, const char *why)
{
	char reason[sizeof(r->off.why) + 32];
	struct session *s;

	snprintf(reason, sizeof(reason), "handed back: %s", why);
	for (s = r->sessions; s != NULL; s = s->next)
		session_end(s, how, reason);
}

void
runner_stop(struct runner *r)
{
	if (r->stopping)
		return;
	log_info("runner.stopping", LOG_T("bot", r->config->bot.text));
	loop_notify("STOPPING=1");
	r->stopping = true;
	end_all(r, STOP_RETURNED, "the bot is leaving");
	loop_timer_set(r->tick, 1, NULL);
}

static void
on_term(void *arg)
{
	runner_stop(arg);
}

void
runner_new_epoch(struct runner *r)
{
	struct err e;

	/* P.14, P.28: what is in hand is sealed under the new one; its
	 * leases are over, for they belong to the old. */
	r->epoch = random_u64();
	r->next_seq = r->next_beat = 1;
	r->done_count = 0;
	log_warn("epoch.new", LOG_T("epoch", text_hex64(r->epoch).text));
	beat_forget_old(r);
	end_all(r, STOP_LEAVING, "a new epoch");
	if (beat_register(r, &e) == -1)
		log_warn("register.failed", LOG_T("reason", e.text));
	beat_every(r);
}

/* ---- off and back ---------------------------------------------------- */

static void
look_at_off(struct runner *r)
{
	bool before = r->off.off;

	if (r->config->off == NULL || r->stopping)
		return;
	r->config->off(r->config->off_arg, runner_busy(r), &r->off);
	if (r->off.off == before)
		return;
	if (r->off.off) {
		log_info("bot.off", LOG_T("bot", r->config->bot.text),
		    LOG_T("reason", r->off.why),
		    LOG_N("seconds", r->off.seconds));
		end_all(r, STOP_RETURNED, r->off.why);
	} else {
		log_info("bot.back", LOG_T("bot", r->config->bot.text));
		r->look_again = true;
	}
	if (r->beat != NULL)
		beat_every(r);
}

/* ---- time ------------------------------------------------------------ */

static void
on_tick(void *arg)
{
	struct runner *r = arg;
	struct session *s;

	/* First: what comes next may ask for an earlier one. */
	loop_timer_set(r->tick, TICK_MS, NULL);
	look_at_off(r);
	for (s = r->sessions; s != NULL; s = s->next)
		session_tick(s);
	reap_sessions(r);
	tickets_look(r);
}

static void
on_beat(void *arg)
{
	beat_every(arg);
}

static bool
fuzzes(const struct runner *r)
{
	const struct session *s;

	for (s = r->sessions; s != NULL; s = s->next)
		if (!s->check && session_holds_lease(s))
			return true;
	return false;
}

/* One stats bundle a minute and bot, when there is something to say. */
static void
on_stats(void *arg)
{
	struct bot_log log = {.text = BUF_INIT};
	struct runner *r = arg;
	struct err e;

	loop_timer_set(r->stats, r->config->stats_ms, NULL);
	if (r->stopping)
		return;
	bot_log_read(r, &log);
	if ((log.worth || fuzzes(r)) &&
	    seal_stats(r, NULL, false, &log, &e) == -1)
		log_warn("stats.unsealed", LOG_T("reason", e.text));
	bot_log_release(&log);
}

static void
on_evict(void *arg)
{
	struct runner *r = arg;

	r->look_again = true; /* the scan is the truth */
	cache_evict(r);
	loop_timer_set(r->evict, EVICT_MS, NULL);
}

static void
on_hint(void *arg, bool lost)
{
	struct runner *r = arg;

	/* A folder that was replaced is found by no descriptor of ours. */
	if (lost)
		log_warn("inbox.moved", LOG_T("folder", "inbox"));
	r->look_again = true;
	tickets_look(r);
}

/* ---- boot ------------------------------------------------------------ */

static int
open_folders(struct runner *r, struct err *e)
{
	static const struct spool_names names = {
	    bundle_name_ok, bundle_name_order};
	const struct {
		const char *path;
		int *fd;
	} folders[] = {{"outbox", &r->outbox_fd}, {"outbox/held", &r->held},
	    {"outbox/dropped", &r->dropped}, {"outbox/noted", &r->noted},
	    {"inbox", &r->inbox}, {"inbox/tickets", &r->tickets},
	    {"inbox/jobs", &r->jobs}, {"builds", &r->builds},
	    {"work", &r->work}, {"units", &r->units},
	    {"state/serial", &r->serial}};
	size_t i;

	r->root_path = realpath(r->config->root, NULL);
	if (r->root_path == NULL)
		return err_sys(e, "there is no folder '%s'", r->config->root);
	r->root = fs_open_dir(AT_FDCWD, r->root_path, e);
	if (r->root == -1)
		return -1;
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		*folders[i].fd =
		    fs_make_dir_open(r->root, folders[i].path, 0755, e);
		if (*folders[i].fd == -1)
			return -1;
	}
	r->spool = spool_open(r->root, "outbox", &names, true, e);
	return r->spool == NULL ? -1 : 0;
}

/* What sessions in hand were started with stays theirs. */
static void
on_hup(void *arg)
{
	struct runner *r = arg;
	uint64_t stats_ms = r->config->stats_ms;

	if (r->config->reload == NULL)
		return;
	r->config->reload(r->config->reload_arg, r->live);
	if (r->config->stats_ms != stats_ms)
		loop_timer_set(r->stats, r->config->stats_ms, NULL);
	loop_timer_set(r->tick, 1, NULL);
}

static int
open_loop(struct runner *r, struct err *e)
{
	r->loop = loop_new(e);
	if (r->loop == NULL)
		return -1;
	r->tick = loop_timer(r->loop, on_tick, r, e);
	r->beat = loop_timer(r->loop, on_beat, r, e);
	r->stats = loop_timer(r->loop, on_stats, r, e);
	r->evict = loop_timer(r->loop, on_evict, r, e);
	r->term = loop_signal(r->loop, SIGTERM, on_term, r, e);
	r->intr = loop_signal(r->loop, SIGINT, on_term, r, e);
	r->hup = loop_signal(r->loop, SIGHUP, on_hup, r, e);
	r->watch_inbox = loop_watch(r->loop, r->inbox, on_hint, r, e);
	r->watch_tickets = loop_watch(r->loop, r->tickets, on_hint, r, e);
	if (r->tick == NULL || r->beat == NULL || r->stats == NULL ||
	    r->evict == NULL || r->term == NULL || r->intr == NULL ||
	    r->hup == NULL)
		return -1;
	return 0; /* without watches the timer looks */
}

/* DESIGN 2: min(cores - 1, (RAM - 2 GiB) / 2.5 GiB), at least 1. */
static unsigned
default_slots(void)
{
	uint64_t cores = machine_cores() - 1, memory = machine_memory();
	uint64_t fit = memory <= 2 * GIB ? 0 : (memory - 2 * GIB) / SLOT_BYTES;

	if (fit < cores)
		cores = fit;
	return cores < 1 ? 1 : (unsigned)cores;
}

static void
look_for_sandbox(struct runner *r)
{
	struct err e;

	r->sandbox = r->config->no_sandbox || cage_probe(&e) == 0;
	if (r->sandbox)
		return;
	text_copy(r->sandbox_why, sizeof(r->sandbox_why), e.text);
	log_error("sandbox.missing", LOG_T("reason", e.text));
}

/* A session takes a dozen descriptors. */
static void
raise_open_files(void)
{
	struct rlimit n;

	if (getrlimit(RLIMIT_NOFILE, &n) == 0) {
		n.rlim_cur = n.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &n);
	}
}

static int
boot(struct runner *r, struct err *e)
{
	umask(022);
	raise_open_files();
	r->slots = r->config->slots == 0 ? default_slots() : r->config->slots;
	r->epoch = random_u64();
	r->next_seq = r->next_beat = 1;
	if (open_folders(r, e) == -1 || open_loop(r, e) == -1)
		return -1;
	log_copy_to(r->root, "log");
	look_for_sandbox(r);
	if (r->config->off != NULL)
		r->config->off(r->config->off_arg, 0, &r->off);
	beat_probe(r);
	outbox_recover(r);
	beat_forget_old(r);
	outbox_scan(r);
	log_info("runner.started", LOG_T("bot", r->config->bot.text),
	    LOG_T("epoch", text_hex64(r->epoch).text),
	    LOG_N("slots", r->slots));
	if (beat_register(r, e) == -1)
		return -1;
	salvage(r);
	tickets_look(r);
	beat_every(r);
	loop_timer_set(r->tick, 1, NULL);
	loop_timer_set(r->stats, r->config->stats_ms, NULL);
	loop_timer_set(r->evict, EVICT_MS, NULL);
	return 0;
}

static void
release(struct runner *r)
{
	const int fds[] = {r->root, r->outbox_fd, r->held, r->dropped, r->noted,
	    r->inbox, r->tickets, r->jobs, r->builds, r->work, r->units,
	    r->serial};
	struct session *s;
	size_t i;

	while ((s = r->sessions) != NULL) {
		r->sessions = s->next;
		session_free(s);
	}
	spool_close(r->spool);
	loop_free(r->loop);
	outbox_release(&r->outbox);
	beat_probe_release(r);
	status_free(r->status);
	free(r->done);
	free(r->root_path);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] > 0)
			close(fds[i]);
}

static void
set_default(uint64_t *value, uint64_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

int
runner_run(const struct runner_config *c)
{
	struct runner_config config = *c;
	struct runner r = {.config = &config, .live = &config};
	struct err e;
	int code = -1;

	set_default(&config.outbox_bytes, 4 * GIB);
	set_default(&config.seal_ms, 60000);
	set_default(&config.stats_ms, 60000);
	set_default(&config.memory_mb, 2560);
	set_default(&config.work_bytes, 2 * GIB);
	set_default(&config.processes, 64);
	set_default(&config.cache_bytes, 20 * GIB);

	err_clear(&e);
	if (boot(&r, &e) == 0)
		code = loop_run(r.loop, &e);
	if (code == -1)
		log_error("runner.failed", LOG_T("reason", e.text));
	else
		log_info("runner.stopped", LOG_T("bot", c->bot.text));
	log_copy_to(-1, NULL);
	release(&r);
	return code == -1 ? 1 : code;
}

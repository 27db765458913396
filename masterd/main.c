/*
 * pandafuzz-masterd: the boot order, and the wires between the parts.
 *
 *   incoming -> intake -> store + db -> publish -> outgoing
 *                              admin, tick
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/text.h"
#include "masterd/access.h"
#include "masterd/admin/admin.h"
#include "masterd/alive.h"
#include "masterd/chores.h"
#include "masterd/intake/ingest.h"
#include "masterd/jobs.h"
#include "masterd/maintain.h"
#include "masterd/metadata.h"
#include "masterd/notice.h"
#include "masterd/publish/publish.h"
#include "masterd/publish/tick.h"
#include "masterd/recover.h"
#include "masterd/reload.h"
#include "masterd/rules.h"
#include "masterd/settings.h"
#include "masterd/times.h"
#include "masterd/upkeep.h"

#define STOP_MS   20000
#define CHORES_MS 10000

struct master {
	struct settings settings;
	int root, run;
	struct loop *loop;
	struct db *db;
	struct store *store;
	struct publish *publish;
	struct tick *tick;
	struct ingest *ingest;
	struct admin *admin;
	struct jobs jobs;
	struct rules_file rules;
	struct lease_times times;
	struct chores chores;
	struct metadata *metadata;
	struct upkeep *upkeep;
	struct alive *alive;
	struct notice *notice;
	struct access *access;
	struct retention_policy retention;
	struct loop_source *term, *interrupt, *hup, *deadline, *chore_timer;
	uint64_t started_ms;
	bool stopping;
};

static _Noreturn void
die(int code, const struct err *e)
{
	log_error("masterd.failed", LOG_T("reason", e->text));
	exit(code);
}

/* ---- wires ----------------------------------------------------------- */

static void
on_fatal(void *arg, const struct err *e)
{
	(void)arg;
	/* Nothing is saved on the way out: what is not committed is taken
	 * from incoming/new again. */
	log_error("masterd.failed", LOG_T("reason", e->text));
	_exit(1);
}

static int
on_will_publish(void *arg, int64_t bot, struct err *e)
{
	return publish_mark_word(((struct master *)arg)->publish, bot, e);
}

static void
on_publish(void *arg, bool moved)
{
	struct master *m = arg;

	publish_marked(m->publish);
	if (moved)
		tick_soon(m->tick);
}

static uint64_t
on_up_ms(void *arg)
{
	return tick_up_ms(((struct master *)arg)->tick);
}

static bool
on_disk_low(void *arg)
{
	struct master *m = arg;

	return disk_level(store_disk(m->store)) >= DISK_HARD;
}

static void
on_hourly(void *arg)
{
	struct master *m = arg;

	struct err e;

	if (m->ingest == NULL)
		return;
	ingest_sweep(m->ingest, m->settings.keep_refused);
	if (chores_hourly(&m->chores, &e) == -1 ||
	    chores_retire(&m->chores, &e) == -1)
		on_fatal(m, &e);
}

static void
on_chores(void *arg)
{
	struct master *m = arg;
	struct ingest_gauges now;
	struct err e;

	loop_timer_set(m->chore_timer, CHORES_MS, NULL);
	ingest_gauges(m->ingest, &now);
	if (chores_often(&m->chores, now.in_hand == 0, &e) == -1 ||
	    jobs_often(&m->jobs, &e) == -1 || notice_often(m->notice, &e) == -1)
		on_fatal(m, &e);
}

static void
on_changed(void *arg)
{
	tick_changed(((struct master *)arg)->tick);
}

static int
on_spool_retry(void *arg, const char *account, const char *file, struct err *e)
{
	return ingest_again(((struct master *)arg)->ingest, account, file, e);
}

static const struct templates *
on_templates(void *arg)
{
	return ((struct master *)arg)->jobs.templates;
}

static int
on_why(void *arg, int64_t job, struct buf *out, struct err *e)
{
	return tick_why(((struct master *)arg)->tick, job, out, e);
}

static int
on_why_bot(void *arg, int64_t bot, struct buf *out, struct err *e)
{
	return tick_why_bot(((struct master *)arg)->tick, bot, out, e);
}

static bool
on_builds_busy(void *arg)
{
	return admin_adds_builds(((struct master *)arg)->admin);
}

static bool
on_file_held(void *arg, const struct digest *sha256)
{
	return admin_holds_file(((struct master *)arg)->admin, sha256);
}

static void
on_alive(void *arg, struct alive_now *now)
{
	struct ingest_gauges g;

	ingest_gauges(((struct master *)arg)->ingest, &g);
	now->waiting = g.waiting;
	now->in_hand = g.in_hand;
	now->per_minute = g.per_minute;
}

static void
tell_disk(struct master *m, struct admin_gauges *g)
{
	static const char *const holds[] = {"", "",
	    "the disk is past its hard mark: only crashes are taken in, and "
	    "no lease is offered until there is room",
	    "the disk is full: nothing is taken in, and no lease is offered "
	    "until there is room"};
	struct disk *d = store_disk(m->store);
	enum disk_level level = disk_level(d);
	const struct disk_state *s = disk_state(d);

	g->disk_free = s->free_bytes;
	g->disk_total = s->total;
	g->disk_soft = s->soft;
	g->disk_hard = s->hard;
	g->disk_level = disk_level_name(level);
	text_copy(g->hold, sizeof(g->hold), holds[level]);
}

static void
on_gauges(void *arg, struct admin_gauges *g)
{
	struct master *m = arg;
	struct ingest_gauges now;

	ingest_gauges(m->ingest, &now);
	g->started_ms = m->started_ms;
	g->incoming = now.waiting;
	g->in_hand = now.in_hand;
	g->oldest_ms = now.oldest_ms;
	g->bundles_per_minute = now.per_minute;
	g->took = now.took;
	text_copy(
	    g->config_problem, sizeof(g->config_problem), m->settings.problem);
	text_copy(
	    g->template_problem, sizeof(g->template_problem), m->jobs.problem);
	text_copy(g->hook_problem, sizeof(g->hook_problem),
	    notice_problem(m->notice));
	text_copy(g->rules_problem, sizeof(g->rules_problem), m->rules.problem);
	text_to_hex64(&g->generation, publish_generation(m->publish));
	tell_disk(m, g);
}

/* ---- boot ------------------------------------------------------------ */

static void
refuse_root(const struct master *m)
{
	if (geteuid() != 0 || m->settings.as_root)
		return;
	fprintf(stderr,
	    "pandafuzz-masterd: runs as root only when told to "
	    "(--as-root): give it a user of its own\n");
	exit(2);
}

static void
open_root(struct master *m)
{
	struct err e;

	umask(027);
	m->root = fs_make_dir_open(AT_FDCWD, m->settings.root, 0755, &e);
	if (m->root == -1)
		die(2, &e);
	if (fs_lock(m->root, "lock", &e) == -1)
		die(e.cls == ERR_CONFLICT ? 3 : 1, &e);
	/* Readers of another group must get as far as the socket. */
	if ((m->run = fs_make_dir_open(m->root, "run", 0755, &e)) == -1 ||
	    fchmod(m->run, 0755) == -1)
		die(1, &e);
}

static void
open_state(struct master *m)
{
	struct publish_config config;
	struct err e;

	if ((m->loop = loop_new(&e)) == NULL ||
	    (m->db = db_open(m->root, &e)) == NULL ||
	    (m->settings.nosync && db_leave_out_syncs(m->db, &e) == -1) ||
	    (m->store = store_open(m->root, m->loop, m->settings.nosync, &e)) ==
		NULL)
		die(1, &e);
	config = (struct publish_config){
	    m->root, m->db, m->store, m->settings.heartbeat};
	if ((m->publish = publish_open(&config, &e)) == NULL)
		die(1, &e);
}

static void
recover(struct master *m, bool *unclean)
{
	struct err e;

	if (recover_note_start(m->db, unclean, &e) == -1 ||
	    rules_file_begin(&m->rules, m->db, m->publish, &m->settings, &e) ==
		-1 ||
	    recover_buckets(m->root, m->db, &e) == -1 ||
	    jobs_begin(&m->jobs, m->db, &e) == -1 ||
	    recover_leases(m->db, &e) == -1 ||
	    publish_recover(m->publish, m->settings.new_generation, &e) == -1)
		die(1, &e);
}

static void
start_parts(struct master *m, bool unclean)
{
	struct tick_hooks tick = {m, on_disk_low, on_hourly, on_fatal};
	struct ingest_hooks ingest = {
	    m, on_will_publish, on_publish, on_up_ms, on_fatal};
	struct err e;

	m->tick = tick_open(m->loop, m->publish, m->db, m->store,
	    m->settings.heartbeat, &tick, &e);
	if (m->tick == NULL)
		die(1, &e);
	m->ingest = ingest_open(
	    m->root, m->loop, m->db, m->store, &ingest, unclean, &e);
	if (m->ingest == NULL)
		die(1, &e);
	m->chores = (struct chores){.db = m->db,
	    .store = m->store,
	    .keep_inputs = m->settings.keep_inputs,
	    .keep_inputs_ms = m->settings.keep_inputs_days * 86400000ull,
	    .retire = {.db = m->db,
		.store = m->store,
		.busy = on_builds_busy,
		.holds = on_file_held,
		.arg = m}};
	m->chore_timer = loop_timer(m->loop, on_chores, m, &e);
	if (m->chore_timer == NULL ||
	    loop_timer_set(m->chore_timer, CHORES_MS, &e) == -1 ||
	    chores_hourly(&m->chores, &e) == -1)
		die(1, &e);
}

/* What nobody waits for. */
static void
start_background(struct master *m)
{
	struct err e;

	m->retention = RETENTION_DEFAULT;
	m->metadata = metadata_open(
	    m->loop, m->db, m->store, &m->settings.metadata, on_fatal, m, &e);
	if (m->metadata == NULL)
		die(1, &e);
	m->upkeep = upkeep_open(m->loop, m->db, &m->retention, on_fatal, m, &e);
	if (m->upkeep == NULL)
		die(1, &e);
	m->alive = alive_open(m->loop, m->db, on_alive, m, &e);
	if (m->alive == NULL)
		die(1, &e);
	m->notice = notice_open(
	    m->loop, m->db, m->store, &m->settings, on_fatal, m, &e);
	if (m->notice == NULL)
		die(1, &e);
}

static int on_reload(
    void *arg, const struct admin_reload *how, struct buf *out, struct err *e);

static void
listen_admin(struct master *m)
{
	struct admin_hooks hooks = {.arg = m,
	    .changed = on_changed,
	    .spool_retry = on_spool_retry,
	    .gauges = on_gauges,
	    .templates = on_templates,
	    .why = on_why,
	    .why_bot = on_why_bot,
	    .reload = on_reload};
	int at = m->run;
	const char *name = "admin.sock", *slash;
	char folder[512];
	struct err e;

	if (m->settings.socket[0] != '\0') {
		slash = strrchr(m->settings.socket, '/');
		text_copy(folder, sizeof(folder), m->settings.socket);
		if (slash != NULL && slash != m->settings.socket)
			folder[slash - m->settings.socket] = '\0';
		at = fs_open_dir(AT_FDCWD, slash == NULL ? "." : folder, &e);
		name = slash == NULL ? m->settings.socket : slash + 1;
		if (at == -1)
			die(2, &e);
	}
	m->admin = admin_open(m->loop, m->db, m->store, at, name, &hooks, &e);
	if (m->admin == NULL)
		die(1, &e);
}

static void
open_access(struct master *m)
{
	const struct access_parts parts = {m->root, m->run, m->loop, m->db,
	    m->publish, m->ingest, m->admin, on_fatal, m};
	struct err e;

	if ((m->access = access_open(&parts, &m->settings, &e)) == NULL)
		die(1, &e);
}

/* ---- settings that changed ------------------------------------------- */

/* Those that others have copied. */
static void
hand_out_settings(struct master *m)
{
	const struct settings *s = &m->settings;
	const struct disk_policy disk = {
	    {s->disk_soft.bytes, (unsigned)s->disk_soft.percent},
	    {s->disk_hard.bytes, (unsigned)s->disk_hard.percent},
	    s->reserve_file};

	disk_set_policy(store_disk(m->store), &disk);
	rules_file_tell(&m->rules);
	times_take(&m->times, s);
	leases_set_times(m->db, &m->times);
	publish_set_heartbeat(m->publish, s->heartbeat);
	tick_set_heartbeat(m->tick, s->heartbeat);
	tick_set_forget(m->tick, s->forget_ephemeral);
	db_set_busy_timeout(m->db, s->busy_timeout);
	admin_set_timeout(m->admin, s->request_timeout);
	notice_settings(m->notice, s);
	access_settings(m->access);
	m->chores.retire.policy.keep_all_ms = s->keep_all;
	m->chores.retire.policy.keep_weekly_ms =
	    s->keep_weekly == 0 ? UINT64_MAX : s->keep_weekly;
	m->chores.retire.grace_ms = s->build_grace;
	m->chores.keep_inputs = s->keep_inputs;
	m->chores.keep_inputs_ms = s->keep_inputs_days * 86400000ull;
	m->retention.events_ms = s->keep_events;
	m->retention.leases_ms = s->keep_leases;
	m->retention.days_ms = s->keep_statistics;
	m->retention.refused_ms = s->keep_refused;
}

static void
on_settings(void *arg)
{
	hand_out_settings(arg);
}

static int
on_reload(
    void *arg, const struct admin_reload *how, struct buf *out, struct err *e)
{
	struct master *m = arg;
	const struct reload all = {m->db, &m->settings, &m->jobs, &m->rules, m,
	    on_settings, on_changed};

	if (reload_all(&all, how, out, e) == 0)
		return 0;
	if (e->cls != ERR_AGAIN)
		on_fatal(m, e);
	return -1;
}

/* SIGHUP.  A file that is wrong leaves all as it was; status says so. */
static void
on_hup(void *arg)
{
	const struct admin_reload how = {"master", "SIGHUP", ""};
	struct err e;

	if (on_reload(arg, &how, NULL, &e) == -1)
		log_error("config.refused", LOG_T("reason", e.text));
}

/* ---- stopping -------------------------------------------------------- */

static void
finished(void *arg)
{
	struct master *m = arg;
	struct err e;

	if (recover_note_stop(m->db, &e) == -1)
		log_error("masterd.failed", LOG_T("reason", e.text));
	loop_quit(m->loop, 0);
}

static void
too_late(void *arg)
{
	struct master *m = arg;

	log_warn("masterd.stopped_late",
	    LOG_T("reason",
		"the batch in hand "
		"took too long; it will be taken again"));
	loop_quit(m->loop, 0);
}

/* SIGTERM: the batch in hand is finished, nothing new is taken. */
static void
on_stop(void *arg)
{
	struct master *m = arg;

	if (m->stopping)
		return;
	m->stopping = true;
	loop_notify("STOPPING=1");
	log_info("masterd.stopping", LOG_N("pid", getpid()));
	loop_timer_set(m->deadline, STOP_MS, NULL);
	ingest_stop(m->ingest, finished, m);
}

static void
catch_signals(struct master *m)
{
	struct err e;

	signal(SIGPIPE, SIG_IGN);
	m->term = loop_signal(m->loop, SIGTERM, on_stop, m, &e);
	m->interrupt = loop_signal(m->loop, SIGINT, on_stop, m, &e);
	m->hup = loop_signal(m->loop, SIGHUP, on_hup, m, &e);
	m->deadline = loop_timer(m->loop, too_late, m, &e);
	if (m->term == NULL || m->interrupt == NULL || m->hup == NULL ||
	    m->deadline == NULL)
		die(1, &e);
}

static void
close_all(struct master *m)
{
	access_close(m->access);
	admin_close(m->admin);
	notice_close(m->notice);
	alive_close(m->alive);
	upkeep_close(m->upkeep);
	metadata_close(m->metadata);
	ingest_close(m->ingest);
	tick_close(m->tick);
	publish_close(m->publish);
	store_close(m->store);
	rules_file_release(&m->rules);
	db_close(m->db);
	loop_drop(m->term);
	loop_drop(m->interrupt);
	loop_drop(m->hup);
	loop_drop(m->deadline);
	loop_drop(m->chore_timer);
	loop_free(m->loop);
	jobs_release(&m->jobs);
	settings_release(&m->settings);
}

int
main(int argc, char **argv)
{
	static struct master m;
	struct maintain maintain;
	struct err e;
	bool unclean;
	int code;

	log_set_component("masterd");
	if ((code = admin_read_child(argc, argv)) != -1)
		return code;
	if ((code = maintain_parse(&maintain, &argc, argv)) != 0 ||
	    (code = settings_load(&m.settings, argc, argv)) != -1)
		return code;
	if ((code = jobs_load_templates(&m.jobs, m.settings.templates)) != -1)
		return code;
	refuse_root(&m);
	m.started_ms = clock_wall_ms();
	open_root(&m);
	if (maintain_wanted(&maintain))
		return maintain_run(&maintain, m.root);
	alive_step("the database");
	open_state(&m);
	alive_step("recovery");
	recover(&m, &unclean);
	catch_signals(&m);
	alive_step("what lies in incoming");
	start_parts(&m, unclean);
	start_background(&m);
	listen_admin(&m);
	open_access(&m);
	hand_out_settings(&m);
	log_info("masterd.ready", LOG_T("root", m.settings.root),
	    LOG_T("generation", publish_generation(m.publish)),
	    LOG_N("pid", getpid()));
	loop_notify("READY=1");
	code = loop_run(m.loop, &e);
	if (code == -1)
		die(1, &e);
	close_all(&m);
	log_info("masterd.stopped", LOG_N("code", code));
	return code;
}

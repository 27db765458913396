/*
 * The load of tests/bench/year.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/wire/manifest.h"
#include "masterd/db/bots.h"
#include "masterd/db/builds.h"
#include "masterd/db/builds_keep.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/facts.h"
#include "masterd/db/leases.h"
#include "masterd/db/ledger.h"
#include "masterd/db/usage.h"
#include "tests/bench/bench.h"
#include "tests/bench/year_load.h"

#define DAY_MS         86400000ull
#define HOUR_MS        3600000ull
#define SLOTS          4
#define STATS          1440 /* bundles a day and bot */
#define CORPUS         48
#define UNITS          40
#define CRASHES        15
#define NEW_CRASH      5
#define EVENTS         10
#define TARGETS        15 /* of a project */
#define LINES          3  /* sanitizers */
#define FILES          200
#define NEW_FILES      20
#define VALUES         85  /* of a job */
#define CI_JOBS        150 /* a day, of 100 bots */
#define COARSE_BUNDLES 24  /* one of so many */
#define BOTS_A_COMMIT  25
#define COARSE_LEASES  8

static struct err e;

static void
must(int result)
{
	if (result == -1)
		bench_die_err(&e);
}

static int64_t
number(struct load *l, const char *sql)
{
	int64_t n = 0;

	must(db_number(l->db, &e, &n, sql, ""));
	return n;
}

static uint64_t
rnd(struct load *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return l->random;
}

static struct digest
any_digest(struct load *l)
{
	struct digest d;
	uint64_t r;
	int i;

	for (i = 0; i < 4; i++) {
		r = rnd(l);
		memcpy(d.bytes + 8 * i, &r, 8);
	}
	return d;
}

static void
begin(struct load *l)
{
	must(db_begin(l->db, &e));
}

static void
commit(struct load *l)
{
	must(db_commit(l->db, &e));
	if (db_checkpoint_due(l->db))
		must(db_checkpoint(l->db, &e));
}

/* ---- bundles --------------------------------------------------------- */

static void
bundle(struct load *l, struct load_bot *b, const char *kind, uint64_t records)
{
	struct digest d = any_digest(l);
	char trace[40];
	struct ledger_entry n = {.epoch = b->epoch,
	    .seq = ++b->seq,
	    .digest = &d,
	    .kind = kind,
	    .outcome = "ingested",
	    .reason = "",
	    .file = "",
	    .trace = trace,
	    .bytes = 400 + rnd(l) % 4000,
	    .records = records,
	    .sealed_ms = l->now_ms,
	    .taken_ms = l->now_ms};

	/* Statistics are of several jobs and have no trace. */
	trace[0] = '\0';
	if (strcmp(kind, "stats") != 0)
		snprintf(trace, sizeof(trace), "%016jx%016jx",
		    (uintmax_t)rnd(l), (uintmax_t)rnd(l));
	must(ledger_record(l->db, &n, false, &e));
	if (rnd(l) % 100 == 0)
		must(ledger_duplicate(l->db, b->epoch, 0, kind, &e));
}

static void
corpus(struct load *l, struct load_bot *b)
{
	struct digest d;
	bool added;
	int i;

	for (i = 0; i < UNITS; i++) {
		d = any_digest(l);
		must(facts_add_unit(l->db,
		    l->target_rows[rnd(l) % (uint64_t)l->targets], &d,
		    20 + rnd(l) % 4000, rnd(l) % 8, b->row, l->now_ms, &added,
		    &e));
	}
	for (i = 0; i < CORPUS; i++)
		bundle(l, b, "corpus", 3);
}

static void
crash(struct load *l, struct load_bot *b, bool fresh)
{
	uint64_t at = l->crashes == 0 ? 0 : rnd(l) % l->crashes;
	struct facts_place place;
	struct bundle_header h = {.epoch = b->name, .seq = b->seq + 1};
	struct record r = {.type = REC_CRASH, .has_payload = true};
	struct triage t;
	struct facts_crash c = {.place = &place,
	    .header = &h,
	    .record = &r,
	    .triage = &t,
	    .line = 2,
	    .bot = b->row,
	    .has_input = true,
	    .now_ms = l->now_ms};
	struct facts_bucket bucket;
	char text[200];

	if (fresh || l->crashes == 0) {
		at = l->crashes++ % LOAD_RECENT;
		l->recent[at].target = (int)(rnd(l) % (uint64_t)l->targets);
		l->recent[at].bug = rnd(l) % 3;
		l->recent[at].sha256 = any_digest(l);
	}
	at %= LOAD_RECENT;
	memset(&place, 0, sizeof(place));
	place.target = l->target_rows[l->recent[at].target];
	memset(&t, 0, sizeof(t));
	snprintf(t.type, sizeof(t.type), "Heap-buffer-overflow");
	snprintf(t.access, sizeof(t.access), "READ");
	t.access_size = 1;
	t.has_address = true;
	t.address = rnd(l);
	t.state_count = 3;
	snprintf(t.tool, sizeof(t.tool), "AddressSanitizer");
	snprintf(t.state[0], sizeof(t.state[0]), "namespace::function_%ju",
	    (uintmax_t)l->recent[at].bug);
	snprintf(t.state[1], sizeof(t.state[1]), "module_%d::caller_of_it",
	    l->recent[at].target);
	snprintf(t.state[2], sizeof(t.state[2]), "LLVMFuzzerTestOneInput");
	snprintf(text, sizeof(text), "%s %s", t.state[0], t.state[1]);
	digest_of(&t.signature, text, strlen(text));
	r.sha256 = l->recent[at].sha256;
	snprintf(r.word, sizeof(r.word), "libfuzzer");
	snprintf(r.word2, sizeof(r.word2), "address");
	r.n[CRASH_FOUND_MS] = l->now_ms;
	h.job = (uint64_t)l->recent[at].target + 1;
	h.has_build = true;
	h.build = l->lines[0];
	snprintf(h.trace, sizeof(h.trace), "%016jx%016jx", (uintmax_t)rnd(l),
	    (uintmax_t)rnd(l));
	must(facts_add_crash(l->db, &c, &bucket, &e));
	bundle(l, b, "crash", 3);
}

/* ---- leases ---------------------------------------------------------- */

/* Offered, running, completed: the task is ready for the next. */
static void
lease(struct load *l, struct load_bot *b, int64_t job)
{
	struct record done = {.type = REC_COMPLETE};
	struct lease_complete c = {.bot = b->row,
	    .complete = &done,
	    .reason = "",
	    .now_ms = l->now_ms,
	    .up_ms = l->up_ms};
	struct lease_turn turn = {l->now_ms, l->up_ms, NULL, NULL};
	sqlite3_stmt *row;

	must(
	    leases_offer(l->db, job, b->row, HOUR_MS, l->now_ms, l->up_ms, &e));
	if (db_query(l->db, &e, &row,
		"SELECT lease FROM lease ORDER BY id DESC LIMIT 1", "") != 1 ||
	    text_to_hex64(&done.lease, db_text(row, 0)) == -1)
		bench_die("no lease was offered");
	db_end(row);
	must(leases_named(
	    l->db, b->row, done.lease, 60, 100000, l->now_ms, l->up_ms, &e));
	done.n[COMPLETE_SECONDS] = 3600;
	done.n[COMPLETE_CPU_MS] = 3500000;
	done.n[COMPLETE_EXECS] = 40000000;
	snprintf(done.word2, sizeof(done.word2), "done");
	must(leases_complete(l->db, &c, &e));
	must(leases_settle(l->db, b->row, &turn, &e));
}

/* ---- bots ------------------------------------------------------------ */

/* Started anew: another epoch, and the one before is superseded. */
static void
restart(struct load *l, struct load_bot *b)
{
	struct beat_epoch named;
	struct beat beat = {.bot = b->row,
	    .number = 1,
	    .now_ms = l->now_ms,
	    .up_ms = l->up_ms,
	    .why = "",
	    .epochs = &named,
	    .epoch_count = 1};
	enum beat_sense sense;

	b->name = rnd(l) | 1;
	b->seq = 0;
	b->beat = 1;
	beat.epoch = b->name;
	beat.n[BEAT_SLOTS] = SLOTS;
	named = (struct beat_epoch){b->name, 0, 0};
	must(bots_beat(l->db, &beat, &sense, &e));
	must(ledger_epoch(l->db, b->row, b->name, l->now_ms, &b->epoch, &e));
	bundle(l, b, "register", 8);
}

/* What it has sealed so far, and that all of it was taken. */
static void
beat(struct load *l, struct load_bot *b)
{
	struct beat_epoch named = {b->name, 0, b->seq};
	struct beat beat = {.bot = b->row,
	    .epoch = b->name,
	    .number = ++b->beat,
	    .now_ms = l->now_ms,
	    .up_ms = l->up_ms,
	    .why = "",
	    .epochs = &named,
	    .epoch_count = 1};
	enum beat_sense sense;

	beat.n[BEAT_SLOTS] = SLOTS;
	must(bots_beat(l->db, &beat, &sense, &e));
}

static void
bot_day(struct load *l, struct load_bot *b)
{
	int stats = l->fine <= 16 ? STATS : STATS / COARSE_BUNDLES;
	int leases = SLOTS * 24 / (l->fine <= 92 ? 1 : COARSE_LEASES);
	char name[32];
	int i;

	restart(l, b);
	for (i = 0; i < leases; i++) {
		lease(l, b, l->jobs[rnd(l) % (uint64_t)l->targets]);
		bundle(l, b, "complete", 3);
	}
	corpus(l, b);
	for (i = 0; i < CRASHES; i++)
		crash(l, b, i < NEW_CRASH);
	for (i = 0; i < stats; i++)
		bundle(l, b, "stats", SLOTS + 1);
	for (i = 0; i < 24; i++)
		beat(l, b);
	snprintf(name, sizeof(name), "b%jd", (intmax_t)b->row);
	for (i = 0; i < EVENTS; i++)
		must(db_event(l->db, "master", "bot.late", name,
		    i % 2 ? "late" : "up", "", &e));
}

/* ---- builds ---------------------------------------------------------- */

static void
add_files(struct load *l, struct manifest *m, int line)
{
	struct ticket_file f = {.mode = 0644};
	int i;

	for (i = 0; i < FILES; i++) {
		snprintf(f.path, sizeof(f.path), "lib/file-%03d", i);
		f.size = 100000;
		f.sha256 = l->lines[line];
		f.sha256.bytes[0] = (uint8_t)i;
		if (i < NEW_FILES)
			f.sha256 = any_digest(l);
		manifest_add(m, &f);
	}
}

static int64_t
add_build(struct load *l, int project, int line)
{
	static const char *const sanitizers[LINES] = {
	    "address", "undefined", "none"};
	struct build_target targets[TARGETS];
	uint32_t traits[FILES];
	struct manifest m = {NULL, 0, 0};
	struct build_new b = {.id = any_digest(l),
	    .manifest = &m,
	    .traits = traits,
	    .branch = "main",
	    .revision = "0123456789abcdef0123456789abcdef01234567",
	    .engine = "libfuzzer",
	    .sanitizer = sanitizers[line],
	    .arch = "x86_64",
	    .by = "user:ci",
	    .targets = targets,
	    .target_count = TARGETS};
	int64_t row;
	int i;

	snprintf(b.project.text, sizeof(b.project.text), "p%d", project);
	for (i = 0; i < TARGETS; i++) {
		memset(&targets[i], 0, sizeof(targets[i]));
		snprintf(
		    targets[i].name, sizeof(targets[i].name), "target-%d", i);
		snprintf(targets[i].program, sizeof(targets[i].program),
		    "target-%d", i);
	}
	for (i = 0; i < FILES; i++)
		traits[i] = i < TARGETS ? 591 : 1;
	add_files(l, &m, project * LINES + line);
	must(builds_add(l->db, &b, &row, &e));
	manifest_release(&m);
	return row;
}

/* Two hosts each try each target, and it passes. */
static void
check_build(struct load *l, int64_t build)
{
	static const char tasks[] =
	    "INSERT INTO task (task, kind, target, build, state, created_ms, "
	    "ended_ms) SELECT lower(hex(randomblob(8))), 'check', target, "
	    "build, 'done', ?2, ?2 FROM build_target WHERE build = ?1";
	static const char leases[] =
	    "INSERT INTO lease (lease, task, build, bot, epoch, state, "
	    "slice_ms, named_up, charged_up, offered_ms, started_ms, ended_ms, "
	    "verdict, said) SELECT lower(hex(randomblob(8))), t.id, t.build, "
	    "b.id, b.epoch, 'done', 120000, ?3, ?3, ?2, ?2, ?2, 'good', '' "
	    "FROM task t JOIN bot b ON b.id = 1 WHERE t.build = ?1";
	static const char verdicts[] =
	    "INSERT INTO build_verdict (build, target, bot, verdict, at_ms) "
	    "SELECT x.build, x.target, b.id, 'good', ?2 FROM build_target x "
	    "JOIN bot b ON b.id <= 2 WHERE x.build = ?1";

	must(db_run(l->db, &e, tasks, "ii", build, (int64_t)l->now_ms));
	must(db_run(l->db, &e, leases, "iii", build, (int64_t)l->now_ms,
	    (int64_t)l->up_ms));
	must(db_run(l->db, &e, verdicts, "ii", build, (int64_t)l->now_ms));
	must(db_run(l->db, &e,
	    "UPDATE build_target SET state = 'good', edges = 9000, features = "
	    "400, calls = 90000, dict = 40, seeds = 200 WHERE build = ?",
	    "i", build));
	must(db_run(l->db, &e,
	    "UPDATE build SET state = 'good', judged_ms = ?2, added_ms = ?2 "
	    "WHERE id = ?1",
	    "ii", build, (int64_t)l->now_ms));
}

static void
nobody(void *arg, const struct digest *d)
{
	(void)arg;
	(void)d;
}

/* As masterd/retire.c: all for 14 days, then one a week. */
static void
retire_builds(struct load *l)
{
	int64_t build;

	while (db_number(l->db, &e, &build,
		   "SELECT id FROM build WHERE state = 'good' AND added_ms < ? "
		   "AND added_ms / 86400000 % 7 <> 0 LIMIT 1",
		   "i", (int64_t)(l->now_ms - 14 * DAY_MS)) == 1)
		must(builds_remove(l->db, build, "master", "older than 14 days",
		    l->now_ms, &e));
	must(builds_collect(l->db, l->now_ms - DAY_MS, nobody, NULL, &e));
	while (builds_drop_files(l->db, 1000, nobody, NULL, &e) > 0)
		;
}

static void
nightly(struct load *l)
{
	int p, s;

	begin(l);
	for (p = 0; p < l->projects; p++)
		for (s = 0; s < LINES; s++)
			check_build(l, add_build(l, p, s));
	retire_builds(l);
	commit(l);
}

/* ---- jobs ------------------------------------------------------------ */

static int64_t
add_job(struct load *l, int64_t target)
{
	int64_t job;

	must(db_run(l->db, &e,
	    "INSERT INTO job (job, target, current, engine, sanitizer, slots, "
	    "for_ms, created_by, created_ms, trace) SELECT "
	    "lower(hex(randomblob(8))), ?1, (SELECT max(build) FROM "
	    "build_target WHERE target = ?1), 'libfuzzer', 'address', 1, "
	    "20000, 'user:ci', ?2, lower(hex(randomblob(16)))",
	    "ii", target, (int64_t)l->now_ms));
	job = db_last_id(l->db);
	must(db_run(l->db, &e,
	    "INSERT INTO job_setting VALUES (?1, 'for', '20s'), (?1, 'slots', "
	    "'1')",
	    "i", job));
	must(db_run(l->db, &e,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < ?2) INSERT INTO job_value SELECT ?1, "
	    "'asan_options.some_option_' || i, '1', 'built in, sanitizer "
	    "address' FROM n",
	    "ii", job, (int64_t)VALUES));
	return job;
}

static void
ci_day(struct load *l)
{
	int64_t job;
	int i;

	for (i = 0; i < CI_JOBS * l->bots / 100; i++) {
		if (i % 50 == 0)
			begin(l);
		job = add_job(l, l->target_rows[rnd(l) % (uint64_t)l->targets]);
		lease(l, &l->bot[rnd(l) % (uint64_t)l->bots], job);
		must(db_run(l->db, &e,
		    "UPDATE job SET status = 'completed', reason = 'its time "
		    "is used up', ended_ms = ?2 WHERE id = ?1",
		    "ii", job, (int64_t)l->now_ms));
		must(db_run(l->db, &e,
		    "UPDATE task SET state = 'done', ended_ms = ?2 WHERE job = "
		    "?1",
		    "ii", job, (int64_t)l->now_ms));
		if (i % 50 == 49)
			commit(l);
	}
	if (db_in_transaction(l->db))
		commit(l);
}

/* ---- all ------------------------------------------------------------- */

static void
open_jobs(struct load *l)
{
	int p, t, i = 0;
	char key[64];

	l->jobs = mem_array((size_t)l->targets, sizeof(*l->jobs));
	l->target_rows = mem_array((size_t)l->targets, sizeof(int64_t));
	for (p = 0; p < l->projects; p++)
		for (t = 0; t < TARGETS; t++, i++) {
			snprintf(key, sizeof(key), "p%d/target-%d", p, t);
			must(db_number(l->db, &e, &l->target_rows[i],
			    "SELECT t.id FROM target t JOIN project p ON p.id "
			    "= t.project WHERE p.name || '/' || t.name = ?",
			    "t", key));
			l->jobs[i] = add_job(l, l->target_rows[i]);
			must(db_run(l->db, &e,
			    "UPDATE job SET for_ms = 0, job = ? WHERE id = ?",
			    "ti", text_hex64((uint64_t)i + 1).text,
			    l->jobs[i]));
		}
}

void
load_open(struct load *l)
{
	char name[32];
	int i;

	l->now_ms = clock_wall_ms();
	l->up_ms = 1000000;
	l->random = 88172645463325252u;
	l->projects = l->bots < 10 ? 1 : l->bots / 10;
	l->targets = l->projects * TARGETS;
	l->lines = mem_array((size_t)l->projects * LINES, sizeof(*l->lines));
	begin(l);
	for (i = 0; i < l->projects * LINES; i++)
		l->lines[i] = any_digest(l);
	for (i = 0; i < l->bots; i++) {
		snprintf(name, sizeof(name), "b%d", i + 1);
		must(bots_get(
		    l->db, "farm", name, l->now_ms, &l->bot[i].row, &e));
		restart(l, &l->bot[i]);
	}
	commit(l);
	nightly(l);
	begin(l);
	open_jobs(l);
	commit(l);
}

void
load_day(struct load *l, int day)
{
	int i;

	l->now_ms += DAY_MS;
	l->up_ms += DAY_MS;
	/* The share of builds and of jobs is that of the bots; one project's
	 * builds are three bots' work. */
	if (l->bots >= 10 || day % (10 / l->bots) == 0)
		nightly(l);
	for (i = 0; i < l->bots; i++) {
		if (i % BOTS_A_COMMIT == 0)
			begin(l);
		bot_day(l, &l->bot[i]);
		if (i % BOTS_A_COMMIT == BOTS_A_COMMIT - 1)
			commit(l);
	}
	if (db_in_transaction(l->db))
		commit(l);
	ci_day(l);
	begin(l);
	must(usage_record(l->db, l->now_ms, 1ull << 40, &e));
	must(usage_targets(l->db, l->now_ms, &e));
	/* What was written by the wall clock is of this day. */
	must(db_run(l->db, &e, "UPDATE event SET at_ms = ? WHERE id > ?", "ii",
	    (int64_t)l->now_ms, l->last_event));
	l->last_event = number(l, "SELECT coalesce(max(id), 0) FROM event");
	/* And what is marked for metadata/ was written. */
	must(db_run(l->db, &e, "DELETE FROM dirty", ""));
	commit(l);
}

void
load_close(struct load *l)
{
	free(l->jobs);
	free(l->target_rows);
	free(l->lines);
}

/*
 * How fast tasks are offered, taken and completed, durably, against the floor:
 * a bare loop that writes one ticket file and one completion row each.
 *
 * Ours is the master's own code in one process: a planning round offers a task
 * to each free slot, COMMIT, tickets and status.json are published; the bots'
 * heartbeats name all leases, COMMIT; each lease is completed, COMMIT, and
 * published again.  The wire is no part of it: what a bundle costs is the
 * ingest bench's.  Groups are alike: 256 tasks a COMMIT.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/manifest.h"
#include "masterd/db/bots.h"
#include "masterd/db/leases.h"
#include "masterd/publish/plan.h"
#include "tests/bench/bench.h"

#define BOTS    8
#define SLOTS   32
#define TASKS   (BOTS * SLOTS) /* a round */
#define JOBS    8
#define WARM_UP 3
#define PAIRS   41
#define FILES   3

struct bench {
	int root;
	char path[PATH_MAX];
	struct loop *loop;
	struct db *db;
	struct store *store;
	struct publish *publish;
	struct plan *plan;
	int64_t bots[BOTS];
	struct {
		uint64_t lease;
		int64_t bot;
	} open[TASKS];
	int open_count;
	int64_t offering;  /* the bot whose tickets are looked at */
	struct buf ticket; /* one, as the floor writes it */
};

static struct err e;

static void
must(int result)
{
	if (result == -1)
		bench_die_err(&e);
}

/* ---- the scene ------------------------------------------------------- */

static void
put_file(struct bench *b, const char *path, const char *bytes, size_t len)
{
	char folder[PATH_MAX], *slash;

	text_copy(folder, sizeof(folder), path);
	slash = strrchr(folder, '/');
	*slash = '\0';
	must(fs_make_dirs(b->root, folder, 0755, &e));
	must(fs_replace(b->root, path, bytes, len, 0444, false, &e));
}

/* A build of a target and two side files, in the store. */
static struct digest
put_build(struct bench *b)
{
	static const char *const names[FILES] = {
	    "t_fuzzer", "t_fuzzer.dict", "t_fuzzer.options"};
	struct manifest m = {NULL, 0, 0};
	struct buf text = BUF_INIT;
	struct ticket_file f;
	struct digest id;
	char path[PATH_MAX];
	int i;

	for (i = 0; i < FILES; i++) {
		memset(&f, 0, sizeof(f));
		text_copy(f.path, sizeof(f.path), names[i]);
		f.mode = i == 0 ? 0755 : 0644;
		f.size = strlen(names[i]);
		digest_of(&f.sha256, names[i], f.size);
		snprintf(path, sizeof(path), "builds/files/%.2s/%s",
		    digest_hex(&f.sha256).text, digest_hex(&f.sha256).text);
		put_file(b, path, names[i], f.size);
		manifest_add(&m, &f);
	}
	must(manifest_sort(&m, &e));
	manifest_format(&text, &m);
	digest_of(&id, text.data, text.len);
	snprintf(
	    path, sizeof(path), "builds/%s.manifest", digest_hex(&id).text);
	put_file(b, path, text.data, text.len);
	buf_release(&text);
	manifest_release(&m);
	return id;
}

/* Rows by another connection, before masterd's code opens the file again. */
static void
put_rows(struct bench *b, const struct digest *build)
{
	char path[PATH_MAX + 32], *sql, *why;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/data/pandafuzz.db", b->path);
	sql = sqlite3_mprintf(
	    "UPDATE bot SET state = 'up', slots = %d, free = %d, "
	    "engines = 'libfuzzer', arch = 'x86_64';"
	    "INSERT INTO project (id, name, added_ms) VALUES (1, 'p', 1);"
	    "INSERT INTO build (id, sha256, project, engine, sanitizer, state, "
	    "files, bytes, added_by, added_ms) VALUES (1, x'%s', 1, "
	    "'libfuzzer', 'address', 'good', 3, 1, 'user:x', 1);"
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %d) INSERT INTO target (id, project, name, generation, "
	    "added_ms) SELECT i, 1, 't' || i, 1, 1 FROM n;"
	    "INSERT INTO build_target (build, target, program, state) "
	    "SELECT 1, id, 't_fuzzer', 'good' FROM target;"
	    "INSERT INTO job (job, target, build, current, engine, sanitizer, "
	    "weight, created_by, created_ms) SELECT printf('%%016x', id), id, "
	    "1, 1, 'libfuzzer', 'address', 60, 'user:x', 1 FROM target;",
	    SLOTS, SLOTS, digest_hex(build).text, JOBS);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		bench_die("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	sqlite3_free(sql);
}

static void
beat(struct bench *b, int64_t bot, uint64_t number)
{
	struct beat_epoch named = {0xe1, 0, 0};
	struct beat beat = {.bot = bot,
	    .epoch = 0xe1,
	    .number = number,
	    .now_ms = clock_wall_ms(),
	    .up_ms = clock_up_ms(),
	    .why = "",
	    .epochs = &named,
	    .epoch_count = 1};
	enum beat_sense sense;

	beat.n[BEAT_SLOTS] = SLOTS;
	beat.n[BEAT_FREE] = SLOTS;
	must(bots_beat(b->db, &beat, &sense, &e));
}

static void
open_scene(struct bench *b)
{
	struct publish_config c;
	char name[16];
	struct digest build;
	int i;

	text_copy(b->path, sizeof(b->path), bench_folder(&b->root));
	log_set_level(LEVEL_WARN);
	build = put_build(b);
	if ((b->db = db_open(b->root, &e)) == NULL)
		bench_die_err(&e);
	must(db_begin(b->db, &e));
	for (i = 0; i < BOTS; i++) {
		snprintf(name, sizeof(name), "b%d", i);
		must(bots_get(
		    b->db, "local", name, clock_wall_ms(), &b->bots[i], &e));
		beat(b, b->bots[i], 1);
	}
	must(db_commit(b->db, &e));
	put_rows(b, &build);
	must(fs_make_dirs(b->root, "spool/local/outgoing", 0755, &e));
	if ((b->loop = loop_new(&e)) == NULL ||
	    (b->store = store_open(b->root, b->loop, false, &e)) == NULL)
		bench_die_err(&e);
	c = (struct publish_config){b->root, b->db, b->store, 10000};
	if ((b->publish = publish_open(&c, &e)) == NULL)
		bench_die_err(&e);
	must(publish_recover(b->publish, false, &e));
	b->plan = plan_open(b->publish, b->db);
}

/* ---- ours ------------------------------------------------------------ */

static int
collect(void *arg, struct ticket *t)
{
	struct bench *b = arg;

	if (b->open_count == TASKS)
		bench_die("more leases than slots");
	b->open[b->open_count].lease = t->lease;
	b->open[b->open_count++].bot = b->offering;
	return 0;
}

static void
offer(struct bench *b)
{
	must(db_begin(b->db, &e));
	must(plan_round(b->plan, clock_wall_ms(), clock_up_ms(), &e));
	must(db_commit(b->db, &e));
	publish_marked(b->publish);
}

/* Bots would have read their tickets: that is theirs to do. */
static void
look(struct bench *b)
{
	int i;

	b->open_count = 0;
	for (i = 0; i < BOTS; i++) {
		b->offering = b->bots[i];
		must(leases_tickets(b->db, b->bots[i], collect, b, &e));
	}
	if (b->open_count != TASKS)
		bench_die("%d of %d slots have a lease", b->open_count, TASKS);
}

static void
take(struct bench *b)
{
	int i;

	must(db_begin(b->db, &e));
	for (i = 0; i < TASKS; i++)
		must(leases_named(b->db, b->open[i].bot, b->open[i].lease, 1,
		    100, clock_wall_ms(), clock_up_ms(), &e));
	must(db_commit(b->db, &e));
}

static void
changed(void *arg, int64_t bot)
{
	struct bench *b = arg;

	must(publish_mark(b->publish, bot, &e));
}

static void
complete(struct bench *b)
{
	struct lease_turn turn = {clock_wall_ms(), clock_up_ms(), changed, b};
	struct record r = {.type = REC_COMPLETE};
	struct lease_complete c = {.complete = &r, .reason = ""};
	int i;

	must(db_begin(b->db, &e));
	for (i = 0; i < TASKS; i++) {
		r.lease = b->open[i].lease;
		text_copy(r.word2, sizeof(r.word2), "done");
		r.n[COMPLETE_SECONDS] = 60;
		r.n[COMPLETE_EXECS] = 1000;
		r.n[COMPLETE_CPU_MS] = 60000;
		c.bot = b->open[i].bot;
		c.now_ms = turn.now_ms;
		c.up_ms = turn.up_ms;
		must(leases_complete(b->db, &c, &e));
		must(leases_settle(b->db, c.bot, &turn, &e));
		must(publish_mark(b->publish, c.bot, &e));
	}
	must(db_commit(b->db, &e));
	publish_marked(b->publish);
}

static double
our_turn(struct bench *b)
{
	double began = bench_now(), took;

	offer(b);
	took = bench_now() - began;
	look(b);
	began = bench_now();
	take(b);
	complete(b);
	took += bench_now() - began;
	if (db_checkpoint_due(b->db))
		must(db_checkpoint(b->db, &e));
	return took;
}

/* ---- the floor ------------------------------------------------------- */

struct floor_of_tasks {
	int folder;
	sqlite3 *db;
	sqlite3_stmt *insert;
	uint64_t count;
};

static void
sql(struct floor_of_tasks *f, const char *text)
{
	if (sqlite3_exec(f->db, text, NULL, NULL, NULL) != SQLITE_OK)
		bench_die("floor: %s", sqlite3_errmsg(f->db));
}

static void
open_floor(struct floor_of_tasks *f, const struct bench *b)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/floor.db", b->path);
	if (sqlite3_open(path, &f->db) != SQLITE_OK)
		bench_die("floor: cannot open '%s'", path);
	sql(f,
	    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "CREATE TABLE done (task TEXT PRIMARY KEY, bot INTEGER, "
	    "ended_ms INTEGER, execs INTEGER) STRICT, WITHOUT ROWID");
	if (sqlite3_prepare_v3(f->db, "INSERT INTO done VALUES (?, 1, 2, 3)",
		-1, SQLITE_PREPARE_PERSISTENT, &f->insert, NULL) != SQLITE_OK)
		bench_die("floor: %s", sqlite3_errmsg(f->db));
	f->folder = fs_make_dir_open(b->root, "tickets", 0755, &e);
	must(f->folder);
}

static void
write_ticket(struct floor_of_tasks *f, const struct bench *b)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "%016jx.json",
	    (uintmax_t)f->count * 0x9e3779b97f4a7c15u);
	fd = openat(
	    f->folder, ".tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd == -1 ||
	    write(fd, b->ticket.data, b->ticket.len) !=
		(ssize_t)b->ticket.len ||
	    close(fd) == -1 ||
	    renameat(f->folder, ".tmp", f->folder, name) == -1)
		bench_die("floor: cannot write a ticket");
}

static double
floor_turn(struct floor_of_tasks *f, const struct bench *b)
{
	double began = bench_now();
	char name[32];
	int i;

	sql(f, "BEGIN IMMEDIATE");
	for (i = 0; i < TASKS; i++) {
		f->count++;
		write_ticket(f, b);
		snprintf(name, sizeof(name), "%016jx",
		    (uintmax_t)f->count * 0x9e3779b97f4a7c15u);
		sqlite3_bind_text(f->insert, 1, name, -1, SQLITE_TRANSIENT);
		if (sqlite3_step(f->insert) != SQLITE_DONE)
			bench_die("floor: %s", sqlite3_errmsg(f->db));
		sqlite3_reset(f->insert);
	}
	sql(f, "COMMIT");
	return bench_now() - began;
}

/* A ticket as it was published, so that the floor writes as many bytes. */
static void
read_ticket(struct bench *b)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path),
	    "spool/local/outgoing/b0/tickets/"
	    "%016jx.json",
	    (uintmax_t)b->open[0].lease);
	must(fs_read_file(b->root, path, &b->ticket, 1 << 20, &e));
}

int
main(void)
{
	static struct bench b;
	static struct floor_of_tasks f;
	double ours[PAIRS], theirs[PAIRS], ratio[PAIRS];
	int round, i;

	open_scene(&b);
	open_floor(&f, &b);
	for (round = 0; round < WARM_UP + PAIRS; round++) {
		i = round < WARM_UP ? 0 : round - WARM_UP;
		bench_settle(b.root);
		ours[i] = TASKS / our_turn(&b);
		if (round == 0)
			read_ticket(&b);
		bench_settle(b.root);
		theirs[i] = TASKS / floor_turn(&f, &b);
		ratio[i] = ours[i] / theirs[i];
	}
	bench_note("%d pairs of %d tasks, tickets of %zu bytes", PAIRS, TASKS,
	    b.ticket.len);
	bench_note("the Go program of the same name claims and completes 384 "
		   "to 508 a second (NORMAL, not durable)");
	bench_figure(&(struct figure){"tasks", "tasks/s",
	    bench_median(ours, PAIRS), bench_median(theirs, PAIRS),
	    bench_median(ratio, PAIRS), AT_LEAST, 0.4});
	return 0;
}

/*
 * Builds on their way out, over a real database and a real store: what goes,
 * what stays, and what a kill leaves.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/db/builds.h"
#include "masterd/db/builds_keep.h"
#include "masterd/retire.h"
#include "tests/unit/masterd/world.h"

#define HOUR 3600000ull
#define DAY  (24 * HOUR)

struct scene {
	struct world *w;
	struct loop *loop;
	struct retire r;
	uint64_t now;
	bool busy;
	struct digest held;
};

static bool
is_busy(void *arg)
{
	return ((struct scene *)arg)->busy;
}

static bool
is_held(void *arg, const struct digest *sha256)
{
	return digest_equal(&((struct scene *)arg)->held, sha256);
}

static int
setup(void **state)
{
	struct scene *s = mem_alloc(sizeof(*s));
	struct err e;

	s->w = world_new();
	/* Those of the fixture have no files: let them be gone already. */
	world_sql(s->w,
	    "UPDATE build SET collected = 1; DELETE FROM build_file;"
	    "UPDATE job SET status = 'cancelled';"
	    "UPDATE lease SET state = 'done'");
	if ((s->loop = loop_new(&e)) == NULL ||
	    (s->r.store = store_open(s->w->root, s->loop, false, &e)) == NULL)
		return -1;
	s->r.db = s->w->db;
	s->r.policy = RETAIN_DEFAULT;
	s->r.grace_ms = RETIRE_GRACE_MS;
	s->r.busy = is_busy;
	s->r.holds = is_held;
	s->r.arg = s;
	s->now = 1800000000000;
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	store_close(s->r.store);
	loop_free(s->loop);
	world_free(s->w);
	free(s);
	return 0;
}

static void
hour(struct scene *s)
{
	struct err e;

	if (retire_builds(&s->r, s->now, &e) == -1)
		fail_msg("%s", e.text);
}

/* ---- builds ---------------------------------------------------------- */

static struct digest
put_file(struct scene *s, const char *text)
{
	struct staged *f = store_stage(s->r.store, NULL);
	struct digest d;

	assert_int_equal(store_stage_add(f, text, strlen(text), NULL), 0);
	assert_int_equal(store_stage_end(f, &d, NULL, NULL), 0);
	assert_int_equal(store_name_build_file(s->r.store, f, &d, NULL), 0);
	return d;
}

static struct digest
put_manifest(struct scene *s, const struct manifest *m)
{
	struct staged *f = store_stage(s->r.store, NULL);
	struct buf text = BUF_INIT;
	struct digest d;

	manifest_format(&text, m);
	assert_int_equal(store_stage_add(f, text.data, text.len, NULL), 0);
	assert_int_equal(store_stage_end(f, &d, NULL, NULL), 0);
	assert_int_equal(store_name_manifest(s->r.store, f, &d, NULL), 0);
	buf_release(&text);
	return d;
}

/* Of files with these texts, two of them; as masterd does it, without the
 * sync.  Its row. */
static int64_t
add_build(
    struct scene *s, const char *first, const char *second, uint64_t added_ms)
{
	static const struct build_target target = {"read", "f0"};
	const char *const texts[2] = {first, second};
	const uint32_t traits[2] = {1, 1};
	struct manifest m = {NULL, 0, 0};
	struct ticket_file f = {.mode = 0755};
	struct build_new b = {.manifest = &m,
	    .traits = traits,
	    .branch = "main",
	    .revision = "",
	    .engine = "libfuzzer",
	    .sanitizer = "address",
	    .arch = "",
	    .by = "user:x",
	    .targets = &target,
	    .target_count = 1};
	char sql[160];
	int64_t row;
	struct err e;
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(f.path, sizeof(f.path), "f%d", i);
		f.size = strlen(texts[i]);
		f.sha256 = put_file(s, texts[i]);
		manifest_add(&m, &f);
	}
	assert_int_equal(name_parse(&b.project, "project", "zlib", &e), 0);
	b.id = put_manifest(s, &m);
	assert_int_equal(db_begin(s->w->db, &e), 0);
	if (builds_add(s->w->db, &b, &row, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(db_commit(s->w->db, &e), 0);
	manifest_release(&m);
	snprintf(sql, sizeof(sql),
	    "UPDATE build SET state = 'good', added_ms = %ju WHERE id = %jd",
	    (uintmax_t)added_ms, (intmax_t)row);
	world_sql(s->w, sql);
	return row;
}

static void
sql(struct scene *s, const char *fmt, int64_t row)
{
	char text[256];
	const char *mark = strstr(fmt, "ROW");

	snprintf(text, sizeof(text), "%.*s%jd%s", (int)(mark - fmt), fmt,
	    (intmax_t)row, mark + 3);
	world_sql(s->w, text);
}

static bool
is_state(struct scene *s, int64_t row, const char *state)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "SELECT count(*) FROM build WHERE id = %jd AND state = '%s'",
	    (intmax_t)row, state);
	return world_number(s->w, text) == 1;
}

/* Files in builds/files, and manifests. */
static int
count_one(void *arg, int dirfd, const char *name)
{
	int fd, *n = arg;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		++*n;
		return 0;
	}
	fd = fs_open_dir(dirfd, name, NULL);
	fs_each(fd, count_one, n, NULL);
	close(fd);
	return 0;
}

static int
files(struct scene *s)
{
	int fd = fs_open_dir(s->w->root, "builds", NULL), n = 0;

	assert_int_equal(fs_each(fd, count_one, &n, NULL), 0);
	close(fd);
	return n;
}

/* ---- what goes ------------------------------------------------------- */

static void
an_old_build_goes_and_takes_what_only_it_used(void **state)
{
	struct scene *s = *state;
	int64_t old = add_build(s, "a", "shared", s->now - 30 * DAY);
	int64_t week = add_build(s, "b", "shared", s->now - 30 * DAY + HOUR);
	int64_t young = add_build(s, "c", "shared", s->now - DAY);

	assert_int_equal(files(s), 4 + 3);
	hour(s);
	assert_true(is_state(s, old, "removed"));
	assert_true(is_state(s, week, "good"));
	assert_true(is_state(s, young, "good"));
	assert_int_equal(world_number(s->w,
			     "SELECT count(*) FROM event WHERE what ="
			     " 'build.removed' AND who = 'master'"),
	    1);
	/* Its files stay for a day. */
	s->now += 23 * HOUR;
	hour(s);
	assert_int_equal(files(s), 4 + 3);
	s->now += 2 * HOUR;
	hour(s);
	assert_int_equal(files(s), 3 + 2);
	assert_int_equal(
	    world_number(s->w, "SELECT count(*) FROM build_file"), 3);
	assert_int_equal(world_number(s->w,
			     "SELECT count(*) FROM build WHERE collected = 1"
			     " AND state = 'removed'"),
	    1);
	hour(s);
	assert_int_equal(files(s), 3 + 2);
}

static void
what_somebody_holds_stays(void **state)
{
	struct scene *s = *state;
	int64_t pinned = add_build(s, "1", "x", s->now - 100 * DAY);
	int64_t used = add_build(s, "2", "x", s->now - 100 * DAY + 1);
	int64_t leased = add_build(s, "3", "x", s->now - 100 * DAY + 2);
	int64_t needed = add_build(s, "4", "x", s->now - 100 * DAY + 3);
	int64_t checked = add_build(s, "5", "x", s->now - 100 * DAY + 4);
	int64_t none = add_build(s, "6", "x", s->now - 100 * DAY + 5);

	add_build(s, "7", "x", s->now - 100 * DAY + 6);
	sql(s,
	    "INSERT INTO job (job, target, build, engine, sanitizer, status,"
	    " created_by, created_ms) VALUES ('bbbbbbbbbbbbbbbb', 1, ROW, 'x',"
	    " 'y', 'paused', '', 1)",
	    pinned);
	sql(s,
	    "INSERT INTO job (job, target, current, engine, sanitizer,"
	    " created_by, created_ms) VALUES ('cccccccccccccccc', 1, ROW, 'x',"
	    " 'y', '', 1)",
	    used);
	sql(s,
	    "INSERT INTO lease (lease, task, build, bot, epoch, slice_ms,"
	    " named_up, charged_up, offered_ms) VALUES ('dddddddddddddddd', 2,"
	    " ROW, 1, 1, 1, 1, 1, 1)",
	    leased);
	sql(s,
	    "UPDATE observation SET build = (SELECT sha256 FROM build WHERE"
	    " id = ROW)",
	    needed);
	sql(s,
	    "INSERT INTO task (task, kind, target, build, state)"
	    " VALUES ('eeeeeeeeeeeeeeee', 'check', 1, ROW, 'leased')",
	    checked);
	hour(s);
	assert_true(is_state(s, pinned, "good"));
	assert_true(is_state(s, used, "good"));
	assert_true(is_state(s, leased, "good"));
	assert_true(is_state(s, needed, "good"));
	assert_true(is_state(s, checked, "good"));
	assert_true(is_state(s, none, "removed"));
	/* And no longer than that. */
	world_sql(s->w,
	    "UPDATE job SET status = 'cancelled' WHERE status IN"
	    " ('paused', 'pending'); UPDATE lease SET state = 'cancelled'"
	    " WHERE state = 'offered'; UPDATE bucket SET status = 'fixed';"
	    "UPDATE task SET state = 'done' WHERE state = 'leased'"
	    " AND kind = 'check'");
	hour(s);
	assert_int_equal(world_number(s->w,
			     "SELECT count(*) FROM build WHERE state ="
			     " 'removed'"),
	    6);
}

static void
the_first_and_the_last_build_of_a_bug_are_needed(void **state)
{
	struct scene *s = *state;
	int64_t first = add_build(s, "1", "x", s->now - 100 * DAY);
	int64_t middle = add_build(s, "2", "x", s->now - 100 * DAY + 1);
	int64_t last = add_build(s, "3", "x", s->now - 100 * DAY + 2);
	int i;

	add_build(s, "4", "x", s->now - 100 * DAY + 3);
	world_sql(s->w, "DELETE FROM observation");
	for (i = 0; i < 3; i++)
		sql(s,
		    "INSERT INTO observation (crash, bot, epoch, seq, record,"
		    " build, exit, signal, tries, reproduced, found_ms)"
		    " SELECT 1, 1, 'e', id, 1, sha256, 0, 0, 0, 0, 1 FROM"
		    " build WHERE id = ROW",
		    first + i);
	hour(s);
	assert_true(is_state(s, first, "good"));
	assert_true(is_state(s, middle, "removed"));
	assert_true(is_state(s, last, "good"));
}

static void
the_same_content_comes_back_within_the_grace(void **state)
{
	struct scene *s = *state;
	int64_t row = add_build(s, "a", "b", s->now - 30 * DAY), again;
	struct err e;

	add_build(s, "c", "d", s->now - 30 * DAY + 1);
	hour(s);
	assert_true(is_state(s, row, "removed"));
	again = add_build(s, "a", "b", s->now);
	assert_int_equal(again, row);
	assert_true(is_state(s, row, "good"));
	s->now += 2 * DAY;
	hour(s);
	assert_int_equal(files(s), 4 + 2);
	/* And after it was collected, too. */
	assert_int_equal(db_begin(s->w->db, &e), 0);
	assert_int_equal(
	    builds_remove(s->w->db, row, "user:x", "", s->now, &e), 0);
	assert_int_equal(
	    builds_remove(s->w->db, row, "user:x", "", s->now, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(db_commit(s->w->db, &e), 0);
	s->now += 2 * DAY;
	hour(s);
	assert_int_equal(files(s), 2 + 1);
	assert_int_equal(add_build(s, "a", "b", s->now), row);
	assert_int_equal(files(s), 4 + 2);
	hour(s);
	assert_int_equal(files(s), 4 + 2);
	assert_int_equal(world_number(s->w,
			     "SELECT count(*) FROM build_target bt JOIN build b"
			     " ON b.id = bt.build WHERE b.collected = 0"),
	    2);
}

/* ---- what a kill leaves ---------------------------------------------- */

static void
a_day(struct scene *s)
{
	int i;

	for (i = 0; i < 24; i++, s->now += HOUR)
		hour(s);
}

static void
names_without_rows_are_swept_a_day_later(void **state)
{
	struct scene *s = *state;
	struct manifest m = {NULL, 0, 0};
	struct ticket_file f = {.path = "x", .mode = 0644, .size = 7};
	int64_t row = add_build(s, "a", "b", s->now);

	/* Killed after the COMMIT, before the unlinks. */
	add_build(s, "c", "d", s->now);
	sql(s,
	    "UPDATE build SET state = 'removed', removed_ms = 1, collected = 1"
	    " WHERE id = ROW",
	    row + 1);
	sql(s, "DELETE FROM build_use WHERE build = ROW", row + 1);
	world_sql(s->w,
	    "DELETE FROM build_file WHERE sha256 NOT IN"
	    " (SELECT sha256 FROM build_use)");
	/* A file that waits for its build, and one of a build that only a
	 * manifest speaks of. */
	s->held = put_file(s, "upload");
	f.sha256 = put_file(s, "unknown");
	manifest_add(&m, &f);
	put_manifest(s, &m);
	manifest_release(&m);
	assert_int_equal(files(s), 6 + 3);

	/* Not at once: it may be on its way in. */
	s->now = (uint64_t)time(NULL) * 1000;
	a_day(s);
	assert_int_equal(files(s), 6 + 2);
	s->now += 2 * HOUR;
	a_day(s);
	assert_int_equal(files(s), 4 + 2);
	memset(&s->held, 0, sizeof(s->held));
	a_day(s);
	assert_int_equal(files(s), 3 + 2);
}

static void
nothing_is_collected_while_a_build_comes_in(void **state)
{
	struct scene *s = *state;
	int64_t row = add_build(s, "a", "b", s->now);

	sql(s,
	    "UPDATE build SET state = 'removed', removed_ms = 1 WHERE id = ROW",
	    row);
	s->busy = true;
	hour(s);
	assert_int_equal(files(s), 2 + 1);
	s->busy = false;
	hour(s);
	assert_int_equal(files(s), 0);
}

/* Of an older schema, whose files nobody has noted yet. */
static void
what_a_build_uses_is_read_from_its_manifest(void **state)
{
	struct scene *s = *state;
	int64_t row = add_build(s, "a", "b", s->now);
	char path[128];
	struct digest id;
	struct err e;

	sql(s, "DELETE FROM build_use WHERE build = ROW", row);
	hour(s);
	assert_int_equal(
	    world_number(s->w, "SELECT count(*) FROM build_use"), 2);
	assert_int_equal(files(s), 2 + 1);

	/* One that cannot be read may use any of them: none goes. */
	sql(s, "DELETE FROM build_use WHERE build = ROW", row);
	row = 0;
	assert_int_equal(builds_next_unread(s->w->db, &row, &id, &e), 1);
	snprintf(
	    path, sizeof(path), "builds/%s.manifest", digest_hex(&id).text);
	assert_int_equal(renameat(s->w->root, path, s->w->root, "aside"), 0);
	hour(s);
	assert_int_equal(files(s), 2);
	assert_int_equal(renameat(s->w->root, "aside", s->w->root, path), 0);
	hour(s);
	assert_int_equal(files(s), 2 + 1);
	assert_int_equal(
	    world_number(s->w, "SELECT count(*) FROM build_use"), 2);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(an_old_build_goes_and_takes_what_only_it_used),
	    TEST(what_somebody_holds_stays),
	    TEST(the_first_and_the_last_build_of_a_bug_are_needed),
	    TEST(the_same_content_comes_back_within_the_grace),
	    TEST(names_without_rows_are_swept_a_day_later),
	    TEST(nothing_is_collected_while_a_build_comes_in),
	    TEST(what_a_build_uses_is_read_from_its_manifest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What planner and bots do to tasks and leases, a line each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "tests/unit/masterd/work.h"

#define SQL 1024

int
work_setup(void **state)
{
	struct farm *f;

	if (farm_setup(state) == -1)
		return -1;
	f = *state;
	farm_beat(f, f->bot, FARM_EPOCH, 1, WORK_START);
	farm_sql(f,
	    "UPDATE bot SET engines = 'libfuzzer', slots = 4, host_class = "
	    "'A', arch = 'x86_64'");
	return 0;
}

int64_t
work_bot(struct farm *f, const char *name, const char *host_class)
{
	int64_t id = farm_bot(f, "local", name);
	char sql[SQL];

	farm_beat(f, id, 0x1000 + (uint64_t)id, 1, WORK_START);
	snprintf(sql, sizeof(sql),
	    "UPDATE bot SET engines = 'libfuzzer', slots = 4, host_class = "
	    "'%s', arch = 'x86_64' WHERE id = %jd",
	    host_class, (intmax_t)id);
	farm_sql(f, sql);
	return id;
}

/* ---- builds and jobs -------------------------------------------------- */

int64_t
work_target(struct farm *f, const char *name)
{
	char sql[SQL];

	snprintf(sql, sizeof(sql),
	    "INSERT OR IGNORE INTO project (id, name, added_ms) VALUES (1, "
	    "'zlib', 1);"
	    "INSERT INTO target (project, name, generation, added_ms) VALUES "
	    "(1, '%s', 1, 1)",
	    name);
	farm_sql(f, sql);
	return farm_number(f, "SELECT max(id) FROM target");
}

int64_t
work_build(struct farm *f, const char *revision, int ord)
{
	char sql[SQL], number[16] = "NULL";

	if (ord >= 0)
		snprintf(number, sizeof(number), "%d", ord);
	snprintf(sql, sizeof(sql),
	    "INSERT OR IGNORE INTO project (id, name, added_ms) VALUES (1, "
	    "'zlib', 1);"
	    "INSERT INTO build (sha256, project, revision, ord, engine, "
	    "sanitizer, files, bytes, added_by, added_ms) VALUES "
	    "(randomblob(32), 1, '%s', %s, 'libfuzzer', 'address', 1, 1, "
	    "'user:x', 1)",
	    revision, number);
	farm_sql(f, sql);
	return farm_number(f, "SELECT max(id) FROM build");
}

void
work_put(struct farm *f, int64_t build, int64_t target, const char *state)
{
	char sql[SQL];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO build_target (build, target, program, state) VALUES "
	    "(%jd, %jd, 'p', '%s')",
	    (intmax_t)build, (intmax_t)target, state);
	farm_sql(f, sql);
}

int64_t
work_job(struct farm *f, int64_t target, int64_t build)
{
	char sql[SQL];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO job (job, target, build, engine, sanitizer, "
	    "created_by, created_ms) VALUES (lower(hex(randomblob(8))), %jd, "
	    "nullif(%jd, 0), 'libfuzzer', 'address', 'user:x', 1)",
	    (intmax_t)target, (intmax_t)build);
	farm_sql(f, sql);
	return farm_number(f, "SELECT max(id) FROM job");
}

/* ---- leases ------------------------------------------------------------ */

int64_t
work_lease_of(struct farm *f, int64_t task, int64_t bot)
{
	char sql[SQL];

	snprintf(sql, sizeof(sql),
	    "UPDATE task SET state = 'leased', attempts = attempts + 1 WHERE "
	    "id = %jd;"
	    "INSERT INTO lease (lease, task, build, bot, epoch, slice_ms, "
	    "named_up, charged_up, offered_ms) SELECT "
	    "lower(hex(randomblob(8))), t.id, coalesce(t.build, j.current), "
	    "b.id, b.epoch, 60000, %ju, %ju, 1 FROM bot b, task t LEFT JOIN "
	    "job j ON j.id = t.job WHERE b.id = %jd AND t.id = %jd",
	    (intmax_t)task, (uintmax_t)WORK_START, (uintmax_t)WORK_START,
	    (intmax_t)bot, (intmax_t)task);
	farm_sql(f, sql);
	return farm_number(f, "SELECT max(id) FROM lease");
}

/* The task that waits, or a new one. */
int64_t
work_offer_at(struct farm *f, int64_t job, int64_t bot, uint64_t up_ms)
{
	int64_t task, lease;
	char sql[SQL];

	snprintf(sql, sizeof(sql),
	    "SELECT id FROM task WHERE job = %jd AND state = 'ready' ORDER "
	    "BY id LIMIT 1",
	    (intmax_t)job);
	if ((task = farm_number(f, sql)) == -1) {
		snprintf(sql, sizeof(sql),
		    "INSERT INTO task (task, kind, job, target) SELECT "
		    "lower(hex(randomblob(8))), 'fuzz', id, target FROM job "
		    "WHERE id = %jd",
		    (intmax_t)job);
		farm_sql(f, sql);
		task = farm_number(f, "SELECT max(id) FROM task");
	}
	lease = work_lease_of(f, task, bot);
	snprintf(sql, sizeof(sql),
	    "UPDATE lease SET named_up = %ju WHERE id = %jd", (uintmax_t)up_ms,
	    (intmax_t)lease);
	farm_sql(f, sql);
	return lease;
}

int64_t
work_offer(struct farm *f, int64_t job)
{
	return work_offer_at(f, job, f->bot, WORK_START);
}

/* ---- what is so -------------------------------------------------------- */

const char *
work_is(struct farm *f, const char *table, const char *column, int64_t id)
{
	char sql[SQL];

	snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE id = %jd", column,
	    table, (intmax_t)id);
	return farm_text(f, sql);
}

uint64_t
work_id(struct farm *f, int64_t lease)
{
	uint64_t id;

	assert_int_equal(
	    text_to_hex64(&id, work_is(f, "lease", "lease", lease)), 0);
	return id;
}

int64_t
work_task_of(struct farm *f, int64_t lease)
{
	return strtoll(work_is(f, "lease", "task", lease), NULL, 10);
}

const char *
work_lease(struct farm *f, int64_t lease)
{
	return work_is(f, "lease", "state", lease);
}

const char *
work_task(struct farm *f, int64_t lease)
{
	return work_is(f, "task", "state", work_task_of(f, lease));
}

const char *
work_job_is(struct farm *f, int64_t job)
{
	return work_is(f, "job", "status", job);
}

/* ---- what bots say ------------------------------------------------------ */

void
work_name(struct farm *f, int64_t lease, uint64_t up_ms)
{
	assert_int_equal(leases_named(f->db, f->bot, work_id(f, lease), 10,
			     1000, FARM_NOW, up_ms, NULL),
	    0);
}

static void
send_complete(struct farm *f, const struct lease_complete *c)
{
	struct err e = {.text = ""};

	if (leases_complete(f->db, c, &e) == -1)
		fail_msg("%s", e.text);
}

void
work_complete(struct farm *f, int64_t lease, const char *result, uint64_t first,
    uint64_t last)
{
	struct record r = {.type = REC_COMPLETE, .lease = work_id(f, lease)};
	struct record needs = {.type = REC_NEEDS, .epoch = FARM_EPOCH};
	struct lease_complete c = {.bot = f->bot,
	    .complete = &r,
	    .needs = &needs,
	    .need_count = last != 0,
	    .reason = "it says why",
	    .now_ms = FARM_NOW,
	    .up_ms = WORK_START};

	text_copy(r.word2, sizeof(r.word2), result);
	r.n[COMPLETE_EXECS] = 5000;
	r.n[COMPLETE_CPU_MS] = 7000;
	needs.n[RANGE_FIRST] = first;
	needs.n[RANGE_LAST] = last;
	send_complete(f, &c);
}

void
work_says(struct farm *f, int64_t lease, int64_t bot, const char *verdict,
    const char *said)
{
	struct record r = {.type = REC_COMPLETE, .lease = work_id(f, lease)};
	struct record check = {.type = REC_CHECK};
	struct lease_complete c = {.bot = bot,
	    .complete = &r,
	    .check = &check,
	    .said = said,
	    .reason = "",
	    .now_ms = FARM_NOW,
	    .up_ms = WORK_START};

	text_copy(r.word2, sizeof(r.word2), "done");
	text_copy(check.word, sizeof(check.word), verdict);
	check.n[CHECK_EDGES] = 900;
	check.n[CHECK_FEATURES] = 1000;
	check.n[CHECK_CALLS] = 77;
	check.n[CHECK_DICT] = 118;
	check.n[CHECK_SEEDS] = 240;
	send_complete(f, &c);
	work_settle(f);
}

/* ---- what time does ------------------------------------------------------ */

static void
count_change(void *arg, int64_t bot)
{
	(void)bot;
	++*(int *)arg;
}

struct lease_turn
work_turn(uint64_t up_ms, int *changed)
{
	return (struct lease_turn){FARM_NOW, up_ms, count_change, changed};
}

static int
told(int result, const struct err *e, int changed)
{
	if (result == -1)
		fail_msg("%s", e->text);
	return changed;
}

int
work_settle(struct farm *f)
{
	int changed = 0, result;
	struct lease_turn turn = work_turn(WORK_START, &changed);
	struct err e = {.text = ""};

	result = leases_settle(f->db, 0, &turn, &e);
	return told(result, &e, changed);
}

int
work_expire(struct farm *f, uint64_t up_ms)
{
	int changed = 0, result;
	struct lease_turn turn = work_turn(up_ms, &changed);
	struct err e = {.text = ""};

	result = leases_expire(f->db, &turn, &e);
	return told(result, &e, changed);
}

int
work_charge(struct farm *f, uint64_t ms)
{
	int changed = 0, result;
	struct lease_turn turn = work_turn(WORK_START, &changed);
	struct err e = {.text = ""};

	result = leases_charge(f->db, ms, &turn, &e);
	return told(result, &e, changed);
}

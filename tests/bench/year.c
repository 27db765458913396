/*
 * What a year of 100 bots leaves in the database, retention at work
 * as in life: its size, table by table, its growth, how long `ledger check`
 * takes, and how long a turn of retention holds up the loop.
 *
 *	year [-b BOTS] [-d DAYS]
 *
 * All goes through the functions that intake, planner and admin use, without
 * syncs and in large transactions.  Fewer bots have a smaller share of all
 * else, too, so that a short run shows the same growth per bot and day.
 *
 * The load (year_load.c does it): a bot has 4 slots, is restarted once a day,
 * and sends what the design asks for: statistics each minute, a lease an hour
 * and slot, and 48 bundles with 40 new units: corpora that are months old, a
 * unit each two or three hours of a slot.  Of crashes 15 a day, of which 5 are
 * inputs not seen before: one bug that is hit in one of its leases (a bot seals
 * at most 5 inputs of a bug a lease), and small inputs met again.  For 100 bots
 * besides: 10 projects of 15 targets with a job each; every night 30 builds (3
 * sanitizers) of 200 files, a tenth of them new, checked on two hosts, kept 14
 * days and then one a week; 150 jobs a day of CI with 85 values each; 10 events
 * a bot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "masterd/db/db_internal.h"
#include "masterd/db/ledger.h"
#include "masterd/db/retention.h"
#include "masterd/db/views.h"
#include "tests/bench/bench.h"
#include "tests/bench/year_load.h"

#define TURN_ROWS  512
#define TURNS_MOST 2000000
#define SAMPLE     30 /* days over which growth is taken */

struct turns {
	double *ms;
	int count;
};

static int64_t
number(struct db *db, const char *sql)
{
	int64_t n = 0;
	struct err e;

	if (db_number(db, &e, &n, sql, "") == -1)
		bench_die_err(&e);
	return n;
}

static double
mib_of(struct db *db)
{
	return (double)(number(db, "PRAGMA page_count") *
		   number(db, "PRAGMA page_size")) /
	    (1 << 20);
}

/* ---- retention ------------------------------------------------------- */

static void
retire(struct db *db, uint64_t now, struct turns *t)
{
	struct retention r = {.policy = RETENTION_DEFAULT};
	struct err e;
	double began;
	int more;

	do {
		began = bench_now();
		if (db_begin(db, &e) == -1 ||
		    (more = retention_run(db, &r, now, TURN_ROWS, &e)) == -1 ||
		    db_commit(db, &e) == -1)
			bench_die_err(&e);
		if (t->count < TURNS_MOST)
			t->ms[t->count++] = (bench_now() - began) * 1000;
		if (db_checkpoint_due(db) && db_checkpoint(db, &e) == -1)
			bench_die_err(&e);
	} while (more == 1);
}

/* ---- what is left ---------------------------------------------------- */

static void
tell_tables(struct db *db)
{
	sqlite3_stmt *s;

	bench_note("  %-20s %10s %10s", "table, its indexes", "rows", "MiB");
	if (sqlite3_prepare_v2(db->handle,
		"SELECT tbl, sum(size) / 1048576.0, sum(cells) FROM (SELECT "
		"coalesce((SELECT tbl_name FROM sqlite_master m WHERE m.name = "
		"d.name), d.name) AS tbl, pgsize AS size, CASE WHEN d.name = "
		"(SELECT tbl_name FROM sqlite_master m WHERE m.name = d.name) "
		"AND d.pagetype = 'leaf' THEN d.ncell END AS cells FROM dbstat "
		"d) GROUP BY tbl HAVING sum(size) > 200000 ORDER BY 2 DESC",
		-1, &s, NULL) != SQLITE_OK)
		bench_die("dbstat: %s", sqlite3_errmsg(db->handle));
	while (sqlite3_step(s) == SQLITE_ROW)
		bench_note("  %-20s %10jd %10.1f", db_text(s, 0),
		    (intmax_t)sqlite3_column_int64(s, 2),
		    sqlite3_column_double(s, 1));
	sqlite3_finalize(s);
	bench_note("  %-20s %10s %10.1f", "free pages", "",
	    (double)(number(db, "PRAGMA freelist_count") *
		number(db, "PRAGMA page_size")) /
		(1 << 20));
}

/* What is there for good, or for 400 days: the rest comes and goes, at a level
 * that the load decides. */
static double
lasting_mib(struct db *db)
{
	return (double)number(db,
		   "SELECT sum(pgsize) FROM dbstat WHERE coalesce((SELECT "
		   "tbl_name FROM sqlite_master m WHERE m.name = dbstat.name), "
		   "'') NOT IN ('ledger', 'lease', 'task', 'job_value', "
		   "'build_use', 'build_file', 'build_verdict', 'attempt')") /
	    (1 << 20);
}

static double
check_ledger(struct db *db)
{
	struct buf json = BUF_INIT;
	double began = bench_now(), took;
	bool balanced = false;
	struct err e;

	if (ledger_check(db, &json, &balanced, &e) == -1)
		bench_die_err(&e);
	took = bench_now() - began;
	if (!balanced)
		bench_die("the ledger does not balance: %.300s", json.data);
	buf_release(&json);
	return took;
}

/* Nothing that retention did broke a reference or a view. */
static void
check_soundness(struct db *db)
{
	struct buf out = BUF_INIT;
	struct view_page page = {.limit = 50, .newest = true};
	struct err e;
	int v;

	if (number(db, "SELECT count(*) FROM pragma_foreign_key_check") != 0)
		bench_die("a row refers to one that is gone");
	for (v = 0; v < VIEW_COUNT; v++) {
		page.view = (enum view)v;
		page.filter[0] = v == VIEW_UNIT ? "p0/target-0" : NULL;
		buf_reset(&out);
		if (view_list(db, &page, &out, &e) == -1)
			bench_die_err(&e);
	}
	buf_reset(&out);
	if (view_status(db, NULL, &out, &e) == -1)
		bench_die_err(&e);
	buf_release(&out);
}

/* ---- figures --------------------------------------------------------- */

static void
tell(struct db *db, const struct load *l, int days, double sampled,
    struct turns *t)
{
	/* Facts stay: a second year has more of them than the first. */
	double share = l->bots / 100.0 * (days > 365 ? days / 365.0 : 1);
	double mib = mib_of(db);
	double growth =
	    (lasting_mib(db) - sampled) * (1 << 20) / SAMPLE / l->bots;
	struct err e;

	tell_tables(db);
	if (db_exec(db, "PRAGMA cache_size=-4096", &e) == -1)
		bench_die_err(&e);
	bench_figure(&(struct figure){"year.size", "MiB", mib, NO_FIGURE,
	    NO_FIGURE, AT_MOST, 1024 * share});
	bench_figure(&(struct figure){"year.ledger-check", "s",
	    check_ledger(db), NO_FIGURE, NO_FIGURE, AT_MOST, 5});
	bench_figure(&(struct figure){"year.growth", "B/bot/day", growth,
	    NO_FIGURE, NO_FIGURE, AT_MOST, NO_FIGURE});
	bench_figure(&(struct figure){"year.turn-p99", "ms",
	    bench_share(t->ms, t->count, 0.99), NO_FIGURE, NO_FIGURE, BELOW,
	    50});
	bench_figure(&(struct figure){"year.turn-longest", "ms",
	    t->ms[t->count - 1], NO_FIGURE, NO_FIGURE, BELOW, NO_FIGURE});
	check_soundness(db);
}

static void
run(struct db *db, struct load *l, int days)
{
	struct turns t = {mem_array(TURNS_MOST, sizeof(double)), 0};
	double began = bench_now(), sampled = 0;
	int day;

	for (day = 0; day < days; day++) {
		/* The last month is what is measured: see year_load.h. */
		l->fine = days - day;
		load_day(l, day);
		/* Only the turns of a full database count. */
		if (day == days - SAMPLE) {
			sampled = lasting_mib(db);
			t.count = 0;
		}
		/* Each hour in life: more often makes no row go earlier. */
		if (day % 4 == 3 || l->fine <= SAMPLE)
			retire(db, l->now_ms, &t);
		if (day % 30 == 29)
			bench_note("day %d: %.0f MiB, %.0f s", day + 1,
			    mib_of(db), bench_now() - began);
	}
	bench_note("%d bots, %d days", l->bots, days);
	tell(db, l, days, sampled, &t);
	free(t.ms);
}

int
main(int argc, char **argv)
{
	struct load l = {.bots = 100};
	int c, fd, days = 365;
	struct err e;

	while ((c = getopt(argc, argv, "b:d:")) != -1) {
		if (c == 'b')
			l.bots = atoi(optarg);
		else if (c == 'd')
			days = atoi(optarg);
		else
			return 2;
	}
	if (l.bots < 1 || l.bots > LOAD_BOTS || days <= SAMPLE)
		bench_die("-b 1 to %d, -d more than %d", LOAD_BOTS, SAMPLE);
	bench_folder(&fd);
	if ((l.db = db_open(fd, &e)) == NULL ||
	    db_leave_out_syncs(l.db, &e) == -1)
		bench_die_err(&e);
	if (db_exec(l.db, "PRAGMA cache_size=-1048576", &e) == -1)
		bench_die_err(&e);
	load_open(&l);
	run(l.db, &l, days);
	load_close(&l);
	db_close(l.db);
	return 0;
}

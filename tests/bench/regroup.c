/*
 * The decision to which bucket a crash goes, when a million are there, and a
 * regroup of the 100,000 that have a report.  Those are placed by the function
 * that intake uses, without syncs; 40,000 bugs of which few are hit often, as
 * in life.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/judge.h"
#include "masterd/db/regroup.h"
#include "tests/bench/bench.h"

#define CRASHES   1000000
#define BUGS      40000
#define TRIES     2000
#define REGROUPED 100000
#define TURN      20000

static uint64_t seed = 20261122;

static uint32_t
dice(uint32_t sides)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(seed >> 33) % sides;
}

static void
must(int got, const struct err *e)
{
	if (got == -1)
		bench_die_err(e);
}

/* ---- reports --------------------------------------------------------- */

static const char *const words[] = {"png", "read", "write", "chunk", "inflate",
    "decode", "row", "header", "huffman", "table", "copy", "peek", "string",
    "parse", "value", "list", "entry", "frame", "block", "stream"};

/* The report of bug "n" as its variant: a way to the same place. */
static void
report(struct buf *out, uint32_t n, uint32_t variant)
{
	uint64_t kept = seed;
	int i, depth;

	seed = n * 2654435761u + 17;
	depth = 5 + (int)dice(8);
	buf_reset(out);
	buf_adds(out,
	    "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address "
	    "0x602000000053 at pc 0x5559b0537c2a bp 0x7ffd71a2c2b0 sp "
	    "0x7ffd71a2c2a8\n");
	buf_printf(out, "READ of size %d at 0x602000000053 thread T0\n",
	    1 << (variant % 4));
	for (i = 0; i < depth; i++)
		buf_printf(out, "    #%d 0x55 in %s_%s_%u /src/a.c:%d:3\n", i,
		    words[dice(20)], words[dice(20)],
		    i < depth - 1 ? dice(400) : variant, i + 10);
	buf_adds(out, "\nSUMMARY: AddressSanitizer: heap-buffer-overflow\n");
	seed = kept;
}

struct judged {
	struct triage t;
	struct facts facts;
	struct buf text, normal;
};

static void
judge(struct judged *j, uint32_t bug, uint32_t variant)
{
	report(&j->text, bug, variant);
	facts_read(&j->facts, j->text.data, j->text.len);
	triage_settle(&j->t, &j->facts, rules_of(rules_base(), "png"), "read");
}

/* ---- rows ------------------------------------------------------------ */

static double
place(struct db *db, const struct judged *j, struct bucket_answer *a)
{
	struct bucket_ask ask = {.project = 1,
	    .triage = &j->t,
	    .now_ms = 1700000000000,
	    .trace = ""};
	double began;
	struct err e;

	ask.limits = rules_limits(rules_of(rules_base(), "png"));
	began = bench_now();
	must(buckets_place(db, &ask, a, &e), &e);
	return (bench_now() - began) * 1e6;
}

static int64_t
stack_of(struct db *db, struct judged *j)
{
	struct digest d = facts_digest(&j->facts);
	int64_t id = 0;
	struct err e;

	buf_reset(&j->normal);
	facts_write(&j->normal, &j->facts);
	must(db_run(db, &e,
		 "INSERT OR IGNORE INTO stack (digest, text) VALUES (?, ?)",
		 "dt", &d, buf_text(&j->normal)),
	    &e);
	must(db_number(
		 db, &e, &id, "SELECT id FROM stack WHERE digest = ?", "d", &d),
	    &e);
	return id;
}

static void
add_crash(struct db *db, struct judged *j, const struct bucket_answer *a)
{
	struct err e;

	must(db_run(db, &e,
		 "INSERT INTO crash (target, sha256, signature, bucket, rules,"
		 " type, access, access_size, address, state, tool, security,"
		 " engine, sanitizer, bytes, has_input, tries, reproduced,"
		 " first_ms, last_ms, sig, stack, ruleset, severity,"
		 " severity_rule, security_rule, casr) SELECT 1,"
		 " randomblob(32), signature, bucket, 2, type, '', 0, '',"
		 " state, '', security, '', '', 1, 1, 0, 0, 1, 1, id,"
		 " nullif(?, 0), 1, ?, ?, ?, ? FROM signature WHERE id = ?",
		 "itttti", stack_of(db, j), triage_severity_name(j->t.severity),
		 j->t.severity_rule, j->t.security_rule, j->t.casr,
		 a->signature),
	    &e);
}

static void
begin(struct db *db)
{
	struct err e;

	must(db_begin(db, &e), &e);
}

static void
commit(struct db *db)
{
	struct err e;

	must(db_commit(db, &e), &e);
	if (db_checkpoint_due(db))
		must(db_checkpoint(db, &e), &e);
}

/* Few bugs are hit often. */
static uint32_t
some_bug(void)
{
	uint32_t n = dice(BUGS);

	return dice(4) == 0 ? n : (uint32_t)((uint64_t)n * n / BUGS / 40);
}

static void
fill(struct db *db, struct judged *j)
{
	struct bucket_answer a;
	int64_t ruleset;
	struct err e;
	int i;

	begin(db);
	must(db_exec(db,
		 "INSERT INTO project (id, name, added_ms) VALUES (1, 'png',"
		 " 1); INSERT INTO target (id, project, name, generation,"
		 " added_ms) VALUES (1, 1, 'read', 1, 1)",
		 &e),
	    &e);
	must(judge_ruleset(db, rules_name(rules_base()).text, 1, &ruleset, &e),
	    &e);
	for (i = 1; i <= REGROUPED; i++) {
		judge(j, some_bug(), dice(10) == 0 ? dice(4) : 0);
		place(db, j, &a);
		add_crash(db, j, &a);
		if (i % TURN == 0) {
			commit(db);
			begin(db);
		}
	}
	commit(db);
}

/* Crashes of before there were normalised reports: the others, in turn of all
 * signatures. */
static void
fill_up(struct db *db)
{
	int64_t have = REGROUPED, before = 0;
	struct err e;

	while (have < CRASHES && have != before) {
		before = have;
		begin(db);
		must(db_run(db, &e,
			 "INSERT INTO crash (target, sha256, signature, bucket,"
			 " rules, type, access, access_size, address, state,"
			 " tool, security, engine, sanitizer, bytes, has_input,"
			 " tries, reproduced, first_ms, last_ms, sig) SELECT 1,"
			 " randomblob(32), signature, bucket, 2, type, '', 0,"
			 " '', state, '', security, '', '', 1, 1, 0, 0, 1, 1,"
			 " id FROM signature LIMIT ?",
			 "i", CRASHES - have),
		    &e);
		commit(db);
		must(db_number(db, &e, &have, "SELECT count(*) FROM crash", ""),
		    &e);
	}
}

/* ---- figures --------------------------------------------------------- */

static void
decisions(struct db *db, struct judged *j)
{
	static double known[TRIES], fresh[TRIES];
	struct bucket_answer a;
	int k = 0, n = 0;
	uint32_t next = BUGS;

	begin(db);
	while (k < TRIES || n < TRIES) {
		double us;

		judge(j, k < TRIES ? some_bug() : next++, k < TRIES ? 0 : 1);
		us = place(db, j, &a);
		if (a.new_signature && n < TRIES)
			fresh[n++] = us;
		else if (!a.new_signature && k < TRIES)
			known[k++] = us;
	}
	commit(db);
	bench_figure(&(struct figure){"bucket.known-p99", "us",
	    bench_share(known, TRIES, 0.99), NO_FIGURE, NO_FIGURE, AT_MOST,
	    1000});
	bench_figure(&(struct figure){"bucket.new", "us",
	    bench_median(fresh, TRIES), NO_FIGURE, NO_FIGURE, AT_MOST, 1000});
	bench_figure(&(struct figure){"bucket.new-p99", "us",
	    bench_share(fresh, TRIES, 0.99), NO_FIGURE, NO_FIGURE, AT_MOST,
	    NO_FIGURE});
}

static void
regroup(struct db *db)
{
	static const char text[] = "[all]\nignore libc function png_*\n";
	const struct bucket_act act = {.who = "user:bench",
	    .reason = "",
	    .trace = "",
	    .now_ms = 1700000000000};
	struct rules *new;
	struct regroup *r;
	double began = bench_now(), turn, longest = 0, read;
	struct buf told = BUF_INIT;
	struct err e;
	int got;

	must(rules_parse(&new, text, sizeof(text) - 1, &e), &e);
	r = regroup_new(db, new, "");
	do {
		turn = bench_now();
		must(got = regroup_read(r, 15, &e), &e);
		if (got == 1 && bench_now() - turn > longest)
			longest = bench_now() - turn;
	} while (got == 1);
	buf_addc(&told, '{');
	must(regroup_tell(r, &told, &e), &e);
	read = bench_now() - began;
	bench_note("regroup: %.200s ...", told.data);
	do {
		turn = bench_now();
		begin(db);
		must(got = regroup_apply(r, &act, 15, &e), &e);
		commit(db);
		if (bench_now() - turn > longest)
			longest = bench_now() - turn;
	} while (got == 1);
	bench_figure(&(struct figure){
	    "regroup.dry-run", "s", read, NO_FIGURE, NO_FIGURE, AT_MOST, 30});
	bench_figure(&(struct figure){"regroup.apply", "s", bench_now() - began,
	    NO_FIGURE, NO_FIGURE, AT_MOST, 30});
	bench_figure(&(struct figure){"regroup.longest-turn", "ms",
	    longest * 1000, NO_FIGURE, NO_FIGURE, AT_MOST, NO_FIGURE});
	regroup_free(r);
	rules_free(new);
	buf_release(&told);
}

int
main(void)
{
	struct judged *j = mem_alloc(sizeof(*j));
	struct db *db;
	struct err e;
	int fd;

	bench_folder_in_memory(&fd);
	if ((db = db_open(fd, &e)) == NULL || db_leave_out_syncs(db, &e) == -1)
		bench_die_err(&e);
	bench_note("regroup: making %d crashes", CRASHES);
	must(db_exec(db, "PRAGMA cache_size = -400000", &e), &e);
	fill(db, j);
	fill_up(db);
	must(db_exec(db, "PRAGMA cache_size = -4096", &e), &e);
	decisions(db, j);
	regroup(db);
	db_close(db);
	buf_release(&j->text);
	buf_release(&j->normal);
	free(j);
	return 0;
}

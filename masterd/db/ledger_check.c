/*
 * Conservation (PROTOCOL 22): every seq that an epoch ever sealed is recorded,
 * dropped, or under way.  What is none of these is missing, unless somebody
 * wrote it off with a reason.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/ledger.h"

#define MISSING_SHOWN 64 /* ranges an epoch */

struct tally {
	uint64_t sealed, recorded, dropped, under_way, missing, written_off;
};

struct epoch_facts {
	int64_t id;
	uint64_t oldest, highest, sealed;
	uint64_t before;     /* up to here it was answered by a database that is
			    no more (epoch_before) */
	uint64_t written_to; /* and to here it was written off */
	bool named, live;
};

struct walk {
	const struct epoch_facts *f;
	struct tally *t;
	struct buf *gaps;
	int shown;
};

static void
show(struct walk *w, uint64_t first, uint64_t last)
{
	if (w->shown++ >= MISSING_SHOWN)
		return;
	json_open(w->gaps, NULL, '{');
	json_put_u64(w->gaps, "first", first);
	json_put_u64(w->gaps, "last", last);
	json_close(w->gaps, '}');
}

/* Of first..last what is not beyond "to". */
static void
write_off(struct walk *w, uint64_t to, uint64_t *first, uint64_t last)
{
	if (to > last)
		to = last;
	if (*first > to)
		return;
	w->t->written_off += to - *first + 1;
	*first = to + 1;
}

/* first..last has no outcome and was not dropped: where is it? */
static void
account_gap(struct walk *w, uint64_t first, uint64_t last)
{
	const struct epoch_facts *f = w->f;
	uint64_t away = UINT64_MAX, n;

	/* In an outbox that a beat named, or sealed since that beat. */
	if (f->named && f->oldest > 0)
		away = f->oldest;
	else if (f->named || f->live)
		away = f->highest + 1;
	write_off(w, f->written_to, &first, last);
	if (away <= last && first <= last) {
		n = last - (first > away ? first : away) + 1;
		w->t->under_way += n;
		last -= n;
	}
	write_off(w, f->before, &first, last);
	if (first > last)
		return;
	w->t->missing += last - first + 1;
	show(w, first, last);
}

static int
walk_epoch(struct db *db, struct walk *w, struct err *e)
{
	uint64_t next = 1, covered = 0, first, last;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT first, last, fate = 'recorded' "
	    "FROM epoch_range WHERE epoch = ? ORDER BY first, fate DESC",
	    "i", w->f->id);
	for (; got == 1; got = db_next(db, e, row)) {
		first = (uint64_t)sqlite3_column_int64(row, 0);
		last = (uint64_t)sqlite3_column_int64(row, 1);
		if (sqlite3_column_int(row, 2))
			w->t->recorded += last - first + 1;
		if (first < next)
			first = next;
		if (first > last)
			continue;
		if (first > next)
			account_gap(w, next, first - 1);
		covered += last - first + 1;
		next = last + 1;
	}
	if (got == -1)
		return -1;
	/* What was dropped after it had come in did come in. */
	w->t->dropped += covered - w->t->recorded;
	if (next <= w->f->sealed)
		account_gap(w, next, w->f->sealed);
	w->t->sealed += w->f->sealed > next - 1 ? w->f->sealed : next - 1;
	return 0;
}

struct epoch_line {
	struct epoch_facts facts;
	char account[40], bot[40], epoch[20];
};

static void
put_tally(struct buf *out, const struct tally *t)
{
	json_put_u64(out, "sealed", t->sealed);
	json_put_u64(out, "recorded", t->recorded);
	json_put_u64(out, "dropped", t->dropped);
	json_put_u64(out, "under_way", t->under_way);
	json_put_u64(out, "written_off", t->written_off);
	json_put_u64(out, "missing", t->missing);
}

static int
check_epoch(struct db *db, const struct epoch_line *line, struct tally *sum,
    struct buf *items, struct err *e)
{
	struct buf gaps = BUF_INIT;
	struct tally t = {0};
	struct walk w = {&line->facts, &t, &gaps, 0};

	json_open(&gaps, NULL, '[');
	if (walk_epoch(db, &w, e) == -1) {
		buf_release(&gaps);
		return -1;
	}
	json_close(&gaps, ']');
	sum->sealed += t.sealed;
	sum->recorded += t.recorded;
	sum->dropped += t.dropped;
	sum->under_way += t.under_way;
	sum->written_off += t.written_off;
	sum->missing += t.missing;
	json_open(items, NULL, '{');
	json_put_string(items, "account", line->account);
	json_put_string(items, "bot", line->bot);
	json_put_string(items, "epoch", line->epoch);
	put_tally(items, &t);
	json_put_raw(items, "gaps", gaps.data, gaps.len);
	json_close(items, '}');
	buf_release(&gaps);
	return 0;
}

static void
read_line(sqlite3_stmt *row, struct epoch_line *line)
{
	struct epoch_facts *f = &line->facts;
	uint64_t seen = (uint64_t)sqlite3_column_int64(row, 6);

	snprintf(line->account, sizeof(line->account), "%s", db_text(row, 1));
	snprintf(line->bot, sizeof(line->bot), "%s", db_text(row, 2));
	snprintf(line->epoch, sizeof(line->epoch), "%s", db_text(row, 3));
	f->id = sqlite3_column_int64(row, 0);
	f->oldest = (uint64_t)sqlite3_column_int64(row, 4);
	f->highest = (uint64_t)sqlite3_column_int64(row, 5);
	f->sealed = seen > f->highest ? seen : f->highest;
	f->named = sqlite3_column_int(row, 7);
	f->live = strcmp(db_text(row, 8), "live") == 0;
	f->written_to = (uint64_t)sqlite3_column_int64(row, 9);
	f->before = (uint64_t)sqlite3_column_int64(row, 10);
}

#define LINES                                                                  \
	"SELECT e.id, a.name, b.name, e.epoch, e.oldest, e.highest, "          \
	"e.max_seen, e.named, e.state, e.written_to, coalesce((SELECT x.last " \
	"FROM epoch_before x WHERE x.epoch = e.id), 0) FROM epoch e JOIN bot " \
	"b ON b.id = e.bot JOIN account a ON a.id = b.account "

static int
check_all(struct db *db, struct tally *sum, struct buf *items, struct err *e)
{
	struct epoch_line line;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row, LINES "ORDER BY a.name, b.name, e.id", "");
	for (; got == 1; got = db_next(db, e, row)) {
		read_line(row, &line);
		if (check_epoch(db, &line, sum, items, e) == -1) {
			db_end(row);
			return -1;
		}
	}
	return got;
}

int
ledger_write_off(struct db *db, int64_t epoch, const char *why, uint64_t *count,
    struct err *e)
{
	struct buf gaps = BUF_INIT;
	struct tally t = {0};
	struct epoch_line line;
	struct walk w = {&line.facts, &t, &gaps, MISSING_SHOWN};
	sqlite3_stmt *row;
	int got = db_query(db, e, &row, LINES "WHERE e.id = ?", "i", epoch);

	*count = 0;
	if (got != 1)
		return got == 0 ? err_set(e, ERR_BUG, "no such epoch") : -1;
	read_line(row, &line);
	db_end(row);
	if (walk_epoch(db, &w, e) == -1)
		return -1;
	/* Its outbox is gone, too. */
	*count = t.missing + t.under_way;
	if (*count == 0)
		return 0;
	return db_run(db, e,
	    "UPDATE epoch SET written_off = ?, written_to = max(highest, "
	    "max_seen) WHERE id = ?",
	    "ti", why, epoch);
}

static int
put_outcomes(struct db *db, struct buf *out, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "WITH word(outcome) AS (VALUES "
	    "('ingested'), ('duplicate'), ('conflict'), ('refused'), "
	    "('held')) SELECT outcome, (SELECT coalesce(sum(count), 0) FROM "
	    "epoch_count c WHERE c.outcome = word.outcome) FROM word",
	    "");
	for (; got == 1; got = db_next(db, e, row))
		json_put_u64(out, db_text(row, 0),
		    (uint64_t)sqlite3_column_int64(row, 1));
	return got;
}

int
ledger_check(struct db *db, struct buf *json, bool *balanced, struct err *e)
{
	struct buf items = BUF_INIT;
	struct tally sum = {0};
	int result = -1;

	json_open(&items, NULL, '[');
	if (check_all(db, &sum, &items, e) == -1)
		goto out;
	json_close(&items, ']');
	*balanced = sum.missing == 0;
	json_open(json, NULL, '{');
	json_put_u64(json, "api", 1);
	json_put_bool(json, "balanced", *balanced);
	put_tally(json, &sum);
	if (put_outcomes(db, json, e) == -1)
		goto out;
	json_put_raw(json, "items", items.data, items.len);
	json_close(json, '}');
	result = 0;
out:
	buf_release(&items);
	return result;
}

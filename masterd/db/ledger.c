/*
 * Fates: rows, ranges, attempts.  What status.json tells a bot to drop is
 * computed here and nowhere else.
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/ledger.h"

static int
find_epoch(
    struct db *db, int64_t bot, uint64_t epoch, int64_t *id, struct err *e)
{
	return db_number(db, e, id,
	    "SELECT id FROM epoch WHERE bot = ? AND epoch = ?", "it", bot,
	    text_hex64(epoch).text);
}

int
ledger_epoch(struct db *db, int64_t bot, uint64_t epoch, uint64_t now_ms,
    int64_t *id, struct err *e)
{
	int got = find_epoch(db, bot, epoch, id, e);

	if (got != 0)
		return got == 1 ? 0 : -1;
	if (db_run(db, e,
		"INSERT INTO epoch (bot, epoch, first_ms, last_ms) "
		"VALUES (?, ?, ?, ?)",
		"itii", bot, text_hex64(epoch).text, (int64_t)now_ms,
		(int64_t)now_ms) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

static int
in_range(struct db *db, int64_t epoch, uint64_t seq, struct err *e)
{
	int64_t one;

	return db_number(db, e, &one,
	    "SELECT 1 FROM epoch_range "
	    "WHERE epoch = ? AND fate = 'recorded' AND first <= ? AND "
	    "last >= ?",
	    "iii", epoch, (int64_t)seq, (int64_t)seq);
}

int
ledger_look(struct db *db, int64_t bot, uint64_t epoch, uint64_t seq,
    const struct digest *digest, enum ledger_known *known, int64_t *row,
    struct err *e)
{
	int64_t id, one;
	int got;

	*known = LEDGER_NEW;
	*row = 0;
	if (bot == 0 || (got = find_epoch(db, bot, epoch, &id, e)) == 0)
		return 0;
	if (got == -1)
		return -1;
	got = db_number(db, e, row,
	    "SELECT id FROM ledger WHERE epoch = ? "
	    "AND seq = ? AND digest = ?",
	    "iid", id, (int64_t)seq, digest);
	if (got == 1)
		*known = LEDGER_SAME;
	if (got != 0)
		return got == 1 ? 0 : -1;
	got = db_number(db, e, &one,
	    "SELECT 1 FROM ledger WHERE epoch = ? "
	    "AND seq = ?",
	    "ii", id, (int64_t)seq);
	if (got == 1)
		*known = LEDGER_OTHER;
	if (got != 0)
		return got == 1 ? 0 : -1;
	/* No row: folded away if its range has it (PROTOCOL 19). */
	got = in_range(db, id, seq, e);
	if (got == 1)
		*known = LEDGER_SAME;
	return got == -1 ? -1 : 0;
}

/* Add first..last to the epoch's ranges of that fate, joined to neighbours. */
static int
add_range(struct db *db, int64_t epoch, const char *fate, uint64_t first,
    uint64_t last, struct err *e)
{
	int64_t low = (int64_t)first, high = (int64_t)last;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT min(first), max(last) "
	    "FROM epoch_range WHERE epoch = ? AND fate = ? AND first <= ? "
	    "AND last >= ?",
	    "itii", epoch, fate, high + 1, low - 1);
	if (got == -1)
		return -1;
	if (got == 1 && sqlite3_column_type(row, 0) != SQLITE_NULL) {
		if (sqlite3_column_int64(row, 0) < low)
			low = sqlite3_column_int64(row, 0);
		if (sqlite3_column_int64(row, 1) > high)
			high = sqlite3_column_int64(row, 1);
	}
	if (got == 1)
		db_end(row);
	if (db_run(db, e,
		"DELETE FROM epoch_range WHERE epoch = ? AND "
		"fate = ? AND first >= ? AND last <= ?",
		"itii", epoch, fate, low, high) == -1)
		return -1;
	return db_run(db, e,
	    "INSERT INTO epoch_range (epoch, fate, first, "
	    "last) VALUES (?, ?, ?, ?)",
	    "itii", epoch, fate, low, high);
}

static int
count(struct db *db, int64_t epoch, const char *kind, const char *outcome,
    int by, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO epoch_count (epoch, kind, outcome, "
	    "count) VALUES (?, ?, ?, ?) ON CONFLICT (epoch, kind, outcome) "
	    "DO UPDATE SET count = count + excluded.count",
	    "itti", epoch, kind, outcome, (int64_t)by);
}

static int
see(struct db *db, const struct ledger_entry *n, struct err *e)
{
	return db_run(db, e,
	    "UPDATE epoch SET max_seen = max(max_seen, ?), "
	    "last_ms = ? WHERE id = ?",
	    "iii", (int64_t)n->seq, (int64_t)n->taken_ms, n->epoch);
}

static int
replace_row(struct db *db, const struct ledger_entry *n, struct err *e)
{
	sqlite3_stmt *row;
	char kind[32], outcome[32];
	int64_t id;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, kind, outcome FROM ledger "
	    "WHERE epoch = ? AND seq = ? AND outcome IN ('refused', 'held') "
	    "ORDER BY copy LIMIT 1",
	    "ii", n->epoch, (int64_t)n->seq);
	if (got != 1)
		return got;
	id = sqlite3_column_int64(row, 0);
	text_copy(kind, sizeof(kind), db_text(row, 1));
	text_copy(outcome, sizeof(outcome), db_text(row, 2));
	db_end(row);
	if (count(db, n->epoch, kind, outcome, -1, e) == -1 ||
	    count(db, n->epoch, n->kind, n->outcome, 1, e) == -1 ||
	    db_run(db, e,
		"UPDATE ledger SET digest = ?, kind = ?, "
		"outcome = ?, reason = ?, file = ?, bytes = ?, records = ? "
		"WHERE id = ?",
		"dttttiii", n->digest, n->kind, n->outcome, n->reason, n->file,
		(int64_t)n->bytes, (int64_t)n->records, id) == -1)
		return -1;
	return 1;
}

int
ledger_is_open(struct db *db, int64_t bot, uint64_t epoch, uint64_t seq,
    bool *open, struct err *e)
{
	int64_t one;
	int got = db_number(db, e, &one,
	    "SELECT 1 FROM ledger l JOIN epoch e ON e.id = l.epoch WHERE "
	    "e.bot = ? AND e.epoch = ? AND l.seq = ? AND l.outcome IN "
	    "('refused', 'held')",
	    "iti", bot, text_hex64(epoch).text, (int64_t)seq);

	*open = got == 1;
	return got == -1 ? -1 : 0;
}

int
ledger_record(
    struct db *db, const struct ledger_entry *n, bool replace, struct err *e)
{
	int got = replace ? replace_row(db, n, e) : 0;

	if (got != 0)
		return got == 1 ? 0 : -1;
	if (db_run(db, e,
		"INSERT INTO ledger (epoch, seq, copy, digest, kind, "
		"outcome, reason, bytes, records, sealed_ms, taken_ms, trace, "
		"file) VALUES (?1, ?2, (SELECT coalesce(max(copy) + 1, 0) FROM "
		"ledger WHERE epoch = ?1 AND seq = ?2), ?3, ?4, ?5, ?6, ?7, "
		"?8, "
		"?9, ?10, ?11, ?12)",
		"iidtttiiiitt", n->epoch, (int64_t)n->seq, n->digest, n->kind,
		n->outcome, n->reason, (int64_t)n->bytes, (int64_t)n->records,
		(int64_t)n->sealed_ms, (int64_t)n->taken_ms, n->trace,
		n->file) == -1)
		return -1;
	if (add_range(db, n->epoch, "recorded", n->seq, n->seq, e) == -1 ||
	    count(db, n->epoch, n->kind, n->outcome, 1, e) == -1)
		return -1;
	return see(db, n, e);
}

int
ledger_duplicate(
    struct db *db, int64_t epoch, int64_t row, const char *kind, struct err *e)
{
	if (count(db, epoch, kind, "duplicate", 1, e) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE ledger SET duplicates = duplicates + 1 "
	    "WHERE id = ?",
	    "i", row);
}

int
ledger_dropped(
    struct db *db, int64_t epoch, uint64_t first, uint64_t last, struct err *e)
{
	int64_t known;
	int got;

	if (first == 0 || last < first)
		return 0; /* nonsense from a bot changes nothing */
	got = db_number(db, e, &known,
	    "SELECT 1 FROM epoch_range WHERE "
	    "epoch = ? AND fate = 'dropped' AND first <= ? AND last >= ?",
	    "iii", epoch, (int64_t)first, (int64_t)last);
	if (got != 0)
		return got == 1 ? 0 : -1;
	return add_range(db, epoch, "dropped", first, last, e);
}

int
ledger_noted(struct db *db, int64_t epoch, uint64_t seq, struct err *e)
{
	return db_run(db, e,
	    "UPDATE ledger SET noted = 1 WHERE epoch = ? AND "
	    "seq = ? AND outcome = 'refused' AND noted = 0",
	    "ii", epoch, (int64_t)seq);
}

/* ---- ranges as the bot sees them ------------------------------------- */

/*
 * Walk the union of recorded and dropped from "from" on: the end of the run
 * that begins at or before "from", from - 1 when "from" itself is a gap.
 */
static int
run_end(
    struct db *db, int64_t epoch, uint64_t from, uint64_t *end, struct err *e)
{
	sqlite3_stmt *row;
	int64_t reach = (int64_t)from - 1;
	int got;

	got = db_query(db, e, &row,
	    "SELECT first, last FROM epoch_range "
	    "WHERE epoch = ? AND last >= ? ORDER BY first",
	    "ii", epoch, (int64_t)from);
	for (; got == 1; got = db_next(db, e, row)) {
		if (sqlite3_column_int64(row, 0) > reach + 1) {
			db_end(row);
			break;
		}
		if (sqlite3_column_int64(row, 1) > reach)
			reach = sqlite3_column_int64(row, 1);
	}
	*end = (uint64_t)reach;
	return got == -1 ? -1 : 0;
}

int
ledger_covers(struct db *db, int64_t bot, uint64_t epoch, uint64_t first,
    uint64_t last, bool *covers, struct err *e)
{
	uint64_t end;
	int64_t id;
	int got = find_epoch(db, bot, epoch, &id, e);

	*covers = false;
	if (got != 1)
		return got;
	if (run_end(db, id, first, &end, e) == -1)
		return -1;
	*covers = end >= last;
	return 0;
}

/* Refusals that no beat has noted yet; *more is the first that has no room. */
static int
fill_refused(struct db *db, int64_t epoch, struct status_epoch *s,
    uint64_t *more, struct err *e)
{
	struct status_refused *r;
	struct buf clean = BUF_INIT;
	sqlite3_stmt *row;
	int got;

	*more = UINT64_MAX;
	s->refused_count = 0;
	got = db_query(db, e, &row,
	    "SELECT seq, max(reason) FROM ledger "
	    "WHERE epoch = ? AND outcome = 'refused' AND noted = 0 "
	    "GROUP BY seq ORDER BY seq",
	    "i", epoch);
	for (; got == 1; got = db_next(db, e, row)) {
		if (s->refused_count == STATUS_MAX_REFUSED) {
			*more = (uint64_t)sqlite3_column_int64(row, 0);
			db_end(row);
			break;
		}
		r = &s->refused[s->refused_count++];
		r->seq = (uint64_t)sqlite3_column_int64(row, 0);
		buf_reset(&clean);
		text_clean_line(&clean, db_text(row, 1),
		    strlen(db_text(row, 1)), STATUS_REASON_MAX);
		text_copy(r->reason, sizeof(r->reason), buf_text(&clean));
	}
	buf_release(&clean);
	return got == -1 ? -1 : 0;
}

/* Recorded ranges beyond "below", none that reaches "limit". */
static int
fill_above(struct db *db, int64_t epoch, uint64_t limit, struct status_epoch *s,
    struct err *e)
{
	struct seq_range *r;
	sqlite3_stmt *row;
	int got;

	s->above_count = 0;
	got = db_query(db, e, &row,
	    "SELECT first, last FROM epoch_range "
	    "WHERE epoch = ? AND fate = 'recorded' AND last > ? "
	    "ORDER BY first",
	    "ii", epoch, (int64_t)s->below);
	for (; got == 1; got = db_next(db, e, row)) {
		r = &s->above[s->above_count];
		r->first = (uint64_t)sqlite3_column_int64(row, 0);
		r->last = (uint64_t)sqlite3_column_int64(row, 1);
		if (r->first <= s->below)
			r->first = s->below + 1;
		if (r->last >= limit)
			r->last = limit - 1;
		if (r->first > r->last ||
		    ++s->above_count == STATUS_MAX_RANGES) {
			db_end(row);
			break;
		}
	}
	return got == -1 ? -1 : 0;
}

/*
 * below = max(contiguous end, oldest - 1 of a beat of the current generation):
 * what the bot no longer has it need not be told of, but what it said under
 * another generation may have been said to a database that knew more.
 */
int
ledger_status(struct db *db, int64_t epoch, const char *generation,
    struct status_epoch *s, struct err *e)
{
	uint64_t contiguous, oldest, highest, gone = 0, more;
	sqlite3_stmt *row;
	bool current;
	int got;

	got = db_query(db, e, &row,
	    "SELECT epoch, oldest, highest, "
	    "beat_generation = ?, named FROM epoch WHERE id = ?",
	    "ti", generation, epoch);
	if (got != 1)
		return got == 0 ? err_set(e, ERR_BUG, "epoch without row") : -1;
	text_to_hex64(&s->epoch, db_text(row, 0));
	oldest = (uint64_t)sqlite3_column_int64(row, 1);
	highest = (uint64_t)sqlite3_column_int64(row, 2);
	current = sqlite3_column_int(row, 3) && sqlite3_column_int(row, 4);
	db_end(row);
	if (run_end(db, epoch, 1, &contiguous, e) == -1)
		return -1;
	if (current)
		gone = oldest == 0 ? highest : oldest - 1;
	s->below = contiguous > gone ? contiguous : gone;
	if (fill_refused(db, epoch, s, &more, e) == -1)
		return -1;
	if (s->below >= more)
		s->below = more - 1;
	return fill_above(db, epoch, more, s, e);
}

/* ---- attempts -------------------------------------------------------- */

static const struct digest no_digest;

int
ledger_attempts(struct db *db, const char *account, const char *name,
    const struct digest *digest, int64_t *n, struct err *e)
{
	int got;

	*n = 0;
	got = db_number(db, e, n,
	    "SELECT count FROM attempt WHERE account = ? "
	    "AND name = ? AND digest = ?",
	    "ttd", account, name, digest == NULL ? &no_digest : digest);
	return got == -1 ? -1 : 0;
}

int
ledger_add_attempt(struct db *db, const char *account, const char *name,
    const struct digest *digest, uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO attempt (account, name, digest, "
	    "count, last_ms) VALUES (?, ?, ?, 1, ?) ON CONFLICT (account, "
	    "name, digest) DO UPDATE SET count = count + 1, last_ms = "
	    "excluded.last_ms",
	    "ttdi", account, name, digest == NULL ? &no_digest : digest,
	    (int64_t)now_ms);
}

int
ledger_clear_attempts(
    struct db *db, const char *account, const char *name, struct err *e)
{
	return db_run(db, e,
	    "DELETE FROM attempt WHERE account = ? AND "
	    "name = ?",
	    "tt", account, name);
}

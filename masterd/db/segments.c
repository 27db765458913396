/*
 * Which units go into which segment.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/segments.h"

int
segments_job_file(struct db *db, struct job_file *j, struct err *e)
{
	struct segment *g;
	sqlite3_stmt *row;
	int got, room = 0;

	got = db_query(db, e, &row,
	    "SELECT t.generation, s.sha256, s.first, "
	    "s.last, s.bytes FROM job j JOIN target t ON t.id = "
	    "coalesce(j.corpus, j.target) "
	    "LEFT JOIN segment s ON s.target = t.id AND s.generation = "
	    "t.generation WHERE j.job = ? ORDER BY s.first",
	    "t", text_hex64(j->job).text);
	for (; got == 1; got = db_next(db, e, row)) {
		j->generation = (uint64_t)sqlite3_column_int64(row, 0);
		if (sqlite3_column_type(row, 1) == SQLITE_NULL ||
		    j->segment_count == TICKET_MAX_SEGMENTS)
			continue;
		if (j->segment_count == room) {
			room = room == 0 ? 16 : room * 2;
			j->segments =
			    mem_resize(j->segments, (size_t)room, sizeof(*g));
		}
		g = &j->segments[j->segment_count++];
		(void)db_digest(row, 1, &g->sha256);
		g->first = (uint64_t)sqlite3_column_int64(row, 2);
		g->last = (uint64_t)sqlite3_column_int64(row, 3);
		g->bytes = (uint64_t)sqlite3_column_int64(row, 4);
	}
	return got;
}

int
segments_programs(struct db *db, const struct digest *build,
    int (*fn)(void *arg, const char *program), void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT t.program FROM build_target t "
	    "JOIN build b ON b.id = t.build WHERE b.sha256 = ?",
	    "d", build);
	for (; got == 1; got = db_next(db, e, row))
		if (fn(arg, db_text(row, 0)) == -1) {
			db_end(row);
			return -1;
		}
	return got;
}

/* A target someone works on whose newest unit is in no segment. */
static int
find_target(struct db *db, uint64_t up_to, int64_t but, struct segment_plan *p,
    int64_t *packed, int64_t *fresh, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT t.id, p.name, t.name, "
	    "t.generation, s.last, (SELECT count(*) FROM unit u WHERE "
	    "u.target = t.id AND u.id > s.last) AS fresh FROM (SELECT t.id AS "
	    "target, coalesce(max(g.last), 0) AS last FROM target t LEFT JOIN "
	    "segment g ON g.target = t.id AND g.generation = t.generation "
	    "GROUP BY t.id) s JOIN target t ON t.id = s.target JOIN project p "
	    "ON p.id = t.project WHERE EXISTS (SELECT 1 FROM job j WHERE "
	    "coalesce(j.corpus, j.target) = t.id AND j.status IN ('pending', "
	    "'running')) AND "
	    "EXISTS (SELECT 1 FROM unit u WHERE u.target = t.id AND "
	    "u.id > s.last AND u.id <= ?) AND t.id <> ? ORDER BY s.last, t.id "
	    "LIMIT 1",
	    "ii", (int64_t)up_to, but);
	if (got != 1)
		return got;
	p->target = sqlite3_column_int64(row, 0);
	text_copy(p->project.text, sizeof(p->project.text), db_text(row, 1));
	text_copy(p->name.text, sizeof(p->name.text), db_text(row, 2));
	p->generation = (uint64_t)sqlite3_column_int64(row, 3);
	*packed = sqlite3_column_int64(row, 4);
	*fresh = sqlite3_column_int64(row, 5);
	db_end(row);
	return 1;
}

/* What the units from serial "first" on come to. */
static int
weigh(
    struct db *db, int64_t target, int64_t first, int64_t *bytes, struct err *e)
{
	return db_number(db, e, bytes,
		   "SELECT coalesce(sum(bytes), 0) FROM unit WHERE "
		   "target = ? AND id >= ?",
		   "ii", target, first) == 1
	    ? 0
	    : -1;
}

/* A segment that is taken in again must fit whole into the new one. */
static int
choose_first(struct db *db, struct segment_plan *p, int64_t packed,
    int64_t fresh, struct err *e)
{
	int64_t units = fresh, old, first, bytes;
	sqlite3_stmt *row;
	int got;

	p->first = (uint64_t)packed + 1;
	got = db_query(db, e, &row,
	    "SELECT first, units FROM segment WHERE target = ? AND "
	    "generation = ? ORDER BY first DESC",
	    "ii", p->target, (int64_t)p->generation);
	for (; got == 1; got = db_next(db, e, row)) {
		first = sqlite3_column_int64(row, 0);
		old = sqlite3_column_int64(row, 1);
		if (weigh(db, p->target, first, &bytes, e) == -1) {
			db_end(row);
			return -1;
		}
		if (old > 2 * units || units + old > SEGMENT_UNITS ||
		    bytes > (int64_t)SEGMENT_BYTES) {
			db_end(row);
			return 0;
		}
		units += old;
		p->first = (uint64_t)first;
	}
	return got;
}

static int
list_units(struct db *db, struct segment_plan *p, struct err *e)
{
	struct segment_unit *u;
	uint64_t bytes = 0;
	sqlite3_stmt *row;
	int got;

	p->units = mem_array(SEGMENT_UNITS, sizeof(*p->units));
	p->count = 0;
	got = db_query(db, e, &row,
	    "SELECT id, sha256, bytes, features FROM "
	    "unit WHERE target = ? AND id >= ? ORDER BY id",
	    "ii", p->target, (int64_t)p->first);
	for (; got == 1; got = db_next(db, e, row)) {
		u = &p->units[p->count];
		u->serial = sqlite3_column_int64(row, 0);
		(void)db_digest(row, 1, &u->sha256);
		u->bytes = (uint64_t)sqlite3_column_int64(row, 2);
		u->features = (uint64_t)sqlite3_column_int64(row, 3);
		bytes += u->bytes;
		p->count++;
		if (p->count == SEGMENT_UNITS || bytes >= SEGMENT_BYTES) {
			db_end(row);
			break;
		}
	}
	return got == -1 ? -1 : 0;
}

int
segments_newest(struct db *db, uint64_t *serial, struct err *e)
{
	int64_t newest = 0;
	int got = db_number(
	    db, e, &newest, "SELECT coalesce(max(id), 0) FROM unit", "");

	*serial = (uint64_t)newest;
	return got == 1 ? 0 : -1;
}

int
segments_next(struct db *db, uint64_t up_to, int64_t but,
    struct segment_plan *p, struct err *e)
{
	int64_t packed, fresh;
	int got;

	memset(p, 0, sizeof(*p));
	if ((got = find_target(db, up_to, but, p, &packed, &fresh, e)) != 1)
		return got;
	if (choose_first(db, p, packed, fresh, e) == -1 ||
	    list_units(db, p, e) == -1) {
		free(p->units);
		return -1;
	}
	return 1;
}

int
segments_add(struct db *db, const struct segment_plan *p,
    const struct segment *s, struct err *e)
{
	if (db_run(db, e,
		"DELETE FROM segment WHERE target = ? AND "
		"generation = ? AND first >= ?",
		"iii", p->target, (int64_t)p->generation,
		(int64_t)p->first) == -1)
		return -1;
	return db_run(db, e,
	    "INSERT INTO segment (target, generation, "
	    "sha256, first, last, units, bytes, added_ms) VALUES (?, ?, ?, ?, "
	    "?, ?, ?, ?)",
	    "iidiiiii", p->target, (int64_t)p->generation, &s->sha256,
	    (int64_t)s->first, (int64_t)s->last, (int64_t)p->count,
	    (int64_t)s->bytes, (int64_t)clock_wall_ms());
}

int
segments_bots(struct db *db, int64_t target, int (*fn)(void *arg, int64_t bot),
    void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT DISTINCT l.bot FROM lease l JOIN "
	    "task t ON t.id = l.task JOIN job j ON j.id = t.job WHERE "
	    "coalesce(j.corpus, j.target) = ? AND l.state IN ('offered', "
	    "'running')",
	    "i", target);
	for (; got == 1; got = db_next(db, e, row))
		if (fn(arg, sqlite3_column_int64(row, 0)) == -1) {
			db_end(row);
			return -1;
		}
	return got;
}

int
segments_new_generation(struct db *db, uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE target SET generation = "
	    "max(generation + 1, ?)",
	    "i", (int64_t)(now_ms / 1000));
}

int
segments_has(struct db *db, const struct digest *sha256, struct err *e)
{
	int64_t one;

	return db_number(db, e, &one,
	    "SELECT 1 FROM segment s JOIN target t "
	    "ON t.id = s.target AND t.generation = s.generation WHERE "
	    "s.sha256 = ?",
	    "d", sha256);
}

/*
 * Hits by the hour.  A row is read, one of its numbers raised, and written
 * again: a signature has one row a day at most.
 */
#include <string.h>

#include "masterd/db/db_internal.h"
#include "masterd/db/hits.h"

#define HOUR_MS  3600000ull
#define MONTH_MS (31 * 24 * HOUR_MS)

void
hits_unpack(uint64_t hours[HITS_HOURS], const void *bytes, size_t len)
{
	const uint8_t *p = bytes, *end = p + len;
	int hour, shift;

	memset(hours, 0, HITS_HOURS * sizeof(hours[0]));
	for (hour = 0; hour < HITS_HOURS && p < end; hour++)
		for (shift = 0; p < end; shift += 7) {
			if (shift < 64)
				hours[hour] |= (uint64_t)(*p & 0x7f) << shift;
			if ((*p++ & 0x80) == 0)
				break;
		}
}

size_t
hits_pack(uint8_t bytes[HITS_BYTES], const uint64_t hours[HITS_HOURS])
{
	uint8_t *p = bytes;
	uint64_t n;
	int hour;

	for (hour = 0; hour < HITS_HOURS; hour++) {
		for (n = hours[hour]; n > 0x7f; n >>= 7)
			*p++ = (uint8_t)(n | 0x80);
		*p++ = (uint8_t)n;
	}
	return (size_t)(p - bytes);
}

static int
add_hour(struct db *db, int64_t signature, uint64_t count, uint64_t at_ms,
    struct err *e)
{
	int64_t day = (int64_t)(at_ms / (24 * HOUR_MS));
	uint64_t hours[HITS_HOURS] = {0};
	uint8_t packed[HITS_BYTES];
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT hours FROM signature_day WHERE signature = ? AND day = ?",
	    "ii", signature, day);
	if (got == -1)
		return -1;
	if (got == 1) {
		hits_unpack(hours, sqlite3_column_blob(row, 0),
		    (size_t)sqlite3_column_bytes(row, 0));
		db_end(row);
	}
	hours[at_ms / HOUR_MS % HITS_HOURS] += count;
	return db_run(db, e,
	    "INSERT INTO signature_day (signature, day, hours) VALUES (?, ?, ?)"
	    " ON CONFLICT (signature, day) DO UPDATE SET hours = "
	    "excluded.hours",
	    "iib", signature, day, packed, hits_pack(packed, hours));
}

int
hits_add(struct db *db, int64_t signature, uint64_t count, uint64_t at_ms,
    uint64_t now_ms, struct err *e)
{
	if (at_ms > now_ms || now_ms - at_ms > MONTH_MS)
		at_ms = now_ms;
	if (db_run(db, e, "UPDATE signature SET hits = hits + ? WHERE id = ?",
		"ii", (int64_t)count, signature) == -1)
		return -1;
	return add_hour(db, signature, count, at_ms, e);
}

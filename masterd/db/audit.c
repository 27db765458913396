/*
 * The log of changes: each row's hash has that of the row before in it, so
 * that none can be altered, taken out or put in without every later one being
 * wrong.  Texts are cleaned here, for a row stays for ever as it was written.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/audit.h"
#include "masterd/db/db_internal.h"

#define WORD_MOST   400
#define REASON_MOST 1000
#define SIDE_MOST   (16 * 1024) /* of before and after */

enum { WHO, WHAT, SUBJECT, BEFORE, AFTER, REASON, TRACE, TEXTS };

static const size_t most[TEXTS] = {WORD_MOST, WORD_MOST, WORD_MOST, SIDE_MOST,
    SIDE_MOST, REASON_MOST, WORD_MOST};

static void
add_text(struct hasher *h, const char *text)
{
	hasher_add(h, text, strlen(text) + 1);
}

static void
add_number(struct hasher *h, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%jd", (intmax_t)number);
	add_text(h, text);
}

/* ---- adding ---------------------------------------------------------- */

/* Id of the last row (0: none) and its hash. */
static int
last_row(struct db *db, int64_t *id, struct digest *hash, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	*id = 0;
	memset(hash, 0, sizeof(*hash));
	got = db_query(db, e, &row,
	    "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1", "");
	if (got != 1)
		return got;
	*id = sqlite3_column_int64(row, 0);
	got = db_digest(row, 1, hash);
	db_end(row);
	return got == 0
	    ? 0
	    : err_set(e, ERR_BUG, "the log of changes has a row with no hash");
}

/* The entry's texts as they are to stand. */
static void
clean(const struct audit_entry *a, struct buf text[TEXTS])
{
	const char *from[TEXTS] = {a->who, a->what, a->subject, a->before,
	    a->after, a->reason, a->trace};
	int i;

	for (i = 0; i < TEXTS; i++) {
		buf_init(&text[i]);
		if (from[i] == NULL)
			from[i] = "";
		text_clean_line(&text[i], from[i], strlen(from[i]), most[i]);
	}
}

static int
insert(struct db *db, int64_t id, int64_t at_ms, const struct buf *text,
    const struct digest *before, struct err *e)
{
	struct hasher *h = hasher_new();
	struct digest hash;
	int i;

	hasher_add(h, before->bytes, DIGEST_SIZE);
	add_number(h, id);
	add_number(h, at_ms);
	for (i = 0; i < TEXTS; i++)
		add_text(h, buf_text(&text[i]));
	hasher_end(h, &hash);
	hasher_free(h);
	return db_run(db, e,
	    "INSERT INTO audit (id, at_ms, who, what, subject, before, after,"
	    " reason, trace, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    "iitttttttd", id, at_ms, buf_text(&text[WHO]),
	    buf_text(&text[WHAT]), buf_text(&text[SUBJECT]),
	    buf_text(&text[BEFORE]), buf_text(&text[AFTER]),
	    buf_text(&text[REASON]), buf_text(&text[TRACE]), &hash);
}

int
audit_add(struct db *db, const struct audit_entry *a, struct err *e)
{
	struct buf text[TEXTS];
	struct digest before;
	int64_t id;
	int i, got;

	if (last_row(db, &id, &before, e) == -1)
		return -1;
	clean(a, text);
	got = insert(db, id + 1, (int64_t)clock_wall_ms(), text, &before, e);
	for (i = 0; i < TEXTS; i++)
		buf_release(&text[i]);
	return got;
}

/* ---- checking -------------------------------------------------------- */

/* Is the row's hash what follows from the hash before and its columns? */
static bool
row_fits(struct hasher *h, sqlite3_stmt *row, struct digest *hash)
{
	struct digest stored;
	int i;

	hasher_reset(h);
	hasher_add(h, hash->bytes, DIGEST_SIZE);
	for (i = 0; i < 2 + TEXTS; i++)
		add_text(h, db_text(row, i));
	hasher_end(h, hash);
	return db_digest(row, 2 + TEXTS, &stored) == 0 &&
	    digest_equal(hash, &stored);
}

int
audit_check(struct db *db, struct audit_state *s, struct err *e)
{
	struct hasher *h = hasher_new();
	struct digest hash = {{0}};
	sqlite3_stmt *row;
	int64_t id;
	int got;

	memset(s, 0, sizeof(*s));
	got = db_query(db, e, &row,
	    "SELECT id, at_ms, who, what, subject, before, after, reason,"
	    " trace, hash FROM audit ORDER BY id",
	    "");
	for (; got == 1; got = db_next(db, e, row)) {
		/* Ids are without gaps, so a row taken out is missed here. */
		id = (int64_t)++s->rows;
		if (s->broken == 0 &&
		    (!row_fits(h, row, &hash) ||
			sqlite3_column_int64(row, 0) != id))
			s->broken = sqlite3_column_int64(row, 0);
		(void)db_digest(row, 2 + TEXTS, &s->head);
	}
	hasher_free(h);
	if (got == 0 && s->broken == 0)
		got = db_number(db, e, &id,
		    "SELECT seq FROM sqlite_sequence WHERE name = 'audit'", "");
	else
		return got;
	/* The last ones taken out leave the count of what was there. */
	if (got == 1 && id != (int64_t)s->rows)
		s->broken = id;
	return got == -1 ? -1 : 0;
}

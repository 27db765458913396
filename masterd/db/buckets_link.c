/*
 * Bands and links of signatures.  Who takes part in a band is a function of
 * the set: the smallest digests.  So one that comes in may push another one
 * out, and one that leaves lets another one in; that one's links are made anew,
 * too.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/buckets_internal.h"

void
bucket_turn_release(struct bucket_turn *t)
{
	free(t->touched);
	t->touched = NULL;
	t->count = t->room = 0;
}

void
bucket_touch(struct bucket_turn *t, int64_t signature)
{
	if (t->count == t->room) {
		t->room = t->room * 2 + 16;
		t->touched = mem_resize(
		    t->touched, (size_t)t->room, sizeof(*t->touched));
	}
	t->touched[t->count++] = signature;
}

/* ---- items ----------------------------------------------------------- */

int
bucket_lines(const char *text, char **copy, const char **lines, int most)
{
	char *at = *copy = mem_strdup(text), *end;
	int n = 0;

	while (*at != '\0' && n < most) {
		lines[n++] = at;
		if ((end = strchr(at, '\n')) == NULL)
			break;
		*end = '\0';
		at = end + 1;
	}
	return n;
}

void
bucket_item_release(struct bucket_item *i)
{
	free(i->state);
	free(i->stack);
	i->state = i->stack = NULL;
}

#define ITEM                                                             \
	"s.id, s.signature, s.security, s.placeless = 0 AND s.apart = 0" \
	" AND s.family <> '', s.family, s.state, s.stack"

static void
item_from(struct bucket_item *i, sqlite3_stmt *row)
{
	memset(i, 0, sizeof(*i));
	i->id = sqlite3_column_int64(row, 0);
	db_digest(row, 1, &i->item.signature);
	i->item.security = sqlite3_column_int(row, 2) != 0;
	i->item.linkable = sqlite3_column_int(row, 3) != 0;
	text_copy(i->item.family, sizeof(i->item.family), db_text(row, 4));
	i->item.state_count = bucket_lines(
	    db_text(row, 5), &i->state, i->item.state, TRIAGE_STATE_LINES);
	i->item.depth = bucket_lines(
	    db_text(row, 6), &i->stack, i->item.stack, TRIAGE_DEPTH);
}

int
bucket_item_load(
    struct db *db, int64_t id, struct bucket_item *i, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT " ITEM " FROM signature s WHERE s.id = ?", "i", id);

	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "signature: not found");
	if (got == -1)
		return -1;
	item_from(i, row);
	db_end(row);
	return 0;
}

/* ---- links of one ---------------------------------------------------- */

static int
touch_neighbours(struct bucket_turn *t, int64_t id, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(t->db, e, &row,
	    "SELECT b FROM signature_link WHERE a = ?1"
	    " UNION ALL SELECT a FROM signature_link WHERE b = ?1",
	    "i", id);

	for (; got == 1; got = db_next(t->db, e, row))
		bucket_touch(t, sqlite3_column_int64(row, 0));
	return got;
}

static int
drop_links(struct bucket_turn *t, int64_t id, struct err *e)
{
	if (touch_neighbours(t, id, e) == -1 ||
	    db_run(t->db, e, "DELETE FROM signature_link WHERE a = ?", "i",
		id) == -1)
		return -1;
	return db_run(
	    t->db, e, "DELETE FROM signature_link WHERE b = ?", "i", id);
}

static int
add_link(struct bucket_turn *t, int64_t a, int64_t b, const struct link *l,
    struct err *e)
{
	bucket_touch(t, b);
	return db_run(t->db, e,
	    "INSERT OR IGNORE INTO signature_link (a, b, rule, distance)"
	    " VALUES (min(?1, ?2), max(?1, ?2), ?3, ?4)",
	    "iiti", a, b, link_rule_name(l->rule),
	    link_distance_stored(l->distance));
}

/* With those that take part in the band, when it does so itself. */
static int
links_of_band(struct bucket_turn *t, const struct bucket_item *i, uint64_t band,
    struct err *e)
{
	struct bucket_item other;
	sqlite3_stmt *row;
	struct link l;
	int64_t before;
	int got;

	if (db_number(t->db, e, &before,
		"SELECT count(*) FROM (SELECT 1 FROM signature_band WHERE"
		" project = ? AND band = ? AND digest < ? LIMIT ?)",
		"iidi", t->project, (int64_t)band, &i->item.signature,
		(int64_t)LINK_BAND_MOST) != 1)
		return -1;
	if (before >= LINK_BAND_MOST)
		return 0;
	got = db_query(t->db, e, &row,
	    "SELECT " ITEM " FROM (SELECT signature AS one FROM signature_band"
	    " WHERE project = ? AND band = ? ORDER BY digest LIMIT ?)"
	    " CROSS JOIN signature s ON s.id = one",
	    "iii", t->project, (int64_t)band, (int64_t)LINK_BAND_MOST);
	for (; got == 1; got = db_next(t->db, e, row)) {
		if (sqlite3_column_int64(row, 0) == i->id)
			continue;
		item_from(&other, row);
		l = link_of(&i->item, &other.item, &t->limits);
		bucket_item_release(&other);
		if (l.rule != LINK_NONE &&
		    add_link(t, i->id, sqlite3_column_int64(row, 0), &l, e) ==
			-1) {
			db_end(row);
			return -1;
		}
	}
	return got;
}

static int
make_links(struct bucket_turn *t, const struct bucket_item *i, struct err *e)
{
	uint64_t bands[LINK_BANDS];
	int count = link_bands(&i->item, bands), k;

	bucket_touch(t, i->id);
	if (drop_links(t, i->id, e) == -1)
		return -1;
	for (k = 0; k < count; k++)
		if (links_of_band(t, i, bands[k], e) == -1)
			return -1;
	return 0;
}

/* ---- bands ----------------------------------------------------------- */

struct band_change { /* others whose place in a band changed with it */
	int64_t others[2 * LINK_BANDS];
	int count;
};

/* Who stands at the border of the band, when "digest" is within: the first one
 * behind it, "at" places from the start. */
static int
at_border(struct bucket_turn *t, uint64_t band, const struct digest *digest,
    int at, struct band_change *c, struct err *e)
{
	int64_t other;
	int got = db_number(t->db, e, &other,
	    "SELECT signature FROM signature_band WHERE project = ?1"
	    " AND band = ?2 AND digest > ?3 AND digest = (SELECT digest FROM"
	    " signature_band WHERE project = ?1 AND band = ?2 ORDER BY digest"
	    " LIMIT 1 OFFSET ?4)",
	    "iidi", t->project, (int64_t)band, digest, (int64_t)at);

	if (got == 1)
		c->others[c->count++] = other;
	return got == -1 ? -1 : 0;
}

static bool
holds(const uint64_t *bands, int count, uint64_t band)
{
	int i;

	for (i = 0; i < count; i++)
		if (bands[i] == band)
			return true;
	return false;
}

static int
read_bands(struct bucket_turn *t, int64_t id, uint64_t *bands, struct err *e)
{
	sqlite3_stmt *row;
	int n = 0, got;

	got = db_query(t->db, e, &row,
	    "SELECT band FROM signature_band WHERE signature = ?", "i", id);
	for (; got == 1; got = db_next(t->db, e, row))
		if (n < LINK_BANDS)
			bands[n++] = (uint64_t)sqlite3_column_int64(row, 0);
	return got == -1 ? -1 : n;
}

static int
change_bands(struct bucket_turn *t, const struct bucket_item *i,
    struct band_change *c, struct err *e)
{
	uint64_t old[LINK_BANDS], new[LINK_BANDS];
	int was = read_bands(t, i->id, old, e), is, k;

	is = link_bands(&i->item, new);
	for (k = 0; k < was; k++) {
		if (holds(new, is, old[k]))
			continue;
		/* The one just outside comes in. */
		if (at_border(t, old[k], &i->item.signature, LINK_BAND_MOST, c,
			e) == -1 ||
		    db_run(t->db, e,
			"DELETE FROM signature_band WHERE project = ?"
			" AND band = ? AND digest = ?",
			"iid", t->project, (int64_t)old[k],
			&i->item.signature) == -1)
			return -1;
	}
	for (k = 0; k < is; k++) {
		if (holds(old, was, new[k]))
			continue;
		/* The last one inside goes. */
		if (db_run(t->db, e,
			"INSERT OR IGNORE INTO signature_band (project, band,"
			" digest, signature) VALUES (?, ?, ?, ?)",
			"iidi", t->project, (int64_t) new[k],
			&i->item.signature, i->id) == -1 ||
		    at_border(t, new[k], &i->item.signature, LINK_BAND_MOST, c,
			e) == -1)
			return -1;
	}
	return was == -1 ? -1 : 0;
}

int
bucket_relink(struct bucket_turn *t, int64_t signature, struct err *e)
{
	struct band_change c = {.count = 0};
	struct bucket_item i, other;
	int k, got;

	if (bucket_item_load(t->db, signature, &i, e) == -1)
		return -1;
	got = change_bands(t, &i, &c, e);
	if (got == 0)
		got = make_links(t, &i, e);
	bucket_item_release(&i);
	for (k = 0; k < c.count && got == 0; k++) {
		if ((got = bucket_item_load(t->db, c.others[k], &other, e)) ==
		    -1)
			break;
		got = make_links(t, &other, e);
		bucket_item_release(&other);
	}
	return got;
}

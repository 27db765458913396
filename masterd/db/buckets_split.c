/*
 * Split: signatures that a person takes out of a bucket.  They are never linked
 * by a rule again, and stay together among themselves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/buckets_internal.h"

#define LEAST_HEX 8

struct chosen {
	int64_t *sigs;
	int count;
};

static bool
is_chosen(const struct chosen *c, int64_t sig)
{
	int i;

	for (i = 0; i < c->count; i++)
		if (c->sigs[i] == sig)
			return true;
	return false;
}

/* What one word means: a signature of the bucket, or that of its crash. */
static int
find_word(struct bucket_turn *t, int64_t bucket, const char *word, int64_t *sig,
    struct err *e)
{
	size_t len = strlen(word), i;
	sqlite3_stmt *row;
	int got, more;

	for (i = 0; i < len; i++)
		if (strchr("0123456789abcdef-", word[i]) == NULL)
			break;
	if (i < len || len < LEAST_HEX)
		return err_set(e, ERR_REFUSED,
		    "signatures: '%.80s' is no "
		    "signature and no crash's id (8 hex digits or more)",
		    word);
	got = db_query(t->db, e, &row,
	    "SELECT id FROM signature WHERE bucket = ?1 AND"
	    " substr(lower(hex(signature)), 1, ?3) = ?2"
	    " UNION SELECT sig FROM crash WHERE sha256 BETWEEN digest_low(?2)"
	    " AND digest_high(?2) AND +bucket = ?1 AND sig IS NOT NULL"
	    " AND substr(lower(hex(sha256)) || '-' || substr(lower(hex("
	    "signature)), 1, 8), 1, ?3) = ?2",
	    "iti", bucket, word, (int64_t)len);
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND,
		    "signatures: '%.80s' is not in this bucket", word);
	if (got == -1)
		return -1;
	*sig = sqlite3_column_int64(row, 0);
	if ((more = db_next(t->db, e, row)) != 1)
		return more;
	db_end(row);
	return err_set(
	    e, ERR_REFUSED, "signatures: '%.80s' is ambiguous", word);
}

static int
choose(struct bucket_turn *t, int64_t bucket, const char *const *what,
    int count, struct chosen *c, struct err *e)
{
	int64_t sig = 0;
	int i;

	c->sigs = mem_array((size_t)count + 1, sizeof(*c->sigs));
	for (i = 0; i < count; i++) {
		if (find_word(t, bucket, what[i], &sig, e) == -1)
			return -1;
		if (!is_chosen(c, sig))
			c->sigs[c->count++] = sig;
	}
	if (c->count == 0)
		return err_set(e, ERR_REFUSED, "signatures: which ones?");
	return 0;
}

/* ---- joins across ---------------------------------------------------- */

/* The next join of a chosen one with one that stays: 1, 0 none. */
static int
next_join(struct bucket_turn *t, const struct chosen *c, int64_t sig,
    struct bucket_step *s, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(t->db, e, &row,
	    "SELECT a, b, decision FROM signature_join WHERE a = ?1"
	    " UNION ALL SELECT a, b, decision FROM signature_join WHERE b = ?1",
	    "i", sig);
	for (; got == 1; got = db_next(t->db, e, row)) {
		s->a = sqlite3_column_int64(row, 0);
		s->b = sqlite3_column_int64(row, 1);
		s->decision = sqlite3_column_int64(row, 2);
		if (is_chosen(c, s->a) && is_chosen(c, s->b))
			continue;
		db_end(row);
		return 1;
	}
	return got;
}

static int
take_out(struct bucket_turn *t, const struct chosen *c, int i, int64_t decision,
    struct buf *ops, struct err *e)
{
	struct bucket_step apart = {
	    .op = OP_APART, .a = c->sigs[i], .from = "0", .to = "1"};
	struct bucket_step cut = {.op = OP_JOIN, .add = false};
	struct bucket_step tie = {
	    .op = OP_JOIN, .add = true, .decision = decision};
	int got;

	while ((got = next_join(t, c, c->sigs[i], &cut, e)) == 1)
		if (bucket_step(t, &cut, ops, e) == -1)
			return -1;
	if (got == -1)
		return -1;
	if (bucket_column(t->db, "SELECT apart FROM signature WHERE id = ?",
		c->sigs[i]) == 0 &&
	    bucket_step(t, &apart, ops, e) == -1)
		return -1;
	if (i == 0)
		return 0;
	tie.a = c->sigs[0] < c->sigs[i] ? c->sigs[0] : c->sigs[i];
	tie.b = c->sigs[0] < c->sigs[i] ? c->sigs[i] : c->sigs[0];
	return bucket_step(t, &tie, ops, e);
}

/* One that is not taken out. */
static int
find_rest(struct bucket_turn *t, int64_t bucket, const struct chosen *c,
    int64_t *rest, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(t->db, e, &row,
	    "SELECT id FROM signature WHERE bucket = ? ORDER BY first_ms, id",
	    "i", bucket);
	for (; got == 1; got = db_next(t->db, e, row)) {
		*rest = sqlite3_column_int64(row, 0);
		if (!is_chosen(c, *rest)) {
			db_end(row);
			return 0;
		}
	}
	return got == -1
	    ? -1
	    : err_set(e, ERR_CONFLICT, "nothing would be left in the bucket");
}

static int
split(struct bucket_turn *t, const struct bucket_act *act,
    const struct chosen *c, struct bucket_did *did, struct buf *ops,
    struct err *e)
{
	static const char where[] = "SELECT bucket FROM signature WHERE id = ?";
	struct bucket_name old, new;
	int64_t to, rest = 0;
	int i;

	if (find_rest(t, act->bucket, c, &rest, e) == -1 ||
	    bucket_decide(t, act, "split", &did->decision, e) == -1)
		return -1;
	json_open(ops, NULL, '[');
	for (i = 0; i < c->count; i++)
		if (take_out(t, c, i, did->decision, ops, e) == -1)
			return -1;
	json_close(ops, ']');
	if (bucket_settle(t, e) == -1)
		return -1;
	/* Whoever has the first crash has the number. */
	to = bucket_column(t->db, where, c->sigs[0]);
	if (to == act->bucket)
		to = bucket_column(t->db, where, rest);
	did->bucket = act->bucket;
	if (buckets_name(t->db, act->bucket, &old, e) == -1 ||
	    buckets_name(t->db, to, &new, e) == -1)
		return -1;
	snprintf(did->text, sizeof(did->text),
	    "split %.80s: the other part is "
	    "%.80s",
	    old.text, new.text);
	return bucket_decided(t, did->decision, 0, act->bucket, to, ops, e);
}

int
buckets_split(struct db *db, const struct bucket_act *act,
    const char *const *what, int count, struct bucket_did *did, struct err *e)
{
	struct chosen c = {.count = 0};
	struct buf ops = BUF_INIT;
	struct bucket_turn t;
	int got;

	memset(did, 0, sizeof(*did));
	if (bucket_turn_begin(&t, db, act, e) == -1)
		return -1;
	got = choose(&t, act->bucket, what, count, &c, e);
	if (got == 0)
		got = split(&t, act, &c, did, &ops, e);
	free(c.sigs);
	buf_release(&ops);
	bucket_turn_release(&t);
	return got;
}

/*
 * Step 3 of the ring, second half: from stage/ to names.  Reads the ledger and
 * the facts; changes only files.  A name that has its row is never touched, a
 * name without is replaced (PROTOCOL 17).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/db/bots.h"
#include "masterd/intake/judge.h"
#include "masterd/intake/naming.h"

#define DAMAGED_MOST 3

/* ---- units ----------------------------------------------------------- */

static int
name_unit(const struct naming *n, struct batch *b, struct taken *t,
    struct item *i, struct err *e)
{
	struct staged *f = i->file;
	int known = 0;

	i->file = NULL;
	if (t->place.target != 0)
		known = facts_has_unit(n->db, t->place.target, &i->sha256, e);
	if (known != 0) {
		store_stage_drop(f);
		return known == 1 ? 0 : -1;
	}
	b->blobs = true;
	return store_name_unit(n->store, f, t->place.project.text,
	    t->place.name.text, &i->sha256, e);
}

/* ---- crashes --------------------------------------------------------- */

static int
name_in_crash(const struct naming *n, struct batch *b, const struct taken *t,
    const struct item *crash, struct staged *f, const char *file, struct err *e)
{
	b->blobs = true;
	return store_name_crash(n->store, f, t->place.project.text,
	    t->place.name.text, &crash->r.sha256, file, e);
}

static int
name_meta(const struct naming *n, struct batch *b, struct taken *t, int at,
    const char *file, const char *report, struct err *e)
{
	struct buf text = BUF_INIT;
	struct staged *f = store_stage(n->store, e);
	int result = -1;

	if (f == NULL)
		return -1;
	meta_format(&text, n->db, t, at, report);
	if (store_stage_add(f, text.data, text.len, e) == -1 ||
	    store_stage_end(f, NULL, NULL, e) == -1)
		store_stage_drop(f);
	else
		result = name_in_crash(n, b, t, &t->items[at], f, file, e);
	buf_release(&text);
	return result;
}

/* Another crash of the same input came before it in this bundle. */
static bool
has_twin(const struct taken *t, int at)
{
	const struct item *i;

	for (i = t->items; i < t->items + at; i++)
		if (i->r.type == REC_CRASH &&
		    digest_equal(&i->r.sha256, &t->items[at].r.sha256))
			return true;
	return false;
}

/* Where does its input lie, and which of its files are there already? */
static int
look_at_crash(const struct naming *n, struct taken *t, int at,
    struct facts_crash_files *have, struct err *e)
{
	const struct item *crash = &t->items[at];
	struct digest stack;

	memset(have, 0, sizeof(*have));
	digest_of(&stack, crash->facts.data, crash->facts.len);
	if (t->place.target != 0 &&
	    facts_crash_files(n->db, t->place.target, &crash->r.sha256,
		&crash->triage->signature, &stack, have, e) == -1)
		return -1;
	have->others |= has_twin(t, at);
	return 0;
}

/* The first crash of an input has meta.json, others their own beside it. */
static int
name_crash(const struct naming *n, struct batch *b, struct taken *t, int at,
    struct err *e)
{
	struct item *crash = &t->items[at];
	struct item *report = taken_part(t, at, REC_REPORT);
	struct facts_crash_files have;
	struct digest_hex signature;
	char file[40] = "", meta[40] = "meta.json";
	struct staged *f;

	judge_crash(n->db, t, at);
	if (look_at_crash(n, t, at, &have, e) == -1)
		return -1;
	signature = digest_hex(&crash->triage->signature);
	if (crash->file != NULL && !have.input) {
		f = crash->file;
		crash->file = NULL;
		if (name_in_crash(n, b, t, crash, f, "input", e) == -1)
			return -1;
	}
	if (have.report)
		return 0;
	if (report != NULL && report->file != NULL) {
		f = report->file;
		report->file = NULL;
		snprintf(file, sizeof(file), "report-%.8s.txt", signature.text);
		if (name_in_crash(n, b, t, crash, f, file, e) == -1)
			return -1;
	}
	if (have.others)
		snprintf(meta, sizeof(meta), "meta-%.8s.json", signature.text);
	return name_meta(n, b, t, at, meta, file, e);
}

/* A smaller input with the same signature: the newest wins. */
static int
name_minimised(const struct naming *n, struct batch *b, struct taken *t, int at,
    struct err *e)
{
	struct staged *f = t->items[at].file;
	int i;

	for (i = at - 1; i >= 0; i--)
		if (t->items[i].r.type == REC_CRASH)
			break;
	if (i < 0 || f == NULL)
		return 0;
	t->items[at].file = NULL;
	return name_in_crash(n, b, t, &t->items[i], f, "input.min", e);
}

static int
name_items(
    const struct naming *n, struct batch *b, struct taken *t, struct err *e)
{
	int i, result = 0;

	if (facts_find_target(n->db, &t->header, &t->place, e) == -1)
		return -1;
	for (i = 0; i < t->count && result == 0; i++) {
		if (t->items[i].r.type == REC_UNIT)
			result = name_unit(n, b, t, &t->items[i], e);
		else if (t->items[i].r.type == REC_CRASH)
			result = name_crash(n, b, t, i, e);
		else if (t->items[i].r.type == REC_MINIMISED)
			result = name_minimised(n, b, t, i, e);
	}
	return result;
}

/* ---- fates ----------------------------------------------------------- */

static int
file_digest(struct taken *t, struct err *e)
{
	if (t->has_digest)
		return 0;
	t->has_digest = true;
	return fs_hash(t->fd, &t->digest, NULL, e);
}

/* The third time the same bytes come damaged, they are refused. */
static int
judge_damaged(const struct naming *n, struct taken *t, struct err *e)
{
	char why[sizeof(t->reason)];
	int64_t count;

	if (file_digest(t, e) == -1 ||
	    ledger_attempts(
		n->db, t->account_name, t->name, &t->digest, &count, e) == -1)
		return -1;
	if (count + 1 < DAMAGED_MOST) {
		t->attempt = true;
		return 0;
	}
	snprintf(why, sizeof(why),
	    "arrived damaged %d times with the same "
	    "content: %.400s",
	    DAMAGED_MOST, t->reason);
	taken_judge(t, FATE_REFUSED, why);
	return 0;
}

int
naming_judge(struct db *db, struct taken *t, struct err *e)
{
	enum ledger_known known;
	bool open = false;
	int64_t bot;

	if (t->id.cls == BUNDLE_BEAT || t->fate == FATE_DAMAGED)
		return 0;
	if (bots_find(db, t->account_name, t->id.bot.text, &bot, e) == -1)
		return -1;
	if (t->again &&
	    ledger_is_open(db, bot, t->id.epoch, t->id.seq, &open, e) == -1)
		return -1;
	if (open)
		return 0; /* replaces its own row */
	if (ledger_look(db, bot, t->id.epoch, t->id.seq, &t->digest, &known,
		&t->duplicate_of, e) == -1)
		return -1;
	if (known == LEDGER_SAME)
		taken_judge(t, FATE_DUPLICATE, "");
	else if (known == LEDGER_OTHER && t->fate == FATE_INGESTED)
		t->fate = FATE_CONFLICT;
	return 0;
}

static int
keep_copy(
    const struct naming *n, struct batch *b, struct taken *t, struct err *e)
{
	enum reject_kind kind = t->fate == FATE_HELD ? REJECT_HELD
	    : t->fate == FATE_DAMAGED                ? REJECT_DAMAGED
						     : REJECT_REFUSED;

	if (t->again) {
		t->kept_as = t->again_name; /* it lies there already */
		return 0;
	}
	/* A beat is old news before anybody can take it again. */
	if (t->fate == FATE_HELD && t->id.cls == BUNDLE_BEAT)
		return 0;
	b->blobs = true;
	return reject_copy(n->reject, kind, t->account_name, t->name, t->fd,
	    t->reason, &t->kept_as, e);
}

static int
name_one(
    const struct naming *n, struct batch *b, struct taken *t, struct err *e)
{
	if (t->fate == FATE_DAMAGED && judge_damaged(n, t, e) == -1)
		return -1;
	if (t->id.cls != BUNDLE_BEAT && t->fate != FATE_DAMAGED &&
	    (file_digest(t, e) == -1 || naming_judge(n->db, t, e) == -1))
		return -1;
	switch (t->fate) {
	case FATE_INGESTED:
	case FATE_CONFLICT:
		if (t->id.cls != BUNDLE_BEAT && name_items(n, b, t, e) == -1)
			return -1;
		break;
	case FATE_REFUSED:
	case FATE_HELD:
	case FATE_DAMAGED:
		if (keep_copy(n, b, t, e) == -1)
			return -1;
		break;
	case FATE_DUPLICATE:
	case FATE_COUNT:
		break;
	}
	t->state = TAKEN_NAMED;
	return 0;
}

int
naming_batch(const struct naming *n, struct batch *b, struct err *e)
{
	struct taken *t;
	int result = 0;

	/* One view of the state for all: taking it anew for each unit costs
	 * more than looking. */
	if (db_begin_reading(n->db, e) == -1)
		return -1;
	for (t = b->first; t != NULL && result == 0; t = t->next)
		result = name_one(n, b, t, e);
	db_rollback(n->db);
	return result;
}

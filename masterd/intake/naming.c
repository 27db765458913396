/*
 * Step 3 of the ring, second half: from stage/ to names.  Reads the ledger and
 * the facts; changes only files.  A name that has its row is never touched, a
 * name without is replaced (PROTOCOL 17).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/bots.h"
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

static void
format_meta(struct buf *out, const struct taken *t, const struct item *crash)
{
	const struct triage *g = crash->triage;
	char address[20];

	json_open(out, NULL, '{');
	json_put_string(out, "input", digest_hex(&crash->r.sha256).text);
	json_put_u64(out, "bytes", crash->r.n[CRASH_INPUT_SIZE]);
	json_put_string(out, "project", t->place.project.text);
	json_put_string(out, "target", t->place.name.text);
	json_put_string(out, "type", triage_type_text(g).text);
	json_put_string(out, "state", facts_state(g).text);
	json_put_bool(out, "security", g->security);
	json_put_string(out, "signature", digest_hex(&g->signature).text);
	json_put_string(out, "access", g->access);
	json_put_u64(out, "access_size", g->access_size);
	if (g->has_address) {
		snprintf(
		    address, sizeof(address), "0x%jx", (uintmax_t)g->address);
		json_put_string(out, "address", address);
	}
	json_put_string(out, "tool", g->tool);
	json_put_u64(out, "rules", TRIAGE_RULES);
	if (t->header.has_build)
		json_put_string(
		    out, "build", digest_hex(&t->header.build).text);
	json_put_string(out, "engine", crash->r.word);
	json_put_string(out, "sanitizer", crash->r.word2);
	json_put_u64(out, "tries", crash->r.n[CRASH_TRIES]);
	json_put_u64(out, "reproduced", crash->r.n[CRASH_REPRODUCED]);
	json_put_string(out, "bot", t->header.bot.text);
	json_put_string(out, "first_seen", clock_rfc3339(clock_wall_ms()).text);
	json_close(out, '}');
	buf_addc(out, '\n');
}

static int
name_meta(const struct naming *n, struct batch *b, struct taken *t,
    const struct item *crash, struct err *e)
{
	struct buf text = BUF_INIT;
	struct staged *f = store_stage(n->store, e);
	int result = -1;

	if (f == NULL)
		return -1;
	format_meta(&text, t, crash);
	if (store_stage_add(f, text.data, text.len, e) == -1 ||
	    store_stage_end(f, NULL, NULL, e) == -1)
		store_stage_drop(f);
	else
		result = name_in_crash(n, b, t, crash, f, "meta.json", e);
	buf_release(&text);
	return result;
}

/* The report of a crash follows it; no report is a report of nothing. */
static struct item *
report_of(struct taken *t, int crash)
{
	int i;

	for (i = crash + 1; i < t->count; i++) {
		if (t->items[i].r.type == REC_CRASH)
			break;
		if (t->items[i].r.type == REC_REPORT)
			return &t->items[i];
	}
	return NULL;
}

static void
give_triage(struct taken *t, struct item *crash, struct item *report)
{
	if (crash->triage != NULL)
		return;
	if (report != NULL && report->triage != NULL) {
		crash->triage = report->triage;
		report->triage = NULL;
		return;
	}
	crash->triage = mem_alloc(sizeof(*crash->triage));
	triage_report(crash->triage, "", 0, t->place.name.text);
}

static int
name_crash(const struct naming *n, struct batch *b, struct taken *t, int at,
    struct err *e)
{
	struct item *crash = &t->items[at], *report = report_of(t, at);
	struct facts_crash_files have = {false, false};
	struct staged *f;
	char file[40];

	give_triage(t, crash, report);
	if (t->place.target != 0 &&
	    facts_crash_files(n->db, t->place.target, &crash->r.sha256,
		&crash->triage->signature, &have, e) == -1)
		return -1;
	if (crash->file != NULL && !have.input) {
		f = crash->file;
		crash->file = NULL;
		if (name_in_crash(n, b, t, crash, f, "input", e) == -1)
			return -1;
	}
	if (report != NULL && report->file != NULL && !have.report) {
		f = report->file;
		report->file = NULL;
		snprintf(file, sizeof(file), "report-%.8s.txt",
		    digest_hex(&crash->triage->signature).text);
		if (name_in_crash(n, b, t, crash, f, file, e) == -1)
			return -1;
	}
	return have.report ? 0 : name_meta(n, b, t, crash, e);
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

/*
 * Step 5 of the ring: what a bundle says becomes rows.  Called inside the
 * batch's transaction; bytes before facts: everything pointed to is synced.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/db/bots.h"
#include "masterd/db/leases.h"
#include "masterd/db/submissions.h"
#include "masterd/intake/apply.h"
#include "masterd/intake/naming.h"

#define EPOCHS_MOST 32 /* of one beat (PROTOCOL 24) */
#define NEEDS_MOST  1024
#define FACTS_MOST  4096 /* bytes of what a bot says of its engines */
#define FACT_MOST   600

/* Text of the first record of a type, cleaned where it was taken; "" if none. */
static const char *
text_of(const struct taken *t, enum record_type type)
{
	int i;

	for (i = 0; i < t->count; i++)
		if (t->items[i].r.type == type)
			return buf_text(&t->items[i].text);
	return "";
}

static struct lease_turn
turn_of(const struct apply *a)
{
	return (struct lease_turn){a->now_ms, a->up_ms, a->touched, a->arg};
}

/* ---- register -------------------------------------------------------- */

/* "libfuzzer":"14.0.6, -fork" */
static void
add_fact(struct buf *facts, const char *engine, const struct buf *text)
{
	struct buf line = BUF_INIT;
	size_t len = text->len;

	if (facts->len > FACTS_MOST)
		return;
	while (len > 0 && strchr("\n ", text->data[len - 1]) != NULL)
		len--;
	text_clean_line(&line, buf_text(text), len, FACT_MOST);
	json_put_string(facts, engine, buf_text(&line));
	buf_release(&line);
}

/* Words of lower case, a blank between; what is none is left out. */
static void
add_words(struct buf *to, const char *list)
{
	char word[WORD_MAX_LEN + 1];
	size_t len;

	for (list += strspn(list, " \t\n"); *list != '\0' && to->len < 512;
	     list += strspn(list, " \t\n")) {
		len = strcspn(list, " \t\n");
		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		if (len <= WORD_MAX_LEN && word_ok(word))
			buf_printf(to, "%s%s", to->len > 0 ? " " : "", word);
		list += len;
	}
}

static int
apply_register(
    const struct apply *a, const struct taken *t, int64_t bot, struct err *e)
{
	struct bot_facts f = {.sandbox = "", .arch = ""};
	struct buf engines = BUF_INIT, facts = BUF_INIT, sanitizers = BUF_INIT;
	const struct record *r;
	int i, result;

	json_open(&facts, NULL, '{');
	for (i = 0; i < t->count; i++) {
		r = &t->items[i].r;
		if (r->type == REC_HOST) {
			f.cores = r->n[HOST_CORES];
			f.memory = r->n[HOST_MEMORY];
			f.slots = r->n[HOST_SLOTS];
			f.sandbox = r->word;
			f.arch = r->word2;
		} else if (r->type == REC_ENGINE && engines.len < 512) {
			buf_printf(
			    &engines, "%s%s", engines.len ? " " : "", r->word);
			add_fact(&facts, r->word, &t->items[i].text);
		} else if (r->type == REC_WIRE && r->n[WIRE_N] > f.wire_max) {
			f.wire_max = r->n[WIRE_N];
		}
	}
	f.os = text_of(t, REC_OS);
	f.cpu = text_of(t, REC_CPU);
	f.tags = text_of(t, REC_TAGS);
	f.engines = buf_text(&engines);
	json_close(&facts, '}');
	f.engine_facts = buf_text(&facts);
	f.program = text_of(t, REC_PROGRAM);
	if (name_ok(text_of(t, REC_POOL)))
		f.pool = text_of(t, REC_POOL);
	add_words(&sanitizers, text_of(t, REC_SANITIZERS));
	f.sanitizers = buf_text(&sanitizers);
	result = bots_register(a->db, bot, &f, e);
	buf_release(&engines);
	buf_release(&facts);
	buf_release(&sanitizers);
	return result;
}

/* ---- heartbeat ------------------------------------------------------- */

static void
read_beat(const struct taken *t, struct beat *b, struct beat_epoch *epochs)
{
	const struct record *r;
	int i;

	for (i = 0; i < t->count; i++) {
		r = &t->items[i].r;
		if (r->type == REC_BEAT) {
			b->generation = r->generation;
			memcpy(b->n, r->n, sizeof(b->n));
		} else if (r->type == REC_EPOCH && r->epoch != 0 &&
		    b->epoch_count < EPOCHS_MOST) {
			epochs[b->epoch_count].epoch = r->epoch;
			epochs[b->epoch_count].oldest = r->n[EPOCH_OLDEST];
			epochs[b->epoch_count++].highest = r->n[EPOCH_HIGHEST];
		}
	}
	b->epochs = epochs;
	b->why = text_of(t, REC_WHY);
}

/* Drops and notes are true whatever epoch is alive. */
static int
apply_admissions(
    const struct apply *a, const struct taken *t, int64_t bot, struct err *e)
{
	const struct record *r;
	int64_t epoch;
	int i;

	for (i = 0; i < t->count; i++) {
		r = &t->items[i].r;
		if ((r->type != REC_DROP && r->type != REC_NOTED) ||
		    r->epoch == 0)
			continue;
		if (ledger_epoch(a->db, bot, r->epoch, a->now_ms, &epoch, e) ==
		    -1)
			return -1;
		if (r->type == REC_DROP &&
		    ledger_dropped(a->db, epoch, r->n[RANGE_FIRST],
			r->n[RANGE_LAST], e) == -1)
			return -1;
		if (r->type == REC_NOTED &&
		    ledger_noted(a->db, epoch, r->n[NOTED_SEQ], e) == -1)
			return -1;
	}
	return 0;
}

static int
apply_beat(
    const struct apply *a, const struct taken *t, int64_t bot, struct err *e)
{
	struct beat_epoch epochs[EPOCHS_MOST];
	struct beat b = {.bot = bot,
	    .epoch = t->id.epoch,
	    .number = t->id.seq,
	    .now_ms = a->now_ms,
	    .up_ms = a->up_ms,
	    .changed = a->touched,
	    .arg = a->arg};
	struct beat_outcome outcome = {NULL, false};
	const struct record *r;
	enum beat_sense sense;
	int i;

	read_beat(t, &b, epochs);
	b.outcome = &outcome;
	if (bots_beat(a->db, &b, &sense, e) == -1 ||
	    apply_admissions(a, t, bot, e) == -1)
		return -1;
	if (sense == BEAT_NEW_EPOCH)
		log_info("epoch.new", LOG_T("bot", t->id.bot.text),
		    LOG_T("epoch", text_hex64(t->id.epoch).text));
	/* events: bot.back bot.off */
	if (outcome.event != NULL)
		log_info(outcome.event, LOG_T("bot", t->id.bot.text));
	if (outcome.moved)
		a->moved(a->arg);
	if (sense != BEAT_LIVE && sense != BEAT_NEW_EPOCH)
		return 0;
	for (i = 0; i < t->count; i++) {
		r = &t->items[i].r;
		if (r->type == REC_HOLDING &&
		    leases_named(a->db, bot, r->lease, r->n[HOLDING_SECONDS],
			r->n[HOLDING_EXECS], a->now_ms, a->up_ms, e) == -1)
			return -1;
	}
	return 0;
}

/* ---- findings -------------------------------------------------------- */

static int
apply_units(const struct apply *a, struct taken *t, int64_t bot, struct err *e)
{
	const struct item *i;
	bool added;
	int n;

	for (n = 0; n < t->count; n++) {
		i = &t->items[n];
		if (facts_add_unit(a->db, t->place.target, &i->sha256, i->bytes,
			i->r.n[UNIT_FEATURES], bot, a->now_ms, &added, e) == -1)
			return -1;
	}
	return 0;
}

static int
tell_bucket(const struct apply *a, const struct taken *t,
    const struct item *crash, const struct facts_bucket *b, struct err *e)
{
	char subject[NAME_MAX_LEN + 24], detail[400];

	snprintf(subject, sizeof(subject), "%s-%jd", t->place.project.text,
	    (intmax_t)b->number);
	snprintf(detail, sizeof(detail), "%s in %.300s",
	    triage_type_text(crash->triage).text, crash->triage->state[0]);
	log_info("bucket.new", LOG_T("bucket", subject),
	    LOG_T("type", triage_type_text(crash->triage).text),
	    LOG_T("state", crash->triage->state[0]),
	    LOG_T("bot", t->id.bot.text));
	return db_event(
	    a->db, "master", "bucket.new", subject, detail, t->header.trace, e);
}

static const char *
part_text(struct taken *t, int at, enum record_type type)
{
	const struct item *part = taken_part(t, at, type);

	return part == NULL ? NULL : buf_text(&part->text);
}

static int
apply_crash(
    const struct apply *a, struct taken *t, int at, int64_t bot, struct err *e)
{
	struct item *i = &t->items[at];
	const struct item *min = taken_part(t, at, REC_MINIMISED);
	struct facts_crash c = {.place = &t->place,
	    .header = &t->header,
	    .record = &i->r,
	    .triage = i->triage,
	    .line = i->line,
	    .bot = bot,
	    .has_input = i->r.has_payload,
	    .now_ms = a->now_ms,
	    .ruleset = i->rules.text,
	    .facts = buf_text(&i->facts),
	    .command = part_text(t, at, REC_COMMAND),
	    .environment = part_text(t, at, REC_ENVIRONMENT),
	    .series = part_text(t, at, REC_SERIES),
	    .parents = part_text(t, at, REC_PARENTS),
	    .minimised = min == NULL ? NULL : &min->sha256,
	    .minimised_bytes = min == NULL ? 0 : min->bytes};
	struct facts_bucket b;

	if (facts_add_crash(a->db, &c, &b, e) == -1 ||
	    (b.new_bucket && tell_bucket(a, t, i, &b, e) == -1))
		return -1;
	if (b.new_crash)
		i->bucket = (uint64_t)b.number;
	return submissions_crashed(
	    a->db, t->place.target, &i->r.sha256, &i->r, a->now_ms, e);
}

static int
apply_crashes(
    const struct apply *a, struct taken *t, int64_t bot, struct err *e)
{
	const struct record *r;
	int i, result = 0;

	for (i = 0; i < t->count && result == 0; i++) {
		r = &t->items[i].r;
		if (r->type == REC_CRASH)
			result = apply_crash(a, t, i, bot, e);
		else if (r->type == REC_TRIED)
			result = reruns_tried(
			    a->db, bot, &t->header, r, a->now_ms, e);
		else if (r->type == REC_SEEN)
			result =
			    facts_seen(a->db, t->place.target, r, a->now_ms, e);
	}
	return result;
}

static int
apply_stats(
    const struct apply *a, const struct taken *t, int64_t bot, struct err *e)
{
	int i;

	for (i = 0; i < t->count; i++)
		if (t->items[i].r.type == REC_STATS &&
		    leases_stats(a->db, bot, &t->items[i].r, e) == -1)
			return -1;
	return 0;
}

static int
apply_coverage(const struct apply *a, const struct taken *t, struct err *e)
{
	int i;

	for (i = 0; i < t->count; i++)
		if (facts_coverage(a->db, t->place.target, &t->items[i].r, e) ==
		    -1)
			return -1;
	return 0;
}

static int
apply_complete(
    const struct apply *a, const struct taken *t, int64_t bot, struct err *e)
{
	struct record *needs = mem_array((size_t)t->count, sizeof(*needs));
	struct lease_complete c = {
	    .bot = bot, .needs = needs, .now_ms = a->now_ms, .up_ms = a->up_ms};
	int i, result = 0;

	c.reason = text_of(t, REC_REASON);
	for (i = 0; i < t->count; i++) {
		if (t->items[i].r.type == REC_COMPLETE)
			c.complete = &t->items[i].r;
		else if (t->items[i].r.type == REC_NEEDS &&
		    c.need_count < NEEDS_MOST)
			needs[c.need_count++] = t->items[i].r;
		else if (t->items[i].r.type == REC_CHECK) {
			c.check = &t->items[i].r;
			c.said = buf_text(&t->items[i].text);
		}
	}
	if (c.complete != NULL)
		result = leases_complete(a->db, &c, e);
	free(needs);
	return result;
}

/* It left in good order: its tasks are offered elsewhere at once. */
static int
apply_deregister(
    const struct apply *a, const struct taken *t, int64_t bot, struct err *e)
{
	const struct lease_turn turn = turn_of(a);
	int64_t epoch;

	if (ledger_epoch(a->db, bot, t->id.epoch, a->now_ms, &epoch, e) == -1 ||
	    leases_end_epoch(
		a->db, epoch, LEASE_LEFT, "the bot left", &turn, e) == -1)
		return -1;
	log_info("bot.left", LOG_T("bot", t->id.bot.text));
	return bots_deregister(
	    a->db, bot, t->id.epoch, text_of(t, REC_REASON), e);
}

static int
apply_facts(const struct apply *a, struct taken *t, int64_t bot, struct err *e)
{
	switch (t->header.kind) {
	case KIND_REGISTER:
		return apply_register(a, t, bot, e);
	case KIND_DEREGISTER:
		return apply_deregister(a, t, bot, e);
	case KIND_HEARTBEAT:
		return apply_beat(a, t, bot, e);
	case KIND_STATS:
		return apply_stats(a, t, bot, e);
	case KIND_COMPLETE:
		return apply_complete(a, t, bot, e);
	case KIND_CRASH:
	case KIND_CORPUS:
	case KIND_COVERAGE:
	case KIND_COUNT:
		break;
	}
	if (facts_make_target(a->db, &t->place, a->now_ms, e) == -1)
		return -1;
	if (t->header.kind == KIND_CRASH)
		return apply_crashes(a, t, bot, e);
	if (t->header.kind == KIND_CORPUS)
		return apply_units(a, t, bot, e);
	return apply_coverage(a, t, e);
}

/* ---- fates ----------------------------------------------------------- */

static int
record_fate(
    const struct apply *a, const struct taken *t, int64_t bot, struct err *e)
{
	struct buf reason = BUF_INIT;
	struct ledger_entry n = {
	    .seq = t->id.seq,
	    .digest = &t->digest,
	    .kind =
		t->has_header ? bundle_kind_name(t->header.kind) : "unknown",
	    .outcome = fate_name(t->fate),
	    .file = t->kept_as.text,
	    .trace = t->header.trace,
	    .bytes = t->size,
	    .records = t->records,
	    .sealed_ms = t->header.sealed_ms,
	    .taken_ms = a->now_ms,
	};
	int result;

	if (ledger_epoch(a->db, bot, t->id.epoch, a->now_ms, &n.epoch, e) == -1)
		return -1;
	if (t->fate == FATE_DUPLICATE)
		return ledger_duplicate(
		    a->db, n.epoch, t->duplicate_of, n.kind, e);
	text_clean_line(&reason, t->reason, strlen(t->reason), 400);
	n.reason = buf_text(&reason);
	result = ledger_record(a->db, &n, t->again, e);
	buf_release(&reason);
	return result;
}

static int
tell_fate(
    const struct apply *a, const struct taken *t, int64_t bot, struct err *e)
{
	char what[32];

	if (t->fate == FATE_INGESTED || t->fate == FATE_DUPLICATE)
		return 0;
	if (t->fate == FATE_CONFLICT &&
	    bots_want_new_epoch(a->db, bot, e) == -1)
		return -1;
	/* noted: bundle.conflict bundle.refused bundle.held bundle.damaged */
	snprintf(what, sizeof(what), "bundle.%s", fate_name(t->fate));
	return db_event(a->db, "master", what, t->name,
	    t->fate == FATE_CONFLICT ? "another bundle has this id: the bot "
				       "is told to draw a new epoch"
				     : t->reason,
	    t->header.trace, e);
}

/* Bundles after which slots may be free that were not, or of use that were
 * of none.  Of beats apply_beat() knows. */
static bool
moves(enum bundle_kind kind)
{
	return kind == KIND_REGISTER || kind == KIND_DEREGISTER ||
	    kind == KIND_COMPLETE;
}

/* The last bundle that a complete waits for may be of any kind. */
static int
settle(const struct apply *a, int64_t bot, struct err *e)
{
	const struct lease_turn turn = turn_of(a);
	int64_t before = db_total_changes(a->db);

	if (leases_settle(a->db, bot, &turn, e) == -1)
		return -1;
	if (db_total_changes(a->db) != before)
		a->moved(a->arg);
	return 0;
}

int
apply_taken(const struct apply *a, struct taken *t, struct err *e)
{
	int64_t bot;

	if (bots_get(a->db, t->account_name, t->id.bot.text, a->now_ms, &bot,
		e) == -1)
		return -1;
	if (naming_judge(a->db, t, e) == -1)
		return -1;
	if (t->attempt &&
	    ledger_add_attempt(a->db, t->account_name, t->name, &t->digest,
		a->now_ms, e) == -1)
		return -1;
	if (t->fate == FATE_INGESTED || t->fate == FATE_CONFLICT)
		if (apply_facts(a, t, bot, e) == -1)
			return -1;
	if (t->id.cls != BUNDLE_BEAT && t->fate != FATE_DAMAGED &&
	    record_fate(a, t, bot, e) == -1)
		return -1;
	if (t->fate != FATE_DAMAGED &&
	    ledger_clear_attempts(a->db, t->account_name, t->name, e) == -1)
		return -1;
	if (tell_fate(a, t, bot, e) == -1 || settle(a, bot, e) == -1)
		return -1;
	if (t->has_header && moves(t->header.kind))
		a->moved(a->arg);
	a->touched(a->arg, bot);
	return 0;
}

/*
 * Crashes: one an input and signature, with what its report says; what bots saw
 * of it and tried; and the hits of its bug.  Which bug that is says buckets.h.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/buckets.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/facts.h"
#include "masterd/db/hits.h"
#include "masterd/db/judge.h"

struct crash { /* in hand */
	int64_t project, stack, ruleset;
	int64_t row; /* 0: new */
	int64_t sig, bucket;
	bool judged; /* the row has its facts */
};

int
facts_crash_files(struct db *db, int64_t target, const struct digest *sha256,
    const struct digest *signature, const struct digest *stack,
    struct facts_crash_files *f, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	memset(f, 0, sizeof(*f));
	got = db_query(db, e, &row,
	    "SELECT coalesce(max(has_input > 0), 0), coalesce(max(signature ="
	    " ?1 OR coalesce(stack = (SELECT id FROM stack WHERE digest = ?2),"
	    " 0)), 0),"
	    " count(*) FROM crash WHERE target = ?3 AND sha256 = ?4",
	    "ddid", signature, stack, target, sha256);
	if (got == 1) {
		f->input = sqlite3_column_int(row, 0);
		f->report = sqlite3_column_int(row, 1);
		f->others = sqlite3_column_int(row, 2) > 0;
		db_end(row);
	}
	return got == -1 ? -1 : 0;
}

struct facts_state
facts_state(const struct triage *t)
{
	struct facts_state s = {""};
	size_t used = 0;
	int i;

	for (i = 0; i < t->state_count; i++)
		used += (size_t)snprintf(s.text + used, sizeof(s.text) - used,
		    "%s%s", i == 0 ? "" : "\n", t->state[i]);
	return s;
}

void
facts_split_parents(
    const char *text, struct buf *parents, struct buf *strategies)
{
	static const char word[] = "strategy ";
	struct buf *to;
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		to = strncmp(text, word, strlen(word)) == 0 ? strategies
							    : parents;
		if (len == 0)
			continue;
		if (to->len > 0)
			buf_addc(to, '\n');
		if (to == strategies)
			buf_add(to, text + strlen(word), len - strlen(word));
		else
			buf_add(to, text, len);
	}
}

/* ---- rows that crashes share ----------------------------------------- */

/* The row of a text by its digest; "insert" makes it. */
static int
shared_row(struct db *db, int64_t *id, const struct digest *d, const char *find,
    const char *insert, const char *a, const char *b, struct err *e)
{
	int got = db_number(db, e, id, find, "d", d);

	if (got != 0)
		return got == 1 ? 0 : -1;
	if (b == NULL ? db_run(db, e, insert, "dt", d, a) == -1
		      : db_run(db, e, insert, "dtt", d, a, b) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

static int
stack_row(
    struct db *db, const struct facts_crash *c, int64_t *id, struct err *e)
{
	struct digest d;

	*id = 0;
	if (c->facts == NULL || *c->facts == '\0')
		return 0;
	digest_of(&d, c->facts, strlen(c->facts));
	return shared_row(db, id, &d, "SELECT id FROM stack WHERE digest = ?",
	    "INSERT INTO stack (digest, text) VALUES (?, ?)", c->facts, NULL,
	    e);
}

static int
run_row(struct db *db, const struct facts_crash *c, int64_t *id, struct err *e)
{
	const char *command = c->command == NULL ? "" : c->command;
	const char *environment = c->environment == NULL ? "" : c->environment;
	struct buf both = BUF_INIT;
	struct digest d;

	*id = 0;
	if (*command == '\0' && *environment == '\0')
		return 0;
	buf_add(&both, command, strlen(command) + 1);
	buf_adds(&both, environment);
	digest_of(&d, both.data, both.len);
	buf_release(&both);
	return shared_row(db, id, &d, "SELECT id FROM run WHERE digest = ?",
	    "INSERT INTO run (digest, command, environment) VALUES (?, ?, ?)",
	    command, environment, e);
}

/* ---- its bug --------------------------------------------------------- */

static int
known_crash(
    struct db *db, const struct facts_crash *c, struct crash *k, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	/* That of the same signature first, else that of the same report; and
	 * what a regroup made of it since. */
	got = db_query(db, e, &row,
	    "SELECT c.id, coalesce(s.id, 0), coalesce(s.bucket, 0),"
	    " c.stack IS NOT NULL FROM crash c LEFT JOIN signature s"
	    " ON s.id = c.sig AND s.signature <> ?3 WHERE c.target = ?1"
	    " AND c.sha256 = ?2 AND (c.signature = ?3 OR c.stack = ?4)"
	    " ORDER BY c.signature <> ?3, c.id LIMIT 1",
	    "iddi", c->place->target, &c->record->sha256, &c->triage->signature,
	    k->stack);
	if (got != 1)
		return got;
	k->row = sqlite3_column_int64(row, 0);
	k->sig = sqlite3_column_int64(row, 1);
	k->bucket = sqlite3_column_int64(row, 2);
	k->judged = sqlite3_column_int(row, 3);
	db_end(row);
	return 0;
}

/* What bots counted of it before it was known. */
static int
take_unknown(struct db *db, const struct facts_crash *c, const struct crash *k,
    struct err *e)
{
	const struct triage *t = c->triage;
	int64_t counted, last;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT counted, last_ms FROM signature_unknown WHERE project = ?"
	    " AND signature = ? AND security = ?",
	    "idi", k->project, &t->signature, (int64_t)t->security);
	if (got != 1)
		return got;
	counted = sqlite3_column_int64(row, 0);
	last = sqlite3_column_int64(row, 1);
	db_end(row);
	if (db_run(db, e,
		"UPDATE signature SET counted = counted + ? WHERE id = ?", "ii",
		counted, k->sig) == -1 ||
	    hits_add(db, k->sig, (uint64_t)counted, (uint64_t)last, c->now_ms,
		e) == -1)
		return -1;
	return db_run(db, e,
	    "DELETE FROM signature_unknown WHERE project = ? AND signature = ?"
	    " AND security = ?",
	    "idi", k->project, &t->signature, (int64_t)t->security);
}

static int
place(struct db *db, const struct facts_crash *c, struct crash *k,
    struct facts_bucket *b, struct err *e)
{
	struct bucket_ask ask = {.project = k->project,
	    .triage = c->triage,
	    .stack = k->stack,
	    .now_ms = c->now_ms,
	    .trace = c->header->trace,
	    .seen = k->row != 0};
	struct bucket_answer answer;

	if (k->sig != 0) /* judged by other rules, and known */
		return db_number(db, e, &b->number,
			   "SELECT number FROM bucket WHERE id = ?", "i",
			   k->bucket) == 1
		    ? 0
		    : -1;
	ask.limits =
	    rules_limits(rules_of(judge_rules(db), c->place->project.text));
	memset(&answer, 0, sizeof(answer));
	if (buckets_place(db, &ask, &answer, e) == -1)
		return -1;
	k->sig = answer.signature;
	k->bucket = answer.bucket;
	b->number = answer.number;
	b->new_bucket = answer.new_bucket;
	b->regrouped = answer.regrouped;
	return answer.new_signature ? take_unknown(db, c, k, e) : 0;
}

/* A bug is as severe as the worst that was seen of it. */
static int
touch_bucket(struct db *db, const struct facts_crash *c, const struct crash *k,
    struct err *e)
{
	const char *severity = triage_severity_name(c->triage->severity);

	if (db_run(db, e,
		"UPDATE bucket SET last_ms = max(last_ms, ?1), severity = CASE"
		" WHEN " SEVERITY_RANK("?2") " > " SEVERITY_RANK(
		    "severity") " THEN ?2 ELSE severity END WHERE id = ?3",
		"iti", (int64_t)c->now_ms, severity, k->bucket) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE signature SET last_ms = max(last_ms, ?1),"
	    " first_ms = CASE first_ms WHEN 0 THEN ?1 ELSE first_ms END,"
	    " severity = CASE WHEN " SEVERITY_RANK("?2") " > " SEVERITY_RANK(
		"severity") " THEN ?2 ELSE severity END"
			    " WHERE id = ?3",
	    "iti", (int64_t)c->now_ms, severity, k->sig);
}

/* ---- its row --------------------------------------------------------- */

static int
insert_crash(
    struct db *db, const struct facts_crash *c, struct crash *k, struct err *e)
{
	const struct triage *t = c->triage;
	const struct record *r = c->record;
	char address[20] = "";

	if (t->has_address)
		snprintf(
		    address, sizeof(address), "0x%jx", (uintmax_t)t->address);
	if (db_run(db, e,
		"INSERT INTO crash (target, sha256, signature, bucket, rules,"
		" type, access, access_size, address, state, tool, security,"
		" engine, sanitizer, bytes, has_input, tries, reproduced,"
		" first_ms, last_ms, sig) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		" ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)",
		"iddiittitttittiiiii", c->place->target, &r->sha256,
		&t->signature, k->bucket, (int64_t)RULES_VERSION,
		triage_type_text(t).text, t->access, (int64_t)t->access_size,
		address, facts_state(t).text, t->tool, (int64_t)t->security,
		r->word, r->word2, (int64_t)r->n[CRASH_INPUT_SIZE],
		(int64_t)c->has_input, (int64_t)c->now_ms, (int64_t)c->now_ms,
		k->sig) == -1)
		return -1;
	k->row = db_last_id(db);
	return 0;
}

/* What the report says; a row of an older schema gets it now. */
static int
judge_row(
    struct db *db, const struct facts_crash *c, struct crash *k, struct err *e)
{
	const struct triage *t = c->triage;
	struct rules_name now;

	if (k->judged)
		return 0;
	now = rules_name(judge_rules(db));
	if (judge_ruleset(db, c->ruleset == NULL ? now.text : c->ruleset,
		c->now_ms, &k->ruleset, e) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE crash SET class = ?, severity = ?, severity_rule = ?,"
	    " security_rule = ?, casr = ?, stack = nullif(?, 0), ruleset = ?,"
	    " rules = ? WHERE id = ?",
	    "tttttiiii", triage_class_name(t->class),
	    triage_severity_name(t->severity), t->severity_rule,
	    t->security_rule, t->casr == NULL ? "" : t->casr, k->stack,
	    k->ruleset, (int64_t)RULES_VERSION, k->row);
}

static int
update_crash(struct db *db, const struct facts_crash *c, const struct crash *k,
    struct err *e)
{
	return db_run(db, e,
	    "UPDATE crash SET last_ms = ?, has_input = max(has_input, ?),"
	    " sig = coalesce(sig, ?) WHERE id = ?",
	    "iiii", (int64_t)c->now_ms, (int64_t)c->has_input, k->sig, k->row);
}

/* What came beside it; what is known stays, but for a newer smaller input. */
static int
add_parts(struct db *db, const struct facts_crash *c, const struct crash *k,
    struct err *e)
{
	struct buf parents = BUF_INIT, strategies = BUF_INIT;
	int result = 0;

	if (c->minimised != NULL &&
	    db_run(db, e,
		"UPDATE crash SET min_sha256 = ?, min_bytes = ? WHERE id = ?",
		"dii", c->minimised, (int64_t)c->minimised_bytes, k->row) == -1)
		return -1;
	if (c->series == NULL && c->parents == NULL)
		return 0;
	facts_split_parents(
	    c->parents == NULL ? "" : c->parents, &parents, &strategies);
	result = db_run(db, e,
	    "UPDATE crash SET series = CASE series WHEN '' THEN ?1 ELSE series"
	    " END, parents = CASE parents WHEN '' THEN ?2 ELSE parents END"
	    " WHERE id = ?3",
	    "tti", c->series == NULL ? "" : c->series, buf_text(&parents),
	    k->row);
	buf_release(&parents);
	buf_release(&strategies);
	return result;
}

/* ---- what was seen and tried ----------------------------------------- */

/* *fresh: this bundle's record was not seen before. */
static int
observe(struct db *db, const struct facts_crash *c, const struct crash *k,
    bool *fresh, struct err *e)
{
	const struct bundle_header *h = c->header;
	const struct record *r = c->record;
	struct buf parents = BUF_INIT, strategies = BUF_INIT;
	int64_t run;
	int result;

	if (run_row(db, c, &run, e) == -1)
		return -1;
	facts_split_parents(
	    c->parents == NULL ? "" : c->parents, &parents, &strategies);
	result = db_run(db, e,
	    "INSERT OR IGNORE INTO observation (crash, bot, epoch, seq, record,"
	    " lease, job, build, exit, signal, tries, reproduced, found_ms,"
	    " trace, run, strategies) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	    " ?, ?, ?, nullif(?, 0), ?)",
	    "iitiittdiiiiitit", k->row, c->bot, text_hex64(h->epoch).text,
	    (int64_t)h->seq, (int64_t)c->line,
	    h->lease == 0 ? "" : text_hex64(h->lease).text,
	    h->job == 0 ? "" : text_hex64(h->job).text,
	    h->has_build ? &h->build : NULL, (int64_t)r->n[CRASH_EXIT],
	    (int64_t)r->n[CRASH_SIGNAL], (int64_t)r->n[CRASH_TRIES],
	    (int64_t)r->n[CRASH_REPRODUCED], (int64_t)r->n[CRASH_FOUND_MS],
	    h->trace, run, buf_text(&strategies));
	*fresh = result == 0 && db_changes(db) == 1;
	buf_release(&parents);
	buf_release(&strategies);
	return result;
}

uint64_t
facts_count(uint64_t said)
{
	return said > FACTS_COUNT_MAX ? FACTS_COUNT_MAX : said;
}

int
facts_tried(struct db *db, const struct facts_tries *t, struct err *e)
{
	uint64_t tries = facts_count(t->tries);
	uint64_t reproduced = t->reproduced > tries ? tries : t->reproduced;
	const void *build = t->build == NULL ? (const void *)"" : t->build;

	if (t->tries == 0)
		return 0;
	if (db_run(db, e,
		"INSERT INTO reproduction (crash, bot, build, tries,"
		" reproduced, below, above, at_ms) VALUES (?1, ?2, ?3, ?4, ?5,"
		" ?6, ?7, ?8) ON CONFLICT (crash, bot, build) DO UPDATE SET"
		" tries = tries + ?4, reproduced = reproduced + ?5,"
		" below = max(below, ?6), above = max(above, ?7), at_ms = ?8",
		"iibiiiii", t->crash, t->bot, build,
		t->build == NULL ? (size_t)0 : (size_t)DIGEST_SIZE,
		(int64_t)tries, (int64_t)reproduced,
		(int64_t)(t->below > 2 ? 0 : t->below) - 1,
		(int64_t)(t->above > 2 ? 0 : t->above) - 1,
		(int64_t)t->now_ms) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE crash SET tries = tries + ?, reproduced = reproduced + ?"
	    " WHERE id = ?",
	    "iii", (int64_t)tries, (int64_t)reproduced, t->crash);
}

static int
count_it(struct db *db, const struct facts_crash *c, const struct crash *k,
    struct err *e)
{
	const struct record *r = c->record;
	struct facts_tries t = {.crash = k->row,
	    .bot = c->bot,
	    .build = c->header->has_build ? &c->header->build : NULL,
	    .tries = r->n[CRASH_TRIES],
	    .reproduced = r->n[CRASH_REPRODUCED],
	    .below = r->n[CRASH_BELOW],
	    .above = r->n[CRASH_ABOVE],
	    .now_ms = c->now_ms};

	if (hits_add(db, k->sig, 1, r->n[CRASH_FOUND_MS], c->now_ms, e) == -1)
		return -1;
	return facts_tried(db, &t, e);
}

int
facts_add_crash(struct db *db, const struct facts_crash *c,
    struct facts_bucket *b, struct err *e)
{
	struct crash k;
	bool fresh;

	memset(&k, 0, sizeof(k));
	memset(b, 0, sizeof(*b));
	if (db_number(db, e, &k.project,
		"SELECT project FROM target WHERE id = ?", "i",
		c->place->target) != 1 ||
	    stack_row(db, c, &k.stack, e) == -1 ||
	    known_crash(db, c, &k, e) == -1 || place(db, c, &k, b, e) == -1)
		return -1;
	b->new_crash = k.row == 0;
	if ((b->new_crash ? insert_crash(db, c, &k, e)
			  : update_crash(db, c, &k, e)) == -1)
		return -1;
	b->crash = k.row;
	if (judge_row(db, c, &k, e) == -1 || touch_bucket(db, c, &k, e) == -1 ||
	    add_parts(db, c, &k, e) == -1 ||
	    observe(db, c, &k, &fresh, e) == -1)
		return -1;
	return fresh ? count_it(db, c, &k, e) : 0;
}

/* ---- without payload ------------------------------------------------- */

int
facts_knows_signature(struct db *db, int64_t target,
    const struct digest *signature, bool security, struct err *e)
{
	int64_t id;

	return db_number(db, e, &id,
	    "SELECT s.id FROM target t JOIN signature s ON s.project ="
	    " t.project WHERE t.id = ? AND s.signature = ? AND s.security = ?",
	    "idi", target, signature, (int64_t)security);
}

static int
keep_unknown(struct db *db, int64_t target, const struct record *seen,
    uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO signature_unknown (project, signature, security,"
	    " counted, last_ms) SELECT project, ?2, ?3, ?4, ?5 FROM target"
	    " WHERE id = ?1 ON CONFLICT (project, signature, security)"
	    " DO UPDATE SET counted = counted + ?4, last_ms = ?5",
	    "idiii", target, &seen->sha256,
	    (int64_t)(seen->n[SEEN_SECURITY] != 0),
	    (int64_t)facts_count(seen->n[SEEN_COUNT]), (int64_t)now_ms);
}

int
facts_seen(struct db *db, int64_t target, const struct record *seen,
    uint64_t now_ms, struct err *e)
{
	uint64_t count = facts_count(seen->n[SEEN_COUNT]);
	int64_t sig;
	int got;

	if (count == 0)
		return 0;
	got = db_number(db, e, &sig,
	    "SELECT s.id FROM target t JOIN signature s ON s.project ="
	    " t.project WHERE t.id = ? AND s.signature = ? AND s.security = ?",
	    "idi", target, &seen->sha256,
	    (int64_t)(seen->n[SEEN_SECURITY] != 0));
	if (got == -1)
		return -1;
	if (got == 0)
		return keep_unknown(db, target, seen, now_ms, e);
	if (db_run(db, e,
		"UPDATE signature SET counted = counted + ?, last_ms = "
		"max(last_ms, ?) WHERE id = ?",
		"iii", (int64_t)count, (int64_t)now_ms, sig) == -1 ||
	    db_run(db, e,
		"UPDATE bucket SET last_ms = max(last_ms, ?) WHERE id ="
		" (SELECT bucket FROM signature WHERE id = ?)",
		"ii", (int64_t)now_ms, sig) == -1)
		return -1;
	return hits_add(db, sig, count, seen->n[SEEN_LAST_MS], now_ms, e);
}

int
facts_revision(struct db *db, const struct digest *build, char *out,
    size_t size, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	*out = '\0';
	got = db_query(db, e, &row,
	    "SELECT revision FROM build WHERE sha256 = ?", "d", build);
	if (got != 1)
		return got;
	text_copy(out, size, db_text(row, 0));
	db_end(row);
	return 0;
}

/*
 * The table of a bundle's lines, and the two functions that follow it: format
 * for the writer, parse for the reader.  A key is known here or nowhere.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/wire/fields.h"
#include "lib/wire/record.h"

enum key_kind {
	KEY_NUMBER, /* uint64_t */
	KEY_ID,     /* uint64_t as 16 hex digits, or null for 0 */
	KEY_DIGEST, /* struct digest */
	KEY_WORD    /* char [WORD_MAX_LEN + 1] */
};

struct key {
	const char *name;
	enum key_kind kind;
	size_t offset;
};

#define N(i) (offsetof(struct record, n) + (i) * sizeof(uint64_t))
#define NUM(name, i)                   \
	{                              \
		name, KEY_NUMBER, N(i) \
	}
#define ID(name)                                             \
	{                                                    \
#name, KEY_ID, offsetof(struct record, name) \
	}
#define SHA256                                                        \
	{                                                             \
		"sha256", KEY_DIGEST, offsetof(struct record, sha256) \
	}
#define WORD1(name)                                           \
	{                                                     \
		name, KEY_WORD, offsetof(struct record, word) \
	}
#define WORD2(name)                                            \
	{                                                      \
		name, KEY_WORD, offsetof(struct record, word2) \
	}

enum payload_rule { NO_PAYLOAD, PAYLOAD, MAYBE_PAYLOAD };

#define KEYS_MAX 14

/* clang-format off */
static const struct record_rule {
	const char *name;
	enum payload_rule payload;
	struct key keys[KEYS_MAX];
} rules[REC_COUNT] = {
	[REC_HOST] = { "host", NO_PAYLOAD, {
		NUM("cores", HOST_CORES), NUM("memory", HOST_MEMORY),
		NUM("slots", HOST_SLOTS), WORD1("sandbox"), WORD2("arch") } },
	[REC_OS] = { "os", PAYLOAD, { { NULL } } },
	[REC_CPU] = { "cpu", PAYLOAD, { { NULL } } },
	[REC_ENGINE] = { "engine", PAYLOAD, { WORD1("engine") } },
	[REC_TAGS] = { "tags", PAYLOAD, { { NULL } } },
	[REC_WIRE] = { "wire", NO_PAYLOAD, { NUM("version", WIRE_N) } },
	[REC_PROGRAM] = { "program", PAYLOAD, { { NULL } } },
	[REC_POOL] = { "pool", PAYLOAD, { { NULL } } },
	[REC_SANITIZERS] = { "sanitizers", PAYLOAD, { { NULL } } },
	[REC_BEAT] = { "beat", NO_PAYLOAD, {
		ID(generation), NUM("slots", BEAT_SLOTS),
		NUM("free", BEAT_FREE), NUM("load", BEAT_LOAD_PERCENT),
		NUM("disk_free", BEAT_DISK_FREE), NUM("hold", BEAT_HOLD),
		NUM("outbox_bytes", BEAT_OUTBOX_BYTES),
		NUM("outbox_files", BEAT_OUTBOX_FILES), NUM("off", BEAT_OFF),
		NUM("off_seconds", BEAT_OFF_SECONDS) } },
	[REC_HOLDING] = { "holding", NO_PAYLOAD, {
		ID(lease), NUM("seconds", HOLDING_SECONDS),
		NUM("execs", HOLDING_EXECS) } },
	[REC_EPOCH] = { "epoch", NO_PAYLOAD, {
		ID(epoch), NUM("oldest", EPOCH_OLDEST),
		NUM("highest", EPOCH_HIGHEST) } },
	[REC_DROP] = { "drop", NO_PAYLOAD, {
		ID(epoch), NUM("first", RANGE_FIRST),
		NUM("last", RANGE_LAST) } },
	[REC_NOTED] = { "noted", NO_PAYLOAD, {
		ID(epoch), NUM("seq", NOTED_SEQ) } },
	[REC_WHY] = { "why", PAYLOAD, { { NULL } } },
	[REC_CRASH] = { "crash", MAYBE_PAYLOAD, {
		SHA256, WORD1("engine"), WORD2("sanitizer"),
		NUM("input_size", CRASH_INPUT_SIZE), NUM("exit", CRASH_EXIT),
		NUM("signal", CRASH_SIGNAL), NUM("tries", CRASH_TRIES),
		NUM("reproduced", CRASH_REPRODUCED),
		NUM("found", CRASH_FOUND_MS), NUM("below", CRASH_BELOW),
		NUM("above", CRASH_ABOVE) } },
	[REC_REPORT] = { "report", PAYLOAD, { { NULL } } },
	[REC_COMMAND] = { "command", PAYLOAD, { { NULL } } },
	[REC_MINIMISED] = { "minimised", PAYLOAD, { SHA256 } },
	[REC_ENVIRONMENT] = { "environment", PAYLOAD, { { NULL } } },
	[REC_SERIES] = { "series", PAYLOAD, { { NULL } } },
	[REC_PARENTS] = { "parents", PAYLOAD, { { NULL } } },
	[REC_TRIED] = { "tried", NO_PAYLOAD, {
		SHA256, WORD1("what"), NUM("tries", TRIED_TRIES),
		NUM("reproduced", TRIED_REPRODUCED),
		NUM("below", TRIED_BELOW), NUM("above", TRIED_ABOVE) } },
	[REC_SEEN] = { "seen", NO_PAYLOAD, {
		SHA256, NUM("count", SEEN_COUNT),
		NUM("security", SEEN_SECURITY),
		NUM("first", SEEN_FIRST_MS), NUM("last", SEEN_LAST_MS) } },
	[REC_UNIT] = { "unit", PAYLOAD, {
		SHA256, NUM("features", UNIT_FEATURES) } },
	[REC_COVERAGE] = { "coverage", NO_PAYLOAD, {
		ID(lease), NUM("edges", COVERAGE_EDGES),
		NUM("features", COVERAGE_FEATURES),
		NUM("functions", COVERAGE_FUNCTIONS),
		NUM("units", COVERAGE_UNITS) } },
	[REC_STATS] = { "stats", NO_PAYLOAD, {
		ID(lease), NUM("seconds", STATS_SECONDS),
		NUM("execs", STATS_EXECS),
		NUM("execs_per_second", STATS_EXECS_PER_SECOND),
		NUM("edges", STATS_EDGES), NUM("features", STATS_FEATURES),
		NUM("units", STATS_UNITS),
		NUM("unit_bytes", STATS_UNIT_BYTES),
		NUM("rss_mb", STATS_RSS_MB), NUM("crashes", STATS_CRASHES),
		NUM("dict", STATS_DICT), NUM("seeds", STATS_SEEDS),
		NUM("restarts", STATS_RESTARTS) } },
	[REC_LOG] = { "log", PAYLOAD, { ID(lease) } },
	[REC_BOT_LOG] = { "bot_log", PAYLOAD, { { NULL } } },
	[REC_COMPLETE] = { "complete", NO_PAYLOAD, {
		ID(lease), WORD2("result"),
		NUM("seconds", COMPLETE_SECONDS),
		NUM("cpu_ms", COMPLETE_CPU_MS), NUM("execs", COMPLETE_EXECS),
		NUM("crashes", COMPLETE_CRASHES),
		NUM("units", COMPLETE_UNITS) } },
	[REC_NEEDS] = { "needs", NO_PAYLOAD, {
		ID(epoch), NUM("first", RANGE_FIRST),
		NUM("last", RANGE_LAST) } },
	[REC_REASON] = { "reason", PAYLOAD, { { NULL } } },
	[REC_CHECK] = { "check", MAYBE_PAYLOAD, {
		WORD1("verdict"), NUM("edges", CHECK_EDGES),
		NUM("features", CHECK_FEATURES), NUM("calls", CHECK_CALLS),
		NUM("dict", CHECK_DICT), NUM("seeds", CHECK_SEEDS) } },
};

#define BIT(r)	(UINT64_C(1) << (r))
static const struct kind_rule {
	const char *name;
	enum bundle_class letter;
	uint64_t records;
} kinds[KIND_COUNT] = {
	[KIND_REGISTER] = { "register", BUNDLE_BULK, BIT(REC_HOST) |
	    BIT(REC_OS) | BIT(REC_CPU) | BIT(REC_ENGINE) | BIT(REC_TAGS) |
	    BIT(REC_WIRE) | BIT(REC_PROGRAM) | BIT(REC_POOL) |
	    BIT(REC_SANITIZERS) },
	[KIND_DEREGISTER] = { "deregister", BUNDLE_BULK, BIT(REC_REASON) },
	[KIND_HEARTBEAT] = { "heartbeat", BUNDLE_BEAT, BIT(REC_BEAT) |
	    BIT(REC_HOLDING) | BIT(REC_EPOCH) | BIT(REC_DROP) |
	    BIT(REC_NOTED) | BIT(REC_WHY) },
	[KIND_CRASH] = { "crash", BUNDLE_CRASH, BIT(REC_CRASH) |
	    BIT(REC_REPORT) | BIT(REC_COMMAND) | BIT(REC_MINIMISED) |
	    BIT(REC_ENVIRONMENT) | BIT(REC_SERIES) | BIT(REC_PARENTS) |
	    BIT(REC_TRIED) | BIT(REC_SEEN) },
	[KIND_CORPUS] = { "corpus", BUNDLE_BULK, BIT(REC_UNIT) },
	[KIND_COVERAGE] = { "coverage", BUNDLE_BULK, BIT(REC_COVERAGE) },
	[KIND_STATS] = { "stats", BUNDLE_BULK, BIT(REC_STATS) | BIT(REC_LOG) |
	    BIT(REC_BOT_LOG) },
	[KIND_COMPLETE] = { "complete", BUNDLE_BULK, BIT(REC_COMPLETE) |
	    BIT(REC_NEEDS) | BIT(REC_REASON) | BIT(REC_CHECK) },
};
/* clang-format on */

_Static_assert(REC_COUNT <= 64, "a kind's records are bits of 64");

static const char *const results[RESULT_COUNT] = {
    "done", "failed", "cancelled"};

static const char *const verdicts[CHECK_VERDICTS] = {
    "good", "bad", "incompatible"};

const char *
check_verdict_name(enum check_verdict v)
{
	return verdicts[v];
}

int
check_verdict_parse(enum check_verdict *v, const char *word)
{
	int i;

	for (i = 0; i < CHECK_VERDICTS; i++)
		if (strcmp(verdicts[i], word) == 0) {
			*v = (enum check_verdict)i;
			return 0;
		}
	return -1;
}

const char *
bundle_kind_name(enum bundle_kind kind)
{
	return kinds[kind].name;
}

int
bundle_kind_parse(enum bundle_kind *kind, const char *text)
{
	int i;

	for (i = 0; i < KIND_COUNT; i++)
		if (strcmp(kinds[i].name, text) == 0) {
			*kind = (enum bundle_kind)i;
			return 0;
		}
	return -1;
}

enum bundle_class
bundle_kind_class(enum bundle_kind kind)
{
	return kinds[kind].letter;
}

const char *
lease_result_name(enum lease_result r)
{
	return results[r];
}

const char *
record_name(enum record_type type)
{
	return rules[type].name;
}

bool
record_allowed(enum bundle_kind kind, enum record_type type)
{
	return (kinds[kind].records & BIT(type)) != 0;
}

/* ---- out ------------------------------------------------------------- */

static int
put_key(struct buf *out, const struct record *r, const struct key *k)
{
	const char *field = (const char *)r + k->offset;
	struct digest d;
	uint64_t number;

	switch (k->kind) {
	case KEY_NUMBER:
		memcpy(&number, field, sizeof(number));
		if (number > FIELD_NUMBER_MAX)
			return -1;
		json_put_u64(out, k->name, number);
		return 0;
	case KEY_ID:
		memcpy(&number, field, sizeof(number));
		field_put_id(out, k->name, number);
		return 0;
	case KEY_DIGEST:
		memcpy(&d, field, sizeof(d));
		json_put_string(out, k->name, digest_hex(&d).text);
		return 0;
	case KEY_WORD:
		if (!word_ok(field))
			return -1;
		json_put_string(out, k->name, field);
		return 0;
	}
	return -1;
}

int
record_format(struct buf *out, const struct record *r, struct err *e)
{
	const struct record_rule *rule = &rules[r->type];
	const struct key *k;

	if ((rule->payload == PAYLOAD && !r->has_payload) ||
	    (rule->payload == NO_PAYLOAD && r->has_payload))
		return err_set(e, ERR_BUG, "a '%s' record %s a payload",
		    rule->name, r->has_payload ? "has no use for" : "needs");
	json_open(out, NULL, '{');
	json_put_string(out, "rec", rule->name);
	for (k = rule->keys; k->name != NULL; k++)
		if (put_key(out, r, k) == -1)
			return err_set(e, ERR_BUG,
			    "'%s' of a '%s' record "
			    "cannot be written",
			    k->name, rule->name);
	if (r->has_payload)
		json_put_u64(out, "size", r->size);
	json_close(out, '}');
	buf_addc(out, '\n');
	return 0;
}

/* ---- in -------------------------------------------------------------- */

static int
get_key(struct record *r, const struct json_value *v, const struct key *k)
{
	char *field = (char *)r + k->offset;
	uint64_t number;
	struct digest d;
	const char *text;

	switch (k->kind) {
	case KEY_NUMBER:
	case KEY_ID:
		if ((k->kind == KEY_ID ? field_id(v, &number, true)
				       : field_number(v, &number)) == -1)
			return -1;
		memcpy(field, &number, sizeof(number));
		return 0;
	case KEY_DIGEST:
		if (field_digest(v, &d) == -1)
			return -1;
		memcpy(field, &d, sizeof(d));
		return 0;
	case KEY_WORD:
		text = json_string(v);
		if (text == NULL || !word_ok(text))
			return -1;
		text_copy(field, WORD_MAX_LEN + 1, text);
		return 0;
	}
	return -1;
}

static int
rule_of(const char *name, enum record_type *type)
{
	int i;

	for (i = 0; name != NULL && i < REC_COUNT; i++)
		if (strcmp(rules[i].name, name) == 0) {
			*type = (enum record_type)i;
			return 0;
		}
	return -1;
}

static int
parse_payload_size(struct record *r, const struct json_value *root,
    const struct record_rule *rule, struct err *e)
{
	const struct json_value *v = json_get(root, "size");

	r->has_payload = v != NULL;
	if (v != NULL && rule->payload == NO_PAYLOAD)
		return err_set(e, ERR_REFUSED,
		    "'size' is no key of a '%s' record", rule->name);
	if (v == NULL && rule->payload == PAYLOAD)
		return err_set(e, ERR_REFUSED,
		    "a '%s' record without its payload", rule->name);
	if (v != NULL && field_number(v, &r->size) == -1)
		return err_set(e, ERR_REFUSED,
		    "'size' of a '%s' record is no size", rule->name);
	return 0;
}

static bool
result_ok(const char *word)
{
	int i;

	for (i = 0; i < RESULT_COUNT; i++)
		if (strcmp(results[i], word) == 0)
			return true;
	return false;
}

static int
parse_record(struct record *r, const struct json_value *root, struct err *e)
{
	const struct record_rule *rule;
	enum check_verdict verdict;
	const struct key *k;
	int known = 1; /* "rec" */

	if (rule_of(json_string(json_get(root, "rec")), &r->type) == -1)
		return err_set(e, ERR_REFUSED, "a record of unknown type '%s'",
		    json_get_string(root, "rec", ""));
	rule = &rules[r->type];
	for (k = rule->keys; k->name != NULL; k++, known++)
		if (get_key(r, json_get(root, k->name), k) == -1)
			return err_set(e, ERR_REFUSED,
			    "'%s' of a '%s' record "
			    "is missing or no valid value",
			    k->name, rule->name);
	if (r->type == REC_COMPLETE && !result_ok(r->word2))
		return err_set(
		    e, ERR_REFUSED, "'%s' is no result of a lease", r->word2);
	if (r->type == REC_CHECK &&
	    check_verdict_parse(&verdict, r->word) == -1)
		return err_set(
		    e, ERR_REFUSED, "'%s' is no verdict of a check", r->word);
	if (parse_payload_size(r, root, rule, e) == -1)
		return -1;
	if (json_count(root) != known + (r->has_payload ? 1 : 0))
		return err_set(
		    e, ERR_REFUSED, "unknown key in a '%s' record", rule->name);
	return 0;
}

int
record_parse(struct record *r, const char *line, size_t len, struct err *e)
{
	struct json *j;
	int result;

	memset(r, 0, sizeof(*r));
	if ((j = field_line(line, len, e)) == NULL)
		return -1;
	result = parse_record(r, json_root(j), e);
	json_free(j);
	return result;
}

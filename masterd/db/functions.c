/*
 * What SQL cannot say by itself, for the views.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/crash_json.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/hits.h"
#include "masterd/db/judge.h"

/* json_lines("a\nb") -> ["a","b"] */
static void
json_lines(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = (const char *)sqlite3_value_text(v[0]);
	struct buf out = BUF_INIT;

	(void)n;
	crash_json_lines(&out, NULL, text == NULL ? "" : text);
	sqlite3_result_text(c, out.data, (int)out.len, SQLITE_TRANSIENT);
	buf_release(&out);
}

/* json_options("A=1\nASAN_OPTIONS=x") -> {"ASAN_OPTIONS":"x"} */
static void
json_options(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = (const char *)sqlite3_value_text(v[0]);
	struct buf out = BUF_INIT;

	(void)n;
	crash_json_options(&out, NULL, text == NULL ? "" : text);
	sqlite3_result_text(c, out.data, (int)out.len, SQLITE_TRANSIENT);
	buf_release(&out);
}

/* crash_frames(facts, project, target): by the rules in force. */
static void
crash_frames(sqlite3_context *c, int n, sqlite3_value **v)
{
	const struct db *db = sqlite3_user_data(c);
	const char *text = (const char *)sqlite3_value_text(v[0]);
	const char *project = (const char *)sqlite3_value_text(v[1]);
	const char *target = (const char *)sqlite3_value_text(v[2]);
	struct buf out = BUF_INIT;

	(void)n;
	crash_json_frames(&out, NULL, text == NULL ? "" : text,
	    (size_t)sqlite3_value_bytes(v[0]),
	    rules_of(judge_rules(db), project), target == NULL ? "" : target);
	sqlite3_result_text(c, out.data, (int)out.len, SQLITE_TRANSIENT);
	buf_release(&out);
}

static void
unpack(sqlite3_value *v, uint64_t hours[HITS_HOURS])
{
	const void *bytes = sqlite3_value_blob(v);

	hits_unpack(
	    hours, bytes == NULL ? "" : bytes, (size_t)sqlite3_value_bytes(v));
}

/* hits_json(hours) -> [0,3,...], 24 numbers */
static void
hits_json(sqlite3_context *c, int n, sqlite3_value **v)
{
	uint64_t hours[HITS_HOURS];
	struct buf out = BUF_INIT;
	int i;

	(void)n;
	unpack(v[0], hours);
	for (i = 0; i < HITS_HOURS; i++)
		buf_printf(
		    &out, "%c%ju", i == 0 ? '[' : ',', (uintmax_t)hours[i]);
	buf_addc(&out, ']');
	sqlite3_result_text(c, out.data, (int)out.len, SQLITE_TRANSIENT);
	buf_release(&out);
}

static void
hits_sum(sqlite3_context *c, int n, sqlite3_value **v)
{
	uint64_t hours[HITS_HOURS], sum = 0;
	int i;

	(void)n;
	unpack(v[0], hours);
	for (i = 0; i < HITS_HOURS; i++)
		sum += hours[i];
	sqlite3_result_int64(c, (int64_t)sum);
}

static void
give_rate(sqlite3_context *c, sqlite3_value **v, bool high)
{
	int64_t tries = sqlite3_value_int64(v[0]);
	int64_t reproduced = sqlite3_value_int64(v[1]);
	double bounds[2];

	crash_rate(tries < 0 ? 0 : (uint64_t)tries,
	    reproduced < 0 ? 0 : (uint64_t)reproduced, &bounds[0], &bounds[1]);
	/* To three digits, as everywhere. */
	sqlite3_result_double(
	    c, (double)(int64_t)(bounds[high] * 1000 + 0.5) / 1000);
}

/* rate_low(tries, reproduced) */
static void
rate_low(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	give_rate(c, v, false);
}

static void
rate_high(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	give_rate(c, v, true);
}

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* The smallest or largest digest that begins with these hex digits. */
static void
give_bound(sqlite3_context *c, sqlite3_value *v, int fill)
{
	const char *text = (const char *)sqlite3_value_text(v);
	uint8_t bytes[DIGEST_SIZE];
	int i, d;

	memset(bytes, fill, sizeof(bytes));
	for (i = 0; text != NULL && i < 2 * DIGEST_SIZE; i++) {
		if ((d = digit(text[i])) == -1)
			break;
		if (i % 2 == 0)
			bytes[i / 2] = (uint8_t)(d << 4 | (fill & 0xf));
		else
			bytes[i / 2] = (uint8_t)((bytes[i / 2] & 0xf0) | d);
	}
	sqlite3_result_blob(c, bytes, sizeof(bytes), SQLITE_TRANSIENT);
}

static void
digest_low(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	give_bound(c, v[0], 0);
}

static void
digest_high(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	give_bound(c, v[0], 0xff);
}

/* shows_timeouts('png'): by the rules in force. */
static void
shows_timeouts(sqlite3_context *c, int n, sqlite3_value **v)
{
	const struct db *db = sqlite3_user_data(c);
	const char *project = (const char *)sqlite3_value_text(v[0]);

	(void)n;
	sqlite3_result_int(
	    c, rules_limits(rules_of(judge_rules(db), project)).show_timeouts);
}

int
functions_register(struct db *db, struct err *e)
{
	static const struct {
		const char *name;
		int arguments;
		void (*fn)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {
	    {"json_lines", 1, json_lines},
	    {"json_options", 1, json_options},
	    {"crash_frames", 3, crash_frames},
	    {"hits_json", 1, hits_json},
	    {"hits_sum", 1, hits_sum},
	    {"rate_low", 2, rate_low},
	    {"rate_high", 2, rate_high},
	    {"digest_low", 1, digest_low},
	    {"digest_high", 1, digest_high},
	    {"shows_timeouts", 1, shows_timeouts},
	};
	const int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (sqlite3_create_function_v2(db->handle, functions[i].name,
			functions[i].arguments,
			functions[i].fn == shows_timeouts ||
				functions[i].fn == crash_frames
			    ? flags
			    : flags | SQLITE_DETERMINISTIC,
			db, functions[i].fn, NULL, NULL, NULL) != SQLITE_OK)
			return db_err(db, e, "add functions");
	return 0;
}

/* The ledger: fates, ranges, what a bot may drop, and conservation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/ledger.h"
#include "masterd/db/retention.h"
#include "tests/unit/masterd/farm.h"

#define GENERATION "00000000000000cc"

static enum ledger_known
look(struct farm *f, uint64_t seq, const char *content)
{
	enum ledger_known known;
	struct digest d;
	int64_t row;

	digest_of(&d, content, strlen(content));
	assert_int_equal(
	    ledger_look(f->db, f->bot, FARM_EPOCH, seq, &d, &known, &row, NULL),
	    0);
	return known;
}

static const char *
ranges(struct farm *f, const char *fate)
{
	static char text[4096];
	char sql[256];

	snprintf(sql, sizeof(sql),
	    "SELECT coalesce(group_concat(first || '-' || last), '') FROM "
	    "(SELECT * FROM epoch_range WHERE fate = '%s' ORDER BY first)",
	    fate);
	snprintf(text, sizeof(text), "%s", farm_text(f, sql));
	return text;
}

static struct status_epoch *
status_epoch_of(struct farm *f, int64_t epoch)
{
	static struct status_epoch s;

	memset(&s, 0, sizeof(s));
	assert_int_equal(ledger_status(f->db, epoch, GENERATION, &s, NULL), 0);
	return &s;
}

/* "sealed recorded dropped under_way written_off missing" of the check. */
static const char *
check(struct farm *f)
{
	static const char *const keys[] = {"sealed", "recorded", "dropped",
	    "under_way", "written_off", "missing"};
	static char text[256];
	struct buf out = BUF_INIT;
	struct json *j;
	uint64_t n;
	bool balanced;
	size_t i, used = 0;

	assert_int_equal(ledger_check(f->db, &out, &balanced, NULL), 0);
	j = json_parse(buf_text(&out), out.len, &JSON_FILE, NULL);
	assert_non_null(j);
	for (i = 0; i < 6; i++) {
		assert_int_equal(
		    json_u64(json_get(json_root(j), keys[i]), &n), 0);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%ju", i == 0 ? "" : " ", (uintmax_t)n);
	}
	assert_int_equal(balanced, n == 0);
	json_free(j);
	buf_release(&out);
	return text;
}

/* The beat's part that matters here. */
static void
named(struct farm *f, int64_t epoch, uint64_t oldest, uint64_t highest,
    const char *generation)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
	    "UPDATE epoch SET named = 1, state = 'live', oldest = %ju, "
	    "highest = %ju, beat_generation = '%s' WHERE id = %jd",
	    (uintmax_t)oldest, (uintmax_t)highest, generation, (intmax_t)epoch);
	farm_sql(f, sql);
}

/* ---- fates ----------------------------------------------------------- */

static void
what_was_never_seen_is_new(void **state)
{
	struct farm *f = *state;
	enum ledger_known known;
	struct digest d = {{1}};
	int64_t row;

	assert_int_equal(look(f, 1, "a"), LEDGER_NEW);
	assert_int_equal(
	    ledger_look(f->db, 0, FARM_EPOCH, 1, &d, &known, &row, NULL), 0);
	assert_int_equal(known, LEDGER_NEW);
	farm_record(f, farm_epoch(f, FARM_EPOCH), 1, "ingested", "a");
	assert_int_equal(look(f, 2, "a"), LEDGER_NEW);
}

static void
the_same_digest_is_a_duplicate_another_a_conflict(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);

	farm_record(f, epoch, 1, "ingested", "a");
	assert_int_equal(look(f, 1, "a"), LEDGER_SAME);
	assert_int_equal(look(f, 1, "b"), LEDGER_OTHER);
	farm_record(f, epoch, 1, "conflict", "b");
	assert_int_equal(look(f, 1, "a"), LEDGER_SAME);
	assert_int_equal(look(f, 1, "b"), LEDGER_SAME);
	assert_int_equal(look(f, 1, "c"), LEDGER_OTHER);
	assert_int_equal(
	    farm_number(f, "SELECT max(copy) FROM ledger WHERE seq = 1"), 1);
}

static void
a_duplicate_is_counted_and_changes_nothing_else(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);

	farm_record(f, epoch, 1, "ingested", "a");
	assert_int_equal(
	    ledger_duplicate(f->db, epoch,
		farm_number(f, "SELECT id FROM ledger"), "corpus", NULL),
	    0);
	assert_int_equal(ledger_duplicate(f->db, epoch, 0, "crash", NULL), 0);
	assert_int_equal(farm_number(f, "SELECT duplicates FROM ledger"), 1);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM ledger"), 1);
	assert_int_equal(farm_number(f,
			     "SELECT sum(count) FROM epoch_count WHERE "
			     "outcome = 'duplicate'"),
	    2);
	assert_string_equal(ranges(f, "recorded"), "1-1");
}

static void
fold(struct farm *f, uint64_t now_ms)
{
	struct retention r = {.policy = RETENTION_DEFAULT};

	assert_int_equal(retention_run(f->db, &r, now_ms, 1000, NULL), 0);
}

static void
rows_fold_into_ranges_and_gaps_stay_gaps(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);

	farm_record(f, epoch, 1, "ingested", "a");
	farm_record(f, epoch, 2, "refused", "b");
	farm_record(f, epoch, 3, "held", "c");
	farm_record(f, epoch, 5, "ingested", "e");
	fold(f, FARM_NOW + LEDGER_ROW_MS);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM ledger"), 4);
	fold(f, FARM_NOW + LEDGER_ROW_MS + 1);
	/* What is refused or held keeps its row. */
	assert_int_equal(farm_number(f, "SELECT count(*) FROM ledger"), 2);
	assert_int_equal(look(f, 1, "a"), LEDGER_SAME);
	assert_int_equal(look(f, 1, "whatever"), LEDGER_SAME);
	assert_int_equal(look(f, 2, "b"), LEDGER_SAME);
	assert_int_equal(look(f, 4, "d"), LEDGER_NEW);
	assert_string_equal(ranges(f, "recorded"), "1-3,5-5");
}

static void
a_new_outcome_replaces_a_refused_one_once(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);
	struct digest d = {{7}};
	struct ledger_entry n = {.epoch = epoch,
	    .seq = 1,
	    .digest = &d,
	    .kind = "crash",
	    .outcome = "ingested",
	    .reason = "",
	    .file = "",
	    .trace = "",
	    .taken_ms = FARM_NOW};
	bool open;

	farm_record(f, epoch, 1, "refused", "a");
	assert_int_equal(
	    ledger_is_open(f->db, f->bot, FARM_EPOCH, 1, &open, NULL), 0);
	assert_true(open);
	assert_int_equal(ledger_record(f->db, &n, true, NULL), 0);
	assert_int_equal(
	    ledger_is_open(f->db, f->bot, FARM_EPOCH, 1, &open, NULL), 0);
	assert_false(open);
	assert_string_equal(farm_text(f,
				"SELECT group_concat(outcome || kind) FROM "
				"ledger"),
	    "ingestedcrash");
	assert_string_equal(
	    farm_text(f,
		"SELECT group_concat(kind || outcome || count) FROM "
		"(SELECT * FROM epoch_count WHERE count > 0)"),
	    "crashingested1");
	assert_string_equal(ranges(f, "recorded"), "1-1");
}

/* ---- ranges ---------------------------------------------------------- */

static void
ranges_join_their_neighbours(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);
	static const struct {
		uint64_t seq;
		const char *wanted;
	} steps[] = {
	    {5, "5-5"},
	    {7, "5-5,7-7"},
	    {6, "5-7"},
	    {1, "1-1,5-7"},
	    {3, "1-1,3-3,5-7"},
	    {4, "1-1,3-7"},
	    {2, "1-7"},
	    {2, "1-7"},
	    {100, "1-7,100-100"},
	};
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		farm_record(f, epoch, steps[i].seq, "ingested", "x");
		assert_string_equal(ranges(f, "recorded"), steps[i].wanted);
	}
}

static void
recorded_and_dropped_are_kept_apart(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);

	farm_record(f, epoch, 4, "ingested", "x");
	assert_int_equal(ledger_dropped(f->db, epoch, 1, 3, NULL), 0);
	assert_int_equal(ledger_dropped(f->db, epoch, 2, 3, NULL), 0);
	assert_int_equal(ledger_dropped(f->db, epoch, 5, 9, NULL), 0);
	assert_int_equal(ledger_dropped(f->db, epoch, 8, 12, NULL), 0);
	assert_string_equal(ranges(f, "recorded"), "4-4");
	assert_string_equal(ranges(f, "dropped"), "1-3,5-12");
	/* Nonsense changes nothing. */
	assert_int_equal(ledger_dropped(f->db, epoch, 0, 3, NULL), 0);
	assert_int_equal(ledger_dropped(f->db, epoch, 30, 20, NULL), 0);
	assert_string_equal(ranges(f, "dropped"), "1-3,5-12");
}

/*
 * Any order of fates gives the ranges, "below" and sums that a plain array
 * gives.
 */
#define MODEL 40

struct model {
	char fate[MODEL + 2]; /* '.', 'r', 'd' */
};

static void
compare_status(struct farm *f, int64_t epoch, const struct model *m)
{
	struct status_epoch *s = status_epoch_of(f, epoch);
	uint64_t seq, below = 0;
	bool covered;

	while (below < MODEL && m->fate[below + 1] != '.')
		below++;
	assert_int_equal(s->below, below);
	for (seq = below + 1; seq <= MODEL; seq++) {
		int i;

		covered = false;
		for (i = 0; i < s->above_count; i++)
			covered |=
			    seq >= s->above[i].first && seq <= s->above[i].last;
		assert_int_equal(covered, m->fate[seq] == 'r');
	}
}

static void
compare_check(struct farm *f, const struct model *m, uint64_t oldest)
{
	uint64_t n[6] = {MODEL, 0, 0, 0, 0, 0}, seq;
	char wanted[128];

	for (seq = 1; seq <= MODEL; seq++)
		n[m->fate[seq] == 'r'                  ? 1
			: m->fate[seq] == 'd'          ? 2
			: oldest != 0 && seq >= oldest ? 3
						       : 5]++;
	snprintf(wanted, sizeof(wanted), "%ju %ju %ju %ju %ju %ju",
	    (uintmax_t)n[0], (uintmax_t)n[1], (uintmax_t)n[2], (uintmax_t)n[3],
	    (uintmax_t)n[4], (uintmax_t)n[5]);
	assert_string_equal(check(f), wanted);
}

static void
any_order_of_fates_gives_what_an_array_gives(void **state)
{
	struct farm *f = *state;
	unsigned seed = 1;
	int round, i;

	for (round = 0; round < 12; round++) {
		int64_t epoch = farm_epoch(f, FARM_EPOCH);
		struct model m;

		memset(m.fate, '.', sizeof(m.fate));
		named(f, epoch, 0, MODEL, "0000000000000bad");
		for (i = 0; i < MODEL - round; i++) {
			uint64_t seq = 1 + (uint64_t)rand_r(&seed) % MODEL;
			uint64_t last = seq + (uint64_t)rand_r(&seed) % 4;

			if (rand_r(&seed) % 3 > 0 && m.fate[seq] == '.') {
				farm_record(f, epoch, seq, "ingested", "x");
				m.fate[seq] = 'r';
			} else if (last <= MODEL) {
				assert_int_equal(ledger_dropped(f->db, epoch,
						     seq, last, NULL),
				    0);
				for (; seq <= last; seq++)
					if (m.fate[seq] == '.')
						m.fate[seq] = 'd';
			}
			if (i % 8 == 0)
				compare_status(f, epoch, &m);
		}
		compare_status(f, epoch, &m);
		compare_check(f, &m, 0);
		named(f, epoch, 20, MODEL, "0000000000000bad");
		compare_check(f, &m, 20);
		farm_sql(f,
		    "DELETE FROM ledger; DELETE FROM epoch_range;"
		    "DELETE FROM epoch_count; DELETE FROM epoch;");
	}
}

/* ---- what the bot is told -------------------------------------------- */

static void
below_follows_oldest_of_the_current_generation_only(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);

	farm_record(f, epoch, 1, "ingested", "x");
	farm_record(f, epoch, 9, "ingested", "x");
	assert_int_equal(status_epoch_of(f, epoch)->below, 1);
	named(f, epoch, 5, 9, GENERATION);
	assert_int_equal(status_epoch_of(f, epoch)->below, 4);
	assert_int_equal(status_epoch_of(f, epoch)->above_count, 1);
	assert_int_equal(status_epoch_of(f, epoch)->above[0].first, 9);
	/* Nothing in its outbox: all that it sealed is gone. */
	named(f, epoch, 0, 9, GENERATION);
	assert_int_equal(status_epoch_of(f, epoch)->below, 9);
	assert_int_equal(status_epoch_of(f, epoch)->above_count, 0);
	/* Said to a database that may have known more. */
	named(f, epoch, 0, 9, "00000000000000dd");
	assert_int_equal(status_epoch_of(f, epoch)->below, 1);
	named(f, epoch, 0, 9, GENERATION);
	farm_sql(f, "UPDATE epoch SET named = 0");
	assert_int_equal(status_epoch_of(f, epoch)->below, 1);
}

static void
refusals_are_listed_until_they_are_noted(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);
	struct status_epoch *s;

	farm_record(f, epoch, 1, "ingested", "x");
	farm_record(f, epoch, 2, "refused", "x");
	farm_record(f, epoch, 3, "ingested", "x");
	farm_sql(f, "UPDATE ledger SET reason = 'too' || char(10) || 'long'");
	s = status_epoch_of(f, epoch);
	assert_int_equal(s->below, 3);
	assert_int_equal(s->refused_count, 1);
	assert_int_equal(s->refused[0].seq, 2);
	assert_string_equal(s->refused[0].reason, "too\\x0along");
	assert_int_equal(ledger_noted(f->db, epoch, 3, NULL), 0);
	assert_int_equal(status_epoch_of(f, epoch)->refused_count, 1);
	assert_int_equal(ledger_noted(f->db, epoch, 2, NULL), 0);
	assert_int_equal(status_epoch_of(f, epoch)->refused_count, 0);
	assert_int_equal(status_epoch_of(f, epoch)->below, 3);
}

static void
nothing_covers_a_refusal_that_is_not_listed(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);
	struct status_epoch *s;
	uint64_t seq;

	/* 1-70 refused, then 71-80 ingested, 90 refused, 95 ingested. */
	for (seq = 1; seq <= STATUS_MAX_REFUSED + 6; seq++)
		farm_record(f, epoch, seq, "refused", "x");
	for (; seq <= 80; seq++)
		farm_record(f, epoch, seq, "ingested", "x");
	farm_record(f, epoch, 90, "refused", "x");
	farm_record(f, epoch, 95, "ingested", "x");
	s = status_epoch_of(f, epoch);
	assert_int_equal(s->refused_count, STATUS_MAX_REFUSED);
	assert_int_equal(s->below, STATUS_MAX_REFUSED);
	assert_int_equal(s->above_count, 0);
	/* Whatever the bot says of its outbox. */
	named(f, epoch, 0, 95, GENERATION);
	assert_int_equal(status_epoch_of(f, epoch)->below, STATUS_MAX_REFUSED);
	for (seq = 1; seq <= 10; seq++)
		assert_int_equal(ledger_noted(f->db, epoch, seq, NULL), 0);
	s = status_epoch_of(f, epoch);
	assert_int_equal(s->below, 95);
	assert_int_equal(s->refused[0].seq, 11);
}

static void
a_refusal_that_is_not_listed_cuts_above(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);
	struct status_epoch *s;
	uint64_t seq;

	for (seq = 3; seq <= 80; seq++)
		farm_record(f, epoch, seq,
		    seq >= 10 && seq < 10 + STATUS_MAX_REFUSED + 1 ? "refused"
								   : "ingested",
		    "x");
	s = status_epoch_of(f, epoch);
	assert_int_equal(s->below, 0);
	assert_int_equal(s->above_count, 1);
	assert_int_equal(s->above[0].first, 3);
	assert_int_equal(s->above[0].last, 10 + STATUS_MAX_REFUSED - 1);
}

static void
ranges_beyond_the_limit_are_left_out(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);
	struct status_epoch *s;
	uint64_t i;

	for (i = 1; i <= STATUS_MAX_RANGES + 10; i++)
		farm_record(f, epoch, i * 2, "ingested", "x");
	s = status_epoch_of(f, epoch);
	assert_int_equal(s->above_count, STATUS_MAX_RANGES);
	assert_int_equal(s->above[0].first, 2);
	assert_int_equal(
	    s->above[STATUS_MAX_RANGES - 1].last, STATUS_MAX_RANGES * 2);
}

static void
what_is_dropped_is_covered_as_well(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);
	bool covers;

	farm_record(f, epoch, 1, "ingested", "x");
	farm_record(f, epoch, 4, "refused", "x");
	assert_int_equal(
	    ledger_covers(f->db, f->bot, FARM_EPOCH, 1, 4, &covers, NULL), 0);
	assert_false(covers);
	assert_int_equal(ledger_dropped(f->db, epoch, 2, 3, NULL), 0);
	assert_int_equal(
	    ledger_covers(f->db, f->bot, FARM_EPOCH, 1, 4, &covers, NULL), 0);
	assert_true(covers);
	assert_int_equal(
	    ledger_covers(f->db, f->bot, FARM_EPOCH, 1, 5, &covers, NULL), 0);
	assert_false(covers);
	assert_int_equal(
	    ledger_covers(f->db, f->bot, FARM_OTHER, 1, 1, &covers, NULL), 0);
	assert_false(covers);
}

/* ---- conservation ---------------------------------------------------- */

static void
the_check_says_where_everything_is(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);
	uint64_t n;

	assert_string_equal(check(f), "0 0 0 0 0 0");
	farm_record(f, epoch, 1, "ingested", "x");
	farm_record(f, epoch, 2, "refused", "x");
	farm_record(f, epoch, 6, "held", "x");
	/* Sealed as far as was seen: 3, 4, 5 are nowhere. */
	assert_string_equal(check(f), "6 3 0 0 0 3");
	/* The bot has 4 and up to 9 in its outbox. */
	named(f, epoch, 4, 9, GENERATION);
	assert_string_equal(check(f), "9 3 0 5 0 1");
	assert_int_equal(ledger_dropped(f->db, epoch, 3, 3, NULL), 0);
	assert_string_equal(check(f), "9 3 1 5 0 0");
	/* Its outbox is empty now. */
	named(f, epoch, 0, 9, GENERATION);
	assert_string_equal(check(f), "9 3 1 0 0 5");
	ledger_write_off(f->db, epoch, "the disk burnt", &n, NULL);
	assert_int_equal(n, 5);
	assert_string_equal(check(f), "9 3 1 0 5 0");
}

static void
an_epoch_that_no_beat_names_any_more_has_nothing_under_way(void **state)
{
	struct farm *f = *state;
	int64_t epoch = farm_epoch(f, FARM_EPOCH);

	farm_record(f, epoch, 1, "ingested", "x");
	named(f, epoch, 2, 3, GENERATION);
	assert_string_equal(check(f), "3 1 0 2 0 0");
	farm_sql(f, "UPDATE epoch SET named = 0, state = 'superseded'");
	assert_string_equal(check(f), "3 1 0 0 0 2");
}

/* ---- attempts -------------------------------------------------------- */

static void
attempts_count_by_file_and_content(void **state)
{
	struct farm *f = *state;
	struct digest a = {{1}}, b = {{2}};
	int64_t n;

	assert_int_equal(
	    ledger_attempts(f->db, "local", "x", NULL, &n, NULL), 0);
	assert_int_equal(n, 0);
	ledger_add_attempt(f->db, "local", "x", NULL, 1, NULL);
	ledger_add_attempt(f->db, "local", "x", NULL, 2, NULL);
	ledger_add_attempt(f->db, "local", "x", &a, 3, NULL);
	ledger_add_attempt(f->db, "local", "y", &a, 3, NULL);
	assert_int_equal(
	    ledger_attempts(f->db, "local", "x", NULL, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ledger_attempts(f->db, "local", "x", &a, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(ledger_attempts(f->db, "local", "x", &b, &n, NULL), 0);
	assert_int_equal(n, 0);
	assert_int_equal(
	    ledger_attempts(f->db, "other", "x", NULL, &n, NULL), 0);
	assert_int_equal(n, 0);
	assert_int_equal(ledger_clear_attempts(f->db, "local", "x", NULL), 0);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM attempt"), 1);
	/* Nobody pushed it again in a month. */
	fold(f, FARM_NOW);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM attempt"), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(what_was_never_seen_is_new),
	    T(the_same_digest_is_a_duplicate_another_a_conflict),
	    T(a_duplicate_is_counted_and_changes_nothing_else),
	    T(rows_fold_into_ranges_and_gaps_stay_gaps),
	    T(a_new_outcome_replaces_a_refused_one_once),
	    T(ranges_join_their_neighbours),
	    T(recorded_and_dropped_are_kept_apart),
	    T(any_order_of_fates_gives_what_an_array_gives),
	    T(below_follows_oldest_of_the_current_generation_only),
	    T(refusals_are_listed_until_they_are_noted),
	    T(nothing_covers_a_refusal_that_is_not_listed),
	    T(a_refusal_that_is_not_listed_cuts_above),
	    T(ranges_beyond_the_limit_are_left_out),
	    T(what_is_dropped_is_covered_as_well),
	    T(the_check_says_where_everything_is),
	    T(an_epoch_that_no_beat_names_any_more_has_nothing_under_way),
	    T(attempts_count_by_file_and_content),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}

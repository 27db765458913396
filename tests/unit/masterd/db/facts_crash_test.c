/* What crashes leave in rows: what is shared, counted, tried and kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "masterd/db/facts.h"
#include "masterd/db/judge.h"
#include "masterd/db/views.h"
#include "tests/unit/lib/wire/bundles.h"
#include "tests/unit/masterd/farm.h"

static const char report[] =
    "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000"
    "010 at pc 0x55 bp 0x7f sp 0x7f\n"
    "READ of size 4 at 0x602000000010 thread T0\n"
    "    #0 0x55 in __asan_memcpy (/t+0x1)\n"
    "    #1 0x56 in row_get /src/x/rows.c:10:2\n"
    "    #2 0x57 in image_read /src/x/image.c:20:2\n"
    "    #3 0x58 in LLVMFuzzerTestOneInput /src/x/fuzz.c:3:1\n";

struct seen {
	struct bundle_header h;
	struct record r;
	struct triage t;
	struct buf text;
	struct facts_place p;
	struct facts_crash c;
};

static struct seen *
see(struct farm *f, const char *input, uint64_t seq)
{
	static struct facts facts;
	static struct seen s;

	memset(&s, 0, sizeof(s));
	s.h = sample_header(KIND_CRASH);
	s.r = sample_record(REC_CRASH);
	s.h.seq = seq;
	s.h.has_target = true;
	text_copy(s.h.project.text, sizeof(s.h.project.text), "x");
	text_copy(s.h.target.text, sizeof(s.h.target.text), "a");
	facts_find_target(f->db, &s.h, &s.p, NULL);
	facts_make_target(f->db, &s.p, FARM_NOW, NULL);
	digest_of(&s.r.sha256, input, strlen(input));
	s.r.n[CRASH_TRIES] = 10;
	s.r.n[CRASH_REPRODUCED] = 7;
	s.r.n[CRASH_FOUND_MS] = FARM_NOW;
	facts_read(&facts, report, strlen(report));
	facts_write(&s.text, &facts);
	triage_settle(&s.t, &facts, rules_of(rules_base(), "x"), "a");
	s.c = (struct facts_crash){.place = &s.p,
	    .header = &s.h,
	    .record = &s.r,
	    .triage = &s.t,
	    .line = 2,
	    .bot = f->bot,
	    .has_input = true,
	    .now_ms = FARM_NOW,
	    .facts = buf_text(&s.text),
	    .command = "./a\n-runs=1",
	    .environment = "ASAN_OPTIONS=x",
	    .parents = "sha1:ab\nstrategy fork\nmutation CMP"};
	return &s;
}

static struct facts_bucket
add(struct farm *f, struct seen *s)
{
	struct facts_bucket b;
	struct err e = {.text = ""};

	if (facts_add_crash(f->db, &s->c, &b, &e) == -1)
		fail_msg("%s", e.text);
	buf_release(&s->text);
	return b;
}

static void
reports_runs_and_rules_are_shared(void **state)
{
	struct farm *f = *state;

	add(f, see(f, "i", 1));
	add(f, see(f, "j", 2));
	add(f, see(f, "i", 3));
	assert_string_equal(
	    farm_text(f,
		"SELECT (SELECT count(*) FROM crash) || ' ' || (SELECT count(*)"
		" FROM stack) || ' ' || (SELECT count(*) FROM run) || ' ' ||"
		" (SELECT group_concat(name) FROM ruleset) || ' ' || (SELECT"
		" count(*) FROM observation WHERE run = 1 AND strategies ="
		" 'fork')"),
	    "2 1 1 2 3");
	assert_string_equal(
	    farm_text(f, "SELECT replace(parents, char(10), '|') FROM crash"),
	    "sha1:ab|mutation CMP");
	assert_int_equal(farm_number(f, "SELECT hits FROM signature"), 3);
	assert_int_equal(
	    farm_number(f, "SELECT sum(crashes) FROM bucket_target"), 2);
}

static void
tries_are_added_up_by_bot_and_build(void **state)
{
	struct farm *f = *state;
	struct seen *s;

	add(f, see(f, "i", 1));
	s = see(f, "i", 2);
	s->r.n[CRASH_BELOW] = 1;
	s->r.n[CRASH_ABOVE] = 2;
	add(f, s);
	/* The same record again adds nothing. */
	add(f, see(f, "i", 2));
	assert_string_equal(
	    farm_text(f,
		"SELECT tries || ' ' || reproduced || ' ' || below || ' ' ||"
		" above FROM reproduction"),
	    "20 14 0 1");
	assert_string_equal(
	    farm_text(f, "SELECT tries || ' ' || reproduced FROM crash"),
	    "20 14");
	s = see(f, "i", 3);
	s->h.has_build = true;
	memset(&s->h.build, 7, sizeof(s->h.build));
	s->r.n[CRASH_REPRODUCED] = 99; /* more than it tried */
	add(f, s);
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM reproduction"), 2);
	assert_int_equal(farm_number(f, "SELECT reproduced FROM crash"), 24);
}

static void
a_number_without_payload_is_counted(void **state)
{
	struct farm *f = *state;
	struct record seen = {.type = REC_SEEN};
	struct seen *s;
	int64_t target;

	s = see(f, "i", 1);
	target = s->p.target;
	seen.sha256 = s->t.signature;
	seen.n[SEEN_COUNT] = 40;
	seen.n[SEEN_SECURITY] = s->t.security;
	seen.n[SEEN_LAST_MS] = FARM_NOW;
	/* Before anything is known of it, and twice. */
	assert_int_equal(facts_seen(f->db, target, &seen, FARM_NOW, NULL), 0);
	assert_int_equal(facts_seen(f->db, target, &seen, FARM_NOW, NULL), 0);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM signature"), 0);
	assert_int_equal(
	    farm_number(f, "SELECT counted FROM signature_unknown"), 80);
	add(f, s);
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM signature_unknown"), 0);
	assert_int_equal(facts_seen(f->db, target, &seen, FARM_NOW, NULL), 0);
	assert_string_equal(
	    farm_text(f, "SELECT counted || ' ' || hits FROM signature"),
	    "120 121");
	assert_int_equal(
	    farm_number(f, "SELECT sum(hits_sum(hours)) FROM signature_day"),
	    121);
	/* What no bot has counted makes no sum that is no number. */
	seen.n[SEEN_COUNT] = 1ull << 53;
	assert_int_equal(facts_seen(f->db, target, &seen, FARM_NOW, NULL), 0);
	assert_string_equal(farm_text(f,
				"SELECT counted || ' ' || hits || ' ' ||"
				" typeof(hits) FROM signature"),
	    "1000000120 1000000121 integer");
}

static void
other_rules_make_no_new_crash_of_a_known_report(void **state)
{
	static const char text[] = "ignore libc function row_get\n";
	struct farm *f = *state;
	struct rules *rules;
	struct facts facts;
	struct facts_bucket b;
	struct seen *s;

	b = add(f, see(f, "i", 1));
	assert_true(b.new_crash && b.new_bucket);
	assert_int_equal(rules_parse(&rules, text, strlen(text), NULL), 0);
	judge_use(f->db, rules, text);
	s = see(f, "i", 2);
	assert_int_equal(
	    facts_parse(&facts, s->text.data, s->text.len, NULL), 0);
	triage_settle(&s->t, &facts, rules_of(rules, "x"), "a");
	assert_string_equal(s->t.state[0], "image_read");
	b = add(f, s);
	assert_false(b.new_crash || b.new_bucket);
	assert_int_equal(b.number, 1);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM crash"), 1);
	/* A new input goes where its report is known, and names its rules. */
	s = see(f, "j", 3);
	assert_int_equal(
	    facts_parse(&facts, s->text.data, s->text.len, NULL), 0);
	triage_settle(&s->t, &facts, rules_of(rules, "x"), "a");
	b = add(f, s);
	assert_true(b.new_crash);
	assert_int_equal(b.number, 1);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM crash c JOIN ruleset r ON"
			     " r.id = c.ruleset WHERE r.text <> ''"),
	    1);
	judge_use(f->db, NULL, NULL);
	rules_free(rules);
}

/* By bots that judge as before, too: it counts as what it was made. */
static void
a_crash_that_was_regrouped_counts_as_it_is_now(void **state)
{
	struct farm *f = *state;
	struct facts_bucket b;

	add(f, see(f, "i", 1));
	farm_sql(f,
	    "INSERT INTO bucket (project, number, type, state, security,"
	    " first_ms, last_ms) SELECT project, 7, 't', 's', 0, 1, 1 FROM"
	    " bucket; INSERT INTO signature (project, signature, security,"
	    " bucket) SELECT project, zeroblob(32), 0, 2 FROM bucket WHERE"
	    " number = 7; UPDATE crash SET sig = 2, bucket = 2");
	b = add(f, see(f, "i", 2));
	assert_false(b.new_crash);
	assert_int_equal(b.number, 7);
	assert_string_equal(
	    farm_text(f,
		"SELECT group_concat(hits, ' ') FROM (SELECT * FROM signature"
		" ORDER BY id)"),
	    "1 1");
}

/* Whoever saw it worst says how bad it is. */
static void
the_severity_of_a_bug_only_grows_by_crashes(void **state)
{
	static const char both[] =
	    "SELECT b.severity || ' ' || s.severity FROM bucket b, signature s";
	struct farm *f = *state;
	struct seen *s;

	s = see(f, "i", 1);
	s->t.severity = SEVERITY_LOW;
	add(f, s);
	assert_string_equal(farm_text(f, both), "low low");
	s = see(f, "j", 2);
	s->t.severity = SEVERITY_HIGH;
	add(f, s);
	assert_string_equal(farm_text(f, both), "high high");
	s = see(f, "k", 3);
	s->t.severity = SEVERITY_MEDIUM;
	add(f, s);
	assert_string_equal(farm_text(f, both), "high high");
}

static void
a_crash_says_all_that_is_known_of_it(void **state)
{
	static const char *const has[] = {"\"command\":[\"./a\",\"-runs=1\"]",
	    "\"sanitizer_options\":{\"ASAN_OPTIONS\":\"x\"}",
	    "\"strategies\":[\"fork\"]", "\"unique\":true",
	    "\"parents\":[\"sha1:ab\",\"mutation CMP\"]",
	    "\"function\":\"row_get\"", "\"role\":\"runtime\"",
	    "\"tries\":10,\"reproduced\":7,\"low\":0.397,\"high\":0.892",
	    "\"minimised\":{\"hash\":\"0909", "\"state_lines\":[\"row_get\""};
	struct farm *f = *state;
	struct buf out = BUF_INIT;
	struct digest min;
	struct seen *s;
	size_t i;

	memset(&min, 9, sizeof(min));
	s = see(f, "i", 1);
	s->c.minimised = &min;
	s->c.minimised_bytes = 3;
	add(f, s);
	assert_int_equal(view_item(f->db, VIEW_CRASH, 1, &out, NULL), 0);
	for (i = 0; i < sizeof(has) / sizeof(has[0]); i++)
		if (strstr(buf_text(&out), has[i]) == NULL)
			fail_msg("no %s in %s", has[i], buf_text(&out));
	buf_release(&out);
}

#define T(name) cmocka_unit_test_setup_teardown(name, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(reports_runs_and_rules_are_shared),
	    T(tries_are_added_up_by_bot_and_build),
	    T(a_number_without_payload_is_counted),
	    T(other_rules_make_no_new_crash_of_a_known_report),
	    T(a_crash_that_was_regrouped_counts_as_it_is_now),
	    T(the_severity_of_a_bug_only_grows_by_crashes),
	    T(a_crash_says_all_that_is_known_of_it),
	};

	return cmocka_run_group_tests_name("facts_crash", tests, NULL, NULL);
}

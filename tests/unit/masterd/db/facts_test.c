/* Units, crashes and buckets: each once, in the place it belongs to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "masterd/db/facts.h"
#include "tests/unit/lib/wire/bundles.h"
#include "tests/unit/masterd/farm.h"

static struct facts_place
place_of(struct farm *f, const char *project, const char *target)
{
	struct bundle_header h = sample_header(KIND_CORPUS);
	struct facts_place p;

	h.has_target = target != NULL;
	text_copy(h.project.text, sizeof(h.project.text), project);
	if (target != NULL)
		text_copy(h.target.text, sizeof(h.target.text), target);
	assert_int_equal(facts_find_target(f->db, &h, &p, NULL), 0);
	assert_int_equal(facts_make_target(f->db, &p, FARM_NOW, NULL), 0);
	assert_int_not_equal(p.target, 0);
	return p;
}

/* One sighting of "input" with a signature of its own for each "bug". */
static struct facts_bucket
see_crash(struct farm *f, const struct facts_place *p, const char *input,
    const char *bug, uint64_t seq, bool security)
{
	struct bundle_header h = sample_header(KIND_CRASH);
	struct record r = sample_record(REC_CRASH);
	struct triage t = {.type = "Heap-overflow", .state_count = 1};
	struct facts_crash c = {.place = p,
	    .header = &h,
	    .record = &r,
	    .triage = &t,
	    .line = 2,
	    .bot = f->bot,
	    .has_input = true,
	    .now_ms = FARM_NOW};
	struct facts_bucket b;

	h.seq = seq;
	digest_of(&r.sha256, input, strlen(input));
	text_copy(t.state[0], sizeof(t.state[0]), bug);
	t.security = security;
	digest_of(&t.signature, bug, strlen(bug));
	assert_int_equal(facts_add_crash(f->db, &c, &b, NULL), 0);
	return b;
}

/* ---- places ---------------------------------------------------------- */

static void
what_nobody_added_goes_to_lost_and_found(void **state)
{
	struct farm *f = *state;
	struct facts_place p = place_of(f, "png", "read"), again;

	assert_string_equal(p.project.text, PROJECT_LOST);
	assert_string_equal(p.name.text, "read");
	again = place_of(f, "other", "read");
	assert_int_equal(again.target, p.target);
	again = place_of(f, "png", NULL);
	assert_string_equal(again.name.text, "unknown");
	assert_int_not_equal(again.target, p.target);
}

static void
a_target_that_was_added_gets_its_facts(void **state)
{
	struct farm *f = *state;
	struct facts_place p;

	farm_job(f);
	p = place_of(f, "zlib", "inflate");
	assert_int_equal(p.target, 1);
	assert_string_equal(p.project.text, "zlib");
	p = place_of(f, "zlib", "deflate");
	assert_string_equal(p.project.text, PROJECT_LOST);
}

/* ---- units ----------------------------------------------------------- */

static void
a_unit_counts_once_for_its_target(void **state)
{
	struct farm *f = *state;
	struct facts_place a = place_of(f, "x", "a"), b = place_of(f, "x", "b");
	struct digest d = {{1}};
	bool added;

	assert_int_equal(facts_has_unit(f->db, a.target, &d, NULL), 0);
	facts_add_unit(
	    f->db, a.target, &d, 10, 1, f->bot, FARM_NOW, &added, NULL);
	assert_true(added);
	facts_add_unit(
	    f->db, a.target, &d, 10, 1, f->bot, FARM_NOW, &added, NULL);
	assert_false(added);
	assert_int_equal(facts_has_unit(f->db, a.target, &d, NULL), 1);
	assert_int_equal(facts_has_unit(f->db, b.target, &d, NULL), 0);
	facts_add_unit(
	    f->db, b.target, &d, 10, 1, f->bot, FARM_NOW, &added, NULL);
	assert_true(added);
	assert_string_equal(
	    farm_text(f,
		"SELECT group_concat(units || ' ' || unit_bytes) FROM target"),
	    "1 10,1 10");
}

static void
coverage_only_grows(void **state)
{
	struct farm *f = *state;
	struct facts_place p = place_of(f, "x", "a");
	struct record r = {.type = REC_COVERAGE};

	r.n[COVERAGE_EDGES] = 7;
	r.n[COVERAGE_FUNCTIONS] = 3;
	assert_int_equal(facts_coverage(f->db, p.target, &r, NULL), 0);
	r.n[COVERAGE_EDGES] = 5;
	r.n[COVERAGE_FUNCTIONS] = 4;
	assert_int_equal(facts_coverage(f->db, p.target, &r, NULL), 0);
	assert_string_equal(
	    farm_text(f, "SELECT edges || ' ' || functions FROM target"),
	    "7 4");
}

/* ---- crashes --------------------------------------------------------- */

static void
one_signature_is_one_bucket(void **state)
{
	struct farm *f = *state;
	struct facts_place p = place_of(f, "x", "a");
	struct facts_bucket b;

	b = see_crash(f, &p, "input", "bug", 1, true);
	assert_int_equal(b.number, 1);
	assert_true(b.new_bucket);
	assert_true(b.new_crash);
	b = see_crash(f, &p, "input", "bug", 2, true);
	assert_int_equal(b.number, 1);
	assert_false(b.new_bucket);
	assert_false(b.new_crash);
	b = see_crash(f, &p, "another input", "bug", 3, true);
	assert_int_equal(b.number, 1);
	assert_false(b.new_bucket);
	assert_true(b.new_crash);
	/* Two targets of one project share their bugs. */
	p = place_of(f, "x", "b");
	assert_int_equal(see_crash(f, &p, "input", "bug", 4, true).number, 1);
	assert_string_equal(farm_text(f,
				"SELECT (SELECT count(*) FROM crash) || ' ' "
				"|| (SELECT count(*) FROM observation) || ' ' "
				"|| (SELECT count(*) FROM bucket)"),
	    "3 4 1");
}

static void
another_signature_or_security_flag_is_another_bucket(void **state)
{
	struct farm *f = *state;
	struct facts_place p = place_of(f, "x", "a");

	assert_int_equal(see_crash(f, &p, "i", "bug", 1, true).number, 1);
	assert_int_equal(see_crash(f, &p, "i", "bag", 2, true).number, 2);
	assert_int_equal(see_crash(f, &p, "i", "bug", 3, false).number, 3);
	/* One input, two signatures: two crashes. */
	assert_int_equal(farm_number(f, "SELECT count(*) FROM crash"), 2);
}

static void
the_same_sighting_counts_once(void **state)
{
	struct farm *f = *state;
	struct facts_place p = place_of(f, "x", "a");

	see_crash(f, &p, "i", "bug", 1, true);
	see_crash(f, &p, "i", "bug", 1, true);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM observation"), 1);
}

static void
a_number_is_never_given_twice(void **state)
{
	struct farm *f = *state;
	struct facts_place p = place_of(f, "x", "a");

	see_crash(f, &p, "i", "bug", 1, true);
	assert_int_equal(
	    facts_reserve_bucket(f->db, PROJECT_LOST, 41, NULL), 0);
	assert_int_equal(see_crash(f, &p, "j", "bog", 2, true).number, 42);
	assert_int_equal(facts_reserve_bucket(f->db, PROJECT_LOST, 3, NULL), 0);
	assert_int_equal(see_crash(f, &p, "k", "beg", 3, true).number, 43);
	assert_int_equal(
	    facts_reserve_bucket(f->db, "no-such-project", 3, NULL), 0);
}

static void
files_of_a_crash_are_known_by_its_rows(void **state)
{
	struct farm *f = *state;
	struct facts_place p = place_of(f, "x", "a");
	struct digest input, bug, other, none = {{0}};
	struct facts_crash_files files;

	digest_of(&input, "i", 1);
	digest_of(&bug, "bug", 3);
	digest_of(&other, "other", 5);
	facts_crash_files(f->db, p.target, &input, &bug, &none, &files, NULL);
	assert_false(files.input || files.report);
	see_crash(f, &p, "i", "bug", 1, true);
	facts_crash_files(f->db, p.target, &input, &bug, &none, &files, NULL);
	assert_true(files.input && files.report);
	facts_crash_files(f->db, p.target, &input, &other, &none, &files, NULL);
	assert_true(files.input && !files.report && files.others);
}

static int
list_crash(void *arg, const struct facts_place *p, const struct digest *sha256,
    uint64_t bucket)
{
	buf_printf(arg, "%s/%s/%.4s:%ju ", p->project.text, p->name.text,
	    digest_hex(sha256).text, (uintmax_t)bucket);
	return 0;
}

static void
each_crash_is_told_with_its_bucket(void **state)
{
	struct farm *f = *state;
	struct facts_place p = place_of(f, "x", "a");
	struct buf list = BUF_INIT;
	int64_t last;

	see_crash(f, &p, "i", "bug", 1, true);
	see_crash(f, &p, "i", "bag", 2, true);
	assert_int_equal(
	    facts_each_crash(f->db, 0, &last, list_crash, &list, NULL), 0);
	assert_int_equal(last, 2);
	assert_string_equal(
	    buf_text(&list), "lost+found/a/de7d:1 lost+found/a/de7d:2 ");
	buf_reset(&list);
	assert_int_equal(
	    facts_each_crash(f->db, 1, &last, list_crash, &list, NULL), 0);
	assert_string_equal(buf_text(&list), "lost+found/a/de7d:2 ");
	buf_release(&list);
}

#define T(name) cmocka_unit_test_setup_teardown(name, farm_setup, farm_teardown)

/* Units of a job with a corpus of its own go there; all else stays the
 * target's. */
static void
a_corpus_of_a_jobs_own_gets_that_jobs_units(void **state)
{
	struct farm *f = *state;
	struct bundle_header h = sample_header(KIND_CORPUS);
	struct facts_place p;

	farm_job(f);
	farm_sql(f,
	    "UPDATE job SET job = '00000000000000aa';"
	    "INSERT INTO target (id, project, name, generation, added_ms, of)"
	    " VALUES (7, 1, 'inflate@own-00000000', 1, 1, 1);"
	    "UPDATE job SET corpus = 7");
	h.has_target = true;
	text_copy(h.project.text, sizeof(h.project.text), "zlib");
	text_copy(h.target.text, sizeof(h.target.text), "inflate");
	h.job = 0xaa;
	assert_int_equal(facts_find_target(f->db, &h, &p, NULL), 0);
	assert_int_equal(p.target, 7);
	assert_string_equal(p.project.text, "zlib");
	assert_string_equal(p.name.text, "inflate@own-00000000");
	h.job = 0xbb;
	assert_int_equal(facts_find_target(f->db, &h, &p, NULL), 0);
	assert_int_equal(p.target, 1);
	h.job = 0xaa;
	h.kind = KIND_CRASH;
	assert_int_equal(facts_find_target(f->db, &h, &p, NULL), 0);
	assert_int_equal(p.target, 1);
	assert_string_equal(p.name.text, "inflate");
	h.kind = KIND_COVERAGE;
	assert_int_equal(facts_find_target(f->db, &h, &p, NULL), 0);
	assert_int_equal(p.target, 1);
	/* A job of another target cannot fill it. */
	farm_sql(f,
	    "INSERT INTO target (id, project, name, generation,"
	    " added_ms) VALUES (8, 1, 'deflate', 1, 1)");
	h.kind = KIND_CORPUS;
	text_copy(h.target.text, sizeof(h.target.text), "deflate");
	assert_int_equal(facts_find_target(f->db, &h, &p, NULL), 0);
	assert_int_equal(p.target, 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(what_nobody_added_goes_to_lost_and_found),
	    T(a_target_that_was_added_gets_its_facts),
	    T(a_unit_counts_once_for_its_target),
	    T(coverage_only_grows),
	    T(one_signature_is_one_bucket),
	    T(another_signature_or_security_flag_is_another_bucket),
	    T(the_same_sighting_counts_once),
	    T(a_number_is_never_given_twice),
	    T(files_of_a_crash_are_known_by_its_rows),
	    T(each_crash_is_told_with_its_bucket),
	    T(a_corpus_of_a_jobs_own_gets_that_jobs_units),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}

/* What was read from a report becomes a crash's facts and its bug. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "masterd/intake/judge.h"
#include "tests/unit/masterd/farm.h"

static struct facts facts;

/* A crash and its report; the report says what "facts" say. */
static struct taken *
bundle(uint64_t signo)
{
	struct taken *t = taken_new("local", "odd", -1, 0);
	struct record r;
	struct item *i;

	text_copy(t->place.project.text, sizeof(t->place.project.text), "p");
	text_copy(t->place.name.text, sizeof(t->place.name.text), "target");
	memset(&r, 0, sizeof(r));
	r.type = REC_CRASH;
	r.n[CRASH_SIGNAL] = signo;
	taken_add(t, &r);
	memset(&r, 0, sizeof(r));
	r.type = REC_REPORT;
	i = taken_add(t, &r);
	facts_write(&i->facts, &facts);
	return t;
}

static void
expect_facts(const struct taken *t, const char *text)
{
	static struct facts again;
	const struct buf *b = &t->items[0].facts;

	assert_string_equal(buf_text(b), text);
	assert_int_equal(facts_parse(&again, b->data, b->len, NULL), 0);
}

static void
a_signal_is_added_to_what_names_no_bug(void **state)
{
	static const char report[] = "FuzzerSecurityIssueHigh: look\n";
	struct farm *f = *state;
	struct taken *t;

	assert_int_equal(facts_read(&facts, report, strlen(report)), 1);
	t = bundle(11);
	judge_crash(f->db, t, 0);
	expect_facts(t,
	    "facts 1\nkind none\nsignal 11\n"
	    "protected FuzzerSecurityIssueHigh\n");
	taken_free(t);
}

/* A decode child that was taken over may send any facts that are well formed:
 * long texts of what is no bug, with stacks. */
static void
a_signal_is_added_to_long_facts_of_no_bug(void **state)
{
	static const char text[] =
	    "facts 1\nkind none\ntool T\nwhat some words that mean nothing\n"
	    "stack crash\n#0 f\n at a.c:1:2\n#1 main\n in program+0x10\n"
	    "stack freed\n#0 free\n";
	static const char want[] =
	    "facts 1\nkind none\ntool T\nwhat some words that mean nothing\n"
	    "signal 6\n"
	    "stack crash\n#0 f\n at a.c:1:2\n#1 main\n in program+0x10\n"
	    "stack freed\n#0 free\n";
	struct farm *f = *state;
	struct taken *t;

	assert_int_equal(facts_parse(&facts, text, strlen(text), NULL), 0);
	t = bundle(6);
	judge_crash(f->db, t, 0);
	expect_facts(t, want);
	assert_string_equal(t->items[0].triage->state[0], "target");
	taken_free(t);
}

static void
a_crash_without_a_report_has_the_facts_of_its_signal(void **state)
{
	struct farm *f = *state;
	struct taken *t;

	memset(&facts, 0, sizeof(facts));
	t = bundle(0);
	t->count = 1; /* no report at all */
	buf_release(&t->items[1].facts);
	judge_crash(f->db, t, 0);
	expect_facts(t, "facts 1\nkind none\n");
	taken_free(t);
}

/* 65,536 records of 24 KiB each would be more than the master's memory. */
static void
texts_count_towards_a_batch(void **state)
{
	struct batch b;
	struct taken *t;

	(void)state;
	memset(&facts, 0, sizeof(facts));
	t = bundle(0);
	batch_init(&b);
	t->text_bytes = TAKEN_TEXT_MAX;
	batch_add(&b, t, 0);
	assert_true(batch_full(&b));
	taken_free(t);
}

#define T(name) cmocka_unit_test_setup_teardown(name, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_signal_is_added_to_what_names_no_bug),
	    T(a_signal_is_added_to_long_facts_of_no_bug),
	    T(a_crash_without_a_report_has_the_facts_of_its_signal),
	    cmocka_unit_test(texts_count_towards_a_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tools/pf-report/text: what a mail holds, and how wide it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/pf-report/pf_report.h"

#define HOUR 3600000ull

static const char *
wrapped(const char *first, const char *text)
{
	static struct buf out = BUF_INIT;

	buf_reset(&out);
	text_wrap(&out, first, text);
	return out.data;
}

/* Every line, in characters. */
static size_t
widest(const char *text)
{
	size_t n = 0, most = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			n = 0;
		else
			n += ((unsigned char)*text & 0xc0) != 0x80;
		if (n > most)
			most = n;
	}
	return most;
}

static void
words_are_wrapped_and_the_rest_is_indented(void **state)
{
	(void)state;
	assert_string_equal(wrapped("  - ", "short"), "  - short\n");
	assert_string_equal(
	    wrapped("  - ",
		"one two three four five six seven eight nine ten eleven "
		"twelve thirteen"),
	    "  - one two three four five six seven eight nine ten eleven "
	    "twelve\n    thirteen\n");
	assert_string_equal(wrapped("x ", ""), "x \n");
	assert_string_equal(wrapped("x ", "  a   b "), "x a b\n");
}

static void
long_words_and_odd_bytes_stay_in_the_width(void **state)
{
	char text[1200];
	size_t i;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(widest(wrapped("    ", text)), WIDTH);
	for (i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[i] = '\0';
	assert_int_equal(widest(wrapped("  ", text)), WIDTH);
	assert_string_equal(
	    wrapped("", "a\x1b[31m\nb\xff"), "a\\x1b[31m\\x0ab\\xff\n");
}

static struct json *docs[3];

/* "f" with a status and one bucket, as the master would send them. */
static void
fill(struct facts *f, const char *status, const char *bucket)
{
	struct err e;

	memset(f, 0, sizeof(*f));
	f->since_ms = 24 * HOUR;
	docs[0] = json_parse(status, strlen(status), &JSON_REPLY, &e);
	assert_non_null(docs[0]);
	f->item = json_root(docs[0]);
	f->problems = json_count(json_get(f->item, "problems"));
	if (bucket == NULL)
		return;
	docs[1] = json_parse(bucket, strlen(bucket), &JSON_REPLY, &e);
	assert_non_null(docs[1]);
	f->buckets[0].json = docs[1];
	f->bucket_count = 1;
	f->tally[BUCKET_NEW].count = 1;
}

static void
forget(struct buf *out)
{
	json_free(docs[0]);
	json_free(docs[1]);
	docs[0] = docs[1] = NULL;
	buf_release(out);
}

#define STATUS                                                               \
	"{\"bots\":{\"up\":2,\"lost\":1},\"jobs\":{},\"execs\":12,"          \
	"\"execs_per_second\":3,\"crashes\":4,\"buckets\":2,\"units\":5,"    \
	"\"unit_bytes\":2048,\"disk_free\":1073741824,\"disk_total\":"       \
	"2147483648,\"days_to_full\":9,\"projects\":[{\"project\":\"zlib\"," \
	"\"corpus_bytes\":1024,\"crash_bytes\":0,\"build_bytes\":0,"         \
	"\"growth_per_day\":1048576}],\"problems\":["

static void
the_report_begins_with_a_subject_and_says_all(void **state)
{
	struct buf out = BUF_INIT;
	struct facts f;

	(void)state;
	fill(&f,
	    STATUS "{\"text\":\"bot b1 is lost\",\"fix\":\"look after it\","
		   "\"severity\":\"warning\"}]}",
	    "{\"api\":1,\"item\":{\"id\":\"zlib-17\",\"type\":"
	    "\"Heap-buffer-overflow READ 4\",\"state\":\"inflate\\nmain\","
	    "\"security\":true,\"issue\":\"https://bugs.example/7\"}}");
	f.tally[BOT_LOST].count = 2;
	buf_adds(&f.tally[BOT_LOST].names, "b1, b2");
	text_write(&f, &out);
	assert_string_equal(out.data,
	    "PandaFuzz: 1 new bucket, 1 problem in 24h\n"
	    "\n"
	    "New buckets\n"
	    "  zlib-17         Heap-buffer-overflow READ 4 [security]\n"
	    "    inflate\n"
	    "    main\n"
	    "    https://bugs.example/7\n"
	    "\n"
	    "Problems\n"
	    "  - bot b1 is lost\n"
	    "    fix: look after it\n"
	    "\n"
	    "What happened\n"
	    "  bots lost        2  b1, b2\n"
	    "\n"
	    "The farm\n"
	    "  bots      2 up, 1 lost\n"
	    "  jobs      none\n"
	    "  speed     3 executions/s, 12 in all\n"
	    "  crashes   4 in 2 buckets\n"
	    "  disk      1.0 GiB of 2.0 GiB free, full in 9 days\n"
	    "  corpus    5 units, 2.0 KiB\n"
	    "    zlib              corpus 1.0 KiB, crashes 0 B, +1.0 MiB a "
	    "day\n");
	assert_true(facts_findings(&f));
	buf_release(&f.tally[BOT_LOST].names);
	forget(&out);
}

static void
nothing_new_is_no_finding(void **state)
{
	struct buf out = BUF_INIT;
	struct facts f;

	(void)state;
	fill(&f, STATUS "]}", NULL);
	f.since_ms = 7 * 24 * HOUR;
	text_write(&f, &out);
	assert_memory_equal(
	    out.data, "PandaFuzz: 0 new buckets, 0 problems in 7d\n\nThe ", 48);
	assert_false(facts_findings(&f));
	f.tally[BOT_LATE].count = 1;
	assert_false(facts_findings(&f));
	f.tally[BUILD_BAD].count = 1;
	assert_true(facts_findings(&f));
	forget(&out);
}

static void
hostile_facts_are_one_line_each_and_no_wider(void **state)
{
	struct buf out = BUF_INIT;
	struct facts f;

	(void)state;
	fill(&f,
	    STATUS "{\"text\":\"bot \\u001b[2J\\nSubject: x is lost "
		   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"fix\":\"\"}]}",
	    "{\"item\":{\"id\":\"\\u001b]0;x\\u0007\",\"type\":\"a\\r\\nb\","
	    "\"state\":\"\\u0007\"}}");
	text_write(&f, &out);
	assert_true(widest(out.data) <= WIDTH);
	assert_null(strpbrk(out.data, "\x1b\x07\r"));
	assert_null(strstr(out.data, "\nSubject"));
	forget(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_wrapped_and_the_rest_is_indented),
	    cmocka_unit_test(long_words_and_odd_bytes_stay_in_the_width),
	    cmocka_unit_test(the_report_begins_with_a_subject_and_says_all),
	    cmocka_unit_test(nothing_new_is_no_finding),
	    cmocka_unit_test(hostile_facts_are_one_line_each_and_no_wider),
	};

	return cmocka_run_group_tests_name(
	    "tools/pf-report/text", tests, NULL, NULL);
}

/* What a decode child says is checked field by field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/intake/frame.h"
#include "tests/unit/lib/wire/bundles.h"

static int
get(struct buf *in, size_t *offset, enum frame_type *type, size_t *len)
{
	const void *body;

	return frame_get(in, offset, type, &body, len, NULL);
}

static void
frames_come_out_as_they_went_in_however_they_are_cut(void **state)
{
	struct buf all = BUF_INIT, in = BUF_INIT;
	size_t cut, offset, len;
	enum frame_type type;
	int seen;

	(void)state;
	frame_put(&all, FRAME_PAYLOAD, "abc", 3);
	frame_put(&all, FRAME_PAYLOAD, "", 0);
	frame_put(&all, FRAME_RECORD, "0123456789", 10);
	for (cut = 0; cut <= all.len; cut++) {
		buf_reset(&in);
		buf_add(&in, all.data, cut);
		offset = 0;
		seen = 0;
		while (get(&in, &offset, &type, &len) == 1)
			seen++;
		assert_int_equal(
		    seen, (cut >= 11) + (cut >= 19) + (cut == all.len));
		assert_int_equal(get(&in, &offset, &type, &len), 0);
	}
	buf_release(&all);
	buf_release(&in);
}

static void
what_is_no_frame_is_refused(void **state)
{
	static const struct frame_head heads[] = {{0, 1}, {6, 1},
	    {UINT32_MAX, 0}, {FRAME_PAYLOAD, FRAME_MAX + 1},
	    {FRAME_PAYLOAD, UINT32_MAX}};
	enum frame_type type;
	size_t i, offset, len;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct buf in = BUF_INIT;

		buf_add(&in, &heads[i], sizeof(heads[i]));
		offset = 0;
		assert_int_equal(get(&in, &offset, &type, &len), -1);
		buf_release(&in);
	}
}

static void
a_header_must_be_one_that_the_parser_makes(void **state)
{
	struct bundle_header good = sample_header(KIND_CORPUS), h, out;

	(void)state;
	assert_int_equal(frame_header(&out, &good, sizeof(good), NULL), 0);
	assert_int_equal(frame_header(&out, &good, sizeof(good) - 1, NULL), -1);
#define BAD(statement)                                                         \
	do {                                                                   \
		h = good;                                                      \
		statement;                                                     \
		assert_int_equal(frame_header(&out, &h, sizeof(h), NULL), -1); \
	} while (0)
	BAD(h.pfb = 2);
	BAD(h.kind = KIND_COUNT);
	BAD(h.epoch = 0);
	BAD(h.seq = 0);
	BAD(h.seq = UINT64_MAX);
	BAD(strcpy(h.account.text, "../up"));
	BAD(strcpy(h.bot.text, ""));
	BAD(memset(h.bot.text, 'a', sizeof(h.bot.text)));
	BAD(strcpy(h.project.text, ".."));
	BAD(strcpy(h.target.text, "a/b"));
	BAD(memset(h.target.text, 'a', sizeof(h.target.text)));
	BAD(strcpy(h.trace, "a\nb"));
	BAD(memset(h.trace, 'a', sizeof(h.trace)));
#undef BAD
	h = good;
	strcpy(h.project.text, PROJECT_LOST);
	assert_int_equal(frame_header(&out, &h, sizeof(h), NULL), 0);
}

static void
a_record_must_be_one_that_the_parser_makes(void **state)
{
	struct record good = sample_record(REC_UNIT), r, out;

	(void)state;
	assert_int_equal(frame_record(&out, &good, sizeof(good), NULL), 0);
	assert_int_equal(frame_record(&out, &good, 3, NULL), -1);
#define BAD(statement)                                                         \
	do {                                                                   \
		r = good;                                                      \
		statement;                                                     \
		assert_int_equal(frame_record(&out, &r, sizeof(r), NULL), -1); \
	} while (0)
	BAD(r.type = REC_COUNT);
	BAD(r.type = (enum record_type) - 1);
	BAD(r.size = BUNDLE_LIMITS.payload + 1);
	BAD((r.has_payload = false, r.size = 1));
	BAD(strcpy(r.word, "Up/../"));
	BAD(memset(r.word2, 'a', sizeof(r.word2)));
	BAD(r.n[11] = UINT64_MAX);
#undef BAD
}

static void
facts_must_be_as_the_library_writes_them(void **state)
{
	unsigned char bytes[sizeof(struct frame_facts) + FACTS_TEXT_MAX + 1];
	struct frame_facts head = {0x10, 1, 0}, out;
	struct buf text = BUF_INIT;
	struct facts f;
	const char *said;
	size_t len;

	(void)state;
	memset(&f, 0, sizeof(f));
	f.signal = 11;
	facts_write(&text, &f);
	head.len = (uint32_t)text.len;
	len = sizeof(head) + text.len;
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), text.data, text.len);
	assert_int_equal(frame_facts(&out, &said, bytes, len, NULL), 0);
	assert_int_equal(out.address, 0x10);
	assert_memory_equal(said, text.data, text.len);
	assert_int_equal(frame_facts(&out, &said, bytes, len - 1, NULL), -1);
	assert_int_equal(frame_facts(&out, &said, bytes, 3, NULL), -1);
	assert_int_equal(
	    frame_facts(&out, &said, bytes, sizeof(bytes), NULL), -1);
	bytes[sizeof(head)] = 0x1b;
	assert_int_equal(frame_facts(&out, &said, bytes, len, NULL), -1);
	head.has_address = 2;
	memcpy(bytes, &head, sizeof(head));
	bytes[sizeof(head)] = (unsigned char)text.data[0];
	assert_int_equal(frame_facts(&out, &said, bytes, len, NULL), -1);
	buf_release(&text);
}

static void
a_verdict_must_be_an_end(void **state)
{
	struct frame_verdict good = {.step = STEP_OK, .has_end = 1}, v, out;

	(void)state;
	assert_int_equal(frame_verdict(&out, &good, sizeof(good), NULL), 0);
	v = good;
	v.has_end = 0;
	assert_int_equal(frame_verdict(&out, &v, sizeof(v), NULL), -1);
	v = good;
	v.step = STEP_RECORD;
	assert_int_equal(frame_verdict(&out, &v, sizeof(v), NULL), -1);
	v.step = STEP_HELD + 1;
	assert_int_equal(frame_verdict(&out, &v, sizeof(v), NULL), -1);
	v = good;
	memset(v.reason, 'a', sizeof(v.reason));
	assert_int_equal(frame_verdict(&out, &v, sizeof(v), NULL), -1);
}

/* Nothing to compare: no byte may make a check read what is not there. */
static void
random_bytes_are_survived(void **state)
{
	unsigned char bytes[4096 + sizeof(struct record)];
	struct bundle_header h;
	struct record r;
	struct frame_facts t;
	struct frame_verdict v;
	const char *text;
	unsigned seed = 11;
	int accepted = 0, i;
	size_t j;

	(void)state;
	for (i = 0; i < 20000; i++) {
		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = (unsigned char)rand_r(&seed);
		accepted += frame_header(&h, bytes, sizeof(h), NULL) == 0;
		accepted += frame_record(&r, bytes, sizeof(r), NULL) == 0;
		accepted += frame_facts(&t, &text, bytes, 1000, NULL) == 0;
		accepted += frame_verdict(&v, bytes, sizeof(v), NULL) == 0;
	}
	assert_int_equal(accepted, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		frames_come_out_as_they_went_in_however_they_are_cut),
	    cmocka_unit_test(what_is_no_frame_is_refused),
	    cmocka_unit_test(a_header_must_be_one_that_the_parser_makes),
	    cmocka_unit_test(a_record_must_be_one_that_the_parser_makes),
	    cmocka_unit_test(facts_must_be_as_the_library_writes_them),
	    cmocka_unit_test(a_verdict_must_be_an_end),
	    cmocka_unit_test(random_bytes_are_survived),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}

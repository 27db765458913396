/* lib/wire/manifest: one spelling, or the id of a build would mean nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/wire/manifest.h"

#define SHA "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"

static void
add(struct manifest *m, const char *path, uint32_t mode, uint64_t size)
{
	struct ticket_file f = {.mode = mode, .size = size};

	text_copy(f.path, sizeof(f.path), path);
	digest_parse(&f.sha256, SHA);
	manifest_add(m, &f);
}

static void
a_manifest_is_sorted_lines(void **state)
{
	struct manifest m = {0}, got;
	struct buf text = BUF_INIT;
	struct err e;

	(void)state;
	add(&m, "lib/b", 0644, 0);
	add(&m, "T", 0755, 4096);
	add(&m, "lib a", 0644, 7);
	assert_int_equal(manifest_sort(&m, &e), 0);
	manifest_format(&text, &m);
	assert_string_equal(text.data,
	    SHA " 0755 4096 T\n" SHA " 0644 7 lib a\n" SHA " 0644 0 lib/b\n");
	assert_int_equal(manifest_parse(&got, text.data, text.len, &e), 0);
	assert_int_equal(got.count, 3);
	assert_memory_equal(got.files, m.files, 3 * sizeof(*m.files));
	assert_int_equal(manifest_find(&got, "lib a")->size, 7);
	assert_null(manifest_find(&got, "lib"));
	manifest_release(&got);
	manifest_release(&m);
	buf_release(&text);
}

static void
the_order_of_adding_means_nothing(void **state)
{
	struct buf first = BUF_INIT, text = BUF_INIT;
	struct manifest m;
	char path[16];
	int round, i, k;

	(void)state;
	for (round = 0; round < 20; round++) {
		memset(&m, 0, sizeof(m));
		k = (int)random_below(100);
		for (i = 0; i < 100; i++) {
			snprintf(path, sizeof(path), "f%d", (i + k) % 100);
			add(&m, path, 0644, (uint64_t)((i + k) % 100));
		}
		buf_reset(&text);
		assert_int_equal(manifest_sort(&m, NULL), 0);
		manifest_format(&text, &m);
		if (round == 0)
			buf_add(&first, text.data, text.len);
		assert_string_equal(first.data, text.data);
		manifest_release(&m);
	}
	buf_release(&first);
	buf_release(&text);
}

static void
assert_sort_refuses(struct manifest *m)
{
	struct err e = {0};

	assert_int_equal(manifest_sort(m, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	manifest_release(m);
}

static void
what_cannot_be_made_as_files_is_refused(void **state)
{
	struct manifest m = {0};
	char path[16];
	int i;

	(void)state;
	assert_sort_refuses(&m);
	add(&m, "a", 0644, 0);
	add(&m, "a", 0644, 0);
	assert_sort_refuses(&m);
	add(&m, "../a", 0644, 0);
	assert_sort_refuses(&m);
	add(&m, "a", 0600, 0);
	assert_sort_refuses(&m);
	add(&m, "a/b/c", 0644, 0);
	add(&m, "a", 0644, 0);
	add(&m, "a-b", 0644, 0);
	assert_sort_refuses(&m);
	for (i = 0; i <= MANIFEST_MAX_FILES; i++) {
		snprintf(path, sizeof(path), "f%d", i);
		add(&m, path, 0644, 0);
	}
	assert_sort_refuses(&m);
}

static void
only_the_canonical_text_is_taken(void **state)
{
	static const char *const bad[] = {"", "\n", " ", SHA " 0644 0 a",
	    SHA " 0644 0 a\n\n", SHA " 0644 0 a\r\n", SHA "  0644 0 a\n",
	    SHA " 0644 00 a\n", SHA " 0644 01 a\n", SHA " 0644 +1 a\n",
	    SHA " 0644  a\n", SHA " 0644 0 \n", SHA " 0644 0\n",
	    SHA " 644 0 a\n", SHA " 0600 0 a\n", SHA " 4755 0 a\n",
	    SHA " 0644 0 /a\n", SHA " 0644 0 a/../b\n", SHA " 0644 0 a//b\n",
	    SHA " 0644 0 b\n" SHA " 0644 0 a\n",
	    SHA " 0644 0 a\n" SHA " 0644 0 a\n",
	    SHA " 0644 0 a\n" SHA " 0644 0 a/b\n", SHA " 0644 0 \xff\n",
	    SHA " 0644 9223372036854775808 a\n",
	    "2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881"
	    " 0644 0 a\n",
	    "711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	    " 0644 0 a\n"};
	struct manifest m;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (manifest_parse(&m, bad[i], strlen(bad[i]), &e) == 0)
			fail_msg("taken: '%s'", bad[i]);
		assert_int_equal(e.cls, ERR_REFUSED);
		assert_null(m.files);
	}
	assert_int_equal(manifest_parse(&m, SHA " 0644 0 a\0b\n", 76, &e), -1);
}

/* Whatever is taken gives itself back: there is one spelling. */
static void
what_is_taken_is_formatted_back(void **state)
{
	static const char good[] =
	    SHA " 0755 12 T\n" SHA " 0644 0 T.dict\n" SHA " 0644 9 a/b\n";
	static const char odd[] = "0123456789abcdef /.\n\0\xc3T";
	char copy[sizeof(good)];
	struct buf text = BUF_INIT;
	struct manifest m;
	int i, taken = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		memcpy(copy, good, sizeof(good));
		copy[random_below(sizeof(good) - 1)] =
		    odd[random_below(sizeof(odd) - 1)];
		if (manifest_parse(&m, copy, sizeof(good) - 1, NULL) == -1)
			continue;
		taken++;
		buf_reset(&text);
		manifest_format(&text, &m);
		assert_int_equal(text.len, sizeof(good) - 1);
		assert_memory_equal(text.data, copy, text.len);
		manifest_release(&m);
	}
	assert_true(taken > 1000);
	buf_release(&text);
}

static void
the_largest_manifest_is_read(void **state)
{
	struct manifest m = {0}, got;
	struct buf text = BUF_INIT;
	char path[TICKET_PATH_MAX + 1];
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < MANIFEST_MAX_FILES; i++) {
		snprintf(path, sizeof(path), "%0240d/%d", i % 1000, i / 1000);
		add(&m, path, 0644, 1);
	}
	assert_int_equal(manifest_sort(&m, &e), 0);
	manifest_format(&text, &m);
	assert_true(text.len <= MANIFEST_MAX_BYTES);
	assert_int_equal(manifest_parse(&got, text.data, text.len, &e), 0);
	assert_int_equal(got.count, MANIFEST_MAX_FILES);
	manifest_release(&got);
	manifest_release(&m);
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_manifest_is_sorted_lines),
	    cmocka_unit_test(the_order_of_adding_means_nothing),
	    cmocka_unit_test(what_cannot_be_made_as_files_is_refused),
	    cmocka_unit_test(only_the_canonical_text_is_taken),
	    cmocka_unit_test(what_is_taken_is_formatted_back),
	    cmocka_unit_test(the_largest_manifest_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* masterd/admin/metrics: the text format's rules, and the manual's names. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tests/unit/masterd/admin/server.h"

#define PAGE "masterd/pandafuzz-metrics.7"

static const char *
metrics_of(struct server *s)
{
	static struct answer a;

	answer_release(&a);
	get(&a, s, "/metrics");
	assert_int_equal(a.status, 200);
	return a.body.data;
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The family of a sample: "x_bucket{le=..." is of a histogram "x". */
static void
family_of(const char *line, char *name, size_t size)
{
	static const char *const ends[] = {"_bucket", "_sum", "_count"};
	size_t len = strcspn(line, "{ "), i, n;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		n = strlen(ends[i]);
		if (len > n && begins(line, "pandafuzz_ingest_duration") &&
		    memcmp(line + len - n, ends[i], n) == 0)
			len -= n;
	}
	snprintf(name, size, "%.*s", (int)len, line);
}

/* Each family once: HELP, TYPE, samples. */
static void
samples_stand_below_their_family(void **state)
{
	const char *text = metrics_of(*state), *line;
	char name[100] = "", open[100] = "", again[120];
	size_t len;

	for (line = text; *line != '\0'; line += len + 1) {
		len = strcspn(line, "\n");
		if (begins(line, "# HELP ")) {
			snprintf(open, sizeof(open), "%.*s",
			    (int)strcspn(line + 7, " "), line + 7);
			snprintf(again, sizeof(again), "# HELP %s ", open);
			assert_ptr_equal(strstr(text, again), line);
			assert_true(
			    begins(line + len + 1, "# TYPE pandafuzz_"));
		} else if (line[0] != '#') {
			family_of(line, name, sizeof(name));
			assert_string_equal(name, open);
			assert_true(
			    line[len - 1] >= '0' && line[len - 1] <= '9');
		}
	}
}

static void
a_histogram_is_cumulative(void **state)
{
	static const char head[] =
	    "pandafuzz_ingest_duration_seconds_bucket{le=\"";
	const char *text = metrics_of(*state), *at = text;
	unsigned long long last = 0, n;
	int count = 0;

	while ((at = strstr(at, head)) != NULL) {
		at += strlen(head);
		n = strtoull(strchr(at, ' ') + 1, NULL, 10);
		assert_true(n >= last);
		last = n;
		count++;
	}
	assert_true(count >= 1);
	assert_non_null(strstr(text, "_bucket{le=\"+Inf\"} "));
	assert_non_null(
	    strstr(text, "pandafuzz_ingest_duration_seconds_sum 0.000\n"));
	assert_non_null(
	    strstr(text, "pandafuzz_ingest_duration_seconds_count 0\n"));
}

/* ".It Ic pandafuzz_bots No gauge ; Li state" */
static void
the_manual_has_each_with_its_type_and_labels(void **state)
{
	const char *text = metrics_of(*state), *line;
	struct buf page = BUF_INIT;
	char item[220], name[100], type[100];
	int count = 0;
	size_t len;
	struct err e;

	assert_int_equal(fs_read_file(AT_FDCWD, PAGE, &page, 1 << 16, &e), 0);
	for (line = text; *line != '\0'; line += len + 1) {
		len = strcspn(line, "\n");
		if (!begins(line, "# TYPE "))
			continue;
		snprintf(name, sizeof(name), "%.*s",
		    (int)strcspn(line + 7, " "), line + 7);
		snprintf(type, sizeof(type), "%.*s",
		    (int)(len - 8 - strlen(name)), line + 8 + strlen(name));
		snprintf(item, sizeof(item), ".It Ic %s No %s", name, type);
		if (strstr(page.data, item) == NULL)
			fail_msg("%s lacks: %s", PAGE, item);
		count++;
	}
	assert_true(count >= 15);
	buf_release(&page);
}

int
main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, server_setup, server_teardown)
	const struct CMUnitTest tests[] = {
	    T(samples_stand_below_their_family),
	    T(a_histogram_is_cumulative),
	    T(the_manual_has_each_with_its_type_and_labels),
	};

	return cmocka_run_group_tests_name(
	    "masterd/admin/metrics", tests, NULL, NULL);
}

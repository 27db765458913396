/* lib/triage/facts_text: the normalised report has one form for each set of
 * facts, and holds all that judging may look at. */
#include <dirent.h>

#include "tests/unit/lib/triage/facts_help.h"

static void
every_report_survives_writing_and_parsing(void **state)
{
	struct buf b = BUF_INIT;
	struct dirent *d;
	int n = 0;
	DIR *dir;

	(void)state;
	dir = opendir(REPORTS);
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL) {
		if (strstr(d->d_name, ".txt") == NULL)
			continue;
		buf_reset(&b);
		slurp(&b, d->d_name);
		read_bytes(b.data, b.len);
		n++;
	}
	closedir(dir);
	buf_release(&b);
	assert_true(n >= 120);
}

static void
a_deep_stack_of_long_names_fits_its_text(void **state)
{
	struct buf b = BUF_INIT;
	char name[2000];
	int i;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	buf_printf(&b, "==7==ERROR: AddressSanitizer: %s\n", name);
	for (i = 0; i < 300; i++)
		buf_printf(&b, "    #%d 0x%x in %s /%s/%s:3:4\n", i, i, name,
		    name, name);
	assert_int_equal(read_bytes(b.data, b.len), 0);
	assert_true(facts.depth[STACK_CRASH] > 8);
	buf_reset(&b);
	buf_adds(&b,
	    "==7==ERROR: AddressSanitizer: stack-overflow on address "
	    "0x7f (pc 0x5\n");
	for (i = 0; i < 300; i++)
		buf_printf(&b, "    #%d 0x%x in f /src/a.c:3:4\n", i, i);
	read_bytes(b.data, b.len);
	assert_int_equal(facts.depth[STACK_CRASH], FACTS_FRAMES);
	buf_release(&b);
}

static void
only_what_was_written_is_parsed(void **state)
{
	static const char *const texts[] = {"", "facts 1\n",
	    "facts 2\nkind "
	    "none\n",
	    "facts 1\nkind none", "facts 1\nkind nothing\n",
	    "facts 1\nkind none\n\n", "facts 1\nkind none\ntool \n",
	    "facts 1\nkind error\nwhat a\ntool b\n",
	    "facts 1\nkind error\ntool \001\n",
	    "facts 1\nkind error\naccess READ 01\n",
	    "facts 1\nkind error\naccess FETCH 1\n",
	    "facts 1\nkind error\nstack crash\n",
	    "facts 1\nkind error\nstack crash\n#01 f\n",
	    "facts 1\nkind error\nstack crash\n#1 f\n at a\n",
	    "facts 1\nkind error\nstack crash\n#1 f\n in a+0x0A\n",
	    "facts 1\nkind error\nstack freed\n#1 f\nstack crash\n#1 f\n",
	    "facts 1\nkind error\nsignal 99\n",
	    "facts 1\nkind error\nsignal 11\nsignal 11\n"};
	struct err e = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		print_message("%s\n", texts[i]);
		assert_int_equal(
		    facts_parse(&parsed, texts[i], strlen(texts[i]), &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
	}
	assert_int_equal(
	    facts_parse(&parsed, "facts 1\nkind none\n", 18, &e), 0);
}

static void
equal_crashes_have_equal_digests_wherever_they_ran(void **state)
{
	struct digest a, b;

	(void)state;
	read_text("==7==ERROR: AddressSanitizer: heap-use-after-free on "
		  "address 0x6020 at pc 0x55 bp 0x1 sp 0x1\n"
		  "    #0 0x55 in f /home/joe/src/a.c:3 (/home/joe/t+0x5)\n");
	a = facts_digest(&facts);
	read_text("noise\n==9==ERROR: AddressSanitizer: heap-use-after-free "
		  "on address 0x6090 at pc 0x77 bp 0x1 sp 0x1\n"
		  "    #0 0x77 in f /home/ann/src/a.c:3 (/work/7/t+0x5)\n");
	b = facts_digest(&facts);
	assert_true(digest_equal(&a, &b));
	read_text("==9==ERROR: AddressSanitizer: heap-use-after-free on "
		  "address 0x6090 at pc 0x77 bp 0x1 sp 0x1\n"
		  "    #0 0x77 in f /home/ann/src/a.c:4 (/work/7/t+0x5)\n");
	b = facts_digest(&facts);
	assert_false(digest_equal(&a, &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_report_survives_writing_and_parsing),
	    cmocka_unit_test(a_deep_stack_of_long_names_fits_its_text),
	    cmocka_unit_test(only_what_was_written_is_parsed),
	    cmocka_unit_test(
		equal_crashes_have_equal_digests_wherever_they_ran),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tools/pf-local/rsync: what readers may ask, and what everybody tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/pf-local/rsync.h"

#define PROJECTS "png,zlib"
#define FLAGS    "-logDtpre.iLsfxCIvu"
#define SENDER   "rsync --server --sender "

static void
assert_taken(const char *command, size_t words)
{
	struct rsync_ask ask;
	struct err e;

	if (rsync_parse(&ask, command, PROJECTS, &e) == -1)
		fail_msg("%s: %s", command, e.text);
	assert_int_equal(ask.count, words);
	assert_null(ask.words[words]);
}

static void
assert_refused(const char *command, const char *says)
{
	struct rsync_ask ask;
	struct err e = {0};

	if (rsync_parse(&ask, command, PROJECTS, &e) == 0)
		fail_msg("taken: %s", command);
	assert_int_equal(e.cls, ERR_REFUSED);
	if (strstr(e.text, says) == NULL)
		fail_msg("%s: '%s' does not say '%s'", command, e.text, says);
}

static void
folders_of_its_projects_are_sent(void **state)
{
	(void)state;
	assert_taken(SENDER FLAGS " . corpus/png/", 6);
	assert_taken(SENDER FLAGS " . corpus/png", 6);
	assert_taken(SENDER "-vlogDtprze.iLsfxCIvu --numeric-ids --bwlimit=100 "
			    ". crashes/zlib/inflate@v2 buckets/png/7",
	    9);
	assert_taken(SENDER FLAGS " . corpus/png/a..b/c", 6);
}

static void
all_else_is_refused_with_a_sentence(void **state)
{
	(void)state;
	assert_refused("", "does nothing else");
	assert_refused("ls", "does nothing else");
	assert_refused("sh -c rsync", "does nothing else");
	assert_refused(
	    "rsync --server " FLAGS " . corpus/png/", "nothing else");
	assert_refused("rsync --server --daemon .", "does nothing else");
	assert_refused("rsync --sender --server " FLAGS " . corpus/png/",
	    "does nothing else");
	assert_refused(SENDER FLAGS " .", "no path");
	assert_refused(SENDER FLAGS " corpus/png/", "no path");
	assert_refused(SENDER FLAGS " . corpus/other/", "reads the projects");
	assert_refused(SENDER FLAGS " . corpus/pngx/", "reads the projects");
	assert_refused(SENDER FLAGS " . corpus/pn/", "reads the projects");
	assert_refused(SENDER FLAGS " . corpus/", "reads the projects");
	assert_refused(SENDER FLAGS " . corpus//png", "reads the projects");
	assert_refused(SENDER FLAGS " . corpus/png/../zlib/", "'..'");
	assert_refused(SENDER FLAGS " . corpus/png/..", "'..'");
	assert_refused(SENDER FLAGS " . /corpus/png/", "only corpus/");
	assert_refused(SENDER FLAGS " . ./corpus/png/", "only corpus/");
	assert_refused(SENDER FLAGS " . data/png/", "only corpus/");
	assert_refused(SENDER FLAGS " . corpus/png/*", "no patterns");
	assert_refused(SENDER FLAGS " . corpus/png/;id", "no patterns");
	assert_refused(SENDER FLAGS " . corpus/png/$(id)", "no patterns");
	assert_refused(SENDER FLAGS " . corpus/png/a\tb", "no patterns");
	assert_refused(SENDER FLAGS " . corpus/png/ data/", "only corpus/");
	assert_refused(SENDER FLAGS " . corpus/png/ -x", "only corpus/");
}

/* Arguments that come past us, programs, files of the other side. */
static void
options_that_are_not_known_are_refused(void **state)
{
	static const char *const bad[] = {"-s", "-logse.L", "--secluded-args",
	    "--protect-args", "--rsh=sh", "-e", "--rsync-path=x",
	    "--log-file=/tmp/x", "--files-from=/etc/passwd",
	    "--remove-source-files", "--write-batch=x", "--temp-dir=/",
	    "--config=x", "--bwlimit=", "--bwlimit=1;id",
	    "--bwlimit=11111111111111111111", "-", "--", "-f", "-M"};
	char command[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(command, sizeof(command), SENDER "%s . corpus/png/",
		    bad[i]);
		assert_refused(command, "is not for readers");
	}
}

static void
a_command_has_an_end(void **state)
{
	static char command[20000];
	size_t n;
	int i;

	(void)state;
	n = (size_t)snprintf(command, sizeof(command), SENDER FLAGS " .");
	for (i = 0; i < 100; i++)
		n += (size_t)snprintf(
		    command + n, sizeof(command) - n, " corpus/png");
	assert_refused(command, "too many words");
	memset(command, 'a', sizeof(command) - 1);
	assert_refused(command, "too long");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(folders_of_its_projects_are_sent),
	    cmocka_unit_test(all_else_is_refused_with_a_sentence),
	    cmocka_unit_test(options_that_are_not_known_are_refused),
	    cmocka_unit_test(a_command_has_an_end),
	};

	return cmocka_run_group_tests_name(
	    "tools/pf-local/rsync", tests, NULL, NULL);
}

/* tools/pf-local/keyfile: who is admitted by a file, and by what it becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "tests/unit/scratch.h"
#include "tools/pf-local/keyfile.h"

#define MINE  "SHA256:mine"
#define OTHER "SHA256:minemine"

static void
put(struct scratch *s, const char *text)
{
	struct err e;

	assert_int_equal(fs_replace(s->fd, "office.keys", text, strlen(text),
			     0640, false, &e),
	    0);
}

static struct keyfile
read_it(struct scratch *s, const char *text)
{
	struct keyfile k;
	struct err e;

	put(s, text);
	assert_int_equal(keyfile_read(&k, s->fd, "office", MINE, &e), 0);
	return k;
}

static void
a_key_of_an_active_account_is_admitted(void **state)
{
	struct scratch *s = *state;
	struct keyfile k;

	k = read_it(s,
	    "# kind=reader state=active projects=png,zlib max=1\n"
	    "ssh-ed25519 AAAA " OTHER "\n"
	    "ssh-ed25519 BBBB " MINE "\n");
	assert_true(k.admitted);
	assert_string_equal(k.kind, "reader");
	assert_string_equal(k.projects, "png,zlib");
}

static void
all_others_are_not(void **state)
{
	static const char *const texts[] = {"", "\n",
	    "ssh-ed25519 A " MINE "\n",
	    "# kind=bot state=disabled\nssh-ed25519 A " MINE "\n",
	    "# kind=bot state=full\nssh-ed25519 A " MINE "\n",
	    "# kind=bot\nssh-ed25519 A " MINE "\n", "# kind=bot state=active\n",
	    "# kind=bot state=active\nssh-ed25519 A " OTHER "\n",
	    "# kind=bot state=active\nssh-ed25519 A SHA256:min\n",
	    "# kind=bot state=active\nssh-ed25519 " MINE "\n",
	    "# kind=bot state=active\n" MINE "\n",
	    "# kind=bot state=active\nssh-ed25519 A B " MINE "\n"};
	struct scratch *s = *state;
	struct keyfile k;
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		k = read_it(s, texts[i]);
		if (k.admitted)
			fail_msg("admitted by: %s", texts[i]);
		assert_string_not_equal(k.why, "");
	}
	assert_int_equal(keyfile_read(&k, s->fd, "nobody", MINE, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_false(k.admitted);
}

static void
another_file_is_read_again(void **state)
{
	static const char good[] =
	    "# kind=bot state=active\nssh-ed25519 A " MINE "\n";
	struct scratch *s = *state;
	struct keyfile k = read_it(s, good);
	struct err e;

	assert_int_equal(keyfile_again(&k, s->fd, "office", MINE, &e), 0);
	assert_true(k.admitted);
	put(s, "# kind=bot state=active\nssh-ed25519 A SHA256:nine\n");
	assert_int_equal(keyfile_again(&k, s->fd, "office", MINE, &e), 0);
	assert_false(k.admitted);
	put(s, good);
	assert_int_equal(keyfile_again(&k, s->fd, "office", MINE, &e), 0);
	assert_true(k.admitted);
	unlinkat(s->fd, "office.keys", 0);
	assert_int_equal(keyfile_again(&k, s->fd, "office", MINE, &e), -1);
	assert_false(k.admitted);
}

#define IN_SCRATCH(test) \
	cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_SCRATCH(a_key_of_an_active_account_is_admitted),
	    IN_SCRATCH(all_others_are_not),
	    IN_SCRATCH(another_file_is_read_again),
	};

	return cmocka_run_group_tests_name(
	    "tools/pf-local/keyfile", tests, NULL, NULL);
}

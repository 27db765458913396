/*
 * Lists of keys: what the master may say, and what passes on to sshd.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "tests/unit/scratch.h"
#include "tools/pf-account/keys.h"

static char lines[4][200];

/* "ssh-ed25519 KEY FINGERPRINT" of four keys. */
static int
make_lines(void **state)
{
	char text[SSHKEY_TEXT], print[SSHKEY_FINGERPRINT];
	struct sshkey k;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_int_equal(sshkey_new(&k, NULL), 0);
		sshkey_text(text, k.pub);
		sshkey_fingerprint(print, k.pub);
		snprintf(lines[i], sizeof(lines[i]), "ssh-ed25519 %s %s", text,
		    print);
	}
	return 0;
}

static int
parse(struct keys *k, const char *text, struct err *e)
{
	return keys_parse(k, text, strlen(text), NULL, e);
}

static void
a_list_has_its_kind_its_state_and_its_keys(void **state)
{
	char text[1000];
	struct keys k;

	(void)state;
	snprintf(text, sizeof(text),
	    "# kind=reader state=active projects=zlib,png max_bytes=5\n%s\n"
	    "%s\n%s\n",
	    lines[0], lines[1], lines[0]);
	assert_int_equal(parse(&k, text, NULL), 0);
	assert_int_equal(k.kind, KIND_READER);
	assert_int_equal(k.state, KEYS_ACTIVE);
	assert_string_equal(k.projects.data, "zlib,png");
	assert_int_equal(k.count, 2); /* one stands there twice */
	assert_false(k.master);
	keys_release(&k);
}

static void
a_disabled_account_has_no_key(void **state)
{
	/* All that the master says of one that is shut. */
	static const char *const shut[] = {"disabled", "full", "removed"};
	char text[1000];
	struct keys k;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shut) / sizeof(shut[0]); i++) {
		snprintf(text, sizeof(text), "# kind=bot state=%s\n%s\n",
		    shut[i], lines[0]);
		assert_int_equal(parse(&k, text, NULL), 0);
		assert_int_equal(k.state, KEYS_DISABLED);
		assert_int_equal(k.count, 0);
		keys_release(&k);
	}
}

static void
a_first_line_that_is_odd_is_refused(void **state)
{
	static const char *const heads[] = {"", "\n", "kind=bot state=active\n",
	    "# kind=king state=active\n", "# kind=bot\n", "# state=active\n",
	    "# kind=bot state=making\n", "# kind=bot state=removing\n",
	    "# kind=bot state=odd\n", "#kind=bot state=active\n",
	    "# kind=reader state=active projects=a,../b\n",
	    "# kind=reader state=active projects=a,,b\n",
	    "# kind=reader state=active projects=A\n"};
	struct keys k;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		assert_int_equal(parse(&k, heads[i], &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
		assert_int_equal(k.count, 0);
	}
	assert_int_equal(
	    keys_parse(&k, "# kind=bot\0state=active\n", 24, NULL, &e), -1);
}

static void
a_line_that_is_no_key_is_left_out_and_named(void **state)
{
	char text[4000], other[400];
	struct buf left_out = BUF_INIT;
	struct keys k;

	(void)state;
	snprintf(
	    other, sizeof(other), "%.81s%s", lines[1], strrchr(lines[2], ' '));
	snprintf(text, sizeof(text),
	    "# kind=bot state=active\n"
	    "command=\"/bin/sh\" %s\n"
	    "restrict %s\n"
	    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== SHA256:x\n"
	    "%.80s\n"
	    " %s\n"
	    "# %s\n"
	    "%s\n"
	    "%s\n"
	    "ssh-ed25519 AAAA\n",
	    lines[0], lines[0], lines[0], lines[0], lines[0], other, lines[3]);
	assert_int_equal(
	    keys_parse(&k, text, strlen(text), &left_out, NULL), 0);
	assert_int_equal(k.count, 1);
	assert_non_null(strstr(left_out.data, "line 2:"));
	assert_non_null(strstr(left_out.data, "line 8:"));
	assert_null(strstr(left_out.data, "line 9:"));
	assert_non_null(strstr(left_out.data, "line 10:"));
	buf_release(&left_out);
	keys_release(&k);
}

static void
what_is_saved_is_loaded_and_nothing_but_keys_is_written(void **state)
{
	char text[1000];
	struct buf file = BUF_INIT;
	struct keys k, back;
	int dir = ((struct scratch *)*state)->fd;

	snprintf(text, sizeof(text),
	    "# kind=reader state=active projects=zlib\n%s\n", lines[0]);
	assert_int_equal(parse(&k, text, NULL), 0);
	k.master = k.ending = true;
	assert_int_equal(keys_save(dir, "team", &k, NULL), 0);
	assert_int_equal(keys_load(dir, "team", &back, NULL), 0);
	assert_true(keys_same(&k, &back));
	assert_true(back.master && back.ending);
	assert_int_equal(fs_read_file(dir, "team", &file, 4096, NULL), 0);
	assert_non_null(strstr(file.data, "\nrestrict ssh-ed25519 AAAA"));
	assert_null(strstr(file.data, "SHA256"));
	keys_release(&back);
	/* The master's line is none of ours. */
	assert_int_equal(
	    fs_replace(dir, "team", text, strlen(text), 0644, false, NULL), 0);
	assert_int_equal(keys_load(dir, "team", &back, NULL), 0);
	assert_int_equal(back.count, 0);
	keys_release(&back);
	keys_release(&k);
	buf_release(&file);
}

static void
a_key_that_is_gone_is_lost_and_a_new_one_is_not(void **state)
{
	char text[1000];
	struct keys one, two;

	(void)state;
	snprintf(text, sizeof(text), "# kind=bot state=active\n%s\n", lines[0]);
	assert_int_equal(parse(&one, text, NULL), 0);
	snprintf(text, sizeof(text), "# kind=bot state=active\n%s\n%s\n",
	    lines[1], lines[0]);
	assert_int_equal(parse(&two, text, NULL), 0);
	assert_false(keys_lost(&one, &two));
	assert_true(keys_lost(&two, &one));
	assert_false(keys_same(&one, &two));
	keys_release(&one);
	keys_release(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_has_its_kind_its_state_and_its_keys),
	    cmocka_unit_test(a_disabled_account_has_no_key),
	    cmocka_unit_test(a_first_line_that_is_odd_is_refused),
	    cmocka_unit_test(a_line_that_is_no_key_is_left_out_and_named),
	    cmocka_unit_test_setup_teardown(
		what_is_saved_is_loaded_and_nothing_but_keys_is_written,
		scratch_setup, scratch_teardown),
	    cmocka_unit_test(a_key_that_is_gone_is_lost_and_a_new_one_is_not),
	};

	return cmocka_run_group_tests(tests, make_lines, NULL);
}

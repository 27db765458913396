/* masterd/accounts/keyfiles: rows to files, and files to lost rows. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/accounts/keyfiles.h"
#include "masterd/db/accounts.h"
#include "tests/unit/masterd/farm.h"

static int
open_folder(struct farm *f)
{
	struct err e;
	int fd = fs_make_dir_open(f->scratch->fd, "accounts", 0750, &e);

	assert_int_not_equal(fd, -1);
	return fd;
}

static struct sshkey
key_of(uint8_t fill)
{
	uint8_t seed[SSHKEY_BYTES];
	struct sshkey k;

	memset(seed, fill, sizeof(seed));
	assert_int_equal(sshkey_from_seed(&k, seed, NULL), 0);
	return k;
}

/* "ssh-ed25519 AAAA... SHA256:...\n" */
static const char *
line_of(uint8_t fill)
{
	static char line[256];
	char text[SSHKEY_TEXT], print[SSHKEY_FINGERPRINT];
	struct sshkey k = key_of(fill);

	sshkey_text(text, k.pub);
	sshkey_fingerprint(print, k.pub);
	snprintf(line, sizeof(line), "ssh-ed25519 %s %s\n", text, print);
	return line;
}

static int64_t
add(struct farm *f, const char *name, const char *kind, const char *projects)
{
	struct account_row a = {.added_by = "user:me", .max_files = 7};
	struct err e;
	int64_t id;

	text_copy(a.name, sizeof(a.name), name);
	text_copy(a.kind, sizeof(a.kind), kind);
	text_copy(a.projects, sizeof(a.projects), projects);
	assert_int_equal(accounts_add(f->db, &a, "", FARM_NOW, &id, &e), 0);
	return id;
}

static void
add_key(struct farm *f, int64_t account, uint8_t fill, const char *state)
{
	struct sshkey k = key_of(fill);
	const struct account_key_new n = {
	    account, k.pub, state, "", "", "", "user:me", FARM_NOW};
	struct err e;

	assert_int_equal(accounts_add_key(f->db, &n, &e), 0);
}

static void
write_all(struct farm *f)
{
	int folder = open_folder(f);
	struct err e;

	if (keyfiles_write(folder, f->db, FARM_NOW, &e) == -1)
		fail_msg("%s", e.text);
	close(folder);
}

static int
adopt_as(struct farm *f, bool newer)
{
	int folder = open_folder(f), count;
	struct err e;

	if (keyfiles_adopt(folder, f->db, FARM_NOW, newer, &count, &e) == -1)
		fail_msg("%s", e.text);
	close(folder);
	return count;
}

static int
adopt(struct farm *f)
{
	return adopt_as(f, false);
}

static void
assert_file(struct farm *f, const char *name, const char *header, uint8_t key)
{
	struct buf want = BUF_INIT, have = BUF_INIT;
	struct err e;

	buf_printf(&want, "%s\n%s", header, key == 0 ? "" : line_of(key));
	if (fs_read_file(f->scratch->fd, name, &have, 65536, &e) == -1)
		fail_msg("%s", e.text);
	assert_string_equal(have.data, want.data);
	buf_release(&want);
	buf_release(&have);
}

static void
a_file_has_its_account_and_its_active_keys(void **state)
{
	struct farm *f = *state;
	struct account_usage full = {0, 0, "x", true};
	int64_t office, ci;
	struct stat before, after;
	struct err e;

	office = add(f, "office", "bot", "");
	ci = add(f, "ci-1", "ci", "png zlib");
	add_key(f, office, 1, "active");
	add_key(f, office, 2, "pending");
	add_key(f, office, 3, "disabled");
	add_key(f, ci, 4, "active");
	write_all(f);
	assert_file(f, "accounts/office.keys",
	    "# kind=bot state=active max_files=7", 1);
	assert_file(f, "accounts/ci-1.keys",
	    "# kind=ci state=active projects=png,zlib max_files=7", 4);
	assert_file(f, "accounts/enroll.keys", "# kind=enroll state=active", 0);
	assert_int_equal(
	    fstatat(f->scratch->fd, "accounts/office.keys", &before, 0), 0);
	assert_int_equal(before.st_mode & 07777, 0640);
	/* The same bytes again wake nobody. */
	write_all(f);
	assert_int_equal(
	    fstatat(f->scratch->fd, "accounts/office.keys", &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(accounts_set_usage(f->db, "ci-1", &full, &e), 0);
	assert_int_equal(
	    accounts_set_state(f->db, office, "disabled", "", &e), 0);
	write_all(f);
	assert_file(f, "accounts/office.keys",
	    "# kind=bot state=disabled max_files=7", 0);
	assert_file(f, "accounts/ci-1.keys",
	    "# kind=ci state=full projects=png,zlib max_files=7", 4);
}

static void
keys_whose_rows_are_lost_are_taken_from_files(void **state)
{
	struct farm *f = *state;
	int64_t office = add(f, "office", "bot", "");
	struct account_row a;
	struct err e;

	add_key(f, office, 1, "active");
	add_key(f, add(f, "ci-1", "ci", "png zlib"), 4, "active");
	write_all(f);
	assert_int_equal(adopt(f), 0);
	farm_sql(f,
	    "DELETE FROM account_key; DELETE FROM account WHERE name = "
	    "'ci-1'");
	assert_int_equal(adopt(f), 2);
	assert_int_equal(adopt(f), 0);
	assert_int_equal(accounts_get(f->db, "ci-1", &a, &e), 1);
	assert_string_equal(a.kind, "ci");
	assert_string_equal(a.projects, "png zlib");
	assert_string_equal(a.added_by, "found");
	assert_int_equal(a.max_files, 7);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM account_key WHERE state = "
			     "'active' AND added_by = 'found'"),
	    2);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what "
			     "= 'key.adopted'"),
	    2);
	write_all(f);
	assert_file(f, "accounts/office.keys",
	    "# kind=bot state=active max_files=7", 1);
}

/* A kill after the COMMIT leaves the older file: it says nothing against a
 * row. */
static void
keys_that_were_taken_back_are_not_adopted(void **state)
{
	struct farm *f = *state;
	int64_t office = add(f, "office", "bot", ""), n;
	struct err e;

	add_key(f, office, 1, "active");
	write_all(f);
	assert_int_equal(accounts_set_keys(f->db, office, "active", "disabled",
			     "user:me", FARM_NOW, &n, &e),
	    0);
	assert_int_equal(adopt(f), 0);
	write_all(f);
	assert_file(f, "accounts/office.keys",
	    "# kind=bot state=active max_files=7", 0);
	/* Nor what lies in the file of an account that was removed. */
	assert_int_equal(
	    accounts_set_state(f->db, office, "removed", "", &e), 0);
	scratch_file(f->scratch->fd, "accounts/office.keys", line_of(2),
	    strlen(line_of(2)));
	assert_int_equal(adopt(f), 0);
}

static void
put_file(struct farm *f, const char *name, const char *head, uint8_t key)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "%s\n%s", head, key == 0 ? "" : line_of(key));
	scratch_file(f->scratch->fd, name, text.data, text.len);
	buf_release(&text);
}

static void
assert_account(struct farm *f, const char *name, const char *want)
{
	char have[1200];
	struct account_row a;
	struct err e;

	assert_int_equal(accounts_get(f->db, name, &a, &e), 1);
	snprintf(have, sizeof(have), "%s %s %s %ju", a.kind, a.state,
	    a.projects, (uintmax_t)a.max_files);
	assert_string_equal(have, want);
}

/* Also of those that have no key any more, or just a folder. */
static void
accounts_whose_rows_are_lost_are_taken_from_files(void **state)
{
	struct farm *f = *state;

	close(open_folder(f));
	put_file(
	    f, "accounts/lab.keys", "# kind=bot state=disabled max_files=3", 0);
	put_file(
	    f, "accounts/ci.keys", "# kind=ci state=active projects=png", 0);
	put_file(f, "accounts/far.keys", "# kind=bot state=full", 1);
	put_file(f, "accounts/gone.keys", "# kind=bot state=removed", 2);
	assert_int_equal(adopt(f), 1);
	assert_account(f, "lab", "bot disabled  3");
	assert_account(f, "ci", "ci active png 0");
	assert_account(f, "far", "bot active  0");
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM account WHERE name = 'gone'"),
	    0);
}

static void
files_of_a_later_time_are_believed(void **state)
{
	struct farm *f = *state;
	int64_t office = add(f, "office", "bot", ""), lab;
	int folder = open_folder(f);
	struct err e;

	lab = add(f, "lab", "bot", "");
	add_key(f, office, 1, "active");  /* taken back since */
	add_key(f, office, 2, "pending"); /* approved since */
	add_key(f, lab, 3, "active");
	write_all(f);
	assert_int_equal(keyfiles_newer(folder, f->db, &e), 0);
	farm_sql(f,
	    "INSERT INTO invite (invite, account, key, auto, made_by, made_ms,"
	    " expires_ms) SELECT '00000000000000aa', id, 'AAAA', 1, 'user:me',"
	    " 1, 9000000000000 FROM account WHERE name = 'office'");
	put_file(f, "accounts/office.keys",
	    "# kind=bot state=active max_files=9", 2);
	put_file(f, "accounts/lab.keys", "# kind=bot state=disabled", 0);
	scratch_file(f->scratch->fd, "accounts/serial", "7\n", 2);
	assert_int_equal(keyfiles_newer(folder, f->db, &e), 1);
	close(folder);
	adopt_as(f, true);
	assert_account(f, "office", "bot active  9");
	assert_account(f, "lab", "bot disabled  0");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM invite WHERE state = "
			     "'withdrawn'"),
	    1);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what = "
			     "'key.ended'"),
	    1);
	write_all(f);
	assert_file(f, "accounts/office.keys",
	    "# kind=bot state=active max_files=9", 2);
	/* Once: what is written now is of the same time. */
	folder = open_folder(f);
	assert_int_equal(keyfiles_newer(folder, f->db, &e), 0);
	close(folder);
}

static void
odd_files_are_left_alone(void **state)
{
	static const char *const names[] = {"accounts/.keys", "accounts/x",
	    "accounts/UPPER.keys", "accounts/enroll.keys",
	    "accounts/.office.keys.0123.tmp"};
	static const char rubbish[] = "# kind=root state=active =x projects\n"
				      "\nssh-rsa AAAA x\nhello\n# #\n";
	struct farm *f = *state;
	size_t i;

	close(open_folder(f));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		scratch_file(
		    f->scratch->fd, names[i], line_of(1), strlen(line_of(1)));
	scratch_file(
	    f->scratch->fd, "accounts/odd.keys", rubbish, sizeof(rubbish) - 1);
	assert_int_equal(adopt(f), 0);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM account WHERE "
			     "name <> 'local'"),
	    0);
}

static void
one_file_of_all_has_a_command_for_each_key(void **state)
{
	struct farm *f = *state;
	int64_t office = add(f, "office", "bot", "");
	char path[128], text[SSHKEY_TEXT], print[SSHKEY_FINGERPRINT];
	struct buf want = BUF_INIT, have = BUF_INIT;
	struct sshkey k = key_of(1);
	struct err e;

	add_key(f, office, 1, "active");
	add_key(f, office, 2, "pending");
	add_key(f, add(f, "lab", "reader", "png"), 3, "disabled");
	snprintf(path, sizeof(path), "%s/all", f->scratch->path);
	if (keyfiles_write_authorized(
		path, "exec 'x' serve '/a b'", f->db, FARM_NOW, &e) == -1)
		fail_msg("%s", e.text);
	sshkey_text(text, k.pub);
	sshkey_fingerprint(print, k.pub);
	buf_printf(&want,
	    "# Written by pandafuzz-masterd from its accounts.\n"
	    "restrict,command=\"exec 'x' serve '/a b' office %s\" "
	    "ssh-ed25519 %s office\n",
	    print, text);
	assert_int_equal(
	    fs_read_file(f->scratch->fd, "all", &have, 65536, &e), 0);
	assert_string_equal(have.data, want.data);
	buf_release(&want);
	buf_release(&have);
}

#define IN_FARM(test) \
	cmocka_unit_test_setup_teardown(test, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_FARM(a_file_has_its_account_and_its_active_keys),
	    IN_FARM(keys_whose_rows_are_lost_are_taken_from_files),
	    IN_FARM(keys_that_were_taken_back_are_not_adopted),
	    IN_FARM(accounts_whose_rows_are_lost_are_taken_from_files),
	    IN_FARM(files_of_a_later_time_are_believed),
	    IN_FARM(odd_files_are_left_alone),
	    IN_FARM(one_file_of_all_has_a_command_for_each_key),
	};

	return cmocka_run_group_tests_name(
	    "masterd/accounts/keyfiles", tests, NULL, NULL);
}

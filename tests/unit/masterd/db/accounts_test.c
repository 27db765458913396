/* masterd/db/accounts: rows of accounts, keys and invitations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "lib/wire/invitation.h"
#include "masterd/db/accounts.h"
#include "masterd/db/views.h"
#include "tests/unit/masterd/farm.h"

#define HOUR (60ull * 60 * 1000)

static struct sshkey
key_of(uint8_t fill)
{
	uint8_t seed[SSHKEY_BYTES];
	struct sshkey k;
	struct err e;

	memset(seed, fill, sizeof(seed));
	assert_int_equal(sshkey_from_seed(&k, seed, &e), 0);
	return k;
}

static int64_t
add(struct farm *f, const char *name)
{
	struct account_row a = {.kind = "bot", .added_by = "user:me"};
	struct err e;
	int64_t id;

	text_copy(a.name, sizeof(a.name), name);
	if (accounts_add(f->db, &a, "", FARM_NOW, &id, &e) == -1)
		fail_msg("%s", e.text);
	return id;
}

static int
add_key(struct farm *f, int64_t account, uint8_t fill, const char *state,
    const char *bot, struct err *e)
{
	struct sshkey k = key_of(fill);
	const struct account_key_new n = {
	    account, k.pub, state, bot, "", "", "user:me", FARM_NOW};

	return accounts_add_key(f->db, &n, e);
}

static void
an_account_is_added_once_and_comes_back_after_removal(void **state)
{
	struct farm *f = *state;
	struct account_row a;
	struct err e;
	int64_t id = add(f, "office");

	assert_int_equal(accounts_get(f->db, "office", &a, &e), 1);
	assert_string_equal(a.state, "active");
	assert_int_equal(a.id, id);
	a.added_by[0] = 'x';
	assert_int_equal(accounts_add(f->db, &a, "", FARM_NOW, &id, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_non_null(strstr(e.text, "'office' is there already"));
	assert_int_equal(
	    accounts_set_state(f->db, id, "removed", "gone", &e), 0);
	assert_int_equal(add(f, "office"), id);
	/* One that is only learnt of becomes what a person says. */
	assert_int_equal(accounts_get(f->db, "local", &a, &e), 1);
	assert_string_equal(a.added_by, "");
	assert_int_equal(add(f, "local"), a.id);
	assert_int_equal(accounts_get(f->db, "nobody", &a, &e), 0);
}

static void
a_key_is_one_accounts(void **state)
{
	struct farm *f = *state;
	int64_t office = add(f, "office"), lab = add(f, "lab");
	struct err e;
	int64_t n;

	assert_int_equal(add_key(f, office, 1, "pending", "", &e), 0);
	assert_int_equal(add_key(f, lab, 1, "active", "", &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_non_null(strstr(e.text, "account 'office' has this key"));
	assert_int_equal(add_key(f, office, 1, "active", "", &e), -1);
	/* Once it was given up, another may have it; there is one row. */
	assert_int_equal(accounts_set_keys(f->db, office, "pending", "disabled",
			     "user:me", FARM_NOW, &n, &e),
	    0);
	assert_int_equal(n, 1);
	assert_int_equal(add_key(f, lab, 1, "active", "b9", &e), 0);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM account_key"), 1);
	assert_string_equal(farm_text(f,
				"SELECT a.name || k.state || k.bot "
				"FROM account_key k JOIN account a ON "
				"a.id = k.account"),
	    "labactiveb9");
}

static void
a_key_is_found_by_bot_or_by_the_beginning_of_its_print(void **state)
{
	struct farm *f = *state;
	struct account_row a = {.id = add(f, "office"), .name = "office"};
	char print[SSHKEY_FINGERPRINT], begin[16];
	struct account_key k;
	struct err e;
	uint8_t i;

	for (i = 1; i <= 8; i++)
		assert_int_equal(
		    add_key(f, a.id, i, i < 5 ? "active" : "pending",
			i == 1       ? "b1"
			    : i == 2 ? "b12"
				     : "",
			&e),
		    0);
	assert_int_equal(accounts_find_key(f->db, &a, "b1", NULL, &k, &e), 0);
	assert_string_equal(k.bot, "b1");
	sshkey_fingerprint(print, key_of(3).pub);
	snprintf(begin, sizeof(begin), "%.14s", print);
	assert_int_equal(accounts_find_key(f->db, &a, begin, NULL, &k, &e), 0);
	assert_string_equal(k.fingerprint, print);
	assert_int_equal(
	    accounts_find_key(f->db, &a, begin + 7, "active", &k, &e), 0);
	assert_int_equal(
	    accounts_find_key(f->db, &a, begin, "pending", &k, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_int_equal(accounts_find_key(f->db, &a, "b2", NULL, &k, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_int_equal(
	    accounts_find_key(f->db, &a, "SHA256:", NULL, &k, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_non_null(strstr(e.text, "several keys fit: SHA256:"));
	assert_int_equal(
	    accounts_find_key(f->db, &a, "", "pending", &k, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
}

static struct account_invite
invite(struct farm *f, int64_t account, uint8_t fill, uint64_t expires)
{
	struct sshkey k = key_of(fill);
	const struct account_invite_new n = {
	    account, k.pub, false, "user:me", FARM_NOW, expires};
	struct account_invite i;
	struct err e;

	assert_int_equal(accounts_add_invite(f->db, &n, &e), 0);
	assert_int_equal(accounts_get_invite(f->db,
			     text_hex64(invitation_id(k.pub)).text, &i, &e),
	    1);
	return i;
}

static int
count(void *arg, const struct account_invite *i)
{
	(void)i;
	++*(int *)arg;
	return 0;
}

static int
doors(struct farm *f, uint64_t now)
{
	struct err e;
	int n = 0;

	assert_int_equal(accounts_each_door(f->db, now, count, &n, &e), 0);
	return n;
}

static int
answers(struct farm *f, uint64_t now)
{
	struct err e;
	int n = 0;

	assert_int_equal(accounts_each_answer(f->db, now, count, &n, &e), 0);
	return n;
}

static void
an_invitation_opens_the_door_until_it_is_over(void **state)
{
	struct farm *f = *state;
	int64_t office = add(f, "office"), n;
	struct account_invite i;
	struct err e;

	i = invite(f, office, 10, FARM_NOW + HOUR);
	assert_string_equal(i.state, "open");
	assert_string_equal(i.account_name, "office");
	assert_string_equal(i.key_state, "");
	assert_int_equal(doors(f, FARM_NOW), 1);
	assert_int_equal(doors(f, FARM_NOW + HOUR), 0);
	assert_int_equal(
	    accounts_expire_invites(f->db, FARM_NOW + HOUR - 1, &n, &e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(
	    accounts_expire_invites(f->db, FARM_NOW + HOUR, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(doors(f, FARM_NOW), 0);
	invite(f, office, 11, FARM_NOW + HOUR);
	assert_int_equal(
	    accounts_withdraw_invites(f->db, office, FARM_NOW, &e), 0);
	assert_int_equal(doors(f, FARM_NOW), 0);
	/* The key of an invitation is nobody's own. */
	assert_int_equal(add_key(f, office, 11, "active", "", &e), -1);
	assert_non_null(strstr(e.text, "key of an invitation"));
}

static void
a_used_one_stays_until_its_answer_was_read(void **state)
{
	struct farm *f = *state;
	int64_t office = add(f, "office");
	struct account_invite i = invite(f, office, 10, FARM_NOW + HOUR);
	char print[SSHKEY_FINGERPRINT];
	struct account_key k;
	struct err e;

	assert_int_equal(add_key(f, office, 1, "pending", "", &e), 0);
	sshkey_fingerprint(print, key_of(1).pub);
	assert_int_equal(
	    accounts_use_invite(f->db, i.id, print, FARM_NOW, &e), 0);
	/* Waiting: as long as somebody may approve it. */
	assert_int_equal(doors(f, FARM_NOW + 23 * HOUR), 1);
	assert_int_equal(doors(f, FARM_NOW + 25 * HOUR), 0);
	assert_int_equal(answers(f, FARM_NOW + 24 * HOUR), 1);
	assert_int_equal(accounts_key_of(f->db, key_of(1).pub, &k, &e), 1);
	assert_int_equal(accounts_set_key(f->db, k.id, "active", "user:me",
			     FARM_NOW + 2 * HOUR, &e),
	    0);
	assert_int_equal(
	    doors(f, FARM_NOW + 2 * HOUR + ACCOUNT_DOOR_MS - 1), 1);
	assert_int_equal(doors(f, FARM_NOW + 2 * HOUR + ACCOUNT_DOOR_MS), 0);
	assert_int_equal(answers(f, FARM_NOW + 25 * HOUR), 1);
	assert_int_equal(answers(f, FARM_NOW + 27 * HOUR), 0);
}

static void
the_view_shows_keys_and_invitations(void **state)
{
	struct farm *f = *state;
	int64_t office = add(f, "office");
	struct account_usage u = {5, 6, "it is over its limits", true};
	struct buf out = BUF_INIT;
	struct account_row a;
	struct err e;

	assert_int_equal(add_key(f, office, 1, "active", "b1", &e), 0);
	assert_int_equal(add_key(f, office, 2, "pending", "", &e), 0);
	invite(f, office, 10, UINT64_C(4000000000000));
	assert_int_equal(accounts_set_usage(f->db, "office", &u, &e), 0);
	assert_int_equal(accounts_get(f->db, "office", &a, &e), 1);
	assert_true(a.shut);
	if (view_item(f->db, VIEW_ACCOUNT, office, &out, &e) == -1)
		fail_msg("%s", e.text);
	assert_non_null(strstr(out.data,
	    "\"keys\":1,\"pending\":1,"
	    "\"invitations\":1"));
	assert_non_null(strstr(out.data, "\"bytes\":5,\"files\":6"));
	assert_non_null(strstr(out.data, "\"state\":\"pending\""));
	assert_non_null(strstr(out.data, "\"invitation_list\":[{\"invite\""));
	buf_release(&out);
}

#define IN_FARM(test) \
	cmocka_unit_test_setup_teardown(test, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_FARM(an_account_is_added_once_and_comes_back_after_removal),
	    IN_FARM(a_key_is_one_accounts),
	    IN_FARM(a_key_is_found_by_bot_or_by_the_beginning_of_its_print),
	    IN_FARM(an_invitation_opens_the_door_until_it_is_over),
	    IN_FARM(a_used_one_stays_until_its_answer_was_read),
	    IN_FARM(the_view_shows_keys_and_invitations),
	};

	return cmocka_run_group_tests_name(
	    "masterd/db/accounts", tests, NULL, NULL);
}

/*
 * masterd/accounts/enrol: what becomes of requests, also when the master is
 * killed at every call that changes a file.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/masterd/accounts/house.h"
#include "tests/unit/masterd/db/killed.h"

#define FRESH "spool/" ENROL_ACCOUNT "/incoming/new/"

static const char *
text_of(uint8_t fill)
{
	static char text[SSHKEY_TEXT];

	sshkey_text(text, house_key(fill).pub);
	return text;
}

/* What holds after any machine came, whatever happened on its way. */
static void
assert_sound(struct house *h, const char *key_state)
{
	char sql[200];

	assert_int_equal(h->fatal, 0);
	assert_int_equal(scratch_count(h->scratch->fd, FRESH), 0);
	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM account_key WHERE state = '%s'", key_state);
	assert_int_equal(house_number(h, sql), 1);
	assert_int_equal(
	    house_number(h, "SELECT count(*) FROM account_key"), 1);
	assert_int_equal(house_number(h,
			     "SELECT count(*) FROM invite WHERE state = 'used' "
			     "AND used_key = (SELECT fingerprint FROM "
			     "account_key)"),
	    1);
	/* The change is in the log once. */
	assert_int_equal(house_number(h, "SELECT count(*) FROM audit"), 1);
	assert_true(house_holds(h, "accounts/office.keys", text_of(2)) ==
	    (strcmp(key_state, "active") == 0));
}

static void
a_machine_waits_until_somebody_approves_it(void **state)
{
	struct house *h = *state;
	const char *invite;

	house_invite(h, 1, false);
	house_run(h);
	assert_true(house_holds(h, "accounts/enroll.keys", text_of(1)));
	invite = house_knock(h, 1, 2, "b7");
	house_run(h);
	assert_string_equal(house_answer(h, invite), "waiting");
	assert_sound(h, "pending");
	assert_int_equal(house_number(h,
			     "SELECT bot = 'b7' AND host = 'pc' "
			     "FROM account_key"),
	    1);
	/* Its key must still open the door, for it reads its answer there. */
	assert_true(house_holds(h, "accounts/enroll.keys", text_of(1)));
	house_sql(h,
	    "UPDATE account_key SET state = 'active', decided_ms = "
	    "CAST(strftime('%s', 'now') AS INTEGER) * 1000");
	house_run(h);
	assert_string_equal(house_answer(h, invite), "admitted");
	assert_true(house_holds(h, "accounts/office.keys", text_of(2)));
	house_sql(h,
	    "UPDATE account_key SET decided_ms = decided_ms - "
	    "1000 * 60 * 16");
	house_run(h);
	assert_false(house_holds(h, "accounts/enroll.keys", text_of(1)));
	house_sql(h, "UPDATE account_key SET state = 'disabled'");
	house_run(h);
	assert_false(house_holds(h, "accounts/office.keys", text_of(2)));
}

static void
an_automatic_invitation_lets_in_at_once(void **state)
{
	struct house *h = *state;
	const char *invite;

	house_invite(h, 1, true);
	invite = house_knock(h, 1, 2, "");
	house_run(h);
	assert_string_equal(house_answer(h, invite), "admitted");
	assert_sound(h, "active");
	/* Asked again it is answered again, and nothing else happens. */
	house_knock(h, 1, 2, "");
	house_run(h);
	assert_string_equal(house_answer(h, invite), "admitted");
	assert_sound(h, "active");
}

/* A request that is refused with a reason and changes no row. */
static void
assert_refused(struct house *h, const char *invite, const char *why)
{
	char file[128];

	house_run(h);
	snprintf(file, sizeof(file),
	    "spool/" ENROL_ACCOUNT "/outgoing/%s/answer.json", invite);
	assert_string_equal(house_answer(h, invite), "refused");
	if (!house_holds(h, file, why))
		fail_msg("not because of '%s'", why);
	assert_int_equal(scratch_count(h->scratch->fd, FRESH), 0);
	assert_int_equal(h->fatal, 0);
}

/* Nobody has signed it: whoever waits for an answer gets none for it. */
static void
assert_ignored(struct house *h, const char *invite, const char *answer)
{
	char folder[128];

	house_run(h);
	snprintf(folder, sizeof(folder), "spool/" ENROL_ACCOUNT "/outgoing/%s",
	    invite);
	if (answer == NULL)
		assert_int_equal(
		    faccessat(h->scratch->fd, folder, F_OK, 0), -1);
	else
		assert_string_equal(house_answer(h, invite), answer);
	assert_int_equal(scratch_count(h->scratch->fd, FRESH), 0);
	assert_int_equal(h->fatal, 0);
}

static void
what_is_wrong_is_refused_with_a_reason(void **state)
{
	struct house *h = *state;
	const char *invite;
	char path[128];

	house_invite(h, 1, true);
	house_invite(h, 3, true);
	house_invite(h, 4, true);
	/* Signed with another secret: its name says which invitation. */
	invite = house_knock(h, 1, 2, "");
	snprintf(path, sizeof(path), FRESH "%s" ENROL_SUFFIX, invite);
	scratch_file(h->scratch->fd, path, "{\"enrol\":1}", 11);
	assert_ignored(h, invite, NULL);
	house_knock(h, 1, 2, "b1");
	house_run(h);
	assert_string_equal(house_answer(h, invite), "admitted");
	/* Somebody else's, put in the way of one who was admitted. */
	scratch_file(h->scratch->fd, path, "{\"enrol\":1}", 11);
	assert_ignored(h, invite, "admitted");
	house_knock(h, 1, 5, "b1");
	assert_refused(h, invite, "used already");
	/* Keys and names of others. */
	house_sql(h, "INSERT INTO account (name, added_ms) VALUES ('lab', 1)");
	house_sql(h,
	    "UPDATE account_key SET account = (SELECT id FROM account "
	    "WHERE name = 'lab')");
	assert_refused(
	    h, house_knock(h, 3, 2, ""), "another account has this key");
	house_sql(h,
	    "INSERT INTO bot (account, name, owner, added_ms) SELECT "
	    "id, 'b9', 1, 1 FROM account WHERE name = 'lab'");
	assert_refused(
	    h, house_knock(h, 3, 6, "b9"), "another account has a bot");
	assert_refused(h, house_knock(h, 3, 4, ""), "key of an invitation");
	house_sql(h,
	    "UPDATE account SET state = 'disabled' WHERE name = "
	    "'office'");
	assert_refused(h, house_knock(h, 3, 6, ""), "is disabled");
	house_sql(h, "UPDATE account SET state = 'active'");
	house_sql(h,
	    "UPDATE invite SET expires_ms = 1000 WHERE state = "
	    "'open'");
	assert_refused(h, house_knock(h, 3, 6, ""), "expired");
	house_sql(h,
	    "UPDATE invite SET state = 'withdrawn' WHERE state = "
	    "'expired'");
	assert_refused(h, house_knock(h, 3, 6, ""), "withdrawn");
	assert_int_equal(
	    house_number(h, "SELECT count(*) FROM account_key"), 1);
}

static void
what_is_no_request_is_removed(void **state)
{
	static const char *const names[] = {"passwd", ".hidden",
	    "0123456789abcdef.enrol", "0123456789abcdef", "x.enrol",
	    "0123456789ABCDEF.enrol", "-rf"};
	struct house *h = *state;
	const char *invite;
	char path[128], *large = calloc(1, 100000);
	size_t i;

	house_invite(h, 1, true);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), FRESH "%s", names[i]);
		scratch_file(h->scratch->fd, path, "x", 1);
	}
	scratch_file(h->scratch->fd, "spool/" ENROL_ACCOUNT "/incoming/tmp/big",
	    large, 100000);
	scratch_file(h->scratch->fd, "spool/" ENROL_ACCOUNT "/incoming/tmp/new",
	    large, 1000);
	assert_int_equal(mkdirat(h->scratch->fd, FRESH "folder", 0700), 0);
	assert_int_equal(
	    symlinkat("/etc/passwd", h->scratch->fd, FRESH "link"), 0);
	house_run(h);
	assert_int_equal(scratch_count(h->scratch->fd, FRESH), 0);
	assert_int_equal(
	    scratch_count(h->scratch->fd, "spool/" ENROL_ACCOUNT "/outgoing"),
	    0);
	/* What is on its way is left alone, if it can be a request. */
	assert_int_equal(scratch_count(h->scratch->fd,
			     "spool/" ENROL_ACCOUNT "/incoming/tmp"),
	    1);
	/* Under the right name: a link, a pipe, too large. */
	invite = house_knock(h, 1, 2, "");
	snprintf(path, sizeof(path), FRESH "%s" ENROL_SUFFIX, invite);
	unlinkat(h->scratch->fd, path, 0);
	assert_int_equal(symlinkat("/etc/passwd", h->scratch->fd, path), 0);
	assert_ignored(h, invite, NULL);
	assert_int_equal(mkfifoat(h->scratch->fd, path, 0600), 0);
	assert_ignored(h, invite, NULL);
	scratch_file(h->scratch->fd, path, large, 100000);
	assert_ignored(h, invite, NULL);
	assert_int_equal(
	    house_number(h, "SELECT count(*) FROM account_key"), 0);
	free(large);
}

static void
run_in_child(void *arg)
{
	house_run(arg);
}

static void
a_kill_at_any_step_repeats_it(void **state)
{
	struct house *h;
	const char *invite = "";
	bool killed = true;
	int n;

	(void)state;
	for (n = 1; killed; n++) {
		assert_int_equal(house_setup((void **)&h), 0);
		house_invite(h, 1, n % 2 == 0);
		house_run(h);
		invite = house_knock(h, 1, 2, "b7");
		killed = killed_at(n, run_in_child, h);
		house_run(h);
		assert_sound(h, n % 2 == 0 ? "active" : "pending");
		assert_string_equal(house_answer(h, invite),
		    n % 2 == 0 ? "admitted" : "waiting");
		assert_int_equal(house_teardown((void **)&h), 0);
	}
	assert_true(n > 15);
	printf("killed at %d calls\n", n - 2);
}

#define IN_HOUSE(test) \
	cmocka_unit_test_setup_teardown(test, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_HOUSE(a_machine_waits_until_somebody_approves_it),
	    IN_HOUSE(an_automatic_invitation_lets_in_at_once),
	    IN_HOUSE(what_is_wrong_is_refused_with_a_reason),
	    IN_HOUSE(what_is_no_request_is_removed),
	    cmocka_unit_test(a_kill_at_any_step_repeats_it),
	};

	return cmocka_run_group_tests_name(
	    "masterd/accounts/enrol", tests, NULL, NULL);
}

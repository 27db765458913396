/*
 * Accounts over the socket: what a body may say, the sentence for each
 * mistake, and that nothing is half-applied.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/invitation.h"
#include "tests/unit/masterd/admin/server.h"

/* The public line of the key made of "fill" bytes. */
static const char *
line_of(uint8_t fill)
{
	static char line[2][128];
	static int turn;
	uint8_t seed[SSHKEY_BYTES];
	char text[SSHKEY_TEXT];
	struct sshkey k;

	memset(seed, fill, sizeof(seed));
	assert_int_equal(sshkey_from_seed(&k, seed, NULL), 0);
	sshkey_text(text, k.pub);
	turn = 1 - turn;
	snprintf(line[turn], sizeof(line[turn]), "ssh-ed25519 %s", text);
	return line[turn];
}

static const char *
print_of(uint8_t fill)
{
	static char print[SSHKEY_FINGERPRINT];
	uint8_t seed[SSHKEY_BYTES];
	struct sshkey k;

	memset(seed, fill, sizeof(seed));
	assert_int_equal(sshkey_from_seed(&k, seed, NULL), 0);
	sshkey_fingerprint(print, k.pub);
	return print;
}

static void
refused(struct server *s, const char *method, const char *path,
    const char *body, long status, const char *text)
{
	struct answer a = server_ask(s, method, path, body, status);
	const struct json_value *e = json_get(json_root(a.json), "error");

	if (strstr(json_get_string(e, "message", ""), text) == NULL)
		fail_msg("no '%s' in %s", text, buf_text(&a.body));
	answer_release(&a);
}

/* A piece of what GET says. */
static void
shows(struct server *s, const char *path, const char *text)
{
	struct answer a = server_ask(s, "GET", path, NULL, 200);

	if (strstr(buf_text(&a.body), text) == NULL)
		fail_msg("no '%s' in %s", text, buf_text(&a.body));
	answer_release(&a);
}

static void
add(struct server *s, const char *name, uint8_t key)
{
	char body[256];

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"key\":\"%s\"}", name,
	    line_of(key));
	server_done(s, "POST", "accounts", body);
}

/* ---- adding ---------------------------------------------------------- */

static void
an_account_is_added_with_all_it_has(void **state)
{
	struct server *s = *state;
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"name\":\"ok-ci\",\"kind\":\"ci\",\"projects\":[\"png\","
	    "\"zlib\","
	    "\"png\"],\"key\":\"%s\",\"max_bytes\":1,\"max_files\":2,"
	    "\"max_rate\":3,\"reason\":\"why not\"}",
	    line_of(1));
	server_done(s, "POST", "accounts", body);
	shows(s, "accounts/ok-ci", "\"kind\":\"ci\"");
	shows(s, "accounts/ok-ci", "\"projects\":[\"png\",\"zlib\"]");
	shows(s, "accounts/ok-ci",
	    "\"max_bytes\":1,\"max_files\":2,\"max_rate\":3");
	shows(s, "accounts/ok-ci", print_of(1));
	shows(s, "accounts?kind=ci", "\"name\":\"ok-ci\"");
	shows(s, "accounts?kind=reader", "\"items\":[]");
	shows(s, "log", "account.added");
	shows(s, "log", "why not");
	server_done(s, "PUT", "accounts/ok-ci/settings", "{\"max_rate\":9}");
	shows(s, "accounts/ok-ci", "\"max_files\":2,\"max_rate\":9");
}

static void
each_mistake_has_its_sentence(void **state)
{
	static const struct {
		const char *body;
		long status;
		const char *text;
	} bad[] = {
	    {"{}", 400, "account"},
	    {"[]", 400, "no JSON object"},
	    {"{\"name\":7}", 400, "name: not a text"},
	    {"{\"name\":\"../x\"}", 400, "account"},
	    {"{\"name\":\"UPPER\"}", 400, "account"},
	    {"{\"name\":\"okx\",\"nmae\":1}", 400, "nmae: unknown key"},
	    {"{\"name\":\"enroll\"}", 400, "reserved"},
	    {"{\"name\":\"root\"}", 400, "reserved"},
	    {"{\"name\":\"no\"}", 400, "pf-account add no"},
	    {"{\"name\":\"okx\",\"kind\":\"king\"}", 400, "one of bot, ci"},
	    {"{\"name\":\"okx\",\"kind\":\"ci\"}", 400, "needs some"},
	    {"{\"name\":\"okx\",\"projects\":[\"png\"]}", 400, "all projects"},
	    {"{\"name\":\"okx\",\"kind\":\"ci\",\"projects\":\"png\"}", 400,
		"not a list"},
	    {"{\"name\":\"okx\",\"kind\":\"ci\",\"projects\":[\"a/b\"]}", 400,
		"names of projects"},
	    {"{\"name\":\"okx\",\"max_bytes\":-1}", 400, "max_bytes"},
	    {"{\"name\":\"okx\",\"max_files\":\"many\"}", 400, "max_files"},
	    {"{\"name\":\"okx\",\"key\":\"ssh-rsa AAAAB3NzaC1yc2E= x\"}", 400,
		"'ssh-rsa'"},
	    {"{\"name\":\"okx\",\"key\":\"-----BEGIN OPENSSH PRIVATE KEY-----"
	     "\"}",
		400, "private key"},
	    {"{\"name\":\"okx\",\"key\":7}", 400, "key: not a text"},
	};
	struct server *s = *state;
	char body[256];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(s, "POST", "accounts", bad[i].body, bad[i].status,
		    bad[i].text);
	add(s, "ok", 1);
	refused(s, "POST", "accounts", "{\"name\":\"ok\"}", 409, "already");
	/* Another's key: the account is not made either. */
	snprintf(body, sizeof(body), "{\"name\":\"okx\",\"key\":\"%s\"}",
	    line_of(1));
	refused(s, "POST", "accounts", body, 409, "'ok' has this key");
	refused(s, "GET", "accounts/okx", NULL, 404, "not found");
	refused(s, "PUT", "accounts/okx/disable", "{}", 404, "not found");
	refused(s, "PUT", "accounts/enroll/invite", "{}", 400, "knock");
	refused(s, "PUT", "accounts/ok/settings", "{\"max_rate\":\"x\"}", 400,
	    "max_rate");
	refused(s, "PUT", "accounts/ok/settings", "{\"projects\":[\"png\"]}",
	    400, "all projects");
}

/* ---- keys ------------------------------------------------------------ */

static void
invitations_are_lines_that_machines_read(void **state)
{
	struct server *s = *state;
	const struct json_value *item;
	struct invitation i;
	struct answer a;
	struct err e;
	char id[20];
	struct sshkey k;

	add(s, "ok", 1);
	a = server_ask(s, "PUT", "accounts/ok/invite",
	    "{\"count\":3,\"expires_ms\":60000,\"auto\":true}", 200);
	item = json_get(json_root(a.json), "items");
	assert_int_equal(json_count(item), 3);
	item = json_item(item, 2);
	if (invitation_parse(&i, json_get_string(item, "line", ""), &e) == -1)
		fail_msg("%s", e.text);
	assert_string_equal(i.account.text, "ok");
	assert_string_equal(i.user, "enroll");
	assert_int_equal(sshkey_from_seed(&k, i.secret, &e), 0);
	snprintf(id, sizeof(id), "%016jx", (uintmax_t)invitation_id(k.pub));
	assert_string_equal(json_get_string(item, "invite", ""), id);
	answer_release(&a);
	shows(s, "accounts/ok", "\"invitations\":3");
	shows(s, "accounts/ok", id);
	refused(s, "PUT", "accounts/ok/invite", "{\"count\":0}", 400, "count");
	refused(
	    s, "PUT", "accounts/ok/invite", "{\"count\":201}", 400, "count");
	refused(s, "PUT", "accounts/ok/invite", "{\"expires_ms\":1}", 400,
	    "expires_ms");
	refused(
	    s, "PUT", "accounts/ok/invite", "{\"auto\":\"x\"}", 400, "auto");
	shows(s, "accounts/ok", "\"invitations\":3");
}

static void
keys_are_added_disabled_and_approved(void **state)
{
	struct server *s = *state;
	char body[256];

	add(s, "ok", 1);
	snprintf(
	    body, sizeof(body), "{\"key\":\"%s\",\"bot\":\"b7\"}", line_of(2));
	server_done(s, "POST", "accounts/ok/keys", body);
	refused(s, "POST", "accounts/ok/keys", body, 409, "'ok' has this key");
	snprintf(
	    body, sizeof(body), "{\"key\":\"%s\",\"bot\":\"a/b\"}", line_of(3));
	refused(s, "POST", "accounts/ok/keys", body, 400, "bot");
	shows(s, "accounts/ok", "\"keys\":2,\"pending\":0");
	refused(s, "PUT", "accounts/ok/approve", "{}", 404, "no pending key");
	refused(s, "PUT", "accounts/ok/approve", "{\"key\":\"b7\"}", 409,
	    "active already");
	server_done(s, "PUT", "accounts/ok/disable",
	    "{\"key\":\"b7\",\"reason\":\"lost\"}");
	refused(s, "PUT", "accounts/ok/disable", "{\"key\":\"b7\"}", 409,
	    "disabled already");
	refused(s, "PUT", "accounts/ok/disable", "{\"key\":\"b8\"}", 404,
	    "no key b8");
	shows(s, "accounts/ok", "\"keys\":1,\"pending\":0");
	server_done(s, "PUT", "accounts/ok/approve", "{\"key\":\"b7\"}");
	shows(s, "accounts/ok", "\"keys\":2,\"pending\":0");
	server_done(s, "PUT", "accounts/ok/disable", "{}");
	shows(s, "accounts/ok", "\"state\":\"disabled\"");
	refused(s, "PUT", "accounts/ok/disable", "{}", 409, "already");
	refused(s, "PUT", "accounts/ok/invite", "{}", 409, "approve it");
	server_done(s, "PUT", "accounts/ok/approve", "{}");
	shows(s, "accounts/ok", "\"state\":\"active\"");
	shows(s, "log", "account.key.disabled");
}

static void
a_key_is_rotated_by_another_or_by_an_invitation(void **state)
{
	struct server *s = *state;
	char body[256];

	add(s, "ok", 1);
	snprintf(body, sizeof(body), "{\"key\":\"%s\"}", line_of(2));
	server_done(s, "PUT", "accounts/ok/rotate", body);
	shows(s, "accounts/ok", "\"keys\":1");
	shows(s, "accounts/ok", print_of(2));
	refused(s, "PUT", "accounts/ok/rotate", body, 409, "has this key");
	shows(s, "accounts/ok", "\"keys\":1");
	refused(s, "PUT", "accounts/ok/rotate", "{\"key\":\"ssh-rsa A\"}", 400,
	    "'ssh-rsa'");
	server_done(s, "PUT", "accounts/ok/rotate", "{}");
	shows(s, "accounts/ok", "\"keys\":0,\"pending\":0,\"invitations\":1");
	refused(s, "PUT", "accounts/ok/rotate", "{}", 409, "no active key");
	shows(s, "accounts/ok", "\"invitations\":1");
}

static void
what_was_removed_is_gone_and_its_key_free(void **state)
{
	struct server *s = *state;

	add(s, "ok", 1);
	server_done(s, "PUT", "accounts/ok/invite", "{}");
	server_done(s, "DELETE", "accounts/ok?reason=gone", NULL);
	refused(s, "GET", "accounts/ok", NULL, 404, "not found");
	refused(s, "DELETE", "accounts/ok", NULL, 404, "not found");
	shows(s, "log?what=account.removed", "gone");
	add(s, "ok2", 1);
	add(s, "ok", 3);
	shows(s, "accounts/ok", "\"keys\":1");
}

#define SERVED(test) \
	cmocka_unit_test_setup_teardown(test, server_setup, server_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVED(an_account_is_added_with_all_it_has),
	    SERVED(each_mistake_has_its_sentence),
	    SERVED(invitations_are_lines_that_machines_read),
	    SERVED(keys_are_added_disabled_and_approved),
	    SERVED(a_key_is_rotated_by_another_or_by_an_invitation),
	    SERVED(what_was_removed_is_gone_and_its_key_free),
	};

	return cmocka_run_group_tests_name(
	    "masterd/admin/routes_account", tests, NULL, NULL);
}

/* lib/wire/invitation: lines that people copy, requests that cannot be
 * altered, answers. */
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

#define PRINT "SHA256:Yh4u2bSMQ2vZX8nB1qkz0fJr4y5aT6c7d8e9f0g1h2i"

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

static struct invitation
sample(uint8_t fill)
{
	struct invitation i = {.user = "enroll",
	    .host = "master.example",
	    .port = 22,
	    .fingerprint = PRINT,
	    .account = {"office"}};

	memset(i.secret, fill, sizeof(i.secret));
	return i;
}

static void
a_line_is_read_as_it_was_written(void **state)
{
	static const char *const hosts[] = {
	    "master.example", "10.0.0.1", "[fe80::1]"};
	struct invitation i, got;
	struct buf line = BUF_INIT;
	struct err e;
	unsigned n;

	(void)state;
	for (n = 0; n < 256 * 3; n++) {
		i = sample((uint8_t)n);
		i.secret[n % 32] ^= 0x5a;
		memset(i.host, 0, sizeof(i.host));
		text_copy(i.host, sizeof(i.host), hosts[n % 3]);
		buf_reset(&line);
		invitation_format(&line, &i);
		assert_null(strpbrk(line.data, " '\"\\$&;"));
		buf_addc(&line, '\n'); /* as it is pasted */
		if (invitation_parse(&got, line.data, &e) == -1)
			fail_msg("%s: %s", e.text, line.data);
		assert_memory_equal(&i, &got, sizeof(i));
	}
	buf_release(&line);
}

static void
assert_bad_line(const char *line, const char *says)
{
	struct invitation i;
	struct err e = {0};

	if (invitation_parse(&i, line, &e) == 0)
		fail_msg("taken: %s", line);
	assert_int_equal(e.cls, ERR_REFUSED);
	if (strstr(e.text, says) == NULL)
		fail_msg("'%s' does not say '%s'", e.text, says);
	/* Whatever is wrong, the secret is not in the sentence. */
	assert_null(strstr(e.text, "abababab"));
}

#define SECRET "abababababababababababababababababababababababababaa"

static void
a_bad_line_is_refused_by_the_part_that_is_wrong(void **state)
{
	char line[1024], *at;
	struct invitation i;
	struct err e;

	(void)state;
	snprintf(line, sizeof(line), "sftp://enroll@h:22#" PRINT "#o#" SECRET);
	assert_int_equal(invitation_parse(&i, line, &e), 0);
	assert_bad_line("", "starts with sftp://");
	assert_bad_line("ssh://enroll@h:22#" PRINT "#o#" SECRET, "starts with");
	assert_bad_line("sftp://h:22#" PRINT "#o#" SECRET, "no user");
	assert_bad_line("sftp://-o@h:22#" PRINT "#o#" SECRET, "the user");
	assert_bad_line("sftp://e@:22#" PRINT "#o#" SECRET, "the host");
	assert_bad_line("sftp://e@-oP=x:22#" PRINT "#o#" SECRET, "the host");
	assert_bad_line("sftp://e@a/b:22#" PRINT "#o#" SECRET, "the host");
	assert_bad_line("sftp://e@[x]:22#" PRINT "#o#" SECRET, "the host");
	assert_bad_line("sftp://e@fe80::1#" PRINT "#o#" SECRET, "the host");
	assert_bad_line("sftp://e@h#" PRINT "#o#" SECRET, "the port");
	assert_bad_line("sftp://e@h:0#" PRINT "#o#" SECRET, "the port");
	assert_bad_line("sftp://e@h:65536#" PRINT "#o#" SECRET, "the port");
	assert_bad_line("sftp://e@h:22#MD5:1#o#" SECRET, "the fingerprint");
	assert_bad_line("sftp://e@h:22#" PRINT "#../x#" SECRET, "the account");
	assert_bad_line("sftp://e@h:22#" PRINT "#o", "four parts");
	assert_bad_line("sftp://e@h:22#" PRINT "#o#abababab", "the secret");
	assert_bad_line("sftp://e@h:22#" PRINT "#o#" SECRET "a", "the secret");
	at = line + strlen(line) - 1;
	*at = 'b'; /* bits that belong to nothing */
	assert_bad_line(line, "the last character");
	*at = '1';
	assert_bad_line(line, "character 52");
	assert_bad_line("sftp://e@h:22#" PRINT "#o#" SECRET " x", "one line");
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_bad_line(line, "too long");
}

/* ---- requests -------------------------------------------------------- */

static struct enrol_request
request_of(const struct sshkey *own)
{
	struct enrol_request r = {
	    .account = {"office"}, .bot = {"b07"}, .host = "pc-7.office"};

	memcpy(r.key, own->pub, sizeof(r.key));
	return r;
}

static void
a_request_is_read_by_whoever_knows_the_public_half(void **state)
{
	struct sshkey secret = key_of(1), own = key_of(2), other = key_of(3);
	struct enrol_request r = request_of(&own), got;
	struct buf text = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(enrol_request_format(&text, &r, &secret, &e), 0);
	assert_true(text.len < ENROL_MAX);
	if (enrol_request_parse(&got, text.data, text.len, secret.pub, &e) ==
	    -1)
		fail_msg("%s", e.text);
	assert_memory_equal(&r, &got, sizeof(r));
	assert_int_equal(
	    enrol_request_parse(&got, text.data, text.len, other.pub, &e), -1);
	assert_non_null(strstr(e.text, "not signed"));
	assert_int_equal(got.account.text[0], '\0');
	/* A machine without a name yet. */
	memset(&r.bot, 0, sizeof(r.bot));
	buf_reset(&text);
	assert_int_equal(enrol_request_format(&text, &r, &secret, &e), 0);
	assert_int_equal(
	    enrol_request_parse(&got, text.data, text.len, secret.pub, &e), 0);
	assert_memory_equal(&r, &got, sizeof(r));
	buf_release(&text);
}

static void
a_request_that_was_altered_anywhere_is_refused(void **state)
{
	struct sshkey secret = key_of(1), own = key_of(2);
	struct enrol_request r = request_of(&own), got;
	struct buf text = BUF_INIT;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(enrol_request_format(&text, &r, &secret, &e), 0);
	for (i = 0; i + 1 < text.len; i++) { /* the newline may be a blank */
		text.data[i] ^= 1;
		assert_int_equal(enrol_request_parse(
				     &got, text.data, text.len, secret.pub, &e),
		    -1);
		assert_int_equal(e.cls, ERR_REFUSED);
		text.data[i] ^= 1;
		assert_int_equal(
		    enrol_request_parse(&got, text.data, i, secret.pub, &e),
		    -1);
	}
	buf_release(&text);
}

static void
requests_with_odd_fields_are_refused(void **state)
{
	static const char *const odd[] = {"", "[]", "{}", "{\"enrol\":2}",
	    "{\"enrol\":1}",
	    "{\"enrol\":1,\"account\":1,\"bot\":\"\",\"key\":\"\","
	    "\"host\":\"\",\"signature\":\"\"}",
	    "{\"enrol\":1,\"account\":\"../x\",\"bot\":\"\",\"key\":\"\","
	    "\"host\":\"\",\"signature\":\"\"}",
	    "{\"enrol\":1,\"account\":\"o\",\"bot\":\"a/b\",\"key\":\"\","
	    "\"host\":\"\",\"signature\":\"\"}",
	    "{\"enrol\":1,\"account\":\"o\",\"bot\":\"\",\"key\":\"ssh-rsa "
	    "AAAA\",\"host\":\"\",\"signature\":\"\"}",
	    "{\"enrol\":1,\"account\":\"o\",\"bot\":\"\",\"key\":\"\","
	    "\"host\":\"\",\"signature\":\"\",\"more\":1}"};
	struct sshkey secret = key_of(1);
	struct enrol_request got;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_int_equal(enrol_request_parse(&got, odd[i],
				     strlen(odd[i]), secret.pub, &e),
		    -1);
		assert_int_equal(e.cls, ERR_REFUSED);
	}
}

static void
an_id_is_that_of_the_public_half(void **state)
{
	struct sshkey a = key_of(1), b = key_of(2);

	(void)state;
	assert_true(invitation_id(a.pub) != invitation_id(b.pub));
	assert_true(invitation_id(a.pub) == invitation_id(a.pub));
	/* sha256sum of the 32 bytes: it must never change. */
	assert_true(invitation_id(a.pub) == 0x34750f98bd59fcfcULL);
}

/* ---- answers --------------------------------------------------------- */

static void
an_answer_is_read_as_it_was_written(void **state)
{
	struct enrol_answer a = {.account = {"office"},
				.user = "office",
				.reason =
				    "\xc3\xbc somebody has to approve it"},
			    got;
	struct buf text = BUF_INIT;
	struct err e;
	int s;

	(void)state;
	for (s = ENROL_WAITING; s <= ENROL_REFUSED; s++) {
		a.state = (enum enrol_state)s;
		buf_reset(&text);
		enrol_answer_format(&text, &a);
		if (enrol_answer_parse(&got, text.data, text.len, &e) == -1)
			fail_msg("%s", e.text);
		assert_memory_equal(&a, &got, sizeof(a));
	}
	/* Admitted, and nobody knows as whom. */
	a.state = ENROL_ADMITTED;
	a.user[0] = '\0';
	buf_reset(&text);
	enrol_answer_format(&text, &a);
	assert_int_equal(enrol_answer_parse(&got, text.data, text.len, &e), -1);
	text_copy(a.user, sizeof(a.user), "-oProxyCommand=x");
	buf_reset(&text);
	enrol_answer_format(&text, &a);
	assert_int_equal(enrol_answer_parse(&got, text.data, text.len, &e), -1);
	buf_release(&text);
}

static void
a_reason_is_one_line_and_has_an_end(void **state)
{
	struct buf text = BUF_INIT;
	struct enrol_answer got;
	struct err e;
	int i;

	(void)state;
	buf_adds(&text,
	    "{\"enrol\":1,\"state\":\"refused\",\"account\":\"\","
	    "\"user\":\"\",\"reason\":\"\\n\\u001b[31m");
	for (i = 0; i < 500; i++)
		buf_addc(&text, 'x');
	buf_adds(&text, "\"}");
	assert_int_equal(enrol_answer_parse(&got, text.data, text.len, &e), 0);
	assert_true(strlen(got.reason) < sizeof(got.reason));
	assert_null(strpbrk(got.reason, "\n\x1b"));
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_read_as_it_was_written),
	    cmocka_unit_test(a_bad_line_is_refused_by_the_part_that_is_wrong),
	    cmocka_unit_test(
		a_request_is_read_by_whoever_knows_the_public_half),
	    cmocka_unit_test(a_request_that_was_altered_anywhere_is_refused),
	    cmocka_unit_test(requests_with_odd_fields_are_refused),
	    cmocka_unit_test(an_id_is_that_of_the_public_half),
	    cmocka_unit_test(an_answer_is_read_as_it_was_written),
	    cmocka_unit_test(a_reason_is_one_line_and_has_an_end),
	};

	return cmocka_run_group_tests_name(
	    "lib/wire/invitation", tests, NULL, NULL);
}

/* lib/base/sshkey: ssh-keygen reads what we write, and we what it writes. */
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
#include <libssh2.h>

#include "lib/base/fs.h"
#include "lib/base/sshkey.h"
#include "tests/unit/scratch.h"

/* What a command of ssh-keygen prints, in the scratch folder. */
static const char *
run(const struct scratch *s, const char *command)
{
	static char output[4096];
	char line[512];
	FILE *f;
	size_t n;

	snprintf(line, sizeof(line), "cd %s && %s 2>&1 </dev/null", s->path,
	    command);
	f = popen(line, "r"); /* NOLINT(cert-env33-c): our own words */
	assert_non_null(f);
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = '\0';
	pclose(f);
	output[strcspn(output, "\n")] = '\0';
	return output;
}

static struct sshkey
fresh(void)
{
	struct sshkey k;
	struct err e;

	assert_int_equal(sshkey_new(&k, &e), 0);
	return k;
}

static void
ssh_keygen_reads_the_private_file(void **state)
{
	struct scratch *s = *state;
	char text[SSHKEY_TEXT], print[SSHKEY_FINGERPRINT], want[256];
	struct sshkey k;
	struct err e;
	int i;

	/* Comments of every length, so that every padding is seen. */
	for (i = 0; i < 8; i++) {
		k = fresh();
		if (sshkey_write(s->fd, "key", &k, &"comments"[i], &e) == -1)
			fail_msg("%s", e.text);
		sshkey_text(text, k.pub);
		snprintf(want, sizeof(want), "ssh-ed25519 %s %s", text,
		    &"comments"[i]);
		assert_string_equal(run(s, "ssh-keygen -y -f key"), want);
		sshkey_fingerprint(print, k.pub);
		snprintf(want, sizeof(want), "256 %s %s (ED25519)", print,
		    &"comments"[i]);
		assert_string_equal(run(s, "ssh-keygen -l -f key"), want);
		unlinkat(s->fd, "key", 0);
	}
}

/* libssh2 reads the key before it talks: without a connection it comes as far
 * as that.  What it says then, or "" when it could read the key. */
static const char *
libssh2_says(const struct scratch *s, const char *name)
{
	static char said[256];
	LIBSSH2_SESSION *session;
	char path[128], *why = NULL;
	int got;

	snprintf(path, sizeof(path), "%s/%s", s->path, name);
	assert_int_equal(libssh2_init(0), 0);
	session = libssh2_session_init();
	libssh2_session_set_blocking(session, 1);
	got = libssh2_userauth_publickey_fromfile(
	    session, "bot", NULL, path, NULL);
	assert_int_not_equal(got, 0);
	libssh2_session_last_error(session, &why, NULL, 0);
	snprintf(said, sizeof(said), "%s",
	    got == LIBSSH2_ERROR_FILE && why != NULL ? why : "");
	libssh2_session_free(session);
	libssh2_exit();
	return said;
}

static void
libssh2_reads_the_private_file(void **state)
{
	struct scratch *s = *state;
	struct sshkey k = fresh();
	struct buf text = BUF_INIT;
	struct err e;

	assert_int_equal(sshkey_write(s->fd, "key", &k, "bot", &e), 0);
	assert_string_equal(libssh2_says(s, "key"), "");
	/* So would it say of one that it cannot read. */
	assert_int_equal(fs_read_file(s->fd, "key", &text, 4096, &e), 0);
	memset(text.data + 100, 'A', 100);
	scratch_file(s->fd, "bad", text.data, text.len);
	assert_string_not_equal(libssh2_says(s, "bad"), "");
	assert_string_not_equal(libssh2_says(s, "nowhere"), "");
	buf_release(&text);
}

static void
a_private_file_is_for_its_owner_and_never_replaced(void **state)
{
	struct scratch *s = *state;
	struct sshkey k = fresh();
	struct buf was = BUF_INIT;
	struct stat st;
	struct err e;

	assert_int_equal(sshkey_write(s->fd, "key", &k, "a", &e), 0);
	assert_int_equal(fstatat(s->fd, "key", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fs_read_file(s->fd, "key", &was, 4096, &e), 0);
	k = fresh();
	assert_int_equal(sshkey_write(s->fd, "key", &k, "b", &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_true(scratch_holds(s->fd, "key", was.data, was.len));
	assert_int_equal(scratch_count(s->fd, "."), 1);
	assert_int_equal(sshkey_write(s->fd, "other", &k, "two words", &e), -1);
	assert_int_equal(scratch_count(s->fd, "."), 1);
	buf_release(&was);
}

static void
a_public_key_of_ssh_keygen_is_taken(void **state)
{
	struct scratch *s = *state;
	char text[SSHKEY_TEXT], print[SSHKEY_FINGERPRINT];
	struct buf line = BUF_INIT;
	uint8_t pub[SSHKEY_BYTES], again[SSHKEY_BYTES];
	struct err e;

	run(s, "ssh-keygen -q -t ed25519 -N '' -C 'a comment' -f k");
	assert_int_equal(fs_read_file(s->fd, "k.pub", &line, 4096, &e), 0);
	if (sshkey_parse(pub, line.data, &e) == -1)
		fail_msg("%s", e.text);
	sshkey_fingerprint(print, pub);
	assert_non_null(strstr(run(s, "ssh-keygen -l -f k.pub"), print));
	sshkey_text(text, pub);
	assert_non_null(strstr(line.data, text));
	/* Its base64 alone is the same key. */
	assert_int_equal(sshkey_parse(again, text, &e), 0);
	assert_memory_equal(pub, again, sizeof(pub));
	buf_release(&line);
}

/* Refused, and the sentence holds "says". */
static void
assert_refused(const char *untrusted, const char *says)
{
	uint8_t pub[SSHKEY_BYTES];
	struct err e = {0};

	if (sshkey_parse(pub, untrusted, &e) == 0)
		fail_msg("taken: %s", untrusted);
	assert_int_equal(e.cls, ERR_REFUSED);
	if (strstr(e.text, says) == NULL)
		fail_msg("'%s' does not say '%s'", e.text, says);
}

static void
other_keys_are_refused_by_their_kind(void **state)
{
	static const struct {
		const char *make, *says;
	} kinds[] = {
	    {"-t rsa -b 2048", "of the kind 'ssh-rsa'"},
	    {"-t ecdsa", "of the kind 'ecdsa-sha2-nistp256'"},
	};
	struct scratch *s = *state;
	struct buf line = BUF_INIT;
	char command[128], *blob;
	struct err e;
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(command, sizeof(command),
		    "rm -f k k.pub; ssh-keygen -q %s -N '' -f k",
		    kinds[i].make);
		run(s, command);
		assert_int_equal(
		    fs_read_file(s->fd, "k.pub", &line, 8192, &e), 0);
		assert_refused(line.data, kinds[i].says);
		/* And without its first word. */
		blob = strchr(line.data, ' ') + 1;
		blob[strcspn(blob, " ")] = '\0';
		assert_refused(blob, kinds[i].says);
		assert_int_equal(fs_read_file(s->fd, "k", &line, 8192, &e), 0);
		assert_refused(line.data, "a private key");
	}
	buf_release(&line);
	assert_refused("ssh-dss AAAAB3NzaC1kc3M= x", "of the kind 'ssh-dss'");
	assert_refused("sk-ssh-ed25519@openssh.com AAAA x", "security token");
	assert_refused(
	    "ssh-ed25519-cert-v01@openssh.com AAAA x", "a certificate");
	assert_refused("---- BEGIN SSH2 PUBLIC KEY ----\nx", "another format");
}

static void
what_is_no_key_is_refused(void **state)
{
	struct sshkey k = fresh();
	char text[SSHKEY_TEXT], line[512];

	(void)state;
	sshkey_text(text, k.pub);
	assert_refused("", "no key in it");
	assert_refused(" \n", "no key in it");
	assert_refused("hello", "not a public key");
	assert_refused("ssh-ed25519", "without the key");
	assert_refused("ssh-ed25519 \xff\xfe", "not a public key");
	assert_refused("ssh-\x1b[31m AAAA", "kind 'ssh-?[31m'");
	assert_refused("ssh-ed25519 AAAA", "not a public key");
	snprintf(line, sizeof(line), "command=\"x\" ssh-ed25519 %s", text);
	assert_refused(line, "options");
	snprintf(
	    line, sizeof(line), "ssh-ed25519 %s\nssh-ed25519 %s", text, text);
	assert_refused(line, "more than one line");
	text[66] = '\0';
	snprintf(line, sizeof(line), "ssh-ed25519 %s", text);
	assert_refused(line, "damaged");
}

static void
a_signature_holds_for_its_message_and_key_only(void **state)
{
	struct sshkey k = fresh(), other = fresh();
	uint8_t signature[SSHKEY_SIGNATURE];
	struct err e;

	(void)state;
	assert_int_equal(sshkey_sign(signature, &k, "message", 7, &e), 0);
	assert_true(sshkey_verify(k.pub, signature, "message", 7));
	assert_false(sshkey_verify(k.pub, signature, "messagf", 7));
	assert_false(sshkey_verify(k.pub, signature, "messag", 6));
	assert_false(sshkey_verify(other.pub, signature, "message", 7));
	signature[63] ^= 1;
	assert_false(sshkey_verify(k.pub, signature, "message", 7));
}

/* The first test of RFC 8032, 7.1. */
static void
a_seed_gives_the_key_of_the_standard(void **state)
{
	static const uint8_t seed[SSHKEY_BYTES] = {0x9d, 0x61, 0xb1, 0x9d, 0xef,
	    0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
	    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac,
	    0x03, 0x1c, 0xae, 0x7f, 0x60};
	static const uint8_t pub[SSHKEY_BYTES] = {0xd7, 0x5a, 0x98, 0x01, 0x82,
	    0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
	    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a,
	    0x68, 0xf7, 0x07, 0x51, 0x1a};
	struct sshkey k;
	struct err e;

	(void)state;
	assert_int_equal(sshkey_from_seed(&k, seed, &e), 0);
	assert_memory_equal(k.pub, pub, sizeof(pub));
}

#define IN_SCRATCH(test) \
	cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_SCRATCH(ssh_keygen_reads_the_private_file),
	    IN_SCRATCH(libssh2_reads_the_private_file),
	    IN_SCRATCH(a_private_file_is_for_its_owner_and_never_replaced),
	    IN_SCRATCH(a_public_key_of_ssh_keygen_is_taken),
	    IN_SCRATCH(other_keys_are_refused_by_their_kind),
	    cmocka_unit_test(what_is_no_key_is_refused),
	    cmocka_unit_test(a_signature_holds_for_its_message_and_key_only),
	    cmocka_unit_test(a_seed_gives_the_key_of_the_standard),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/sshkey", tests, NULL, NULL);
}

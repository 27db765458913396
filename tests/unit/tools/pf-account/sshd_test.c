/*
 * What `sshd -T` says, and what is said of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/pf-account/sshd.h"

#define CHROOT  "chrootdirectory /var/lib/pandafuzz/spool/%u\n"
#define SFTP    "subsystem sftp /usr/lib/openssh/sftp-server\n"
#define KEX     "kexalgorithms sntrup761,curve25519-sha256,ecdh-sha2-nistp256\n"
#define CIPHERS "ciphers chacha20-poly1305@openssh.com,aes256-ctr\n"
#define MACS    "macs hmac-sha2-256-etm@openssh.com,hmac-sha2-512\n"
#define HOSTALG "hostkeyalgorithms rsa-sha2-512,ssh-ed25519\n"
#define HOSTKEY                                   \
	"hostkey /etc/ssh/ssh_host_rsa_key\n"     \
	"hostkey /etc/ssh/ssh_host_ed25519_key\n" \
	"hostkey /etc/ssh/ssh_host_ecdsa_key\n"

static const struct site site = {.root = "/var/lib/pandafuzz"};

static const char *
judge(const char *said)
{
	static char out[2000];
	struct buf faults = BUF_INIT;

	sshd_judge(&site, said, &faults);
	snprintf(out, sizeof(out), "%s", buf_text(&faults));
	buf_release(&faults);
	return out;
}

static void
debians_own_configuration_is_fine(void **state)
{
	(void)state;
	assert_string_equal(
	    judge("port 22\n" CHROOT SFTP KEX CIPHERS MACS HOSTALG HOSTKEY),
	    "");
}

static void
each_thing_that_keeps_bots_out_is_named(void **state)
{
	static const struct {
		const char *said, *named;
	} cases[] = {
	    {SFTP KEX CIPHERS MACS HOSTALG HOSTKEY, "not in force"},
	    {"chrootdirectory none\n" SFTP KEX CIPHERS MACS HOSTALG HOSTKEY,
		"not in force"},
	    {CHROOT KEX CIPHERS MACS HOSTALG HOSTKEY, "no SFTP"},
	    {CHROOT SFTP "kexalgorithms ecdh-sha2-nistp256\n" CIPHERS MACS
		    HOSTALG HOSTKEY,
		"KexAlgorithms"},
	    {CHROOT SFTP KEX
		"ciphers aes256-gcm@openssh.com\n" MACS HOSTALG HOSTKEY,
		"Ciphers"},
	    {CHROOT SFTP KEX CIPHERS
		"macs hmac-sha2-256-etm@openssh.com\n" HOSTALG HOSTKEY,
		"MACs"},
	    {CHROOT SFTP KEX CIPHERS MACS
		"hostkeyalgorithms ssh-ed25519-cert-v01@openssh.com\n" HOSTKEY,
		"HostKeyAlgorithms"},
	    {CHROOT SFTP KEX CIPHERS MACS HOSTALG, "no host key"},
	};
	const char *out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		out = judge(cases[i].said);
		if (strstr(out, cases[i].named) == NULL)
			fail_msg("no '%s' in '%s'", cases[i].named, out);
		/* That, and nothing besides. */
		assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	}
}

static void
machines_are_told_the_ed25519_key(void **state)
{
	struct buf key = BUF_INIT;
	unsigned port;

	(void)state;
	assert_int_equal(sshd_place("port 2222\n" HOSTKEY, &port, &key), 0);
	assert_int_equal(port, 2222);
	assert_string_equal(key.data, "/etc/ssh/ssh_host_ed25519_key.pub");
	assert_int_equal(
	    sshd_place("port 22\nhostkey /srv/key\n", &port, &key), 0);
	assert_string_equal(key.data, "/srv/key.pub");
	assert_int_equal(sshd_place("port 22\n", &port, &key), -1);
	buf_release(&key);
}

static void
paths_that_sshd_would_misread_are_refused(void **state)
{
	static const char *const bad[] = {"", "relative", "/a b", "/a\"b",
	    "/a%ub", "/a#b", "/a\nb", "/a$b", "/a`b", "/a\\b"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(site_check_path(bad[i], NULL), -1);
	assert_int_equal(site_check_path("/srv/fuzz-2_a.b", NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(debians_own_configuration_is_fine),
	    cmocka_unit_test(each_thing_that_keeps_bots_out_is_named),
	    cmocka_unit_test(machines_are_told_the_ed25519_key),
	    cmocka_unit_test(paths_that_sshd_would_misread_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

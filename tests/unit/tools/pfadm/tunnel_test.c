/*
 * Where a tunnel leads: names that ssh and a shell take for names, and nothing
 * else; and how its end is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "tools/pfadm/tunnel.h"

static void
expect(const char *url, const char *user, const char *host, const char *port,
    const char *path)
{
	struct remote r;
	struct err e;

	assert_int_equal(remote_parse(&r, url, &e), 0);
	assert_string_equal(r.user, user);
	assert_string_equal(r.host, host);
	assert_string_equal(r.port, port);
	assert_string_equal(r.socket, path);
}

static void
a_url_says_who_and_where(void **state)
{
	(void)state;
	expect("ssh://master", "", "master", "", "");
	expect("ssh://alice@master", "alice", "master", "", "");
	expect("ssh://alice@master:2222", "alice", "master", "2222", "");
	expect("ssh://master/", "", "master", "", "");
	expect("ssh://a.b@10.0.0.1:22/run/x.sock", "a.b", "10.0.0.1", "22",
	    "/run/x.sock");
	expect("ssh://[fe80::1%eth0]:22", "", "fe80::1%eth0", "22", "");
}

static void
what_is_more_than_a_name_is_refused(void **state)
{
	static const char *const odd[] = {"", "master", "http://master",
	    "ssh://", "ssh:///run/x", "ssh://@master", "ssh://-oX=y",
	    "ssh://-l@master", "ssh://a b", "ssh://a;b", "ssh://$(id)",
	    "ssh://master:", "ssh://master:0", "ssh://master:65536",
	    "ssh://master:22x", "ssh://master/a b", "ssh://master/$(id)",
	    "ssh://master/'", "ssh://[::1", "ssh://[]", "ssh://[a b]",
	    "ssh://a@b@c", "ssh://master\n", NULL};
	struct remote r;
	struct err e;
	int i;

	(void)state;
	for (i = 0; odd[i] != NULL; i++)
		if (remote_parse(&r, odd[i], &e) != -1)
			fail_msg("'%s' was taken", odd[i]);
}

/* ---- with an ssh of our own ------------------------------------------ */

static char folder[] = "/tmp/tunnel_test.XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || setenv("PATH", folder, 1) == -1 ? -1
									  : 0;
}

static int
remove_folder(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/ssh", folder);
	unlink(path);
	return rmdir(folder);
}

static void
be_ssh(const char *script)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/ssh", folder);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

static int
connect_to(const struct tunnel *t)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	text_copy(a.sun_path, sizeof(a.sun_path), tunnel_path(t));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static struct tunnel *
make_tunnel(void)
{
	struct remote r;
	struct err e;

	assert_int_equal(remote_parse(&r, "ssh://al@m:7/run/x", &e), 0);
	return tunnel_new(&r, false);
}

static void
ssh_gets_words_and_the_other_end(void **state)
{
	static const char wanted[] =
	    "-T -a -x -p 7 -l al -- m pfadm system stdio --socket /run/x\n";
	struct tunnel *t = make_tunnel();
	char text[200] = "";
	size_t got = 0;
	struct err e;
	ssize_t n;
	int fd;

	(void)state;
	be_ssh("echo \"$@\"; read line; echo \"$line\"");
	fd = connect_to(t);
	assert_int_equal(tunnel_start(t, &e), 0);
	assert_int_equal(tunnel_start(t, &e), 0); /* nobody new */
	assert_int_equal(write(fd, "hello\n", 6), 6);
	while ((n = read(fd, text + got, sizeof(text) - 1 - got)) > 0)
		got += (size_t)n;
	assert_memory_equal(text, wanted, strlen(wanted));
	assert_string_equal(text + strlen(wanted), "hello\n");
	close(fd);
	tunnel_free(t);
}

static void
ends(const char *script, enum err_class cls, const char *says, bool has_hint)
{
	struct tunnel *t = make_tunnel();
	const char *hint;
	struct err e;
	int fd;

	be_ssh(script);
	fd = connect_to(t);
	assert_int_equal(tunnel_start(t, &e), 0);
	close(fd);
	assert_int_equal(tunnel_why(t, &hint, &e), -1);
	assert_int_equal(e.cls, cls);
	assert_int_not_equal(e.sys, 0);
	if (strstr(e.text, says) == NULL)
		fail_msg("'%s'", e.text);
	assert_int_equal(hint != NULL, has_hint);
	tunnel_free(t);
}

static void
the_end_of_ssh_is_a_sentence(void **state)
{
	(void)state;
	ends("exit 255", ERR_AGAIN, "ssh does not get to 'm'", true);
	ends("exit 127", ERR_AGAIN, "there is no pfadm on 'm'", true);
	ends("exit 5", ERR_AGAIN, "there is no master on 'm'", true);
	ends("exit 4", ERR_DENIED, "may not use the master's socket", false);
	ends("exit 3", ERR_AGAIN, "before the master answered (exit 3)", false);
	ends("kill -TERM $$", ERR_AGAIN, "ended by signal 15", false);
}

static void
one_that_does_not_end_is_ended(void **state)
{
	(void)state;
	ends("exec /bin/sleep 60", ERR_AGAIN, "ended by signal 9", false);
}

static void
without_ssh_it_says_so(void **state)
{
	struct tunnel *t = make_tunnel();
	char path[64];
	struct err e;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/ssh", folder);
	unlink(path);
	fd = connect_to(t);
	assert_int_equal(tunnel_start(t, &e), -1);
	assert_non_null(strstr(e.text, "cannot run 'ssh'"));
	close(fd);
	tunnel_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_url_says_who_and_where),
	    cmocka_unit_test(what_is_more_than_a_name_is_refused),
	    cmocka_unit_test(ssh_gets_words_and_the_other_end),
	    cmocka_unit_test(the_end_of_ssh_is_a_sentence),
	    cmocka_unit_test(one_that_does_not_end_is_ended),
	    cmocka_unit_test(without_ssh_it_says_so),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

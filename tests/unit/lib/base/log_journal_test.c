/*
 * lib/base/log_journal: what the journal gets.  The socket that libsystemd
 * writes to has a fixed path, so the test that sends has a /run of its own.
 */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/log_internal.h"

static void
an_entry_has_the_line_and_each_key_in_capitals(void **state)
{
	const struct log_field fields[] = {LOG_T("bot", "b07"),
	    LOG_N("cpu_ms", 12), LOG_T("reason", "two\nlines \xff")};
	const struct log_entry l = {
	    LEVEL_WARN, "bot.lost", "masterd", "4bf92f", fields, 3};
	static const char expected[] =
	    "MESSAGE=bot.lost bot=b07 cpu_ms=12 reason=\"two\\\\x0alines "
	    "\\\\xff\" trace=4bf92f\0PRIORITY=4\0PANDAFUZZ_EVENT=bot.lost\0"
	    "PANDAFUZZ_COMPONENT=masterd\0BOT=b07\0CPU_MS=12\0"
	    "REASON=two\\x0alines \\xff\0TRACE=4bf92f";
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(log_journal_fields(&out, &l), 8);
	assert_int_equal(out.len, sizeof(expected));
	assert_memory_equal(out.data, expected, out.len);
	buf_release(&out);
}

static void
every_key_is_a_name_that_the_journal_takes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; log_keys[i] != NULL; i++) {
		assert_true(strlen(log_keys[i]) < 64);
		assert_int_equal(strspn(log_keys[i],
				     "abcdefghijklmnopqrstuvwxyz0123456789_"),
		    strlen(log_keys[i]));
		assert_true(log_keys[i][0] >= 'a');
		/* These are lines of their own in every form. */
		assert_string_not_equal(log_keys[i], "level");
		assert_string_not_equal(log_keys[i], "message");
		assert_string_not_equal(log_keys[i], "priority");
		assert_string_not_equal(log_keys[i], "trace");
	}
}

static void
only_the_stream_that_is_standard_error_is_the_journal(void **state)
{
	char text[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(2, &st), 0);
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	assert_true(log_on_journal(text));
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino + 1);
	assert_false(log_on_journal(text));
	assert_false(log_on_journal(NULL));
	assert_false(log_on_journal(""));
	assert_false(log_on_journal("8"));
	assert_false(log_on_journal("8:"));
	assert_false(log_on_journal("8:12x"));
}

static void
must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	_exit(2);
}

static void
tell(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);

	must(fd != -1 && write(fd, text, strlen(text)) > 0, file);
	close(fd);
}

/* As this user, who is root there. */
static void
new_namespaces(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char map[32];

	if (uid == 0) {
		must(unshare(CLONE_NEWNS) == 0, "unshare");
		return;
	}
	must(unshare(CLONE_NEWNS | CLONE_NEWUSER) == 0, "unshare");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	tell("/proc/self/uid_map", map);
	tell("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	tell("/proc/self/gid_map", map);
}

/* A /run of our own, and standard error a file that JOURNAL_STREAM names. */
static void
be_a_service(const char *errors)
{
	char text[64];
	struct stat st;
	int fd;

	new_namespaces();
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount");
	must(mount("none", "/run", "tmpfs", 0, NULL) == 0, "mount /run");
	must(mkdir("/run/systemd", 0755) == 0, "mkdir");
	must(mkdir("/run/systemd/journal", 0755) == 0, "mkdir");
	fd = open(errors, O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd != -1 && dup2(fd, 2) == 2 && fstat(2, &st) == 0, "stderr");
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
	log_set_format(LOG_AUTO);
	log_set_component("courier");
}

static int
journal(void)
{
	struct sockaddr_un at = {
	    .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	must(fd != -1 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0,
	    "bind");
	return fd;
}

static bool
holds(const char *datagram, const char *line)
{
	const char *found = strstr(datagram, line);

	return found != NULL && (found == datagram || found[-1] == '\n') &&
	    found[strlen(line)] == '\n';
}

/* Its exit code says which of the promises broke; 0: none. */
static int
a_service(void)
{
	char got[4096] = "";
	int fd;

	be_a_service("/run/errors");
	/* Nobody listens yet: text, with the level in front. */
	log_error("link.down", LOG_T("reason", "no route"));
	must(pread(2, got, sizeof(got) - 1, 0) > 0, "pread");
	if (strncmp(got, "<3>", 3) != 0 ||
	    strstr(got, " error link.down ") == NULL)
		return 3;
	fd = journal();
	log_set_trace("4bf92f");
	log_info("ticket.placed", LOG_T("lease", "c1"), LOG_N("files", 2));
	memset(got, 0, sizeof(got));
	must(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) > 0, "recv");
	if (!holds(got, "MESSAGE=ticket.placed lease=c1 files=2 trace=4bf92f"))
		return 4;
	if (!holds(got, "PRIORITY=6") || !holds(got, "LEASE=c1") ||
	    !holds(got, "FILES=2") || !holds(got, "TRACE=4bf92f") ||
	    !holds(got, "PANDAFUZZ_EVENT=ticket.placed") ||
	    !holds(got, "PANDAFUZZ_COMPONENT=courier"))
		return 5;
	/* Who asks for JSON gets lines. */
	log_set_format(LOG_JSON);
	log_info("link.up", LOG_T("link", "dir:/x"));
	return recv(fd, got, sizeof(got), MSG_DONTWAIT) == -1 ? 0 : 6;
}

static void
a_service_writes_to_the_journal_and_else_to_its_stream(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	if ((pid = fork()) == 0)
		_exit(a_service());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_entry_has_the_line_and_each_key_in_capitals),
	    cmocka_unit_test(every_key_is_a_name_that_the_journal_takes),
	    cmocka_unit_test(
		only_the_stream_that_is_standard_error_is_the_journal),
	    cmocka_unit_test(
		a_service_writes_to_the_journal_and_else_to_its_stream),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/log_journal", tests, NULL, NULL);
}

/*
 * Can this machine make cages?  One is tried; when it fails, the setting that
 * is known to forbid it is named.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/cage/cage_internal.h"
#include "lib/base/spawn.h"
#include "lib/base/text.h"

#define PROBE_MS 10000

static const struct setting {
	const char *file;
	int bad;
	const char *advice;
} settings[] = {
    {"/proc/sys/kernel/unprivileged_userns_clone", 0,
	"set sysctl kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
	"AppArmor forbids it: set sysctl "
	"kernel.apparmor_restrict_unprivileged_userns=0 or give bwrap a "
	"profile with userns"},
    {"/proc/sys/user/max_user_namespaces", 0,
	"set sysctl user.max_user_namespaces to some thousands"},
};

static bool
setting_is(const struct setting *s)
{
	char text[32] = "";
	ssize_t n;
	int fd;

	fd = open(s->file, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 && atoi(text) == s->bad;
}

static int
explain(const struct buf *output, struct err *e)
{
	struct buf said = BUF_INIT;
	size_t i;

	text_clean_line(
	    &said, buf_text(output), strcspn(buf_text(output), "\n"), 200);
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (setting_is(&settings[i]))
			break;
	err_set(e, ERR_DENIED, "no sandbox on this machine: %s (%s)",
	    i < sizeof(settings) / sizeof(settings[0])
		? settings[i].advice
		: "user namespaces are forbidden here, as in many containers",
	    buf_text(&said));
	buf_release(&said);
	return -1;
}

int
cage_probe(struct err *e)
{
	static const char *const program[] = {"/usr/bin/true", NULL};
	struct cage_spec spec = {
	    .argv = program, .tmp_bytes = 1 << 20, .processes = 16};
	struct strings argv = {NULL, 0, NULL, 0};
	struct buf output = BUF_INIT;
	struct spawn s = {.in = -1, .out = -1, .err = -1};
	int status;

	bwrap_command(&argv, &spec);
	s.argv = argv.list;
	status = spawn_run(&s, &output, 4096, PROBE_MS, e);
	if (status == -1 && e != NULL && e->cls == ERR_NOT_FOUND)
		err_set(e, ERR_NOT_FOUND,
		    "no sandbox on this machine: bubblewrap is missing "
		    "(apt-get install bubblewrap)");
	else if (status > 0)
		status = explain(&output, e);
	strings_release(&argv);
	buf_release(&output);
	return status == 0 ? 0 : -1;
}

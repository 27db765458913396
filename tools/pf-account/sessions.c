/*
 * An account's processes are its SSH sessions: sshd's after it has given up
 * root, internal-sftp, rsync.  They are found by uid in /proc/PID/status; the
 * owner of /proc/PID itself is root's for all that sshd has made.
 */
#include <sys/pidfd.h>

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "tools/pf-account/sessions.h"

#define GRACE_TURNS 10 /* of 100 ms */

#define GRACE_LEAST 3 /* turns in which one that was logging in shows */

/* Any of real, effective and saved. */
static int
runs_as(int proc, const char *pid, uid_t uid)
{
	char path[64], text[2048], *line;
	unsigned long ids[3];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.20s/status", pid);
	if ((fd = openat(proc, path, O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if (strstr(text, "\nState:\tZ") != NULL ||
	    (line = strstr(text, "\nUid:")) == NULL ||
	    sscanf(line, " Uid: %lu %lu %lu", &ids[0], &ids[1], &ids[2]) != 3)
		return 0;
	return ids[0] == uid || ids[1] == uid || ids[2] == uid;
}

/*
 * Looked at again once it is held: a process that ends in between may have
 * left its number to somebody else's.
 */
static void
signal_one(int proc, const char *name, uid_t uid, int signo)
{
	int fd = pidfd_open((pid_t)strtol(name, NULL, 10), 0);

	if (fd == -1)
		return;
	if (runs_as(proc, name, uid))
		(void)pidfd_send_signal(fd, signo, NULL, 0);
	close(fd);
}

static unsigned
signal_all(uid_t uid, int signo)
{
	unsigned count = 0;
	struct dirent *entry;
	DIR *proc;

	/* Never everybody's, whatever the caller got wrong. */
	assert(uid != 0 && uid != (uid_t)-1);
	if ((proc = opendir("/proc")) == NULL)
		return 0;
	while ((entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !runs_as(dirfd(proc), entry->d_name, uid))
			continue;
		count++;
		if (signo != 0)
			signal_one(dirfd(proc), entry->d_name, uid, signo);
	}
	closedir(proc);
	return count;
}

unsigned
sessions_count(uid_t uid)
{
	return signal_all(uid, 0);
}

unsigned
sessions_end(uid_t uid)
{
	static const struct timespec tick = {0, 100 * 1000 * 1000};
	unsigned count = signal_all(uid, SIGTERM), i;

	for (i = 0; i < GRACE_TURNS; i++) {
		nanosleep(&tick, NULL);
		/* One that was just logging in counts, too. */
		if (signal_all(uid, SIGTERM) == 0 && i + 1 >= GRACE_LEAST)
			return count;
	}
	signal_all(uid, SIGKILL);
	return count;
}

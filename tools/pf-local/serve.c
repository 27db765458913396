/*
 * One session.  The master's word is the account's key file: it is read at the
 * start, watched (inotify, and each second, for a watch is a hint), and when it
 * does not admit this key any more, the child is killed and sshd's process for
 * this connection told to end, so that no further session is opened over it.
 */
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/spawn.h"
#include "lib/wire/ids.h"
#include "tools/pf-local/confine.h"
#include "tools/pf-local/keyfile.h"
#include "tools/pf-local/layout.h"
#include "tools/pf-local/relay.h"
#include "tools/pf-local/serve.h"

#define LOOK_MS     1000
#define EXIT_DENIED 126

struct session {
	struct local local;
	const char *account, *fingerprint;
	int folder; /* ROOT/accounts */
	struct keyfile key;
};

static int
denied(const struct session *s, const char *why)
{
	fprintf(stderr, "pandafuzz: account '%s': %s\n", s->account, why);
	return EXIT_DENIED;
}

/* ---- what is run ----------------------------------------------------- */

static pid_t
start(char **argv, struct err *e)
{
	struct spawn s = {
	    .argv = (const char *const *)argv, .in = 0, .out = 1, .err = 2};
	pid_t pid = spawn(&s, e);

	confine_free(argv);
	return pid;
}

static pid_t
start_rsync(const struct session *s, struct err *e)
{
	const char *command = getenv("SSH_ORIGINAL_COMMAND");
	struct rsync_ask ask;

	if (rsync_parse(
		&ask, command == NULL ? "" : command, s->key.projects, e) == -1)
		return -1;
	if (access("/usr/bin/rsync", X_OK) == -1)
		return err_set(
		    e, ERR_REFUSED, "the master's host has no rsync");
	return start(confine_rsync(&s->local, s->key.projects, &ask), e);
}

/* In a child of ours: the socket of this ci account, as standard input and
 * output. */
static int
call(void *arg)
{
	const struct session *s = arg;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct err e;
	int dir, fd;

	dir = fs_open_dir(AT_FDCWD, s->local.root, &e);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (dir == -1 || fd == -1)
		return 1;
	snprintf(a.sun_path, sizeof(a.sun_path),
	    "/proc/self/fd/%d/run/accounts/%.*s.sock", dir, NAME_MAX_LEN,
	    s->account);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1)
		return denied(s, "the master does not answer");
	return relay(fd, &e) == -1;
}

static pid_t
start_call(struct session *s, struct err *e)
{
	return spawn_call(call, s, 0, 1, e);
}

static pid_t
start_kind(struct session *s, struct err *e)
{
	if (strcmp(s->key.kind, "ci") == 0)
		return start_call(s, e);
	if (strcmp(s->key.kind, "reader") == 0)
		return start_rsync(s, e);
	if (strcmp(s->key.kind, "bot") == 0 ||
	    strcmp(s->key.kind, "enroll") == 0)
		return start(confine_sftp(&s->local, s->account), e);
	return err_set(e, ERR_REFUSED, "an account of an unknown kind");
}

/* ---- watching -------------------------------------------------------- */

static bool
still_admitted(struct session *s)
{
	struct err e;

	return keyfile_again(
		   &s->key, s->folder, s->account, s->fingerprint, &e) == 0 &&
	    s->key.admitted;
}

static void
drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		continue;
}

/* True when the child has ended by itself. */
static bool
watch(struct session *s, int child)
{
	char path[32];
	int hints = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd p[2];
	bool ended = false;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->folder);
	if (hints != -1)
		(void)inotify_add_watch(hints, path,
		    IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MODIFY);
	p[0] = (struct pollfd){child, POLLIN, 0};
	p[1] = (struct pollfd){hints, POLLIN, 0};
	while (!ended && still_admitted(s)) {
		if (poll(p, 2, LOOK_MS) == -1 && errno != EINTR)
			break;
		if (p[1].revents != 0)
			drain(hints);
		ended = p[0].revents != 0;
	}
	if (hints != -1)
		close(hints);
	return ended;
}

/* Our parent, when it is sshd: by hand somebody's shell is. */
static void
end_connection(void)
{
	pid_t parent = getppid();
	char path[40], comm[32] = "";
	struct stat st;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", (int)parent);
	if (parent <= 1 || stat(path, &st) == -1 || st.st_uid != geteuid())
		return;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)parent);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	n = read(fd, comm, sizeof(comm) - 1);
	close(fd);
	if (n > 0 && strncmp(comm, "sshd", 4) == 0)
		(void)kill(parent, SIGTERM);
}

static int
run(struct session *s)
{
	struct err e;
	pid_t pid;
	int fd, status = 0;
	bool ended;

	if ((pid = start_kind(s, &e)) == -1)
		return denied(s, e.text);
	if ((fd = pidfd_open(pid, 0)) == -1) {
		(void)kill(pid, SIGKILL);
		return denied(s, strerror(errno));
	}
	ended = watch(s, fd);
	if (!ended)
		(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	close(fd);
	if (ended)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	(void)denied(
	    s, s->key.why[0] == '\0' ? "not admitted any more" : s->key.why);
	end_connection();
	return EXIT_DENIED;
}

int
serve(const char *root, const char *account, const char *fingerprint)
{
	static struct session s;
	struct err e;

	s.account = account;
	s.fingerprint = fingerprint;
	signal(SIGPIPE, SIG_IGN);
	if (!name_ok(account))
		return denied(&s, "no name of an account");
	if (layout_open(&s.local, root, false, &e) == -1 ||
	    (s.folder = fs_open_dir(s.local.dir, "accounts", &e)) == -1 ||
	    keyfile_read(&s.key, s.folder, account, fingerprint, &e) == -1)
		return denied(&s, e.text);
	if (!s.key.admitted) {
		/* The connection may be one that was kept from better days. */
		(void)denied(&s, s.key.why);
		end_connection();
		return EXIT_DENIED;
	}
	return run(&s);
}

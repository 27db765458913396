/*
 * ssh as a pipe to `pfadm system stdio`.  Its standard input and output are
 * the accepted end of a Unix socket, so nothing has to copy bytes here.  The
 * socket's name is gone as soon as it is made; it is reached through a
 * descriptor, by us alone.  ssh's standard error is ours: there it asks for
 * passphrases and says what went wrong.
 *
 * (curl can be handed a connected socket instead, but that of Debian 12,
 * 7.88.1, connects it again all the same.)
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/spawn.h"
#include "lib/base/text.h"
#include "tools/pfadm/interrupt.h"
#include "tools/pfadm/tunnel.h"

#define SCHEME  "ssh://"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define END_MS  2000 /* so long it may take to end by itself */
#define STEP_MS 5

struct tunnel {
	struct remote remote;
	bool batch;
	int listener;  /* -1: "failed" says why */
	int name;      /* the socket's, which has no other */
	char path[32]; /* through "name" */
	struct err failed;
	pid_t pid;  /* 0: none */
	int status; /* of the last one, as wait(2) gives it */
};

/* ---- where ----------------------------------------------------------- */

static int
odd(const char *url, struct err *e)
{
	return err_set(e, ERR_REFUSED,
	    "'%.100s' is no " SCHEME "[user@]host[:port][/socket]", url);
}

/* "len" bytes of "allowed" letters, not beginning with '-'. */
static int
take(char *out, size_t size, const char *from, size_t len, const char *allowed)
{
	if (len >= size || from[0] == '-' || strspn(from, allowed) < len)
		return -1;
	memcpy(out, from, len);
	out[len] = '\0';
	return 0;
}

/* "host", "[::1]", and what follows as *rest. */
static int
take_host(struct remote *r, const char *from, const char **rest)
{
	size_t len;

	if (*from != '[') {
		len = strcspn(from, ":/");
		*rest = from + len;
		return len == 0
		    ? -1
		    : take(r->host, sizeof(r->host), from, len, LETTERS "._-");
	}
	len = strcspn(++from, "]");
	if (from[len] != ']' || len == 0)
		return -1;
	*rest = from + len + 1;
	return take(r->host, sizeof(r->host), from, len, LETTERS ":.%_-");
}

static int
take_port(struct remote *r, const char **rest)
{
	const char *from = *rest;
	uint64_t port;
	size_t len;

	if (*from++ != ':')
		return 0;
	len = strcspn(from, "/");
	*rest = from + len;
	if (take(r->port, sizeof(r->port), from, len, "0123456789") == -1)
		return -1;
	return text_to_u64(&port, r->port) == 0 && port > 0 && port < 65536
	    ? 0
	    : -1;
}

int
remote_parse(struct remote *r, const char *url, struct err *e)
{
	const char *p = url + strlen(SCHEME), *at, *end;

	memset(r, 0, sizeof(*r));
	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return odd(url, e);
	end = p + strcspn(p, "/");
	at = memchr(p, '@', (size_t)(end - p));
	if (at != NULL) {
		if (at == p ||
		    take(r->user, sizeof(r->user), p, (size_t)(at - p),
			LETTERS "._-") == -1)
			return odd(url, e);
		p = at + 1;
	}
	if (take_host(r, p, &p) == -1 || take_port(r, &p) == -1)
		return odd(url, e);
	if (strcmp(p, "/") == 0)
		p++;
	/* The shell over there reads it: nothing but plain letters. */
	if (*p != '\0' &&
	    (*p != '/' ||
		take(r->socket, sizeof(r->socket), p, strlen(p),
		    LETTERS "._/-") == -1))
		return odd(url, e);
	return 0;
}

/* ---- the child ------------------------------------------------------- */

/* Bound in a folder of our own, which is removed again at once. */
static int
listen_in(struct tunnel *t, const char *folder, struct err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int got = -1;

	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s/s", folder) >=
	    (int)sizeof(a.sun_path))
		return err_set(e, ERR_REFUSED, "TMPDIR is too long a name");
	t->listener =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->listener != -1 &&
	    bind(t->listener, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    listen(t->listener, 4) == 0 &&
	    (t->name = open(a.sun_path, O_PATH | O_CLOEXEC)) != -1)
		got = 0;
	else
		err_sys(e, "cannot make a socket '%s'", a.sun_path);
	unlink(a.sun_path);
	return got;
}

static int
make_socket(struct tunnel *t, struct err *e)
{
	const char *parent = getenv("TMPDIR");
	char folder[96];
	int got;

	if (snprintf(folder, sizeof(folder), "%s/pfadm.XXXXXX",
		parent == NULL || *parent == '\0' ? "/tmp" : parent) >=
	    (int)sizeof(folder))
		return err_set(e, ERR_REFUSED, "TMPDIR is too long a name");
	if (mkdtemp(folder) == NULL)
		return err_sys(e, "cannot make a folder '%s'", folder);
	got = listen_in(t, folder, e);
	rmdir(folder);
	return got;
}

struct tunnel *
tunnel_new(const struct remote *r, bool batch)
{
	struct tunnel *t = mem_alloc(sizeof(*t));

	t->remote = *r;
	t->batch = batch;
	t->listener = t->name = -1;
	if (make_socket(t, &t->failed) == -1 && t->listener != -1) {
		close(t->listener);
		t->listener = -1;
	}
	snprintf(t->path, sizeof(t->path), "/proc/self/fd/%d", t->name);
	return t;
}

const char *
tunnel_path(const struct tunnel *t)
{
	return t->path;
}

/* Wait for its end, which follows that of the connection; push it at last. */
static void
reap(struct tunnel *t)
{
	uint64_t start = clock_up_ms();
	pid_t got;

	if (t->pid == 0)
		return;
	while ((got = waitpid(t->pid, &t->status, WNOHANG)) == 0 &&
	    clock_up_ms() - start < END_MS && !interrupted())
		usleep(STEP_MS * 1000);
	if (got == 0) {
		kill(t->pid, SIGKILL);
		while (waitpid(t->pid, &t->status, 0) == -1 && errno == EINTR)
			;
	}
	t->pid = 0;
}

void
tunnel_free(struct tunnel *t)
{
	if (t == NULL)
		return;
	reap(t);
	if (t->listener != -1)
		close(t->listener);
	if (t->name != -1)
		close(t->name);
	free(t);
}

static void
fill_argv(const struct tunnel *t, const char *argv[32])
{
	const struct remote *r = &t->remote;
	int n = 0;

	argv[n++] = "ssh";
	argv[n++] = "-T"; /* no terminal, no agent, no X over there */
	argv[n++] = "-a";
	argv[n++] = "-x";
	if (t->batch) {
		argv[n++] = "-oBatchMode=yes";
		argv[n++] = "-oConnectTimeout=3";
	}
	if (*r->port != '\0') {
		argv[n++] = "-p";
		argv[n++] = r->port;
	}
	if (*r->user != '\0') {
		argv[n++] = "-l";
		argv[n++] = r->user;
	}
	argv[n++] = "--";
	argv[n++] = r->host;
	argv[n++] = "pfadm";
	argv[n++] = "system";
	argv[n++] = "stdio";
	if (*r->socket != '\0') {
		argv[n++] = "--socket";
		argv[n++] = r->socket;
	}
	argv[n] = NULL;
}

int
tunnel_start(struct tunnel *t, struct err *e)
{
	const char *argv[32];
	struct spawn s = {.argv = argv, .err = -1};
	int fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0; /* an old connection, used again */
	if (fd == -1)
		return err_sys(e, "cannot make a connection");
	reap(t);
	fill_argv(t, argv);
	s.in = s.out = fd;
	t->pid = spawn(&s, e);
	close(fd);
	if (t->pid != -1)
		return 0;
	t->pid = 0;
	return -1;
}

/* ---- why it broke ---------------------------------------------------- */

static int
by_exit_code(struct tunnel *t, int code, const char **hint, struct err *e)
{
	const char *host = t->remote.host;

	switch (code) {
	case 4:
		return err_set(e, ERR_DENIED,
		    "you may not use the master's socket on '%s'", host);
	case 5:
		*hint = "start it there, or name its socket: "
			"ssh://host/srv/fuzz/run/admin.sock";
		return err_set(
		    e, ERR_AGAIN, "there is no master on '%s'", host);
	case 127:
		*hint = "install it there, where the PATH of a shell "
			"without terminal has it";
		return err_set(e, ERR_AGAIN, "there is no pfadm on '%s'", host);
	case 255:
		*hint = "ssh said why; 'ssh -v' with the same host says more";
		return err_set(e, ERR_AGAIN, "ssh does not get to '%s'", host);
	default:
		return err_set(e, ERR_AGAIN,
		    "ssh to '%s' ended before the master answered (exit %d)",
		    host, code);
	}
}

int
tunnel_why(struct tunnel *t, const char **hint, struct err *e)
{
	*hint = NULL;
	if (t->listener == -1) {
		*e = t->failed;
		e->cls = ERR_AGAIN;
		e->sys = EIO;
		return -1;
	}
	reap(t);
	if (WIFSIGNALED(t->status))
		err_set(e, ERR_AGAIN, "ssh to '%s' was ended by signal %d",
		    t->remote.host, WTERMSIG(t->status));
	else
		by_exit_code(t, WEXITSTATUS(t->status), hint, e);
	e->sys = EHOSTUNREACH; /* nobody answered */
	return -1;
}

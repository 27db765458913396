/*
 * The far end of a tunnel: bytes between ssh and the master's socket.  It
 * looks at none of them.  The master asks the socket who we are, so whoever
 * comes by ssh is the Unix user that sshd made of them.
 *
 * Both directions have a buffer of their own and nothing blocks: the master
 * may answer before all was sent.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "tools/pfadm/far_end.h"

#define STEP (256 * 1024)

static int
fill_address(struct sockaddr_un *a, const char *path, int *folder)
{
	const char *slash = strrchr(path, '/');
	char *copy;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	*folder = -1;
	if (text_copy(a->sun_path, sizeof(a->sun_path), path))
		return 0;
	if (slash == NULL)
		return -1;
	copy = mem_strdup(path);
	copy[slash - path] = '\0';
	*folder = open(copy, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/%.60s",
	    *folder, slash + 1);
	return *folder == -1 ? -1 : 0;
}

int
far_connect(const char *path, struct err *e)
{
	struct sockaddr_un a;
	int folder, fd, got = -1;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return err_sys(e, "cannot make a socket");
	if (fill_address(&a, path, &folder) == 0)
		got = connect(fd, (struct sockaddr *)&a, sizeof(a));
	if (got == -1 && (errno == EACCES || errno == EPERM))
		err_set(e, ERR_DENIED, "you may not use the socket '%s'", path);
	else if (got == -1)
		err_set(
		    e, ERR_AGAIN, "no master at '%s': is it running?", path);
	if (got == -1) {
		if (e != NULL)
			e->sys = ENOENT;
		close(fd);
		fd = -1;
	}
	if (folder != -1)
		close(folder);
	return fd;
}

/* One direction. */
struct way {
	int from, to;
	char *bytes;
	size_t at, len;
	bool ended;
};

static bool
again(void)
{
	return errno == EAGAIN || errno == EINTR || errno == EWOULDBLOCK;
}

static int
take(struct way *w)
{
	ssize_t n = read(w->from, w->bytes, STEP);

	if (n == -1)
		return again() ? 0 : -1;
	w->at = 0;
	w->len = (size_t)n;
	w->ended = n == 0;
	return 0;
}

static int
give(struct way *w)
{
	ssize_t n = write(w->to, w->bytes + w->at, w->len);

	if (n == -1)
		return again() ? 0 : -1;
	w->at += (size_t)n;
	w->len -= (size_t)n;
	return 0;
}

/* What it waits for: to read when it is empty, to write when it is not. */
static void
ask(const struct way *w, struct pollfd *p)
{
	p->fd = w->len > 0 ? w->to : w->from;
	p->events = w->len > 0 ? POLLOUT : POLLIN;
	p->revents = 0;
}

static int
copy(struct way ways[2], struct err *e)
{
	struct pollfd polls[2];
	int i, got;

	for (;;) {
		for (i = 0; i < 2; i++)
			ask(&ways[i], &polls[i]);
		if (poll(polls, 2, -1) == -1 && errno != EINTR)
			return err_sys(e, "cannot wait");
		for (i = 0; i < 2; i++) {
			if (polls[i].revents == 0)
				continue;
			got = ways[i].len > 0 ? give(&ways[i]) : take(&ways[i]);
			if (got == -1)
				return err_sys(e, "the connection broke");
			if (ways[i].ended)
				return 0; /* whichever side: it is over */
		}
	}
}

static void
make_nonblocking(int fd, int flags)
{
	if (flags != -1)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
far_copy(int fd, struct err *e)
{
	struct way ways[2] = {{.from = STDIN_FILENO, .to = fd},
	    {.from = fd, .to = STDOUT_FILENO}};
	/* Both may be one open file, and others may share it. */
	int was[2] = {
	    fcntl(STDIN_FILENO, F_GETFL), fcntl(STDOUT_FILENO, F_GETFL)};
	int i, got;

	for (i = 0; i < 2; i++) {
		ways[i].bytes = mem_array(STEP, 1);
		make_nonblocking(i, was[i]);
	}
	make_nonblocking(fd, fcntl(fd, F_GETFL));
	got = copy(ways, e);
	for (i = 0; i < 2; i++) {
		free(ways[i].bytes);
		if (was[i] != -1)
			fcntl(i, F_SETFL, was[i]);
	}
	return got;
}

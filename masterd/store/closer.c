/*
 * The closer is a child that closes descriptors.  When one is the last of a
 * file without a name, its blocks are freed then, and where the file system
 * tells its disk of each (ext4 mounted with "discard") this takes as long as a
 * sync.  A thousand bots leave some hundred such files a second: bundles that
 * were taken, and what status.json was before.
 *
 * Nothing depends on it: what it cannot take at once, masterd closes itself,
 * and all of it when the closer is gone.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/spawn.h"
#include "masterd/store/store_internal.h"

struct closer {
	int fd; /* our end; -1: it is gone */
	pid_t pid;
};

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* In the child: fd 0 is the socket. */
static int
child(void *arg)
{
	union control control;
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg;
	struct cmsghdr *c;
	ssize_t n;
	int fd;

	(void)arg;
	for (;;) {
		memset(&msg, 0, sizeof(msg));
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		n = recvmsg(0, &msg, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n != 1)
			return 0; /* masterd is gone */
		c = CMSG_FIRSTHDR(&msg);
		if (c == NULL || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		close(fd);
	}
}

struct closer *
closer_start(struct err *e)
{
	struct closer *c = mem_alloc(sizeof(*c));
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		err_sys(e, "cannot start the closer");
		free(c);
		return NULL;
	}
	c->fd = pair[0];
	c->pid = spawn_call(child, NULL, pair[1], -1, e);
	close(pair[1]);
	if (c->pid == -1) {
		close(c->fd);
		free(c);
		return NULL;
	}
	return c;
}

/* It ends by itself when its socket does. */
void
closer_stop(struct closer *c)
{
	if (c == NULL)
		return;
	if (c->fd != -1)
		close(c->fd);
	free(c);
}

static bool
hand_over(struct closer *c, int fd)
{
	union control control;
	struct iovec iov = {"c", 1};
	struct msghdr msg;
	struct cmsghdr *m;

	memset(&control, 0, sizeof(control));
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	m = CMSG_FIRSTHDR(&msg);
	m->cmsg_level = SOL_SOCKET;
	m->cmsg_type = SCM_RIGHTS;
	m->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(m), &fd, sizeof(fd));
	return sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

void
store_let_go(struct store *s, int fd)
{
	struct closer *c = s->closer;

	if (fd == -1)
		return;
	if (c->fd != -1 && !hand_over(c, fd) &&
	    (errno == EPIPE || errno == ECONNRESET)) {
		close(c->fd);
		c->fd = -1;
		(void)waitpid(c->pid, NULL, WNOHANG);
	}
	close(fd);
}

int
store_hold(int at, const char *name)
{
	return openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

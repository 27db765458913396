/*
 * The sync child holds the store's descriptor and does the syncfs(2), so that
 * the loop never stalls.  One byte down a socket asks, one comes back.
 *
 * A failed sync has thrown dirty pages away and says so only once: it is never
 * tried again.  The child's error or death ends masterd, which starts again
 * and takes the same bundles from incoming/new.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/log.h"
#include "lib/base/spawn.h"
#include "masterd/store/store_internal.h"

struct waiter {
	loop_fn *done;
	void *arg;
	struct waiter *next;
};

struct sync_child {
	int fd; /* our end */
	pid_t pid;
	bool nosync;
	struct loop_source *io;
	struct waiter *running; /* covered by the sync under way */
	struct waiter *waiting; /* need the next one */
};

/* In the child: fd 0 is the socket, fd 1 the store. */
static int
child(void *arg)
{
	bool nosync = *(bool *)arg;
	char byte;
	ssize_t n;

	for (;;) {
		n = read(0, &byte, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n != 1)
			return 0; /* masterd is gone */
		byte = 0;
		if (!nosync && syncfs(1) == -1)
			byte = (char)(errno == 0 ? EIO : errno);
		if (write(0, &byte, 1) != 1)
			return 1;
	}
}

static void
give_up(const char *why)
{
	log_error("store.sync_failed", LOG_T("reason", why));
	_exit(1);
}

static void
ask(struct sync_child *c)
{
	char byte = 's';

	c->running = c->waiting;
	c->waiting = NULL;
	if (c->running != NULL && write(c->fd, &byte, 1) != 1)
		give_up(strerror(errno));
}

static void
answered(void *arg, uint32_t events)
{
	struct sync_child *c = arg;
	struct waiter *w, *next;
	char byte;
	ssize_t n;

	(void)events;
	n = read(c->fd, &byte, 1);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != 1)
		give_up("the sync child died");
	if (byte != 0)
		give_up(strerror((unsigned char)byte));
	w = c->running;
	c->running = NULL;
	ask(c);
	for (; w != NULL; w = next) {
		next = w->next;
		w->done(w->arg);
		free(w);
	}
}

struct sync_child *
sync_child_start(int root, struct loop *loop, bool nosync, struct err *e)
{
	struct sync_child *c = mem_alloc(sizeof(*c));
	int pair[2];

	c->fd = -1;
	c->nosync = nosync;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		err_sys(e, "cannot start the sync child");
		goto fail;
	}
	c->fd = pair[0];
	c->pid = spawn_call(child, &c->nosync, pair[1], root, e);
	close(pair[1]);
	if (c->pid == -1)
		goto fail;
	c->io = loop_io(loop, c->fd, EPOLLIN, answered, c, e);
	if (c->io == NULL)
		goto fail;
	return c;
fail:
	sync_child_stop(c);
	return NULL;
}

void
sync_child_stop(struct sync_child *c)
{
	if (c == NULL)
		return;
	loop_drop(c->io);
	if (c->fd != -1)
		close(c->fd);
	free(c);
}

void
sync_child_ask(struct sync_child *c, loop_fn *done, void *arg)
{
	struct waiter **last, *w = mem_alloc(sizeof(*w));

	w->done = done;
	w->arg = arg;
	for (last = &c->waiting; *last != NULL; last = &(*last)->next)
		;
	*last = w;
	if (c->running == NULL)
		ask(c);
}

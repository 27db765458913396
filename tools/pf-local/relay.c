/*
 * A pipe with two ends each.  Both ways have a buffer of their own and neither
 * waits for the other: who sends a request's body may get its answer before it
 * is through.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "tools/pf-local/relay.h"

#define ROOM 65536

struct way {
	int from, to;
	bool to_socket;
	bool ended; /* nothing more comes */
	bool done;  /* and that was passed on */
	size_t at, len;
	char bytes[ROOM];
};

static int
set_nonblocking(int fd, struct err *e)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return err_sys(e, "cannot prepare a descriptor");
	return 0;
}

static bool
later(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static int
pull(struct way *w, struct err *e)
{
	ssize_t n = read(w->from, w->bytes, sizeof(w->bytes));

	if (n == -1 && later())
		return 0;
	if (n == -1 && errno != ECONNRESET)
		return err_sys(e, "cannot read");
	if (n <= 0)
		w->ended = true;
	else
		w->len = (size_t)n;
	return 0;
}

static int
push(struct way *w, struct err *e)
{
	ssize_t n = write(w->to, w->bytes + w->at, w->len - w->at);

	if (n == -1 && later())
		return 0;
	if (n == -1)
		return err_sys(e, "cannot write");
	w->at += (size_t)n;
	if (w->at == w->len)
		w->at = w->len = 0;
	return 0;
}

static int
step(struct way *w, short readable, short writable, struct err *e)
{
	if (w->len == 0 && !w->ended && readable != 0 && pull(w, e) == -1)
		return -1;
	if (w->len > 0 && writable != 0 && push(w, e) == -1)
		return -1;
	if (w->ended && w->len == 0 && !w->done) {
		w->done = true;
		if (w->to_socket)
			(void)shutdown(w->to, SHUT_WR);
		else
			close(w->to);
	}
	return 0;
}

int
relay(int socket, struct err *e)
{
	static struct way out, back;
	struct pollfd p[4];

	out = (struct way){.from = 0, .to = socket, .to_socket = true};
	back = (struct way){.from = socket, .to = 1};
	if (set_nonblocking(0, e) == -1 || set_nonblocking(1, e) == -1 ||
	    set_nonblocking(socket, e) == -1)
		return -1;
	while (!back.done) {
		p[0] = (struct pollfd){
		    out.ended || out.len > 0 ? -1 : 0, POLLIN, 0};
		p[1] = (struct pollfd){out.len > 0 ? socket : -1, POLLOUT, 0};
		p[2] = (struct pollfd){
		    back.ended || back.len > 0 ? -1 : socket, POLLIN, 0};
		p[3] = (struct pollfd){back.len > 0 ? 1 : -1, POLLOUT, 0};
		if (poll(p, 4, -1) == -1 && errno != EINTR)
			return err_sys(e, "cannot wait");
		if (step(&out, p[0].revents, p[1].revents, e) == -1 ||
		    step(&back, p[2].revents, p[3].revents, e) == -1)
			return -1;
	}
	return 0;
}

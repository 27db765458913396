/*
 * From an URL to a connected socket: what an SFTP link needs before SSH
 * begins.
 */
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "botd/courier/link_tcp.h"

/* ---- the URL --------------------------------------------------------- */

static char *
copy(const char *from, size_t len)
{
	char *to = mem_alloc(len + 1);

	memcpy(to, from, len);
	return to;
}

int
link_host_parse(struct link_host *h, const char *text, struct err *e)
{
	const char *at = strchr(text, '@'), *host, *end;
	uint64_t port = 0;

	memset(h, 0, sizeof(*h));
	if (at == NULL || at == text)
		return err_set(e, ERR_REFUSED,
		    "link 'sftp://%s' is not sftp://user@host:port", text);
	h->user = copy(text, (size_t)(at - text));
	host = at + 1;
	if (host[0] == '[' && (end = strchr(host, ']')) != NULL) {
		h->host = copy(host + 1, (size_t)(end - host - 1));
		end++;
	} else {
		end = host + strcspn(host, ":/[");
		h->host = copy(host, (size_t)(end - host));
	}
	h->port = mem_strdup(*end == ':' ? end + 1 : "22");
	if (h->host[0] == '\0' || (*end != ':' && *end != '\0') ||
	    text_to_u64(&port, h->port) == -1 || port < 1 || port > 65535)
		return err_set(e, ERR_REFUSED,
		    "link 'sftp://%s' is not sftp://user@host:port", text);
	h->port_number = (int)port;
	return 0;
}

void
link_host_release(struct link_host *h)
{
	free(h->user);
	free(h->host);
	free(h->port);
	memset(h, 0, sizeof(*h));
}

/* ---- the socket ------------------------------------------------------ */

/* A connected socket, or -1 with errno. */
static int
connect_to(const struct addrinfo *a, int timeout_ms)
{
	struct pollfd p;
	socklen_t len = sizeof(int);
	int fd, error = 0, n;

	fd = socket(
	    a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	if (errno == EINPROGRESS) {
		p = (struct pollfd){fd, POLLOUT, 0};
		while ((n = poll(&p, 1, timeout_ms)) == -1 && errno == EINTR)
			;
		if (n == 1 &&
		    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
		    error == 0)
			return fd;
		errno = n == 0 ? ETIMEDOUT : error;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
link_tcp_connect(const struct link_host *h, uint64_t timeout_ms, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list, *a;
	int on = 1, rc, fd = -1;

	rc = getaddrinfo(h->host, h->port, &hints, &list);
	if (rc != 0)
		return err_set(e, ERR_AGAIN, "cannot find host '%s': %s",
		    h->host, gai_strerror(rc));
	for (a = list; a != NULL && fd == -1; a = a->ai_next)
		fd = connect_to(a, (int)timeout_ms);
	rc = errno;
	freeaddrinfo(list);
	errno = rc;
	if (fd == -1) {
		err_sys(e, "cannot connect to '%s:%s'", h->host, h->port);
		if (e != NULL)
			e->cls = ERR_AGAIN;
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

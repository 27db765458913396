/*
 * As little of HTTP/1.1 as it takes to ask our own master.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "tools/pf-local/api.h"

#define ANSWER_MOST (16 * 1024 * 1024)

/* Through an open folder: a socket's path may have 107 bytes, ROOT's more. */
int
api_connect(const struct local *l)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval limit = {5, 0};
	int dir, fd;

	dir = fs_open_dir(l->dir, "run", NULL);
	if (dir == -1)
		return -1;
	snprintf(
	    a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/admin.sock", dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd != -1) {
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1) {
			close(fd);
			fd = -1;
		}
	}
	close(dir);
	return fd;
}

static int
exchange(int fd, const struct buf *request, struct buf *answer, struct err *e)
{
	size_t done = 0;
	ssize_t n;

	while (done < request->len) {
		n = send(fd, request->data + done, request->len - done,
		    MSG_NOSIGNAL);
		if (n == -1)
			return err_sys(e, "cannot ask the master");
		done += (size_t)n;
	}
	do {
		buf_grow(answer, 65536);
		n = recv(fd, answer->data + answer->len, 65536, 0);
		if (n == -1)
			return err_sys(e, "the master does not answer");
		answer->len += (size_t)n;
		answer->data[answer->len] = '\0';
	} while (n > 0 && answer->len < ANSWER_MOST);
	return 0;
}

/* Status and body of an answer that was read to its end. */
static int
take_apart(const struct buf *answer, struct json **body, struct err *e)
{
	const struct json_value *error;
	const char *start = strstr(buf_text(answer), "\r\n\r\n");
	struct json *j;
	int status = 0;

	if (start == NULL ||
	    sscanf(buf_text(answer), "HTTP/1.1 %3d", &status) != 1)
		return err_set(e, ERR_AGAIN, "the master's answer is none");
	start += 4;
	j = json_parse(start, answer->len - (size_t)(start - answer->data),
	    &JSON_REPLY, NULL);
	error = json_get(json_root(j), "error");
	if (status >= 400)
		err_set(e, status == 409 ? ERR_CONFLICT : ERR_REFUSED, "%s",
		    json_get_string(error, "message", "the master refuses"));
	if (body != NULL)
		*body = j;
	else
		json_free(j);
	return status;
}

int
api(const struct local *l, const char *method, const char *path,
    const struct buf *body, struct json **answer, struct err *e)
{
	struct buf request = BUF_INIT, text = BUF_INIT;
	int fd, status = -1;

	if (answer != NULL)
		*answer = NULL;
	if ((fd = api_connect(l)) == -1)
		return err_sys(e, "cannot reach the master");
	buf_printf(&request,
	    "%s /api/v1/%s HTTP/1.1\r\nHost: pandafuzz\r\n"
	    "Connection: close\r\nContent-Length: %zu\r\n\r\n",
	    method, path, body == NULL ? 0 : body->len);
	if (body != NULL)
		buf_add(&request, body->data, body->len);
	if (exchange(fd, &request, &text, e) == 0)
		status = take_apart(&text, answer, e);
	close(fd);
	buf_release(&request);
	buf_release(&text);
	return status;
}

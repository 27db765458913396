/*
 * HTTP on the admin socket: the only door to libmicrohttpd.  It runs without
 * threads: its epoll descriptor is a source of the loop, and while there are
 * connections it is also run every 250 ms, because at its connection limit it
 * does not notice by itself that one has timed out.
 *
 * The first call of a request's handler answers nothing: a reply there would
 * close the connection.  A request that waits (a sync, a read child) is
 * suspended, and resumed from the loop when its answer is there.
 *
 * The library lets in more connections than we serve, so that conns.h can say
 * which one goes for a new one; by itself it would stop to listen.
 */
#include <sys/epoll.h>
#include <sys/stat.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "lib/base/text.h"
#include "masterd/admin/conns.h"
#include "masterd/admin/http.h"
#include "masterd/admin/permit.h"

#define CONNECTIONS     512
#define DOOR_MOST       64  /* of one account */
#define MORE            128 /* until some of those were closed */
#define TIMEOUT_S       10
#define REQUEST_S       30
#define TICK_MS         250
#define TURNS           16 /* of the library, while it has more to read */
#define MEMORY          (96 * 1024) /* of a connection: larger pieces */
#define STREAM_BLOCK    (64 * 1024)
#define DISCARD_AT_MOST (64 * 1024)
#define PREFIX          "/api/v1/"

struct http {
	struct admin *admin;
	struct MHD_Daemon *daemon;
	struct loop_source *io, *timer;
	struct http_request *requests;
	struct conns conns;
	char account[33]; /* of a door; "": the admin socket */
	unsigned request_s;
	bool running; /* in MHD_run(): it must not be called again */
	bool busy;    /* there were connections at the last run */
};

enum stage {
	STAGE_BODY,  /* being read */
	STAGE_LATER, /* the route will say */
	STAGE_READY, /* the answer is there */
	STAGE_SENT   /* and was given to the library */
};

struct http_request {
	struct request r;
	struct http *http;
	struct MHD_Connection *conn;
	struct conn *slot; /* its connection in http->conns */
	enum stage stage;
	bool asleep; /* suspended */
	int result;
	struct err e;
	uint64_t got; /* bytes of the body */
	struct http_request *prev, *next;
};

/* ---- parameters ------------------------------------------------------ */

const char *
request_query(struct request *r, const char *key)
{
	const char *value = MHD_lookup_connection_value(
	    r->http->conn, MHD_GET_ARGUMENT_KIND, key);

	return value == NULL ? "" : value;
}

uint64_t
request_length(struct request *r)
{
	const char *text = MHD_lookup_connection_value(
	    r->http->conn, MHD_HEADER_KIND, "Content-Length");
	uint64_t length;

	if (text == NULL || text_to_u64(&length, text) == -1)
		return UINT64_MAX;
	return length;
}

static bool
has_body(struct http_request *q)
{
	return request_length(&q->r) != UINT64_MAX ||
	    MHD_lookup_connection_value(
		q->conn, MHD_HEADER_KIND, "Transfer-Encoding") != NULL;
}

/* ---- requests -------------------------------------------------------- */

static struct conn *
slot_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	assert(info != NULL && info->socket_context != NULL);
	return info->socket_context;
}

static struct http_request *
request_new(struct http *h, struct MHD_Connection *conn)
{
	struct http_request *q = mem_alloc(sizeof(*q));

	q->http = h;
	q->conn = conn;
	q->slot = slot_of(conn);
	conn_begin(&h->conns, q->slot, true);
	q->r.admin = h->admin;
	q->r.http = q;
	q->r.file = -1;
	q->next = h->requests;
	if (q->next != NULL)
		q->next->prev = q;
	h->requests = q;
	return q;
}

static void
request_free(struct http_request *q)
{
	struct request *r = &q->r;

	if (r->stream.drop != NULL)
		r->stream.drop(r->stream.arg);
	if (r->drop != NULL)
		r->drop(r->own);
	if (r->file != -1)
		close(r->file);
	buf_release(&r->body);
	buf_release(&r->out);
	free(r->grants);
	if (q->prev != NULL)
		q->prev->next = q->next;
	else
		q->http->requests = q->next;
	if (q->next != NULL)
		q->next->prev = q->prev;
	free(q);
}

static void
wake(struct http_request *q)
{
	struct err e;

	if (!q->asleep)
		return;
	q->asleep = false;
	conn_waits(q->slot, false);
	MHD_resume_connection(q->conn);
	if (q->http->timer != NULL && !q->http->running)
		loop_timer_set(q->http->timer, 0, &e);
}

static void
sleep_now(struct http_request *q)
{
	q->asleep = true;
	conn_waits(q->slot, true);
	MHD_suspend_connection(q->conn);
}

void
request_wake(struct request *r)
{
	wake(r->http);
}

void
request_finish(struct request *r, int result, const struct err *e)
{
	struct http_request *q = r->http;

	q->result = result;
	if (result == -1)
		q->e = *e;
	q->stage = STAGE_READY;
	wake(q);
}

/* ---- answering ------------------------------------------------------- */

static ssize_t
read_stream(void *arg, uint64_t pos, char *bytes, size_t max)
{
	struct http_request *q = arg;
	long n;

	(void)pos;
	if (q->slot->cut)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!permit_again(&q->r, q->slot->fd, q->http->account))
		return MHD_CONTENT_READER_END_OF_STREAM;
	permit_enter(&q->r);
	n = q->r.stream.read(q->r.stream.arg, bytes, max);
	permit_leave(&q->r);
	if (n == -1)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == -2)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n == 0) {
		q->slot->watched = true;
		sleep_now(q);
	}
	conn_moved(q->slot, (uint64_t)n);
	return n;
}

static struct MHD_Response *
make_response(struct http_request *q)
{
	struct request *r = &q->r;
	struct stat st;
	size_t len;
	int fd;

	if (r->stream.read != NULL)
		return MHD_create_response_from_callback(
		    MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, q, NULL);
	if (r->file != -1 && fstat(r->file, &st) == 0) {
		fd = r->file;
		r->file = -1; /* the library closes it */
		conn_moved(q->slot, (uint64_t)st.st_size);
		return MHD_create_response_from_fd64((uint64_t)st.st_size, fd);
	}
	len = r->out.len;
	conn_moved(q->slot, len);
	return MHD_create_response_from_buffer(
	    len, buf_detach(&r->out), MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result
answer(struct http_request *q)
{
	struct request *r = &q->r;
	struct MHD_Response *response;
	enum MHD_Result queued;

	q->stage = STAGE_SENT;
	conn_begin(&q->http->conns, q->slot, true);
	if (q->result == -1)
		request_failed(r, &q->e);
	else if (r->status == 0)
		r->status = 200;
	if ((response = make_response(q)) == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type",
	    r->type != NULL ? r->type : "application/json");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(
	    response, "traceparent", trace_parent(&r->trace).text);
	queued = MHD_queue_response(q->conn, (unsigned)r->status, response);
	MHD_destroy_response(response);
	return queued;
}

/* ---- the handler ----------------------------------------------------- */

static enum MHD_Result
count_header(
    void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct request_head *h = arg;

	(void)kind;
	h->headers++;
	h->bytes += strlen(key) + (value == NULL ? 0 : strlen(value));
	return MHD_YES;
}

struct query {
	struct http_request *q;
	int result;
};

static enum MHD_Result
check_parameter(
    void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct query *c = arg;
	/* The first of that name is found; is it this one? */
	bool again =
	    MHD_lookup_connection_value(c->q->conn, kind, key) != value;

	c->result = request_check_query(&c->q->r, key, value, again, &c->q->e);
	return c->result == 0 ? MHD_YES : MHD_NO;
}

static int
check_query(struct http_request *q)
{
	struct query c = {q, 0};

	MHD_get_connection_values(
	    q->conn, MHD_GET_ARGUMENT_KIND, check_parameter, &c);
	return c.result;
}

static int
begin(struct http_request *q, const char *method, const char *url)
{
	struct request_head head = {0, 0};
	struct request *r = &q->r;

	trace_take(&r->trace,
	    MHD_lookup_connection_value(
		q->conn, MHD_HEADER_KIND, "traceparent"));
	peer_of(q->slot->fd, q->http->account, &r->peer);
	MHD_get_connection_values(
	    q->conn, MHD_HEADER_KIND, count_header, &head);
	if (request_check_head(r, &head, url, &q->e) == -1)
		return -1;
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	if (strncmp(url, PREFIX, strlen(PREFIX)) == 0)
		url += strlen(PREFIX);
	else if (*url == '/')
		url++; /* /metrics, /healthz */
	r->route = route_find(method, url, r);
	if (r->route == NULL)
		return request_no_route(r, method, url, &q->e);
	if (permit(r, &q->e) == -1 || check_query(q) == -1 ||
	    request_check_length(r, request_length(r), &q->e) == -1)
		return -1;
	return r->route->begin == NULL ? 0 : r->route->begin(r, &q->e);
}

/* A piece of the body; once something failed the rest is only counted. */
static enum MHD_Result
take_piece(struct http_request *q, const char *bytes, size_t len)
{
	struct request *r = &q->r;
	uint64_t max = r->route == NULL ? 0 : r->route->body_max;

	q->got += len;
	conn_moved(q->slot, len);
	if (q->result == -1) /* a little may be read in order to answer */
		return q->got > max + DISCARD_AT_MOST ? MHD_NO : MHD_YES;
	assert(r->route != NULL); /* else the result is -1 */
	if (q->got > max)
		q->result = request_check_length(r, q->got, &q->e);
	else if (r->route->piece != NULL)
		q->result = r->route->piece(r, bytes, len, &q->e);
	else
		buf_add(&r->body, bytes, len);
	return MHD_YES;
}

static enum MHD_Result
run_route(struct http_request *q)
{
	int result = q->result;

	q->stage = STAGE_LATER;
	if (result != -1) {
		permit_enter(&q->r);
		result = q->r.route->run(&q->r, &q->e);
		permit_leave(&q->r);
	}
	if (result != REPLY_LATER)
		q->result = result;
	else if (q->stage == STAGE_LATER) {
		/* Not finished within the call. */
		sleep_now(q);
		return MHD_YES;
	}
	return answer(q);
}

static enum MHD_Result
handle(void *arg, struct MHD_Connection *conn, const char *url,
    const char *method, const char *version, const char *bytes, size_t *len,
    void **own)
{
	struct http_request *q = *own;

	(void)version;
	if (q == NULL) {
		*own = q = request_new(arg, conn);
		MHD_set_connection_option(
		    conn, MHD_CONNECTION_OPTION_TIMEOUT, q->http->request_s);
		q->result = begin(q, method, url);
		/* Nobody should send 2 GiB to learn that it may not. */
		if (q->result == -1 && has_body(q) &&
		    request_length(&q->r) > DISCARD_AT_MOST)
			return answer(q);
		return MHD_YES;
	}
	switch (q->stage) {
	case STAGE_BODY:
		if (*len == 0)
			return run_route(q);
		if (take_piece(q, bytes, *len) == MHD_NO)
			return MHD_NO;
		*len = 0;
		return MHD_YES;
	case STAGE_READY:
		return answer(q);
	default:
		return MHD_YES;
	}
}

static void
completed(void *arg, struct MHD_Connection *conn, void **own,
    enum MHD_RequestTerminationCode how)
{
	struct http *h = arg;

	(void)how;
	conn_begin(&h->conns, slot_of(conn), false);
	MHD_set_connection_option(
	    conn, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)TIMEOUT_S);
	if (*own != NULL)
		request_free(*own);
	*own = NULL;
}

static void
connected(void *arg, struct MHD_Connection *conn, void **own,
    enum MHD_ConnectionNotificationCode how)
{
	const union MHD_ConnectionInfo *info;
	struct http *h = arg;

	if (how == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(
		    conn, MHD_CONNECTION_INFO_CONNECTION_FD);
		*own =
		    conn_new(&h->conns, info == NULL ? -1 : info->connect_fd);
	} else if (*own != NULL) {
		conn_free(&h->conns, *own);
		*own = NULL;
	}
}

static size_t
unescape(void *arg, struct MHD_Connection *conn, char *text)
{
	(void)arg;
	(void)conn;
	return request_unescape(text);
}

/* ---- in the loop ----------------------------------------------------- */

static void
tick(struct http *h)
{
	struct http_request *q;

	if (!conns_tick(&h->conns))
		return;
	for (q = h->requests; q != NULL; q = q->next)
		if (q->slot->cut)
			wake(q);
}

static void
run(struct http *h)
{
	const union MHD_DaemonInfo *info;
	MHD_UNSIGNED_LONG_LONG wait;
	struct err e;
	int turns = 0;

	/* A long upload is read for a while: a turn of the loop for each piece
	 * would cost a timer's millisecond each. */
	tick(h);
	h->running = true;
	do
		MHD_run(h->daemon);
	while (++turns < TURNS &&
	    MHD_get_timeout(h->daemon, &wait) == MHD_YES && wait == 0);
	h->running = false;
	info =
	    MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	if (info == NULL || info->num_connections == 0) {
		/* Once more after the last one has gone: at its limit the
		 * library stops to listen, and only a run makes it listen
		 * again. */
		if (h->busy)
			loop_timer_set(h->timer, 0, &e);
		else
			loop_timer_off(h->timer);
		h->busy = false;
		return;
	}
	h->busy = true;
	if (MHD_get_timeout(h->daemon, &wait) == MHD_NO || wait > TICK_MS)
		wait = TICK_MS;
	loop_timer_set(h->timer, wait, &e);
}

static void
on_epoll(void *arg, uint32_t events)
{
	(void)events;
	run(arg);
}

static void
on_timer(void *arg)
{
	run(arg);
}

static struct MHD_Daemon *
start(struct http *h, int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0,
	    NULL, NULL, handle, h, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)HTTP_BACKLOG,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(CONNECTIONS + MORE),
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
	    MHD_OPTION_NOTIFY_CONNECTION, connected, h,
	    MHD_OPTION_UNESCAPE_CALLBACK, unescape, h,
	    MHD_OPTION_NOTIFY_COMPLETED, completed, h, MHD_OPTION_END);
}

struct http *
http_open(struct admin *a, struct loop *loop, int fd, struct err *e)
{
	struct http *h = mem_alloc(sizeof(*h));
	const union MHD_DaemonInfo *info = NULL;

	h->admin = a;
	h->request_s = REQUEST_S;
	h->conns.most = CONNECTIONS;
	h->conns.request_ms = REQUEST_S * 1000;
	if ((h->daemon = start(h, fd)) == NULL) {
		close(fd);
		err_set(e, ERR_AGAIN, "cannot serve the admin socket");
		goto fail;
	}
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL) {
		err_set(e, ERR_BUG, "the admin socket has no epoll");
		goto fail;
	}
	if ((h->timer = loop_timer(loop, on_timer, h, e)) == NULL ||
	    (h->io = loop_io(loop, info->epoll_fd, EPOLLIN, on_epoll, h, e)) ==
		NULL)
		goto fail;
	return h;
fail:
	http_close(h);
	return NULL;
}

void
http_set_timeout(struct http *h, uint64_t ms)
{
	h->request_s = ms < 1000 ? 1 : (unsigned)(ms / 1000);
	h->conns.request_ms = ms;
}

void
http_close(struct http *h)
{
	struct http_request *q;

	if (h == NULL)
		return;
	loop_drop(h->io);
	loop_drop(h->timer);
	h->timer = NULL;
	/* The library may not be stopped with a suspended connection. */
	for (q = h->requests; q != NULL; q = q->next)
		wake(q);
	if (h->daemon != NULL)
		MHD_stop_daemon(h->daemon); /* completes all requests */
	free(h);
}

void
http_set_account(struct http *h, const char *account)
{
	text_copy(h->account, sizeof(h->account), account);
	h->conns.most = DOOR_MOST;
}

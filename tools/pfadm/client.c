/*
 * HTTP over the admin socket with libcurl.  For a master on another machine
 * the socket is one of our own, and once curl has connected to it ssh gets its
 * other end (tunnel.c).
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tools/pfadm/client.h"
#include "tools/pfadm/interrupt.h"

#define REQUEST_S  30L  /* DESIGN 11 */
#define TUNNEL_S   120L /* somebody may have to type a passphrase */
#define SOCKET_MAX 107

struct client {
	CURL *curl;
	const char *name;             /* as given, for messages */
	struct tunnel *tunnel;        /* NULL: the socket is here */
	struct err tunnel_error;      /* it could not be started */
	char through[SOCKET_MAX + 1]; /* what fits in an address */
	int folder;                   /* behind "through", or -1 */
	struct buf path;
};

/* A long path is reached through a descriptor of its folder. */
static void
shorten(struct client *c)
{
	const char *slash = strrchr(c->name, '/');
	char *folder;

	text_copy(c->through, sizeof(c->through), c->name);
	if (strlen(c->name) <= SOCKET_MAX || slash == NULL)
		return;
	folder = mem_strdup(c->name);
	folder[slash - c->name] = '\0';
	c->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	snprintf(c->through, sizeof(c->through), "/proc/self/fd/%d/%.60s",
	    c->folder, slash + 1);
}

struct client *
client_open(const struct where *w, bool batch)
{
	struct client *c = mem_alloc(sizeof(*c));

	c->folder = -1;
	c->name = w->far ? w->url : w->socket;
	if (w->far) {
		c->tunnel = tunnel_new(&w->remote, batch);
		text_copy(
		    c->through, sizeof(c->through), tunnel_path(c->tunnel));
	} else {
		shorten(c);
	}
	if ((c->curl = curl_easy_init()) == NULL)
		abort();
	return c;
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	if (c->folder != -1)
		close(c->folder);
	tunnel_free(c->tunnel);
	buf_release(&c->path);
	free(c);
}

void
reply_release(struct reply *r)
{
	json_free(r->json);
	buf_release(&r->body);
	memset(r, 0, sizeof(*r));
}

/* ---- paths ----------------------------------------------------------- */

static void
add_escaped(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr(
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"0123456789-._~",
			*text) != NULL)
			buf_addc(b, *text);
		else
			buf_printf(b, "%%%02X", (unsigned char)*text);
	}
}

const char *
client_path(struct client *c, const char *fmt, ...)
{
	va_list ap;

	buf_reset(&c->path);
	va_start(ap, fmt);
	for (; *fmt != '\0'; fmt++) {
		if (fmt[0] == '%' && fmt[1] == 's') {
			add_escaped(&c->path, va_arg(ap, const char *));
			fmt++;
		} else {
			buf_addc(&c->path, *fmt);
		}
	}
	va_end(ap);
	return c->path.data;
}

/* ---- transfers ------------------------------------------------------- */

struct transfer {
	struct client *client;
	struct reply *reply;
	int to;   /* -1: into the reply */
	int from; /* the file that is sent */
	int failed_errno;
	client_line_fn *fn; /* gets lines, with "arg" */
	void *arg;
	struct buf line;
	bool enough;
};

/* Whole lines to "fn"; what is left waits for more. */
static size_t
give_lines(struct transfer *t, const char *bytes, size_t len)
{
	const char *end;
	size_t used = 0;

	buf_add(&t->line, bytes, len);
	while (!t->enough &&
	    (end = memchr(t->line.data + used, '\n', t->line.len - used)) !=
		NULL) {
		if (end > t->line.data + used &&
		    t->fn(t->arg, t->line.data + used,
			(size_t)(end - t->line.data) - used) == -1)
			t->enough = true;
		used = (size_t)(end - t->line.data) + 1;
	}
	buf_consume(&t->line, used);
	return t->enough ? 0 : len;
}

static size_t
on_bytes(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	long status = 0;

	curl_easy_getinfo(t->client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (t->fn != NULL && status < 300)
		return give_lines(t, bytes, size * n);
	if (t->to == -1 || status >= 300) {
		buf_add(&t->reply->body, bytes, size * n);
		return size * n;
	}
	if (fs_write_all(t->to, bytes, size * n) == -1) {
		t->failed_errno = errno;
		return 0;
	}
	return size * n;
}

static size_t
on_wanted(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	ssize_t got;

	do
		got = read(t->from, bytes, size * n);
	while (got == -1 && errno == EINTR);
	if (got == -1) {
		t->failed_errno = errno;
		return CURL_READFUNC_ABORT;
	}
	return (size_t)got;
}

/* curl is connected and about to ask: who shall answer? */
static int
on_connected(void *arg, char *to_ip, char *from_ip, int to_port, int from_port)
{
	struct client *c = arg;

	(void)to_ip;
	(void)from_ip;
	(void)to_port;
	(void)from_port;
	return tunnel_start(c->tunnel, &c->tunnel_error) == -1
	    ? CURL_PREREQFUNC_ABORT
	    : CURL_PREREQFUNC_OK;
}

static void
prepare_tunnel(struct client *c)
{
	err_clear(&c->tunnel_error);
	curl_easy_setopt(c->curl, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(c->curl, CURLOPT_PREREQDATA, c);
	curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, TUNNEL_S);
}

static int
on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
    curl_off_t up_now)
{
	(void)arg;
	(void)total;
	(void)now;
	(void)up_total;
	(void)up_now;
	return interrupted() ? 1 : 0;
}

static void
prepare(struct transfer *t, const char *path)
{
	CURL *curl = t->client->curl;
	struct buf url = BUF_INIT;

	curl_easy_reset(curl); /* keeps the connection */
	buf_printf(&url, "http://pandafuzz/api/v1/%s", path);
	curl_easy_setopt(curl, CURLOPT_URL, url.data);
	/* "job show .." asks for a job of that name, not for another address. */
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	buf_release(&url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, t->client->through);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, REQUEST_S);
	/* Silence ends it, not length: 2 GiB may take a while. */
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, REQUEST_S);
	if (t->client->tunnel != NULL)
		prepare_tunnel(t->client);
	/* Ctrl-C ends a request too, where it is caught at all. */
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static int
no_master(struct transfer *t, struct err *e)
{
	struct client *c = t->client;
	long error = 0;

	if (c->tunnel != NULL && c->tunnel_error.cls != ERR_NONE) {
		*e = c->tunnel_error;
		e->cls = ERR_AGAIN;
		e->sys = EHOSTUNREACH;
		return -1;
	}
	if (c->tunnel != NULL)
		return tunnel_why(c->tunnel, &t->reply->hint, e);
	curl_easy_getinfo(t->client->curl, CURLINFO_OS_ERRNO, &error);
	if (error == EACCES || error == EPERM)
		return err_set(
		    e, ERR_DENIED, "you may not use the socket '%s'", c->name);
	err_set(e, ERR_AGAIN, "no master at '%s': is it running?", c->name);
	e->sys = error == 0 ? ENOENT : (int)error;
	return -1;
}

/* What the master said, as an error of ours. */
static int
said_no(const struct reply *r, struct err *e)
{
	const struct json_value *error = json_get(json_root(r->json), "error");
	enum err_class cls = r->status == 403 ? ERR_DENIED
	    : r->status == 404                ? ERR_NOT_FOUND
	    : r->status == 409                ? ERR_CONFLICT
	    : r->status == 503                ? ERR_AGAIN
	    : r->status == 500                ? ERR_BUG
					      : ERR_REFUSED;

	if (error == NULL)
		return err_set(
		    e, cls, "the master answered with %ld", r->status);
	return err_set(e, cls, "%s",
	    json_get_string(error, "message", "it did not say why"));
}

static int
perform(struct transfer *t, struct err *e)
{
	struct reply *r = t->reply;
	CURLcode code;
	struct err ignored;

	code = curl_easy_perform(t->client->curl);
	curl_easy_getinfo(t->client->curl, CURLINFO_RESPONSE_CODE, &r->status);
	if (t->failed_errno != 0) {
		errno = t->failed_errno;
		return err_sys(
		    e, t->from != -1 ? "cannot read" : "cannot write");
	}
	if (interrupted() && code != CURLE_OK)
		return err_set(e, ERR_AGAIN, "interrupted");
	if (code == CURLE_COULDNT_CONNECT ||
	    (t->client->tunnel != NULL && code != CURLE_OK && r->status == 0)) {
		r->status = 0;
		return no_master(t, e);
	}
	if (t->enough)
		code = CURLE_OK;
	r->json = r->body.len == 0
	    ? NULL
	    : json_parse(r->body.data, r->body.len, &JSON_REPLY, &ignored);
	/* A refusal may come before all was sent. */
	if (r->status >= 300)
		return said_no(r, e);
	if (code != CURLE_OK)
		return err_set(e, ERR_AGAIN, "the master at '%s': %s",
		    t->client->name, curl_easy_strerror(code));
	return 0;
}

static struct transfer
transfer(struct client *c, struct reply *r)
{
	memset(r, 0, sizeof(*r));
	return (struct transfer){.client = c, .reply = r, .to = -1, .from = -1};
}

int
client_get(struct client *c, const char *path, struct reply *r, struct err *e)
{
	struct transfer t = transfer(c, r);

	prepare(&t, path);
	return perform(&t, e);
}

int
client_send(struct client *c, const char *method, const char *path,
    const void *body, size_t len, struct reply *r, struct err *e)
{
	struct transfer t = transfer(c, r);
	struct curl_slist *headers;
	int got;

	prepare(&t, path);
	headers = curl_slist_append(NULL, "Content-Type: application/json");
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, len == 0 ? "" : body);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	got = perform(&t, e);
	curl_slist_free_all(headers);
	return got;
}

static int
upload(struct client *c, const char *method, const char *path, int fd,
    uint64_t size, struct reply *r, struct err *e)
{
	struct transfer t = transfer(c, r);

	t.from = fd;
	prepare(&t, path);
	curl_easy_setopt(c->curl, CURLOPT_UPLOAD, 1L);
	if (strcmp(method, "PUT") != 0)
		curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->curl, CURLOPT_READFUNCTION, on_wanted);
	curl_easy_setopt(c->curl, CURLOPT_READDATA, &t);
	curl_easy_setopt(c->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
	curl_easy_setopt(c->curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
	return perform(&t, e);
}

int
client_upload(struct client *c, const char *path, int fd, uint64_t size,
    struct reply *r, struct err *e)
{
	return upload(c, "PUT", path, fd, size, r, e);
}

int
client_post_file(struct client *c, const char *path, int fd, uint64_t size,
    struct reply *r, struct err *e)
{
	return upload(c, "POST", path, fd, size, r, e);
}

int
client_download(
    struct client *c, const char *path, int fd, struct reply *r, struct err *e)
{
	struct transfer t = transfer(c, r);

	t.to = fd;
	prepare(&t, path);
	return perform(&t, e);
}

int
client_follow(struct client *c, const char *path, client_line_fn *fn, void *arg,
    struct reply *r, struct err *e)
{
	struct transfer t = transfer(c, r);
	int got;

	t.fn = fn;
	t.arg = arg;
	prepare(&t, path);
	curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, 0L); /* may rest */
	got = perform(&t, e);
	buf_release(&t.line);
	/* Once it began, its end is no failure, whatever it was. */
	return got == -1 && (interrupted() || r->status == 200) ? 0 : got;
}

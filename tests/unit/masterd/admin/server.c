/*
 * The database is opened in the child only: SQLite and fork(2) do not mix.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/wire/invitation.h"
#include "masterd/admin/admin.h"
#include "tests/unit/masterd/admin/server.h"
#include "tests/unit/masterd/world.h"

static void
on_term(void *arg)
{
	loop_quit(arg, 0);
}

static int
retry(void *arg, const char *account, const char *file, struct err *e)
{
	(void)arg;
	if (strcmp(account, "local") == 0 && strcmp(file, "yes.pfb") == 0)
		return 0;
	return err_set(
	    e, ERR_NOT_FOUND, "spool entry %s/%s: not found", account, file);
}

static void
gauges(void *arg, struct admin_gauges *g)
{
	(void)arg;
	g->started_ms = 1700000000000;
	g->incoming = 3;
	g->disk_free = 1 << 30;
	g->disk_total = 2u << 30;
}

/* As on a machine where only accounts named ok* can be made. */
static int
prepare(void *arg, const char *name, const char *kind, struct err *e)
{
	(void)arg;
	(void)kind;
	if (strncmp(name, "ok", 2) == 0)
		return 0;
	return err_set(e, ERR_REFUSED, "as root, run pf-account add %s", name);
}

static int
invitation(void *arg, struct invitation *i, struct err *e)
{
	(void)arg;
	text_copy(i->fingerprint, sizeof(i->fingerprint),
	    "SHA256:abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq");
	return invitation_place(i, "enroll", "sftp://master:22", e);
}

static void
die(const char *what, const struct err *e)
{
	fprintf(stderr, "server: %s: %s\n", what, e->text);
	_exit(9);
}

uint64_t server_timeout_ms;

static int
serve(struct server *s, bool hostile)
{
	struct admin_hooks hooks = {.spool_retry = retry, .gauges = gauges};
	const struct account_hooks accounts = {
	    .prepare = prepare, .invitation = invitation};
	struct world *w = world_new_at(s->root);
	struct store *store;
	struct admin *admin;
	struct loop *loop;
	struct err e;
	int run, code;

	if (hostile)
		world_make_hostile(w);
	if ((loop = loop_new(&e)) == NULL ||
	    loop_signal(loop, SIGTERM, on_term, loop, &e) == NULL ||
	    (store = store_open(w->root, loop, false, &e)) == NULL)
		die("store", &e);
	if ((run = fs_make_dir_open(w->root, "run", 0755, &e)) == -1 ||
	    (admin = admin_open(
		 loop, w->db, store, run, "admin.sock", &hooks, &e)) == NULL)
		die("admin", &e);
	admin_set_accounts(admin, &accounts);
	if (server_timeout_ms != 0)
		admin_set_timeout(admin, server_timeout_ms);
	code = loop_run(loop, &e);
	admin_close(admin);
	store_close(store);
	loop_free(loop);
	close(run);
	db_close(w->db);
	close(w->root);
	free(w);
	return code;
}

struct server *
server_start(bool hostile)
{
	struct server *s = mem_alloc(sizeof(*s));
	int i, fd, code;

	snprintf(s->root, sizeof(s->root), "/tmp/pf-admin.XXXXXX");
	if (mkdtemp(s->root) == NULL || chmod(s->root, 0755) == -1)
		exit(1);
	snprintf(s->socket, sizeof(s->socket), "%s/run/admin.sock", s->root);
	fflush(NULL);
	if ((s->pid = fork()) == 0) {
		code = serve(s, hostile);
		free(s);
		exit(code);
	}
	for (i = 0; i < 500 && (fd = server_connect(s)) == -1; i++)
		usleep(10000);
	close(fd);
	return s;
}

int
server_stop(struct server *s)
{
	int status = -1;

	kill(s->pid, SIGTERM);
	waitpid(s->pid, &status, 0);
	fs_remove_tree(AT_FDCWD, s->root, NULL);
	free(s);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int
server_connect(struct server *s)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	text_copy(un.sun_path, sizeof(un.sun_path), s->socket);
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static size_t
take(char *bytes, size_t size, size_t n, void *arg)
{
	buf_add(arg, bytes, size * n);
	return size * n;
}

void
request(struct answer *a, struct server *s, const char *method,
    const char *path, const void *body, size_t len)
{
	CURL *c = curl_easy_init();
	char url[512], *type = NULL;
	struct curl_slist *headers = NULL;
	CURLcode code;
	struct err e;

	memset(a, 0, sizeof(*a));
	snprintf(url, sizeof(url), "http://pandafuzz/%s%s",
	    *path == '/' ? "" : "api/v1/", *path == '/' ? path + 1 : path);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, s->socket);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &a->body);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 30L);
	if (body != NULL) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(
		    c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
		headers = curl_slist_append(
		    headers, "Content-Type: application/octet-stream");
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	}
	code = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &a->status);
	curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
	text_copy(a->type, sizeof(a->type), type == NULL ? "" : type);
	text_copy(a->error, sizeof(a->error), curl_easy_strerror(code));
	if (code != CURLE_OK)
		a->status = 0;
	a->json = json_parse(buf_text(&a->body), a->body.len, &JSON_REPLY, &e);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
}

int
server_setup(void **state)
{
	*state = server_start(false);
	return 0;
}

int
server_teardown(void **state)
{
	return server_stop(*state);
}

void
get(struct answer *a, struct server *s, const char *path)
{
	request(a, s, "GET", path, NULL, 0);
}

void
answer_release(struct answer *a)
{
	json_free(a->json);
	buf_release(&a->body);
}

struct answer
server_ask(struct server *s, const char *method, const char *path,
    const char *body, long status)
{
	struct answer a;

	request(&a, s, method, path, body, body == NULL ? 0 : strlen(body));
	if (a.status != status)
		fail_msg("%s %s %s: %ld %s", method, path,
		    body == NULL ? "" : body, a.status, buf_text(&a.body));
	assert_non_null(a.json);
	return a;
}

void
server_done(
    struct server *s, const char *method, const char *path, const char *body)
{
	struct answer a = server_ask(s, method, path, body, 200);

	answer_release(&a);
}

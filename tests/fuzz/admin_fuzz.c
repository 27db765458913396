/*
 * Any bytes are a request on the admin socket, or none: a real server over a
 * real database, one connection after the other.  What it answers is HTTP,
 * what it says of failure is JSON, and it never takes longer than it may.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/read_child.h"

#define RUNS      1000 /* with one database */
#define WAIT_MS   8000
#define SILENT_MS 50

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	char path[64];
	int root, run;
	struct loop *loop;
	struct loop_source *io, *late;
	struct db *db;
	struct store *store;
	struct admin *admin;
	int fd;
	struct buf answer;
	unsigned runs;
} f;

static void
must(bool good, const struct err *e)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", e->text);
	abort();
}

static void
too_late(void *arg)
{
	(void)arg;
	abort(); /* a request that neither is answered nor ends */
}

static void
close_all(void)
{
	struct err e;

	if (f.admin == NULL)
		return;
	admin_close(f.admin);
	store_close(f.store);
	db_close(f.db);
	loop_drop(f.late);
	loop_free(f.loop);
	close(f.run);
	close(f.root);
	must(fs_remove_tree(AT_FDCWD, f.path, &e) == 0, &e);
	f.admin = NULL;
}

static void
at_exit(void)
{
	close_all();
	buf_release(&f.answer);
}

static void
open_all(void)
{
	const struct admin_hooks hooks = {.changed = NULL};
	struct err e;

	snprintf(f.path, sizeof(f.path), "/tmp/pf-fuzz.XXXXXX");
	must(mkdtemp(f.path) != NULL, &e);
	must((f.root = fs_make_dir_open(AT_FDCWD, f.path, 0755, &e)) != -1 &&
		(f.run = fs_make_dir_open(f.root, "run", 0755, &e)) != -1 &&
		(f.loop = loop_new(&e)) != NULL &&
		(f.late = loop_timer(f.loop, too_late, NULL, &e)) != NULL &&
		(f.db = db_open(f.root, &e)) != NULL &&
		db_leave_out_syncs(f.db, &e) == 0 &&
		(f.store = store_open(f.root, f.loop, true, &e)) != NULL &&
		(f.admin = admin_open(f.loop, f.db, f.store, f.run,
		     "admin.sock", &hooks, &e)) != NULL,
	    &e);
	/* What stops half way is soon given up. */
	admin_set_timeout(f.admin, SILENT_MS);
	/* No process a request: they are many. */
	f.admin->read_children = READ_CHILDREN;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int code = admin_read_child(*argc, *argv);

	if (code != -1)
		exit(code);
	log_set_level(LEVEL_ERROR);
	atexit(at_exit);
	return 0;
}

static int
connect_to(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s/run/admin.sock", f.path);
	if (fd == -1 || connect(fd, (struct sockaddr *)&un, sizeof(un)) == -1)
		abort();
	return fd;
}

/* A stream of events would go on for ever: hearing it begin is enough. */
static bool
is_stream(void)
{
	return f.answer.len > 0 && strstr(f.answer.data, "x-ndjson") != NULL;
}

static void
on_answer(void *arg, uint32_t events)
{
	ssize_t n;

	(void)arg;
	(void)events;
	buf_grow(&f.answer, 65536);
	n = read(f.fd, f.answer.data + f.answer.len, 65536);
	if (n > 0) {
		f.answer.len += (size_t)n;
		f.answer.data[f.answer.len] = '\0';
		if (!is_stream())
			return;
	}
	loop_quit(f.loop, 0);
}

/* The first answer; requests that follow in the same bytes have theirs. */
static void
check_answer(void)
{
	const char *head = buf_text(&f.answer), *body, *length;
	struct json *j;
	struct err e;
	size_t len;
	int status;

	if (f.answer.len == 0)
		return;
	assert(strncmp(head, "HTTP/1.", 7) == 0);
	assert(sscanf(head, "HTTP/1.%*1d %d", &status) == 1);
	assert(status != 500);
	body = strstr(head, "\r\n\r\n");
	length = strstr(head, "Content-Length: ");
	if (body == NULL || length == NULL || length > body ||
	    strstr(head, "application/json") == NULL ||
	    strstr(head, "application/json") > body)
		return;
	len = strtoul(length + strlen("Content-Length: "), NULL, 10);
	body += 4;
	if (len == 0 || strlen(body) < len)
		return; /* of a HEAD */
	j = json_parse(body, len, &JSON_REPLY, &e);
	must(j != NULL || strncmp(body, "HTTP/1.", 7) == 0, &e);
	json_free(j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;

	if (size > 32768)
		return -1;
	if (f.runs++ % RUNS == 0) {
		close_all();
		open_all();
	}
	buf_reset(&f.answer);
	f.fd = connect_to();
	(void)!send(f.fd, data, size, MSG_NOSIGNAL);
	/* A head that has no end is the same for all. */
	if (memmem(data, size, "\r\n\r\n", 4) == NULL)
		(void)!send(f.fd, "\r\n\r\n", 4, MSG_NOSIGNAL);
	shutdown(f.fd, SHUT_WR);
	f.io = loop_io(f.loop, f.fd, EPOLLIN, on_answer, NULL, &e);
	must(f.io != NULL && loop_timer_set(f.late, WAIT_MS, &e) == 0 &&
		loop_run(f.loop, &e) == 0,
	    &e);
	loop_timer_off(f.late);
	loop_drop(f.io);
	close(f.fd);
	check_answer();
	return 0;
}

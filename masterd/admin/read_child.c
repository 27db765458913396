/*
 * Both ends of a read child.  Its first byte is '+', and the document
 * follows; or '-', a digit for the class of its error, and a sentence.  So
 * the HTTP status is known before anything is sent.
 */
#include <sys/epoll.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/spawn.h"
#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/read_child.h"
#include "masterd/admin/rules_test.h"
#include "masterd/db/audit.h"
#include "masterd/db/ledger.h"
#include "masterd/db/reader.h"

#define OPTION     "--read-child"
#define BUFFER_MAX (256 * 1024)
#define PAGE       1000

struct read_child {
	struct request *r; /* NULL: its request is gone */
	struct admin *admin;
	struct loop_source *io, *ended;
	int fd;
	pid_t pid; /* 0: reaped */
	int status;
	bool eof, paused, streaming;
	struct buf have;
};

/* ---- our end --------------------------------------------------------- */

static void
child_close(struct read_child *c)
{
	loop_drop(c->io);
	c->io = NULL;
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	c->eof = true;
}

static void
child_free(struct read_child *c)
{
	child_close(c);
	loop_drop(c->ended);
	buf_release(&c->have);
	free(c);
}

/* The request is over.  The child must still be reaped. */
static void
child_drop(void *own)
{
	struct read_child *c = own;

	c->r = NULL;
	child_close(c);
	if (c->pid == 0)
		child_free(c);
	else
		kill(c->pid, SIGKILL);
}

static long
child_read(void *arg, char *bytes, size_t max)
{
	struct read_child *c = arg;
	struct err e;
	size_t n = c->have.len < max ? c->have.len : max;

	if (n > 0) {
		memcpy(bytes, c->have.data, n);
		buf_consume(&c->have, n);
		if (c->paused && c->have.len < BUFFER_MAX / 2 && !c->eof) {
			c->paused = false;
			loop_io_events(c->io, EPOLLIN, &e);
		}
		return (long)n;
	}
	if (!c->eof || c->pid != 0)
		return 0;
	return c->status == 0 ? -1 : -2;
}

static void
child_failed(struct read_child *c)
{
	enum err_class cls = ERR_AGAIN;
	const char *text = buf_text(&c->have);
	struct err e;

	if (c->have.len > 2 && text[0] == '-') {
		if (text[1] > '0' + ERR_NONE && text[1] <= '0' + ERR_BUG)
			cls = (enum err_class)(text[1] - '0');
		err_set(&e, cls, "%s", text + 2);
	} else {
		err_set(&e, ERR_AGAIN, "the reading process died");
	}
	request_finish(c->r, -1, &e);
}

/* Something was read, or the child has ended. */
static void
child_progress(struct read_child *c)
{
	if (c->r == NULL)
		return;
	if (c->streaming) {
		request_wake(c->r);
	} else if (c->have.len > 0 && c->have.data[0] == '+') {
		buf_consume(&c->have, 1);
		c->streaming = true;
		c->r->stream.read = child_read;
		c->r->stream.arg = c;
		request_finish(c->r, 0, NULL);
	} else if (c->eof && c->pid == 0) {
		child_failed(c);
	}
}

static void
on_output(void *arg, uint32_t events)
{
	struct read_child *c = arg;
	struct err e;
	ssize_t n;

	(void)events;
	buf_grow(&c->have, 65536);
	n = read(c->fd, c->have.data + c->have.len, 65536);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->have.len += (size_t)n;
		c->have.data[c->have.len] = '\0';
		if (c->have.len >= BUFFER_MAX) {
			c->paused = true;
			loop_io_events(c->io, 0, &e);
		}
	} else {
		child_close(c);
	}
	child_progress(c);
}

static void
on_ended(void *arg, pid_t pid, int status)
{
	struct read_child *c = arg;

	(void)pid;
	c->pid = 0;
	c->status = status;
	c->admin->read_children--;
	if (c->r == NULL)
		child_free(c);
	else
		child_progress(c);
}

static pid_t
start(struct admin *a, int in, int out, const char *what, const char *arg,
    struct err *e)
{
	int root = store_root(a->store);
	char number[16];
	const char *argv[] = {
	    "/proc/self/exe", OPTION, number, what, arg, NULL};
	struct spawn s = {.argv = argv,
	    .in = in,
	    .out = out,
	    .err = -1,
	    .keep = &root,
	    .keep_count = 1};

	snprintf(number, sizeof(number), "%d", root);
	return spawn(&s, e);
}

int
read_child_start(
    struct request *r, const char *what, const char *arg, struct err *e)
{
	return read_child_start_in(r, what, arg, -1, e);
}

int
read_child_start_in(
    struct request *r, const char *what, const char *arg, int in, struct err *e)
{
	struct admin *a = r->admin;
	struct read_child *c;
	int pipes[2];

	if (a->read_children >= READ_CHILDREN)
		return err_set(
		    e, ERR_AGAIN, "too many long reads at once, try again");
	if (pipe2(pipes, O_CLOEXEC) == -1)
		return err_sys(e, "cannot make a pipe");
	c = mem_alloc(sizeof(*c));
	c->r = r;
	c->admin = a;
	c->fd = pipes[0];
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->pid = start(a, in, pipes[1], what, arg, e);
	close(pipes[1]);
	if (c->pid == -1) {
		child_free(c);
		return -1;
	}
	a->read_children++;
	r->own = c;
	r->drop = child_drop;
	c->ended = loop_child(a->loop, c->pid, on_ended, c, e);
	c->io = loop_io(a->loop, c->fd, EPOLLIN, on_output, c, e);
	return c->ended != NULL && c->io != NULL ? REPLY_LATER : -1;
}

/* ---- the child's end ------------------------------------------------- */

static int
say(const void *bytes, size_t len)
{
	return fs_write_all(STDOUT_FILENO, bytes, len);
}

static int
fail(const struct err *e)
{
	char head[2] = {'-', (char)('0' + e->cls)};

	say(head, sizeof(head));
	say(e->text, strlen(e->text));
	return 1;
}

static int
tell_ledger(struct db *db)
{
	struct buf out = BUF_INIT;
	bool balanced;
	struct err e;
	int code = 0;

	if (ledger_check(db, &out, &balanced, &e) == -1)
		code = fail(&e);
	else if (say("+", 1) == -1 || say(out.data, out.len) == -1)
		code = 1;
	buf_release(&out);
	return code;
}

/* The sum alone, for who asks every hour. */
static int
tell_missing(struct db *db)
{
	static const char key[] = "\"missing\":";
	struct buf out = BUF_INIT;
	const char *found = NULL;
	bool balanced;
	struct err e;
	int code;

	if (ledger_check(db, &out, &balanced, &e) == -1)
		code = fail(&e);
	else if ((found = strstr(out.data, key)) == NULL)
		code = 1;
	else
		code = say("+", 1) == -1 ||
		    say(found + strlen(key),
			strspn(found + strlen(key), "0123456789")) == -1;
	buf_release(&out);
	return code;
}

/* The log of changes, hash by hash. */
static int
tell_log(struct db *db)
{
	struct buf out = BUF_INIT;
	struct audit_state s;
	struct err e;
	int code = 0;

	if (audit_check(db, &s, &e) == -1)
		return fail(&e);
	json_open(&out, NULL, '{');
	json_put_u64(&out, "api", 1);
	json_open(&out, "item", '{');
	json_put_bool(&out, "intact", s.broken == 0);
	json_put_u64(&out, "rows", s.rows);
	json_put_string(
	    &out, "head", s.rows == 0 ? "" : digest_hex(&s.head).text);
	if (s.broken == 0)
		json_put_null(&out, "broken");
	else
		json_put_u64(&out, "broken", (uint64_t)s.broken);
	json_close(&out, '}');
	json_close(&out, '}');
	if (say("+", 1) == -1 || say(out.data, out.len) == -1)
		code = 1;
	buf_release(&out);
	return code;
}

static int
tell_rules(struct db *db)
{
	struct buf out = BUF_INIT;
	struct err e;
	int code;

	if (rules_test_tell(db, &out, &e) == -1)
		code = fail(&e);
	else
		code = say("+", 1) == -1 || say(out.data, out.len) == -1;
	buf_release(&out);
	return code;
}

/* Page by page, but all of one snapshot. */
static int
tell_corpus(struct db *db, const char *target)
{
	static const char head[] = "+{\"api\":1,\"items\":[";
	static const char tail[] = "],\"next\":null}";
	struct view_page page = {
	    .view = VIEW_UNIT, .filter = {target}, .limit = PAGE};
	struct buf out = BUF_INIT;
	int64_t next = 0;
	bool any = false;
	struct err e;
	int got;

	buf_adds(&out, head);
	do {
		page.after = next;
		if (any)
			buf_addc(&out, ',');
		got = view_rows(db, &page, &out, &next, &e);
		any = got > 0;
		if (got == -1 || say(out.data, out.len) == -1)
			break;
		buf_reset(&out);
	} while (next != 0);
	buf_release(&out);
	if (got == -1)
		return fail(&e);
	return next == 0 && say(tail, strlen(tail)) == 0 ? 0 : 1;
}

int
admin_read_child(int argc, char **argv)
{
	uint64_t root;
	struct db *db;
	struct err e;
	int code = 2;

	if (argc < 2 || strcmp(argv[1], OPTION) != 0)
		return -1;
	if (argc < 4 || text_to_u64(&root, argv[2]) == -1 || root > 65535)
		return code;
	if ((db = db_open_reader((int)root, &e)) == NULL)
		return fail(&e);
	if (strcmp(argv[3], "ledger") == 0)
		code = tell_ledger(db);
	else if (strcmp(argv[3], "missing") == 0)
		code = tell_missing(db);
	else if (strcmp(argv[3], "log") == 0)
		code = tell_log(db);
	else if (strcmp(argv[3], "rules") == 0)
		code = tell_rules(db);
	else if (strcmp(argv[3], "corpus") == 0 && argc == 5)
		code = tell_corpus(db, argv[4]);
	db_close(db);
	return code;
}

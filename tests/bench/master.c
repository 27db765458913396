/*
 * Running a real masterd and listening to its status.json as a bot would.
 */
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/spawn.h"
#include "lib/base/text.h"
#include "tests/bench/bench.h"
#include "tests/bench/master.h"

#define START_S 60.0 /* a large database is checked first */
#define WAIT_S  120.0

static int
open_dir(int at, const char *path)
{
	struct err e;
	int fd = fs_make_dir_open(at, path, 0755, &e);

	if (fd == -1)
		bench_die_err(&e);
	return fd;
}

static bool
answers(int root)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), result;

	/* ROOT may be too long for a socket's path. */
	snprintf(un.sun_path, sizeof(un.sun_path),
	    "/proc/self/fd/%d/run/admin.sock", root);
	result = connect(fd, (struct sockaddr *)&un, sizeof(un));
	close(fd);
	return result == 0;
}

static void
launch(struct master *m, const char *root)
{
	const char *argv[] = {bench_program("pandafuzz-masterd"), "--root",
	    root, "--as-root", NULL};
	struct spawn s = {.argv = argv, .in = -1, .out = -1};
	struct err e;

	if (geteuid() != 0)
		argv[3] = NULL;
	s.err = openat(m->root, "masterd.log",
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if ((m->pid = spawn(&s, &e)) == -1)
		bench_die_err(&e);
	close(s.err);
}

void
master_start(struct master *m, const char *root, const struct feed *f)
{
	double until = bench_now() + START_S;

	*m = (struct master){.outgoing = -1, .feed = f};
	m->root = open_dir(AT_FDCWD, root);
	m->tmp = open_dir(m->root, "spool/" FEED_ACCOUNT "/incoming/tmp");
	m->fresh = open_dir(m->root, "spool/" FEED_ACCOUNT "/incoming/new");
	close(open_dir(m->root, "spool/" FEED_ACCOUNT "/outgoing"));
	m->status = status_new();
	m->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	launch(m, root);
	while (!answers(m->root)) {
		if (bench_now() > until || waitpid(m->pid, NULL, WNOHANG) != 0)
			bench_die(
			    "masterd does not start; see its log in %s", root);
		bench_sleep(0.01);
	}
}

void
master_stop(struct master *m)
{
	kill(m->pid, SIGTERM);
	waitpid(m->pid, NULL, 0);
	status_free(m->status);
	close(m->notify);
	close(m->outgoing);
	close(m->fresh);
	close(m->tmp);
	close(m->root);
}

void
master_push(struct master *m, const struct bundle_name *name)
{
	if (renameat(m->tmp, name->text, m->fresh, name->text) == -1)
		bench_die("cannot push '%s'", name->text);
}

/* ---- status.json ----------------------------------------------------- */

/* The folder comes with the bot's first bundle. */
static void
find_outgoing(struct master *m)
{
	char path[128];

	if (m->outgoing != -1)
		return;
	snprintf(path, sizeof(path), "spool/" FEED_ACCOUNT "/outgoing/%s",
	    m->feed->bot);
	if ((m->outgoing = fs_open_dir(m->root, path, NULL)) == -1)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", m->outgoing);
	if (inotify_add_watch(m->notify, path, IN_MOVED_TO) == -1)
		bench_die("cannot watch outgoing");
}

static bool
read_status(struct master *m)
{
	struct buf text = BUF_INIT;
	bool ok;

	ok = m->outgoing != -1 &&
	    fs_read_file(m->outgoing, "status.json", &text, STATUS_MAX_BYTES,
		NULL) == 0 &&
	    status_parse(m->status, text.data, text.len, NULL) == 0;
	buf_release(&text);
	return ok;
}

static bool
covers(const struct master *m, uint64_t seq)
{
	int i;

	for (i = 0; i < m->status->epoch_count; i++)
		if (m->status->epochs[i].epoch == m->feed->epoch)
			return m->status->epochs[i].below >= seq;
	return false;
}

/* A hint that something changed, or 5 ms. */
static void
wait_hint(struct master *m)
{
	struct pollfd p = {.fd = m->notify, .events = POLLIN};
	char events[4096];

	if (poll(&p, 1, 5) == 1)
		while (read(m->notify, events, sizeof(events)) > 0)
			;
}

void
master_wait_acked(struct master *m, uint64_t seq)
{
	double until = bench_now() + WAIT_S;

	for (;;) {
		find_outgoing(m);
		if (read_status(m) && covers(m, seq))
			return;
		if (bench_now() > until)
			bench_die("seq %ju is not acknowledged after %.0f s",
			    (uintmax_t)seq, WAIT_S);
		wait_hint(m);
	}
}

static int
count_one(void *arg, int dir, const char *name)
{
	(void)dir;
	(void)name;
	++*(int *)arg;
	return 0;
}

void
master_wait_empty(struct master *m)
{
	double until = bench_now() + WAIT_S;
	struct err e;
	int n;

	for (;;) {
		n = 0;
		if (fs_each(m->fresh, count_one, &n, &e) == -1)
			bench_die_err(&e);
		if (n == 0)
			return;
		if (bench_now() > until)
			bench_die("incoming/new does not empty");
		bench_sleep(0.001);
	}
}

uint64_t
master_memory(const struct master *m, const char *key)
{
	char path[64];
	struct buf text = BUF_INIT;
	const char *at;
	uint64_t kib;
	struct err e;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)m->pid);
	if (fs_read_file(AT_FDCWD, path, &text, 65536, &e) == -1)
		bench_die_err(&e);
	if ((at = strstr(buf_text(&text), key)) == NULL)
		bench_die("no '%s' in '%s'", key, path);
	kib = strtoull(at + strlen(key) + 1, NULL, 10);
	buf_release(&text);
	return kib;
}

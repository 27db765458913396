/*
 * The child writes one record a file into a pipe, and ends with it.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "tools/pfadm/hashing.h"

struct record {
	bool failed;
	struct err why;
	struct digest sha256;
	uint64_t size;
};

struct hashing {
	int from;
	pid_t child;
};

static void
hash_one(
    const struct build_folder *b, const struct ticket_file *f, struct record *r)
{
	int fd = build_folder_open(b, f, &r->why);

	r->failed =
	    fd == -1 || fs_hash(fd, &r->sha256, &r->size, &r->why) == -1;
	if (fd == -1)
		return;
	if (r->failed)
		err_wrap(&r->why, "cannot read '%s'", f->path);
	close(fd);
}

/* The child's life.  A parent that has gone ends it, by SIGPIPE. */
static void
hash_all(const struct build_folder *b, int to)
{
	struct record r;
	int i;

	for (i = 0; i < b->manifest.count; i++) {
		memset(&r, 0, sizeof(r));
		hash_one(b, &b->manifest.files[i], &r);
		if (fs_write_all(to, &r, sizeof(r)) == -1 || r.failed)
			break;
	}
	_exit(0);
}

struct hashing *
hashing_start(const struct build_folder *b, struct err *e)
{
	struct hashing *h = mem_alloc(sizeof(*h));
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1) {
		err_sys(e, "cannot make a pipe");
		free(h);
		return NULL;
	}
	if ((h->child = fork()) == -1) {
		err_sys(e, "cannot start a child");
		close(ends[0]);
		close(ends[1]);
		free(h);
		return NULL;
	}
	if (h->child == 0) {
		close(ends[0]);
		hash_all(b, ends[1]);
	}
	close(ends[1]);
	h->from = ends[0];
	return h;
}

static int
read_record(int fd, struct record *r)
{
	size_t have = 0;
	ssize_t n;

	while (have < sizeof(*r)) {
		n = read(fd, (char *)r + have, sizeof(*r) - have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		have += (size_t)n;
	}
	return 0;
}

int
hashing_next(struct hashing *h, struct ticket_file *f, struct err *e)
{
	struct record r;

	if (read_record(h->from, &r) == -1)
		return err_set(
		    e, ERR_AGAIN, "the child that hashes files has died");
	if (r.failed) {
		*e = r.why;
		return -1;
	}
	f->sha256 = r.sha256;
	f->size = r.size;
	return 0;
}

void
hashing_stop(struct hashing *h)
{
	if (h == NULL)
		return;
	close(h->from);
	kill(h->child, SIGKILL);
	while (waitpid(h->child, NULL, 0) == -1 && errno == EINTR)
		;
	free(h);
}

/*
 * `pfadm build add` of 1 GB in 200 files, against copying and hashing the
 * same files with the same durability: each read once, written, hashed, and
 * one syncfs at the end.  In turns; every round has bytes of its own, because
 * a master that has a file is not sent it.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/digest.h"
#include "lib/base/fs.h"
#include "lib/base/spawn.h"
#include "tests/bench/bench.h"
#include "tests/bench/master.h"

#define FILES      200
#define FILE_BYTES 5000000
#define TARGETS    20 /* of them; the rest is data */
#define ROUNDS     5
#define WAIT_MS    300000

static char bytes[FILE_BYTES];

/* What the master takes for a fuzz target. */
static const char head[] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0"
			   "LLVMFuzzerTestOneInput libFuzzer: __asan_init";

static void
fill(unsigned seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
	size_t i;

	for (i = 0; i + sizeof(state) <= sizeof(bytes); i += sizeof(state)) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(bytes + i, &state, sizeof(state));
	}
}

/* A build of this round, in the folder "at". */
static void
write_build(int at, unsigned round)
{
	char name[16];
	int i, fd;

	fill(round);
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%s%03d",
		    i < TARGETS ? "fuzz" : "data", i);
		memset(bytes, 0, sizeof(head));
		if (i < TARGETS)
			memcpy(bytes, head, sizeof(head));
		memcpy(bytes + sizeof(head), &i, sizeof(i));
		unlinkat(at, name, 0);
		fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    i < TARGETS ? 0755 : 0644);
		if (fd == -1 || fs_write_all(fd, bytes, sizeof(bytes)) == -1)
			bench_die("cannot write '%s'", name);
		close(fd);
	}
}

/* ---- the floor ------------------------------------------------------- */

static int
copy_one(void *arg, int dirfd, const char *name)
{
	struct digest d;
	struct err e;
	int fd = fs_open_foreign(dirfd, name, NULL, &e);

	if (fd == -1 ||
	    fs_copy(fd, *(int *)arg, name, 0444, &d, NULL, &e) == -1)
		bench_die_err(&e);
	close(fd);
	return 0;
}

static double
copy_and_hash(int root, int from)
{
	double began = bench_now(), took;
	struct err e;
	int to = fs_make_dir_open(root, "copy", 0755, &e);

	if (to == -1 || fs_each(from, copy_one, &to, &e) != 0)
		bench_die_err(&e);
	bench_settle(to);
	took = bench_now() - began;
	close(to);
	fs_remove_tree(root, "copy", NULL);
	return took;
}

/* ---- ours ------------------------------------------------------------ */

static double
build_add(const char *master, const char *folder)
{
	const char *argv[] = {bench_program("pfadm"), "--root", master, "build",
	    "add", folder, "--project", "bench", "--parsable", NULL};
	struct spawn s = {.argv = argv, .in = -1, .out = -1, .err = -1};
	struct buf said = BUF_INIT;
	double began = bench_now(), took;
	struct err e;
	int status = spawn_run(&s, &said, 65536, WAIT_MS, &e);

	took = bench_now() - began;
	if (status == -1)
		bench_die_err(&e);
	if (status != 0)
		bench_die("build add: %s", buf_text(&said));
	buf_release(&said);
	return took;
}

static void
tell(double *ours, double *floors)
{
	double ratios[ROUNDS], mb = FILES * (FILE_BYTES / 1e6);
	double value, reference;
	int i;

	for (i = 0; i < ROUNDS; i++)
		ratios[i] = floors[i] / ours[i];
	value = mb / bench_median(ours, ROUNDS);
	reference = mb / bench_median(floors, ROUNDS);
	bench_figure(&(struct figure){"build.add", "MB/s", value, reference,
	    bench_median(ratios, ROUNDS), AT_LEAST, 0.5});
}

int
main(void)
{
	double ours[ROUNDS], floors[ROUNDS];
	char master[PATH_MAX], folder[PATH_MAX];
	struct feed f = {.bot = "b1", .epoch = 0x3e4};
	const char *home;
	struct master m;
	int root, from, i;
	struct err e;

	home = bench_folder(&root);
	snprintf(master, sizeof(master), "%.*s/master", PATH_MAX - 16, home);
	snprintf(folder, sizeof(folder), "%.*s/build", PATH_MAX - 16, home);
	if ((from = fs_make_dir_open(root, "build", 0755, &e)) == -1)
		bench_die_err(&e);
	master_start(&m, master, &f);
	for (i = 0; i < ROUNDS; i++) {
		write_build(from, (unsigned)i + 1);
		bench_settle(root);
		floors[i] = copy_and_hash(root, from);
		bench_settle(root);
		ours[i] = build_add(master, folder);
		bench_note(
		    "%.2f s, copying and hashing %.2f s", ours[i], floors[i]);
		/* Room for the next; the master does not look again. */
		fs_remove_tree(m.root, "builds/files", NULL);
		if (fs_make_dirs(m.root, "builds/files", 0750, &e) == -1)
			bench_die_err(&e);
		bench_settle(root);
	}
	master_stop(&m);
	tell(ours, floors);
	return 0;
}

/*
 * How long a crash takes from its bot's outbox to the administrator's eyes: a
 * farm of one idle bot over SFTP on loopback; a crash bundle is sealed into
 * the bot's outbox as the runner seals it, and the admin socket is asked for
 * that crash until it knows it.  Beside each sample the disk is asked what one
 * fsync and one FULL commit take right now.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/triage/triage.h"
#include "lib/wire/bundle.h"
#include "spool/spool.h"
#include "tests/bench/bench.h"
#include "tests/bench/farm.h"

#define SAMPLES  120
#define PATIENCE 30 /* seconds for one sample */
#define POLL     0.002
#define EPOCH    0x1a7e9c0ffee00001ull
#define REPORT                                                           \
	"==1==ERROR: AddressSanitizer: heap-buffer-overflow on address " \
	"0x602000000053 at pc 0x55 bp 0x7f sp 0x7f\n"                    \
	"READ of size 4 at 0x602000000053 thread T0\n"                   \
	"    #0 0x55 in bench_read /src/bench.c:1:1\n\n"

struct bench {
	struct farm farm;
	int run; /* ROOT/run */
	struct spool *outbox;
	sqlite3 *db;
	int floor; /* folder of the disk's own samples */
};

static void
open_floor(struct bench *b, const char *folder)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/floor.db", folder);
	if (sqlite3_open(path, &b->db) != SQLITE_OK ||
	    sqlite3_exec(b->db,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)",
		NULL, NULL, NULL) != SQLITE_OK)
		bench_die("floor: %s", sqlite3_errmsg(b->db));
}

/* Milliseconds of one fsync of 4 KiB and one FULL commit. */
static double
disk_sample(struct bench *b)
{
	static const char bytes[4096];
	double began = bench_now();
	int fd = openat(
	    b->floor, "sample", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd == -1 || fs_write_all(fd, bytes, sizeof(bytes)) == -1 ||
	    fsync(fd) == -1)
		bench_die("floor: cannot write");
	close(fd);
	if (sqlite3_exec(b->db, "INSERT INTO t (b) VALUES (zeroblob(200))",
		NULL, NULL, NULL) != SQLITE_OK)
		bench_die("floor: %s", sqlite3_errmsg(b->db));
	return (bench_now() - began) * 1000;
}

static void
start(struct bench *b)
{
	static const struct spool_names names = {
	    bundle_name_ok, bundle_name_order};
	const char *folder = bench_folder(&b->floor);
	char path[PATH_MAX + 64];
	struct err e;

	open_floor(b, folder);
	farm_up(&b->farm, folder);
	snprintf(path, sizeof(path), "%s/local/bots/b1/outbox", b->farm.root);
	b->outbox = spool_open(AT_FDCWD, path, &names, false, &e);
	snprintf(path, sizeof(path), "%s/run", b->farm.root);
	if (b->outbox == NULL ||
	    (b->run = fs_open_dir(AT_FDCWD, path, &e)) == -1)
		bench_die_err(&e);
}

/* Is the crash known?  One request on one connection. */
static bool
is_visible(struct bench *b, const char *id)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char text[512], answer[16] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), n;

	snprintf(to.sun_path, sizeof(to.sun_path),
	    "/proc/self/fd/%d/admin.sock", b->run);
	n = snprintf(text, sizeof(text),
	    "GET /api/v1/crashes/%s HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\n\r\n",
	    id);
	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1 ||
	    fs_write_all(fd, text, (size_t)n) == -1)
		bench_die("the admin socket does not answer");
	if (recv(fd, answer, 12, MSG_WAITALL) != 12)
		bench_die("the admin socket does not answer");
	close(fd);
	return memcmp(answer + 9, "200", 3) == 0;
}

/* Seal a crash of its own input, as the runner does; its id for people. */
static void
seal_crash(struct bench *b, uint64_t seq, char *id, size_t size)
{
	struct bundle_id name = {
	    .bot = {"b1"}, .epoch = EPOCH, .seq = seq, .cls = BUNDLE_CRASH};
	struct bundle_header h = {.pfb = WIRE_VERSION,
	    .kind = KIND_CRASH,
	    .account = {"local"},
	    .bot = {"b1"},
	    .epoch = EPOCH,
	    .seq = seq,
	    .has_target = true,
	    .project = {"bench"},
	    .target = {"bench"},
	    .sealed_ms = clock_wall_ms()};
	struct record crash = {.type = REC_CRASH,
			  .word = "libfuzzer",
			  .word2 = "address"},
		      report = {.type = REC_REPORT};
	uint64_t input = random_u64();
	struct bundle_name file = bundle_id_format(&name);
	struct bundle_writer *w;
	struct triage t;
	struct err e;
	int fd;

	digest_of(&crash.sha256, &input, sizeof(input));
	crash.n[CRASH_INPUT_SIZE] = sizeof(input);
	triage_report(&t, REPORT, sizeof(REPORT) - 1, "bench");
	snprintf(id, size, "%s-%.8s", digest_hex(&crash.sha256).text,
	    digest_hex(&t.signature).text);
	if ((fd = spool_stage(b->outbox, file.text, &e)) == -1 ||
	    (w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, &e)) == NULL ||
	    bundle_write(w, &crash, &input, sizeof(input), &e) == -1 ||
	    bundle_write(w, &report, REPORT, sizeof(REPORT) - 1, &e) == -1 ||
	    bundle_writer_finish(w, NULL, &e) == -1 ||
	    spool_commit(b->outbox, fd, file.text, &e) == -1)
		bench_die_err(&e);
	bundle_writer_free(w);
}

static double
crash_sample(struct bench *b, uint64_t seq)
{
	char id[DIGEST_HEX + 16];
	double began;

	seal_crash(b, seq, id, sizeof(id));
	began = bench_now(); /* the rename is the seal */
	while (!is_visible(b, id)) {
		if (bench_now() - began > PATIENCE)
			bench_die(
			    "a crash was not visible after %d s", PATIENCE);
		bench_sleep(POLL);
	}
	return (bench_now() - began) * 1000;
}

int
main(void)
{
	static struct bench b;
	static double ours[SAMPLES], disk[SAMPLES];
	double bar, p99;
	int i;

	start(&b);
	bench_sleep(2);
	for (i = 0; i < SAMPLES; i++) {
		disk[i] = disk_sample(&b);
		ours[i] = crash_sample(&b, (uint64_t)i + 1);
		bench_sleep(0.05 + (double)random_below(100) / 1000);
	}
	p99 = bench_share(disk, SAMPLES, 0.99);
	bar = 5 * p99 > 500 ? 5 * p99 : 500;
	bench_note("%d crashes; slowest %.1f ms, slowest disk %.1f ms", SAMPLES,
	    bench_share(ours, SAMPLES, 1), bench_share(disk, SAMPLES, 1));
	bench_figure(&(struct figure){"latency.p50", "ms",
	    bench_median(ours, SAMPLES), NO_FIGURE, NO_FIGURE, BELOW, 150});
	bench_figure(&(struct figure){"latency.p99", "ms",
	    bench_share(ours, SAMPLES, 0.99), NO_FIGURE, NO_FIGURE, BELOW,
	    bar});
	bench_figure(&(struct figure){"latency.disk-p99", "ms", p99, NO_FIGURE,
	    NO_FIGURE, BELOW, NO_FIGURE});
	spool_close(b.outbox);
	sqlite3_close(b.db);
	return 0;
}

/*
 * A bot that does nothing but deliver, for the power-cut test.
 *
 *	feed ACCOUNT OUTBOX LOGS
 *
 * Makes bundles of bot "b1" (three corpus bundles with three units, then a
 * crash), keeps each in OUTBOX, pushes it into ACCOUNT/incoming, and reads
 * ACCOUNT/outgoing/b1/status.json for what the master has.  OUTBOX and LOGS
 * are elsewhere than the master, as a bot's are.  LOGS/made gets "SEQ NAME
 * SHA256..." of each bundle before it is pushed; LOGS/acked gets "SEQ" when it
 * is first seen to be acknowledged.  Ends with SIGTERM.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/wire/bundle.h"
#include "lib/wire/status.h"

#define EPOCH      0x5f3c9a01d2e4b677
#define WINDOW     48
#define UNITS      3
#define UNIT_BYTES 4096

static volatile sig_atomic_t stop;
static int account, outbox, made, acked;
static uint64_t waiting[WINDOW], next_seq = 1;

static void
on_stop(int signo)
{
	(void)signo;
	stop = 1;
}

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "feed: %s: %s\n", what, why);
	exit(1);
}

static int
open_in(int at, const char *name, int flags)
{
	int fd = openat(at, name, flags | O_CLOEXEC, 0644);

	if (fd == -1)
		die(name, strerror(errno));
	return fd;
}

/* Bytes that only this seq and number have, and that do not deflate to
 * nothing. */
static void
fill(char *bytes, uint64_t seq, uint64_t number)
{
	uint64_t x = seq * 1000003 + number + 1;
	size_t i;

	for (i = 0; i < UNIT_BYTES; i += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(bytes + i, &x, sizeof(x));
	}
}

static void
write_bundle(int fd, uint64_t seq, bool crash, struct buf *line)
{
	struct bundle_header h = {.pfb = WIRE_VERSION,
	    .kind = crash ? KIND_CRASH : KIND_CORPUS,
	    .account = {"local"},
	    .bot = {"b1"},
	    .epoch = EPOCH,
	    .seq = seq,
	    .project = {"png"},
	    .target = {"read"},
	    .has_target = true,
	    .sealed_ms = 1700000000000};
	struct record r = {.type = crash ? REC_CRASH : REC_UNIT,
	    .word = "libfuzzer",
	    .word2 = "address"};
	char bytes[UNIT_BYTES];
	struct bundle_writer *w;
	struct err e;
	int i;

	if (crash)
		r.n[CRASH_INPUT_SIZE] = UNIT_BYTES;
	else
		r.word[0] = r.word2[0] = '\0';
	if ((w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, &e)) == NULL)
		die("bundle", e.text);
	for (i = 0; i < (crash ? 1 : UNITS); i++) {
		fill(bytes, seq, (uint64_t)i);
		digest_of(&r.sha256, bytes, UNIT_BYTES);
		buf_printf(line, " %s", digest_hex(&r.sha256).text);
		if (bundle_write(w, &r, bytes, UNIT_BYTES, &e) == -1)
			die("record", e.text);
	}
	if (bundle_writer_finish(w, NULL, &e) == -1)
		die("end", e.text);
	bundle_writer_free(w);
}

static void
push(const char *name, int fd)
{
	char from[160], to[160];
	struct err e;

	snprintf(from, sizeof(from), "incoming/tmp/%s", name);
	snprintf(to, sizeof(to), "incoming/new/%s", name);
	if (fs_copy(fd, account, from, 0644, NULL, NULL, &e) == -1)
		die(from, e.text);
	if (renameat(account, from, account, to) == -1)
		die(to, strerror(errno));
}

static void
make_one(uint64_t *slot)
{
	bool crash = next_seq % 4 == 0;
	struct bundle_id id = {.bot = {"b1"},
	    .epoch = EPOCH,
	    .seq = next_seq,
	    .cls = crash ? BUNDLE_CRASH : BUNDLE_BULK};
	struct bundle_name name = bundle_id_format(&id);
	struct buf line = BUF_INIT;
	int fd = open_in(outbox, name.text, O_RDWR | O_CREAT | O_EXCL);

	buf_printf(&line, "%ju %s", (uintmax_t)next_seq, name.text);
	write_bundle(fd, next_seq, crash, &line);
	buf_addc(&line, '\n');
	if (fs_write_all(made, line.data, line.len) == -1)
		die("made", strerror(errno));
	push(name.text, fd);
	close(fd);
	buf_release(&line);
	*slot = next_seq++;
}

/* What the master says: each seq that it covers leaves the window. */
static void
look(struct status *s)
{
	struct buf text = BUF_INIT;
	char line[32];
	int i, len;

	if (fs_read_file(account, "outgoing/b1/status.json", &text,
		STATUS_MAX_BYTES, NULL) == -1 ||
	    status_parse(s, text.data, text.len, NULL) == -1) {
		buf_release(&text);
		return;
	}
	buf_release(&text);
	for (i = 0; i < WINDOW; i++) {
		if (waiting[i] == 0 ||
		    status_of(s, EPOCH, waiting[i], NULL) != WORD_COVERED)
			continue;
		len = snprintf(
		    line, sizeof(line), "%ju\n", (uintmax_t)waiting[i]);
		if (fs_write_all(acked, line, (size_t)len) == -1)
			die("acked", strerror(errno));
		waiting[i] = 0;
	}
}

int
main(int argc, char **argv)
{
	struct status *s = status_new();
	int logs, i;

	if (argc != 4) {
		fprintf(stderr, "usage: feed ACCOUNT OUTBOX LOGS\n");
		return 2;
	}
	signal(SIGTERM, on_stop);
	account = open_in(AT_FDCWD, argv[1], O_RDONLY | O_DIRECTORY);
	outbox = open_in(AT_FDCWD, argv[2], O_RDONLY | O_DIRECTORY);
	logs = open_in(AT_FDCWD, argv[3], O_RDONLY | O_DIRECTORY);
	made = open_in(logs, "made", O_WRONLY | O_CREAT | O_APPEND);
	acked = open_in(logs, "acked", O_WRONLY | O_CREAT | O_APPEND);
	while (!stop) {
		for (i = 0; i < WINDOW && !stop; i++)
			if (waiting[i] == 0)
				make_one(&waiting[i]);
		look(s);
		usleep(2000);
	}
	status_free(s);
	return 0;
}

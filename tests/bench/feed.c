/*
 * Bundles of a bot that does not run.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/text.h"
#include "tests/bench/bench.h"
#include "tests/bench/feed.h"

struct sealing {
	struct bundle_name name;
	struct bundle_writer *w;
	int fd;
};

static uint64_t
noise(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

void
feed_unit(uint8_t *bytes, size_t size, uint64_t n)
{
	static const char *const words[] = {"chunk ",
	    "width=", "height=", "color ", "gamma ", "offset ",
	    "{\"key\":", "[1,2,3],", "true", "null", "palette ", "interlace ",
	    "\r\n", "<tag>", "</tag>", "end"};
	uint64_t state = (n + 1) * 0x9e3779b97f4a7c15u, r;
	size_t at = 0, len;

	while (at < size / 2) {
		r = noise(&state);
		len = size / 2 - at < sizeof(r) ? size / 2 - at : sizeof(r);
		memcpy(bytes + at, &r, len);
		at += len;
	}
	while (at < size) {
		const char *word = words[noise(&state) % 16];

		len = strlen(word);
		if (len > size - at)
			len = size - at;
		memcpy(bytes + at, word, len);
		at += len;
	}
}

static struct sealing
begin(struct feed *f, int dir, enum bundle_kind kind, uint64_t seq)
{
	struct bundle_header h = {.pfb = WIRE_VERSION,
	    .kind = kind,
	    .epoch = f->epoch,
	    .seq = seq,
	    .sealed_ms = clock_wall_ms()};
	struct bundle_id id = {
	    .epoch = f->epoch, .seq = seq, .cls = bundle_kind_class(kind)};
	struct sealing s;
	struct err e;

	text_copy(h.account.text, sizeof(h.account.text), FEED_ACCOUNT);
	text_copy(h.bot.text, sizeof(h.bot.text), f->bot);
	id.bot = h.bot;
	if (kind == KIND_CORPUS || kind == KIND_CRASH) {
		h.has_target = true;
		text_copy(h.project.text, sizeof(h.project.text), "bench");
		text_copy(h.target.text, sizeof(h.target.text), "target");
	}
	s.name = bundle_id_format(&id);
	s.fd = openat(
	    dir, s.name.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (s.fd == -1)
		bench_die("cannot make '%s'", s.name.text);
	s.w = bundle_writer_new(s.fd, &h, &BUNDLE_LIMITS, &e);
	if (s.w == NULL)
		bench_die_err(&e);
	return s;
}

static void
put(struct sealing *s, const struct record *r, const void *payload,
    uint64_t size)
{
	struct err e;

	if (bundle_write(s->w, r, payload, size, &e) == -1)
		bench_die_err(&e);
}

static struct bundle_name
end(struct sealing *s)
{
	struct err e;

	if (bundle_writer_finish(s->w, NULL, &e) == -1)
		bench_die_err(&e);
	bundle_writer_free(s->w);
	close(s->fd);
	return s->name;
}

struct bundle_name
feed_corpus(struct feed *f, int dir, const struct feed_units *u)
{
	struct sealing s = begin(f, dir, KIND_CORPUS, ++f->seq);
	struct record r = {.type = REC_UNIT};
	uint8_t bytes[FEED_UNIT];
	int i;

	for (i = 0; i < u->count; i++) {
		feed_unit(bytes, u->size, u->first + (uint64_t)i);
		digest_of(&r.sha256, bytes, u->size);
		r.n[UNIT_FEATURES] = 7;
		put(&s, &r, bytes, u->size);
	}
	return end(&s);
}

static const char report[] =
    "==12==ERROR: AddressSanitizer: heap-buffer-overflow on address "
    "0x602000000011 at pc 0x55d2b52c6e33 bp 0x7ffd4f1f0ed0 sp "
    "0x7ffd4f1f0ec8\n"
    "READ of size 1 at 0x602000000011 thread T0\n"
    "    #0 0x55d2b52c6e32 in read_chunk /src/chunks.c:31:9\n"
    "    #1 0x55d2b52c6f01 in parse_image /src/chunks.c:77:3\n"
    "    #2 0x55d2b52c7001 in LLVMFuzzerTestOneInput /src/fuzzer.c:12:2\n"
    "\n"
    "SUMMARY: AddressSanitizer: heap-buffer-overflow /src/chunks.c:31:9 in "
    "read_chunk\n"
    "==12==ABORTING\n";

struct bundle_name
feed_crash(struct feed *f, int dir, uint64_t n)
{
	static const char command[] = "/work/build/target\n/work/input\n";
	struct sealing s = begin(f, dir, KIND_CRASH, ++f->seq);
	struct record r = {
	    .type = REC_CRASH, .word = "libfuzzer", .word2 = "address"};
	uint8_t bytes[FEED_UNIT];

	feed_unit(bytes, sizeof(bytes), n);
	digest_of(&r.sha256, bytes, sizeof(bytes));
	r.n[CRASH_INPUT_SIZE] = sizeof(bytes);
	r.n[CRASH_EXIT] = 77;
	r.n[CRASH_TRIES] = r.n[CRASH_REPRODUCED] = 3;
	r.n[CRASH_FOUND_MS] = clock_wall_ms();
	put(&s, &r, bytes, sizeof(bytes));
	put(&s, &(struct record){.type = REC_REPORT}, report,
	    sizeof(report) - 1);
	put(&s, &(struct record){.type = REC_COMMAND}, command,
	    sizeof(command) - 1);
	return end(&s);
}

struct bundle_name
feed_beat(struct feed *f, int dir, uint64_t highest)
{
	struct sealing s = begin(f, dir, KIND_HEARTBEAT, ++f->beat);
	struct record r = {.type = REC_BEAT};

	put(&s, &r, NULL, 0);
	r = (struct record){.type = REC_EPOCH, .epoch = f->epoch};
	r.n[EPOCH_OLDEST] = 1;
	r.n[EPOCH_HIGHEST] = highest;
	put(&s, &r, NULL, 0);
	return end(&s);
}

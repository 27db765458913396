/*
 * One simulated bot: what the runner would seal and the courier push, without
 * an engine.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "tests/bench/bench.h"
#include "tests/bench/fleet.h"

#define UNITS     4 /* of a corpus bundle */
#define UNIT_SIZE 1024

static struct err e;

/* ---- sealing --------------------------------------------------------- */

struct sealing {
	struct bundle_name name;
	struct bundle_writer *w;
	int fd;
};

static void
of_lease(struct bundle_header *h, const struct fleet_lease *l)
{
	h->lease = l->lease;
	h->job = l->job;
	h->build = l->build;
	h->has_build = true;
	h->project = l->project;
	h->target = l->target;
	h->has_target = true;
}

static void
begin(struct fleet_bot *b, struct sealing *s, enum bundle_kind kind,
    const struct fleet_lease *l)
{
	struct bundle_header h = {.pfb = WIRE_VERSION,
	    .kind = kind,
	    .bot = b->name,
	    .epoch = b->epoch,
	    .sealed_ms = clock_wall_ms()};
	struct bundle_id id = {
	    .bot = b->name, .epoch = b->epoch, .cls = bundle_kind_class(kind)};

	text_copy(h.account.text, sizeof(h.account.text), b->account->name);
	h.seq = id.seq = id.cls == BUNDLE_BEAT ? ++b->beat : ++b->seq;
	if (l != NULL)
		of_lease(&h, l);
	s->name = bundle_id_format(&id);
	s->fd = openat(b->account->tmp, s->name.text,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (s->fd == -1)
		bench_die("cannot make '%s'", s->name.text);
	s->w = bundle_writer_new(s->fd, &h, &BUNDLE_LIMITS, &e);
	if (s->w == NULL)
		bench_die_err(&e);
}

static void
put(struct sealing *s, const struct record *r, const void *payload,
    uint64_t size)
{
	if (bundle_write(s->w, r, payload, size, &e) == -1)
		bench_die_err(&e);
}

static void
put_text(struct sealing *s, enum record_type type, const char *text)
{
	put(s, &(struct record){.type = type}, text, strlen(text));
}

static void
push(struct fleet_bot *b, struct sealing *s)
{
	if (bundle_writer_finish(s->w, NULL, &e) == -1)
		bench_die_err(&e);
	bundle_writer_free(s->w);
	close(s->fd);
	if (renameat(b->account->tmp, s->name.text, b->account->fresh,
		s->name.text) == -1)
		bench_die("cannot push '%s'", s->name.text);
}

/* One that status.json is to cover. */
static void
push_finding(struct fleet_bot *b, struct sealing *s)
{
	if (b->pending_count == FLEET_PENDING)
		bench_die("bot '%s': %d bundles wait for masterd", b->name.text,
		    FLEET_PENDING);
	b->pending[b->pending_count].seq = b->seq;
	b->pending[b->pending_count++].pushed = bench_now();
	push(b, s);
}

/* ---- what there is to say -------------------------------------------- */

static void
say_register(struct fleet_bot *b)
{
	struct record r = {
	    .type = REC_HOST, .word = "bwrap", .word2 = "x86_64"};
	struct sealing s;

	begin(b, &s, KIND_REGISTER, NULL);
	r.n[HOST_CORES] = FLEET_SLOTS + 1;
	r.n[HOST_MEMORY] = UINT64_C(8) << 30;
	r.n[HOST_SLOTS] = FLEET_SLOTS;
	put(&s, &r, NULL, 0);
	put_text(&s, REC_OS, "Debian GNU/Linux 12 (bookworm)");
	put_text(&s, REC_CPU, "a processor of the fleet");
	r = (struct record){.type = REC_ENGINE, .word = "libfuzzer"};
	put(&s, &r, "14.0.6", 6);
	r = (struct record){.type = REC_WIRE};
	r.n[WIRE_N] = WIRE_VERSION;
	put(&s, &r, NULL, 0);
	push_finding(b, &s);
}

/* Only the newest lies there: PROTOCOL 11. */
static void
replace_last_beat(struct fleet_bot *b)
{
	if (b->beat_pushed == 0 ||
	    unlinkat(b->account->fresh, b->beat_name.text, 0) == -1)
		return;
	fleet_note(b->fleet, &b->fleet->beats, b->beat_pushed);
	b->fleet->overtaken += b->fleet->measuring;
	b->beat_pushed = 0;
}

static void
say_beat(struct fleet_bot *b)
{
	struct record r = {.type = REC_BEAT, .generation = b->generation};
	struct sealing s;
	int i;

	replace_last_beat(b);
	begin(b, &s, KIND_HEARTBEAT, NULL);
	r.n[BEAT_SLOTS] = FLEET_SLOTS;
	r.n[BEAT_FREE] = (uint64_t)(FLEET_SLOTS - b->lease_count);
	r.n[BEAT_LOAD_PERCENT] = 50 + random_below(50);
	r.n[BEAT_DISK_FREE] = (UINT64_C(100) << 30) - random_below(1 << 30);
	r.n[BEAT_OUTBOX_FILES] = (uint64_t)b->pending_count;
	put(&s, &r, NULL, 0);
	for (i = 0; i < b->lease_count; i++) {
		r = (struct record){
		    .type = REC_HOLDING, .lease = b->leases[i].lease};
		r.n[HOLDING_SECONDS] =
		    (uint64_t)(bench_now() - b->leases[i].since);
		r.n[HOLDING_EXECS] = r.n[HOLDING_SECONDS] * 1000;
		put(&s, &r, NULL, 0);
	}
	r = (struct record){.type = REC_EPOCH, .epoch = b->epoch};
	r.n[EPOCH_OLDEST] = b->pending_count > 0 ? b->pending[0].seq : 0;
	r.n[EPOCH_HIGHEST] = b->seq;
	put(&s, &r, NULL, 0);
	b->beat_name = s.name;
	b->beat_pushed = bench_now();
	push(b, &s);
}

static void
say_stats(struct fleet_bot *b)
{
	struct sealing s;
	struct record r;
	int i;

	begin(b, &s, KIND_STATS, NULL);
	for (i = 0; i < b->lease_count; i++) {
		r = (struct record){
		    .type = REC_STATS, .lease = b->leases[i].lease};
		r.n[STATS_SECONDS] =
		    (uint64_t)(bench_now() - b->leases[i].since);
		r.n[STATS_EXECS] = r.n[STATS_SECONDS] * 1000;
		r.n[STATS_EXECS_PER_SECOND] = 1000;
		r.n[STATS_EDGES] = 400;
		r.n[STATS_FEATURES] = 900;
		put(&s, &r, NULL, 0);
		r = (struct record){
		    .type = REC_LOG, .lease = b->leases[i].lease};
		put(&s, &r, "#1024 pulse cov: 400 ft: 900 corp: 80/12Kb\n", 43);
	}
	push_finding(b, &s);
}

static void
say_corpus(struct fleet_bot *b, const struct fleet_lease *l)
{
	struct record r = {.type = REC_UNIT};
	uint8_t bytes[UNIT_SIZE];
	struct sealing s;
	int i;

	begin(b, &s, KIND_CORPUS, l);
	for (i = 0; i < UNITS; i++) {
		feed_unit(bytes, sizeof(bytes), random_u64());
		digest_of(&r.sha256, bytes, sizeof(bytes));
		r.n[UNIT_FEATURES] = 7;
		put(&s, &r, bytes, sizeof(bytes));
	}
	push_finding(b, &s);
}

static const char report[] =
    "==12==ERROR: AddressSanitizer: heap-buffer-overflow on address "
    "0x602000000011 at pc 0x55d2b52c6e33 bp 0x7ffd4f1f0ed0 sp "
    "0x7ffd4f1f0ec8\n"
    "READ of size 1 at 0x602000000011 thread T0\n"
    "    #0 0x55d2b52c6e32 in read_chunk /src/chunks.c:31:9\n"
    "    #1 0x55d2b52c6f01 in parse_image /src/chunks.c:77:3\n"
    "    #2 0x55d2b52c7001 in LLVMFuzzerTestOneInput /src/fuzzer.c:12:2\n"
    "\n";

static void
say_crash(struct fleet_bot *b, const struct fleet_lease *l)
{
	struct record r = {
	    .type = REC_CRASH, .word = "libfuzzer", .word2 = "address"};
	uint8_t bytes[UNIT_SIZE];
	struct sealing s;

	begin(b, &s, KIND_CRASH, l);
	feed_unit(bytes, sizeof(bytes), random_u64());
	digest_of(&r.sha256, bytes, sizeof(bytes));
	r.n[CRASH_INPUT_SIZE] = sizeof(bytes);
	r.n[CRASH_EXIT] = 77;
	r.n[CRASH_TRIES] = r.n[CRASH_REPRODUCED] = 3;
	r.n[CRASH_FOUND_MS] = clock_wall_ms();
	put(&s, &r, bytes, sizeof(bytes));
	put_text(&s, REC_REPORT, report);
	push_finding(b, &s);
}

static void
say_complete(struct fleet_bot *b, const struct fleet_lease *l)
{
	struct record r = {.type = REC_COMPLETE, .lease = l->lease};
	struct sealing s;

	begin(b, &s, KIND_COMPLETE, l);
	text_copy(r.word2, sizeof(r.word2), "done");
	r.n[COMPLETE_SECONDS] = (uint64_t)(bench_now() - l->since);
	r.n[COMPLETE_CPU_MS] = r.n[COMPLETE_SECONDS] * 990;
	r.n[COMPLETE_EXECS] = r.n[COMPLETE_SECONDS] * 1000;
	put(&s, &r, NULL, 0);
	push_finding(b, &s);
	b->fleet->completed += b->fleet->measuring;
}

/* ---- leases ---------------------------------------------------------- */

static bool
was_done(const struct fleet_bot *b, uint64_t lease)
{
	size_t i;

	for (i = 0; i < sizeof(b->done) / sizeof(b->done[0]); i++)
		if (b->done[i] == lease)
			return true;
	return false;
}

static bool
holds(const struct fleet_bot *b, uint64_t lease)
{
	int i;

	for (i = 0; i < b->lease_count; i++)
		if (b->leases[i].lease == lease)
			return true;
	return false;
}

static void
take_lease(struct fleet_bot *b, uint64_t lease)
{
	struct fleet_lease *l = &b->leases[b->lease_count];
	struct buf text = BUF_INIT;
	struct ticket t;
	char path[64];

	snprintf(path, sizeof(path), "tickets/%016jx.json", (uintmax_t)lease);
	if (fs_read_file(b->outgoing, path, &text, TICKET_MAX_BYTES, &e) ==
		-1 ||
	    ticket_parse(&t, text.data, text.len, &e) == -1)
		bench_die_err(&e);
	buf_release(&text);
	*l = (struct fleet_lease){.lease = lease,
	    .job = t.job,
	    .build = t.build,
	    .project = t.project,
	    .target = t.target,
	    .since = bench_now()};
	/* The first ones end spread over the whole time of one. */
	l->until = l->since +
	    FLEET_LEASE_S *
		(b->done_at < FLEET_SLOTS
			? (double)(1 + random_below(1000)) / 1000
			: 1);
	b->lease_count++;
	b->fleet->taken += b->fleet->measuring;
	ticket_release(&t);
}

static void
drop_lease(struct fleet_bot *b, int i)
{
	b->done[b->done_at++ % (4 * FLEET_SLOTS)] = b->leases[i].lease;
	b->leases[i] = b->leases[--b->lease_count];
}

static void
settle_leases(struct fleet_bot *b, const struct status *s)
{
	int i;

	if (s->epoch != b->epoch)
		return;
	for (i = 0; i < b->lease_count;)
		if (!status_has_lease(s, b->leases[i].lease))
			drop_lease(b, i);
		else
			i++;
	for (i = 0; i < s->lease_count && b->lease_count < FLEET_SLOTS; i++)
		if (!holds(b, s->leases[i]) && !was_done(b, s->leases[i]))
			take_lease(b, s->leases[i]);
}

static void
settle_pending(struct fleet_bot *b, const struct status *s)
{
	enum status_word word;
	const char *why;
	int i, left = 0;

	for (i = 0; i < b->pending_count; i++) {
		word = status_of(s, b->epoch, b->pending[i].seq, &why);
		if (word == WORD_REFUSED)
			bench_die("bot '%s': seq %ju is refused: %s",
			    b->name.text, (uintmax_t)b->pending[i].seq, why);
		if (word == WORD_COVERED)
			fleet_note(b->fleet, &b->fleet->findings,
			    b->pending[i].pushed);
		else
			b->pending[left++] = b->pending[i];
	}
	b->pending_count = left;
}

void
fleet_bot_told(struct fleet_bot *b)
{
	struct status *s = b->fleet->status;
	struct buf text = BUF_INIT;

	if (fs_read_file(b->outgoing, "status.json", &text, STATUS_MAX_BYTES,
		NULL) == -1)
		return;
	if (status_parse(s, text.data, text.len, &e) == -1)
		bench_die_err(&e);
	buf_release(&text);
	b->generation = s->generation;
	b->fleet->statuses += b->fleet->measuring;
	settle_pending(b, s);
	settle_leases(b, s);
}

void
fleet_bot_beaten(struct fleet_bot *b, const struct bundle_id *id)
{
	if (b->beat_pushed == 0 || id->seq != b->beat)
		return;
	fleet_note(b->fleet, &b->fleet->beats, b->beat_pushed);
	b->beat_pushed = 0;
}

/* ---- time ------------------------------------------------------------ */

static bool
is_due(double *next, double every)
{
	double now = bench_now();

	if (now < *next)
		return false;
	*next = now + every;
	return true;
}

static void
finish_leases(struct fleet_bot *b)
{
	int i;

	for (i = 0; i < b->lease_count;)
		if (bench_now() >= b->leases[i].until) {
			say_complete(b, &b->leases[i]);
			drop_lease(b, i);
		} else
			i++;
}

static void
on_time(void *arg)
{
	struct fleet_bot *b = arg;

	loop_timer_set(b->timer, (uint64_t)(FLEET_BEAT_S * 1000), NULL);
	if (!b->registered) {
		say_register(b);
		b->registered = true;
	}
	/* What would wait long in a real outbox waits there unsealed here. */
	if (b->pending_count > FLEET_PENDING / 2) {
		say_beat(b);
		return;
	}
	finish_leases(b);
	if (is_due(&b->next_stats, FLEET_STATS_S) && b->lease_count > 0)
		say_stats(b);
	if (b->lease_count > 0 && is_due(&b->next_corpus, FLEET_CORPUS_S))
		say_corpus(b, &b->leases[0]);
	if (b->lease_count > 0 && is_due(&b->next_crash, FLEET_CRASH_S))
		say_crash(b, &b->leases[0]);
	say_beat(b);
}

/* Somewhere within the time of one. */
static double
some_time(double every)
{
	return bench_now() + every * (double)random_below(1000) / 1000;
}

void
fleet_bot_start(struct fleet *f, int number)
{
	struct fleet_bot *b = &f->bots[number];
	uint64_t first;

	b->fleet = f;
	b->account = &f->accounts[number % f->account_count];
	snprintf(b->name.text, sizeof(b->name.text), "bot-%05d", number);
	b->epoch = random_u64() | 1;
	b->outgoing = -1;
	b->next_stats = some_time(FLEET_STATS_S);
	b->next_corpus = some_time(FLEET_CORPUS_S);
	b->next_crash = some_time(FLEET_CRASH_S);
	/* A fleet beats at all times, not at once. */
	first = (uint64_t)(FLEET_BEAT_S * 1000 * number / f->count);
	if ((b->timer = loop_timer(f->loop, on_time, b, &e)) == NULL ||
	    loop_timer_set(b->timer, first, &e) == -1)
		bench_die_err(&e);
}

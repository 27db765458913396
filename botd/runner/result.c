/*
 * What a session has found becomes bundles: units in batches, statistics each
 * minute, and at the end `complete` with the seqs that must be in before it
 * takes effect (P.31).  Crashes: crash.c.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"

#define SEALED_BYTES (256u << 20)
#define LOG_TAIL     (16u * 1024)

static void
record_init(struct record *rec, enum record_type type)
{
	memset(rec, 0, sizeof(*rec));
	rec->type = type;
}

/* ---- units ----------------------------------------------------------- */

/* One bundle of the first "n" or fewer units; returns how many it holds. */
static int
seal_some_units(struct session *s, struct err *e)
{
	struct record rec;
	struct seal b;
	int i, n = s->unit_count;

	if (seal_begin(&b, s->runner, KIND_CORPUS, s, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if (!bundle_writer_fits(b.writer, s->units[i].size))
			break;
		record_init(&rec, REC_UNIT);
		rec.sha256 = s->units[i].digest;
		if (seal_record(&b, &rec, s->units[i].bytes, s->units[i].size,
			e) == -1) {
			seal_give_up(&b);
			return -1;
		}
	}
	if (seal_commit(&b, e) == -1)
		return -1;
	session_need(s, b.seq);
	return i;
}

/*
 * Remembered, also across a kill: units are sealed once (P.8).  Not synced; if
 * this is lost they are sealed again, which harms nobody.
 */
static void
remember_sealed(struct session *s, int n)
{
	struct buf list = BUF_INIT;
	struct digest_hex hex;
	int i, fd;

	for (i = 0; i < n; i++) {
		hex = digest_hex(&s->units[i].digest);
		names_add(&s->sealed_units, hex.text);
		buf_printf(&list, "%s\n", hex.text);
		free(s->units[i].bytes);
	}
	fd = openat(s->dir, "sealed",
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1) {
		(void)fs_write_all(fd, list.data, list.len);
		close(fd);
	}
	buf_release(&list);
}

int
seal_units(struct session *s, struct err *e)
{
	int n;

	while (s->unit_count > 0) {
		n = seal_some_units(s, e);
		if (n == -1)
			return -1;
		remember_sealed(s, n);
		s->units_sealed += (uint64_t)n;
		s->unit_count -= n;
		memmove(s->units, s->units + n,
		    (size_t)s->unit_count * sizeof(s->units[0]));
	}
	s->unit_bytes = 0;
	return 0;
}

void
read_sealed(struct session *s)
{
	struct buf text = BUF_INIT;
	char *line, *next;

	if (fs_read_file(s->dir, "sealed", &text, SEALED_BYTES, NULL) == 0)
		for (line = text.data; line != NULL; line = next) {
			next = strchr(line, '\n');
			if (next == NULL)
				break;
			*next++ = '\0';
			names_add(&s->sealed_units, line);
		}
	buf_release(&text);
}

/* ---- statistics and the end ------------------------------------------ */

static int
add_stats(struct seal *b, const struct session *s, struct err *e)
{
	struct record rec;

	record_init(&rec, REC_STATS);
	rec.lease = s->ticket.lease;
	rec.n[STATS_SECONDS] = session_seconds(s);
	rec.n[STATS_EXECS] = session_execs(s);
	rec.n[STATS_EXECS_PER_SECOND] = s->now.execs_per_second;
	rec.n[STATS_EDGES] = s->now.edges;
	rec.n[STATS_FEATURES] = s->now.features;
	rec.n[STATS_UNITS] = s->now.units;
	rec.n[STATS_UNIT_BYTES] = s->now.unit_bytes;
	rec.n[STATS_RSS_MB] = s->now.rss_mb;
	rec.n[STATS_CRASHES] = s->crashes_seen;
	rec.n[STATS_DICT] = s->dict;
	rec.n[STATS_SEEDS] = s->seeds;
	rec.n[STATS_RESTARTS] = s->restarts;
	return seal_record(b, &rec, NULL, 0, e);
}

static int
add_log(struct seal *b, const struct session *s, struct err *e)
{
	size_t len = s->run.text.len;

	if (len > LOG_TAIL)
		len = LOG_TAIL;
	return seal_text(b, REC_LOG, s->ticket.lease,
	    buf_text(&s->run.text) + (s->run.text.len - len), len, e);
}

int
seal_stats(struct runner *r, const struct session *only, bool log,
    const struct bot_log *bot, struct err *e)
{
	const struct session *s;
	struct seal b;
	int rc = 0;

	if (seal_begin(&b, r, KIND_STATS, NULL, e) == -1)
		return -1;
	for (s = r->sessions; s != NULL && rc == 0; s = s->next) {
		if (s->salvage || s->check || s->rerun ||
		    (only != NULL && s != only))
			continue;
		rc = add_stats(&b, s, e);
		if (rc == 0 && log)
			rc = add_log(&b, s, e);
	}
	if (rc == 0 && bot != NULL && bot->text.len > 0)
		rc = seal_text(
		    &b, REC_BOT_LOG, 0, bot->text.data, bot->text.len, e);
	if (rc == -1) {
		seal_give_up(&b);
		return -1;
	}
	if (seal_commit(&b, e) == -1)
		return -1;
	if (bot != NULL)
		bot_log_sent(r, bot);
	return 0;
}

static enum lease_result
result_of(const struct session *s)
{
	switch (s->stop) {
	case STOP_FAILED:
		return RESULT_FAILED;
	case STOP_RETURNED: /* given back: costs its task no failure */
	case STOP_CANCELLED:
		return RESULT_CANCELLED;
	default:
		return RESULT_DONE;
	}
}

static int
add_verdict(struct seal *b, const struct session *s, struct err *e)
{
	const char *word = check_verdict_name(s->verdict);
	struct record rec;

	record_init(&rec, REC_CHECK);
	memcpy(rec.word, word, strlen(word) + 1);
	rec.n[CHECK_EDGES] = s->now.instrumented;
	rec.n[CHECK_FEATURES] = s->now.features;
	rec.n[CHECK_CALLS] = s->elf.calls;
	rec.n[CHECK_DICT] = s->dict;
	rec.n[CHECK_SEEDS] = s->seeds;
	return seal_record(b, &rec,
	    s->verdict_lines.len == 0 ? NULL : s->verdict_lines.data,
	    s->verdict_lines.len, e);
}

static int
add_complete(struct seal *b, const struct session *s, struct err *e)
{
	const char *result = lease_result_name(result_of(s));
	struct record rec;
	int i;

	record_init(&rec, REC_COMPLETE);
	rec.lease = s->ticket.lease;
	memcpy(rec.word2, result, strlen(result) + 1);
	rec.n[COMPLETE_SECONDS] = session_seconds(s);
	rec.n[COMPLETE_CPU_MS] = s->run.cpu_ms + s->again.cpu_ms;
	rec.n[COMPLETE_EXECS] = session_execs(s);
	rec.n[COMPLETE_CRASHES] = s->crashes_seen;
	rec.n[COMPLETE_UNITS] = s->units_sealed;
	if (seal_record(b, &rec, NULL, 0, e) == -1)
		return -1;
	for (i = 0; i < s->need_count; i++) {
		record_init(&rec, REC_NEEDS);
		rec.epoch = s->runner->epoch;
		rec.n[RANGE_FIRST] = s->needs[i].first;
		rec.n[RANGE_LAST] = s->needs[i].last;
		if (seal_record(b, &rec, NULL, 0, e) == -1)
			return -1;
	}
	if (s->has_verdict && add_verdict(b, s, e) == -1)
		return -1;
	if (s->reason[0] == '\0')
		return 0;
	return seal_text(b, REC_REASON, 0, s->reason, strlen(s->reason), e);
}

int
seal_complete(struct session *s, struct err *e)
{
	struct seal b;

	if (seal_begin(&b, s->runner, KIND_COMPLETE, s, e) == -1)
		return -1;
	if (add_complete(&b, s, e) == -1) {
		seal_give_up(&b);
		return -1;
	}
	return seal_commit(&b, e);
}

/*
 * Crashing inputs become bundles: all signatures that one input has shown in
 * one, so that a kill leaves all or none; each with its input, report, how it
 * was run and where it came from.  What was only counted has bundles of its
 * own.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/fs.h"

static void
record_init(struct record *rec, enum record_type type)
{
	memset(rec, 0, sizeof(*rec));
	rec->type = type;
}

/* ---- how it was run ------------------------------------------------------ */

static bool
is_of_job(const struct session *s, const char *variable)
{
	int i;

	for (i = 0; i < s->ticket.environment_count; i++)
		if (strcmp(s->ticket.environment[i], variable) == 0)
			return true;
	return false;
}

/* A line for each word, as a person would type it; the units of a series go
 * before INPUT. */
static void
command_text(struct buf *out, const struct session *s, const struct find *f)
{
	const struct strv *argv = &s->again_plan.argv;
	const struct strv *env = &s->again_plan.env;
	int i, inputs = 1 + f->series_count;

	buf_adds(out, "env\n");
	for (i = 0; i < env->count; i++)
		if (strstr(env->list[i], "SAN_OPTIONS=") != NULL ||
		    is_of_job(s, env->list[i]))
			buf_printf(out, "%s\n", env->list[i]);
	buf_printf(out, "./%s\n", s->ticket.program);
	for (i = 1; i + inputs < argv->count; i++)
		buf_printf(out, "%s\n", argv->list[i]);
	buf_adds(out, "INPUT\n");
}

static int
add_text(struct seal *b, enum record_type type, struct buf *text, struct err *e)
{
	int rc = text->len == 0
	    ? 0
	    : seal_text(b, type, 0, text->data, text->len, e);

	buf_reset(text);
	return rc;
}

static int
add_circumstances(struct seal *b, const struct session *s, const struct find *f,
    struct err *e)
{
	struct buf text = BUF_INIT;
	int i, rc;

	command_text(&text, s, f);
	rc = add_text(b, REC_COMMAND, &text, e);
	for (i = 0; i < s->again_plan.env.count; i++)
		buf_printf(&text, "%s\n", s->again_plan.env.list[i]);
	if (rc == 0)
		rc = add_text(b, REC_ENVIRONMENT, &text, e);
	for (i = 0; i < f->series_count; i++)
		buf_printf(&text, "%s\n", digest_hex(&f->series[i]).text);
	if (rc == 0)
		rc = add_text(b, REC_SERIES, &text, e);
	buf_add(&text, buf_text(&f->parents), f->parents.len);
	if (rc == 0)
		rc = add_text(b, REC_PARENTS, &text, e);
	buf_release(&text);
	return rc;
}

/* ---- one signature ------------------------------------------------------- */

static void
fill_crash(struct record *rec, const struct session *s, const struct find *f,
    const struct shown *shown)
{
	record_init(rec, REC_CRASH);
	memcpy(rec->word, s->ticket.engine, sizeof(rec->word));
	memcpy(rec->word2, s->ticket.sanitizer, sizeof(rec->word2));
	rec->sha256 = f->digest;
	rec->n[CRASH_INPUT_SIZE] = f->size;
	rec->n[CRASH_EXIT] = (uint64_t)(shown == NULL ? f->code : shown->code);
	rec->n[CRASH_SIGNAL] =
	    (uint64_t)(shown == NULL ? f->signo : shown->signo);
	rec->n[CRASH_TRIES] = f->tries;
	rec->n[CRASH_REPRODUCED] = shown == NULL ? 0 : shown->reproduced;
	rec->n[CRASH_FOUND_MS] = f->found_ms;
	rec->n[CRASH_BELOW] = f->below;
	rec->n[CRASH_ABOVE] = f->above;
}

/* The master has the input of a crash that it asks for. */
static bool
wants_input(
    const struct seal *b, const struct find *f, const struct shown *shown)
{
	if (f->size > BUNDLE_LIMITS.payload ||
	    !bundle_writer_fits(b->writer, f->size))
		return false;
	return f->input == NULL || !f->input->has_signature || shown == NULL ||
	    !digest_equal(&f->input->signature, &shown->signature);
}

static int
add_crash(struct seal *b, const struct session *s, const struct find *f,
    const struct shown *shown, struct err *e)
{
	const struct buf *report = shown == NULL ? &f->report : &shown->report;
	struct record rec;
	int fd, rc;

	fill_crash(&rec, s, f, shown);
	if (wants_input(b, f, shown)) {
		fd = openat(s->crashes, digest_hex(&f->digest).text,
		    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd == -1)
			return err_sys(e, "cannot open a crashing input");
		rc = bundle_write_file(b->writer, &rec, fd, f->size, e);
		close(fd);
	} else {
		rc = seal_record(b, &rec, NULL, 0, e);
	}
	if (rc == 0)
		rc = seal_text(
		    b, REC_REPORT, 0, buf_text(report), report->len, e);
	if (rc == 0)
		rc = add_circumstances(b, s, f, e);
	return rc;
}

/* ---- an input of a ticket ------------------------------------------------ */

/* The signature of the ticket's input among what was shown. */
static const struct shown *
shown_again(const struct find *f)
{
	int i;

	for (i = 0; i < f->shown_count; i++)
		if (digest_equal(&f->input->signature, &f->shown[i].signature))
			return &f->shown[i];
	return NULL;
}

static unsigned
crashes_of(const struct find *f)
{
	unsigned n = 0;
	int i;

	for (i = 0; i < f->shown_count; i++)
		n += f->shown[i].reproduced;
	return n;
}

/* That an input was run is said in any case; how often a known crash came says
 * its own record, and no try is counted twice. */
static int
add_tried(struct seal *b, const struct find *f, struct err *e)
{
	const char *word = f->input->has_signature ? "crash" : "any";
	struct record rec;

	record_init(&rec, REC_TRIED);
	memcpy(rec.word, word, strlen(word) + 1);
	rec.sha256 = f->digest;
	if (!f->input->has_signature) {
		rec.n[TRIED_TRIES] = f->tries;
		rec.n[TRIED_REPRODUCED] = crashes_of(f);
	} else if (shown_again(f) == NULL) {
		rec.n[TRIED_TRIES] = f->tries;
	}
	rec.n[TRIED_BELOW] = f->below;
	rec.n[TRIED_ABOVE] = f->above;
	return seal_record(b, &rec, NULL, 0, e);
}

/* ---- a find --------------------------------------------------------------- */

/*
 * P.8: an input that is too long to travel stays in outbox/held until someone
 * asks for it.  It is there, and synced, before its bundle says so.
 */
static int
hold_input(const struct session *s, const struct find *f, struct err *e)
{
	struct digest_hex hex = digest_hex(&f->digest);
	int fd;

	fd = openat(s->crashes, hex.text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, "cannot open a crashing input");
	if (fsync(fd) == -1) {
		err_sys(e, "cannot sync a crashing input");
		runner_die("crash.unsynced", e);
	}
	close(fd);
	if (renameat(s->crashes, hex.text, s->runner->held, hex.text) == -1)
		return err_sys(e, "cannot hold '%s'", hex.text);
	if (fs_sync_dir(s->runner->held, e) == -1)
		runner_die("crash.unsynced", e);
	return 0;
}

static int
add_all(struct seal *b, const struct session *s, const struct find *f,
    struct err *e)
{
	int i, rc = 0;

	if (f->shown_count == 0 && f->input == NULL)
		rc = add_crash(b, s, f, NULL, e);
	for (i = 0; rc == 0 && i < f->shown_count; i++)
		if (!f->shown[i].left_out)
			rc = add_crash(b, s, f, &f->shown[i], e);
	if (rc == 0 && f->input != NULL)
		rc = add_tried(b, f, e);
	return rc;
}

int
seal_find(struct session *s, const struct find *f, struct err *e)
{
	struct seal b;

	if (f->size > BUNDLE_LIMITS.payload && f->input == NULL &&
	    hold_input(s, f, e) == -1)
		return -1;
	if (seal_begin(&b, s->runner, KIND_CRASH, s, e) == -1)
		return -1;
	if (add_all(&b, s, f, e) == -1) {
		seal_give_up(&b);
		return -1;
	}
	if (seal_commit(&b, e) == -1)
		return -1;
	session_need(s, b.seq);
	return 0;
}

/* ---- counts ----------------------------------------------------------------- */

int
seal_tallies(struct session *s, struct err *e)
{
	const struct tally *t;
	struct record rec;
	struct seal b;
	int i, rc = 0;

	if (seal_begin(&b, s->runner, KIND_CRASH, s, e) == -1)
		return -1;
	for (i = 0; i < s->tally_count && rc == 0; i++) {
		t = &s->tallies[i];
		record_init(&rec, REC_SEEN);
		rec.sha256 = t->signature;
		rec.n[SEEN_COUNT] = t->count;
		rec.n[SEEN_SECURITY] = t->security;
		rec.n[SEEN_FIRST_MS] = t->first_ms;
		rec.n[SEEN_LAST_MS] = t->last_ms;
		rc = seal_record(&b, &rec, NULL, 0, e);
	}
	if (rc == -1) {
		seal_give_up(&b);
		return -1;
	}
	if (seal_commit(&b, e) == -1)
		return -1;
	session_need(s, b.seq);
	return 0;
}

/* Acknowledged ones are kept for a day (P.27). */
bool
crash_was_sealed(const struct runner *r, uint64_t epoch, uint64_t seq)
{
	struct bundle_id id = {r->config->bot, epoch, seq, BUNDLE_CRASH};
	struct bundle_name name = bundle_id_format(&id);
	char acked[BUNDLE_NAME_MAX + 16];

	snprintf(acked, sizeof(acked), "acked/%s", name.text);
	return faccessat(spool_new_fd(r->spool), name.text, F_OK, 0) == 0 ||
	    faccessat(r->outbox_fd, acked, F_OK, 0) == 0 ||
	    faccessat(r->held, name.text, F_OK, 0) == 0;
}

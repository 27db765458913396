/*
 * For each lease of status.json: its ticket is read, what it names is fetched
 * into builds/ (files of the build, and inputs to run again), then its job's
 * segments and job file, and the ticket is placed in inbox/tickets last (P.25).  Tickets of leases that the list no longer has
 * are removed: the list is complete (P.24).
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/retry.h"
#include "lib/base/text.h"
#include "lib/wire/ticket.h"
#include "botd/courier/carry.h"

#define JOB_LOOK_MS 5000

struct file_name {
	char text[32];
};

static struct file_name
json_name(uint64_t id)
{
	struct file_name n;

	snprintf(n.text, sizeof(n.text), "%s.json", text_hex64(id).text);
	return n;
}

/* The id of "<16 hex>.json", 0 for any other name. */
static uint64_t
id_of(const char *name)
{
	char digits[17];
	uint64_t id;

	if (strlen(name) != 21 || strcmp(name + 16, ".json") != 0)
		return 0;
	memcpy(digits, name, 16);
	digits[16] = '\0';
	return text_to_hex64(&id, digits) == -1 ? 0 : id;
}

/* ---- which leases and jobs there are --------------------------------- */

static struct lease *
find_lease(const struct courier *c, uint64_t id)
{
	size_t i;

	for (i = 0; i < c->lease_count; i++)
		if (c->leases[i].id == id)
			return &c->leases[i];
	return NULL;
}

static struct job *
find_job(const struct courier *c, uint64_t id)
{
	size_t i;

	for (i = 0; i < c->job_count; i++)
		if (c->jobs[i].id == id)
			return &c->jobs[i];
	return NULL;
}

static int
check_ticket(const struct courier *c, const struct ticket *t, uint64_t lease,
    struct err *e)
{
	if (t->lease != lease || strcmp(t->bot.text, c->config->bot.text) != 0)
		return err_set(e, ERR_REFUSED,
		    "ticket '%s' is for lease '%s' of bot '%s'",
		    text_hex64(lease).text, text_hex64(t->lease).text,
		    t->bot.text);
	if (t->epoch != c->status->epoch)
		return err_set(e, ERR_REFUSED,
		    "ticket '%s' is of epoch '%s', its lease of '%s'",
		    text_hex64(lease).text, text_hex64(t->epoch).text,
		    text_hex64(c->status->epoch).text);
	return 0;
}

/* The ticket that lies in inbox/tickets; what an earlier life has left there
 * may be torn, and is then brought again. */
static int
read_placed(struct courier *c, uint64_t lease, struct ticket *t)
{
	struct buf text = BUF_INIT;
	int rc;

	rc = fs_read_file(
	    c->tickets, json_name(lease).text, &text, TICKET_MAX_BYTES, NULL);
	if (rc == 0)
		rc = ticket_parse(t, text.data, text.len, NULL);
	buf_release(&text);
	if (rc == 0 && check_ticket(c, t, lease, NULL) == -1) {
		ticket_release(t);
		rc = -1;
	}
	return rc;
}

static void
learn_lease(struct courier *c, struct lease *l, uint64_t id)
{
	const struct lease *known = find_lease(c, id);
	struct ticket t = {0};

	memset(l, 0, sizeof(*l));
	l->id = id;
	if (known != NULL) {
		*l = *known;
	} else if (read_placed(c, id, &t) == 0) {
		l->placed = true;
		l->job = t.job;
		ticket_release(&t);
	}
}

static int
withdraw_ticket(void *arg, int dirfd, const char *name)
{
	struct courier *c = arg;

	if (find_lease(c, id_of(name)) != NULL)
		return 0;
	unlinkat(dirfd, name, 0);
	if (id_of(name) != 0)
		log_info("ticket.withdrawn", LOG_T("ticket", name));
	return 0;
}

static int
withdraw_job(void *arg, int dirfd, const char *name)
{
	struct courier *c = arg;

	uint64_t id = id_of(name) != 0 ? id_of(name) : known_id(name);

	if (find_job(c, id) == NULL)
		unlinkat(dirfd, name, 0);
	return 0;
}

static struct job *
learn_job(struct courier *c, uint64_t id)
{
	struct job *j = find_job(c, id);

	if (j != NULL)
		return j;
	c->jobs = mem_resize(c->jobs, c->job_count + 1, sizeof(*c->jobs));
	j = &c->jobs[c->job_count++];
	memset(j, 0, sizeof(*j));
	j->id = id;
	return j;
}

/* Jobs without a lease go, and so do their files: builds/ may then too. */
static void
drop_jobs(struct courier *c)
{
	size_t i, k;

	for (i = 0; i < c->job_count;) {
		for (k = 0; k < c->lease_count; k++)
			if (c->leases[k].job == c->jobs[i].id)
				break;
		if (k < c->lease_count)
			i++;
		else
			c->jobs[i] = c->jobs[--c->job_count];
	}
	for (k = 0; k < c->lease_count; k++)
		if (c->leases[k].placed && c->leases[k].job != 0)
			learn_job(c, c->leases[k].job);
}

static int
learn_all(struct courier *c, struct err *e)
{
	struct lease *list;
	size_t i, n = (size_t)c->status->lease_count;

	list = mem_array(n + 1, sizeof(*list));
	for (i = 0; i < n; i++)
		learn_lease(c, &list[i], c->status->leases[i]);
	free(c->leases);
	c->leases = list;
	c->lease_count = n;
	drop_jobs(c);
	c->leases_stale = false;
	if (fs_each(c->tickets, withdraw_ticket, c, e) == -1)
		return -1;
	return fs_each(c->jobs_dir, withdraw_job, c, e);
}

/* ---- job files ------------------------------------------------------- */

/*
 * state/serial/<job>, "<generation> <serial>": up to where the runner has
 * unpacked segments.  Of another generation of the corpus it says nothing.
 */
static uint64_t
unpacked(const struct courier *c, const struct job_file *f)
{
	char path[PATH_ROOM], *blank;
	struct buf text = BUF_INIT;
	uint64_t generation, serial = 0;

	snprintf(
	    path, sizeof(path), "state/serial/%s", text_hex64(f->job).text);
	if (fs_read_file(c->root, path, &text, 128, NULL) == 0 &&
	    (blank = strchr(buf_text(&text), ' ')) != NULL) {
		*blank++ = '\0';
		blank[strcspn(blank, "\n")] = '\0';
		if (text_to_u64(&generation, text.data) == -1 ||
		    generation != f->generation ||
		    text_to_u64(&serial, blank) == -1)
			serial = 0;
	}
	buf_release(&text);
	return serial;
}

static int
bring_segments(struct courier *c, const struct job_file *f, struct err *e)
{
	uint64_t serial = unpacked(c, f);
	int i;

	for (i = 0; i < f->segment_count; i++) {
		if (f->segments[i].last <= serial)
			continue;
		if (fetch_blob(c, &f->segments[i].sha256, f->segments[i].bytes,
			true, e) == -1)
			return -1;
		if (courier_between(c, e) == -1)
			return -1;
	}
	return 0;
}

static int
place_job(
    struct courier *c, uint64_t job, const struct buf *text, struct err *e)
{
	struct job_file f = {0};
	int rc;

	if (job_file_parse(&f, text->data, text->len, e) == -1)
		return err_wrap(e, "job '%s'", text_hex64(job).text);
	if (f.job != job)
		rc = err_set(e, ERR_REFUSED, "job file '%s' is of job '%s'",
		    text_hex64(job).text, text_hex64(f.job).text);
	else
		rc = bring_segments(c, &f, e);
	job_file_release(&f);
	if (rc == -1)
		return -1;
	return fs_replace(c->jobs_dir, json_name(job).text, text->data,
	    text->len, 0640, false, e);
}

/* One stat; the rest only when it has changed.  No file: no segments. */
static int
bring_job(struct courier *c, uint64_t id, struct err *e)
{
	char path[PATH_ROOM];
	struct buf text = BUF_INIT;
	struct link_stat st;
	struct job *j = learn_job(c, id);
	int rc;

	j->look_at = clock_up_ms() + JOB_LOOK_MS;
	outgoing_path(c, path, "jobs/%s", json_name(id).text);
	if (known_bring(c, j, e) == -1 ||
	    link_stat(c->link, path, &st, e) == -1)
		return -1;
	if (!st.exists ||
	    (st.mtime == j->seen.mtime && st.size == j->seen.size))
		return 0;
	rc = fetch_text(c, path, TICKET_MAX_BYTES, &text, e);
	if (rc == 0)
		rc = place_job(c, id, &text, e);
	buf_release(&text);
	/* The table of jobs only changes in learn_*(), not between slices. */
	if (rc == 0)
		j->seen = st;
	return rc;
}

/* ---- tickets --------------------------------------------------------- */

/* Call "fn" for each blob that a ticket names; its first -1 ends it. */
typedef int blob_fn(
    struct courier *c, const struct digest *d, uint64_t size, struct err *e);

static int
each_blob(struct courier *c, const struct ticket *t, blob_fn *fn, struct err *e)
{
	const struct ticket_input *in;
	int i, k;

	for (i = 0; i < t->file_count; i++)
		if (fn(c, &t->files[i].sha256, t->files[i].size, e) == -1)
			return -1;
	for (i = 0; i < t->input_count; i++) {
		in = &t->inputs[i];
		if (fn(c, &in->sha256, in->size, e) == -1)
			return -1;
		for (k = 0; k < in->series_count; k++)
			if (fn(c, &in->series[k], FETCH_ANY_SIZE, e) == -1)
				return -1;
	}
	return 0;
}

static int
bring_blob(
    struct courier *c, const struct digest *d, uint64_t size, struct err *e)
{
	if (fetch_blob(c, d, size, true, e) == -1)
		return -1;
	return courier_between(c, e);
}

static int
look_for_blob(
    struct courier *c, const struct digest *d, uint64_t size, struct err *e)
{
	(void)e;
	return fetch_have(c, d, size) ? 0 : -1;
}

static int
bring_ticket(struct courier *c, struct lease *l, struct err *e)
{
	char path[PATH_ROOM];
	struct buf text = BUF_INIT;
	struct ticket t = {0};
	int rc;

	outgoing_path(c, path, "tickets/%s", json_name(l->id).text);
	rc = fetch_text(c, path, TICKET_MAX_BYTES, &text, e);
	if (rc == 0)
		rc = ticket_parse(&t, text.data, text.len, e);
	if (rc == 0)
		rc = check_ticket(c, &t, l->id, e);
	if (rc == 0)
		rc = each_blob(c, &t, bring_blob, e);
	if (rc == 0 && t.job != 0)
		rc = bring_job(c, t.job, e);
	/* Withdrawn while its files came?  Then it is not placed. */
	if (rc == 0 && status_has_lease(c->status, l->id)) {
		rc = fs_replace(c->tickets, json_name(l->id).text, text.data,
		    text.len, 0640, false, e);
		l->placed = rc == 0;
		l->job = t.job;
	}
	if (l->placed)
		log_info("ticket.placed",
		    LOG_T("lease", text_hex64(l->id).text),
		    LOG_T("target", t.target.text),
		    LOG_N("files", t.file_count));
	ticket_release(&t);
	buf_release(&text);
	return rc;
}

/* One of the steps above failed with the link still up. */
static void
put_off(struct courier *c, struct lease *l, const struct err *why)
{
	l->failures++;
	l->try_at = clock_up_ms() +
	    retry_delay(line_retry(c->line), l->failures, random_u64());
	if (why->cls == ERR_NOT_FOUND)
		c->poll_at = 0; /* withdrawn? (P.25) */
	if (strncmp(l->said, why->text, sizeof(l->said) - 1) == 0)
		return;
	text_copy(l->said, sizeof(l->said), why->text);
	log_warn("ticket.delayed", LOG_T("lease", text_hex64(l->id).text),
	    LOG_T("reason", why->text));
}

static int
work_on(struct courier *c, struct lease *l, struct err *e)
{
	struct err why;
	int rc = 0;

	err_clear(&why);
	if (!l->placed && clock_up_ms() >= l->try_at)
		rc = bring_ticket(c, l, &why);
	else if (l->placed && l->job != 0 &&
	    clock_up_ms() >= learn_job(c, l->job)->look_at)
		rc = bring_job(c, l->job, &why);
	if (rc == 0)
		return 0;
	if (!link_up(c->link) || c->broken || c->line->leave_at != 0) {
		if (e != NULL)
			*e = why;
		return -1;
	}
	put_off(c, l, &why);
	return 0;
}

int
lease_work(struct courier *c, struct err *e)
{
	size_t i;

	if (c->leases_stale && learn_all(c, e) == -1)
		return -1;
	for (i = 0; i < c->lease_count; i++) {
		if (c->leases_stale)
			return 0; /* look at the new list first */
		if (work_on(c, &c->leases[i], e) == -1)
			return -1;
	}
	return 0;
}

uint64_t
lease_due(const struct courier *c)
{
	uint64_t due = UINT64_MAX;
	size_t i;

	if (c->leases_stale)
		return 0;
	for (i = 0; i < c->lease_count; i++)
		if (!c->leases[i].placed && c->leases[i].try_at < due)
			due = c->leases[i].try_at;
	for (i = 0; i < c->job_count; i++)
		if (c->jobs[i].look_at < due)
			due = c->jobs[i].look_at;
	return due;
}

void
lease_recheck(struct courier *c)
{
	struct ticket t;
	size_t i;

	for (i = 0; i < c->lease_count; i++) {
		memset(&t, 0, sizeof(t));
		if (!c->leases[i].placed)
			continue;
		if (read_placed(c, c->leases[i].id, &t) == -1) {
			c->leases[i].placed = false;
			continue;
		}
		if (each_blob(c, &t, look_for_blob, NULL) == -1)
			c->leases[i].placed = false;
		ticket_release(&t);
	}
}

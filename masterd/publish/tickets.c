/*
 * Tickets and job files: what a lease needs, and where to fetch it.  A ticket
 * names only the files its target needs: the program, its side files, and
 * what is no fuzz target of the build itself (libraries, data).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/manifest.h"
#include "lib/wire/ticket.h"
#include "masterd/db/leases.h"
#include "masterd/db/segments.h"
#include "masterd/publish/publish_internal.h"

struct tickets {
	struct publish *p;
	int64_t bot;
	int folder, tickets, jobs, blobs;
	struct err *e;
	uint64_t *written; /* job files of this round */
	int written_count;
	/* Whose files lie in blobs/ since the ticket before. */
	struct digest linked;
	char linked_program[TICKET_PATH_MAX + 1];
};

/* The build's manifest, borrowed until the next call; NULL. */
static const struct manifest *
read_manifest(struct publish *p, const struct digest *build, struct err *e)
{
	struct buf text = BUF_INIT;
	char path[DIGEST_HEX + 32];
	int result;

	if (p->manifest.count > 0 &&
	    memcmp(&p->manifest_of, build, sizeof(*build)) == 0)
		return &p->manifest;
	manifest_release(&p->manifest);
	snprintf(
	    path, sizeof(path), "builds/%s.manifest", digest_hex(build).text);
	result = fs_read_file(p->root, path, &text, MANIFEST_MAX_BYTES, e);
	if (result == 0)
		result = manifest_parse(&p->manifest, text.data, text.len, e);
	buf_release(&text);
	p->manifest_of = *build;
	return result == 0 ? &p->manifest : NULL;
}

static bool
has_suffix(const char *rest)
{
	static const char *const suffixes[] = {
	    ".dict", ".options", "_seed_corpus.zip", NULL};
	int i;

	for (i = 0; suffixes[i] != NULL; i++)
		if (strcmp(rest, suffixes[i]) == 0)
			return true;
	return false;
}

/* Is "path" another target of the build, or a side file of one? */
static bool
of_another(const char *path, const char *program, const char *other)
{
	size_t len = strlen(other);

	if (strcmp(other, program) == 0 || strncmp(path, other, len) != 0)
		return false;
	return path[len] == '\0' || has_suffix(path + len);
}

struct choice {
	const char *program;
	const struct manifest *m;
	bool *skip;
};

static int
skip_other(void *arg, const char *other)
{
	struct choice *c = arg;
	int i;

	for (i = 0; i < c->m->count; i++)
		if (of_another(c->m->files[i].path, c->program, other))
			c->skip[i] = true;
	return 0;
}

static int
choose_files(struct publish *p, struct ticket *t, const struct manifest *m,
    struct err *e)
{
	struct choice c = {
	    t->program, m, mem_array((size_t)m->count, sizeof(bool))};
	int i, result;

	result = segments_programs(p->db, &t->build, skip_other, &c, e);
	t->files = mem_array((size_t)m->count, sizeof(*t->files));
	for (i = 0; i < m->count && result == 0; i++) {
		if (c.skip[i])
			continue;
		if (t->file_count == TICKET_MAX_FILES)
			result = err_set(e, ERR_REFUSED,
			    "target '%s' needs "
			    "more than %d files",
			    t->target.text, TICKET_MAX_FILES);
		else
			t->files[t->file_count++] = m->files[i];
	}
	free(c.skip);
	return result;
}

static int
link_files(struct tickets *s, const struct ticket *t)
{
	int i;

	if (strcmp(s->linked_program, t->program) == 0 &&
	    memcmp(&s->linked, &t->build, sizeof(s->linked)) == 0)
		return 0;
	for (i = 0; i < t->file_count; i++)
		if (store_publish(s->p->store, STORE_BUILD_FILE,
			&t->files[i].sha256, s->blobs,
			digest_hex(&t->files[i].sha256).text, s->e) == -1)
			return -1;
	s->linked = t->build;
	text_copy(s->linked_program, sizeof(s->linked_program), t->program);
	return 0;
}

static int
put(struct tickets *s, int dir, const char *name, const struct buf *text)
{
	int old = store_hold(dir, name), result;

	result =
	    fs_replace(dir, name, text->data, text->len, 0640, false, s->e);
	store_let_go(s->p->store, old);
	return result;
}

/* ---- job files ------------------------------------------------------- */

static int
link_segment(void *arg, const struct segment *g)
{
	struct tickets *s = arg;

	return store_publish(s->p->store, STORE_SEGMENT, &g->sha256, s->blobs,
	    digest_hex(&g->sha256).text, s->e);
}

/* What people see as jobs/<id>/. */
static int
put_view(struct tickets *s, const struct ticket *t)
{
	const char *corpus =
	    t->corpus.text[0] != '\0' ? t->corpus.text : t->target.text;
	struct buf text = BUF_INIT;
	struct store_job view;
	char job[20];
	int result;

	snprintf(job, sizeof(job), "%016jx", (uintmax_t)t->job);
	json_open(&text, NULL, '{');
	json_put_string(&text, "job", job);
	json_put_string(&text, "project", t->project.text);
	json_put_string(&text, "target", t->target.text);
	json_put_string(&text, "corpus", corpus);
	json_put_string(&text, "build", digest_hex(&t->build).text);
	json_put_string(&text, "engine", t->engine);
	json_put_string(&text, "sanitizer", t->sanitizer);
	json_close(&text, '}');
	buf_addc(&text, '\n');
	view = (struct store_job){
	    job, t->project.text, t->target.text, corpus, buf_text(&text)};
	result = 0;
	if (!written_same(s->p->written, 0, t->job, &text)) {
		result = store_job_folder(s->p->store, &view, s->e);
		if (result == 0)
			written_note(s->p->written, 0, t->job, &text);
	}
	buf_release(&text);
	return result;
}

/* Unless it is there as it is. */
static int
put_job_file(struct tickets *s, uint64_t job, const struct buf *text)
{
	char name[32];

	snprintf(name, sizeof(name), "%016jx.json", (uintmax_t)job);
	if (written_same(s->p->written, s->bot, job, text) &&
	    faccessat(s->jobs, name, F_OK, 0) == 0)
		return 0;
	if (put(s, s->jobs, name, text) == -1)
		return -1;
	written_note(s->p->written, s->bot, job, text);
	return 0;
}

static int
put_job(struct tickets *s, const struct ticket *t)
{
	struct job_file j = {.job = t->job};
	struct buf text = BUF_INIT;
	int i, result;

	for (i = 0; i < s->written_count; i++)
		if (s->written[i] == t->job)
			return 0;
	s->written[s->written_count++] = t->job;
	result = segments_job_file(s->p->db, &j, s->e);
	for (i = 0; i < j.segment_count && result == 0; i++)
		result = link_segment(s, &j.segments[i]);
	if (result == 0) {
		job_file_format(&text, &j);
		result = put_job_file(s, t->job, &text);
	}
	if (result == 0)
		result = publish_known(s->p, t, s->bot, s->jobs, s->e);
	if (result == 0)
		result = put_view(s, t);
	buf_release(&text);
	job_file_release(&j);
	return result;
}

/* ---- tickets --------------------------------------------------------- */

static int
put_new_ticket(struct tickets *s, struct ticket *t, const char *name)
{
	const struct manifest *m = read_manifest(s->p, &t->build, s->e);
	struct buf text = BUF_INIT;
	int result = m == NULL ? -1 : 0;

	if (result == 0 && t->job != 0)
		result = publish_ticket_values(s->p->db, t, s->e);
	if (result == 0)
		result = choose_files(s->p, t, m, s->e);
	if (result == 0)
		result = link_files(s, t);
	if (result == 0 && strcmp(t->kind, "reproduce") == 0)
		result = publish_ticket_inputs(s->p, t, s->blobs, s->e);
	if (result == 0) {
		ticket_format(&text, t);
		result = put(s, s->tickets, name, &text);
	}
	buf_release(&text);
	ticket_release(t);
	return result;
}

/* With the first lease: who has none is swept (publish_sweep()). */
static int
open_folders(struct tickets *s)
{
	if (s->blobs != -1)
		return 0;
	s->tickets = publish_open_folder(s->folder, "tickets", s->e);
	if (s->tickets != -1)
		s->jobs = publish_open_folder(s->folder, "jobs", s->e);
	if (s->jobs != -1)
		s->blobs = publish_open_folder(s->folder, "blobs", s->e);
	return s->blobs == -1 ? -1 : 0;
}

/* A ticket never changes: what was published stays as it is. */
static int
put_ticket(void *arg, struct ticket *t)
{
	struct tickets *s = arg;
	char name[32];
	bool runs;

	if (s->written_count == STATUS_MAX_LEASES)
		return 0;
	if (open_folders(s) == -1)
		return -1;
	snprintf(name, sizeof(name), "%016jx.json", (uintmax_t)t->lease);
	if (t->job != 0 && put_job(s, t) == -1)
		return -1;
	if (faccessat(s->tickets, name, F_OK, 0) == 0)
		return 0;
	runs = strcmp(t->kind, "reproduce") == 0;
	if (put_new_ticket(s, t, name) == 0)
		return 0;
	/* Inputs that were let go of meanwhile: the lease expires, and all
	 * else is told as ever. */
	if (s->e->cls != ERR_NOT_FOUND || !runs)
		return -1;
	log_warn("ticket.unpublished", LOG_T("ticket", name),
	    LOG_T("reason", s->e->text));
	return 0;
}

int
publish_tickets(struct publish *p, int64_t bot, int folder, struct err *e)
{
	uint64_t written[STATUS_MAX_LEASES];
	struct tickets s = {.p = p,
	    .bot = bot,
	    .folder = folder,
	    .tickets = -1,
	    .jobs = -1,
	    .blobs = -1,
	    .e = e,
	    .written = written};
	int result = leases_tickets(p->db, bot, put_ticket, &s, e);

	if (s.tickets != -1)
		close(s.tickets);
	if (s.jobs != -1)
		close(s.jobs);
	if (s.blobs != -1)
		close(s.blobs);
	return result;
}

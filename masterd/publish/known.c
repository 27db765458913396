/*
 * What bots need not send, a text for each project: made when a job of it is
 * published first, made again once a minute.  It brings the rules as well, by
 * which bots judge; only where there is neither a signature nor a rule of
 * people's, a job has no such file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/known.h"
#include "masterd/db/submissions.h"
#include "masterd/publish/publish_internal.h"

struct known_text {
	char project[NAME_MAX_LEN + 8];
	int64_t target;  /* one of its targets */
	struct buf text; /* "": nothing is known, and no rules */
};

/* ---- a project's ------------------------------------------------------ */

struct making {
	struct known k;
	size_t room; /* bytes that signatures may take */
};

#define LINE_BYTES (DIGEST_HEX + 3)

static int
take(void *arg, const struct digest *signature, bool security, struct err *e)
{
	struct making *m = arg;
	struct known *k = &m->k;

	(void)e;
	if (m->room < LINE_BYTES || k->count == KNOWN_MAX)
		return 0; /* the most hit came first */
	m->room -= LINE_BYTES;
	if ((k->count & (k->count - 1)) == 0)
		k->list = mem_resize(k->list,
		    k->count == 0 ? 1 : (size_t)k->count * 2, sizeof(*k->list));
	k->list[k->count++] = (struct known_signature){*signature, security};
	return 0;
}

static int
make_text(struct publish *p, const struct known_text *of, struct buf *out,
    struct err *e)
{
	struct making m = {
	    .k = {.rules = p->rules.data, .rules_len = p->rules.len},
	    .room = KNOWN_MAX_BYTES - 256 - p->rules.len};
	int result;

	text_copy(m.k.project, sizeof(m.k.project), of->project);
	result =
	    known_each(p->db, of->target, p->saturated, KNOWN_MAX, take, &m, e);
	buf_reset(out);
	if (result == 0 && m.k.count + m.k.rules_len > 0)
		known_format(out, &m.k);
	free(m.k.list);
	return result;
}

static struct known_text *
find(struct publish *p, const char *project)
{
	size_t i;

	for (i = 0; i < p->known_count; i++)
		if (strcmp(p->known[i].project, project) == 0)
			return &p->known[i];
	return NULL;
}

static struct known_text *
text_of(struct publish *p, const struct ticket *t, struct err *e)
{
	struct known_text *k = find(p, t->project.text);

	if (k != NULL)
		return k;
	p->known = mem_resize(p->known, p->known_count + 1, sizeof(*p->known));
	k = &p->known[p->known_count];
	memset(k, 0, sizeof(*k));
	text_copy(k->project, sizeof(k->project), t->project.text);
	if (known_target(
		p->db, t->project.text, t->target.text, &k->target, e) == -1 ||
	    make_text(p, k, &k->text, e) == -1) {
		buf_release(&k->text);
		return NULL;
	}
	p->known_count++;
	return k;
}

/* ---- files ------------------------------------------------------------ */

/* A bot's file of a job has an entry of its own in the table of what was
 * written: that of another job, which there never is. */
static uint64_t
entry_of(uint64_t job)
{
	return job ^ 0x6b6e6f776e000000u;
}

int
publish_known(struct publish *p, const struct ticket *t, int64_t bot, int jobs,
    struct err *e)
{
	struct known_text *k = text_of(p, t, e);
	uint64_t entry = entry_of(t->job);
	char name[32];
	int old, result;

	if (k == NULL)
		return -1;
	snprintf(name, sizeof(name), "%s.known", text_hex64(t->job).text);
	if (k->text.len == 0) {
		if (unlinkat(jobs, name, 0) == -1 && errno != ENOENT)
			return err_sys(e, "cannot remove '%s'", name);
		return 0;
	}
	if (written_same(p->written, bot, entry, &k->text) &&
	    faccessat(jobs, name, F_OK, 0) == 0)
		return 0;
	old = store_hold(jobs, name);
	result =
	    fs_replace(jobs, name, k->text.data, k->text.len, 0640, false, e);
	store_let_go(p->store, old);
	if (result == 0)
		written_note(p->written, bot, entry, &k->text);
	return result;
}

/* ---- again ------------------------------------------------------------ */

void
publish_set_known(
    struct publish *p, const char *rules, size_t len, uint64_t saturated)
{
	buf_reset(&p->rules);
	buf_add(&p->rules, rules, len);
	p->saturated = saturated > INT32_MAX ? INT32_MAX : (int)saturated;
	publish_known_refresh(p);
}

static int
tell_bot(void *arg, int64_t bot)
{
	publish_later(arg, bot);
	return 0;
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

void
publish_known_refresh(struct publish *p)
{
	struct buf text = BUF_INIT, old;
	struct known_text *k;
	struct err e;
	size_t i;

	for (i = 0; i < p->known_count; i++) {
		k = &p->known[i];
		if (make_text(p, k, &text, &e) == -1) {
			log_warn("known.postponed", LOG_T("reason", e.text));
			break;
		}
		if (same(&text, &k->text))
			continue;
		old = k->text;
		k->text = text;
		text = old;
		known_bots(p->db, k->target, tell_bot, p, NULL);
	}
	buf_release(&text);
}

void
publish_known_close(struct publish *p)
{
	size_t i;

	for (i = 0; i < p->known_count; i++)
		buf_release(&p->known[i].text);
	free(p->known);
	buf_release(&p->rules);
}

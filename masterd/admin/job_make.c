/*
 * Settings to values to rows.  The engine and the sanitizer of a job come from
 * the build that it starts with, templates may name another branch, and that
 * branch may have other builds: so a choice may be made twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/admin/job_make.h"

/* ---- values to rows -------------------------------------------------- */

struct texts {
	struct job_text *list;
	size_t count;
};

static struct texts
texts_of(const struct values *v)
{
	struct texts t = {mem_array(v->count + 1, sizeof(*t.list)), v->count};
	size_t i;

	for (i = 0; i < v->count; i++)
		t.list[i] = (struct job_text){
		    v->list[i].key, v->list[i].text, v->list[i].source};
	return t;
}

static int
add_tag(void *arg, const char *word, struct err *e)
{
	struct buf *tags = arg;

	(void)e;
	if (tags->len > 0)
		buf_addc(tags, ' ');
	buf_adds(tags, word);
	return 0;
}

/* What "v" comes to; borrows from it, from "texts" and "tags". */
static void
plan_of(struct job_plan *plan, const struct values *v,
    const struct texts *texts, struct buf *tags)
{
	values_tags(v, add_tag, tags, NULL);
	*plan = (struct job_plan){
	    .values = texts->list,
	    .count = texts->count,
	    .slots = values_number(v, "slots"),
	    .floor = values_number(v, "floor"),
	    .weight = values_number(v, "weight"),
	    .slice_ms = values_number(v, "slice"),
	    .for_ms = values_number(v, "for"),
	    .cpu_limit_ms = values_number(v, "cpu_time"),
	    .tags = buf_text(tags),
	    .follow = values_word(v, "follow"),
	    .own_corpus = strcmp(values_word(v, "corpus"), "own") == 0,
	};
}

static int
resolve(const struct templates *t, const struct job_choice *c,
    const char *template, const struct values *own, struct values *out,
    struct err *e)
{
	const struct templates_ask ask = {
	    c->engine, c->sanitizer, c->project, template, own};

	values_release(out);
	return templates_resolve(t, &ask, out, e);
}

/* ---- one job --------------------------------------------------------- */

struct maker {
	struct db *db;
	const struct templates *t;
	const struct job_want *want;
	struct job_made *made;
};

static int
insert(struct maker *m, const struct job_choice *c, const struct values *own,
    const struct values *v, struct err *e)
{
	struct job_made *made = m->made;
	struct texts settings = texts_of(own), values = texts_of(v);
	struct buf tags = BUF_INIT;
	struct job_plan plan;
	struct job_new job = {.choice = c,
	    .template = m->want->template,
	    .by = m->want->by,
	    .detail = m->want->detail,
	    .settings = settings.list,
	    .setting_count = settings.count,
	    .plan = &plan};
	int got;

	plan_of(&plan, v, &values, &tags);
	made->list =
	    mem_resize(made->list, made->count + 1, sizeof(*made->list));
	got = jobs_create(m->db, &job, &made->list[made->count], e);
	made->count += got == 0;
	buf_release(&tags);
	free(settings.list);
	free(values.list);
	return got;
}

/*
 * The branch that its values name: the newest build there.  Where nobody named
 * one and the target has none on the usual branch, it follows the one it has.
 */
static int
settle_branch(struct maker *m, struct job_choice *c, struct values *own,
    struct values *v, struct err *e)
{
	const struct value *follow = values_get(v, "follow");
	const struct job_choice old = *c;
	struct job_wish wish = {.target = old.name,
	    .branch = follow->text,
	    .engine = old.engine,
	    .sanitizer = old.sanitizer};
	int got;

	if (c->pinned || strcmp(follow->text, c->branch) == 0)
		return 0;
	if (strncmp(follow->source, "built in", 8) == 0)
		got = values_set(own, "follow", c->branch, JOB_SOURCE, e);
	else
		got = jobs_choose(m->db, &wish, c, e);
	return got == 0 ? resolve(m->t, c, m->want->template, own, v, e) : got;
}

static int
make_one(void *arg, const struct job_choice *choice, struct err *e)
{
	struct values own = VALUES_INIT, v = VALUES_INIT;
	struct job_choice c = *choice;
	struct maker *m = arg;
	int got;

	values_merge(&own, m->want->own);
	got = resolve(m->t, &c, m->want->template, &own, &v, e);
	if (got == 0)
		got = settle_branch(m, &c, &own, &v, e);
	if (got == 0)
		got = insert(m, &c, &own, &v, e);
	values_release(&own);
	values_release(&v);
	return got;
}

int
job_make(struct db *db, const struct templates *t, const struct job_want *want,
    struct job_made *made, struct err *e)
{
	struct maker m = {db, t, want, made};
	const struct value *follow = values_get(want->own, "follow");
	struct job_wish wish = {.target = want->target,
	    .build = want->build,
	    .branch = follow == NULL || want->build != 0 ? "" : follow->text,
	    .engine = want->engine,
	    .sanitizer = want->sanitizer};
	struct job_choice c;
	int got;

	made->list = NULL;
	made->count = 0;
	if (want->all)
		return jobs_choose_all(db, &wish, make_one, &m, e);
	got = jobs_choose(db, &wish, &c, e);
	return got == 0 ? make_one(&m, &c, e) : got;
}

/* ---- jobs that are there --------------------------------------------- */

/* A newer program may take less than the one that wrote the row: then the
 * value is as if nobody had set it. */
static int
take_setting(void *arg, const struct job_text *text, struct err *e)
{
	struct err ignored;

	(void)e;
	if (values_set(arg, text->key, text->text, JOB_SOURCE, &ignored) == -1)
		log_warn("job.setting_dropped", LOG_T("key", text->key),
		    LOG_T("reason", ignored.text));
	return 0;
}

/* The corpus was settled when the job was made. */
static int
resolve_again(const struct templates *t, const struct job_origin *o,
    const struct values *own, struct values *v, struct err *e)
{
	const char *corpus = o->own_corpus ? "own" : "shared";

	if (resolve(t, &o->choice, o->template, own, v, e) == -1)
		return -1;
	if (strcmp(values_word(v, "corpus"), corpus) == 0)
		return 0;
	return values_set(v, "corpus", corpus, "settled when it was made", e);
}

int
job_clone(struct db *db, const struct templates *t, const struct job_act *of,
    const struct values *own, struct job_made *made, struct err *e)
{
	struct values all = VALUES_INIT;
	struct job_origin o;
	struct job_want want = {
	    .by = of->by, .own = &all, .detail = of->reason};
	int got;

	made->list = NULL;
	made->count = 0;
	if (jobs_origin(db, of->job, &o, e) == -1 ||
	    jobs_settings(db, of->job, take_setting, &all, e) == -1) {
		values_release(&all);
		return -1;
	}
	values_merge(&all, own);
	want.target = o.choice.name;
	want.build =
	    o.pinned && values_get(own, "follow") == NULL ? o.choice.build : 0;
	want.engine = o.choice.engine;
	want.sanitizer = o.choice.sanitizer;
	want.template = o.template;
	/* It is on this branch by its template or by chance: stay there. */
	got = want.build != 0 || values_get(&all, "follow") != NULL
	    ? 0
	    : values_set(&all, "follow", o.choice.branch, JOB_SOURCE, e);
	if (got == 0)
		got = job_make(db, t, &want, made, e);
	values_release(&all);
	return got;
}

/* "arguments" takes all arguments out, "arguments.-max_len" one of them. */
static void
take_out(struct values *v, const char *key)
{
	size_t len = strlen(key), i, kept = 0;
	struct value *w;

	for (i = 0; i < v->count; i++) {
		w = &v->list[i];
		if (strncmp(w->key, key, len) == 0 &&
		    (w->key[len] == '\0' || w->key[len] == '.')) {
			free(w->key);
			free(w->text);
			free(w->source);
		} else {
			v->list[kept++] = *w;
		}
	}
	v->count = kept;
}

static int
check_unset(const char *const *unset, struct err *e)
{
	struct buf near = BUF_INIT;

	for (; *unset != NULL; unset++) {
		if (value_key_find(*unset) != NULL)
			continue;
		values_nearest(&near, *unset);
		err_set(e, ERR_REFUSED, "unknown key '%.60s'%s", *unset,
		    buf_text(&near));
		buf_release(&near);
		return -1;
	}
	return 0;
}

static int
write_set(struct db *db, const struct job_act *act, const struct values *own,
    const struct values *v, bool unpin, struct err *e)
{
	struct texts settings = texts_of(own), values = texts_of(v);
	struct buf tags = BUF_INIT;
	struct job_plan plan;
	struct job_settings set = {settings.list, settings.count, &plan, unpin};
	int got;

	plan_of(&plan, v, &values, &tags);
	got = jobs_set(db, act, &set, e);
	buf_release(&tags);
	free(settings.list);
	free(values.list);
	return got;
}

int
job_set(struct db *db, const struct templates *t, const struct job_act *act,
    const struct values *set, const char *const *unset, struct err *e)
{
	struct values own = VALUES_INIT, v = VALUES_INIT;
	struct job_origin o;
	int got = -1;

	if (check_unset(unset, e) == -1 ||
	    jobs_origin(db, act->job, &o, e) == -1)
		return -1;
	if (values_get(set, "corpus") != NULL &&
	    strcmp(values_word(set, "corpus"),
		o.own_corpus ? "own" : "shared") != 0)
		return err_set(e, ERR_CONFLICT,
		    "corpus: is settled when a job is made; clone it with "
		    "another one");
	if (jobs_settings(db, act->job, take_setting, &own, e) == 0) {
		for (; *unset != NULL; unset++)
			take_out(&own, *unset);
		values_merge(&own, set);
		got = resolve_again(t, &o, &own, &v, e);
	}
	if (got == 0)
		got = write_set(db, act, &own, &v,
		    o.pinned && values_get(set, "follow") != NULL, e);
	values_release(&own);
	values_release(&v);
	return got;
}

/* ---- by themselves --------------------------------------------------- */

static int
start(struct db *db, const struct templates *t, struct maker *m,
    const struct job_choice *c, struct err *e)
{
	char by[NAME_MAX_LEN + 32];
	const struct values none = VALUES_INIT;
	struct job_want want = {.target = c->name,
	    .engine = c->engine,
	    .sanitizer = c->sanitizer,
	    .template = "",
	    .own = &none,
	    .by = by,
	    .detail = "a new target"};

	snprintf(by, sizeof(by), "template project %s", c->project);
	*m = (struct maker){db, t, &want, m->made};
	return make_one(m, c, e);
}

static int
wants_start(const struct templates *t, const struct job_choice *c, bool *wants,
    struct err *e)
{
	struct values v = VALUES_INIT;
	int got = resolve(t, c, "", NULL, &v, e);

	*wants = got == 0 && strcmp(values_word(&v, "start"), "yes") == 0;
	values_release(&v);
	return got;
}

int
jobs_start_new(struct db *db, const struct templates *t, int64_t target,
    int64_t build, int *started, struct err *e)
{
	struct job_made made = {NULL, 0};
	struct maker m = {.made = &made};
	struct job_choice c;
	bool wants;
	int got;

	*started = 0;
	if ((got = jobs_choose_rows(db, target, build, &c, e)) != 1)
		return got;
	if ((got = jobs_ever(db, target, c.engine, c.sanitizer, e)) != 0)
		return got == 1 ? 0 : -1;
	if (wants_start(t, &c, &wants, e) == -1)
		return e->cls == ERR_REFUSED
		    ? db_event(db, "master", "job.not_started", c.name, e->text,
			  "", e)
		    : -1;
	if (!wants)
		return 0;
	got = start(db, t, &m, &c, e);
	*started = (int)made.count;
	free(made.list);
	return got;
}

/* 1 when another text came of it. */
static int
resolve_one(
    struct db *db, const struct templates *t, int64_t job, struct err *e)
{
	struct values own = VALUES_INIT, v = VALUES_INIT;
	struct buf tags = BUF_INIT, detail = BUF_INIT;
	struct texts texts = {NULL, 0};
	struct job_origin o;
	struct job_plan plan;
	int got, changed = 0;

	got = jobs_origin(db, job, &o, e);
	if (got == 0)
		got = jobs_settings(db, job, take_setting, &own, e);
	if (got == 0 && resolve_again(t, &o, &own, &v, e) == -1) {
		log_warn("job.values_kept", LOG_N("row", job),
		    LOG_T("reason", e->text));
	} else if (got == 0) {
		texts = texts_of(&v);
		plan_of(&plan, &v, &texts, &tags);
		got = jobs_put_values(db, job, &plan, &changed, &detail, e);
		if (got == 0 && changed > 0)
			got = jobs_resolved(db, job, buf_text(&detail), e);
	}
	free(texts.list);
	buf_release(&tags);
	buf_release(&detail);
	values_release(&own);
	values_release(&v);
	return got == -1 ? -1 : changed > 0;
}

int
jobs_resolve_all(
    struct db *db, const struct templates *t, int *changed, struct err *e)
{
	int64_t *list;
	size_t count, i;
	int got;

	*changed = 0;
	if (jobs_adopt(db, e) == -1)
		return -1;
	got = jobs_live(db, &list, &count, e);
	for (i = 0; i < count && got != -1; i++) {
		got = resolve_one(db, t, list[i], e);
		*changed += got == 1;
	}
	free(list);
	return got == -1 ? -1 : 0;
}

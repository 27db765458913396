/*
 * A build from its manifest (PROTOCOL 34): which files are missing; then,
 * when none is, which of them are targets, the manifest's bytes, a sync, the
 * rows, and only then the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/build_targets.h"
#include "masterd/admin/change.h"
#include "masterd/admin/permit.h"

#define LABEL_MAX 128

/* A manifest on its way to a build.  Outlives its request when that is closed
 * while the sync is under way. */
struct addition {
	struct request *r; /* NULL: nobody waits for the answer */
	bool syncing;
	struct manifest manifest;
	struct build_new build;
	struct build_targets targets;
	uint32_t *traits;
	char branch[LABEL_MAX + 1], revision[LABEL_MAX + 1];
	char engine[WORD_MAX_LEN + 1], sanitizer[WORD_MAX_LEN + 1];
	char by[sizeof(((struct peer *)NULL)->name)];
	int64_t row;
	bool known;
};

static void
addition_free(struct addition *a)
{
	manifest_release(&a->manifest);
	build_targets_release(&a->targets);
	free(a->traits);
	free(a);
}

static void
drop_addition(void *own)
{
	struct addition *a = own;

	if (a->syncing)
		a->r->admin->additions--;
	a->r = NULL;
	if (!a->syncing)
		addition_free(a);
}

/* ---- what is there --------------------------------------------------- */

/* 1 and the traits when the file's bytes are here, 0 when not, -1. */
static int
look_up(struct admin *a, const struct ticket_file *f, uint32_t *traits,
    struct err *e)
{
	const struct upload *u;
	uint64_t bytes = 0;
	int got;

	if ((got = builds_file(a->db, &f->sha256, &bytes, traits, e)) == -1)
		return -1;
	if (got == 0) {
		if ((u = uploads_find(a->uploads, &f->sha256)) == NULL)
			return 0;
		bytes = u->size;
		*traits = u->traits;
	}
	if (bytes != f->size)
		return err_set(e, ERR_REFUSED,
		    "'%s' has %ju bytes in the manifest, its digest is that "
		    "of %ju bytes",
		    f->path, (uintmax_t)f->size, (uintmax_t)bytes);
	return 1;
}

static int
parse_manifest(struct request *r, struct manifest *m, struct err *e)
{
	return manifest_parse(m, buf_text(&r->body), r->body.len, e);
}

static int
add_missing(struct request *r, const struct manifest *m, struct err *e)
{
	uint32_t traits;
	int i, got;

	json_open(&r->out, "missing", '[');
	for (i = 0; i < m->count; i++) {
		got = look_up(r->admin, &m->files[i], &traits, e);
		if (got == -1)
			return -1;
		if (got == 0)
			json_put_string(&r->out, NULL,
			    digest_hex(&m->files[i].sha256).text);
	}
	json_close(&r->out, ']');
	return 0;
}

int
build_missing(struct request *r, struct err *e)
{
	struct manifest m;
	struct digest id;
	int got;

	r->field = "manifest";
	if (parse_manifest(r, &m, e) == -1)
		return -1;
	r->field = NULL;
	digest_of(&id, buf_text(&r->body), r->body.len);
	json_open(&r->out, NULL, '{');
	json_put_u64(&r->out, "api", 1);
	json_put_string(&r->out, "build", digest_hex(&id).text);
	got = add_missing(r, &m, e);
	json_close(&r->out, '}');
	manifest_release(&m);
	return got;
}

static int
look_up_all(struct addition *a, struct err *e)
{
	struct request *r = a->r;
	const char *path = NULL;
	int i, got, missing = 0;

	a->traits = mem_array((size_t)a->manifest.count, sizeof(*a->traits));
	for (i = 0; i < a->manifest.count; i++) {
		got =
		    look_up(r->admin, &a->manifest.files[i], &a->traits[i], e);
		if (got == -1)
			return -1;
		if (got == 0 && missing++ == 0)
			path = a->manifest.files[i].path;
	}
	if (missing == 0)
		return 0;
	r->code = "missing";
	r->hint = "POST the manifest to builds/missing and PUT those files";
	return err_set(e, ERR_CONFLICT,
	    "%d of %d files are not here, the first is '%s'", missing,
	    a->manifest.count, path);
}

/* ---- what was asked for ---------------------------------------------- */

/* A branch or revision: what can stand in target@revision and in a path. */
static int
read_label(struct request *r, const char *key, const char *otherwise,
    char *label, struct err *e)
{
	const char *text = request_query(r, key);

	if (*text == '\0')
		text = otherwise;
	if (*text != '-' &&
	    strspn(text,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._/+-") == strlen(text) &&
	    text_copy(label, LABEL_MAX + 1, text))
		return 0;
	r->field = key;
	return err_set(e, ERR_REFUSED,
	    "%s: letters, digits and ._/+- only, at most %d: '%.60s'", key,
	    LABEL_MAX, text);
}

static int
read_word(struct request *r, const char *key, char word[WORD_MAX_LEN + 1],
    struct err *e)
{
	if (text_copy(word, WORD_MAX_LEN + 1, request_query(r, key)))
		return 0;
	r->field = key;
	return err_set(e, ERR_REFUSED, "%s: too long a word", key);
}

/* Where it stands in its branch; bisection goes by it. */
static int
read_order(struct addition *a, struct err *e)
{
	uint64_t order;

	if (request_number(a->r, "order", 0, INT64_MAX, &order, e) == -1)
		return -1;
	a->build.ordered = *request_query(a->r, "order") != '\0';
	a->build.order = (int64_t)order;
	return 0;
}

static int
read_request(struct addition *a, struct err *e)
{
	struct request *r = a->r;

	r->field = "project";
	if (name_parse(&a->build.project, "project",
		request_query(r, "project"), e) == -1)
		return -1;
	r->field = NULL;
	if (read_label(r, "branch", "main", a->branch, e) == -1 ||
	    read_label(r, "revision", "", a->revision, e) == -1 ||
	    read_word(r, "engine", a->engine, e) == -1 ||
	    read_word(r, "sanitizer", a->sanitizer, e) == -1 ||
	    read_order(a, e) == -1)
		return -1;
	r->field = "manifest";
	if (parse_manifest(r, &a->manifest, e) == -1)
		return -1;
	r->field = NULL;
	digest_of(&a->build.id, buf_text(&r->body), r->body.len);
	text_copy(a->by, sizeof(a->by), r->peer.name);
	a->build.manifest = &a->manifest;
	a->build.branch = a->branch;
	a->build.revision = a->revision;
	a->build.by = a->by;
	return 0;
}

/* ---- bytes, then facts, then the answer ------------------------------ */

static int
answer_build(struct addition *a, struct err *e)
{
	static const char head[] = "{\"api\":1,";
	struct buf item = BUF_INIT;
	struct request *r = a->r;
	int got;

	got = view_item(r->admin->db, VIEW_BUILD, a->row, &item, e);
	if (got == 0) {
		buf_adds(&r->out, "{");
		json_put_u64(&r->out, "api", 1);
		json_put_bool(&r->out, "known", a->known);
		build_targets_skipped(&a->targets, &r->out);
		buf_addc(&r->out, ',');
		buf_adds(&r->out, item.data + strlen(head));
	}
	buf_release(&item);
	return got;
}

static int
record(struct request *r, void *arg, struct err *e)
{
	struct addition *a = arg;
	int got;

	/* Somebody may have sent the same while the disk was busy. */
	struct change none = CHANGE_INIT;

	got = builds_known(
	    r->admin->db, &a->build.id, a->build.project.text, &a->row, e);
	a->known = got == 1;
	if (got == 1 || got == -1)
		return got == 1 ? 0 : -1;
	if (builds_add(r->admin->db, &a->build, &a->row, e) == -1)
		return -1;
	return change_end(&none, r, VIEW_BUILD, a->row, "build.added",
	    request_query(r, "reason"), e);
}

static void
forget_uploads(struct addition *a)
{
	int i;

	for (i = 0; i < a->manifest.count; i++)
		uploads_forget(
		    a->r->admin->uploads, &a->manifest.files[i].sha256);
}

/* All bytes are on the disk. */
static void
synced(void *arg)
{
	struct addition *a = arg;
	struct err e;
	int got;

	a->syncing = false;
	if (a->r != NULL)
		a->r->admin->additions--;
	if (a->r == NULL) { /* the socket was closed meanwhile */
		addition_free(a);
		return;
	}
	permit_enter(a->r);
	got = admin_change(a->r, record, a, &e);
	if (got == 0) {
		forget_uploads(a);
		got = answer_build(a, &e);
	}
	permit_leave(a->r);
	request_finish(a->r, got, &e);
}

static int
name_manifest(struct request *r, const struct addition *a, struct err *e)
{
	struct staged *f = store_stage(r->admin->store, e);

	if (f == NULL)
		return -1;
	if (store_stage_add(f, buf_text(&r->body), r->body.len, e) == -1 ||
	    store_stage_end(f, NULL, NULL, e) == -1) {
		store_stage_drop(f);
		return -1;
	}
	return store_name_manifest(r->admin->store, f, &a->build.id, e);
}

static int
decide(struct addition *a, struct err *e)
{
	const struct build_wish wish = {a->engine, a->sanitizer};

	if (build_targets_find(
		&a->targets, &a->manifest, a->traits, &wish, e) == -1) {
		a->r->code = "no_target";
		return -1;
	}
	a->build.traits = a->traits;
	a->build.targets = a->targets.list;
	a->build.target_count = a->targets.count;
	a->build.engine = a->targets.engine;
	a->build.sanitizer = a->targets.sanitizer;
	a->build.arch = a->targets.arch;
	return 0;
}

/* With what was skipped, as the first time. */
static int
answer_known(struct addition *a, struct err *e)
{
	struct err why;

	a->known = true;
	if (look_up_all(a, &why) == 0)
		(void)decide(a, &why);
	a->r->code = a->r->hint = NULL; /* no failure of this request */
	return answer_build(a, e);
}

int
build_add(struct request *r, struct err *e)
{
	struct addition *a = mem_alloc(sizeof(*a));
	int known;

	a->r = r;
	r->own = a;
	r->drop = drop_addition;
	if (read_request(a, e) == -1)
		return -1;
	/* Equal content is one build, whatever is said of it this time; one
	 * that was removed is made anew. */
	known = builds_known(
	    r->admin->db, &a->build.id, a->build.project.text, &a->row, e);
	if (known == 1)
		return answer_known(a, e);
	if (known == -1 || look_up_all(a, e) == -1 || decide(a, e) == -1 ||
	    name_manifest(r, a, e) == -1)
		return -1;
	a->syncing = true;
	r->admin->additions++;
	store_sync(r->admin->store, synced, a);
	return REPLY_LATER;
}

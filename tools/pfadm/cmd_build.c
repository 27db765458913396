/*
 * Sending a build by difference (PROTOCOL 34): the manifest, the files that
 * the master has not, the build.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/pfadm/build_folder.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/hashing.h"
#include "tools/pfadm/jobs.h"

#define TRIES         3
#define GROUP_BYTES   (32 << 20)
#define GROUP_FILES   1000
#define SKIPPED_SHOWN 8 /* of one reason */

static int
send_file(struct pfadm *pf, const struct build_folder *b,
    const struct ticket_file *f, struct reply *r, struct err *e)
{
	int fd = build_folder_open(b, f, e), got;

	if (fd == -1)
		return -1;
	got = client_upload(pf->client,
	    client_path(
		pf->client, "builds/files/%s", digest_hex(&f->sha256).text),
	    fd, f->size, r, e);
	close(fd);
	return got == -1 ? err_wrap(e, "cannot send '%s'", f->path) : 0;
}

/* Erased again when there is nothing more to say. */
static void
progress(const struct build_folder *b, const struct ticket_file *f)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (f == NULL)
		fprintf(stderr, "\r\033[K");
	else
		fprintf(stderr, "\r\033[Ksending %d of %d: %.50s",
		    (int)(f - b->manifest.files) + 1, b->manifest.count,
		    f->path);
}

/* ---- by difference --------------------------------------------------- */

/* Files from "first" to before "end" of the build, which are hashed. */
struct group {
	const struct ticket_file *first, *end;
};

static const struct ticket_file *
find_file(const struct group *g, const char *sha256)
{
	const struct ticket_file *f;
	struct digest d;

	if (digest_parse(&d, sha256) == -1)
		return NULL;
	for (f = g->first; f < g->end; f++)
		if (digest_equal(&f->sha256, &d))
			return f;
	return NULL;
}

static int
send_missing(struct pfadm *pf, const struct build_folder *b,
    const struct group *g, const struct json_value *missing, struct reply *r,
    struct err *e)
{
	const struct json_value *v;
	const struct ticket_file *f;

	for (v = json_first(missing); v != NULL; v = json_next(v)) {
		if ((f = find_file(g, json_string(v))) == NULL)
			return err_set(e, ERR_BUG,
			    "the master misses a file that is not ours");
		progress(b, f);
		reply_release(r);
		if (send_file(pf, b, f, r, e) == -1)
			return -1;
	}
	return 0;
}

static int
send_group(struct pfadm *pf, const struct build_folder *b,
    const struct group *g, struct reply *r, struct err *e)
{
	struct manifest part = {
	    (struct ticket_file *)g->first, (int)(g->end - g->first), 0};
	struct buf text = BUF_INIT;
	struct reply missing;
	int got;

	manifest_format(&text, &part);
	got = client_send(pf->client, "POST", "builds/missing", text.data,
	    text.len, &missing, e);
	buf_release(&text);
	if (got == -1) {
		reply_release(r);
		*r = missing; /* what it said goes to the complaint */
		return -1;
	}
	got = send_missing(
	    pf, b, g, json_get(json_root(missing.json), "missing"), r, e);
	reply_release(&missing);
	return got;
}

/* Groups, so that the next one is hashed while this one is sent. */
static int
send_groups(struct pfadm *pf, struct build_folder *b, struct hashing *h,
    struct reply *r, struct err *e)
{
	struct ticket_file *f = b->manifest.files;
	struct ticket_file *end = f + b->manifest.count;
	struct group g = {f, f};
	uint64_t bytes = 0;

	while (f < end) {
		if (hashing_next(h, f, e) == -1)
			return -1;
		bytes += f->size;
		g.end = ++f;
		if (f < end && bytes < GROUP_BYTES &&
		    g.end - g.first < GROUP_FILES)
			continue;
		if (send_group(pf, b, &g, r, e) == -1)
			return -1;
		g.first = f;
		bytes = 0;
	}
	return 0;
}

static int
send_difference(
    struct pfadm *pf, struct build_folder *b, struct reply *r, struct err *e)
{
	struct hashing *h = hashing_start(b, e);
	int got = h == NULL ? -1 : send_groups(pf, b, h, r, e);

	progress(b, NULL);
	hashing_stop(h);
	return got;
}

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static int
commit(struct pfadm *pf, const struct build_folder *b, const struct buf *text,
    struct reply *r, struct err *e)
{
	const char *project =
	    pf->o.project != NULL ? pf->o.project : b->project.text;

	char order[24] = "";

	reply_release(r);
	if ((pf->o.given & O_ORDER) != 0)
		snprintf(order, sizeof(order), "%ju", (uintmax_t)pf->o.order);
	return client_send(pf->client, "POST",
	    client_path(pf->client,
		"builds?project=%s&branch=%s&revision=%s&order=%s&engine=%s"
		"&sanitizer=%s",
		project, or_empty(pf->o.branch), or_empty(pf->o.revision),
		order, or_empty(pf->o.engine), or_empty(pf->o.sanitizer)),
	    text->data, text->len, r, e);
}

/* A file that was there may go, as part of an old build, before ours is. */
static bool
went_meanwhile(const struct reply *r)
{
	return strcmp(json_get_string(
			  json_get(json_root(r->json), "error"), "code", ""),
		   "missing") == 0;
}

static int
send_and_commit(
    struct pfadm *pf, struct build_folder *b, struct reply *r, struct err *e)
{
	struct buf text = BUF_INIT;
	int tries, got = -1;

	for (tries = 0; tries < TRIES; tries++) {
		reply_release(r);
		r->status = -1; /* until the master is asked */
		if ((got = send_difference(pf, b, r, e)) == -1)
			break;
		buf_reset(&text);
		manifest_format(&text, &b->manifest);
		if ((got = commit(pf, b, &text, r, e)) == 0 ||
		    !went_meanwhile(r))
			break;
	}
	buf_release(&text);
	return got;
}

int
build_send(struct pfadm *pf, const char *dir, struct reply *r)
{
	struct build_folder b;
	struct err e;
	int code = 0, got;

	memset(r, 0, sizeof(*r));
	r->status = -1;
	got = build_folder_read(&b, dir, &e);
	if (got == 0)
		got = send_and_commit(pf, &b, r, &e);
	if (got == -1)
		code = complain(pf, &e, r);
	if (code == 0 && b.hidden > 0)
		fprintf(stderr, "left out %d hidden names of '%s'\n", b.hidden,
		    dir);
	build_folder_release(&b);
	return code;
}

/* ---- what became of it ----------------------------------------------- */

/* Is "reason" that of an earlier one in the list? */
static bool
said_before(const struct json_value *list, const struct json_value *until,
    const char *reason)
{
	const struct json_value *v;

	for (v = json_first(list); v != until; v = json_next(v))
		if (strcmp(json_get_string(v, "reason", ""), reason) == 0)
			return true;
	return false;
}

/* All of one reason together: a few by name, the rest by number. */
static void
tell_reason(const struct json_value *list, const char *reason)
{
	const struct json_value *v;
	int count = 0;

	for (v = json_first(list); v != NULL; v = json_next(v)) {
		if (strcmp(json_get_string(v, "reason", ""), reason) != 0)
			continue;
		if (count++ < SKIPPED_SHOWN)
			fprintf(stderr, "no target: '%s' %s\n",
			    json_get_string(v, "path", ""), reason);
	}
	if (count > SKIPPED_SHOWN)
		fprintf(stderr, "no target: and %d more: %s (--json has all)\n",
		    count - SKIPPED_SHOWN, reason);
}

static void
tell_skipped(const struct json_value *list)
{
	const struct json_value *v;
	const char *reason;

	for (v = json_first(list); v != NULL; v = json_next(v)) {
		reason = json_get_string(v, "reason", "");
		if (!said_before(list, v, reason))
			tell_reason(list, reason);
	}
}

/* Equal content is one build: what was said of it first stays. */
static void
tell_known(struct pfadm *pf, const struct json_value *build)
{
	char given[24], kept[24];
	const struct {
		const char *key, *given;
	} all[] = {{"branch", pf->o.branch}, {"revision", pf->o.revision},
	    {"engine", pf->o.engine}, {"sanitizer", pf->o.sanitizer}};
	uint64_t order = 0;
	bool ordered = json_u64(json_get(build, "order"), &order) == 0;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].given != NULL &&
		    strcmp(json_get_string(build, all[i].key, ""),
			all[i].given) != 0)
			fprintf(stderr,
			    "note: known with %s '%s', which stays; not '%s'\n",
			    all[i].key, json_get_string(build, all[i].key, ""),
			    all[i].given);
	if ((pf->o.given & O_ORDER) == 0 || (ordered && order == pf->o.order))
		return;
	snprintf(given, sizeof(given), "%ju", (uintmax_t)pf->o.order);
	snprintf(kept, sizeof(kept), "%ju", (uintmax_t)order);
	fprintf(stderr, "note: known %s%s, which stays; not '%s'\n",
	    ordered ? "with order " : "without order", ordered ? kept : "",
	    given);
}

void
build_tell(struct pfadm *pf, FILE *out, const struct reply *r)
{
	const struct json_value *root = json_root(r->json);
	const struct json_value *build = json_get(root, "item");
	struct column targets = {"", "targets", CELL_LIST};
	struct buf list = BUF_INIT;
	bool known = false;

	json_bool(json_get(root, "known"), &known);
	table_cell(&list, build, &targets, false);
	fprintf(out, "build %.12s of %s%s: %s, %s, targets %s\n",
	    json_get_string(build, "id", ""),
	    json_get_string(build, "project", ""), known ? " (known)" : "",
	    json_get_string(build, "engine", ""),
	    json_get_string(build, "sanitizer", ""), buf_text(&list));
	tell_skipped(json_get(root, "skipped"));
	if (known)
		tell_known(pf, build);
	buf_release(&list);
}

static int
tell_added(struct pfadm *pf, const struct reply *r)
{
	const char *id =
	    json_get_string(json_get(json_root(r->json), "item"), "id", "");

	if (pf->o.parsable)
		printf("%s\n", id);
	else if (!pf->o.json)
		build_tell(pf, stdout, r);
	else if (!pf->o.wait)
		print_reply_json(r);
	fflush(stdout);
	return pf->o.wait ? build_wait(pf, id) : EXIT_DONE;
}

int
cmd_build_add(struct pfadm *pf)
{
	struct reply r;
	int code;

	if (pf->o.project == NULL) {
		code = complain_usage(
		    "build add: into which project? --project NAME");
		fprintf(
		    stderr, "hint: pfadm run DIR takes the folder's name\n");
		return code;
	}
	code = build_send(pf, pf->arg, &r);
	if (code == 0)
		code = tell_added(pf, &r);
	reply_release(&r);
	return code;
}

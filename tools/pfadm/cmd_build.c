/*
 * Sending a build by difference (PROTOCOL 34): the manifest, the files that
 * the master has not, the build.
 */
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "tools/pfadm/build_folder.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/jobs.h"

static const struct ticket_file *
find_file(const struct manifest *m, const char *sha256)
{
	struct digest d;
	int i;

	if (digest_parse(&d, sha256) == -1)
		return NULL;
	for (i = 0; i < m->count; i++)
		if (digest_equal(&m->files[i].sha256, &d))
			return &m->files[i];
	return NULL;
}

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

static void
progress(int done, int count, const char *path)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (done < count)
		fprintf(stderr, "\r\033[Ksending %d of %d: %.50s", done + 1,
		    count, path);
	else
		fprintf(stderr, "\r\033[K");
}

static int
send_missing(struct pfadm *pf, const struct build_folder *b,
    const struct json_value *missing, struct reply *r, struct err *e)
{
	int count = json_count(missing), i;
	const struct json_value *v = json_first(missing);
	const struct ticket_file *f;

	for (i = 0; i < count; i++, v = json_next(v)) {
		f = find_file(&b->manifest, json_string(v));
		if (f == NULL)
			return err_set(e, ERR_BUG,
			    "the master misses a file that is not ours");
		progress(i, count, f->path);
		reply_release(r);
		if (send_file(pf, b, f, r, e) == -1)
			return -1;
	}
	progress(count, count, "");
	return 0;
}

static int
send_difference(struct pfadm *pf, const struct build_folder *b,
    const struct buf *text, struct reply *r, struct err *e)
{
	struct reply missing;
	int got;

	got = client_send(pf->client, "POST", "builds/missing", text->data,
	    text->len, &missing, e);
	if (got == -1) {
		*r = missing; /* what it said goes to the complaint */
		return -1;
	}
	got = send_missing(
	    pf, b, json_get(json_root(missing.json), "missing"), r, e);
	reply_release(&missing);
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

	reply_release(r);
	return client_send(pf->client, "POST",
	    client_path(pf->client, "builds?project=%s&branch=%s&revision=%s",
		project, or_empty(pf->o.branch), or_empty(pf->o.revision)),
	    text->data, text->len, r, e);
}

int
build_send(struct pfadm *pf, const char *dir, struct reply *r)
{
	struct build_folder b;
	struct buf text = BUF_INIT;
	struct err e;
	int code = 0, got;

	memset(r, 0, sizeof(*r));
	r->status = -1; /* until the master is asked */
	got = build_folder_read(&b, dir, &e);
	if (got == 0) {
		manifest_format(&text, &b.manifest);
		got = send_difference(pf, &b, &text, r, &e);
	}
	if (got == 0)
		got = commit(pf, &b, &text, r, &e);
	if (got == -1)
		code = complain(pf, &e, r);
	if (code == 0 && b.hidden > 0)
		fprintf(stderr, "left out %d hidden names of '%s'\n", b.hidden,
		    dir);
	buf_release(&text);
	build_folder_release(&b);
	return code;
}

void
build_tell(FILE *out, const struct reply *r)
{
	const struct json_value *root = json_root(r->json), *v;
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
	for (v = json_first(json_get(root, "skipped")); v != NULL;
	     v = json_next(v))
		fprintf(stderr, "no target: '%s' %s\n",
		    json_get_string(v, "path", ""),
		    json_get_string(v, "reason", ""));
	buf_release(&list);
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
	if (code == 0 && pf->o.json)
		printf("%s\n", buf_text(&r.body));
	else if (code == 0 && pf->o.parsable)
		printf("%s\n",
		    json_get_string(
			json_get(json_root(r.json), "item"), "id", ""));
	else if (code == 0)
		build_tell(stdout, &r);
	reply_release(&r);
	return code;
}

/*
 * What a kit is made of, over the socket: the crash's row, its bytes, the
 * build's row, its manifest, its files.  What the master sends is checked where
 * it has a digest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tools/pfadm/kit_fetch.h"

#define BUILDS_MOST 8 /* that are tried */

struct fetch {
	struct pfadm *pf;
	struct kit *k;
	const char *id; /* whole */
	struct reply crash, build, manifest;
	struct manifest files;
};

/* "crashes/ID/what", with the target where it was given. */
static char *
crash_address(struct fetch *f, const char *what)
{
	struct client *c = f->pf->client;
	struct buf address = BUF_INIT;

	buf_printf(&address, "%s%s", client_path(c, "crashes/%s", f->id), what);
	if (f->pf->o.target != NULL)
		buf_printf(&address, "%c%s",
		    strchr(what, '?') == NULL ? '?' : '&',
		    client_path(c, "target=%s", f->pf->o.target));
	return buf_detach(&address);
}

static int
get(struct fetch *f, const char *address, struct reply *r)
{
	struct err e;

	if (client_get(f->pf->client, address, r, &e) == -1)
		return complain(f->pf, &e, r);
	return 0;
}

/* Bytes to a file of the kit; "want" may be NULL. */
static int
download(struct fetch *f, const char *address, const char *path, bool program,
    const struct digest *want, const char *from)
{
	struct reply r = {.status = 1};
	struct digest digest;
	struct err e;
	int fd, got;

	if ((fd = kit_create(f->k, path, &e)) == -1)
		return complain(f->pf, &e, NULL);
	got = client_download(f->pf->client, address, fd, &r, &e);
	if (got == 0 && want != NULL) {
		got = fs_hash(fd, &digest, NULL, &e);
		if (got == 0 && !digest_equal(&digest, want))
			got = err_set(&e, ERR_AGAIN,
			    "'%s' came with other bytes than it has", path);
	}
	if (got == 0)
		got = kit_note(f->k, path, program, fd, from, &e);
	close(fd);
	if (got == -1)
		got = complain(f->pf, &e, &r);
	reply_release(&r);
	return got;
}

static int
from_crash(struct fetch *f, const char *what, const char *path,
    const struct digest *want)
{
	char *address = crash_address(f, what);
	int code = download(f, address, path, false, want, "the master");

	free(address);
	return code;
}

/* ---- the crash ------------------------------------------------------------ */

/* It names files here. */
static bool
is_id(const char *id)
{
	size_t n = strspn(id, "0123456789abcdef-");

	return n > 0 && n < 160 && id[n] == '\0' && id[0] != '-';
}

static int
get_crash(struct fetch *f)
{
	const struct json_value *item;
	struct err e;
	char *address;
	int code;

	f->id = f->pf->arg;
	address = crash_address(f, "");
	code = get(f, address, &f->crash);
	free(address);
	if (code != 0)
		return code;
	item = json_get(json_root(f->crash.json), "item");
	f->k->crash = item;
	f->id = json_get_string(item, "id", f->pf->arg);
	if (!is_id(f->id)) {
		err_set(&e, ERR_AGAIN, "the master names a crash oddly");
		return complain(f->pf, &e, NULL);
	}
	if (!text_copy(f->k->target, sizeof(f->k->target),
		json_get_string(item, "target", "")))
		f->k->target[0] = '\0';
	return 0;
}

/* Those that the kit must not tell. */
static void
hide_names(struct fetch *f)
{
	const struct json_value *item = f->k->crash, *bot;
	const char *name = json_get_string(item, "bot",
	    json_get_string(json_first(json_get(item, "seen")), "bot", NULL));
	struct reply r;
	struct err e;

	kit_hide_ours(f->k);
	kit_hide_recorded(f->k, json_get(item, "environment"));
	if (name == NULL)
		return;
	/* Who may not see bots makes a kit all the same. */
	if (client_get(f->pf->client,
		client_path(f->pf->client, "bots/%s", name), &r, &e) == 0) {
		bot = json_get(json_root(r.json), "item");
		kit_hide(f->k, json_get_string(bot, "host", NULL), "HOST");
		kit_hide(f->k, json_get_string(bot, "hostname", NULL), "HOST");
	}
	reply_release(&r);
	kit_hide(f->k, name, "BOT");
}

static int
get_report(struct fetch *f)
{
	struct buf text = BUF_INIT;
	struct reply r;
	struct err e;
	char *address;
	int code = 0;

	address = crash_address(f, "/report");
	/* One without a report has an empty one: its exit code is all. */
	if (client_get(f->pf->client, address, &r, &e) == -1 && r.status != 404)
		code = complain(f->pf, &e, &r);
	else if (r.status != 404)
		kit_text(f->k, &text, buf_text(&r.body), r.body.len);
	reply_release(&r);
	free(address);
	if (code == 0 && kit_put(f->k, "report.txt", &text, "a bot", &e) == -1)
		code = complain(f->pf, &e, NULL);
	buf_release(&text);
	return code;
}

static int
get_minimised(struct fetch *f)
{
	const struct json_value *min = json_get(f->k->crash, "minimised");
	struct digest want;

	if (json_type(min) != JSON_OBJECT ||
	    digest_parse(&want, json_get_string(min, "hash", "")) == -1)
		return 0;
	return from_crash(f, "/input?minimised=1", "input.min", &want);
}

/* Inputs that have to be run before it. */
static int
get_series(struct fetch *f)
{
	const struct json_value *v =
	    json_first(json_get(f->k->crash, "series"));
	char path[40], what[DIGEST_HEX + 20];
	struct digest want;
	int code = 0, n = 0;

	for (; v != NULL && code == 0; v = json_next(v)) {
		if (json_string(v) == NULL ||
		    digest_parse(&want, json_string(v)) == -1)
			continue;
		snprintf(path, sizeof(path), "series/%04d", ++n);
		snprintf(what, sizeof(what), "/series/%s", json_string(v));
		code = from_crash(f, what, path, &want);
	}
	return code;
}

static int
get_inputs(struct fetch *f)
{
	struct digest want;
	const char *hash = json_get_string(
	    f->k->crash, "sha256", json_get_string(f->k->crash, "hash", ""));
	int code;

	code = from_crash(f, "/input", "input",
	    digest_parse(&want, hash) == -1 ? NULL : &want);
	if (code == 0)
		code = get_minimised(f);
	return code == 0 ? get_series(f) : code;
}

/* ---- the build ------------------------------------------------------------ */

/* The build with which it was found first, and the others after it. */
static int
builds_of(const struct json_value *crash, struct digest *list)
{
	const struct json_value *seen = json_first(json_get(crash, "seen"));
	const char *id = json_get_string(crash, "build", NULL);
	struct digest d;
	int n = 0, i;

	for (;;) {
		if (id != NULL && digest_parse(&d, id) == 0) {
			for (i = 0; i < n && !digest_equal(&list[i], &d); i++)
				;
			if (i == n)
				list[n++] = d;
		}
		if (seen == NULL || n == BUILDS_MOST)
			return n;
		id = json_get_string(seen, "build", NULL);
		seen = json_next(seen);
	}
}

/* 0 with the reply, 1 when it is not there any more, else the exit code
 * negated. */
static int
get_or_gone(struct fetch *f, const char *address, struct reply *r)
{
	struct err e;

	reply_release(r);
	if (client_get(f->pf->client, address, r, &e) == 0)
		return 0;
	return r->status == 404 ? 1 : -complain(f->pf, &e, r);
}

/* As above.  The files of a removed one go when there is time: what is there
 * now need not be when it is asked for. */
static int
get_manifest(struct fetch *f, const struct digest *build)
{
	struct client *c = f->pf->client;
	struct digest_hex id = digest_hex(build);
	const char *state;
	struct err e;
	int got;

	got = get_or_gone(f, client_path(c, "builds/%s", id.text), &f->build);
	if (got != 0)
		return got;
	state = json_get_string(
	    json_get(json_root(f->build.json), "item"), "state", "");
	if (strcmp(state, "removed") == 0)
		return 1;
	got = get_or_gone(
	    f, client_path(c, "builds/%s/manifest", id.text), &f->manifest);
	if (got != 0)
		return got;
	if (manifest_parse(&f->files, buf_text(&f->manifest.body),
		f->manifest.body.len, &e) == -1)
		return -complain(f->pf, &e, NULL);
	f->k->build = *build;
	return 0;
}

static int
get_build(struct fetch *f)
{
	struct digest list[BUILDS_MOST];
	int n = builds_of(f->k->crash, list), i, got = 1;
	struct err e;

	for (i = 0; i < n && got == 1; i++)
		got = get_manifest(f, &list[i]);
	if (got < 0)
		return -got;
	if (got == 1) {
		err_set(&e, ERR_NOT_FOUND, "crash %.12s: %s", f->id,
		    n == 0 ? "nobody said with which build it was found"
			   : "no build with which it was found is here");
		return complain(f->pf, &e, NULL);
	}
	f->k->other_build = i > 1;
	return 0;
}

static const struct json_value *
target_list(const struct fetch *f)
{
	return json_get(
	    json_get(json_root(f->build.json), "item"), "target_list");
}

/* Programs of all targets, and which is ours. */
static int
find_program(struct fetch *f, const char **programs, int most)
{
	const struct json_value *v = json_first(target_list(f));
	const char *name = strchr(f->k->target, '/'), *program;
	int n = 0;

	for (; v != NULL && n < most; v = json_next(v)) {
		program = json_get_string(v, "program", NULL);
		if (program == NULL)
			continue;
		programs[n++] = program;
		if (name != NULL && ticket_path_ok(program) &&
		    strcmp(json_get_string(v, "name", ""), name + 1) == 0)
			(void)text_copy(
			    f->k->program, sizeof(f->k->program), program);
	}
	return n;
}

static int
get_file(struct fetch *f, const struct ticket_file *file)
{
	char path[TICKET_PATH_MAX + 10], from[40];
	struct buf address = BUF_INIT;
	struct digest_hex build = digest_hex(&f->k->build);
	int code;

	snprintf(path, sizeof(path), "build/%s", file->path);
	snprintf(from, sizeof(from), "build %.12s", build.text);
	buf_printf(&address, "builds/%s/files/%s", build.text,
	    digest_hex(&file->sha256).text);
	code = download(f, address.data, path, (file->mode & 0100) != 0,
	    &file->sha256, from);
	buf_release(&address);
	return code;
}

static int
get_files(struct fetch *f)
{
	int most = json_count(target_list(f)), n, i;
	const char **programs = mem_array((size_t)most + 1, sizeof(*programs));
	struct err e;
	int code = 0;

	n = find_program(f, programs, most);
	if (f->k->program[0] == '\0' ||
	    manifest_find(&f->files, f->k->program) == NULL) {
		err_set(&e, ERR_NOT_FOUND, "build %.12s has no target '%s'",
		    digest_hex(&f->k->build).text, f->k->target);
		code = complain(f->pf, &e, NULL);
	}
	for (i = 0; i < f->files.count && code == 0; i++)
		if (kit_needs(
			f->files.files[i].path, f->k->program, programs, n))
			code = get_file(f, &f->files.files[i]);
	free(programs);
	return code;
}

/* ---- all ------------------------------------------------------------------ */

static int
make_texts(struct fetch *f)
{
	struct err e;

	if (kit_words(f->k, &e) == -1 ||
	    kit_libraries(f->k, &f->files, &e) == -1 ||
	    kit_texts(f->k, &e) == -1 || kit_close(f->k, &e) == -1)
		return complain(f->pf, &e, NULL);
	return 0;
}

int
kit_fetch(struct pfadm *pf, struct kit *k, int dir, char name[160])
{
	struct fetch f = {.pf = pf, .k = k};
	int code;

	k->dir = dir;
	code = get_crash(&f);
	if (code == 0 && k->scrub)
		hide_names(&f);
	if (code == 0)
		code = get_build(&f);
	if (code == 0)
		code = get_inputs(&f);
	if (code == 0)
		code = get_report(&f);
	if (code == 0)
		code = get_files(&f);
	if (code == 0)
		code = make_texts(&f);
	text_copy(name, 160, code == 0 ? f.id : "");
	k->crash = NULL;
	manifest_release(&f.files);
	reply_release(&f.crash);
	reply_release(&f.build);
	reply_release(&f.manifest);
	return code;
}

/*
 * A database from files: metadata/ first, in the order in which its kinds
 * refer to each other, then the store, for what metadata/ did not know yet.
 *
 * Nothing here decides what is right: names pass the gates of lib/wire, words
 * the CHECKs of the tables, and what does not is named in the report.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "masterd/rebuild.h"
#include "masterd/rebuild_internal.h"
#include "masterd/recover.h"

#define ROWS_A_COMMIT 20000
#define PROBLEMS_MOST 10000

/* ---- what goes wrong ------------------------------------------------- */

int
rebuild_note(struct rebuild *r, const char *path, const char *why)
{
	if (r->problem_count++ < PROBLEMS_MOST)
		buf_printf(&r->problems, "  %s: %s\n", path, why);
	return 0;
}

int
rebuild_problem(struct rebuild *r, const char *path, const struct err *e)
{
	switch (e->cls) {
	case ERR_REFUSED:
	case ERR_CONFLICT:
	case ERR_NOT_FOUND:
	case ERR_DENIED:
		return rebuild_note(r, path, e->text);
	default:
		r->failed = *e;
		return -1;
	}
}

int
rebuild_made(struct rebuild *r)
{
	if (++r->rows < ROWS_A_COMMIT)
		return 0;
	r->rows = 0;
	if (db_commit(r->db, &r->failed) == -1 ||
	    (db_checkpoint_due(r->db) &&
		db_checkpoint(r->db, &r->failed) == -1))
		return -1;
	return db_begin(r->db, &r->failed);
}

/* ---- folders --------------------------------------------------------- */

struct walk {
	struct rebuild *r;
	rebuild_fn *fn;
	int depth;
	char path[REBUILD_PATH_MAX];
};

static int enter(struct walk *w);

static int
see(void *arg, int dirfd, const char *name)
{
	struct walk *w = arg, below;

	if (name[0] == '.')
		return 0;
	below = *w;
	below.depth--;
	if ((size_t)snprintf(below.path, sizeof(below.path), "%s/%s", w->path,
		name) >= sizeof(below.path))
		return rebuild_note(w->r, w->path, "holds a name too long");
	if (w->depth == 0)
		return w->fn(w->r, below.path, dirfd, name);
	return enter(&below);
}

static int
enter(struct walk *w)
{
	struct err e;
	int dir = fs_open_dir(w->r->root, w->path, &e), result;

	if (dir == -1)
		return rebuild_problem(w->r, w->path, &e);
	err_clear(&e);
	result = fs_each(dir, see, w, &e);
	close(dir);
	return result == -1 && e.cls != ERR_NONE
	    ? rebuild_problem(w->r, w->path, &e)
	    : result;
}

int
rebuild_walk(struct rebuild *r, const char *folder, int depth, rebuild_fn *fn)
{
	struct walk w = {r, fn, depth, ""};

	snprintf(w.path, sizeof(w.path), "%s", folder);
	if (faccessat(r->root, folder, F_OK, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno == ENOENT)
		return 0;
	return enter(&w);
}

int
rebuild_read(struct rebuild *r, const char *path, struct buf *text)
{
	struct err e;

	if (fs_read_file(r->root, path, text, REBUILD_FILE_MAX, &e) == -1)
		return rebuild_problem(r, path, &e) == -1 ? -1 : 1;
	if (text->len == 0 || memchr(text->data, '\0', text->len) != NULL)
		return rebuild_note(r, path, "is no text") == -1 ? -1 : 1;
	return 0;
}

/* ---- metadata/ ------------------------------------------------------- */

static bool
ends_in_json(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

static int
take(struct rebuild *r, enum metadata_kind kind, const char *path,
    const char *json)
{
	struct digest id;
	char hex[DIGEST_HEX + 1] = "";
	struct err e;

	if (rebuild_take(r->db, kind, json, &e) == -1)
		return rebuild_problem(r, path, &e);
	if (kind == METADATA_CRASH && rebuild_crash_input(r, path) == -1)
		return -1;
	if (kind == METADATA_BUILD) {
		snprintf(hex, sizeof(hex), "%.64s", strrchr(path, '/') + 1);
		if (digest_parse(&id, hex) == 0 &&
		    rebuild_build_files(r, &id, json) == -1)
			return -1;
	}
	return rebuild_made(r);
}

static int
take_file(struct rebuild *r, enum metadata_kind kind, const char *path,
    const char *name)
{
	struct buf text = BUF_INIT;
	int result;

	if (!ends_in_json(name))
		return rebuild_note(r, path, "is no copy of a row");
	result = rebuild_read(r, path, &text);
	if (result == 0)
		result = take(r, kind, path, text.data);
	buf_release(&text);
	return result == 1 ? 0 : result;
}

#define TAKE(word, kind)                                                      \
	static int take_##word(                                               \
	    struct rebuild *r, const char *path, int dirfd, const char *name) \
	{                                                                     \
		(void)dirfd;                                                  \
		return take_file(r, kind, path, name);                        \
	}

TAKE(project, METADATA_PROJECT)
TAKE(target, METADATA_TARGET)
TAKE(build, METADATA_BUILD)
TAKE(job, METADATA_JOB)
TAKE(bot, METADATA_BOT)
TAKE(bucket, METADATA_BUCKET)
TAKE(crash, METADATA_CRASH)

static int
take_metadata(struct rebuild *r)
{
	static const struct {
		rebuild_fn *fn;
		int depth;
	} kinds[METADATA_KINDS] = {
	    [METADATA_PROJECT] = {take_project, 0},
	    [METADATA_TARGET] = {take_target, 1},
	    [METADATA_BUILD] = {take_build, 0},
	    [METADATA_JOB] = {take_job, 0},
	    [METADATA_BOT] = {take_bot, 1},
	    [METADATA_BUCKET] = {take_bucket, 1},
	    [METADATA_CRASH] = {take_crash, 2},
	};
	char folder[64];
	int i;

	for (i = 0; i < METADATA_KINDS; i++) {
		snprintf(folder, sizeof(folder), "metadata/%s",
		    metadata_folder((enum metadata_kind)i));
		if (rebuild_walk(r, folder, kinds[i].depth, kinds[i].fn) == -1)
			return -1;
	}
	return 0;
}

/* ---- all of it ------------------------------------------------------- */

static bool
is_there(const struct rebuild *r, const char *folder)
{
	return faccessat(r->root, folder, F_OK, 0) == 0;
}

static int
fill(struct rebuild *r, struct db_id *generation, struct rebuild_counts *counts)
{
	struct err *e = &r->failed;

	if (rebuild_begin(r->db, e) == -1 || db_begin(r->db, e) == -1)
		return -1;
	if (take_metadata(r) == -1 || rebuild_spool(r) == -1 ||
	    rebuild_store(r) == -1 ||
	    rebuild_end(r->db, generation, counts, e) == -1 ||
	    db_commit(r->db, e) == -1) {
		db_rollback(r->db);
		return -1;
	}
	/* Numbers that only links know are not given again either. */
	return recover_buckets(r->root, r->db, e);
}

static void
report(const struct rebuild *r, const struct rebuild_counts *c,
    const char *kept, const char *generation)
{
	printf("rebuilt data/pandafuzz.db from files: %jd projects, "
	       "%jd targets, %jd builds, %jd jobs, %jd bots, %jd buckets, "
	       "%jd crashes, %jd units\n",
	    (intmax_t)c->projects, (intmax_t)c->targets, (intmax_t)c->builds,
	    (intmax_t)c->jobs, (intmax_t)c->bots, (intmax_t)c->buckets,
	    (intmax_t)c->crashes, (intmax_t)c->units);
	if (kept[0] != '\0')
		printf("the old one is kept as data/%s\n", kept);
	printf("generation %s: bots push again what they still keep\n",
	    generation);
	if (r->kept > 0)
		printf("%u bundles in rejected/ and held/ have no row any "
		       "more; `pfadm spool retry` takes them all the same\n",
		    r->kept);
	if (r->problem_count == 0)
		return;
	printf("%u could not be read, or not wholly:\n%s", r->problem_count,
	    buf_text(&r->problems));
	if (r->problem_count > PROBLEMS_MOST)
		printf("  and %u more\n", r->problem_count - PROBLEMS_MOST);
}

static int
make(struct rebuild *r)
{
	struct rebuild_counts counts = {0};
	struct db_id generation;
	char kept[96];

	if (!is_there(r, "metadata") && !is_there(r, "corpus") &&
	    !is_there(r, "crashes"))
		return err_set(&r->failed, ERR_REFUSED,
		    "there is neither metadata/ nor corpus/ nor crashes/: "
		    "nothing to rebuild from");
	if ((r->db = db_open_new(r->root, &r->failed)) == NULL)
		return -1;
	if (fill(r, &generation, &counts) == -1) {
		db_close(r->db);
		return -1;
	}
	if (db_put_in_place(
		r->db, r->root, "before-rebuild", kept, &r->failed) == -1)
		return -1;
	report(r, &counts, kept, generation.text);
	return 0;
}

int
rebuild_run(int root, bool verify)
{
	struct rebuild r = {.root = root, .verify = verify};
	int result;

	r.status = status_new();
	result = make(&r);
	if (result == -1)
		fprintf(stderr, "pandafuzz-masterd: cannot rebuild: %s\n",
		    r.failed.text);
	status_free(r.status);
	buf_release(&r.problems);
	return result == -1 ? 1 : r.problem_count > 0 ? 10 : 0;
}

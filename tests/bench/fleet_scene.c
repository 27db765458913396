/*
 * Where a fleet lives: ROOT with accounts, a good build with some targets, a
 * job on each that wants all slots there are, and a masterd in it.
 */
#include <sys/inotify.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/wire/manifest.h"
#include "masterd/db/db.h"
#include "tests/bench/bench.h"
#include "tests/bench/fleet.h"

#define JOBS 20

static struct err e;

static void
put_file(int root, const char *path, const char *bytes, size_t len)
{
	char folder[PATH_MAX], *slash;

	text_copy(folder, sizeof(folder), path);
	slash = strrchr(folder, '/');
	*slash = '\0';
	if (fs_make_dirs(root, folder, 0755, &e) == -1 ||
	    fs_replace(root, path, bytes, len, 0444, false, &e) == -1)
		bench_die_err(&e);
}

/* A program and two side files, in the store. */
static struct digest
put_build(int root)
{
	static const char *const names[] = {
	    "t_fuzzer", "t_fuzzer.dict", "t_fuzzer.options"};
	struct manifest m = {NULL, 0, 0};
	struct buf text = BUF_INIT;
	struct ticket_file f;
	struct digest id;
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(&f, 0, sizeof(f));
		text_copy(f.path, sizeof(f.path), names[i]);
		f.mode = i == 0 ? 0755 : 0644;
		f.size = strlen(names[i]);
		digest_of(&f.sha256, names[i], f.size);
		snprintf(path, sizeof(path), "builds/files/%.2s/%s",
		    digest_hex(&f.sha256).text, digest_hex(&f.sha256).text);
		put_file(root, path, names[i], f.size);
		manifest_add(&m, &f);
	}
	if (manifest_sort(&m, &e) == -1)
		bench_die_err(&e);
	manifest_format(&text, &m);
	digest_of(&id, text.data, text.len);
	snprintf(
	    path, sizeof(path), "builds/%s.manifest", digest_hex(&id).text);
	put_file(root, path, text.data, text.len);
	buf_release(&text);
	manifest_release(&m);
	return id;
}

/* What `build add`, good checks and `job create` would have left. */
static void
put_rows(const char *folder, const struct digest *build)
{
	char path[PATH_MAX + 32], *sql;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/data/pandafuzz.db", folder);
	sql = sqlite3_mprintf(
	    "INSERT INTO project (id, name, added_ms) VALUES (1, 'p', 1);"
	    "INSERT INTO build (id, sha256, project, engine, sanitizer, state, "
	    "files, bytes, added_by, added_ms) VALUES (1, x'%s', 1, "
	    "'libfuzzer', 'address', 'good', 3, 1, 'user:x', 1);"
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %d) INSERT INTO target (id, project, name, generation, "
	    "added_ms) SELECT i, 1, 't' || i, 1, 1 FROM n;"
	    "INSERT INTO build_target (build, target, program, state) "
	    "SELECT 1, id, 't_fuzzer', 'good' FROM target;"
	    "INSERT INTO job (job, target, build, current, engine, sanitizer, "
	    "weight, created_by, created_ms) SELECT printf('%%016x', id), id, "
	    "1, 1, 'libfuzzer', 'address', 60, 'user:x', 1 FROM target;",
	    digest_hex(build).text, JOBS);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		bench_die("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	sqlite3_free(sql);
}

static int
open_dir(int at, const char *path)
{
	int fd = fs_make_dir_open(at, path, 0755, &e);

	if (fd == -1)
		bench_die_err(&e);
	return fd;
}

static void
make_account(int root, struct fleet_account *a, int number)
{
	char path[128];

	snprintf(a->name, sizeof(a->name), "office-%d", number);
	snprintf(path, sizeof(path), "spool/%s/incoming/tmp", a->name);
	a->tmp = open_dir(root, path);
	snprintf(path, sizeof(path), "spool/%s/incoming/new", a->name);
	a->fresh = open_dir(root, path);
	snprintf(path, sizeof(path), "spool/%s/outgoing", a->name);
	a->outgoing = open_dir(root, path);
}

void
fleet_open(struct fleet *f, int count)
{
	static const struct feed nobody = {.bot = "nobody", .epoch = 1};
	struct digest build;
	struct db *db;
	int root, i;

	*f = (struct fleet){.count = count};
	f->path = bench_folder(&root);
	log_set_level(LEVEL_WARN);
	build = put_build(root);
	if ((db = db_open(root, &e)) == NULL)
		bench_die_err(&e);
	db_close(db);
	put_rows(f->path, &build);
	f->account_count = count < FLEET_ACCOUNTS ? count : FLEET_ACCOUNTS;
	for (i = 0; i < f->account_count; i++)
		make_account(root, &f->accounts[i], i);
	close(root);
	master_start(&f->master, f->path, &nobody);
	f->status = status_new();
	f->bots = mem_array((size_t)count, sizeof(*f->bots));
	if ((f->loop = loop_new(&e)) == NULL)
		bench_die_err(&e);
	fleet_watch_all(f);
	for (i = 0; i < count; i++)
		fleet_bot_start(f, i);
}

void
fleet_close(struct fleet *f)
{
	int i;

	master_stop(&f->master);
	for (i = 0; i < f->count; i++)
		close(f->bots[i].outgoing);
	for (i = 0; i < f->account_count; i++) {
		close(f->accounts[i].tmp);
		close(f->accounts[i].fresh);
		close(f->accounts[i].outgoing);
	}
	loop_free(f->loop);
	close(f->inotify);
	status_free(f->status);
	free(f->bots);
	free(f->watches);
	free(f->beats.v);
	free(f->findings.v);
}

/*
 * Builds as facts: after their bytes were synced, their rows; and from what a
 * person types, the target and the build that are meant.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/builds.h"
#include "masterd/db/checks.h"
#include "masterd/db/db_internal.h"

int
builds_file(struct db *db, const struct digest *sha256, uint64_t *bytes,
    uint32_t *traits, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT bytes, traits FROM build_file WHERE sha256 = ?", "d",
	    sha256);
	if (got != 1)
		return got;
	if (bytes != NULL)
		*bytes = (uint64_t)sqlite3_column_int64(row, 0);
	if (traits != NULL)
		*traits = (uint32_t)sqlite3_column_int64(row, 1);
	db_end(row);
	return 1;
}

int
builds_known(struct db *db, const struct digest *id, const char *project,
    int64_t *row, struct err *e)
{
	sqlite3_stmt *found;
	int got;

	got = db_query(db, e, &found,
	    "SELECT b.id, p.name, b.state FROM build b JOIN project p"
	    " ON p.id = b.project WHERE b.sha256 = ?",
	    "d", id);
	if (got != 1)
		return got;
	*row = sqlite3_column_int64(found, 0);
	if (strcmp(db_text(found, 2), "removed") == 0)
		got = 2;
	if (strcmp(db_text(found, 1), project) != 0) {
		err_set(e, ERR_CONFLICT,
		    "build %.12s: is of project '%s' already",
		    digest_hex(id).text, db_text(found, 1));
		got = -1;
	}
	db_end(found);
	return got;
}

/* ---- adding ---------------------------------------------------------- */

static int
add_project(struct db *db, const char *name, int64_t *id, struct err *e)
{
	if (db_run(db, e,
		"INSERT INTO project (name, added_ms) VALUES (?, ?)"
		" ON CONFLICT (name) DO NOTHING",
		"ti", name, (int64_t)clock_wall_ms()) == -1)
		return -1;
	return db_number(db, e, id, "SELECT id FROM project WHERE name = ?",
		   "t", name) == 1
	    ? 0
	    : -1;
}

static int
add_target(struct db *db, int64_t project, int64_t build,
    const struct build_target *t, struct err *e)
{
	int64_t target;

	if (db_run(db, e,
		"INSERT INTO target (project, name, generation, added_ms)"
		" VALUES (?, ?, ?, ?) ON CONFLICT (project, name) DO NOTHING",
		"itii", project, t->name, (int64_t)(clock_wall_ms() / 1000),
		(int64_t)clock_wall_ms()) == -1)
		return -1;
	if (db_number(db, e, &target,
		"SELECT id FROM target WHERE project = ? AND name = ?", "it",
		project, t->name) != 1)
		return -1;
	return db_run(db, e,
	    "INSERT INTO build_target (build, target, program)"
	    " VALUES (?, ?, ?)",
	    "iit", build, target, t->program);
}

static int
add_files(
    struct db *db, int64_t build, const struct build_new *b, struct err *e)
{
	const struct ticket_file *f;
	int i;

	for (i = 0; i < b->manifest->count; i++) {
		f = &b->manifest->files[i];
		if (db_run(db, e,
			"INSERT INTO build_file (sha256, bytes, traits,"
			" added_ms) VALUES (?, ?, ?, ?)"
			" ON CONFLICT (sha256) DO NOTHING",
			"diii", &f->sha256, (int64_t)f->size,
			(int64_t)b->traits[i],
			(int64_t)clock_wall_ms()) == -1 ||
		    db_run(db, e,
			"INSERT INTO build_use (build, sha256) VALUES (?, ?)"
			" ON CONFLICT DO NOTHING",
			"id", build, &f->sha256) == -1)
			return -1;
	}
	return 0;
}

static uint64_t
total_bytes(const struct manifest *m)
{
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < m->count; i++)
		bytes += m->files[i].size;
	return bytes;
}

static int
add_build(struct db *db, const struct build_new *b, int64_t project,
    int64_t *row, struct err *e)
{
	if (db_run(db, e,
		"INSERT INTO build (sha256, project, engine, sanitizer, files,"
		" bytes, added_by, added_ms)"
		" VALUES (?, ?, '', '', 0, 0, '', 0)",
		"di", &b->id, project) == -1)
		return -1;
	*row = db_last_id(db);
	return 0;
}

/* A removed one comes back: what was known of it may have been why it went. */
static int
forget(struct db *db, int64_t row, struct err *e)
{
	if (db_run(db, e, "DELETE FROM build_verdict WHERE build = ?", "i",
		row) == -1 ||
	    db_run(db, e, "DELETE FROM build_host WHERE build = ?", "i", row) ==
		-1 ||
	    db_run(db, e, "DELETE FROM build_target WHERE build = ?", "i",
		row) == -1 ||
	    db_run(db, e, "DELETE FROM build_use WHERE build = ?", "i", row) ==
		-1)
		return -1;
	return db_run(db, e,
	    "UPDATE build SET state = 'new', reason = '', judged_ms = 0,"
	    " removed_ms = 0, collected = 0 WHERE id = ?",
	    "i", row);
}

static int
describe_build(
    struct db *db, const struct build_new *b, int64_t row, struct err *e)
{
	if (db_run(db, e,
		"UPDATE build SET branch = ?, revision = ?, engine = ?,"
		" sanitizer = ?, arch = ?, files = ?, bytes = ?, added_by = ?,"
		" added_ms = ? WHERE id = ?",
		"tttttiitii", b->branch, b->revision, b->engine, b->sanitizer,
		b->arch, (int64_t)b->manifest->count,
		(int64_t)total_bytes(b->manifest), b->by,
		(int64_t)clock_wall_ms(), row) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE build SET ord = CASE WHEN ? THEN ? END WHERE id = ?", "iii",
	    (int64_t)b->ordered, b->order, row);
}

int
builds_add(
    struct db *db, const struct build_new *b, int64_t *row, struct err *e)
{
	char subject[160], detail[64];
	int64_t project;
	int i, known;

	if (add_project(db, b->project.text, &project, e) == -1)
		return -1;
	known = builds_known(db, &b->id, b->project.text, row, e);
	if (known == -1 ||
	    (known == 2 ? forget(db, *row, e)
			: add_build(db, b, project, row, e)) == -1)
		return -1;
	if (describe_build(db, b, *row, e) == -1 ||
	    add_files(db, *row, b, e) == -1)
		return -1;
	for (i = 0; i < b->target_count; i++)
		if (add_target(db, project, *row, &b->targets[i], e) == -1)
			return -1;
	if (checks_start(db, *row, clock_wall_ms(), NULL, e) == -1)
		return -1;
	snprintf(subject, sizeof(subject), "build:%s", digest_hex(&b->id).text);
	snprintf(detail, sizeof(detail), "project=%s targets=%d",
	    b->project.text, b->target_count);
	return db_event(db, b->by, "build.added", subject, detail, "", e);
}

/* ---- what a person means --------------------------------------------- */

struct wanted {
	char project[NAME_MAX_LEN + 1];
	char target[TARGET_MAX_LEN + 1];
	char revision[TARGET_MAX_LEN + 1]; /* "": any */
	char sanitizer[WORD_MAX_LEN + 1];
};

/* Take what follows the last "mark" off "text". */
static bool
cut_off(char *text, char mark, char *into, size_t size)
{
	char *at = strrchr(text, mark);

	if (at == NULL)
		return true;
	*at = '\0';
	return text_copy(into, size, at + 1);
}

static int
split(const char *text, struct wanted *w, struct err *e)
{
	char copy[sizeof(struct wanted)];
	char *slash, *name = copy;
	bool fits;

	memset(w, 0, sizeof(*w));
	fits = text_copy(copy, sizeof(copy), text) &&
	    cut_off(copy, ':', w->sanitizer, sizeof(w->sanitizer));
	if (fits && (slash = strchr(copy, '/')) != NULL) {
		*slash = '\0';
		name = slash + 1;
		fits = text_copy(w->project, sizeof(w->project), copy);
	}
	if (!fits || !target_name_ok(name) ||
	    (w->project[0] != '\0' && !name_ok(w->project) &&
		strcmp(w->project, PROJECT_LOST) != 0))
		return err_set(e, ERR_REFUSED,
		    "'%.80s' is not [project/]target[@revision][:sanitizer]",
		    text);
	text_copy(w->target, sizeof(w->target), name);
	return 0;
}

/* 1 found, 0 not, -1, and 2 when several projects have it. */
static int
find_target(struct db *db, const struct wanted *w, struct target_ref *ref,
    struct err *e)
{
	struct buf names = BUF_INIT;
	sqlite3_stmt *row;
	int got, count = 0;

	got = db_query(db, e, &row,
	    "SELECT t.id, p.name || '/' || t.name FROM target t JOIN project p"
	    " ON p.id = t.project WHERE t.name = ?1"
	    " AND (?2 = '' OR p.name = ?2) AND sees(p.name) ORDER BY p.name "
	    "LIMIT 8",
	    "tt", w->target, w->project);
	for (; got == 1; got = db_next(db, e, row)) {
		ref->target = sqlite3_column_int64(row, 0);
		text_copy(ref->name, sizeof(ref->name), db_text(row, 1));
		buf_printf(&names, "%s%s", count++ > 0 ? ", " : "", ref->name);
	}
	if (got == 0 && count > 1)
		err_set(e, ERR_REFUSED, "target %s: ambiguous: %s", w->target,
		    names.data);
	buf_release(&names);
	return got == -1 ? -1 : count > 1 ? 2 : count;
}

/* The whole name first, then what stands before its last '@'. */
static int
find_either(struct db *db, struct wanted *w, struct target_ref *ref,
    bool revision, struct err *e)
{
	char whole[NAME_MAX_LEN + TARGET_MAX_LEN + 2];
	int got = find_target(db, w, ref, e);

	if (got != 0)
		return got == 2 ? 1 : got == 1 ? 0 : -1;
	snprintf(whole, sizeof(whole), "%s%s%s", w->project,
	    w->project[0] == '\0' ? "" : "/", w->target);
	if (revision && strchr(w->target, '@') != NULL) {
		cut_off(w->target, '@', w->revision, sizeof(w->revision));
		got = find_target(db, w, ref, e);
	}
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "target %s: not found", whole);
	return got == 2 ? 1 : got == 1 ? 0 : -1;
}

static int
find_build(struct db *db, const struct wanted *w, struct target_ref *ref,
    struct err *e)
{
	int got;

	got = db_number(db, e, &ref->build,
	    "SELECT b.id FROM build_target bt JOIN build b ON b.id = bt.build"
	    " WHERE bt.target = ?1 AND b.state IN ('new', 'good')"
	    " AND substr(b.revision, 1, length(?2)) = ?2"
	    " AND (?3 = '' OR b.sanitizer = ?3) ORDER BY b.id DESC LIMIT 1",
	    "itt", ref->target, w->revision, w->sanitizer);
	ref->pinned = w->revision[0] != '\0';
	if (got == 1)
		return 0;
	if (got == -1)
		return -1;
	if (w->revision[0] != '\0' || w->sanitizer[0] != '\0')
		return err_set(e, ERR_NOT_FOUND,
		    "target %s: has no build with %s%s%s%s", ref->name,
		    w->revision[0] != '\0' ? "revision " : "", w->revision,
		    w->sanitizer[0] != '\0' ? " sanitizer " : "", w->sanitizer);
	return err_set(
	    e, ERR_CONFLICT, "target %s: has no build to run", ref->name);
}

int
builds_resolve(
    struct db *db, const char *text, struct target_ref *ref, struct err *e)
{
	struct wanted w;
	int got;

	memset(ref, 0, sizeof(*ref));
	if (split(text, &w, e) == -1)
		return -1;
	if ((got = find_either(db, &w, ref, true, e)) != 0)
		return got;
	return find_build(db, &w, ref, e);
}

int
builds_resolve_target(
    struct db *db, const char *text, struct target_ref *ref, struct err *e)
{
	struct wanted w;

	memset(ref, 0, sizeof(*ref));
	if (split(text, &w, e) == -1)
		return -1;
	return find_either(db, &w, ref, false, e);
}

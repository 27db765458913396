/*
 * From what a person types to the target that a job spends time on, and the
 * line of builds (branch, engine, sanitizer) that it follows.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/builds.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/jobs.h"

/* "T:address": what stands behind the last ':', or "". */
static const char *
sanitizer_of(const char *text)
{
	const char *colon = strrchr(text, ':');

	return colon == NULL ? "" : colon + 1;
}

static void
take_line(struct job_choice *c, sqlite3_stmt *row)
{
	c->build = sqlite3_column_int64(row, 0);
	text_copy(c->branch, sizeof(c->branch), db_text(row, 1));
	text_copy(c->engine, sizeof(c->engine), db_text(row, 2));
	text_copy(c->sanitizer, sizeof(c->sanitizer), db_text(row, 3));
	db_end(row);
}

static void
take_name(struct job_choice *c, const char *name)
{
	text_copy(c->name, sizeof(c->name), name);
	text_copy(c->project, sizeof(c->project), name);
	c->project[strcspn(c->project, "/")] = '\0';
}

static int
no_build(
    const struct job_wish *w, const char *what, const char *name, struct err *e)
{
	struct buf said = BUF_INIT;

	if (*w->branch != '\0')
		buf_printf(&said, " of branch '%.60s'", w->branch);
	if (*w->engine != '\0')
		buf_printf(&said, " for engine '%.40s'", w->engine);
	if (*w->sanitizer != '\0')
		buf_printf(&said, " with sanitizer '%.40s'", w->sanitizer);
	err_set(e, ERR_CONFLICT, "%s %s: has no build to run%s", what, name,
	    buf_text(&said));
	buf_release(&said);
	return -1;
}

/* The newest build of the target that fits; ?6 narrows it to those with the
 * revision of a certain one. */
static int
newest(struct db *db, const struct job_wish *w, struct job_choice *c,
    struct err *e)
{
	const char *sanitizer =
	    *w->sanitizer != '\0' ? w->sanitizer : sanitizer_of(w->target);
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT b.id, b.branch, b.engine, b.sanitizer FROM build_target bt"
	    " JOIN build b ON b.id = bt.build WHERE bt.target = ?1"
	    " AND b.state IN ('new', 'good') AND bt.state <> 'bad'"
	    " AND (?2 = '' OR b.branch = ?2) AND (?3 = '' OR b.engine = ?3)"
	    " AND (?4 = '' OR b.sanitizer = ?4) AND (?5 = 0 OR b.revision ="
	    " (SELECT revision FROM build WHERE id = ?5))"
	    " ORDER BY ?2 = '' AND b.branch <> 'main', b.id DESC LIMIT 1",
	    "itttii", c->target, w->branch, w->engine, sanitizer,
	    c->pinned ? c->build : (int64_t)0);
	if (got == 0)
		return no_build(w, "target", c->name, e);
	if (got == 1)
		take_line(c, row);
	return got == 1 ? 0 : -1;
}

/* A certain build, which must have the target. */
static int
certain(struct db *db, const struct job_wish *w, struct job_choice *c,
    struct err *e)
{
	sqlite3_stmt *row;
	int got;

	c->pinned = true;
	got = db_query(db, e, &row,
	    "SELECT b.id, b.branch, b.engine, b.sanitizer, b.state, bt.state"
	    " FROM build_target bt JOIN build b ON b.id = bt.build"
	    " WHERE b.id = ? AND bt.target = ?",
	    "ii", w->build, c->target);
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND,
		    "target %s: is not in that build", c->name);
	if (got == -1)
		return -1;
	if (strcmp(db_text(row, 4), "bad") == 0 ||
	    strcmp(db_text(row, 4), "removed") == 0 ||
	    strcmp(db_text(row, 5), "bad") == 0) {
		err_set(e, ERR_CONFLICT, "target %s: that build is %s", c->name,
		    strcmp(db_text(row, 4), "removed") == 0 ? "removed"
							    : "bad");
		db_end(row);
		return -1;
	}
	take_line(c, row);
	return 0;
}

int
jobs_choose(struct db *db, const struct job_wish *wish,
    struct job_choice *choice, struct err *e)
{
	struct target_ref ref;
	int got;

	memset(choice, 0, sizeof(*choice));
	got = wish->build != 0
	    ? builds_resolve_target(db, wish->target, &ref, e)
	    : builds_resolve(db, wish->target, &ref, e);
	if (got != 0)
		return got;
	choice->target = ref.target;
	choice->build = ref.build;
	choice->pinned = ref.pinned;
	take_name(choice, ref.name);
	return wish->build != 0 ? certain(db, wish, choice, e)
				: newest(db, wish, choice, e);
}

int
jobs_choose_rows(struct db *db, int64_t target, int64_t build,
    struct job_choice *choice, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	memset(choice, 0, sizeof(*choice));
	choice->target = target;
	got = db_query(db, e, &row,
	    "SELECT b.id, b.branch, b.engine, b.sanitizer, p.name || '/' ||"
	    " t.name FROM build_target bt JOIN build b ON b.id = bt.build"
	    " JOIN target t ON t.id = bt.target JOIN project p"
	    " ON p.id = t.project WHERE b.id = ? AND t.id = ?"
	    " AND b.state IN ('new', 'good') AND bt.state <> 'bad'",
	    "ii", build, target);
	if (got != 1)
		return got;
	take_name(choice, db_text(row, 4));
	take_line(choice, row);
	return 1;
}

/* ---- all targets of a build ------------------------------------------ */

static int
project_build(
    struct db *db, const struct job_wish *w, int64_t *build, struct err *e)
{
	int64_t project;
	int got;

	got = db_number(db, e, &project,
	    "SELECT id FROM project WHERE name = ?", "t", w->target);
	if (got == 0)
		return err_set(
		    e, ERR_NOT_FOUND, "project %.80s: not found", w->target);
	if (got == -1)
		return -1;
	*build = w->build;
	if (w->build != 0)
		got = db_number(db, e, build,
		    "SELECT id FROM build WHERE id = ? AND project = ?"
		    " AND state IN ('new', 'good')",
		    "ii", w->build, project);
	else
		got = db_number(db, e, build,
		    "SELECT b.id FROM build b WHERE b.project = ?1"
		    " AND b.state IN ('new', 'good')"
		    " AND (?2 = '' OR b.branch = ?2)"
		    " AND (?3 = '' OR b.engine = ?3)"
		    " AND (?4 = '' OR b.sanitizer = ?4)"
		    " ORDER BY ?2 = '' AND b.branch <> 'main', b.id DESC"
		    " LIMIT 1",
		    "ittt", project, w->branch, w->engine, w->sanitizer);
	return got == 0 ? no_build(w, "project", w->target, e)
	    : got == 1  ? 0
			: -1;
}

/* The names first: what "fn" does with the database may need its row. */
static int
list_targets(
    struct db *db, int64_t build, char ***names, size_t *count, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT p.name || '/' || t.name FROM build_target bt JOIN target t"
	    " ON t.id = bt.target JOIN project p ON p.id = t.project"
	    " WHERE bt.build = ? AND bt.state <> 'bad' ORDER BY t.name",
	    "i", build);
	for (; got == 1; got = db_next(db, e, row)) {
		*names = mem_resize(*names, *count + 1, sizeof(**names));
		(*names)[(*count)++] = mem_strdup(db_text(row, 0));
	}
	return got;
}

int
jobs_choose_all(struct db *db, const struct job_wish *wish, job_choice_fn *fn,
    void *arg, struct err *e)
{
	struct job_wish one = *wish;
	struct job_choice choice;
	char **names = NULL;
	size_t count = 0, i;
	int got;

	if (project_build(db, wish, &one.build, e) == -1)
		return -1;
	got = list_targets(db, one.build, &names, &count, e);
	if (got == 0 && count == 0)
		got = no_build(wish, "project", wish->target, e);
	for (i = 0; i < count && got == 0; i++) {
		one.target = names[i];
		got = jobs_choose(db, &one, &choice, e);
		/* It was found by way of its project: it goes on with it. */
		choice.pinned = wish->build != 0;
		if (got == 0)
			got = fn(arg, &choice, e);
	}
	for (i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return got;
}

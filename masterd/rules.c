/*
 * From a file to the rules in force: read, parsed, written to the database,
 * and only then used.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/db/judge.h"
#include "masterd/publish/publish.h"
#include "masterd/rules.h"
#include "masterd/settings.h"

#define SETTING "rules" /* the name of those in force, in the database */

/* ---- the file -------------------------------------------------------- */

/* Which file it is; "" for none. */
static void
find_path(const char *root, const char *setting, char *path, size_t size)
{
	text_copy(path, size, setting);
	if (*setting != '\0')
		return;
	snprintf(path, size, "%s/rules/triage.rules", root);
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return;
	text_copy(path, size, RULES_SYSTEM_FILE);
	if (access(path, F_OK) == -1 && errno == ENOENT)
		path[0] = '\0';
}

/* 0 and the text, or -1 with a sentence that does not name the file. */
static int
read_file(const char *path, struct buf *text, struct err *e)
{
	int got;

	buf_reset(text);
	if (*path == '\0')
		return 0;
	got = fs_read_file(AT_FDCWD, path, text, RULES_MAX_BYTES, e);
	if (got == 0 && memchr(buf_text(text), '\0', text->len) != NULL)
		return err_set(e, ERR_REFUSED, "it holds a NUL byte");
	return got;
}

static int
parse_file(
    const char *path, struct buf *text, struct rules **rules, struct err *e)
{
	if (read_file(path, text, e) == -1)
		return -1;
	return rules_parse(rules, buf_text(text), text->len, e);
}

/* Complaints line by line. */
static void
each_line(const char *lines, void (*fn)(const char *path, const char *line),
    const char *path)
{
	char line[320];
	size_t len;

	while (*lines != '\0') {
		len = strcspn(lines, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, lines);
		fn(path, line);
		lines += len + (lines[len] == '\n');
	}
}

static void
print_line(const char *path, const char *line)
{
	fprintf(stderr, "%s: %s\n", path, line);
}

int
rules_file_check(const char *root, const char *setting)
{
	struct buf text = BUF_INIT;
	struct rules *rules;
	char path[512];
	struct err e;
	int got;

	find_path(root, setting, path, sizeof(path));
	got = parse_file(path, &text, &rules, &e);
	if (got == 0)
		rules_free(rules);
	else
		each_line(e.text, print_line, path);
	buf_release(&text);
	return got == 0 ? -1 : 2;
}

/* ---- in force -------------------------------------------------------- */

static void
log_line(const char *path, const char *line)
{
	log_error("rules.refused", LOG_T("file", path), LOG_T("reason", line));
}

static void
use(struct rules_file *f, struct rules *rules, struct buf *text)
{
	struct rules *old = f->now;

	judge_use(f->db, rules, buf_text(text));
	f->now = rules;
	rules_free(old);
	buf_release(&f->text);
	f->text = *text;
	*text = (struct buf)BUF_INIT;
}

/* Remembered, for a start with a file that is wrong by then. */
static int
remember(struct rules_file *f, const char *name, struct err *e)
{
	char detail[600];
	int64_t row;

	snprintf(detail, sizeof(detail), "%s%s%s", name,
	    f->path[0] == '\0' ? "" : " of ", f->path);
	if (db_set_setting(f->db, SETTING, name, e) == -1 ||
	    judge_ruleset(f->db, name, clock_wall_ms(), &row, e) == -1)
		return -1;
	return db_event(
	    f->db, "master", "rules.loaded", "master", detail, "", e);
}

static int
tell_refused(struct rules_file *f, struct err *e)
{
	return db_event(f->db, "master", "rules.refused", "master", f->problem,
	    db_trace(f->db), e);
}

static int
commit(struct rules_file *f, int (*fn)(struct rules_file *f, struct err *e),
    const char *name, struct err *e)
{
	if (db_begin(f->db, e) == -1)
		return -1;
	if ((fn != NULL ? fn(f, e) : remember(f, name, e)) == 0 &&
	    db_commit(f->db, e) == 0)
		return 0;
	db_rollback(f->db);
	return -1;
}

static int
load_good(
    struct rules_file *f, struct rules *rules, struct buf *text, struct err *e)
{
	struct rules_name name = rules_name(rules);
	struct buf last = BUF_INIT;
	int got;

	f->problem[0] = f->complaint[0] = '\0';
	use(f, rules, text);
	got = db_setting(f->db, SETTING, &last, e);
	if (got != -1 && (got == 1 || strcmp(buf_text(&last), name.text) != 0))
		got = commit(f, NULL, name.text, e);
	buf_release(&last);
	if (got == -1)
		return -1;
	log_info(
	    "rules.loaded", LOG_T("rules", name.text), LOG_T("file", f->path));
	return 0;
}

static int
refuse(struct rules_file *f, const struct err *why, struct err *e)
{
	char first[160];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(why->text, "\n"),
	    why->text);
	text_copy(f->complaint, sizeof(f->complaint), first);
	snprintf(f->problem, sizeof(f->problem), "%.120s: %s", f->path, first);
	each_line(why->text, log_line, f->path);
	return commit(f, tell_refused, NULL, e);
}

/* ---- start and reload ------------------------------------------------ */

/* Those that the database was told last. */
static int
use_last(struct rules_file *f, struct err *e)
{
	struct buf name = BUF_INIT, text = BUF_INIT;
	struct rules *rules;
	struct err why;
	int got = db_setting(f->db, SETTING, &name, e);

	if (got == 0)
		got = judge_text(f->db, buf_text(&name), &text, e);
	if (got == 0 &&
	    rules_parse(&rules, buf_text(&text), text.len, &why) == 0)
		use(f, rules, &text);
	buf_release(&name);
	buf_release(&text);
	return got == -1 ? -1 : 0;
}

void
rules_file_tell(const struct rules_file *f)
{
	publish_set_known(f->publish, buf_text(&f->text), f->text.len,
	    f->settings->crashes_saturated);
}

int
rules_file_begin(struct rules_file *f, struct db *db, struct publish *publish,
    const struct settings *settings, struct err *e)
{
	struct buf text = BUF_INIT;
	struct rules *rules;
	struct err why;
	int got;

	memset(f, 0, sizeof(*f));
	f->db = db;
	f->publish = publish;
	f->settings = settings;
	find_path(settings->root, settings->rules, f->path, sizeof(f->path));
	if (parse_file(f->path, &text, &rules, &why) == 0)
		got = load_good(f, rules, &text, e);
	else if ((got = refuse(f, &why, e)) == 0)
		got = use_last(f, e);
	buf_release(&text);
	rules_file_tell(f);
	return got;
}

int
rules_file_reload(
    struct rules_file *f, bool *good, bool *changed, struct err *e)
{
	struct buf text = BUF_INIT;
	struct rules *rules;
	struct err why;
	int got;

	find_path(
	    f->settings->root, f->settings->rules, f->path, sizeof(f->path));
	*good = parse_file(f->path, &text, &rules, &why) == 0;
	*changed = *good &&
	    (text.len != f->text.len ||
		strcmp(buf_text(&text), buf_text(&f->text)) != 0);
	got = *good ? load_good(f, rules, &text, e) : refuse(f, &why, e);
	if (*changed)
		rules_file_tell(f);
	buf_release(&text);
	return got;
}

void
rules_file_release(struct rules_file *f)
{
	if (f->db != NULL && f->now != NULL)
		judge_use(f->db, NULL, NULL);
	rules_free(f->now);
	buf_release(&f->text);
	memset(f, 0, sizeof(*f));
}

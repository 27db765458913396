#ifndef MASTERD_DB_VIEWS_INTERNAL_H
#define MASTERD_DB_VIEWS_INTERNAL_H

#include "masterd/db/views.h"

/* What the texts of views_sql.c and views_alarm.c have in common. */

/* clang-format off */
#define TIME(column)							\
	"CASE WHEN " column " > 0 THEN strftime('%Y-%m-%dT%H:%M:%SZ', "	\
	column " / 1000, 'unixepoch') END"
#define HEX(column)	"lower(hex(" column "))"
#define BOOL(value)	"json(CASE WHEN " value " THEN 'true' ELSE 'false' END)"
/* "a b" -> ["a","b"]; quoted first, so that nothing in it can break out. */
#define WORDS(column)							\
	"json(CASE trim(" column ") WHEN '' THEN '[]' ELSE '[' || "	\
	"replace(json_quote(trim(" column ")), ' ', '\",\"') || ']' END)"
/* A scalar subquery loses the mark that says: this already is JSON. */
#define LIST(query)	"json((SELECT " query "))"
#define TARGET_NAME	"(p.name || '/' || t.name)"
#define BUCKET_NAME	"(p.name || '-' || k.number)"
#define CRASH_NAME	HEX("c.sha256") " || '-' || " HEX("substr(c.signature, 1, 4)")
#define BOT_NAME							\
	"(CASE b.owner WHEN 1 THEN b.name ELSE a.name || '/' || b.name END)"
/* As the partial index of the ledger says it, which SQLite then uses. */
#define KEPT		"outcome IN ('refused', 'held')"
/* Jobs that are not over: their number is bounded, that of all jobs is not. */
#define LIVE		"status IN ('pending', 'running', 'paused')"
/* The newest build of each line of a project, of those that fit; the order
 * that people gave comes before that of arrival. */
#define NEWEST(project, fits)						\
	"SELECT b.id AS id, max(printf('%d%020d%020d', b.ord IS NOT NULL," \
	" coalesce(b.ord, 0), b.id)) FROM build b"			\
	" WHERE b.project = " project " AND " fits			\
	" GROUP BY b.branch, b.engine, b.sanitizer"
/* Those of epochs that were forgotten, too: a count never falls. */
#define FATES								\
	"(SELECT kind, outcome, count FROM epoch_count UNION ALL"	\
	" SELECT kind, outcome, count FROM forgotten_count)"
#define SIDE(column)							\
	"CASE WHEN " column " = '' THEN NULL WHEN json_valid(" column ")" \
	" THEN json(" column ") ELSE " column " END"
#define LABEL(name, column)	"'" name "=\"' || " column " || '\"'"
/* Projects that whoever asks may not see (viewer.h): their targets, jobs. */
#define HIDDEN_TARGETS							\
	"(SELECT ht.id FROM target ht JOIN project hp"			\
	" ON hp.id = ht.project WHERE NOT sees(hp.name))"
#define HIDDEN_PROJECTS	"(SELECT id FROM project WHERE NOT sees(name))"
/* A sum over the leases of now. */
#define OPEN_LEASES(column)						\
	"(SELECT coalesce(sum(hl." column "), 0) FROM lease hl"		\
	" CROSS JOIN task hk ON hk.id = hl.task"			\
	" WHERE hl.state IN ('offered', 'running')"			\
	" AND hk.target NOT IN " HIDDEN_TARGETS ")"
/* Of "job:...", "build:...", "target:p/t", "bucket:p-7", "project:p", and the
 * bare "p-7" and "p/t" of bucket.new and job.not_started. */
#define SEES_SUBJECT(column)						\
	"(sees_all() OR CASE substr(" column ", 1, instr(" column ", ':'))" \
	" WHEN 'job:' THEN NOT EXISTS (SELECT 1 FROM job hj"		\
	"  WHERE hj.job = substr(" column ", 5)"				\
	"  AND hj.target IN " HIDDEN_TARGETS ")"			\
	" WHEN 'build:' THEN NOT EXISTS (SELECT 1 FROM build hb"	\
	"  WHERE hb.project IN " HIDDEN_PROJECTS			\
	"  AND lower(hex(hb.sha256)) = substr(" column ", 7))"		\
	" WHEN 'task:' THEN NOT EXISTS (SELECT 1 FROM task hk"		\
	"  WHERE hk.task = substr(" column ", 6)"			\
	"  AND hk.target IN " HIDDEN_TARGETS ")"			\
	" WHEN 'target:' THEN sees(substr(" column ", 8,"		\
	"  instr(" column ", '/') - 8))"				\
	" WHEN 'project:' THEN sees(substr(" column ", 9))"		\
	" WHEN 'bucket:' THEN NOT EXISTS (SELECT 1 FROM project hp"	\
	"  WHERE NOT sees(hp.name) AND substr(" column ", 8,"		\
	"  length(hp.name) + 1) = hp.name || '-')"			\
	" WHEN '' THEN NOT EXISTS (SELECT 1 FROM project hp"		\
	"  WHERE NOT sees(hp.name) AND substr(" column ", 1,"		\
	"  length(hp.name) + 1) IN (hp.name || '-', hp.name || '/'))"	\
	" ELSE 1 END)"
/* clang-format on */

extern const char db_view_alarm[];
extern const char db_view_bot[], db_view_bots[];
extern const char db_view_bucket[], db_view_hidden[], db_view_crash[];
extern const char db_view_submission[], db_view_decision[];

/* The statement of a view's list by "sort", which it knows (views_sort.c). */
const char *view_sorted(enum view v, const char *up, const char *sort);
extern const char db_view_account[], db_table_account_usage[];

#endif

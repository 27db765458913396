/*
 * From rows to their copies.  What stands here stands in rebuild.c the other
 * way round; columns that only count (execs, edges, times last seen) are left
 * out, for they would have to be written all the time.
 */
#include <string.h>

#include "masterd/db/db_internal.h"
#include "masterd/db/metadata.h"

/* clang-format off */
#define HEX(column)	"lower(hex(" column "))"
#define LIST(query)							\
	"json((SELECT json_group_array(json(o)) FROM (" query ")))"

static const struct {
	const char *kind, *folder;
	const char *sql;	/* ?1 the row's id: path, JSON */
} kinds[METADATA_KINDS] = {
[METADATA_PROJECT] = { "project", "projects",
"SELECT 'projects/' || name || '.json', json_object('project', name,"
" 'next_bucket', next_bucket, 'added_ms', added_ms)"
" FROM project WHERE id = ?1" },

[METADATA_TARGET] = { "target", "targets",
"SELECT 'targets/' || p.name || '/' || t.name || '.json', json_object("
" 'project', p.name, 'target', t.name, 'generation', t.generation,"
" 'of', (SELECT o.name FROM target o WHERE o.id = t.of),"
" 'added_ms', t.added_ms)"
" FROM target t JOIN project p ON p.id = t.project WHERE t.id = ?1" },

/* traits: of files of which there is more to say than that they were seen. */
[METADATA_BUILD] = { "build", "builds",
"SELECT 'builds/' || " HEX("b.sha256") " || '.json', json_object("
" 'build', " HEX("b.sha256") ", 'project', p.name, 'branch', b.branch,"
" 'revision', b.revision, 'ord', b.ord, 'engine', b.engine,"
" 'sanitizer', b.sanitizer, 'arch', b.arch, 'state', b.state,"
" 'reason', b.reason, 'files', b.files, 'bytes', b.bytes,"
" 'added_by', b.added_by, 'added_ms', b.added_ms,"
" 'judged_ms', b.judged_ms, 'removed_ms', b.removed_ms,"
" 'collected', b.collected,"
" 'targets', " LIST("SELECT json_object('target', t.name,"
"   'program', x.program, 'state', x.state, 'reason', x.reason,"
"   'warnings', x.warnings, 'edges', x.edges, 'features', x.features,"
"   'calls', x.calls, 'dict', x.dict, 'seeds', x.seeds) AS o"
"   FROM build_target x JOIN target t ON t.id = x.target"
"   WHERE x.build = b.id ORDER BY t.name") ","
" 'hosts', " LIST("SELECT json_object('host_class', h.host_class,"
"   'reason', h.reason, 'at_ms', h.at_ms) AS o FROM build_host h"
"   WHERE h.build = b.id ORDER BY h.host_class") ","
" 'traits', " LIST("SELECT json_object('sha256', " HEX("f.sha256") ","
"   'traits', f.traits) AS o FROM build_use u JOIN build_file f"
"   ON f.sha256 = u.sha256 WHERE u.build = b.id AND f.traits > 1") ")"
" FROM build b JOIN project p ON p.id = b.project WHERE b.id = ?1" },

[METADATA_JOB] = { "job", "jobs",
"SELECT 'jobs/' || j.job || '.json', json_object("
" 'job', j.job, 'project', p.name, 'target', t.name,"
" 'corpus', (SELECT c.name FROM target c WHERE c.id = j.corpus),"
" 'build', (SELECT " HEX("b.sha256") " FROM build b WHERE b.id = j.build),"
" 'current', (SELECT " HEX("b.sha256") " FROM build b"
"   WHERE b.id = j.current),"
" 'branch', j.branch, 'engine', j.engine, 'sanitizer', j.sanitizer,"
" 'template', j.template, 'status', j.status, 'reason', j.reason,"
" 'paused_by', j.paused_by, 'slots', j.slots, 'floor', j.floor,"
" 'tags', j.tags, 'weight', j.weight, 'boost', j.boost,"
" 'boost_until_ms', j.boost_until_ms, 'slice_ms', j.slice_ms,"
" 'for_ms', j.for_ms, 'used_ms', j.used_ms,"
" 'cpu_limit_ms', j.cpu_limit_ms, 'cpu_ms', j.cpu_ms,"
" 'spent_ms', j.spent_ms, 'execs', j.execs, 'succeeded', j.succeeded,"
" 'created_by', j.created_by,"
" 'created_ms', j.created_ms, 'started_ms', j.started_ms,"
" 'ended_ms', j.ended_ms, 'trace', j.trace,"
" 'settings', " LIST("SELECT json_object('key', s.key, 'value', s.value)"
"   AS o FROM job_setting s WHERE s.job = j.id ORDER BY s.key") ","
" 'values', " LIST("SELECT json_object('key', v.key, 'value', v.value,"
"   'source', v.source) AS o FROM job_value v WHERE v.job = j.id"
"   ORDER BY v.key") ")"
" FROM job j JOIN target t ON t.id = j.target"
" JOIN project p ON p.id = t.project WHERE j.id = ?1" },

[METADATA_BOT] = { "bot", "bots",
"SELECT 'bots/' || a.name || '/' || b.name || '.json', json_object("
" 'account', a.name, 'bot', b.name, 'owner', b.owner,"
" 'pool', b.pool, 'forgotten', b.state = 'forgotten',"
" 'drained', b.drained, 'drain_reason', b.drain_reason,"
" 'drained_by', b.drained_by, 'drained_ms', b.drained_ms,"
" 'added_ms', b.added_ms)"
" FROM bot b JOIN account a ON a.id = b.account WHERE b.id = ?1" },

/* Rows keep their numbers: decisions tell of them (buckets_internal.h). */
[METADATA_BUCKET] = { "bucket", "buckets",
"SELECT 'buckets/' || p.name || '/' || k.number || '.json', json_object("
" 'project', p.name, 'number', k.number, 'row', k.id, 'status', k.status,"
" 'reason', k.reason, 'muted_until_ms', k.muted_until_ms,"
" 'class', k.class, 'type', k.type, 'state', k.state,"
" 'security', k.security, 'severity', k.severity, 'owner', k.owner,"
" 'issue', k.issue, 'alias', (SELECT a.number FROM bucket a"
"   WHERE a.id = k.alias), 'alias_row', k.alias,"
" 'first_ms', k.first_ms, 'last_ms', k.last_ms,"
" 'signatures', " LIST("SELECT json_object('row', s.id, 'signature',"
"   " HEX("s.signature") ", 'security', s.security, 'home', s.home,"
"   'class', s.class, 'type', s.type, 'family', s.family,"
"   'state', s.state, 'stack', s.stack, 'placeless', s.placeless,"
"   'severity', s.severity,"
"   'apart', s.apart, 'rule', s.rule, 'counted', s.counted,"
"   'hits', s.hits, 'first_ms', s.first_ms, 'last_ms', s.last_ms,"
"   'bands', json((SELECT json_group_array(band) FROM (SELECT b.band AS band"
"     FROM signature_band b WHERE b.signature = s.id ORDER BY b.band))))"
"   AS o FROM signature s WHERE s.bucket = k.id ORDER BY s.id") ","
" 'links', " LIST("SELECT json_object('a', l.a, 'b', l.b, 'rule', l.rule,"
"   'distance', l.distance) AS o FROM signature_link l"
"   WHERE l.a IN (SELECT id FROM signature WHERE bucket = k.id)"
"   OR l.b IN (SELECT id FROM signature WHERE bucket = k.id)"
"   ORDER BY l.a, l.b") ","
" 'joins', " LIST("SELECT json_object('a', j.a, 'b', j.b,"
"   'decision', j.decision) AS o FROM signature_join j"
"   WHERE j.a IN (SELECT id FROM signature WHERE bucket = k.id)"
"   OR j.b IN (SELECT id FROM signature WHERE bucket = k.id)"
"   ORDER BY j.a, j.b") ","
" 'labels', json((SELECT json_group_array(label) FROM (SELECT label"
"   FROM bucket_label WHERE bucket = k.id ORDER BY label))),"
" 'notes', " LIST("SELECT json_object('row', n.id, 'at_ms', n.at_ms,"
"   'who', n.who, 'text', n.text) AS o FROM bucket_note n"
"   WHERE n.bucket = k.id ORDER BY n.id") ","
" 'decisions', " LIST("SELECT json_object('row', d.id, 'at_ms', d.at_ms,"
"   'who', d.who, 'trace', d.trace, 'verb', d.verb, 'other', d.other,"
"   'detail', d.detail, 'reason', d.reason, 'undone', d.undone) AS o"
"   FROM decision d WHERE d.bucket = k.id ORDER BY d.id") ")"
" FROM bucket k JOIN project p ON p.id = k.project WHERE k.id = ?1" },

[METADATA_CRASH] = { "crash", "crashes",
"SELECT 'crashes/' || p.name || '/' || t.name || '/' || " HEX("c.sha256")
" || '-' || " HEX("substr(c.signature, 1, 4)") " || '.json', json_object("
" 'project', p.name, 'target', t.name, 'sha256', " HEX("c.sha256") ","
" 'signature', " HEX("c.signature") ", 'bucket', k.number,"
" 'rules', c.rules, 'type', c.type, 'access', c.access,"
" 'access_size', c.access_size, 'address', c.address, 'state', c.state,"
" 'tool', c.tool, 'security', c.security, 'engine', c.engine,"
" 'sanitizer', c.sanitizer, 'bytes', c.bytes, 'has_input', c.has_input,"
" 'tries', c.tries, 'reproduced', c.reproduced, 'first_ms', c.first_ms,"
" 'last_ms', c.last_ms, 'class', c.class, 'severity', c.severity,"
" 'severity_rule', c.severity_rule, 'security_rule', c.security_rule,"
" 'casr', c.casr, 'sig', (SELECT " HEX("s.signature") " || '-' || s.security"
"   FROM signature s WHERE s.id = c.sig),"
" 'stack', (SELECT x.text FROM stack x WHERE x.id = c.stack),"
" 'stack_digest', (SELECT " HEX("x.digest") " FROM stack x"
"   WHERE x.id = c.stack),"
" 'ruleset', (SELECT r.name FROM ruleset r WHERE r.id = c.ruleset),"
" 'min_sha256', nullif(" HEX("c.min_sha256") ", ''),"
" 'min_bytes', c.min_bytes, 'series', c.series, 'parents', c.parents,"
" 'reproductions', " LIST("SELECT json_object('account', a.name,"
"   'bot', b.name, 'build', " HEX("r.build") ", 'tries', r.tries,"
"   'reproduced', r.reproduced, 'below', r.below, 'above', r.above,"
"   'at_ms', r.at_ms) AS o FROM reproduction r JOIN bot b ON b.id = r.bot"
"   JOIN account a ON a.id = b.account WHERE r.crash = c.id"
"   ORDER BY a.name, b.name, r.build") ")"
" FROM crash c JOIN bucket k ON k.id = c.bucket"
" JOIN target t ON t.id = c.target JOIN project p ON p.id = t.project"
" WHERE c.id = ?1" },
};
/* clang-format on */

const char *
metadata_folder(enum metadata_kind kind)
{
	return kinds[kind].folder;
}

/* A row that is no more has no copy, and none is missed. */
static int
give(struct db *db, int64_t mark, const char *kind, int64_t id,
    metadata_row_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int i, got;

	for (i = 0; strcmp(kinds[i].kind, kind) != 0; i++)
		;
	got = db_query(db, e, &row, kinds[i].sql, "i", id);
	if (got == -1)
		return -1;
	if (got == 0)
		return fn(arg, mark, NULL, NULL, e);
	got = fn(arg, mark, db_text(row, 0), db_text(row, 1), e);
	db_end(row);
	return got;
}

int
metadata_each(struct db *db, int64_t after, int most, metadata_row_fn *fn,
    void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got, count = 0;

	got = db_query(db, e, &row,
	    "SELECT id, kind, row FROM dirty WHERE id > ? ORDER BY id LIMIT ?",
	    "ii", after, (int64_t)most);
	for (; got == 1; got = db_next(db, e, row), count++)
		if (give(db, sqlite3_column_int64(row, 0), db_text(row, 1),
			sqlite3_column_int64(row, 2), fn, arg, e) == -1) {
			db_end(row);
			return -1;
		}
	return got == -1 ? -1 : count;
}

int
metadata_written(struct db *db, const int64_t *marks, int count, struct err *e)
{
	int i;

	for (i = 0; i < count; i++)
		if (db_run(db, e, "DELETE FROM dirty WHERE id = ?", "i",
			marks[i]) == -1)
			return -1;
	return 0;
}

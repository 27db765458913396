/*
 * The read interface: one view a noun.  "id" is the cursor of lists, "key"
 * what people call a row, "json" the row of a list, "detail" what a single
 * item has besides; the other columns are for filters.  Views are code, not
 * state: they are temporary, made by each connection for itself.  (In the
 * file they would be of no use: with TRUSTED_SCHEMA off SQLite 3.40 calls a
 * stored view that uses json_object() unsafe.)
 *
 * CROSS JOIN keeps SQLite from choosing another order of loops than that of
 * "id", so that a page costs a page.
 */
#include "masterd/db/db_internal.h"
#include "masterd/db/leases_internal.h"
#include "masterd/db/views_internal.h"

/* clang-format off */
const char *const db_views[] = {
"CREATE TEMP VIEW v_build AS SELECT b.id AS id, " HEX("b.sha256") " AS key,"
" p.name AS project, b.state AS state, b.branch AS branch, b.bytes AS bytes,"
" json_object("
"  'id', " HEX("b.sha256") ", 'project', p.name, 'branch', b.branch,"
"  'revision', b.revision, 'order', b.ord, 'engine', b.engine,"
"  'sanitizer', b.sanitizer, 'arch', b.arch,"
"  'state', b.state, 'reason', b.reason, 'files', b.files,"
"  'bytes', b.bytes,"
"  'targets', " LIST("json_group_array(name) FROM (SELECT t.name AS name"
"    FROM build_target bt JOIN target t ON t.id = bt.target"
"    WHERE bt.build = b.id ORDER BY t.name)") ","
"  'targets_good', (SELECT count(*) FROM build_target bt"
"    WHERE bt.build = b.id AND bt.state = 'good'),"
"  'targets_bad', (SELECT count(*) FROM build_target bt"
"    WHERE bt.build = b.id AND bt.state = 'bad'),"
"  'added_by', b.added_by, 'added', " TIME("b.added_ms") ","
"  'judged', " TIME("b.judged_ms") ", 'removed', " TIME("b.removed_ms")
") AS json,"
" json_object('manifest', 'builds/' || " HEX("b.sha256") " || '.manifest',"
"  'jobs', (SELECT count(*) FROM job j WHERE j.current = b.id),"
"  'target_list', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'name', t.name, 'program', bt.program, 'state', bt.state,"
"    'reason', bt.reason, 'warnings', bt.warnings, 'edges', bt.edges,"
"    'features', bt.features, 'calls', bt.calls, 'dict', bt.dict,"
"    'seeds', bt.seeds, 'checked_on', (SELECT bo.name FROM task k"
"      JOIN lease l ON l.task = k.id JOIN bot bo ON bo.id = l.bot"
"      WHERE k.build = b.id AND k.target = bt.target AND k.kind = 'check'"
"      AND l.state IN ('offered', 'running') LIMIT 1)) AS o"
"    FROM build_target bt JOIN target t ON t.id = bt.target"
"    WHERE bt.build = b.id ORDER BY t.name)") ","
"  'hosts', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'host_class', h.host_class, 'reason', h.reason,"
"    'at', " TIME("h.at_ms") ") AS o FROM build_host h"
"    WHERE h.build = b.id ORDER BY h.host_class)") ") AS detail"
" FROM build b CROSS JOIN project p ON p.id = b.project WHERE sees(p.name)",

"CREATE TEMP VIEW v_target AS SELECT t.id AS id, " TARGET_NAME " AS key,"
" p.name AS project, t.of IS NOT NULL AS own, t.units AS units,"
" t.edges AS edges,"
" json_object("
"  'target', " TARGET_NAME ", 'project', p.name, 'name', t.name,"
"  'generation', t.generation, 'units', t.units,"
"  'unit_bytes', t.unit_bytes, 'edges', t.edges, 'features', t.features,"
"  'functions', t.functions,"
"  'crashes', (SELECT coalesce(sum(x.crashes), 0) FROM bucket_target x"
"    WHERE x.target = t.id),"
"  'buckets', (SELECT count(*) FROM bucket_target x WHERE x.target = t.id),"
"  'builds', (SELECT count(*) FROM build_target bt WHERE bt.target = t.id),"
"  'build', (SELECT " HEX("b.sha256") " FROM build_target bt"
"    JOIN build b ON b.id = bt.build WHERE bt.target = t.id"
"    ORDER BY b.id DESC LIMIT 1),"
"  'jobs', (SELECT count(*) FROM job j WHERE j.target = t.id"
"    AND j.status IN ('pending', 'running', 'paused')),"
"  'of', (SELECT p.name || '/' || o.name FROM target o WHERE o.id = t.of),"
/* In no line's newest good build, though it was in some build. */
"  'vanished', " BOOL("EXISTS (SELECT 1 FROM build_target bt"
"    WHERE bt.target = t.id) AND EXISTS (SELECT 1 FROM build b"
"    WHERE b.project = t.project AND b.state = 'good') AND NOT EXISTS"
"    (SELECT 1 FROM (" NEWEST("t.project", "b.state = 'good'") ") n"
"    JOIN build_target bt ON bt.build = n.id AND bt.target = t.id)") ","
"  'last_found', " TIME("max(coalesce((SELECT u.added_ms FROM unit u"
"    WHERE u.id = (SELECT max(m.id) FROM unit m WHERE m.target = t.id)), 0),"
"    coalesce((SELECT max(x.newest_ms) FROM bucket_target x"
"    WHERE x.target = t.id),"
"    0))") ","
"  'added', " TIME("t.added_ms") ") AS json,"
" json_object('corpus', 'corpus/' || " TARGET_NAME ","
"  'lines', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'branch', b.branch, 'engine', b.engine, 'sanitizer', b.sanitizer,"
"    'build', " HEX("b.sha256") ", 'revision', b.revision, 'order', b.ord,"
"    'build_state', b.state, 'state', bt.state, 'reason', bt.reason,"
"    'edges', bt.edges, 'dict', bt.dict, 'seeds', bt.seeds,"
"    'added', " TIME("b.added_ms") ") AS o"
"    FROM (" NEWEST("t.project", "b.state <> 'removed' AND EXISTS (SELECT 1"
"      FROM build_target x WHERE x.build = b.id AND x.target = t.id)") ") n"
"    JOIN build b ON b.id = n.id JOIN build_target bt ON bt.build = b.id"
"    AND bt.target = t.id ORDER BY b.branch, b.engine, b.sanitizer)") ","
"  'job_list', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'id', j.job, 'status', j.status, 'reason', j.reason,"
"    'engine', j.engine, 'sanitizer', j.sanitizer, 'branch', j.branch,"
"    'created', " TIME("j.created_ms") ") AS o FROM job j"
"    WHERE j.target = t.id ORDER BY j.id DESC LIMIT 50)") ","
"  'crash_folder', 'crashes/' || " TARGET_NAME ") AS detail"
" FROM target t CROSS JOIN project p ON p.id = t.project WHERE sees(p.name)",

"CREATE TEMP VIEW v_job AS SELECT j.id AS id, j.job AS key,"
" " TARGET_NAME " AS target, j.status AS status, p.name AS project,"
" ' ' || j.tags || ' ' AS tags, j.weight AS weight, j.execs AS execs,"
" j.spent_ms AS spent, j.ended_ms AS ended,"
" json_object("
"  'id', j.job, 'target', " TARGET_NAME ", 'project', p.name,"
"  'build', " HEX("b.sha256") ", 'engine', j.engine,"
"  'sanitizer', j.sanitizer, 'status', j.status, 'reason', j.reason,"
"  'slots', j.slots, 'for_ms', j.for_ms, 'used_ms', j.used_ms,"
"  'weight', j.weight, 'spent_ms', j.spent_ms,"
"  'template', j.template, 'branch', j.branch,"
"  'pinned', " BOOL("j.build IS NOT NULL") ", 'paused_by', j.paused_by,"
"  'floor', j.floor, 'tags', " WORDS("j.tags") ","
"  'multiplier', j.multiplier, 'boost', j.boost,"
"  'boost_until', " TIME("j.boost_until_ms") ", 'slice_ms', j.slice_ms,"
"  'cpu_limit_ms', j.cpu_limit_ms, 'cpu_ms', j.cpu_ms,"
"  'corpus', p.name || '/' || coalesce((SELECT c.name FROM target c"
"    WHERE c.id = j.corpus), t.name),"
"  'execs', j.execs + coalesce((SELECT sum(l.execs) FROM task k"
"    JOIN lease l ON l.task = k.id WHERE k.job = j.id"
"    AND l.state IN ('offered', 'running')), 0),"
"  'execs_per_second', coalesce((SELECT sum(l.execs_per_second) FROM task k"
"    JOIN lease l ON l.task = k.id WHERE k.job = j.id"
"    AND l.state = 'running'), 0),"
"  'running', (SELECT count(*) FROM task k JOIN lease l ON l.task = k.id"
"    WHERE k.job = j.id AND l.state = 'running'),"
"  'edges', t.edges, 'features', t.features,"
"  'units', (SELECT c.units FROM target c"
"    WHERE c.id = coalesce(j.corpus, t.id)),"
"  'crashes', (SELECT count(DISTINCT o.crash) FROM observation o"
"    WHERE o.job = j.job AND o.job <> ''),"
"  'buckets', (SELECT count(DISTINCT c.bucket) FROM observation o"
"    JOIN crash c ON c.id = o.crash WHERE o.job = j.job AND o.job <> ''),"
"  'created_by', j.created_by, 'created', " TIME("j.created_ms") ","
"  'started', " TIME("j.started_ms") ", 'ended', " TIME("j.ended_ms") ","
"  'trace', j.trace) AS json,"
" json_object("
"  'tasks', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'id', k.task, 'kind', k.kind, 'state', k.state,"
"    'attempts', k.attempts, 'failures', k.failures, 'reason', k.reason)"
"    AS o FROM task k WHERE k.job = j.id ORDER BY k.id DESC LIMIT 100)") ","
"  'leases', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'id', l.lease, 'task', k.task, 'bot', bo.name, 'state', l.state,"
"    'reason', l.reason, 'seconds', l.seconds, 'cpu_ms', l.cpu_ms,"
"    'execs', l.execs, 'execs_per_second', l.execs_per_second,"
"    'edges', l.edges, 'features', l.features, 'rss_mb', l.rss_mb,"
"    'dict', l.dict, 'seeds', l.seeds, 'restarts', l.restarts,"
"    'offered', " TIME("l.offered_ms") ", 'started', " TIME("l.started_ms") ","
"    'ended', " TIME("l.ended_ms") ") AS o"
"    FROM task k JOIN lease l ON l.task = k.id JOIN bot bo ON bo.id = l.bot"
"    WHERE k.job = j.id ORDER BY l.id DESC LIMIT 50)") ","
"  'settings', " LIST("json_group_object(key, value) FROM (SELECT s.key"
"    AS key, s.value AS value FROM job_setting s WHERE s.job = j.id"
"    ORDER BY s.key)") ","
"  'folder', 'jobs/' || j.job) AS detail"
" FROM job j CROSS JOIN target t ON t.id = j.target"
" CROSS JOIN project p ON p.id = t.project"
" LEFT JOIN build b ON b.id = coalesce(j.current, j.build)"
" WHERE sees(p.name)",

db_view_bot,
db_view_bots,

db_view_bucket,
db_view_hidden,
db_view_crash,
db_view_submission,
db_view_decision,

"CREATE TEMP VIEW v_unit AS SELECT u.id AS id, " HEX("u.sha256") " AS key,"
" u.target AS target_id, u.bytes AS bytes,"
" json_object('serial', u.id, 'sha256', " HEX("u.sha256") ","
"  'bytes', u.bytes, 'features', u.features, 'bot', b.name,"
"  'added', " TIME("u.added_ms") ") AS json,"
" json_object() AS detail"
" FROM unit u CROSS JOIN bot b ON b.id = u.bot"
" WHERE sees_all() OR u.target NOT IN " HIDDEN_TARGETS,

"CREATE TEMP VIEW v_event AS SELECT e.id AS id, e.id AS key, e.what AS what,"
" e.who AS who, e.subject AS subject,"
" json_object('id', e.id, 'at', " TIME("e.at_ms") ", 'who', e.who,"
"  'what', e.what, 'subject', e.subject, 'detail', e.detail,"
"  'trace', e.trace) AS json,"
" json_object() AS detail"
" FROM event e WHERE " SEES_SUBJECT("e.subject")
/* What a hook failed for, and what it said, may be of any project. */
" AND (sees_all() OR e.what <> 'hook.failed')",

"CREATE TEMP VIEW v_epoch AS SELECT e.id AS id, e.epoch AS key,"
" " BOT_NAME " AS bot,"
" json_object("
"  'bot', b.name, 'account', a.name, 'epoch', e.epoch, 'state', e.state,"
"  'highest', e.highest, 'oldest', e.oldest,"
"  'max_seen', e.max_seen,"
"  'recorded', " LIST("json_group_array(json_array(first, last)) FROM"
"    (SELECT r.first AS first, r.last AS last FROM epoch_range r"
"    WHERE r.epoch = e.id AND r.fate = 'recorded' ORDER BY r.first"
"    LIMIT 1000)") ","
"  'dropped', " LIST("json_group_array(json_array(first, last)) FROM"
"    (SELECT r.first AS first, r.last AS last FROM epoch_range r"
"    WHERE r.epoch = e.id AND r.fate = 'dropped' ORDER BY r.first"
"    LIMIT 1000)") ","
"  'counts', " LIST("json_group_array(json_object('kind', n.kind,"
"    'outcome', n.outcome, 'count', n.count)) FROM epoch_count n"
"    WHERE n.epoch = e.id") ","
"  'written_off', e.written_off,"
"  'first', " TIME("e.first_ms") ", 'last', " TIME("e.last_ms") ") AS json,"
" json_object() AS detail"
" FROM epoch e CROSS JOIN bot b ON b.id = e.bot"
" CROSS JOIN account a ON a.id = b.account",

"CREATE TEMP VIEW v_ledger AS SELECT l.id AS id,"
" e.epoch || '-' || l.seq AS key, " BOT_NAME " AS bot, e.epoch AS epoch,"
" l.outcome AS outcome, l.file AS file, a.name AS account,"
" json_object("
"  'bot', b.name, 'account', a.name, 'epoch', e.epoch, 'seq', l.seq,"
"  'copy', l.copy, 'digest', " HEX("l.digest") ", 'kind', l.kind,"
"  'outcome', l.outcome, 'reason', l.reason,"
"  'noted', " BOOL("l.noted <> 0") ", 'bytes', l.bytes,"
"  'records', l.records, 'duplicates', l.duplicates,"
"  'sealed', " TIME("l.sealed_ms") ", 'taken', " TIME("l.taken_ms") ","
"  'file', l.file, 'trace', l.trace) AS json,"
" json_object() AS detail"
" FROM ledger l CROSS JOIN epoch e ON e.id = l.epoch"
" CROSS JOIN bot b ON b.id = e.bot CROSS JOIN account a ON a.id = b.account",

/* What was no JSON when it came in is shown as the text that it is. */
"CREATE TEMP VIEW v_audit AS SELECT u.id AS id, u.id AS key, u.who AS who,"
" u.what AS what, u.subject AS subject,"
" json_object('id', u.id, 'at', " TIME("u.at_ms") ", 'at_ms', u.at_ms,"
"  'who', u.who, 'what', u.what, 'subject', u.subject,"
"  'before', " SIDE("u.before") ", 'after', " SIDE("u.after") ","
"  'reason', u.reason, 'trace', u.trace, 'hash', " HEX("u.hash") ") AS json,"
" json_object() AS detail"
" FROM audit u WHERE " SEES_SUBJECT("u.subject"),

/* Growth is that of the last 14 days; a project alone fills what is free now
 * in days_to_full.  Project 0, "", is all of them. */
"CREATE TEMP VIEW v_usage AS SELECT coalesce(p.name, '') AS project,"
" n.corpus AS corpus, n.crashes AS crashes, n.builds AS builds,"
" CASE WHEN n.day > o.day THEN (n.corpus + n.crashes + n.builds"
"  - o.corpus - o.crashes - o.builds) / (n.day - o.day) END AS growth,"
" (SELECT d.disk_free FROM usage_day d WHERE d.project = 0"
"  ORDER BY d.day DESC LIMIT 1) AS room"
" FROM (SELECT project AS id, max(day) AS day FROM usage_day"
"  GROUP BY project) m"
" JOIN usage_day n ON n.project = m.id AND n.day = m.day"
" JOIN usage_day o ON o.project = m.id AND o.day = (SELECT min(day)"
"  FROM usage_day x WHERE x.project = m.id AND x.day >= m.day - 14)"
" LEFT JOIN project p ON p.id = m.id",

/* Everything that can be counted, as one object. */
"CREATE TEMP VIEW v_status AS SELECT json_object("
"  'bots', " LIST("json_group_object(state, n) FROM (SELECT state,"
"    count(*) AS n FROM bot WHERE state <> 'forgotten' GROUP BY state"
"    ORDER BY state)") ","
"  'drained', (SELECT count(*) FROM bot WHERE drained = 1"
"    AND state NOT IN ('left', 'forgotten')),"
"  'jobs', " LIST("json_group_object(status, n) FROM (SELECT status,"
"    count(*) AS n FROM job WHERE target NOT IN " HIDDEN_TARGETS
"    GROUP BY status ORDER BY status)") ","
"  'bundles', " LIST("json_group_object(outcome, n) FROM (SELECT outcome,"
"    sum(count) AS n FROM " FATES " GROUP BY outcome ORDER BY outcome)")
",  'refused', (SELECT count(*) FROM ledger WHERE " KEPT
"    AND outcome = 'refused'),"
"  'held', (SELECT count(*) FROM ledger WHERE " KEPT
"    AND outcome = 'held'),"
"  'projects', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'project', project, 'corpus_bytes', corpus, 'crash_bytes', crashes,"
"    'build_bytes', builds, 'bytes', corpus + crashes + builds,"
"    'growth_per_day', growth, 'days_to_full',"
"    CASE WHEN growth > 0 THEN room / growth END) AS o FROM v_usage"
"    WHERE project <> '' AND sees(project) ORDER BY corpus + crashes + builds DESC, project"
"    LIMIT 100)") ","
"  'days_to_full', (SELECT CASE WHEN growth > 0 THEN room / growth END"
"    FROM v_usage WHERE project = ''),"
"  'builds', (SELECT count(*) FROM build WHERE project NOT IN " HIDDEN_PROJECTS
"  ),"
"  'targets', (SELECT count(*) FROM target WHERE of IS NULL AND"
"    project NOT IN " HIDDEN_PROJECTS "),"
"  'units', (SELECT coalesce(sum(units), 0) FROM target WHERE"
"    project NOT IN " HIDDEN_PROJECTS "),"
"  'unit_bytes', (SELECT coalesce(sum(unit_bytes), 0) FROM target WHERE"
"    project NOT IN " HIDDEN_PROJECTS "),"
"  'crashes', (SELECT coalesce(sum(crashes), 0) FROM bucket_target"
"    WHERE target NOT IN " HIDDEN_TARGETS "),"
"  'hits', (SELECT coalesce(sum(hits), 0) FROM signature WHERE"
"    project NOT IN " HIDDEN_PROJECTS "),"
"  'buckets', (SELECT count(*) FROM bucket WHERE alias IS NULL"
"    AND project NOT IN " HIDDEN_PROJECTS "),"
"  'buckets_hidden', " LIST("json_group_object(word, n) FROM (SELECT word,"
"    sum(n) AS n FROM v_hidden GROUP BY word ORDER BY word)") ","
"  'submissions', (SELECT count(*) FROM submission WHERE state = 'waiting'"
"    AND target NOT IN " HIDDEN_TARGETS "),"
"  'execs', (SELECT coalesce(sum(execs), 0) FROM job"
"    WHERE target NOT IN " HIDDEN_TARGETS ") + " OPEN_LEASES("execs") ","
"  'execs_per_second', " OPEN_LEASES("execs_per_second") ") AS json",

db_table_account_usage,
db_view_account,
db_view_alarm,

/* Gauges and counters that are facts; labels as Prometheus writes them (names
 * passed the gate, so nothing in them needs escaping). */
"CREATE TEMP VIEW v_metric AS"
" SELECT 'pandafuzz_spool_bundles' AS name, 'queue=\"rejected\"' AS labels,"
" count(*) AS value FROM ledger WHERE " KEPT " AND outcome = 'refused'"
" UNION ALL SELECT 'pandafuzz_spool_bundles', 'queue=\"held\"', count(*)"
" FROM ledger WHERE " KEPT " AND outcome = 'held'"
" UNION ALL SELECT 'pandafuzz_bots', " LABEL("state", "state") ","
" count(*) FROM bot WHERE state <> 'forgotten' GROUP BY state"
" UNION ALL SELECT 'pandafuzz_jobs', " LABEL("state", "status") ", count(*)"
" FROM job WHERE target NOT IN " HIDDEN_TARGETS " GROUP BY status"
" UNION ALL SELECT 'pandafuzz_ingest_bundles_total',"
" " LABEL("kind", "kind") " || ',' || " LABEL("result", "outcome") ","
" sum(count) FROM " FATES " GROUP BY kind, outcome"
" UNION ALL SELECT 'pandafuzz_execs_total', " LABEL("job", "key") " || ','"
" || " LABEL("engine", "json_extract(json, '$.engine')") ","
" json_extract(json, '$.execs') FROM v_job WHERE " LIVE
" UNION ALL SELECT 'pandafuzz_execs_per_second', " LABEL("job", "key")
" || ',' || " LABEL("engine", "json_extract(json, '$.engine')") ","
" json_extract(json, '$.execs_per_second') FROM v_job WHERE " LIVE
" UNION ALL SELECT 'pandafuzz_edges_found', " LABEL("target", "v.key")
", t.edges FROM v_target v JOIN target t ON t.id = v.id"
" UNION ALL SELECT 'pandafuzz_corpus_files', " LABEL("target", "v.key")
", t.units FROM v_target v JOIN target t ON t.id = v.id"
" UNION ALL SELECT 'pandafuzz_corpus_bytes', " LABEL("target", "v.key")
", t.unit_bytes FROM v_target v JOIN target t ON t.id = v.id"
" UNION ALL SELECT 'pandafuzz_crashes_total', " LABEL("target", "v.key")
", (SELECT coalesce(sum(x.crashes), 0) FROM bucket_target x"
" WHERE x.target = v.id) FROM v_target v"
" UNION ALL SELECT 'pandafuzz_crash_buckets', " LABEL("project", "p.name")
", (SELECT count(*) FROM bucket k WHERE k.project = p.id"
" AND k.alias IS NULL) FROM project p WHERE sees(p.name)"
" UNION ALL SELECT 'pandafuzz_crash_buckets_hidden',"
" " LABEL("project", "project") " || ',' || " LABEL("why", "word") ", n"
" FROM v_hidden"
" UNION ALL SELECT 'pandafuzz_crash_hits_total',"
" " LABEL("project", "p.name") ", (SELECT coalesce(sum(s.hits), 0)"
" FROM signature s WHERE s.project = p.id) FROM project p WHERE sees(p.name)"
" UNION ALL SELECT 'pandafuzz_submissions_waiting',"
" " LABEL("project", "p.name") ", (SELECT count(*) FROM submission u"
" JOIN target t ON t.id = u.target WHERE t.project = p.id"
" AND u.state = 'waiting') FROM project p WHERE sees(p.name)"
" UNION ALL SELECT 'pandafuzz_bot_last_seen_timestamp_seconds',"
" " LABEL("bot", "name") ", seen_ms / 1000 FROM bot"
" WHERE owner = 1 AND seen_ms > 0 AND pool = '' AND state <> 'forgotten'",
NULL
};
/* clang-format on */

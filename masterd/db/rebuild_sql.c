/*
 * The statements of a rebuild: for each kind of copy those that make its rows,
 * in order, and one that finds what they should have made (an INSERT that
 * finds nothing to refer to is silent).  ?1 is the text of the copy.
 */
#include "masterd/db/rebuild_sql.h"

/* clang-format off */
#define J(key)		"json_extract(?1, '$." key "')"
#define IN(key)		"json_extract(x.value, '$." key "')"
#define OR(key, other)	"coalesce(" J(key) ", " other ")"

#define MAKE_PROJECT							\
"INSERT INTO project (name, added_ms) VALUES (name_of(" J("project") ")," \
" " OR("added_ms", "0") ") ON CONFLICT (name) DO NOTHING"
#define MAKE_TARGET(key)						\
"INSERT INTO target (project, name, generation, added_ms)"		\
" SELECT p.id, target_of(" J(key) "), 0, " OR("added_ms", "0")		\
" FROM project p WHERE p.name = " J("project")				\
" AND " J(key) " IS NOT NULL ON CONFLICT (project, name) DO NOTHING"
#define THE_TARGET(key)							\
"(SELECT t.id FROM target t JOIN project p ON p.id = t.project"		\
" WHERE p.name = " J("project") " AND t.name = " J(key) ")"
#define THE_BUILD(key)							\
"(SELECT id FROM build WHERE sha256 = blob_of(" J(key) "))"
#define RAISE_NUMBER(key)						\
"UPDATE project SET next_bucket = max(next_bucket, " J(key) " + 1)"	\
" WHERE name = " J("project")

#define THE_BUCKET(key)							\
"JOIN project p ON p.name = " J("project") " JOIN bucket k"		\
" ON k.project = p.id AND k.number = " J(key)
/* A row's old number, where nothing else has it by now. */
#define FREE(table, row)						\
"(CASE WHEN EXISTS (SELECT 1 FROM " table " f WHERE f.id = " row ")"	\
" THEN NULL ELSE " row " END)"
/* Of copies of older schemas. */
#define CLASS(type)							\
"CASE WHEN " type " = 'Timeout' THEN 'timeout' WHEN " type		\
" = 'Out-of-memory' THEN 'memory' WHEN " type " LIKE '%-leak' THEN 'leak'" \
" ELSE 'crash' END"
#define LINES(key)							\
"coalesce((SELECT group_concat(l.value, char(10)) FROM json_each(?1,"	\
" '$." key "') l), '')"

/* ?1 is the file's text. */
const struct rebuild_sql rebuild_sql[METADATA_KINDS] = {
[METADATA_PROJECT] = { NULL, {
MAKE_PROJECT,
"UPDATE project SET next_bucket = max(next_bucket, " J("next_bucket") "),"
" added_ms = " J("added_ms") " WHERE name = " J("project"),
} },

[METADATA_TARGET] = { "SELECT 1 WHERE " THE_TARGET("target"), {
MAKE_PROJECT,
MAKE_TARGET("of"),
MAKE_TARGET("target"),
"UPDATE target SET generation = " J("generation") ","
" added_ms = " J("added_ms") ", of = " THE_TARGET("of")
" WHERE id = " THE_TARGET("target"),
} },

[METADATA_BUILD] = { "SELECT 1 WHERE " THE_BUILD("build"), {
MAKE_PROJECT,
"INSERT INTO build (sha256, project, branch, revision, ord, engine,"
" sanitizer, arch, state, reason, files, bytes, added_by, added_ms,"
" judged_ms, removed_ms, collected) SELECT blob_of(" J("build") "), id,"
" " J("branch") ", " J("revision") ", " J("ord") ", " J("engine") ","
" " J("sanitizer") ", " J("arch") ", " J("state") ", " J("reason") ","
" " J("files") ", " J("bytes") ", " J("added_by") ", " J("added_ms") ","
" " J("judged_ms") ", " J("removed_ms") ", " J("collected")
" FROM project WHERE name = " J("project"),
"INSERT INTO target (project, name, generation, added_ms)"
" SELECT b.project, target_of(" IN("target") "), 0, b.added_ms"
" FROM json_each(?1, '$.targets') x JOIN build b"
" ON b.sha256 = blob_of(" J("build") ") WHERE true"
" ON CONFLICT (project, name) DO NOTHING",
"INSERT INTO build_target (build, target, program, state, reason, warnings,"
" edges, features, calls, dict, seeds) SELECT b.id, t.id, " IN("program") ","
" " IN("state") ", " IN("reason") ", " IN("warnings") ", " IN("edges") ","
" " IN("features") ", " IN("calls") ", " IN("dict") ", " IN("seeds")
" FROM json_each(?1, '$.targets') x JOIN build b"
" ON b.sha256 = blob_of(" J("build") ") JOIN target t"
" ON t.project = b.project AND t.name = " IN("target"),
"INSERT INTO build_host (build, host_class, reason, at_ms) SELECT b.id,"
" " IN("host_class") ", " IN("reason") ", " IN("at_ms")
" FROM json_each(?1, '$.hosts') x JOIN build b"
" ON b.sha256 = blob_of(" J("build") ")",
} },

/* What is fair starts anew for all. */
[METADATA_JOB] = { NULL, {
MAKE_PROJECT,
MAKE_TARGET("corpus"),
MAKE_TARGET("target"),
"INSERT INTO job (job, target, corpus, build, current, branch, engine,"
" sanitizer, template, status, reason, paused_by, slots, floor, tags, weight,"
" boost, boost_until_ms, slice_ms, for_ms, used_ms, cpu_limit_ms, cpu_ms,"
" spent_ms, execs, succeeded, created_by, created_ms, started_ms, ended_ms,"
" trace)"
" VALUES (" J("job") ", " THE_TARGET("target") ", " THE_TARGET("corpus") ","
" " THE_BUILD("build") ", " THE_BUILD("current") ", " J("branch") ","
" " J("engine") ", " J("sanitizer") ", " J("template") ", " J("status") ","
" " J("reason") ", " J("paused_by") ", " J("slots") ", " J("floor") ","
" " J("tags") ", " J("weight") ", " J("boost") ", " J("boost_until_ms") ","
" " J("slice_ms") ", " J("for_ms") ", " J("used_ms") ","
" " J("cpu_limit_ms") ", " J("cpu_ms") ", " J("spent_ms") ","
" " J("execs") ", " J("succeeded") ", " J("created_by") ","
" " J("created_ms") ", " J("started_ms") ", " J("ended_ms") ","
" " J("trace") ")",
"INSERT INTO job_setting (job, key, value) SELECT j.id, " IN("key") ","
" " IN("value") " FROM json_each(?1, '$.settings') x JOIN job j"
" ON j.job = " J("job"),
"INSERT INTO job_value (job, key, value, source) SELECT j.id, " IN("key") ","
" " IN("value") ", " IN("source") " FROM json_each(?1, '$.values') x"
" JOIN job j ON j.job = " J("job"),
/* Pinned to a build that is nowhere: it must not follow others. */
"UPDATE job SET status = 'paused', paused_by = 'rebuild',"
" reason = 'it is pinned to a build that is not there'"
" WHERE job = " J("job") " AND " J("build") " IS NOT NULL"
" AND build IS NULL AND status IN ('pending', 'running')",
} },

[METADATA_BOT] = { "SELECT 1 FROM bot b JOIN account a ON a.id = b.account"
" WHERE a.name = " J("account") " AND b.name = " J("bot"), {
"INSERT INTO account (name, added_ms) VALUES (name_of(" J("account") "),"
" " J("added_ms") ") ON CONFLICT (name) DO NOTHING",
"INSERT INTO bot (account, name, owner, state, added_ms, pool, drained,"
" drain_reason, drained_by, drained_ms) SELECT id,"
" name_of(" J("bot") "), " J("owner") ", CASE WHEN " J("forgotten")
" THEN 'forgotten' ELSE 'left' END, " J("added_ms") ","
" coalesce(" J("pool") ", ''), coalesce(" J("drained") ", 0),"
" coalesce(" J("drain_reason") ", ''), coalesce(" J("drained_by") ", ''),"
" coalesce(" J("drained_ms") ", 0)"
" FROM account WHERE name = " J("account"),
} },

[METADATA_BUCKET] = {
"SELECT 1 FROM bucket k JOIN project p ON p.id = k.project"
" WHERE p.name = " J("project") " AND k.number = " J("number"), {
MAKE_PROJECT,
/* What it leads to may come later: a stand-in until then. */
"INSERT INTO bucket (id, project, number, type, state, security, first_ms,"
" last_ms) SELECT " FREE("bucket", J("alias_row")) ", id, " J("alias") ","
" '', '', 0, 0, 0 FROM project WHERE name = " J("project")
" AND " J("alias") " IS NOT NULL ON CONFLICT (project, number) DO NOTHING",
"INSERT INTO bucket (id, project, number, status, reason, muted_until_ms,"
" class, type, state, security, severity, owner, issue, alias, first_ms,"
" last_ms) SELECT " FREE("bucket", J("row")) ", id, " J("number") ","
" " J("status") ", " OR("reason", "''") ", " OR("muted_until_ms", "0") ","
" coalesce(" J("class") ", " CLASS(J("type")) "), " J("type") ","
" " J("state") ", " J("security") ", " OR("severity", "'none'") ","
" " OR("owner", "''") ", " OR("issue", "''") ", (SELECT a.id FROM bucket a"
" WHERE a.project = project.id AND a.number = " J("alias") "),"
" " J("first_ms") ", " J("last_ms") " FROM project"
" WHERE name = " J("project") " ON CONFLICT (project, number) DO UPDATE SET"
" status = excluded.status, reason = excluded.reason,"
" muted_until_ms = excluded.muted_until_ms, class = excluded.class,"
" type = excluded.type, state = excluded.state,"
" security = excluded.security, severity = excluded.severity,"
" owner = excluded.owner, issue = excluded.issue, alias = excluded.alias,"
" first_ms = excluded.first_ms, last_ms = excluded.last_ms",
"INSERT INTO signature (id, project, signature, security, bucket, home,"
" class, type, family, state, stack, placeless, severity, apart, rule, counted,"
" hits, first_ms, last_ms)"
" SELECT " FREE("signature", IN("row")) ", p.id,"
" blob_of(" IN("signature") "), " IN("security") ", k.id,"
" coalesce(" IN("home") ", k.id), coalesce(" IN("class") ", k.class),"
" coalesce(" IN("type") ", k.type), coalesce(" IN("family") ", ''),"
" coalesce(" IN("state") ", k.state), coalesce(" IN("stack") ", ''),"
" coalesce(" IN("placeless") ", 0), coalesce(" IN("severity") ", k.severity),"
" coalesce(" IN("apart") ", 0),"
" coalesce(" IN("rule") ", 'exact'), coalesce(" IN("counted") ", 0),"
" coalesce(" IN("hits") ", 0), coalesce(" IN("first_ms") ", k.first_ms),"
" coalesce(" IN("last_ms") ", k.last_ms)"
" FROM json_each(?1, '$.signatures') x " THE_BUCKET("number") " WHERE true"
" ON CONFLICT (project, signature, security) DO NOTHING",
"INSERT OR IGNORE INTO signature_band (project, band, digest, signature)"
" SELECT s.project, n.value, s.signature, s.id FROM json_each(?1, '$.signatures') x "
THE_BUCKET("number") " JOIN signature s ON s.project = p.id AND s.signature"
" = blob_of(" IN("signature") ") AND s.security = " IN("security")
" JOIN json_each(coalesce(" IN("bands") ", '[]')) n",
"INSERT OR IGNORE INTO signature_link (a, b, rule, distance) SELECT a.id,"
" b.id, " IN("rule") ", " IN("distance") " FROM json_each(?1, '$.links') x"
" JOIN signature a ON a.id = " IN("a") " JOIN signature b ON b.id = " IN("b"),
"INSERT OR IGNORE INTO signature_join (a, b, decision) SELECT a.id, b.id,"
" " IN("decision") " FROM json_each(?1, '$.joins') x"
" JOIN signature a ON a.id = " IN("a") " JOIN signature b ON b.id = " IN("b"),
"INSERT OR IGNORE INTO bucket_label (bucket, label) SELECT k.id, x.value"
" FROM json_each(?1, '$.labels') x " THE_BUCKET("number"),
"INSERT INTO bucket_note (id, bucket, at_ms, who, text) SELECT"
" " FREE("bucket_note", IN("row")) ", k.id, " IN("at_ms") ", " IN("who") ","
" " IN("text") " FROM json_each(?1, '$.notes') x " THE_BUCKET("number"),
/* "other" and "undone" may be of rows that come later: rebuild_decisions. */
"INSERT INTO decision (id, project, at_ms, who, trace, verb, bucket, detail,"
" reason, other, undone) SELECT " FREE("decision", IN("row")) ", p.id,"
" " IN("at_ms") ", " IN("who") ", " IN("trace") ", " IN("verb") ", k.id,"
" " IN("detail") ", " IN("reason") ", (SELECT o.id FROM bucket o"
" WHERE o.id = " IN("other") "), (SELECT o.id FROM decision o"
" WHERE o.id = " IN("undone") ") FROM json_each(?1, '$.decisions') x "
THE_BUCKET("number"),
"INSERT INTO temp.rebuilt_decision (id, other, undone) SELECT " IN("row") ","
" " IN("other") ", " IN("undone") " FROM json_each(?1, '$.decisions') x",
RAISE_NUMBER("number"),
} },

/* A bucket whose own file was not written yet is what its crash says. */
[METADATA_CRASH] = { "SELECT 1 FROM crash WHERE target = " THE_TARGET("target")
" AND sha256 = blob_of(" J("sha256") ")"
" AND signature = blob_of(" J("signature") ")", {
MAKE_PROJECT,
MAKE_TARGET("target"),
"INSERT INTO bucket (project, number, class, type, state, security, severity,"
" first_ms, last_ms) SELECT id, " J("bucket") ", coalesce(" J("class") ","
" " CLASS(J("type")) "), " J("type") ", " J("state") ","
" " J("security") ", " OR("severity", "'none'") ", " J("first_ms") ","
" " J("last_ms") " FROM project"
" WHERE name = " J("project") " ON CONFLICT (project, number) DO NOTHING",
"INSERT INTO signature (project, signature, security, bucket, home, class,"
" type, state, severity, first_ms, last_ms) SELECT k.project,"
" blob_of(" J("signature") "), " J("security") ", k.id, k.id, k.class,"
" " J("type") ", " J("state") ", " OR("severity", "'none'") ","
" " J("first_ms") ", " J("last_ms")
" FROM bucket k JOIN project p ON p.id = k.project"
" WHERE p.name = " J("project") " AND k.number = " J("bucket")
" ON CONFLICT (project, signature, security) DO NOTHING",
"INSERT INTO stack (digest, text) SELECT blob_of(" J("stack_digest") "),"
" " J("stack") " WHERE " J("stack_digest") " IS NOT NULL"
" ON CONFLICT (digest) DO NOTHING",
"INSERT INTO ruleset (name, text, first_ms) SELECT " J("ruleset") ", '',"
" " J("first_ms") " WHERE " J("ruleset") " IS NOT NULL"
" ON CONFLICT (name) DO NOTHING",
"INSERT INTO crash (target, sha256, signature, bucket, rules, type, access,"
" access_size, address, state, tool, security, engine, sanitizer, bytes,"
" has_input, tries, reproduced, first_ms, last_ms, class, severity,"
" severity_rule, security_rule, casr, stack, ruleset, sig, min_sha256,"
" min_bytes, series, parents)"
" SELECT " THE_TARGET("target") ", blob_of(" J("sha256") "),"
" blob_of(" J("signature") "), k.id, " J("rules") ", " J("type") ","
" " J("access") ", " J("access_size") ", " J("address") ", " J("state") ","
" " J("tool") ", " J("security") ", " J("engine") ", " J("sanitizer") ","
" " J("bytes") ", " J("has_input") ", " J("tries") ", " J("reproduced") ","
" " J("first_ms") ", " J("last_ms") ","
" coalesce(" J("class") ", " CLASS(J("type")) "),"
" " OR("severity", "'none'") ", " OR("severity_rule", "''") ","
" " OR("security_rule", "''") ", " OR("casr", "''") ","
" (SELECT id FROM stack WHERE digest = blob_of(" J("stack_digest") ")),"
" (SELECT id FROM ruleset WHERE name = " J("ruleset") "),"
" (SELECT s.id FROM signature s WHERE s.project = p.id AND s.signature ="
"  coalesce(blob_of(substr(" J("sig") ", 1, 64)), blob_of(" J("signature") "))"
"  AND s.security = coalesce(CAST(substr(" J("sig") ", 66) AS INTEGER),"
"  " J("security") ")),"
" blob_of(" J("min_sha256") "), " OR("min_bytes", "0") ","
" " OR("series", "''") ", " OR("parents", "''")
" FROM bucket k JOIN project p"
" ON p.id = k.project WHERE p.name = " J("project")
" AND k.number = " J("bucket"),
"INSERT OR IGNORE INTO reproduction (crash, bot, build, tries, reproduced,"
" below, above, at_ms) SELECT c.id, b.id, coalesce(blob_of(" IN("build") "),"
" x''), " IN("tries") ", " IN("reproduced") ", " IN("below") ","
" " IN("above") ", " IN("at_ms") " FROM json_each(?1, '$.reproductions') x"
" JOIN account a ON a.name = " IN("account") " JOIN bot b"
" ON b.account = a.id AND b.name = " IN("bot") " JOIN crash c"
" ON c.target = " THE_TARGET("target")
" AND c.sha256 = blob_of(" J("sha256") ")"
" AND c.signature = blob_of(" J("signature") ")",
RAISE_NUMBER("bucket"),
} },
};

/* What names rows that may have come later. */
const char rebuild_decisions[] =
"UPDATE decision SET (other, undone) = (SELECT"
" (SELECT k.id FROM bucket k WHERE k.id = r.other),"
" (SELECT d.id FROM decision d WHERE d.id = r.undone)"
" FROM temp.rebuilt_decision r WHERE r.id = decision.id)"
" WHERE id IN (SELECT id FROM temp.rebuilt_decision)";

/* meta.json as a crash's copy.  ?2 number, ?3 has input, ?4 now. */
const char rebuild_from_meta[] =
"SELECT json_object('project', " J("project") ", 'target', " J("target") ","
" 'sha256', " J("input") ", 'signature', " J("signature") ","
" 'bucket', coalesce((SELECT k.number FROM signature s JOIN bucket k"
"   ON k.id = s.bucket JOIN project p ON p.id = s.project"
"   WHERE p.name = " J("project")
"   AND s.signature = blob_of(" J("signature") ")"
"   AND s.security = " J("security") "), nullif(?2, 0),"
"   (SELECT next_bucket FROM project WHERE name = " J("project") "), 1),"
" 'rules', " OR("rules", "1") ", 'type', " J("type") ","
" 'access', " OR("access", "''") ", 'access_size', " OR("access_size", "0") ","
" 'address', " OR("address", "''") ", 'state', " J("state") ","
" 'tool', " OR("tool", "''") ", 'security', " J("security") ","
" 'class', " J("class") ", 'severity', " J("severity") ","
" 'severity_rule', " J("severity_rule") ","
" 'security_rule', " J("security_rule") ", 'casr', " J("casr") ","
" 'stack', " J("facts") ", 'stack_digest', CASE WHEN " J("facts") " <> ''"
"   THEN sha256_of(" J("facts") ") END, 'ruleset', " J("ruleset") ","
" 'min_sha256', " J("minimised.hash") ", 'min_bytes', " J("minimised.bytes") ","
" 'series', " LINES("series") ", 'parents', " LINES("parents") ","
" 'engine', " J("engine") ", 'sanitizer', " J("sanitizer") ","
" 'bytes', " J("bytes") ", 'has_input', ?3, 'tries', " J("tries") ","
" 'reproduced', " J("reproduced") ","
" 'first_ms', coalesce(strftime('%s', " J("first_seen") ") * 1000, ?4),"
" 'last_ms', coalesce(strftime('%s', " J("first_seen") ") * 1000, ?4),"
" 'added_ms', ?4)";

const char rebuild_from_view[] =
"SELECT json_object('job', " J("job") ", 'project', " J("project") ","
" 'target', " J("target") ", 'build', " J("build") ","
" 'current', " J("build") ", 'branch', 'main', 'engine', " J("engine") ","
" 'sanitizer', " J("sanitizer") ", 'template', '', 'status', 'paused',"
" 'reason', 'rebuilt from its folder alone: look at its settings first',"
" 'paused_by', 'rebuild', 'slots', 0, 'floor', 0, 'tags', '', 'weight', 60,"
" 'boost', 1000, 'boost_until_ms', 0, 'slice_ms', 3600000, 'for_ms', 0,"
" 'used_ms', 0, 'cpu_limit_ms', 0, 'cpu_ms', 0, 'spent_ms', 0, 'execs', 0,"
" 'succeeded', 0,"
" 'created_by', 'rebuild', 'created_ms', ?2, 'started_ms', 0, 'ended_ms', 0,"
" 'trace', '', 'added_ms', ?2)";
/* clang-format on */

/*
 * The views of bugs: buckets, crashes, what people decided and handed in.
 * Counts are kept with rows (signature.hits, bucket_target): a page of a
 * million crashes costs no more than one of a hundred.
 */
#include "masterd/db/views_internal.h"

/* clang-format off */
/* crash_best of the schema. */
#define BEST_FIRST	"c.has_input < 1, c.reproduced < c.tries, c.bytes"
#define BUCKET_OF(id)							\
	"(SELECT kp.name || '-' || kk.number FROM bucket kk"		\
	" JOIN project kp ON kp.id = kk.project WHERE kk.id = " id ")"
#define SIGNATURES(what)						\
	"(SELECT coalesce(sum(" what "), 0) FROM signature s"		\
	" WHERE s.bucket = k.id)"
#define RATE(tries, reproduced)						\
	"'tries', " tries ", 'reproduced', " reproduced ","		\
	" 'low', rate_low(" tries ", " reproduced "),"			\
	" 'high', rate_high(" tries ", " reproduced ")"
/* A column of the first that was seen of a crash; and of the newest run that
 * says how it was. */
#define FIRST_SEEN(what)						\
	"(SELECT " what " FROM observation o WHERE o.crash = c.id"	\
	" ORDER BY o.id LIMIT 1)"
#define LAST_RUN(what)							\
	"(SELECT r." what " FROM observation o JOIN run r ON r.id = o.run" \
	" WHERE o.crash = c.id ORDER BY o.id DESC LIMIT 1)"
/* What a decision set, in words: "status closed, owner ann, +sec".  Of its
 * steps (buckets_internal.h) 2 are columns of the bucket, 3 labels. */
#define CHANGED(detail)							\
	"(SELECT coalesce(group_concat(x, ', '), '') FROM (SELECT"	\
	" CASE json_extract(o.value, '$.op') WHEN 3 THEN CASE"		\
	" json_extract(o.value, '$.add') WHEN 1 THEN '+' ELSE '-' END"	\
	" || json_extract(o.value, '$.to') WHEN 2 THEN CASE"		\
	" json_extract(o.value, '$.key') WHEN 'muted_until_ms' THEN"	\
	" 'until ' || CASE json_extract(o.value, '$.to') WHEN '0' THEN"	\
	" 'no time' ELSE " TIME("CAST(json_extract(o.value, '$.to') AS INTEGER)") \
	" END ELSE json_extract(o.value, '$.key') || ' ' || CASE"	\
	" json_extract(o.value, '$.to') WHEN '' THEN 'none' ELSE"	\
	" json_extract(o.value, '$.to') END END END AS x FROM json_each("	\
	"CASE WHEN json_valid(" detail ") THEN " detail " ELSE '{}' END," \
	" '$.ops') o WHERE json_extract(o.value, '$.op') IN (2, 3)))"
#define SHORT_DAY(column)						\
	"strftime('%Y-%m-%d', " column " * 86400, 'unixepoch')"
#define HIDDEN_CLASS							\
	"(k.class IN ('timeout', 'memory') AND NOT shows_timeouts(p.name))"

const char db_view_bucket[] =
"CREATE TEMP VIEW v_bucket AS SELECT k.id AS id, " BUCKET_NAME " AS key,"
" p.name AS project, k.status AS status, k.number AS number,"
" k.last_ms AS last, k.class AS class, k.alias AS alias,"
" k.alias IS NULL AS whole, " HIDDEN_CLASS " AS aside,"
" " SIGNATURES("s.hits") " AS hits,"
" json_object("
"  'id', " BUCKET_NAME ", 'project', p.name, 'number', k.number,"
"  'status', k.status, 'reason', k.reason, 'class', k.class,"
"  'type', k.type, 'state', k.state, 'state_lines',"
"  json(json_lines(k.state)),"
"  'security', " BOOL("k.security <> 0") ", 'severity', k.severity,"
"  'owner', k.owner, 'issue', k.issue,"
"  'labels', " LIST("json_group_array(label) FROM (SELECT l.label AS label"
"    FROM bucket_label l WHERE l.bucket = k.id ORDER BY 1)") ","
"  'alias_of', " BUCKET_OF("k.alias") ","
"  'hits', " SIGNATURES("s.hits") ","
"  'crashes', (SELECT coalesce(sum(x.crashes), 0) FROM bucket_target x"
"    WHERE x.bucket = k.id),"
"  'targets', " LIST("json_group_array(name) FROM (SELECT t.name AS name"
"    FROM bucket_target x JOIN target t ON t.id = x.target"
"    WHERE x.bucket = k.id ORDER BY t.name)") ","
"  'crash', (SELECT " CRASH_NAME " FROM crash c WHERE c.bucket = k.id"
"    ORDER BY " BEST_FIRST " LIMIT 1),"
"  'muted_until', CASE k.status WHEN 'muted' THEN "
    TIME("k.muted_until_ms") " END,"
"  'first', " TIME("k.first_ms") ", 'last', " TIME("k.last_ms") ") AS json,"
" json_object("
"  'signatures', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'signature', " HEX("s.signature") ","
"    'security', " BOOL("s.security <> 0") ", 'class', s.class,"
"    'type', s.type, 'state', json(json_lines(s.state)),"
"    'stack', json(json_lines(s.stack)), 'rule', s.rule,"
"    'apart', " BOOL("s.apart = 1") ", 'hits', s.hits,"
"    'counted', s.counted, 'first', " TIME("s.first_ms") ","
"    'last', " TIME("s.last_ms") ") AS o FROM signature s"
"    WHERE s.bucket = k.id ORDER BY s.first_ms, s.id LIMIT 1000)") ","
"  'aliases', " LIST("json_group_array(name) FROM (SELECT p.name || '-' ||"
"    a.number AS name FROM bucket a WHERE a.alias = k.id"
"    ORDER BY a.number)") ","
"  'notes', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'at', " TIME("n.at_ms") ", 'who', n.who, 'text', n.text) AS o"
"    FROM bucket_note n WHERE n.bucket = k.id ORDER BY n.id)") ","
"  'decisions', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'id', d.id, 'at', " TIME("d.at_ms") ", 'who', d.who, 'verb', d.verb,"
"    'other', " BUCKET_OF("CASE d.bucket WHEN k.id THEN d.other"
"      ELSE d.bucket END") ", 'changed', " CHANGED("d.detail") ", 'detail', CASE WHEN json_valid(d.detail)"
"      THEN json(d.detail) ELSE d.detail END, 'reason', d.reason,"
"    'undone', d.undone) AS o FROM decision d"
"    WHERE d.bucket = k.id OR d.other = k.id ORDER BY d.id DESC"
"    LIMIT 200)") ","
"  'hours', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'hour', strftime('%Y-%m-%dT%H:00Z', d.day * 86400 + h.key * 3600,"
"    'unixepoch'), 'hits', sum(h.value)) AS o FROM signature s"
"    JOIN signature_day d ON d.signature = s.id"
"    AND d.day >= CAST(strftime('%s') AS INTEGER) / 86400 - 2"
"    JOIN json_each(hits_json(d.hours)) h WHERE s.bucket = k.id"
"    AND d.day * 24 + h.key > CAST(strftime('%s') AS INTEGER) / 3600 - 48"
"    AND h.value > 0 GROUP BY d.day, h.key ORDER BY d.day, h.key)") ","
"  'days', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'day', " SHORT_DAY("d.day") ", 'hits', sum(hits_sum(d.hours))) AS o"
"    FROM signature s JOIN signature_day d ON d.signature = s.id"
"    WHERE s.bucket = k.id GROUP BY d.day ORDER BY d.day)") ","
"  'reproduction', " LIST("json_object(" RATE("n", "r") ") FROM (SELECT"
"    coalesce(sum(tries), 0) AS n, coalesce(sum(reproduced), 0) AS r"
"    FROM (SELECT c.tries AS tries, c.reproduced AS reproduced FROM crash c"
"    WHERE c.bucket = k.id LIMIT 10000))") ","
"  'observations', " SIGNATURES("s.hits - s.counted") ","
"  'crash_list', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'id', " CRASH_NAME ", 'target', p2.name || '/' || t.name,"
"    'bytes', c.bytes, 'has_input', " BOOL("c.has_input > 0") ","
"    'tries', c.tries, 'reproduced', c.reproduced,"
"    'last', " TIME("c.last_ms") ") AS o FROM crash c"
"    JOIN target t ON t.id = c.target JOIN project p2 ON p2.id = t.project"
"    WHERE c.bucket = k.id ORDER BY " BEST_FIRST ", c.id LIMIT 100)") ","
"  'folder', 'buckets/' || p.name || '/' || k.number) AS detail"
" FROM bucket k CROSS JOIN project p ON p.id = k.project WHERE sees(p.name)";

/* What `bucket list` leaves out, a row a word. */
const char db_view_hidden[] =
"CREATE TEMP VIEW v_hidden AS SELECT p.name AS project,"
" CASE k.status WHEN 'open' THEN k.class ELSE k.status END AS word,"
" count(*) AS n FROM project p CROSS JOIN bucket k ON k.project = p.id"
" WHERE k.alias IS NULL AND (k.status <> 'open'"
"  OR k.class IN ('timeout', 'memory'))"
" AND (k.status <> 'open' OR " HIDDEN_CLASS ") AND sees(p.name)"
" GROUP BY 1, 2";

const char db_view_crash[] =
"CREATE TEMP VIEW v_crash AS SELECT c.id AS id, " CRASH_NAME " AS key,"
" p.name AS project, " TARGET_NAME " AS target, c.bytes AS bytes,"
" c.last_ms AS last, c.sha256 AS sha256, c.bucket AS bucket_row,"
" " BUCKET_OF("c.bucket") " AS bucket,"
" json_object("
"  'id', " CRASH_NAME ", 'target', " TARGET_NAME ","
"  'bucket', " BUCKET_OF("c.bucket") ","
"  'type', c.type, 'state', c.state, 'state_lines',"
"  json(json_lines(c.state)), 'access', c.access,"
"  'access_size', c.access_size, 'address', c.address, 'tool', c.tool,"
"  'class', c.class, 'security', " BOOL("c.security <> 0") ","
"  'severity', c.severity, 'engine', c.engine,"
"  'sanitizer', c.sanitizer, 'bytes', c.bytes,"
"  'has_input', " BOOL("c.has_input > 0") ", 'tries', c.tries,"
"  'reproduced', c.reproduced, 'low', rate_low(c.tries, c.reproduced),"
"  'high', rate_high(c.tries, c.reproduced),"
"  'reliable', " BOOL("c.tries > 0 AND c.reproduced * 2 >= c.tries") ","
"  'observations', (SELECT count(*) FROM observation o"
"    WHERE o.crash = c.id) + (SELECT coalesce(sum(d.count), 0)"
"    FROM observation_day d WHERE d.crash = c.id),"
"  'first', " TIME("c.first_ms") ", 'last', " TIME("c.last_ms") ") AS json,"
" json_object("
"  'sha256', " HEX("c.sha256") ", 'hash', " HEX("c.sha256") ","
"  'signature', " HEX("c.signature") ", 'rules', c.rules,"
"  'ruleset', (SELECT name FROM ruleset r WHERE r.id = c.ruleset),"
"  'project', p.name,"
"  'folder', 'crashes/' || " TARGET_NAME " || '/' || " HEX("c.sha256") ","
"  'path', 'crashes/' || " TARGET_NAME " || '/' || " HEX("c.sha256")
"    || '/input',"
"  'report', 'crashes/' || " TARGET_NAME " || '/' || " HEX("c.sha256")
"    || '/report-' || " HEX("substr(c.signature, 1, 4)") " || '.txt',"
"  'size', c.bytes,"
"  'unique', " BOOL("c.id = (SELECT u.id FROM crash u WHERE u.sig = c.sig"
"    ORDER BY u.first_ms, u.id LIMIT 1)") ","
"  'security_rule', c.security_rule, 'severity_rule', c.severity_rule,"
"  'casr', c.casr,"
"  'job', " FIRST_SEEN("o.job") ","
"  'bot', " FIRST_SEEN("(SELECT name FROM bot WHERE id = o.bot)") ","
"  'signal', " FIRST_SEEN("o.signal") ", 'exit', " FIRST_SEEN("o.exit") ","
"  'time', " FIRST_SEEN(TIME("o.found_ms")) ","
"  'build', " FIRST_SEEN(HEX("o.build")) ","
"  'revision', " FIRST_SEEN("(SELECT revision FROM build"
"    WHERE sha256 = o.build)") ","
"  'command', json(json_lines(coalesce(" LAST_RUN("command") ", ''))),"
"  'environment', json(json_lines(coalesce(" LAST_RUN("environment") ","
"    ''))),"
"  'sanitizer_options', json(json_options(coalesce("
    LAST_RUN("environment") ", ''))),"
"  'strategies', json(json_lines(coalesce((SELECT o.strategies"
"    FROM observation o WHERE o.crash = c.id AND o.strategies <> ''"
"    ORDER BY o.id DESC LIMIT 1), ''))),"
"  'parents', json(json_lines(c.parents)),"
"  'series', json(json_lines(c.series)),"
"  'minimised', CASE WHEN c.min_sha256 IS NOT NULL THEN json_object("
"    'hash', " HEX("c.min_sha256") ", 'bytes', c.min_bytes, 'path',"
"    'crashes/' || " TARGET_NAME " || '/' || " HEX("c.sha256")
"    || '/input.min') END,"
"  'reproduction', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'bot', b.name, 'build', nullif(" HEX("r.build") ", ''),"
"    " RATE("r.tries", "r.reproduced") ","
"    'below', CASE r.below WHEN 0 THEN json('false') WHEN 1"
"      THEN json('true') END,"
"    'above', CASE r.above WHEN 0 THEN json('false') WHEN 1"
"      THEN json('true') END,"
"    'at', " TIME("r.at_ms") ") AS o FROM reproduction r"
"    JOIN bot b ON b.id = r.bot WHERE r.crash = c.id"
"    ORDER BY r.at_ms DESC LIMIT 100)") ","
"  'siblings', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'id', " HEX("s.sha256") " || '-' || " HEX("substr(s.signature, 1, 4)") ","
"    'target', " TARGET_NAME ", 'bucket', " BUCKET_OF("s.bucket") ","
"    'type', s.type, 'bytes', s.bytes,"
"    'same_input', " BOOL("s.sha256 = c.sha256") ") AS o,"
"    s.sha256 <> c.sha256 AS far"
"    FROM crash s CROSS JOIN target t ON t.id = s.target"
"    CROSS JOIN project p ON p.id = t.project WHERE sees(p.name)"
"    AND s.id <> c.id AND (s.id IN (SELECT x.id FROM crash x"
"      WHERE x.sha256 = c.sha256 LIMIT 10) OR s.id IN (SELECT x.id"
"      FROM crash x WHERE x.bucket = c.bucket ORDER BY x.has_input < 1,"
"      x.reproduced < x.tries, x.bytes LIMIT 10))"
"    ORDER BY far, s.bytes, s.id)") ","
"  'frames', json(crash_frames(coalesce((SELECT text FROM stack x"
"    WHERE x.id = c.stack), ''), p.name, t.name)),"
"  'facts', (SELECT text FROM stack x WHERE x.id = c.stack),"
"  'seen', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'bot', bo.name, 'epoch', o.epoch, 'seq', o.seq, 'lease', o.lease,"
"    'job', o.job, 'build', " HEX("o.build") ", 'exit', o.exit,"
"    'signal', o.signal, 'tries', o.tries, 'reproduced', o.reproduced,"
"    'found', " TIME("o.found_ms") ", 'trace', o.trace) AS o"
"    FROM observation o JOIN bot bo ON bo.id = o.bot"
"    WHERE o.crash = c.id ORDER BY o.id DESC LIMIT 50)") ") AS detail"
" FROM crash c CROSS JOIN target t ON t.id = c.target"
" CROSS JOIN project p ON p.id = t.project WHERE sees(p.name)";

const char db_view_submission[] =
"CREATE TEMP VIEW v_submission AS SELECT s.id AS id, s.id AS key,"
" p.name AS project, " TARGET_NAME " AS target, s.state AS state,"
" json_object('id', s.id, 'target', " TARGET_NAME ","
"  'input', " HEX("s.sha256") ", 'bytes', s.bytes, 'name', s.name,"
"  'state', s.state, 'reason', s.reason, 'who', s.who,"
"  'tries', s.tries, 'reproduced', s.reproduced,"
"  'has_input', " BOOL("s.has_input > 0") ","
"  'at', " TIME("s.at_ms") ", 'ended', " TIME("s.ended_ms") ","
"  'crashes', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'id', " CRASH_NAME ", 'bucket', " BUCKET_OF("c.bucket") ") AS o"
"    FROM crash c WHERE c.target = s.target AND c.sha256 = s.sha256"
"    ORDER BY c.id)") ","
"  'trace', s.trace) AS json,"
" json_object() AS detail"
" FROM submission s CROSS JOIN target t ON t.id = s.target"
" CROSS JOIN project p ON p.id = t.project WHERE sees(p.name)";

const char db_view_decision[] =
"CREATE TEMP VIEW v_decision AS SELECT d.id AS id, d.id AS key,"
" p.name AS project, " BUCKET_OF("d.bucket") " AS bucket, d.verb AS verb,"
" json_object('id', d.id, 'at', " TIME("d.at_ms") ", 'who', d.who,"
"  'verb', d.verb, 'project', p.name, 'bucket', " BUCKET_OF("d.bucket") ","
"  'other', " BUCKET_OF("d.other") ", 'changed', " CHANGED("d.detail") ","
"  'detail', " SIDE("d.detail") ", 'reason', d.reason, 'undone', d.undone, 'trace', d.trace) AS json,"
" json_object() AS detail"
" FROM decision d CROSS JOIN project p ON p.id = d.project"
" WHERE sees(p.name)";
/* clang-format on */

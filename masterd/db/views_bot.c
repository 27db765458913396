/*
 * Bots for people.  v_bot has each by itself; v_bots those that stay, and of
 * ephemeral ones a line a pool: that of the first of its bots that is not
 * forgotten stands for it, so that a page is a walk over the ids of bots.
 */
#include "masterd/db/db_internal.h"
#include "masterd/db/views_internal.h"

/* clang-format off */
#define OPEN	"l.state IN ('offered', 'running')"

#define BOT_LINE							\
"json_object("								\
"  'name', b.name, 'account', a.name, 'owner', " BOOL("b.owner = 1") ","	\
"  'state', b.state, 'holds', " BOOL("b.holds <> 0") ", 'reason', b.said,"	\
"  'slots', b.slots, 'free', b.free, 'load_percent', b.load,"		\
"  'leases', (SELECT count(*) FROM lease l WHERE l.bot = b.id AND " OPEN "),"	\
"  'execs_per_second', coalesce((SELECT sum(l.execs_per_second)"	\
"    FROM lease l WHERE l.bot = b.id AND " OPEN "), 0),"		\
"  'sandbox', b.sandbox, 'cores', b.cores, 'memory', b.memory,"		\
"  'disk_free', b.disk_free, 'outbox_files', b.outbox_files,"		\
"  'outbox_bytes', b.outbox_bytes, 'arch', b.arch, 'os', b.os,"		\
"  'engines', " WORDS("b.engines") ","					\
"  'tags', " WORDS("replace(b.tags, char(10), ' ')") ","		\
"  'wire_max', b.wire_max, 'epoch', (SELECT ep.epoch FROM epoch ep"	\
"    WHERE ep.id = b.epoch), 'program', b.program, 'pool', b.pool,"	\
"  'drained', " BOOL("b.drained = 1") ", 'failures', b.failures,"	\
"  'off_until', CASE b.state WHEN 'off' THEN " TIME("b.off_until_ms") " END,"	\
"  'ended_leases', b.leases, 'execs', b.execs, 'cpu_ms', b.cpu_ms,"	\
"  'added', " TIME("b.added_ms") ", 'seen', " TIME("b.seen_ms") ")"

const char db_view_bot[] =
"CREATE TEMP VIEW v_bot AS SELECT b.id AS id, " BOT_NAME " AS key,"
" b.state AS state, a.name AS account, b.seen_ms AS seen, b.pool AS pool,"
" " BOT_LINE " AS json,"
" json_object("
"  'leases_in_hand', " LIST("json_group_array(json(o)) FROM"
"    (SELECT json_object('id', l.lease, 'job', j.job,"
"    'target', " TARGET_NAME ", 'state', l.state, 'seconds', l.seconds,"
"    'execs', l.execs, 'execs_per_second', l.execs_per_second) AS o"
"    FROM lease l JOIN task k ON k.id = l.task"
"    LEFT JOIN job j ON j.id = k.job"
"    JOIN target t ON t.id = k.target JOIN project p ON p.id = t.project"
"    WHERE l.bot = b.id AND " OPEN
"    AND sees(p.name) ORDER BY l.id)") ","
"  'last_leases', " LIST("json_group_array(json(o)) FROM"
"    (SELECT json_object('id', l.lease, 'kind', k.kind, 'job', j.job,"
"    'target', " TARGET_NAME ", 'state', l.state, 'reason', l.reason,"
"    'seconds', l.seconds, 'execs', l.execs,"
"    'offered', " TIME("l.offered_ms") ", 'ended', " TIME("l.ended_ms") ") AS o"
"    FROM lease l CROSS JOIN task k ON k.id = l.task"
"    LEFT JOIN job j ON j.id = k.job"
"    JOIN target t ON t.id = k.target JOIN project p ON p.id = t.project"
"    WHERE l.bot = b.id AND l.ended_ms > 0 AND sees(p.name)"
"    ORDER BY l.ended_ms DESC LIMIT 10)") ","
"  'drain', CASE b.drained WHEN 1 THEN json_object("
"    'reason', b.drain_reason, 'by', b.drained_by,"
"    'at', " TIME("b.drained_ms") ") END,"
"  'capabilities', json_object('engines', json(CASE WHEN"
"    json_valid(b.engine_facts) THEN b.engine_facts ELSE '{}' END),"
"    'sanitizers', " WORDS("b.sanitizers") ", 'arch', b.arch,"
"    'cpu', b.cpu, 'cores', b.cores, 'memory', b.memory,"
"    'tags', " WORDS("replace(b.tags, char(10), ' ')") "),"
"  'host_class', b.host_class,"
"  'forgotten', CASE b.state WHEN 'forgotten' THEN"
"    " TIME("b.forgotten_ms") " END,"
"  'epochs', (SELECT count(*) FROM epoch ep WHERE ep.bot = b.id)) AS detail"
" FROM bot b CROSS JOIN account a ON a.id = b.account";

#define OF_POOL	"x.account = b.account AND x.pool = b.pool AND x.pool <> ''" \
	" AND x.state <> 'forgotten'"
#define SUM(column, rows) "coalesce((SELECT sum(" column ") FROM " rows "), 0)"
#define OF_THEM(column) SUM(column, "bot x WHERE " OF_POOL)
#define OF_LIVE(column) SUM(column, "bot x WHERE " OF_POOL " AND x.state = 'up'")
#define OF_GONE(column) SUM(column, "pool o WHERE o.account = b.account"	\
	" AND o.name = b.pool")
#define OF_LEASES(value) "coalesce((SELECT " value " FROM bot x JOIN lease l" \
	" ON l.bot = x.id WHERE " OF_POOL " AND " OPEN "), 0)"

const char db_view_bots[] =
"CREATE TEMP VIEW v_bots AS SELECT b.id AS id,"
" CASE b.pool WHEN '' THEN " BOT_NAME " ELSE 'pool/' || b.pool END AS key,"
" CASE b.pool WHEN '' THEN b.state ELSE 'pool' END AS state,"
" a.name AS account, b.seen_ms AS seen,"
" CASE b.pool WHEN '' THEN " BOT_LINE " ELSE json_object("
"  'name', 'pool/' || b.pool, 'account', a.name, 'pool', b.pool,"
"  'state', 'pool', 'bots', " LIST("json_group_object(state, n) FROM (SELECT"
"    x.state AS state, count(*) AS n FROM bot x WHERE " OF_POOL
"    GROUP BY x.state ORDER BY x.state)") ","
"  'forgotten', " OF_GONE("o.bots") ","
"  'slots', " OF_LIVE("x.slots") ", 'free', " OF_LIVE("x.free") ","
"  'leases', " OF_LEASES("count(*)") ","
"  'execs_per_second', " OF_LEASES("sum(l.execs_per_second)") ","
"  'ended_leases', " OF_THEM("x.leases") " + " OF_GONE("o.leases") ","
"  'execs', " OF_THEM("x.execs") " + " OF_GONE("o.execs") ","
"  'cpu_ms', " OF_THEM("x.cpu_ms") " + " OF_GONE("o.cpu_ms") ","
"  'added', " TIME("min(b.added_ms, coalesce((SELECT o.first_ms FROM pool o"
"    WHERE o.account = b.account AND o.name = b.pool), b.added_ms))") ","
"  'seen', " TIME("(SELECT max(x.seen_ms) FROM bot x WHERE " OF_POOL ")")
") END AS json"
" FROM bot b CROSS JOIN account a ON a.id = b.account"
" WHERE b.state <> 'forgotten' AND (b.pool = '' OR b.id ="
" (SELECT min(x.id) FROM bot x WHERE " OF_POOL "))";
/* clang-format on */

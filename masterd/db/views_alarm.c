/*
 * What wants a person: a sentence each, and what to do about it.  The order is
 * that of "rank", the most urgent first.  "error": work or data stands still;
 * "warning": it will, or some of it does; "note": worth a look.
 *
 * To add one: a line ALARM(rank, severity, text, fix, from), where text and
 * fix are SQL for a sentence in lower case without a full stop, and "from" is
 * the rest of the SELECT.  What is of a project asks sees() (viewer.h).
 */
#include "masterd/db/leases_internal.h"
#include "masterd/db/views_internal.h"

/* clang-format off */
#define ALARM(rank, severity, text, fix, from)				\
	" SELECT " rank " AS rank, '" severity "' AS severity, "	\
	text " AS text, " fix " AS fix " from
#define AND_ALARM(rank, severity, text, fix, from)			\
	" UNION ALL" ALARM(rank, severity, text, fix, from)
/* Now, nearly: the time of the newest event. */
#define NOW	"(SELECT at_ms FROM event ORDER BY id DESC LIMIT 1)"
#define BOTS	"FROM bot b JOIN account a ON a.id = b.account"

const char db_view_alarm[] =
"CREATE TEMP VIEW v_alarm AS"
ALARM("1", "error",
    "'bot ' || " BOT_NAME " || ' is clashed: two live bots"
    " use its name, and it gets no work until one of them stops'",
    "'stop one of them, or give it another name in its botd.yaml'",
    BOTS " WHERE b.state = 'clashed'")
AND_ALARM("2", "warning",
    "'bot ' || " BOT_NAME " || ' is lost: last heard of at '"
    " || coalesce(" TIME("b.seen_ms") ", 'no time')",
    "'look after its machine and pandafuzz-botd there; if it is gone for"
    " good: pfadm bot forget ' || b.name",
    BOTS " WHERE b.state = 'lost' AND b.pool = ''")
AND_ALARM("4", "warning",
    "'bot ' || " BOT_NAME " || ' rests: ' || b.failures || ' leases in a row"
    " failed there'",
    "'pfadm bot show ' || b.name || ' says which; then: pfadm bot resume ' ||"
    " b.name",
    BOTS " WHERE b.failures > 1 AND b.state IN ('up', 'late')")
AND_ALARM("3", "warning",
    "'account ' || a.name || ' sends data as bot ' || b.name"
    " || ', which is another account''s: the data is taken, no work is given'",
    "'give that bot another name in its botd.yaml'",
    BOTS " WHERE b.owner = 0")
AND_ALARM("3", "error",
    "'bundles are missing: ' || s.value",
    "'pfadm ledger check says whose; let that bot push its outbox, or, when"
    " that is gone: pfadm bot write-off BOT'",
    "FROM setting s WHERE s.key = 'ledger_missing'"
    " AND CAST(s.value AS INTEGER) > 0")
AND_ALARM("4", "warning",
    "'bot ' || " BOT_NAME " || ' takes no work: ' ||"
    " CASE b.said WHEN '' THEN 'it says hold' ELSE b.said END",
    "'see pfadm bot show ' || b.name || ', and pandafuzz-botd doctor there'",
    BOTS " WHERE b.holds <> 0 AND b.state IN ('up', 'late')")
AND_ALARM("4", "warning",
    "'account ' || u.name || ' is told to hold: ' || u.hold",
    "'what is there is taken in by itself; higher limits: pfadm account set '"
    " || u.name || ' --max-bytes 20GiB, or --max-files or --max-rate; those of"
    " all are in masterd.yaml (accounts.max_bytes, max_files, max_rate)'",
    "FROM temp.account_usage u WHERE u.hold <> ''")
AND_ALARM("12", "note",
    "'machines that wait to be let in: ' || n || ' of account ' || name",
    "'pfadm account approve ' || name || ' --all'",
    "FROM (SELECT a.name AS name, count(*) AS n FROM account_key k"
    " JOIN account a ON a.id = k.account WHERE k.state = 'pending'"
    " AND a.state = 'active' GROUP BY a.id)")
AND_ALARM("5", "warning",
    "'bot ' || " BOT_NAME " || ' runs targets without a sandbox'",
    "'install bubblewrap there and let sandbox be bwrap in its botd.yaml'",
    BOTS " WHERE b.sandbox = 'none' AND b.state IN ('up', 'late')")
AND_ALARM("6", "warning",
    "'bundles of one id with different contents: ' || n ||"
    " '; was a bot''s state folder copied?'",
    "'give each bot a state folder of its own'",
    "FROM (SELECT sum(count) AS n FROM epoch_count"
    " WHERE outcome = 'conflict') WHERE n > 0")
AND_ALARM("7", "warning",
    "'refused bundles: ' || n || ', see: pfadm spool list'",
    "'pfadm spool list says why; then pfadm spool retry ENTRY, or pfadm spool"
    " drop ENTRY'",
    "FROM (SELECT count(*) AS n FROM ledger WHERE " KEPT
    " AND outcome = 'refused' AND file <> '') WHERE n > 0")
AND_ALARM("8", "warning",
    "'bundles held for a newer version of the master: ' || n",
    "'upgrade pandafuzz-masterd; it takes them in by itself then'",
    "FROM (SELECT count(*) AS n FROM ledger WHERE " KEPT
    " AND outcome = 'held') WHERE n > 0")
AND_ALARM("9", "error",
    "'job ' || j.job || ' failed: ' || j.reason",
    "'see pfadm job logs ' || j.job || ', then: pfadm job retry ' || j.job",
    "FROM job j WHERE j.status = 'failed'"
    " AND j.ended_ms > " NOW " - 86400000"
    " AND j.target NOT IN " HIDDEN_TARGETS)
AND_ALARM("9", "warning",
    "'job ' || j.job || ' has a task parked as poison, it '"
    " || k.reason || '; to try it again: pfadm job resume ' || j.job",
    "'pfadm job resume ' || j.job",
    "FROM job j CROSS JOIN task k ON k.job = j.id AND k.state = 'parked'"
    " WHERE j." LIVE " AND j.target NOT IN " HIDDEN_TARGETS)
AND_ALARM("9", "warning",
    "'job ' || j.job || ' is stuck: bots are up, and it gets nowhere'",
    "'pfadm job why ' || j.job",
    "FROM setting s CROSS JOIN job j ON j." LIVE
    " AND instr(s.value, j.job) > 0 WHERE s.key = 'jobs_stuck'"
    " AND j.target NOT IN " HIDDEN_TARGETS)
AND_ALARM("10", "warning",
    "'build ' || substr(" HEX("u.sha256") ", 1, 12) ||"
    " ' waits for a bot that can check it'",
    "'start a bot with its engine (' || u.engine || ') and architecture'",
    "FROM build u WHERE u.state = 'new'"
    " AND EXISTS (SELECT 1 FROM task k WHERE k.build = u.id"
    " AND k.kind = 'check' AND k.state = 'ready') AND NOT EXISTS (SELECT 1"
    " FROM bot b WHERE b.state IN ('up', 'late') AND b.drained = 0 AND" SQL_COULD "AND NOT EXISTS"
    " (SELECT 1 FROM build_host h WHERE h.build = u.id"
    " AND h.host_class = b.host_class))"
    " AND u.project NOT IN " HIDDEN_PROJECTS)
AND_ALARM("10", "warning",
    "'hook ' || r.hook || ' failed ' || r.tries || ' times'"
    " || CASE r.state WHEN 'waiting' THEN ' and is tried again' ELSE '' END"
    " || CASE WHEN NOT sees_all() THEN '' WHEN r.said = ''"
    " THEN ': it does not say why' ELSE ': ' || r.said END",
    "'run it by hand as the master''s user; see HOOKS in"
    " pandafuzz-masterd(8)'",
    "FROM (SELECT hook, state, said, tries, max(id) FROM hook_run"
    " WHERE (state = 'failed' AND at_ms > " NOW " - 86400000) OR (state = 'waiting' AND tries > 0)"
    " GROUP BY hook, state) r")
AND_ALARM("11", "error",
    "'jobs wait and no bot is up'",
    "'start pandafuzz-botd on a machine, or: pfadm bot list'",
    "WHERE EXISTS (SELECT 1 FROM job WHERE status = 'pending')"
    " AND NOT EXISTS (SELECT 1 FROM bot WHERE state IN ('up', 'late')"
    " AND owner = 1)");
/* clang-format on */

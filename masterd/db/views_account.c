/*
 * Accounts as people see them.  What is counted in incoming/ is in a table of
 * the connection: it is known to the process that counts, and to nobody after
 * it.
 */
#include "masterd/db/db_internal.h"
#include "masterd/db/views_internal.h"

/* clang-format off */
#define SEEN								\
	"coalesce((SELECT max(max(b.seen_ms), coalesce(max(ep.last_ms), 0))" \
	" FROM bot b LEFT JOIN epoch ep ON ep.bot = b.id"		\
	" WHERE b.account = a.id"
#define NOW_MS	"(CAST(strftime('%s', 'now') AS INTEGER) * 1000)"

const char db_table_account_usage[] =
"CREATE TEMP TABLE IF NOT EXISTS account_usage ("
"  name TEXT PRIMARY KEY,"
"  bytes INTEGER NOT NULL,"
"  files INTEGER NOT NULL,"
"  hold TEXT NOT NULL,"
"  shut INTEGER NOT NULL) STRICT, WITHOUT ROWID";

const char db_view_account[] =
"CREATE TEMP VIEW v_account AS SELECT a.id AS id, a.name AS key,"
" a.kind AS kind, a.state AS state,"
" json_object("
"  'name', a.name, 'kind', a.kind, 'state', a.state,"
"  'projects', " WORDS("a.projects") ", 'reason', a.reason,"
"  'keys', (SELECT count(*) FROM account_key k WHERE k.account = a.id"
"    AND k.state = 'active'),"
"  'pending', (SELECT count(*) FROM account_key k WHERE k.account = a.id"
"    AND k.state = 'pending'),"
"  'invitations', (SELECT count(*) FROM invite i WHERE i.account = a.id"
"    AND i.state = 'open' AND i.expires_ms > " NOW_MS "),"
"  'bots', (SELECT count(*) FROM bot b WHERE b.account = a.id"
"    AND b.state <> 'forgotten'),"
"  'fingerprint', coalesce((SELECT k.fingerprint FROM account_key k WHERE"
"    k.account = a.id AND k.state = 'active' ORDER BY k.id DESC LIMIT 1), ''),"
"  'key_age_days', (SELECT (" NOW_MS " - min(k.added_ms)) / 86400000"
"    FROM account_key k WHERE k.account = a.id AND k.state = 'active'),"
"  'added', " TIME("a.added_ms") ", 'added_by', a.added_by,"
"  'last_used', " TIME(SEEN "), 0)") ","
"  'max_bytes', a.max_bytes, 'max_files', a.max_files,"
"  'max_rate', a.max_rate,"
"  'bytes', coalesce(u.bytes, 0), 'files', coalesce(u.files, 0),"
"  'hold', coalesce(u.hold, '')) AS json,"
" json_object("
"  'key_list', " LIST("json_group_array(json(o)) FROM (SELECT json_object("
"    'fingerprint', k.fingerprint, 'key', 'ssh-ed25519 ' || k.key,"
"    'state', k.state, 'bot', k.bot,"
"    'host', k.host, 'added', " TIME("k.added_ms") ","
"    'added_by', k.added_by, 'approved_by', k.approved_by,"
"    'age_days', (" NOW_MS " - k.added_ms) / 86400000,"
"    'last_used', " TIME("CASE k.bot WHEN '' THEN " SEEN "), 0)"
"      ELSE " SEEN " AND b.name = k.bot), 0) END") ") AS o"
"    FROM account_key k WHERE k.account = a.id"
"    ORDER BY k.state = 'disabled', k.id LIMIT 1000)") ","
"  'invitation_list', " LIST("json_group_array(json(o)) FROM (SELECT"
"    json_object('invite', i.invite, 'state', CASE WHEN i.state = 'open'"
"      AND i.expires_ms <= " NOW_MS " THEN 'expired' ELSE i.state END,"
"    'made', " TIME("i.made_ms") ", 'made_by', i.made_by,"
"    'auto', " BOOL("i.auto") ", 'expires', " TIME("i.expires_ms") ","
"    'used_key', i.used_key) AS o"
"    FROM invite i WHERE i.account = a.id ORDER BY i.id DESC LIMIT 200)")
" ) AS detail"
" FROM account a LEFT JOIN temp.account_usage u ON u.name = a.name"
" WHERE a.state <> 'removed'";
/* clang-format on */

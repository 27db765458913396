/*
 * Schema 4, as a step from schema 3: crashes keep their normalised reports, a
 * bug is a group of signatures that are linked by rules or by people, every
 * decision can be undone, and inputs are run again and handed in.
 *
 * The conventions are those of schema.c, the recipe that of schema_2.c.
 */
#include "masterd/db/db_internal.h"

/* clang-format off */
#define MARK(kind, id)							\
	"DELETE FROM dirty WHERE kind = '" kind "' AND row = " id ";"	\
	" INSERT INTO dirty (kind, row) VALUES ('" kind "', " id ");"
#define CHANGED(column) "NEW." column " IS NOT OLD." column
#define COUNT_IN							\
	"INSERT INTO bucket_target (bucket, target, crashes, newest_ms)" \
	" VALUES (NEW.bucket, NEW.target, 1, NEW.first_ms)"		\
	" ON CONFLICT (bucket, target) DO UPDATE SET"			\
	" crashes = crashes + 1,"					\
	" newest_ms = max(newest_ms, NEW.first_ms);"
#define COUNT_OUT							\
	"UPDATE bucket_target SET crashes = crashes - 1"		\
	" WHERE bucket = OLD.bucket AND target = OLD.target;"		\
	" DELETE FROM bucket_target WHERE bucket = OLD.bucket"		\
	" AND target = OLD.target AND crashes < 1;"

const char *const db_schema_4[] = {
/* ---- what was judged by which rules ---- */
/* name: rules_name(); text: of the file, '' for the built-in rules alone. */
"CREATE TABLE ruleset ("
"  id INTEGER PRIMARY KEY,"
"  name TEXT NOT NULL UNIQUE,"
"  text TEXT NOT NULL,"
"  first_ms INTEGER NOT NULL) STRICT",

/* Normalised reports (facts_write()): rules can be applied to them again. */
"CREATE TABLE stack ("
"  id INTEGER PRIMARY KEY,"
"  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),"
"  text TEXT NOT NULL) STRICT",

/* How something was run: command line and environment, a word a line. */
"CREATE TABLE run ("
"  id INTEGER PRIMARY KEY,"
"  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),"
"  command TEXT NOT NULL,"
"  environment TEXT NOT NULL) STRICT",

/* ---- buckets ---- */
/*
 * alias: of a bucket that was merged into another; its number leads there.
 * reason: why it is closed.  muted_until_ms 0: for as long as it is muted.
 */
"CREATE TABLE bucket_4 ("
"  id INTEGER PRIMARY KEY,"
"  project INTEGER NOT NULL REFERENCES project(id),"
"  number INTEGER NOT NULL,"
"  status TEXT NOT NULL DEFAULT 'open' CHECK (status IN"
"    ('open', 'fixed', 'closed', 'muted')),"
"  reason TEXT NOT NULL DEFAULT '' CHECK (reason IN ('', 'fixed', 'wontfix',"
"    'invalid', 'duplicate', 'obsolete')),"
"  muted_until_ms INTEGER NOT NULL DEFAULT 0,"
"  class TEXT NOT NULL DEFAULT 'crash' CHECK (class IN"
"    ('crash', 'timeout', 'memory', 'leak')),"
"  type TEXT NOT NULL,"
"  state TEXT NOT NULL,"			/* lines, newline between */
"  security INTEGER NOT NULL,"
"  severity TEXT NOT NULL DEFAULT 'none' CHECK (severity IN"
"    ('none', 'low', 'medium', 'high', 'critical')),"
"  owner TEXT NOT NULL DEFAULT '',"
"  issue TEXT NOT NULL DEFAULT '',"
"  alias INTEGER REFERENCES bucket(id),"
"  first_ms INTEGER NOT NULL,"
"  last_ms INTEGER NOT NULL,"
"  UNIQUE (project, number)) STRICT",
"INSERT INTO bucket_4 (id, project, number, status, class, type, state,"
"  security, issue, first_ms, last_ms) SELECT id, project, number, status,"
"  CASE WHEN type = 'Timeout' THEN 'timeout' WHEN type = 'Out-of-memory'"
"  THEN 'memory' WHEN type LIKE '%-leak' THEN 'leak' ELSE 'crash' END, type,"
"  state, security, issue, first_ms, last_ms FROM bucket",
"DROP TABLE bucket",
"ALTER TABLE bucket_4 RENAME TO bucket",
"CREATE INDEX bucket_alias ON bucket (alias) WHERE alias IS NOT NULL",
"CREATE INDEX bucket_muted ON bucket (muted_until_ms)"
"  WHERE status = 'muted' AND muted_until_ms > 0",
/* What lists leave out by themselves: few, so that they can be counted. */
"CREATE INDEX bucket_hidden ON bucket (project, status, class)"
"  WHERE alias IS NULL AND (status <> 'open'"
"    OR class IN ('timeout', 'memory'))",
"CREATE TABLE bucket_label ("
"  bucket INTEGER NOT NULL REFERENCES bucket(id),"
"  label TEXT NOT NULL,"
"  PRIMARY KEY (bucket, label)) STRICT, WITHOUT ROWID",
"CREATE TABLE bucket_note ("
"  id INTEGER PRIMARY KEY,"
"  bucket INTEGER NOT NULL REFERENCES bucket(id),"
"  at_ms INTEGER NOT NULL,"
"  who TEXT NOT NULL,"
"  text TEXT NOT NULL) STRICT",
"CREATE INDEX bucket_note_bucket ON bucket_note (bucket)",

/*
 * A bug is one or more of these.  stack: the frames that count, a line each,
 * of that of its stacks whose lines are the smallest; family: the type without
 * access and size.  apart: 1 taken out by a person, never linked again; 2 left
 * without crashes by a regroup.  home: the bucket that was made for it, and
 * that is its again when it stands by itself (buckets_settle.c).  rule: how it
 * came into its bucket.  severity: the worst of its crashes.
 * counted: crashes of which bots sent a number.
 * hits: all of them, with and without payload.
 */
"CREATE TABLE signature ("
"  id INTEGER PRIMARY KEY,"
"  project INTEGER NOT NULL REFERENCES project(id),"
"  signature BLOB NOT NULL CHECK (length(signature) = 32),"
"  security INTEGER NOT NULL,"
"  bucket INTEGER NOT NULL REFERENCES bucket(id),"
"  class TEXT NOT NULL DEFAULT 'crash',"
"  type TEXT NOT NULL DEFAULT '',"
"  family TEXT NOT NULL DEFAULT '',"
"  state TEXT NOT NULL DEFAULT '',"
"  stack TEXT NOT NULL DEFAULT '',"
"  placeless INTEGER NOT NULL DEFAULT 0,"
"  severity TEXT NOT NULL DEFAULT 'none' CHECK (severity IN"
"    ('none', 'low', 'medium', 'high', 'critical')),"
"  apart INTEGER NOT NULL DEFAULT 0,"
"  home INTEGER NOT NULL DEFAULT 0,"
"  rule TEXT NOT NULL DEFAULT 'exact' CHECK (rule IN ('exact', 'frames',"
"    'lines', 'stack', 'merge', 'split', 'regroup')),"
"  counted INTEGER NOT NULL DEFAULT 0,"
"  hits INTEGER NOT NULL DEFAULT 0,"
"  first_ms INTEGER NOT NULL DEFAULT 0,"
"  last_ms INTEGER NOT NULL DEFAULT 0,"
"  UNIQUE (project, signature, security)) STRICT",
"CREATE INDEX signature_bucket ON signature (bucket)",
/* Numbers that bots sent of signatures that no crash has brought yet (after a
 * restore): added to the signature when it comes. */
"CREATE TABLE signature_unknown ("
"  project INTEGER NOT NULL REFERENCES project(id),"
"  signature BLOB NOT NULL CHECK (length(signature) = 32),"
"  security INTEGER NOT NULL,"
"  counted INTEGER NOT NULL,"
"  last_ms INTEGER NOT NULL,"
"  PRIMARY KEY (project, signature, security)) STRICT, WITHOUT ROWID",
"CREATE INDEX signature_home ON signature (home) WHERE home <> 0",
"INSERT INTO signature (project, signature, security, bucket, home, class,"
"  type, state, first_ms, last_ms) SELECT s.project, s.signature, s.security,"
"  s.bucket, s.bucket, b.class, b.type, b.state, b.first_ms, b.last_ms"
"  FROM bucket_signature s JOIN bucket b ON b.id = s.bucket",
"DROP TABLE bucket_signature",
/* Which can be linked at all (link_bands()), by digest: of a band the smallest
 * take part. */
"CREATE TABLE signature_band ("
"  project INTEGER NOT NULL,"
"  band INTEGER NOT NULL,"
"  digest BLOB NOT NULL,"
"  signature INTEGER NOT NULL REFERENCES signature(id),"
"  PRIMARY KEY (project, band, digest)) STRICT, WITHOUT ROWID",
"CREATE INDEX signature_band_of ON signature_band (signature)",
/* Links between them, a < b; distance in millionths. */
"CREATE TABLE signature_link ("
"  a INTEGER NOT NULL REFERENCES signature(id),"
"  b INTEGER NOT NULL REFERENCES signature(id),"
"  rule TEXT NOT NULL CHECK (rule IN ('frames', 'lines')),"
"  distance INTEGER NOT NULL,"
"  PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID",
"CREATE INDEX signature_link_b ON signature_link (b)",
/* Joined by a person (decision), or because one normalised report was seen
 * with both (0), whatever the rules say. */
"CREATE TABLE signature_join ("
"  a INTEGER NOT NULL REFERENCES signature(id),"
"  b INTEGER NOT NULL REFERENCES signature(id),"
"  decision INTEGER NOT NULL,"
"  PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID",
"CREATE INDEX signature_join_b ON signature_join (b)",
/* Hits by the hour: of each day 24 numbers, LEB128, one after another. */
"CREATE TABLE signature_day ("
"  signature INTEGER NOT NULL REFERENCES signature(id),"
"  day INTEGER NOT NULL,"			/* since 1970, UTC */
"  hours BLOB NOT NULL,"
"  PRIMARY KEY (signature, day)) STRICT, WITHOUT ROWID",

/*
 * Who decided what on a bucket, and all that undo needs (JSON).  undone: the
 * decision that took it back.
 */
"CREATE TABLE decision ("
"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
"  project INTEGER NOT NULL REFERENCES project(id),"
"  at_ms INTEGER NOT NULL,"
"  who TEXT NOT NULL,"
"  trace TEXT NOT NULL DEFAULT '',"
"  verb TEXT NOT NULL CHECK (verb IN ('merge', 'split', 'mute', 'unmute',"
"    'set', 'note', 'regroup', 'undo')),"
"  bucket INTEGER REFERENCES bucket(id),"
"  other INTEGER REFERENCES bucket(id),"
"  detail TEXT NOT NULL,"
"  reason TEXT NOT NULL DEFAULT '',"
"  undone INTEGER REFERENCES decision(id)) STRICT",
"CREATE INDEX decision_bucket ON decision (bucket)",
"CREATE INDEX decision_other ON decision (other) WHERE other IS NOT NULL",
/* The steps of a regroup, a part a slice, beside those of detail. */
"CREATE TABLE decision_part ("
"  decision INTEGER NOT NULL REFERENCES decision(id),"
"  n INTEGER NOT NULL,"
"  ops TEXT NOT NULL,"
"  PRIMARY KEY (decision, n)) STRICT",
/* What a regroup changed: columns of the crash as they were before it. */
"CREATE TABLE regroup_move ("
"  decision INTEGER NOT NULL REFERENCES decision(id),"
"  crash INTEGER NOT NULL REFERENCES crash(id),"
"  sig INTEGER NOT NULL,"
"  ruleset INTEGER,"
"  severity TEXT NOT NULL,"
"  severity_rule TEXT NOT NULL,"
"  security_rule TEXT NOT NULL,"
"  casr TEXT NOT NULL,"
"  PRIMARY KEY (decision, crash)) STRICT, WITHOUT ROWID",

/* ---- crashes ---- */
/*
 * kept: why its input stays ('first', 'smallest', 'newest'), '' when it may
 * go.  series: the inputs before it that it needs, digests, a line each.
 * signature: what it was found as, and so its name; sig: what it counts as.
 * moved: the bucket in whose folder its link still is; NULL: in its own.
 */
"ALTER TABLE crash ADD COLUMN class TEXT NOT NULL DEFAULT 'crash'",
"ALTER TABLE crash ADD COLUMN severity TEXT NOT NULL DEFAULT 'none'",
"ALTER TABLE crash ADD COLUMN severity_rule TEXT NOT NULL DEFAULT ''",
"ALTER TABLE crash ADD COLUMN security_rule TEXT NOT NULL DEFAULT ''",
"ALTER TABLE crash ADD COLUMN casr TEXT NOT NULL DEFAULT ''",
"ALTER TABLE crash ADD COLUMN stack INTEGER REFERENCES stack(id)",
"ALTER TABLE crash ADD COLUMN ruleset INTEGER REFERENCES ruleset(id)",
"ALTER TABLE crash ADD COLUMN sig INTEGER REFERENCES signature(id)",
"ALTER TABLE crash ADD COLUMN moved INTEGER",
"ALTER TABLE crash ADD COLUMN min_sha256 BLOB",
"ALTER TABLE crash ADD COLUMN min_bytes INTEGER NOT NULL DEFAULT 0",
"ALTER TABLE crash ADD COLUMN series TEXT NOT NULL DEFAULT ''",
"ALTER TABLE crash ADD COLUMN parents TEXT NOT NULL DEFAULT ''",
"UPDATE crash SET class = (SELECT class FROM bucket b WHERE b.id ="
"  crash.bucket), sig = (SELECT s.id FROM signature s JOIN target t ON"
"  t.id = crash.target WHERE s.project = t.project AND s.signature ="
"  crash.signature AND s.security = crash.security)",
"UPDATE signature SET hits = (SELECT count(*) FROM crash c JOIN observation o"
"  ON o.crash = c.id WHERE c.sig = signature.id) + (SELECT"
"  coalesce(sum(d.count), 0) FROM crash c JOIN observation_day d ON"
"  d.crash = c.id WHERE c.sig = signature.id)",
"CREATE INDEX crash_sig ON crash (sig, first_ms)",
"CREATE INDEX crash_stack ON crash (stack)",
"CREATE INDEX crash_input ON crash (sha256)",
/* Of a bucket the best first: with an input, reliable, small. */
"CREATE INDEX crash_best ON crash (bucket, has_input < 1,"
"  reproduced < tries, bytes)",
/* What inputs take up, without a look at those that are gone. */
"CREATE INDEX crash_held ON crash (target, bytes) WHERE has_input > 0",
/* Inputs that are let go of (usage.h): mostly none. */
"CREATE INDEX crash_going ON crash (id) WHERE has_input = -1",
/* How many crashes of which targets a bucket has: counted, not summed. */
"CREATE TABLE bucket_target ("
"  bucket INTEGER NOT NULL REFERENCES bucket(id),"
"  target INTEGER NOT NULL REFERENCES target(id),"
"  crashes INTEGER NOT NULL,"
"  newest_ms INTEGER NOT NULL,"		/* when the last of them came */
"  PRIMARY KEY (bucket, target)) STRICT, WITHOUT ROWID",
"CREATE INDEX bucket_target_target ON bucket_target (target)",
"INSERT INTO bucket_target SELECT bucket, target, count(*), max(first_ms)"
"  FROM crash"
"  GROUP BY 1, 2",
"CREATE TRIGGER bucket_target_in AFTER INSERT ON crash BEGIN " COUNT_IN " END",
"CREATE TRIGGER bucket_target_up AFTER UPDATE OF bucket ON crash"
"  WHEN " CHANGED("bucket") " BEGIN " COUNT_OUT " " COUNT_IN " END",
"CREATE TRIGGER bucket_target_out AFTER DELETE ON crash"
"  BEGIN " COUNT_OUT " END",
"CREATE INDEX crash_moved ON crash (moved) WHERE moved IS NOT NULL",
"CREATE INDEX crash_ruleset ON crash (ruleset)",
"ALTER TABLE observation ADD COLUMN run INTEGER REFERENCES run(id)",
"ALTER TABLE observation ADD COLUMN strategies TEXT NOT NULL DEFAULT ''",

/* k of n, by bot and build.  below, above: a timeout or an excess of memory at
 * 0.8 and 1.5 times its limit: -1 not tried, 0 did not show, 1 did. */
"CREATE TABLE reproduction ("
"  crash INTEGER NOT NULL REFERENCES crash(id),"
"  bot INTEGER NOT NULL REFERENCES bot(id),"
"  build BLOB NOT NULL,"			/* x'': none was named */
"  tries INTEGER NOT NULL,"
"  reproduced INTEGER NOT NULL,"
"  below INTEGER NOT NULL DEFAULT -1 CHECK (below IN (-1, 0, 1)),"
"  above INTEGER NOT NULL DEFAULT -1 CHECK (above IN (-1, 0, 1)),"
"  at_ms INTEGER NOT NULL,"
"  PRIMARY KEY (crash, bot, build)) STRICT, WITHOUT ROWID",
"INSERT OR IGNORE INTO reproduction (crash, bot, build, tries, reproduced,"
"  at_ms) SELECT crash, bot, coalesce(build, x''), max(tries), max(reproduced),"
"  max(found_ms) FROM observation WHERE tries > 0 GROUP BY 1, 2, 3",

/* Inputs that people handed in: each is run by a bot.  has_input: of what is
 * quiet or failed, as crash has it (usage.h). */
"CREATE TABLE submission ("
"  id INTEGER PRIMARY KEY,"
"  target INTEGER NOT NULL REFERENCES target(id),"
"  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
"  bytes INTEGER NOT NULL,"
"  name TEXT NOT NULL,"				/* its file's */
"  who TEXT NOT NULL,"
"  at_ms INTEGER NOT NULL,"
"  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN"
"    ('waiting', 'crashed', 'quiet', 'failed')),"
"  tries INTEGER NOT NULL DEFAULT 0,"
"  reproduced INTEGER NOT NULL DEFAULT 0,"
"  ended_ms INTEGER NOT NULL DEFAULT 0,"
"  reason TEXT NOT NULL DEFAULT '',"
"  trace TEXT NOT NULL DEFAULT '',"
"  has_input INTEGER NOT NULL DEFAULT 1 CHECK (has_input IN (-1, 0, 1)),"
"  UNIQUE (target, sha256)) STRICT",
"CREATE INDEX submission_waiting ON submission (target)"
"  WHERE state = 'waiting'",
/* Whose input nobody will ask for, and those that are let go of. */
"CREATE INDEX submission_ended ON submission (ended_ms)"
"  WHERE has_input = 1 AND state IN ('quiet', 'failed')",
"CREATE INDEX submission_going ON submission (id) WHERE has_input = -1",

/* What a task of kind reproduce runs.  crash NULL: handed in. */
"CREATE TABLE task_input ("
"  task INTEGER NOT NULL REFERENCES task(id),"
"  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
"  bytes INTEGER NOT NULL,"
"  crash INTEGER REFERENCES crash(id),"
"  submission INTEGER REFERENCES submission(id),"
"  done INTEGER NOT NULL DEFAULT 0,"
"  PRIMARY KEY (task, sha256)) STRICT, WITHOUT ROWID",
"CREATE INDEX task_input_crash ON task_input (crash) WHERE crash IS NOT NULL",
"CREATE INDEX task_input_submission ON task_input (submission)"
"  WHERE submission IS NOT NULL",

/* ---- which rows metadata/ has no copy of yet ---- */
"CREATE TRIGGER dirty_bucket_in AFTER INSERT ON bucket"
"  BEGIN " MARK("bucket", "NEW.id") " END",
"CREATE TRIGGER dirty_bucket_up AFTER UPDATE ON bucket"
"  WHEN " CHANGED("status") " OR " CHANGED("reason") " OR "
    CHANGED("muted_until_ms") " OR " CHANGED("type") " OR " CHANGED("state")
    " OR " CHANGED("security") " OR " CHANGED("number") " OR "
    CHANGED("owner") " OR " CHANGED("issue") " OR " CHANGED("alias") " OR "
    CHANGED("severity") " OR " CHANGED("class")
"  BEGIN " MARK("bucket", "NEW.id") " END",
/* What the step itself gave them. */
"INSERT INTO dirty (kind, row) SELECT 'bucket', id FROM bucket WHERE id NOT IN"
"  (SELECT row FROM dirty WHERE kind = 'bucket')",
"INSERT INTO dirty (kind, row) SELECT 'crash', id FROM crash WHERE id NOT IN"
"  (SELECT row FROM dirty WHERE kind = 'crash')",
"CREATE TRIGGER dirty_signature_in AFTER INSERT ON signature"
"  BEGIN " MARK("bucket", "NEW.bucket") " END",
"CREATE TRIGGER dirty_signature_up AFTER UPDATE ON signature"
"  WHEN " CHANGED("bucket") " OR " CHANGED("apart") " OR " CHANGED("stack")
    " OR " CHANGED("severity")
"  BEGIN " MARK("bucket", "OLD.bucket") " "
    MARK("bucket", "NEW.bucket") " END",
"CREATE TRIGGER dirty_signature_out AFTER DELETE ON signature"
"  BEGIN " MARK("bucket", "OLD.bucket") " END",
"CREATE TRIGGER dirty_label_in AFTER INSERT ON bucket_label"
"  BEGIN " MARK("bucket", "NEW.bucket") " END",
"CREATE TRIGGER dirty_label_out AFTER DELETE ON bucket_label"
"  BEGIN " MARK("bucket", "OLD.bucket") " END",
"CREATE TRIGGER dirty_note_in AFTER INSERT ON bucket_note"
"  BEGIN " MARK("bucket", "NEW.bucket") " END",
"CREATE TRIGGER dirty_note_out AFTER DELETE ON bucket_note"
"  BEGIN " MARK("bucket", "OLD.bucket") " END",
/* A link stands in the copies of both, so that it is found whichever is taken
 * last. */
"CREATE TRIGGER dirty_link_in AFTER INSERT ON signature_link BEGIN "
    MARK("bucket", "(SELECT bucket FROM signature WHERE id = NEW.a)") " "
    MARK("bucket", "(SELECT bucket FROM signature WHERE id = NEW.b)") " END",
"CREATE TRIGGER dirty_link_out AFTER DELETE ON signature_link BEGIN "
    MARK("bucket", "(SELECT bucket FROM signature WHERE id = OLD.a)") " "
    MARK("bucket", "(SELECT bucket FROM signature WHERE id = OLD.b)") " END",
"CREATE TRIGGER dirty_decision_in AFTER INSERT ON decision"
"  WHEN NEW.bucket IS NOT NULL BEGIN " MARK("bucket", "NEW.bucket") " END",
"CREATE TRIGGER dirty_decision_up AFTER UPDATE ON decision"
"  WHEN NEW.bucket IS NOT NULL BEGIN " MARK("bucket", "NEW.bucket") " END",
/* Not what ticks: last_ms; and tries by their sum. */
"CREATE TRIGGER dirty_crash_more AFTER UPDATE ON crash WHEN "
    CHANGED("class") " OR " CHANGED("severity") " OR " CHANGED("stack") " OR "
    CHANGED("sig") " OR " CHANGED("min_sha256") " OR " CHANGED("series")
    " OR " CHANGED("parents")
"  BEGIN " MARK("crash", "NEW.id") " END",
"CREATE TRIGGER dirty_join_in AFTER INSERT ON signature_join"
"  BEGIN " MARK("bucket", "(SELECT bucket FROM signature WHERE id = NEW.a)")
    " END",
"CREATE TRIGGER dirty_join_out AFTER DELETE ON signature_join"
"  BEGIN " MARK("bucket", "(SELECT bucket FROM signature WHERE id = OLD.a)")
    " END",
NULL
};
/* clang-format on */

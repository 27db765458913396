/*
 * Schema 3, as a step from schema 2: bots rest, are drained and come in pools;
 * accounts have kinds, keys, invitations and limits; every change is in a log
 * of its own; hooks are run.
 *
 * The conventions are those of schema.c, the recipe that of schema_2.c.
 */
#include "masterd/db/db_internal.h"

/* clang-format off */
#define MARK(kind, id)							\
	"DELETE FROM dirty WHERE kind = '" kind "' AND row = " id ";"	\
	" INSERT INTO dirty (kind, row) VALUES ('" kind "', " id ");"

const char *const db_schema_3[] = {
/* ---- bots ---- */
/*
 * off: its hours, or somebody works at it.  forgotten: told to be, or one of a
 * pool that left a day ago; hidden until it beats again, its row stays while
 * others refer to it.  failures: leases in a row that failed there, each of
 * another task than the one before; rest_up: no fuzz leases before (observed
 * up-time).  drained: gets no more leases, by a person.
 */
"CREATE TABLE bot_3 ("
"  id INTEGER PRIMARY KEY,"
"  account INTEGER NOT NULL REFERENCES account(id),"
"  name TEXT NOT NULL,"
"  owner INTEGER NOT NULL CHECK (owner IN (0, 1)),"
"  state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'up', 'late',"
"    'lost', 'off', 'clashed', 'left', 'forgotten')),"
"  epoch INTEGER REFERENCES epoch(id),"
"  serial INTEGER NOT NULL DEFAULT 0,"
"  added_ms INTEGER NOT NULL,"
"  seen_ms INTEGER NOT NULL DEFAULT 0,"
"  seen_up INTEGER NOT NULL DEFAULT 0,"
"  clash_up INTEGER NOT NULL DEFAULT 0,"
"  new_epoch INTEGER NOT NULL DEFAULT 0,"
"  said TEXT NOT NULL DEFAULT '',"		/* why it holds */
"  holds INTEGER NOT NULL DEFAULT 0,"
"  slots INTEGER NOT NULL DEFAULT 0,"
"  free INTEGER NOT NULL DEFAULT 0,"
"  load INTEGER NOT NULL DEFAULT 0,"
"  disk_free INTEGER NOT NULL DEFAULT 0,"
"  outbox_bytes INTEGER NOT NULL DEFAULT 0,"
"  outbox_files INTEGER NOT NULL DEFAULT 0,"
"  cores INTEGER NOT NULL DEFAULT 0,"
"  memory INTEGER NOT NULL DEFAULT 0,"
"  sandbox TEXT NOT NULL DEFAULT '',"
"  arch TEXT NOT NULL DEFAULT '',"
"  os TEXT NOT NULL DEFAULT '',"
"  tags TEXT NOT NULL DEFAULT '',"
"  engines TEXT NOT NULL DEFAULT '',"		/* words, blank between */
"  wire_max INTEGER NOT NULL DEFAULT 1,"
"  cpu TEXT NOT NULL DEFAULT '',"
"  host_class TEXT NOT NULL DEFAULT '',"
"  program TEXT NOT NULL DEFAULT '',"		/* its version */
"  sanitizers TEXT NOT NULL DEFAULT '',"	/* words, blank between */
"  engine_facts TEXT NOT NULL DEFAULT '',"	/* {"engine":"version, options"} */
"  pool TEXT NOT NULL DEFAULT '',"		/* '': it is no ephemeral one */
"  off_until_ms INTEGER NOT NULL DEFAULT 0,"	/* 0: it cannot say */
"  failures INTEGER NOT NULL DEFAULT 0,"
"  failed_task INTEGER NOT NULL DEFAULT 0,"	/* the last of them */
"  rest_up INTEGER NOT NULL DEFAULT 0,"
"  forgotten_ms INTEGER NOT NULL DEFAULT 0,"
"  forgotten_serial INTEGER NOT NULL DEFAULT 0,"	/* the last before it */
"  drained INTEGER NOT NULL DEFAULT 0 CHECK (drained IN (0, 1)),"
"  drain_reason TEXT NOT NULL DEFAULT '',"
"  drained_by TEXT NOT NULL DEFAULT '',"
"  drained_ms INTEGER NOT NULL DEFAULT 0,"
"  leases INTEGER NOT NULL DEFAULT 0,"		/* ended; what they did */
"  execs INTEGER NOT NULL DEFAULT 0,"
"  cpu_ms INTEGER NOT NULL DEFAULT 0,"
"  UNIQUE (account, name)) STRICT",
"INSERT INTO bot_3 (id, account, name, owner, state, epoch, serial, added_ms,"
"  seen_ms, seen_up, clash_up, new_epoch, said, holds, slots, free, load,"
"  disk_free, outbox_bytes, outbox_files, cores, memory, sandbox, arch, os,"
"  tags, engines, wire_max, cpu, host_class) SELECT id, account, name, owner,"
"  state, epoch, serial, added_ms, seen_ms, seen_up, clash_up, new_epoch,"
"  said, holds, slots, free, load, disk_free, outbox_bytes, outbox_files,"
"  cores, memory, sandbox, arch, os, tags, engines, wire_max, cpu, host_class"
"  FROM bot",
/* What leases that ended had done is counted by bot from now on.  The index is
 * of no use for open ones: those have lease_open. */
"CREATE INDEX lease_bot ON lease (bot, ended_ms) WHERE ended_ms > 0",
"UPDATE bot_3 SET (leases, execs, cpu_ms) = (SELECT count(*),"
"  coalesce(sum(l.execs), 0), coalesce(sum(l.cpu_ms), 0) FROM lease l"
"  WHERE l.bot = bot_3.id AND l.ended_ms > 0)",
"DROP TABLE bot",
"ALTER TABLE bot_3 RENAME TO bot",
"CREATE UNIQUE INDEX bot_owner ON bot (name) WHERE owner = 1",
"CREATE TRIGGER dirty_bot_in AFTER INSERT ON bot BEGIN"
"  " MARK("bot", "NEW.id") " END",
"CREATE TRIGGER dirty_bot_up AFTER UPDATE OF owner, name, account, drained,"
"  pool ON bot BEGIN " MARK("bot", "NEW.id") " END",
"CREATE TRIGGER dirty_bot_state AFTER UPDATE OF state ON bot"
"  WHEN (OLD.state = 'forgotten') <> (NEW.state = 'forgotten')"
"  BEGIN " MARK("bot", "NEW.id") " END",
"CREATE INDEX bot_pool ON bot (account, pool) WHERE pool <> ''",
"CREATE INDEX bot_state ON bot (state) WHERE state <> 'forgotten'",
/* Up to which seq what is missing was written off. */
"ALTER TABLE epoch ADD COLUMN written_to INTEGER NOT NULL DEFAULT 0",
"UPDATE epoch SET written_to = max(highest, max_seen)"
"  WHERE written_off <> ''",

/* What the forgotten bots of a pool had done. */
"CREATE TABLE pool ("
"  account INTEGER NOT NULL REFERENCES account(id),"
"  name TEXT NOT NULL,"
"  bots INTEGER NOT NULL DEFAULT 0,"
"  leases INTEGER NOT NULL DEFAULT 0,"
"  execs INTEGER NOT NULL DEFAULT 0,"
"  cpu_ms INTEGER NOT NULL DEFAULT 0,"
"  first_ms INTEGER NOT NULL,"
"  last_ms INTEGER NOT NULL,"
"  PRIMARY KEY (account, name)) STRICT, WITHOUT ROWID",

/* ---- accounts ---- */
/* projects: of kinds ci and reader, words.  Limits: 0 is the setting's. */
"ALTER TABLE account ADD COLUMN kind TEXT NOT NULL DEFAULT 'bot'"
"  CHECK (kind IN ('bot', 'ci', 'reader', 'enroll'))",
"ALTER TABLE account ADD COLUMN state TEXT NOT NULL DEFAULT 'active'"
"  CHECK (state IN ('active', 'disabled', 'removed'))",
"ALTER TABLE account ADD COLUMN projects TEXT NOT NULL DEFAULT ''",
"ALTER TABLE account ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
"ALTER TABLE account ADD COLUMN added_by TEXT NOT NULL DEFAULT ''",
"ALTER TABLE account ADD COLUMN max_bytes INTEGER NOT NULL DEFAULT 0",
"ALTER TABLE account ADD COLUMN max_files INTEGER NOT NULL DEFAULT 0",
"ALTER TABLE account ADD COLUMN max_rate INTEGER NOT NULL DEFAULT 0",

/* key: the base64 part of an ssh-ed25519 public key.  bot: the name that the
 * machine enrolled with; '' for keys that people brought. */
"CREATE TABLE account_key ("
"  id INTEGER PRIMARY KEY,"
"  account INTEGER NOT NULL REFERENCES account(id),"
"  key TEXT NOT NULL UNIQUE,"
"  fingerprint TEXT NOT NULL UNIQUE,"		/* SHA256:... */
"  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'disabled')),"
"  bot TEXT NOT NULL DEFAULT '',"
"  host TEXT NOT NULL DEFAULT '',"		/* as the machine said; cleaned */
"  invite TEXT NOT NULL DEFAULT '',"
"  added_by TEXT NOT NULL,"
"  added_ms INTEGER NOT NULL,"
"  approved_by TEXT NOT NULL DEFAULT '',"
"  decided_ms INTEGER NOT NULL DEFAULT 0) STRICT", /* its state's last change */
"CREATE INDEX account_key_account ON account_key (account)",

/* key: the public half of the secret in the invitation. */
"CREATE TABLE invite ("
"  id INTEGER PRIMARY KEY,"
"  invite TEXT NOT NULL UNIQUE CHECK (length(invite) = 16),"
"  account INTEGER NOT NULL REFERENCES account(id),"
"  key TEXT NOT NULL UNIQUE,"
"  auto INTEGER NOT NULL DEFAULT 0 CHECK (auto IN (0, 1)),"
"  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN"
"    ('open', 'used', 'expired', 'withdrawn')),"
"  used_key TEXT NOT NULL DEFAULT '',"		/* fingerprint */
"  made_by TEXT NOT NULL,"
"  made_ms INTEGER NOT NULL,"
"  expires_ms INTEGER NOT NULL,"
"  ended_ms INTEGER NOT NULL DEFAULT 0) STRICT",
"CREATE INDEX invite_open ON invite (expires_ms) WHERE state = 'open'",

/* ---- who did what ---- */
/* hash = SHA-256 of the row before's and of this row (audit.h). */
"CREATE TABLE audit ("
"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
"  at_ms INTEGER NOT NULL,"
"  who TEXT NOT NULL,"
"  what TEXT NOT NULL,"
"  subject TEXT NOT NULL,"
"  before TEXT NOT NULL DEFAULT '',"		/* JSON objects, or '' */
"  after TEXT NOT NULL DEFAULT '',"
"  reason TEXT NOT NULL DEFAULT '',"
"  trace TEXT NOT NULL DEFAULT '',"
"  hash BLOB NOT NULL CHECK (length(hash) = 32)) STRICT",
"CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN"
"  SELECT RAISE(ABORT, 'the log of changes is only added to'); END",
"CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN"
"  SELECT RAISE(ABORT, 'the log of changes is only added to'); END",

/* ---- hooks ---- */
/* One program for one event.  input: what it gets on stdin. */
"CREATE TABLE hook_run ("
"  id INTEGER PRIMARY KEY,"
"  event INTEGER NOT NULL,"
"  hook TEXT NOT NULL,"			/* <event>/<file> below hooks.d */
"  input TEXT NOT NULL,"
"  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN"
"    ('waiting', 'done', 'failed')),"
"  tries INTEGER NOT NULL DEFAULT 0,"
"  at_ms INTEGER NOT NULL,"			/* of the last change */
"  next_ms INTEGER NOT NULL DEFAULT 0,"	/* wall time of the next try */
"  said TEXT NOT NULL DEFAULT '',"		/* cleaned */
"  UNIQUE (event, hook)) STRICT",
"CREATE INDEX hook_run_waiting ON hook_run (next_ms) WHERE state = 'waiting'",
"CREATE INDEX hook_run_failed ON hook_run (at_ms) WHERE state = 'failed'",
"ALTER TABLE bucket ADD COLUMN issue TEXT NOT NULL DEFAULT ''",
"CREATE TRIGGER dirty_bucket_issue AFTER UPDATE OF issue ON bucket"
"  BEGIN " MARK("bucket", "NEW.id") " END",
NULL
};
/* clang-format on */

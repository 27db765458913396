/*
 * Schema 1.  Conventions: digests are 32-byte BLOBs, 64-bit ids are TEXT of 16
 * hex digits, *_ms is wall time in milliseconds, *_up is the master's observed
 * up-time in milliseconds.  Text from bots was cleaned before it came here.
 * CHECKs hold the words of DESIGN 2 and 6; the tables are the states.
 */
#include "masterd/db/db_internal.h"

/* clang-format off */
const char *const db_schema_1[] = {
"CREATE TABLE setting ("
"  key TEXT PRIMARY KEY,"
"  value TEXT NOT NULL) STRICT, WITHOUT ROWID",

"CREATE TABLE account ("
"  id INTEGER PRIMARY KEY,"
"  name TEXT NOT NULL UNIQUE,"
"  added_ms INTEGER NOT NULL) STRICT",

/* owner: the account that used the name first (PROTOCOL 3). */
"CREATE TABLE bot ("
"  id INTEGER PRIMARY KEY,"
"  account INTEGER NOT NULL REFERENCES account(id),"
"  name TEXT NOT NULL,"
"  owner INTEGER NOT NULL CHECK (owner IN (0, 1)),"
"  state TEXT NOT NULL DEFAULT 'new' CHECK (state IN"
"    ('new', 'up', 'late', 'lost', 'clashed', 'left')),"
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
"  UNIQUE (account, name)) STRICT",
"CREATE UNIQUE INDEX bot_owner ON bot (name) WHERE owner = 1",

/* highest, oldest: of the last beat that named it; max_seen: of bundles. */
"CREATE TABLE epoch ("
"  id INTEGER PRIMARY KEY,"
"  bot INTEGER NOT NULL REFERENCES bot(id),"
"  epoch TEXT NOT NULL CHECK (length(epoch) = 16),"
"  state TEXT NOT NULL DEFAULT 'data' CHECK (state IN"
"    ('data', 'live', 'superseded')),"
"  highest INTEGER NOT NULL DEFAULT 0,"
"  oldest INTEGER NOT NULL DEFAULT 0,"
"  max_seen INTEGER NOT NULL DEFAULT 0,"
"  beat INTEGER NOT NULL DEFAULT 0,"		/* number of its last h file */
"  beat_up INTEGER NOT NULL DEFAULT 0,"
"  beat_generation TEXT NOT NULL DEFAULT '',"
"  named INTEGER NOT NULL DEFAULT 0,"	/* the bot's last beat listed it */
"  written_off TEXT NOT NULL DEFAULT '',"
"  first_ms INTEGER NOT NULL,"
"  last_ms INTEGER NOT NULL,"
"  UNIQUE (bot, epoch)) STRICT",

/* Disjoint, not adjacent ranges of seqs with a committed outcome, or dropped. */
"CREATE TABLE epoch_range ("
"  epoch INTEGER NOT NULL REFERENCES epoch(id),"
"  fate TEXT NOT NULL CHECK (fate IN ('recorded', 'dropped')),"
"  first INTEGER NOT NULL CHECK (first > 0),"
"  last INTEGER NOT NULL CHECK (last >= first),"
"  PRIMARY KEY (epoch, fate, first)) STRICT, WITHOUT ROWID",

"CREATE TABLE epoch_count ("
"  epoch INTEGER NOT NULL REFERENCES epoch(id),"
"  kind TEXT NOT NULL,"
"  outcome TEXT NOT NULL,"
"  count INTEGER NOT NULL,"
"  PRIMARY KEY (epoch, kind, outcome)) STRICT, WITHOUT ROWID",

/* copy: 0 for the first bundle of an id, 1.. for conflicts (PROTOCOL 14). */
"CREATE TABLE ledger ("
"  id INTEGER PRIMARY KEY,"
"  epoch INTEGER NOT NULL REFERENCES epoch(id),"
"  seq INTEGER NOT NULL CHECK (seq > 0),"
"  copy INTEGER NOT NULL DEFAULT 0,"
"  digest BLOB NOT NULL CHECK (length(digest) = 32),"
"  kind TEXT NOT NULL,"
"  outcome TEXT NOT NULL CHECK (outcome IN"
"    ('ingested', 'conflict', 'refused', 'held')),"
"  reason TEXT NOT NULL DEFAULT '',"
"  noted INTEGER NOT NULL DEFAULT 0,"
"  bytes INTEGER NOT NULL,"
"  records INTEGER NOT NULL,"
"  duplicates INTEGER NOT NULL DEFAULT 0,"
"  sealed_ms INTEGER NOT NULL,"
"  taken_ms INTEGER NOT NULL,"
"  trace TEXT NOT NULL DEFAULT '',"
"  file TEXT NOT NULL DEFAULT '',"		/* in rejected/ or held/ */
"  UNIQUE (epoch, seq, copy)) STRICT",
"CREATE INDEX ledger_refused ON ledger (epoch, seq)"
"  WHERE outcome IN ('refused', 'held')",
"CREATE INDEX ledger_taken ON ledger (taken_ms)",

/* Decode attempts (digest zero) and damaged arrivals of one file (PROTOCOL
 * 14, 16). */
"CREATE TABLE attempt ("
"  account TEXT NOT NULL,"
"  name TEXT NOT NULL,"
"  digest BLOB NOT NULL,"
"  count INTEGER NOT NULL,"
"  last_ms INTEGER NOT NULL,"
"  PRIMARY KEY (account, name, digest)) STRICT, WITHOUT ROWID",

"CREATE TABLE project ("
"  id INTEGER PRIMARY KEY,"
"  name TEXT NOT NULL UNIQUE,"
"  next_bucket INTEGER NOT NULL DEFAULT 1,"
"  added_ms INTEGER NOT NULL) STRICT",

"CREATE TABLE target ("
"  id INTEGER PRIMARY KEY,"
"  project INTEGER NOT NULL REFERENCES project(id),"
"  name TEXT NOT NULL,"
"  generation INTEGER NOT NULL,"	/* of its corpus; only grows */
"  edges INTEGER NOT NULL DEFAULT 0,"
"  features INTEGER NOT NULL DEFAULT 0,"
"  functions INTEGER NOT NULL DEFAULT 0,"
"  units INTEGER NOT NULL DEFAULT 0,"		/* kept by triggers */
"  unit_bytes INTEGER NOT NULL DEFAULT 0,"
"  added_ms INTEGER NOT NULL,"
"  UNIQUE (project, name)) STRICT",

"CREATE TABLE build ("
"  id INTEGER PRIMARY KEY,"
"  sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),"
"  project INTEGER NOT NULL REFERENCES project(id),"
"  branch TEXT NOT NULL DEFAULT 'main',"
"  revision TEXT NOT NULL DEFAULT '',"
"  engine TEXT NOT NULL,"
"  sanitizer TEXT NOT NULL,"
"  state TEXT NOT NULL DEFAULT 'new' CHECK (state IN"
"    ('new', 'good', 'bad')),"
"  files INTEGER NOT NULL,"
"  bytes INTEGER NOT NULL,"
"  added_by TEXT NOT NULL,"
"  added_ms INTEGER NOT NULL) STRICT",

"CREATE TABLE build_target ("
"  build INTEGER NOT NULL REFERENCES build(id),"
"  target INTEGER NOT NULL REFERENCES target(id),"
"  program TEXT NOT NULL,"			/* path in the build */
"  PRIMARY KEY (build, target)) STRICT, WITHOUT ROWID",

/* Files of builds whose bytes are synced.  traits: what was seen in them when
 * they were sent (masterd/admin/traits.h). */
"CREATE TABLE build_file ("
"  sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),"
"  bytes INTEGER NOT NULL,"
"  traits INTEGER NOT NULL DEFAULT 0,"
"  added_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID",

"CREATE TABLE job ("
"  id INTEGER PRIMARY KEY,"
"  job TEXT NOT NULL UNIQUE CHECK (length(job) = 16),"
"  target INTEGER NOT NULL REFERENCES target(id),"
"  build INTEGER NOT NULL REFERENCES build(id),"
"  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending',"
"    'running', 'paused', 'completed', 'failed', 'timed_out', 'cancelled')),"
"  reason TEXT NOT NULL DEFAULT '',"
"  slots INTEGER NOT NULL DEFAULT 0,"	/* 0: what is free */
"  for_ms INTEGER NOT NULL DEFAULT 0,"	/* 0: until cancelled */
"  used_ms INTEGER NOT NULL DEFAULT 0,"	/* observed since it first ran */
"  weight INTEGER NOT NULL DEFAULT 60,"
"  spent_ms INTEGER NOT NULL DEFAULT 0,"	/* slot time, for fairness */
"  execs INTEGER NOT NULL DEFAULT 0,"	/* of leases that ended */
"  created_by TEXT NOT NULL,"
"  created_ms INTEGER NOT NULL,"
"  started_ms INTEGER NOT NULL DEFAULT 0,"
"  ended_ms INTEGER NOT NULL DEFAULT 0,"
"  trace TEXT NOT NULL DEFAULT '') STRICT",

"CREATE TABLE task ("
"  id INTEGER PRIMARY KEY,"
"  task TEXT NOT NULL UNIQUE CHECK (length(task) = 16),"
"  job INTEGER NOT NULL REFERENCES job(id),"
"  kind TEXT NOT NULL CHECK (kind IN ('fuzz')),"
"  state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN"
"    ('ready', 'leased', 'done', 'failed', 'cancelled')),"
"  attempts INTEGER NOT NULL DEFAULT 0,"
"  failures INTEGER NOT NULL DEFAULT 0,"
"  ready_up INTEGER NOT NULL DEFAULT 0,"	/* not before */
"  reason TEXT NOT NULL DEFAULT '') STRICT",
"CREATE INDEX task_job ON task (job, state)",

"CREATE TABLE lease ("
"  id INTEGER PRIMARY KEY,"
"  lease TEXT NOT NULL UNIQUE CHECK (length(lease) = 16),"
"  task INTEGER NOT NULL REFERENCES task(id),"
"  bot INTEGER NOT NULL REFERENCES bot(id),"
"  epoch INTEGER NOT NULL REFERENCES epoch(id),"
"  state TEXT NOT NULL DEFAULT 'offered' CHECK (state IN ('offered',"
"    'running', 'done', 'failed', 'expired', 'cancelled')),"
"  reason TEXT NOT NULL DEFAULT '',"
"  slice_ms INTEGER NOT NULL,"
"  named_up INTEGER NOT NULL,"		/* offered, or last named by a beat */
"  charged_up INTEGER NOT NULL,"	/* spent_ms of its job is paid till */
"  offered_ms INTEGER NOT NULL,"
"  started_ms INTEGER NOT NULL DEFAULT 0,"
"  ended_ms INTEGER NOT NULL DEFAULT 0,"
"  seconds INTEGER NOT NULL DEFAULT 0,"
"  cpu_ms INTEGER NOT NULL DEFAULT 0,"
"  execs INTEGER NOT NULL DEFAULT 0,"
"  execs_per_second INTEGER NOT NULL DEFAULT 0,"
"  edges INTEGER NOT NULL DEFAULT 0,"
"  features INTEGER NOT NULL DEFAULT 0,"
"  rss_mb INTEGER NOT NULL DEFAULT 0,"
"  dict INTEGER NOT NULL DEFAULT 0,"
"  seeds INTEGER NOT NULL DEFAULT 0,"
"  restarts INTEGER NOT NULL DEFAULT 0,"
"  result TEXT NOT NULL DEFAULT '' CHECK (result IN ('', 'done', 'failed',"
"    'cancelled'))) STRICT",	/* of a complete that waits for its needs */
"CREATE INDEX lease_open ON lease (bot) WHERE state IN ('offered', 'running')",
"CREATE INDEX lease_task ON lease (task)",

/* Seqs that must be in before a lease's complete acts (PROTOCOL 31). */
"CREATE TABLE lease_need ("
"  lease INTEGER NOT NULL REFERENCES lease(id),"
"  epoch TEXT NOT NULL,"
"  first INTEGER NOT NULL,"
"  last INTEGER NOT NULL,"
"  PRIMARY KEY (lease, epoch, first)) STRICT, WITHOUT ROWID",

/* id is the serial of PROTOCOL 33. */
"CREATE TABLE unit ("
"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
"  target INTEGER NOT NULL REFERENCES target(id),"
"  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
"  bytes INTEGER NOT NULL,"
"  features INTEGER NOT NULL,"
"  bot INTEGER NOT NULL REFERENCES bot(id),"
"  added_ms INTEGER NOT NULL,"
"  UNIQUE (target, sha256)) STRICT",
/* Units of a target in order of serials. */
"CREATE INDEX unit_serial ON unit (target)",
"CREATE TRIGGER unit_added AFTER INSERT ON unit BEGIN"
"  UPDATE target SET units = units + 1, unit_bytes = unit_bytes + NEW.bytes"
"  WHERE id = NEW.target; END",
"CREATE TRIGGER unit_removed AFTER DELETE ON unit BEGIN"
"  UPDATE target SET units = units - 1, unit_bytes = unit_bytes - OLD.bytes"
"  WHERE id = OLD.target; END",

"CREATE TABLE segment ("
"  id INTEGER PRIMARY KEY,"
"  target INTEGER NOT NULL REFERENCES target(id),"
"  generation INTEGER NOT NULL,"
"  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
"  first INTEGER NOT NULL,"
"  last INTEGER NOT NULL CHECK (last >= first),"
"  units INTEGER NOT NULL,"
"  bytes INTEGER NOT NULL,"
"  added_ms INTEGER NOT NULL,"
"  UNIQUE (target, generation, first)) STRICT",

"CREATE TABLE bucket ("
"  id INTEGER PRIMARY KEY,"
"  project INTEGER NOT NULL REFERENCES project(id),"
"  number INTEGER NOT NULL,"
"  status TEXT NOT NULL DEFAULT 'open' CHECK (status IN"
"    ('open', 'fixed', 'closed', 'muted')),"
"  type TEXT NOT NULL,"
"  state TEXT NOT NULL,"			/* lines, newline between */
"  security INTEGER NOT NULL,"
"  first_ms INTEGER NOT NULL,"
"  last_ms INTEGER NOT NULL,"
"  UNIQUE (project, number)) STRICT",

"CREATE TABLE bucket_signature ("
"  project INTEGER NOT NULL REFERENCES project(id),"
"  signature BLOB NOT NULL CHECK (length(signature) = 32),"
"  security INTEGER NOT NULL,"
"  bucket INTEGER NOT NULL REFERENCES bucket(id),"
"  PRIMARY KEY (project, signature, security)) STRICT, WITHOUT ROWID",

"CREATE TABLE crash ("
"  id INTEGER PRIMARY KEY,"
"  target INTEGER NOT NULL REFERENCES target(id),"
"  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
"  signature BLOB NOT NULL CHECK (length(signature) = 32),"
"  bucket INTEGER NOT NULL REFERENCES bucket(id),"
"  rules INTEGER NOT NULL,"		/* version of lib/triage's rules */
"  type TEXT NOT NULL,"
"  access TEXT NOT NULL,"
"  access_size INTEGER NOT NULL,"
"  address TEXT NOT NULL,"			/* 0x..., or '' */
"  state TEXT NOT NULL,"
"  tool TEXT NOT NULL,"
"  security INTEGER NOT NULL,"
"  engine TEXT NOT NULL,"
"  sanitizer TEXT NOT NULL,"
"  bytes INTEGER NOT NULL,"
"  has_input INTEGER NOT NULL,"
"  tries INTEGER NOT NULL,"
"  reproduced INTEGER NOT NULL,"
"  first_ms INTEGER NOT NULL,"
"  last_ms INTEGER NOT NULL,"
"  UNIQUE (target, sha256, signature)) STRICT",
"CREATE INDEX crash_bucket ON crash (bucket)",

"CREATE TABLE observation ("
"  id INTEGER PRIMARY KEY,"
"  crash INTEGER NOT NULL REFERENCES crash(id),"
"  bot INTEGER NOT NULL REFERENCES bot(id),"
"  epoch TEXT NOT NULL,"
"  seq INTEGER NOT NULL,"
"  record INTEGER NOT NULL,"		/* line of the bundle */
"  lease TEXT NOT NULL DEFAULT '',"
"  job TEXT NOT NULL DEFAULT '',"
"  build BLOB,"
"  exit INTEGER NOT NULL,"
"  signal INTEGER NOT NULL,"
"  tries INTEGER NOT NULL,"
"  reproduced INTEGER NOT NULL,"
"  found_ms INTEGER NOT NULL,"
"  trace TEXT NOT NULL DEFAULT '',"
"  UNIQUE (bot, epoch, seq, record, crash)) STRICT",
"CREATE INDEX observation_crash ON observation (crash)",
"CREATE INDEX observation_job ON observation (job, crash) WHERE job <> ''",

"CREATE TABLE event ("
"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
"  at_ms INTEGER NOT NULL,"
"  who TEXT NOT NULL,"
"  what TEXT NOT NULL,"
"  subject TEXT NOT NULL,"
"  detail TEXT NOT NULL DEFAULT '',"
"  trace TEXT NOT NULL DEFAULT '') STRICT",
NULL
};
/* clang-format on */

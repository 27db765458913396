/*
 * Schema 2, as a step from schema 1: builds are checked before they are used,
 * tasks need no job, leases name their build, jobs have settings and shares,
 * and the tables know which states may follow which.
 *
 * A table whose CHECKs change is made anew, filled and renamed (SQLite's own
 * recipe; db.c switches foreign keys off around a step and checks them before
 * its COMMIT).  The conventions are those of schema.c.
 */
#include "masterd/db/db_internal.h"

/* clang-format off */
/* Only the transitions listed may happen; DESIGN has the same table. */
#define GUARD(thing, column)						\
	"CREATE TRIGGER " thing "_" column " BEFORE UPDATE OF " column	\
	" ON \"" thing "\" WHEN OLD." column " IS NOT NEW." column	\
	" AND NOT EXISTS (SELECT 1 FROM transition WHERE thing = '" thing \
	"' AND old = OLD." column " AND new = NEW." column ") BEGIN"	\
	" SELECT RAISE(ABORT, 'a " thing " cannot go this way'); END"

/*
 * A row that metadata/ has a copy of is to be written again (metadata.h).  A
 * change while it is being written gives it a new id, so that the word of the
 * writer, which names the old one, does not undo it.
 */
#define MARK(kind, id)							\
	"DELETE FROM dirty WHERE kind = '" kind "' AND row = " id ";"	\
	" INSERT INTO dirty (kind, row) VALUES ('" kind "', " id ");"
#define ON(name, act, table, when, marks)				\
	"CREATE TRIGGER " name " AFTER " act " ON " table		\
	" " when " BEGIN " marks " END"
#define CHANGED(column)	"OLD." column " IS NOT NEW." column
/* All three acts on a table whose rows are parts of another's. */
#define PARTS(table, kind, column)					\
	ON("dirty_" table "_in", "INSERT", table, "",			\
	    MARK(kind, "NEW." column)),					\
	ON("dirty_" table "_up", "UPDATE", table, "",			\
	    MARK(kind, "OLD." column) MARK(kind, "NEW." column)),	\
	ON("dirty_" table "_out", "DELETE", table, "",			\
	    MARK(kind, "OLD." column))

const char *const db_schema_2[] = {
/* ---- bots ---- */
"ALTER TABLE bot ADD COLUMN cpu TEXT NOT NULL DEFAULT ''",
/* What makes two hosts alike: arch, system and processor, in words. */
"ALTER TABLE bot ADD COLUMN host_class TEXT NOT NULL DEFAULT ''",
"UPDATE bot SET host_class = trim(arch || ' ' || os)",

/* ---- builds ---- */
/* ord: given by people; NULL: this build is not ordered, nor bisected. */
"CREATE TABLE build_2 ("
"  id INTEGER PRIMARY KEY,"
"  sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),"
"  project INTEGER NOT NULL REFERENCES project(id),"
"  branch TEXT NOT NULL DEFAULT 'main',"
"  revision TEXT NOT NULL DEFAULT '',"
"  ord INTEGER,"
"  engine TEXT NOT NULL,"
"  sanitizer TEXT NOT NULL,"
"  arch TEXT NOT NULL DEFAULT '',"		/* of its programs; '': any */
"  state TEXT NOT NULL DEFAULT 'new' CHECK (state IN"
"    ('new', 'good', 'bad', 'removed')),"
"  reason TEXT NOT NULL DEFAULT '',"
"  files INTEGER NOT NULL,"
"  bytes INTEGER NOT NULL,"
"  added_by TEXT NOT NULL,"
"  added_ms INTEGER NOT NULL,"
"  judged_ms INTEGER NOT NULL DEFAULT 0,"	/* good or bad since */
"  removed_ms INTEGER NOT NULL DEFAULT 0,"	/* its files go later */
"  collected INTEGER NOT NULL DEFAULT 0) STRICT",	/* they are gone */
"INSERT INTO build_2 (id, sha256, project, branch, revision, engine,"
"  sanitizer, state, files, bytes, added_by, added_ms)"
"  SELECT id, sha256, project, branch, revision, engine, sanitizer, state,"
"  files, bytes, added_by, added_ms FROM build",
"DROP TABLE build",
"ALTER TABLE build_2 RENAME TO build",
"CREATE INDEX build_line ON build (project, branch, engine, sanitizer, id)",

"ALTER TABLE build_target ADD COLUMN state TEXT NOT NULL DEFAULT 'new'"
"  CHECK (state IN ('new', 'good', 'bad'))",
"ALTER TABLE build_target ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
"ALTER TABLE build_target ADD COLUMN warnings TEXT NOT NULL DEFAULT ''",
"ALTER TABLE build_target ADD COLUMN edges INTEGER NOT NULL DEFAULT 0",
"ALTER TABLE build_target ADD COLUMN features INTEGER NOT NULL DEFAULT 0",
"ALTER TABLE build_target ADD COLUMN calls INTEGER NOT NULL DEFAULT 0",
"ALTER TABLE build_target ADD COLUMN dict INTEGER NOT NULL DEFAULT 0",
"ALTER TABLE build_target ADD COLUMN seeds INTEGER NOT NULL DEFAULT 0",
"CREATE INDEX build_target_target ON build_target (target, build)",

/* Which files a build is made of: they are collected by reference.  Builds of
 * schema 1 have no rows until masterd has read their manifests. */
"CREATE TABLE build_use ("
"  build INTEGER NOT NULL REFERENCES build(id),"
"  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
"  PRIMARY KEY (build, sha256)) STRICT, WITHOUT ROWID",
"CREATE INDEX build_use_file ON build_use (sha256)",

/* What hosts said of a build's target: bad is a verdict of two. */
"CREATE TABLE build_verdict ("
"  build INTEGER NOT NULL,"
"  target INTEGER NOT NULL,"
"  bot INTEGER NOT NULL REFERENCES bot(id),"
"  verdict TEXT NOT NULL CHECK (verdict IN ('good', 'bad')),"
"  reason TEXT NOT NULL DEFAULT '',"
"  count INTEGER NOT NULL DEFAULT 1,"	/* the same again */
"  at_ms INTEGER NOT NULL,"
"  PRIMARY KEY (build, target, bot),"
"  FOREIGN KEY (build, target) REFERENCES build_target(build, target))"
"  STRICT, WITHOUT ROWID",

/* Hosts of this class cannot run this build. */
"CREATE TABLE build_host ("
"  build INTEGER NOT NULL REFERENCES build(id),"
"  host_class TEXT NOT NULL,"
"  reason TEXT NOT NULL,"
"  at_ms INTEGER NOT NULL,"
"  PRIMARY KEY (build, host_class)) STRICT, WITHOUT ROWID",

/* ---- targets ---- */
/* of: this row is a corpus of a job's own, of that target. */
"ALTER TABLE target ADD COLUMN of INTEGER REFERENCES target(id)",
/* A line a day: what weights and reports are reckoned from. */
"CREATE TABLE target_day ("
"  target INTEGER NOT NULL REFERENCES target(id),"
"  day INTEGER NOT NULL,"			/* since 1970, UTC */
"  edges INTEGER NOT NULL DEFAULT 0,"
"  features INTEGER NOT NULL DEFAULT 0,"
"  units INTEGER NOT NULL DEFAULT 0,"
"  execs INTEGER NOT NULL DEFAULT 0,"
"  slot_ms INTEGER NOT NULL DEFAULT 0,"
"  PRIMARY KEY (target, day)) STRICT, WITHOUT ROWID",

/* Bytes of a project at the end of a day; project 0: all there is. */
"CREATE TABLE usage_day ("
"  project INTEGER NOT NULL,"
"  day INTEGER NOT NULL,"
"  corpus INTEGER NOT NULL DEFAULT 0,"
"  crashes INTEGER NOT NULL DEFAULT 0,"
"  builds INTEGER NOT NULL DEFAULT 0,"
"  disk_free INTEGER NOT NULL DEFAULT 0,"	/* of project 0 */
"  PRIMARY KEY (project, day)) STRICT, WITHOUT ROWID",

/* ---- jobs ---- */
/*
 * build: pinned; NULL: follows the newest good one of "branch".  current: the
 * one that new leases use; NULL: none is there yet.  paused_by: 'master' when
 * the job is parked and may go on by itself.  The numbers are mirrors of
 * job_value, for the planner.  multiplier and boost are in thousandths.
 */
"CREATE TABLE job_2 ("
"  id INTEGER PRIMARY KEY,"
"  job TEXT NOT NULL UNIQUE CHECK (length(job) = 16),"
"  target INTEGER NOT NULL REFERENCES target(id),"
"  corpus INTEGER REFERENCES target(id),"	/* NULL: the target's */
"  build INTEGER REFERENCES build(id),"
"  current INTEGER REFERENCES build(id),"
"  branch TEXT NOT NULL DEFAULT 'main',"
"  engine TEXT NOT NULL,"
"  sanitizer TEXT NOT NULL,"
"  template TEXT NOT NULL DEFAULT '',"
"  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending',"
"    'running', 'paused', 'completed', 'failed', 'timed_out', 'cancelled')),"
"  reason TEXT NOT NULL DEFAULT '',"
"  paused_by TEXT NOT NULL DEFAULT '',"
"  slots INTEGER NOT NULL DEFAULT 0,"	/* 0: what is free */
"  floor INTEGER NOT NULL DEFAULT 0,"
"  tags TEXT NOT NULL DEFAULT '',"		/* words, blank between */
"  weight INTEGER NOT NULL DEFAULT 60 CHECK (weight BETWEEN 1 AND 10000),"
"  multiplier INTEGER NOT NULL DEFAULT 1000 CHECK (multiplier > 0),"
"  multiplier_why TEXT NOT NULL DEFAULT '',"
"  boost INTEGER NOT NULL DEFAULT 1000 CHECK (boost > 0),"
"  boost_until_ms INTEGER NOT NULL DEFAULT 0,"
"  slice_ms INTEGER NOT NULL DEFAULT 3600000 CHECK (slice_ms > 0),"
"  for_ms INTEGER NOT NULL DEFAULT 0,"	/* 0: until cancelled */
"  used_ms INTEGER NOT NULL DEFAULT 0,"	/* observed since it first ran */
"  cpu_limit_ms INTEGER NOT NULL DEFAULT 0,"
"  cpu_ms INTEGER NOT NULL DEFAULT 0,"	/* of leases that ended */
"  succeeded INTEGER NOT NULL DEFAULT 0,"	/* leases that ended done */
"  spent_ms INTEGER NOT NULL DEFAULT 0,"	/* slot time */
"  vtime INTEGER NOT NULL DEFAULT 0,"	/* slot time over weight; fairness */
"  execs INTEGER NOT NULL DEFAULT 0,"	/* of leases that ended */
"  created_by TEXT NOT NULL,"
"  created_ms INTEGER NOT NULL,"
"  started_ms INTEGER NOT NULL DEFAULT 0,"
"  ended_ms INTEGER NOT NULL DEFAULT 0,"
"  trace TEXT NOT NULL DEFAULT '') STRICT",
"INSERT INTO job_2 (id, job, target, build, current, branch, engine,"
"  sanitizer, status, reason, slots, for_ms, used_ms, weight, spent_ms,"
"  execs, created_by, created_ms, started_ms, ended_ms, trace, succeeded)"
"  SELECT j.id, j.job, j.target, j.build, j.build, b.branch, b.engine,"
"  b.sanitizer, j.status, j.reason, j.slots, j.for_ms, j.used_ms, j.weight,"
"  j.spent_ms, j.execs, j.created_by, j.created_ms, j.started_ms,"
"  j.ended_ms, j.trace, (SELECT count(*) FROM lease l JOIN task t"
"    ON t.id = l.task WHERE t.job = j.id AND l.state = 'done')"
"  FROM job j JOIN build b ON b.id = j.build",
"DROP TABLE job",
"ALTER TABLE job_2 RENAME TO job",
"CREATE INDEX job_target ON job (target)",
"CREATE INDEX job_live ON job (status)"
"  WHERE status IN ('pending', 'running', 'paused')",

/* What people set on a job, and what became of it with all templates: keys
 * and texts of masterd/plan/values.h. */
"CREATE TABLE job_setting ("
"  job INTEGER NOT NULL REFERENCES job(id),"
"  key TEXT NOT NULL,"
"  value TEXT NOT NULL,"
"  PRIMARY KEY (job, key)) STRICT, WITHOUT ROWID",
"CREATE TABLE job_value ("
"  job INTEGER NOT NULL REFERENCES job(id),"
"  key TEXT NOT NULL,"
"  value TEXT NOT NULL,"
"  source TEXT NOT NULL,"
"  PRIMARY KEY (job, key)) STRICT, WITHOUT ROWID",

/* ---- tasks and leases ---- */
/* job: NULL for the master's own work.  build: of a check; NULL: the current
 * one of its job.  lost: leases in a row whose bot fell silent. */
"CREATE TABLE task_2 ("
"  id INTEGER PRIMARY KEY,"
"  task TEXT NOT NULL UNIQUE CHECK (length(task) = 16),"
"  kind TEXT NOT NULL CHECK (kind IN ('check', 'fuzz', 'reproduce',"
"    'minimise', 'prune', 'cross', 'coverage', 'regress', 'verify',"
"    'variant')),"
"  job INTEGER REFERENCES job(id),"
"  target INTEGER NOT NULL REFERENCES target(id),"
"  build INTEGER REFERENCES build(id),"
"  state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN"
"    ('ready', 'leased', 'done', 'failed', 'cancelled', 'parked')),"
"  attempts INTEGER NOT NULL DEFAULT 0,"
"  failures INTEGER NOT NULL DEFAULT 0,"	/* in a row */
"  lost INTEGER NOT NULL DEFAULT 0,"	/* in a row */
"  ready_up INTEGER NOT NULL DEFAULT 0,"	/* not before */
"  last_bot INTEGER REFERENCES bot(id),"	/* where it failed last */
"  reason TEXT NOT NULL DEFAULT '',"
"  created_ms INTEGER NOT NULL DEFAULT 0,"
"  ended_ms INTEGER NOT NULL DEFAULT 0,"
"  CHECK (kind <> 'fuzz' OR job IS NOT NULL),"
"  CHECK (kind <> 'check' OR build IS NOT NULL)) STRICT",
"INSERT INTO task_2 (id, task, kind, job, target, state, attempts, failures,"
"  ready_up, reason) SELECT t.id, t.task, t.kind, t.job, j.target, t.state,"
"  t.attempts, t.failures, t.ready_up, t.reason FROM task t JOIN job j"
"  ON j.id = t.job",
"DROP TABLE task",
"ALTER TABLE task_2 RENAME TO task",
"CREATE INDEX task_job ON task (job, state)",
"CREATE INDEX task_build ON task (build) WHERE build IS NOT NULL",
"CREATE INDEX task_open ON task (kind) WHERE state IN ('ready', 'leased')",
"CREATE INDEX task_parked ON task (job) WHERE state = 'parked'",

"CREATE TABLE lease_2 ("
"  id INTEGER PRIMARY KEY,"
"  lease TEXT NOT NULL UNIQUE CHECK (length(lease) = 16),"
"  task INTEGER NOT NULL REFERENCES task(id),"
"  build INTEGER NOT NULL REFERENCES build(id),"
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
"    'cancelled')),"		/* of a complete that waits for its needs */
/* what a complete said of its build on that host (REC_CHECK) */
"  verdict TEXT NOT NULL DEFAULT '' CHECK (verdict IN ('', 'good', 'bad',"
"    'incompatible')),"
"  said TEXT NOT NULL DEFAULT '',"		/* sentences, newline between */
"  calls INTEGER NOT NULL DEFAULT 0,"
/* it expired because its bot fell silent or was started anew in its midst */
"  lost INTEGER NOT NULL DEFAULT 0) STRICT",
"INSERT INTO lease_2 (id, lease, task, build, bot, epoch, state, reason,"
"  slice_ms, named_up, charged_up, offered_ms, started_ms, ended_ms, seconds,"
"  cpu_ms, execs, execs_per_second, edges, features, rss_mb, dict, seeds,"
"  restarts, result) SELECT l.id, l.lease, l.task, j.build, l.bot, l.epoch,"
"  l.state, l.reason, l.slice_ms, l.named_up, l.charged_up, l.offered_ms,"
"  l.started_ms, l.ended_ms, l.seconds, l.cpu_ms, l.execs,"
"  l.execs_per_second, l.edges, l.features, l.rss_mb, l.dict, l.seeds,"
"  l.restarts, l.result FROM lease l JOIN task t ON t.id = l.task"
"  JOIN job j ON j.id = t.job",
"DROP TABLE lease",
"ALTER TABLE lease_2 RENAME TO lease",
"CREATE INDEX lease_open ON lease (bot) WHERE state IN ('offered', 'running')",
"CREATE INDEX lease_waits ON lease (bot)"	/* completes that may act */
"  WHERE result <> '' AND state IN ('offered', 'running')",
"CREATE INDEX lease_task ON lease (task)",
"CREATE INDEX lease_build ON lease (build)"
"  WHERE state IN ('offered', 'running')",
"CREATE INDEX lease_ended ON lease (ended_ms) WHERE ended_ms > 0",
"CREATE INDEX lease_lost ON lease (epoch) WHERE lost = 1",

/* ---- which state may follow which ---- */
"CREATE TABLE transition ("
"  thing TEXT NOT NULL,"
"  old TEXT NOT NULL,"
"  new TEXT NOT NULL,"
"  PRIMARY KEY (thing, old, new)) STRICT, WITHOUT ROWID",
"INSERT INTO transition (thing, old, new) VALUES"
"  ('job', 'pending', 'running'), ('job', 'pending', 'paused'),"
"  ('job', 'pending', 'completed'), ('job', 'pending', 'failed'),"
"  ('job', 'pending', 'timed_out'), ('job', 'pending', 'cancelled'),"
"  ('job', 'running', 'paused'), ('job', 'running', 'completed'),"
"  ('job', 'running', 'failed'), ('job', 'running', 'timed_out'),"
"  ('job', 'running', 'cancelled'),"
"  ('job', 'paused', 'pending'), ('job', 'paused', 'running'),"
"  ('job', 'paused', 'failed'), ('job', 'paused', 'cancelled'),"
"  ('job', 'failed', 'pending'), ('job', 'timed_out', 'pending'),"
"  ('job', 'cancelled', 'pending'),"		/* retry */
"  ('task', 'ready', 'leased'), ('task', 'ready', 'done'),"
"  ('task', 'ready', 'failed'), ('task', 'ready', 'cancelled'),"
"  ('task', 'ready', 'parked'),"
"  ('task', 'leased', 'ready'), ('task', 'leased', 'done'),"
"  ('task', 'leased', 'failed'), ('task', 'leased', 'cancelled'),"
"  ('task', 'leased', 'parked'),"
"  ('task', 'parked', 'ready'), ('task', 'parked', 'cancelled'),"
"  ('lease', 'offered', 'running'), ('lease', 'offered', 'done'),"
"  ('lease', 'offered', 'failed'), ('lease', 'offered', 'expired'),"
"  ('lease', 'offered', 'cancelled'),"
"  ('lease', 'running', 'done'), ('lease', 'running', 'failed'),"
"  ('lease', 'running', 'expired'), ('lease', 'running', 'cancelled'),"
"  ('build', 'new', 'good'), ('build', 'new', 'bad'),"
"  ('build', 'new', 'removed'), ('build', 'good', 'bad'),"
"  ('build', 'good', 'removed'), ('build', 'bad', 'new'),"
"  ('build', 'bad', 'removed'), ('build', 'removed', 'new')",
GUARD("job", "status"),
GUARD("task", "state"),
GUARD("lease", "state"),
GUARD("build", "state"),

/* ---- what retention and a rebuild leave ---- */
/* Observations whose rows were folded, so that no count changes. */
"CREATE TABLE observation_day ("
"  crash INTEGER NOT NULL REFERENCES crash(id),"
"  day INTEGER NOT NULL,"			/* since 1970, UTC */
"  build BLOB NOT NULL,"			/* x'': none was named */
"  count INTEGER NOT NULL CHECK (count > 0),"
"  PRIMARY KEY (crash, day, build)) STRICT, WITHOUT ROWID",

/* epoch_count of epochs that were forgotten. */
"CREATE TABLE forgotten_count ("
"  kind TEXT NOT NULL,"
"  outcome TEXT NOT NULL,"
"  count INTEGER NOT NULL,"
"  PRIMARY KEY (kind, outcome)) STRICT, WITHOUT ROWID",

/* Up to "last" the bot was answered by a database that is no more; a gap down
 * there is nobody's loss. */
"CREATE TABLE epoch_before ("
"  epoch INTEGER PRIMARY KEY REFERENCES epoch(id),"
"  last INTEGER NOT NULL CHECK (last > 0)) STRICT",

/* ---- which rows metadata/ has no copy of yet ---- */
/* AUTOINCREMENT: an id is never given twice. */
"CREATE TABLE dirty ("
"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
"  kind TEXT NOT NULL CHECK (kind IN ('project', 'target', 'build', 'job',"
"    'bot', 'bucket', 'crash')),"
"  row INTEGER NOT NULL,"
"  UNIQUE (kind, row)) STRICT",
"INSERT INTO dirty (kind, row) SELECT 'project', id FROM project"
"  UNION ALL SELECT 'target', id FROM target"
"  UNION ALL SELECT 'build', id FROM build"
"  UNION ALL SELECT 'job', id FROM job"
"  UNION ALL SELECT 'bot', id FROM bot"
"  UNION ALL SELECT 'bucket', id FROM bucket"
"  UNION ALL SELECT 'crash', id FROM crash",
ON("dirty_project_in", "INSERT", "project", "", MARK("project", "NEW.id")),
ON("dirty_project_up", "UPDATE OF name, next_bucket", "project", "",
    MARK("project", "NEW.id")),
ON("dirty_target_in", "INSERT", "target", "", MARK("target", "NEW.id")),
ON("dirty_target_up", "UPDATE OF name, generation, of", "target", "",
    MARK("target", "NEW.id")),
ON("dirty_build_in", "INSERT", "build", "", MARK("build", "NEW.id")),
ON("dirty_build_up", "UPDATE", "build", "", MARK("build", "NEW.id")),
PARTS("build_target", "build", "build"),
PARTS("build_host", "build", "build"),
ON("dirty_job_in", "INSERT", "job", "", MARK("job", "NEW.id")),
/* Not what ticks: used_ms, cpu_ms, spent_ms, vtime, execs, multiplier. */
ON("dirty_job_up", "UPDATE", "job",
    "WHEN " CHANGED("target") " OR " CHANGED("corpus") " OR "
    CHANGED("build") " OR " CHANGED("current") " OR " CHANGED("branch") " OR "
    CHANGED("engine") " OR " CHANGED("sanitizer") " OR "
    CHANGED("template") " OR " CHANGED("status") " OR " CHANGED("reason")
    " OR " CHANGED("paused_by") " OR " CHANGED("slots") " OR "
    CHANGED("floor") " OR " CHANGED("tags") " OR " CHANGED("weight") " OR "
    CHANGED("boost") " OR " CHANGED("boost_until_ms") " OR "
    CHANGED("slice_ms") " OR " CHANGED("for_ms") " OR "
    CHANGED("cpu_limit_ms") " OR " CHANGED("started_ms") " OR "
    CHANGED("ended_ms") " OR " CHANGED("trace") " OR "
    "(OLD.succeeded = 0 AND NEW.succeeded > 0)",
    MARK("job", "NEW.id")),
PARTS("job_setting", "job", "job"),
PARTS("job_value", "job", "job"),
ON("dirty_bot_in", "INSERT", "bot", "", MARK("bot", "NEW.id")),
ON("dirty_bot_up", "UPDATE OF owner, name, account", "bot", "",
    MARK("bot", "NEW.id")),
ON("dirty_bucket_in", "INSERT", "bucket", "", MARK("bucket", "NEW.id")),
ON("dirty_bucket_up", "UPDATE", "bucket",
    "WHEN " CHANGED("status") " OR " CHANGED("type") " OR "
    CHANGED("state") " OR " CHANGED("security") " OR " CHANGED("number"),
    MARK("bucket", "NEW.id")),
PARTS("bucket_signature", "bucket", "bucket"),
ON("dirty_crash_in", "INSERT", "crash", "", MARK("crash", "NEW.id")),
ON("dirty_crash_up", "UPDATE", "crash",
    "WHEN " CHANGED("bucket") " OR " CHANGED("has_input") " OR "
    CHANGED("tries") " OR " CHANGED("reproduced") " OR "
    CHANGED("rules") " OR " CHANGED("signature"),
    MARK("crash", "NEW.id")),
NULL
};
/* clang-format on */

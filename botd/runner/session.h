#ifndef BOTD_RUNNER_SESSION_H
#define BOTD_RUNNER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "botd/engine/elf_calls.h"
#include "botd/engine/engine.h"
#include "botd/runner/names.h"
#include "botd/runner/run.h"
#include "botd/runner/runner_internal.h"
#include "lib/wire/record.h"
#include "lib/wire/ticket.h"

/*
 * One lease's work: a folder work/<lease>/, an engine in a cage, what it
 * found.  The states are those of botd/runner/DESIGN; session_assert() says
 * what is true in each.
 */
enum session_state {
	SESSION_PREPARING,   /* a child fills work/<lease>/ */
	SESSION_RUNNING,     /* the engine is in its cage */
	SESSION_ENDING,      /* it was told to end */
	SESSION_REPRODUCING, /* no engine; the last crashes are run again */
	SESSION_PAUSING,     /* a moment before the next start */
	SESSION_SEALING, /* the rest is sealed; again when the disk is full */
	SESSION_OVER,    /* everything is sealed, nothing runs */
	SESSION_STATES
};

/* Why a session ends; the weakest first. */
enum session_stop {
	STOP_NONE,
	STOP_RETURNED,  /* handed back: SIGTERM, or the bot is off */
	STOP_DONE,      /* its slice is used up */
	STOP_FAILED,    /* with a reason */
	STOP_CANCELLED, /* the master's list has it no more */
	STOP_LEAVING    /* a new epoch, a salvage: no `complete` */
};

/* A unit that was read and is not sealed yet. */
struct unit {
	struct digest digest;
	char *bytes;
	uint64_t size;
};

/* A file that was there at the last look: taken when it has not changed. */
struct look {
	char *name;
	int64_t size, mtime_ns;
	uint64_t at_ms;
};

struct looks {
	struct look *list;
	int count;
};

/* A crashing input that was copied into crashes/ and is not sealed yet. */
struct find {
	struct find *next;
	char *artifact; /* the engine's file, unlinked after the seal */
	struct digest digest;
	uint64_t size;
	uint64_t found_ms; /* wall clock, for people */
	unsigned tries, reproduced;
	int code, signo;   /* of the first run that crashed */
	bool counted;      /* in session.seen */
	struct buf report; /* of that run, else of the session */
};

/* How often a signature was seen in this session. */
struct seen {
	struct digest signature;
	unsigned count;
};

struct session {
	struct session *next;
	struct runner *runner;
	struct ticket ticket;
	char lease[17];
	const struct engine *engine;
	enum session_state state;
	enum session_stop stop;
	char reason[400];
	bool check; /* of a build: four runs, and what is sealed is a verdict */
	bool salvage;  /* work of an earlier runner: nothing is started anew */
	bool prepared; /* build/ is whole: a target can run */
	bool stats_sealed;
	bool keep_work; /* something in it could not be sealed */

	int dir; /* work/<lease>, and folders in it: */
	int build, side, corpus, inputs, seed_files, artifacts, crashes;
	int cache; /* units/<project>/<corpus>; -1 in a check */
	int log;
	bool has_seeds, has_inputs;
	uint64_t log_bytes;

	uint64_t memory_mb; /* of its target: the job's, at most the bot's */
	uint64_t began_ms, ends_ms;
	struct loop_source *timer; /* of the state */

	/* PREPARING, and segments that come later. */
	pid_t prepare_pid;
	struct loop_source *prepare;
	int prepare_out;
	uint64_t fed_serial, seeds, dict;
	struct elf_facts elf; /* what the target's file says of itself */
	struct buf notes;     /* on its side files, one a line */
	bool feeding;
	int64_t job_stamp[3];

	/* The engine. */
	struct run run;
	struct buf line; /* a line of its output that is not whole yet */
	struct engine_stats now;
	uint64_t execs_before; /* of earlier starts */
	uint64_t started_ms, restarts, timeout_s;
	unsigned barren; /* starts in a row that came to nothing */
	uint64_t barren_since_ms;
	bool removed_input; /* this start has cost a unit or a seed */
	const char *killed_for;
	unsigned limit_kills;
	uint64_t usage_next_ms, scan_next_ms;

	/* What it found. */
	struct names known_units;  /* names in corpus/ */
	struct names sealed_units; /* digests */
	struct names known_inputs; /* digests of crashing inputs */
	struct looks unit_looks, artifact_looks;
	int64_t corpus_mtime_ns, artifacts_mtime_ns;
	struct unit *units;
	int unit_count;
	uint64_t unit_bytes, pending_since_ms;
	bool left_out;         /* some had to wait in corpus/ */
	uint64_t corpus_bytes; /* of units it was given or has found */
	uint64_t units_over;   /* found when that was at the job's limit */
	struct find *finds, **finds_tail;
	struct seen *seen;
	int seen_count;
	uint64_t crashes_seen, units_sealed;

	/* The reproduction under way, of the first find. */
	struct run again;
	struct engine_plan again_plan;
	struct loop_source *again_timer;
	bool again_waits; /* the disk was full: the timer tries again */

	/* Of a check, or of a target that this host cannot run. */
	bool has_verdict;
	enum check_verdict verdict;
	struct buf verdict_lines;

	struct seq_range *needs; /* seqs of its results */
	int need_count;
};

const char *session_state_name(enum session_state s);

/* ---- birth.c ---- */
/* Takes what is in "t". */
struct session *session_new(struct runner *r, struct ticket *t);
int session_make_folder(struct session *s, struct err *e);
int session_open_folders(struct session *s, struct err *e);
void session_free(struct session *s);

/* ---- session.c: the state machine ---- */
void session_start(struct session *s);   /* a lease that was just granted */
void session_salvage(struct session *s); /* see salvage.c */
void session_end(struct session *s, enum session_stop why, const char *reason);
void session_tick(struct session *s); /* each second */
void session_timer(void *arg);        /* of the state */
bool session_holds_lease(const struct session *s);
uint64_t session_execs(const struct session *s);
uint64_t session_seconds(const struct session *s);
/* Has it used the CPU time that the job gives it?  Logged when it has. */
bool session_cpu_is_used(const struct session *s, uint64_t running_ms);
void session_stop_for(
    struct session *s, enum session_stop why, const char *reason);
/* Called by the parts when their step is over. */
void session_prepared(struct session *s, const char *failure); /* or NULL */
void session_engine_ended(struct session *s);
void session_drained(struct session *s); /* no find is left */
void session_need(struct session *s, uint64_t seq);

/* ---- check.c: is it the build, or this host? ---- */
void check_note(struct session *s, const char *note);
/* The engine's end is judged; sets why the session stops. */
void check_judge_end(struct session *s);
/* True when a session that came to nothing has met a host that cannot run its
 * target: it has failed then, with a verdict. */
bool check_host_failed(struct session *s);

/* ---- launch.c: the engine ---- */
void launch_init(struct session *s);
int launch_engine(struct session *s, struct err *e);
void launch_look(struct session *s); /* limits, each second */
/* Paths as the caged program sees them, and the cage for it. */
struct cage_paths {
	char build[512], corpus[512], inputs[512], seeds[512];
	char artifacts[512], crashes[512], side[512];
	char symbolizer[560]; /* "" when there is none */
};
void cage_paths_fill(struct cage_paths *p, const struct session *s);
struct caged {
	struct cage_paths paths;
	char host[7][512];
	struct cage_bind binds[7];
	char name[64];
	struct cage_spec spec;
};
void caged_fill(struct caged *c, const struct session *s, const char *what,
    const struct engine_plan *plan, bool reproduce);
void engine_target_fill(struct engine_target *t, const struct session *s,
    const struct cage_paths *p);

/* ---- prepare.c ---- */
int prepare_start(struct session *s, bool feed, struct err *e);
void prepare_stop(struct session *s);
bool prepare_news(struct session *s); /* has its job file changed? */

/* ---- collect.c ---- */
/* With "all" the engine has ended: everything is settled. */
void collect(struct session *s, bool all);
void collect_left_out(struct session *s); /* units that had to wait */
/* At the end: sealed units move to the bot's own copy of the target's. */
void collect_keep(struct session *s);
void collect_remove_input(struct session *s, const struct find *f);
void looks_release(struct looks *l);

/* ---- result.c: what a session seals ---- */
int seal_units(struct session *s, struct err *e);
void read_sealed(struct session *s); /* what an earlier runner remembered */
int seal_find(struct session *s, const struct find *f, struct err *e);
/* "only" and its engine's log, or all sessions; "bot" may be NULL. */
int seal_stats(struct runner *r, const struct session *only, bool log,
    const struct bot_log *bot, struct err *e);
int seal_complete(struct session *s, struct err *e);

/* ---- reproduce.c ---- */
void reproduce_init(struct session *s);
/* Go on with the finds, if nothing of that is under way: one at a time is run
 * again and sealed.  In "reproducing" the last one ends the session. */
void reproduce_kick(struct session *s);
/* We are told to leave: seal all as they are. */
void reproduce_give_up(struct session *s);
/* One more of a signature that was sealed often enough?  Counts it if not. */
bool find_is_too_many(struct session *s, struct find *f);
void find_free(struct find *f);

#endif

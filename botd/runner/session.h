#ifndef BOTD_RUNNER_SESSION_H
#define BOTD_RUNNER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "botd/engine/elf_calls.h"
#include "botd/engine/engine.h"
#include "botd/runner/names.h"
#include "botd/runner/run.h"
#include "botd/runner/runner_internal.h"
#include "lib/triage/rules.h"
#include "lib/triage/triage.h"
#include "lib/wire/known.h"
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

/* What runs of one input have shown, by signature. */
struct shown {
	struct digest signature;
	bool security;
	enum triage_class class;
	unsigned reproduced;
	int code, signo;   /* of the first run that showed it */
	bool counted;      /* in session.seen */
	bool left_out;     /* not to be sealed: it is known, or too many */
	struct buf report; /* of that run, with names */
};
#define SHOWN_MOST 8 /* signatures of one input; more would only drown us */

/* Which run of an input is the next, or was the last. */
enum again_mode {
	AGAIN_ALONE,  /* as it is, or after the series of its ticket */
	AGAIN_BELOW,  /* at 0.8 times the limit that it was over */
	AGAIN_ABOVE,  /* at 1.5 times */
	AGAIN_SERIES, /* after units, to find which of them it needs */
	AGAIN_WHOLE   /* after those that were found */
};

/* An input that is run again: copied into crashes/ and not sealed yet. */
struct find {
	struct find *next;
	/* The engine's file, unlinked after the seal; NULL: of the ticket. */
	char *artifact;
	int64_t mtime_ns;                 /* of that file */
	const struct ticket_input *input; /* NULL: the engine's */
	struct digest digest;
	uint64_t size;
	uint64_t found_ms; /* wall clock, for people */
	bool same_bytes;   /* was seen in this session: only counted */
	bool named;        /* what the session said of it was looked at */
	int code, signo;   /* of the session */
	struct buf report; /* of the session */
	struct buf parents;
	/* Its runs. */
	uint64_t began_ms; /* of the first; 0: none */
	unsigned tries;
	enum triage_class limit; /* CLASS_TIMEOUT, CLASS_MEMORY: of a limit */
	unsigned below, above;   /* 0 not tried, 1 did not show, 2 did */
	bool series_tried;
	struct digest *series; /* that it needs before it */
	int series_count;
	struct shown shown[SHOWN_MOST];
	int shown_count;
};

/* How often a signature was seen in this session. */
struct seen {
	struct digest signature;
	bool security;
	unsigned count;
};

/* The last run of the first find, until all is known of it. */
struct outcome {
	bool has, crashed;
	enum again_mode mode;
	bool no_memory; /* the cage's limit ended it */
	int code, signo;
	struct buf report; /* "": it said nothing */
};

/* Looking for the units that a crash needs before it (series.c). */
struct series {
	bool on;
	struct digest *list; /* the shortest that is known to do, */
	int count;
	bool good;     /* ... if any does */
	int at, chunk; /* what is left out of it in this try */
	unsigned runs;
	uint64_t began_ms;
};

/* Crashes that were only counted: one for each signature (known.c). */
struct tally {
	struct digest signature;
	bool security;
	uint64_t count, first_ms, last_ms;
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
	bool rerun; /* of kind "reproduce": no engine, the ticket's inputs */
	bool rerun_whole; /* all of them were run, so far */
	bool returning;   /* it was told to hand its lease back */
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
	struct buf strategies; /* of this start, as REC_PARENTS has them */
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
	enum again_mode again_mode;
	struct outcome outcome;
	struct series series;
	struct symbols *symbols; /* NULL: none were needed yet */

	/* What need not be sent (known.c). */
	struct known known;
	struct rules *rules; /* those of the list; NULL: the built-in ones */
	bool has_known;
	int64_t known_stamp[3];
	struct tally *tallies;
	int tally_count;
	char tally_file[64]; /* in work/<lease>/; "" while it has none */
	uint64_t tally_next_ms;
	struct buf counted_last; /* of a dead runner: its newest lines */

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

/* ---- crash.c: crashing inputs, and what was only counted ---- */
/* All that "f" has shown and that is not left out, in one bundle. */
int seal_find(struct session *s, const struct find *f, struct err *e);
/* The tallies, in bundles with "seq" of the first, as REC_SEEN. */
int seal_tallies(struct session *s, struct err *e);
/* All of a bundle's seqs before "epoch" and "seq" are there: was this one? */
bool crash_was_sealed(const struct runner *r, uint64_t epoch, uint64_t seq);

/* ---- result.c: what else a session seals ---- */
int seal_units(struct session *s, struct err *e);
void read_sealed(struct session *s); /* what an earlier runner remembered */
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
/*
 * Takes "f", a new one: counts and forgets it, with its files, when that can
 * be said at once; else it waits for its runs.
 */
void find_take(struct session *s, struct find *f);
void find_free(struct find *f);
/* Can a target be run at all? */
bool reproduce_can_run(const struct session *s);
/* A plan for "mode" of the first find, in session.again_plan. */
int reproduce_plan(struct session *s, const struct cage_paths *paths,
    enum again_mode mode, struct err *e);

/* ---- shown.c: what a report is, and what is done with it ---- */
/* The report's signature, security flag and class by the rules in force. */
void shown_judge(
    struct session *s, struct shown *shown, const struct buf *report);
/*
 * A run of "f" has shown "report"; "" tells nothing and belongs to what was
 * shown first.  "again": it was one of its tries.  Returns the entry.
 */
struct shown *shown_add(
    struct session *s, struct find *f, const struct outcome *o, bool again);
/* Marks what is known or too many as left out; true when nothing is left. */
bool shown_sift(struct session *s, struct find *f);
bool shown_is_limit(enum triage_class class);

/* ---- known.c: what need not be sent ---- */
void known_look(struct session *s); /* has the list changed? */
bool known_is_known(
    const struct session *s, const struct digest *signature, bool security);
/* Counts what "f" left out, durably.  -1: it could not be written. */
int known_count(struct session *s, const struct find *f, struct err *e);
/* Seals what was counted; unless "all" at most once a minute. */
int known_seal(struct session *s, bool all, struct err *e);
void known_salvage(struct session *s); /* what a dead runner had counted */
/* Had it counted this file, too? */
bool known_had(const struct session *s, const char *name, int64_t mtime_ns);
void known_end(struct session *s);

/* ---- series.c: a crash that needs units before it ---- */
/* Units to try before the first find; false when there are none. */
bool series_begin(struct session *s);
/* Those of the next try, for reproduce_plan(): paths at "list". */
int series_next(const struct session *s, struct digest *list);
/* It crashed so, or not; false when it is settled. */
bool series_tell(struct session *s, bool crashed);
void series_end(struct session *s);

/* ---- symbols.c: names for frames without ---- */
/*
 * Rewrite "report" with what is known.  True when the symbolizer was asked for
 * more: then reproduce_kick() is called when it has answered or failed, and
 * the same call again tells no more than it did.
 */
bool symbols_ask(struct session *s, struct buf *report);
/* Takes "<null>" out, which stands where a frame has no file. */
void symbols_drop_nulls(struct buf *report);
bool symbols_wanted(struct session *s, const struct buf *report);
bool symbols_busy(const struct session *s);
void symbols_free(struct symbols *m);

/* ---- rerun.c: sessions of kind "reproduce" ---- */
void rerun_start(struct session *s); /* its inputs become finds */

#endif

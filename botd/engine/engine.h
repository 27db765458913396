#ifndef BOTD_ENGINE_ENGINE_H
#define BOTD_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * Fuzzing engines behind one table of functions.  An engine knows how a
 * target is called, what its output means and which files it leaves; it
 * starts nothing and owns no descriptor but those it is lent.
 */
#define ENGINE_LINE_MAX 4096

/* A growing list of strings that ends in NULL: argv or environment. */
struct strv {
	char **list;
	int count;
};

/* clang-format off */
#define STRV_INIT { NULL, 0 }
/* clang-format on */

void strv_add(struct strv *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void strv_release(struct strv *v);

/* What an engine is told.  Paths without "_fd" are as the engine sees them:
 * those of the cage, or the host's own where there is none. */
struct engine_target {
	int build_fd;          /* the build's folder */
	const char *build;     /* the same, for argv; also working folder */
	const char *program;   /* the target, relative to it */
	const char *sanitizer; /* "address", ... */
	int side_fd;           /* folder for files made for the engine */
	const char *side;
	const char *corpus;        /* the engine writes new units here */
	const char *const *inputs; /* further folders to read, NULL-ended */
	const char *artifacts;     /* folder for crashing inputs */
	const char *symbolizer;    /* program, or NULL */
	uint64_t memory_mb;        /* most that a target may use */
	uint64_t timeout_ms;       /* of one input; 0: the engine's own */
	uint64_t seconds;          /* longest run */
	/* Of both limits, where an input is run again; 0: 100. */
	unsigned time_percent, memory_percent;
	/* What the job says, over the engine's and the target's own; what is
	 * forced still wins. */
	char *const *arguments; /* "-max_len=100" */
	int argument_count;
	char *const *environment; /* "NAME=value" */
	int environment_count;
};

struct engine_plan {
	struct strv argv, env;
	uint64_t timeout_s;    /* of one input, for supervision */
	uint64_t dict_entries; /* that the engine will read */
	struct buf notes;      /* one line each: what was ignored, and why */
};

/* clang-format off */
#define ENGINE_PLAN_INIT { STRV_INIT, STRV_INIT, 0, 0, BUF_INIT }
/* clang-format on */

void engine_plan_release(struct engine_plan *p);

/* Counters of one run, zero where the engine has not said. */
struct engine_stats {
	uint64_t execs;
	uint64_t execs_per_second;
	uint64_t edges;        /* that were reached, */
	uint64_t instrumented; /* and that there are */
	uint64_t features;
	uint64_t units;
	uint64_t unit_bytes;
	uint64_t rss_mb;
	bool ready; /* start-up is over: it fuzzes */
};

/* How a run ended. */
enum engine_end {
	END_CLEAN,       /* by itself: time or runs used up */
	END_CRASH,       /* an input (or start-up) brought it down */
	END_INTERRUPTED, /* stopped from outside */
	END_BROKEN       /* it could not run at all */
};

/* What a file in the artifacts folder is. */
enum artifact {
	ARTIFACT_CRASH,
	ARTIFACT_TIMEOUT,
	ARTIFACT_MEMORY,
	ARTIFACT_IGNORED
};

struct engine {
	const char *name;

	/* argv and environment of a fuzzing run.  Side files that are wrong
	 * are left out with a note; -1 only when it cannot be run at all. */
	int (*session)(struct engine_plan *p, const struct engine_target *t,
	    struct err *e);

	/* argv and environment to run inputs again, in order and in one
	 * process; "inputs" ends in NULL. */
	int (*reproduce)(struct engine_plan *p, const struct engine_target *t,
	    const char *const *inputs, struct err *e);

	/* argv and environment of a run that shows within seconds whether a
	 * build works; NULL: this engine's builds cannot be checked. */
	int (*check)(struct engine_plan *p, const struct engine_target *t,
	    struct err *e);

	/* NULL: it has shown so.  Else what is wrong, "" when only its end
	 * tells. */
	const char *(*checked)(const char *output, size_t len);

	/* Take note of one line of output, without its newline. */
	void (*line)(struct engine_stats *s, const char *line, size_t len);

	/* Code and text decide together (facts 1.1).  "signo" 0: it exited. */
	enum engine_end (*ended)(
	    int code, int signo, const char *output, size_t len);

	enum artifact (*artifact)(const char *name);

	/* Where the crashing input that "output" ends with came from, a line
	 * each, as REC_PARENTS has them: "sha1:...", "mutation ...". */
	void (*parents)(struct buf *out, const char *output, size_t len);

	/* Strategies that a run of "p" is made with: "strategy ..." lines. */
	void (*strategies)(struct buf *out, const struct engine_plan *p);

	/* Of a reproduction: was "input" the one that it ended with? */
	bool (*came_to)(const char *output, size_t len, const char *input);
};

extern const struct engine ENGINE_LIBFUZZER;

/* NULL when this bot has no such engine. */
const struct engine *engine_find(const char *name);
const struct engine *engine_at(int i); /* all of them; NULL ends */

/*
 * Where a crash report begins in "output": the offset of its first line, or
 * "len" when there is none.
 */
size_t engine_report_start(const char *output, size_t len);

/*
 * One line of the output for people: where its report begins, without the
 * process's number, else its last.
 */
void engine_telling_line(struct buf *out, const char *output, size_t len);

#endif

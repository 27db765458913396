#ifndef LIB_WIRE_RECORD_H
#define LIB_WIRE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/wire/ids.h"

/*
 * The lines of a bundle as structs (PROTOCOL 6, 7).  One table in record.c
 * says which keys each line has and of what kind; the writer and the reader
 * both follow it, so what one may write the other may read.  Wire version 1.
 *
 * Numbers are uint64_t, decimal in JSON, at most 2^53.  Ids are 64 bits as 16
 * hex digits in a string, null (0 here) where a line has none.  Digests are
 * 64 hex digits.  Words are lower case (word_ok()).  Free text is a payload.
 */
#define WIRE_VERSION  1
#define TRACE_MAX_LEN 64
#define BOT_LOG_MAX   (64u << 10)

enum bundle_kind {
	KIND_REGISTER,
	KIND_DEREGISTER,
	KIND_HEARTBEAT,
	KIND_CRASH,
	KIND_CORPUS,
	KIND_COVERAGE,
	KIND_STATS,
	KIND_COMPLETE,
	KIND_COUNT
};

const char *bundle_kind_name(enum bundle_kind kind);
int bundle_kind_parse(enum bundle_kind *kind, const char *text);

/* The class letter that a bundle of this kind has in its name. */
enum bundle_class bundle_kind_class(enum bundle_kind kind);

/* The first line: who and what. */
struct bundle_header {
	uint64_t pfb; /* wire version */
	enum bundle_kind kind;
	struct name account;
	struct name bot;
	uint64_t epoch;
	uint64_t seq;
	uint64_t lease; /* 0: over several leases, or none */
	uint64_t job;
	struct digest build;
	bool has_build;
	struct name project; /* "" when has_target is false */
	struct target_name target;
	bool has_target;
	uint64_t sealed_ms;            /* the bot's wall clock, for people */
	char trace[TRACE_MAX_LEN + 1]; /* [0-9a-zA-Z-]*, may be "" */
};

enum record_type {
	/* register */
	REC_HOST,       /* cores, memory, slots, sandbox, arch */
	REC_OS,         /* payload: name and version of the system */
	REC_CPU,        /* payload: model of its processor */
	REC_ENGINE,     /* engine; payload: version and probed options */
	REC_TAGS,       /* payload: words, one a line */
	REC_WIRE,       /* version: one record for each the bot can write */
	REC_PROGRAM,    /* payload: "pandafuzz-botd 0.4" */
	REC_POOL,       /* payload: the pool's name; the bot is ephemeral */
	REC_SANITIZERS, /* payload: those the host can run, one a line */
	/* heartbeat */
	REC_BEAT,    /* generation, slots, free, load, disk, hold, off */
	REC_HOLDING, /* lease and its progress */
	REC_EPOCH,   /* epoch, oldest, highest */
	REC_DROP,    /* epoch, first..last dropped and not yet confirmed */
	REC_NOTED,   /* epoch, seq: refusal taken note of */
	REC_WHY,     /* payload: why the bot holds, or is off */
	/* crash */
	REC_CRASH,       /* payload: the input, absent when over the limit */
	REC_REPORT,      /* payload: the report of the crash before it */
	REC_COMMAND,     /* payload: how it was run, one argument a line */
	REC_MINIMISED,   /* payload: a smaller input with the same signature */
	REC_ENVIRONMENT, /* payload: NAME=value, one a line; of the crash before
			    it, as the next two */
	REC_SERIES, /* payload: digests of units, one a line: what has to be run
			before the input, in one process */
	REC_PARENTS, /* payload: one a line: "sha1:<hex>" of the unit it was made
			from, "mutation <name>" of how, "strategy <name>" */
	REC_TRIED,   /* an input was run again, and how often it crashed with
			this signature; for one that crashed not once, or not
			so that there is news */
	REC_SEEN, /* crashes of a signature that the bot knows: their number */
	/* corpus */
	REC_UNIT, /* payload: one corpus file */
	/* coverage */
	REC_COVERAGE, /* edges, features, functions, units */
	/* stats */
	REC_STATS,   /* engine counters of one lease */
	REC_LOG,     /* lease; payload: tail of the engine's log */
	REC_BOT_LOG, /* payload: the bot's own log since the last one, clean,
			at most BOT_LOG_MAX */
	/* complete */
	REC_COMPLETE, /* lease, result and cost */
	REC_NEEDS,    /* epoch, first..last: must be in before it acts */
	REC_REASON,   /* payload: one sentence */
	REC_CHECK,    /* what a target of a build is worth on this host;
			 payload: sentences, one a line, or absent */
	REC_COUNT
};

/* How a lease ended. */
enum lease_result {
	RESULT_DONE,
	RESULT_FAILED,
	RESULT_CANCELLED,
	RESULT_COUNT
};
const char *lease_result_name(enum lease_result r);

/* One line with all that its type can hold; the rest is zero. */
struct record {
	enum record_type type;
	bool has_payload;
	uint64_t size;        /* of the payload */
	struct digest sha256; /* unit, crash, minimised: of payload */
	uint64_t lease;
	uint64_t epoch;
	uint64_t generation;
	char word[WORD_MAX_LEN + 1];  /* engine, sandbox */
	char word2[WORD_MAX_LEN + 1]; /* sanitizer, arch, result */
	uint64_t n[12];               /* numbers, by the enums below */
};

/* Places in n[] for each type. */
enum { HOST_CORES, HOST_MEMORY, HOST_SLOTS }; /* word sandbox, word2 arch */
enum { WIRE_N };
enum {
	BEAT_SLOTS,
	BEAT_FREE,
	BEAT_LOAD_PERCENT,
	BEAT_DISK_FREE,
	BEAT_HOLD,
	BEAT_OUTBOX_BYTES,
	BEAT_OUTBOX_FILES,
	BEAT_OFF,        /* 1: it is off: takes no leases and has none */
	BEAT_OFF_SECONDS /* until it means to be back; 0: cannot say */
};
enum { HOLDING_SECONDS, HOLDING_EXECS };
enum { EPOCH_OLDEST, EPOCH_HIGHEST }; /* oldest 0: nothing in outbox/new */
enum { RANGE_FIRST, RANGE_LAST };     /* drop, needs */
enum { NOTED_SEQ };
/* crash: word engine, word2 sanitizer.  INPUT_SIZE is the whole input's size
 * even when no payload travels; FOUND_MS the bot's wall clock, for people; EXIT
 * the exit code, SIGNAL 0 when none. */
enum {
	CRASH_INPUT_SIZE,
	CRASH_EXIT,
	CRASH_SIGNAL,
	CRASH_TRIES,
	CRASH_REPRODUCED,
	CRASH_FOUND_MS,
	CRASH_BELOW, /* a timeout or excess of memory at 0.8 times its limit: */
	CRASH_ABOVE  /* and at 1.5 times: 0 not tried, 1 did not show, 2 did */
};
/*
 * tried: sha256 the input, word "crash" (the signature is that of the ticket's
 * input) or "any" (an input that was handed in).  BELOW, ABOVE as above.  Of
 * a "crash" whose record is in the same bundle TRIES is 0: that one counts.
 * seen: sha256 the signature, as the bot's rules give it.
 */
enum { TRIED_TRIES, TRIED_REPRODUCED, TRIED_BELOW, TRIED_ABOVE };
enum { SEEN_COUNT, SEEN_SECURITY, SEEN_FIRST_MS, SEEN_LAST_MS };
enum { UNIT_FEATURES };
enum { COVERAGE_EDGES, COVERAGE_FEATURES, COVERAGE_FUNCTIONS, COVERAGE_UNITS };
enum {
	STATS_SECONDS,
	STATS_EXECS,
	STATS_EXECS_PER_SECOND,
	STATS_EDGES,
	STATS_FEATURES,
	STATS_UNITS,
	STATS_UNIT_BYTES,
	STATS_RSS_MB,
	STATS_CRASHES,
	STATS_DICT,
	STATS_SEEDS,
	STATS_RESTARTS
};
enum {
	COMPLETE_SECONDS,
	COMPLETE_CPU_MS,
	COMPLETE_EXECS,
	COMPLETE_CRASHES,
	COMPLETE_UNITS
}; /* word2: done, failed, cancelled */
/*
 * check: word is the verdict.  EDGES is how many are instrumented, FEATURES
 * what its few runs reached; CALLS is the number of calls to the
 * sanitizer's run-time in the program.  A fuzz lease has such a record, with
 * "incompatible", when its target could not be started on this host.
 */
enum { CHECK_EDGES, CHECK_FEATURES, CHECK_CALLS, CHECK_DICT, CHECK_SEEDS };
enum check_verdict {
	CHECK_GOOD,
	CHECK_BAD,          /* it does not run */
	CHECK_INCOMPATIBLE, /* this kind of host cannot run it: GLIBC_x,
			       SIGILL, a library that is not there */
	CHECK_VERDICTS
};
const char *check_verdict_name(enum check_verdict v);
int check_verdict_parse(enum check_verdict *v, const char *word);

const char *record_name(enum record_type type);

/* True when a bundle of this kind may hold such a record. */
bool record_allowed(enum bundle_kind kind, enum record_type type);

/* Append the line, with its newline.  The struct must be sound (BUG if not). */
int header_format(
    struct buf *out, const struct bundle_header *h, struct err *e);
int record_format(struct buf *out, const struct record *r, struct err *e);

/*
 * Parse a line without its newline.  REFUSED on anything that is not exactly
 * as the table says: a missing key, an unknown one, a value of another kind.
 *
 * header_parse() sets h->pfb first; when it is newer than WIRE_VERSION it
 * returns 1 and the rest is not looked at.
 */
int header_parse(
    struct bundle_header *h, const char *line, size_t len, struct err *e);
int record_parse(struct record *r, const char *line, size_t len, struct err *e);

/* The last line. */
struct bundle_end {
	uint64_t records; /* all lines before it, header included */
	struct digest sha256;
};
void end_format(struct buf *out, const struct bundle_end *end);
int end_parse(
    struct bundle_end *end, const char *line, size_t len, struct err *e);

#endif

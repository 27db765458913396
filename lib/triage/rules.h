#ifndef LIB_TRIAGE_RULES_H
#define LIB_TRIAGE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/triage/facts.h"

/*
 * Rules: which frames do not identify a bug, and how far bugs may differ and
 * be one.  A text file, one rule a line; what comes later wins over what comes
 * before, a project's over "[all]", everything over the built-in rules
 * (base_rules.c, the same language):
 *
 *	# comment
 *	[all]                            until a heading, rules hold for all
 *	ignore ROLE function GLOB        frames whose function's name matches
 *	ignore ROLE file GLOB            or whose source file's path
 *	ignore ROLE module GLOB          or whose module's path
 *	ignore ROLE unnamed GLOB         module, and no function is known
 *	keep function|file|module GLOB   never ignored, whatever came before
 *	widen function|file GLOB         generic: the state grows by one line
 *	[project png]                    rules of one project
 *	state 3                          lines of a state, 1 to 5
 *	distance 0.30                    between linked stacks, 0 to 1
 *	lines 0.80                       likeness of state lines, 0 to 1
 *	group 25                         most signatures linked, 1 to 1000
 *	timeouts show|hide               in the digest (default hide)
 *
 * GLOB is that of fnmatch(3) without flags and without classes as [:alpha:],
 * in the C locale; it ends at the end of the line and matches the whole name.
 * ROLE is a word of rules_role(): runtime, allocator, interceptor, engine,
 * driver, panic, libc, signal.  Frames of role "signal" (raise, kill) also say
 * that a signal was sent.
 */
#define RULES_MAX_BYTES (256 * 1024)
#define RULES_MAX       4096 /* lines with a rule */
#define RULES_PROJECTS  1024 /* that have rules of their own */
#define RULES_VERSION   2    /* of the built-in rules and of settle.c */

struct rules;       /* of all projects; never changes */
struct rules_named; /* what holds for one project: borrowed from the rules */

/*
 * The built-in rules and those of "text" (NULL: none).  REFUSED with every
 * complaint, "line 3, column 8: role 'runtim' is unknown: runtime, ..." a
 * line, the first 20 of them.  "*out" is the caller's.
 */
int rules_parse(
    struct rules **out, const char *text, size_t len, struct err *e);
void rules_free(struct rules *r); /* NULL is fine */

/*
 * All complaints about a text, the first 20 of them a line each ("line 3,
 * column 8: ...") appended to "out": more than a struct err has room for.
 * Returns how many there are, 0 for a text that rules_parse() takes.
 */
int rules_complaints(struct buf *out, const char *text, size_t len);

/* The built-in ones alone; made once, not to be freed. */
const struct rules *rules_base(void);

/* Names a rule set: RULES_VERSION and the digest of its text, as stored with
 * each crash: "2" or "2-9f86d081". */
#define RULES_NAME_MAX 24
struct rules_name {
	char text[RULES_NAME_MAX];
};
struct rules_name rules_name(const struct rules *r);

const struct rules_named *rules_of(
    const struct rules *r, const char *project); /* NULL: no project */

enum role {
	ROLE_NONE, /* it counts */
	ROLE_RUNTIME,
	ROLE_ALLOCATOR,
	ROLE_INTERCEPTOR,
	ROLE_ENGINE,
	ROLE_DRIVER,
	ROLE_PANIC,
	ROLE_LIBC,
	ROLE_SIGNAL,
	ROLE_COUNT
};
const char *rules_role(enum role r); /* "allocator" */

struct rules_word {
	enum role role; /* ROLE_NONE: the frame counts */
	bool widens;
	int line;  /* of the rule in its file; 0: none */
	bool base; /* a built-in one */
};
/* What the rules say of a frame. */
struct rules_word rules_frame(
    const struct rules_named *r, const struct frame *f);

struct rules_limits {
	int state;                 /* lines */
	double distance, likeness; /* "distance", "lines" */
	int group;
	bool show_timeouts;
};
struct rules_limits rules_limits(const struct rules_named *r);

/* The text of built-in rule or file line, for `why`. */
void rules_line(
    const struct rules_named *r, const struct rules_word *w, struct buf *out);

#endif

#ifndef MASTERD_DB_CHECKS_H
#define MASTERD_DB_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/record.h"
#include "masterd/db/leases.h"

/*
 * Checks: before a build is used, each of its targets is started once on some
 * host (a task of kind "check", without a job).  masterd/DESIGN tells the
 * rules; in short:
 *
 *   good           one host is enough
 *   bad            is a verdict of two hosts, or of one twice where no other
 *                  bot is up that could say otherwise
 *   incompatible   marks (build, kind of host), costs nothing, and the next
 *                  kind is asked; when none is left, the target is bad
 *
 * A build is good when all its targets are judged and few are bad (those are
 * bad for themselves); it is bad as soon as that cannot be any more.  Either
 * way its jobs follow (follow.h).
 */

/* ---- pure ------------------------------------------------------------ */
struct check_facts {
	enum check_verdict said;
	bool good_here;   /* this kind of host runs another target of it */
	unsigned times;   /* this bot called the target bad, now included */
	unsigned others;  /* other bots that called it bad */
	unsigned up;      /* other bots that could check it now */
	unsigned kinds;   /* kinds of host that are known, could run it and are
			    not marked, this one being marked */
	unsigned untried; /* kinds that could and did not try this target */
};

enum check_next {
	CHECK_THEN_GOOD,
	CHECK_THEN_BAD,
	CHECK_THEN_NO_HOST, /* bad, too: nobody here can run it */
	CHECK_THEN_AGAIN,   /* on another bot */
	CHECK_THEN_LIFT     /* others made those marks: try for itself */
};
enum check_next checks_decide(const struct check_facts *f);

/* Is a build of "targets" bad when "bad" of them are?  When all are, or more
 * than one and more than a tenth. */
bool checks_build_is_bad(unsigned targets, unsigned bad);

/* ---- tasks ----------------------------------------------------------- */
/*
 * A check task, ready, for each target of the build that is not judged and has
 * none; *made of them (may be NULL).  In the transaction that adds a build.
 */
int checks_start(struct db *db, int64_t build, uint64_t now_ms, unsigned *made,
    struct err *e);

/* What is left of the checks of a build is not to be done: it is judged, or
 * was removed. */
int checks_stop(struct db *db, int64_t build, const char *reason,
    const struct lease_turn *turn, struct err *e);

#endif

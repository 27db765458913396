#ifndef MASTERD_ACCOUNTS_ENROL_H
#define MASTERD_ACCOUNTS_ENROL_H

#include "lib/base/loop.h"
#include "lib/wire/invitation.h"
#include "masterd/db/db.h"

/*
 * Machines that come with an invitation (lib/wire/invitation.h).  Requests are
 * watched for in spool/enroll/incoming/new, judged, committed, answered in
 * spool/enroll/outgoing/<invite>/answer.json, and only then removed: a kill
 * anywhere repeats what is left to do, and the repeat finds it done.
 *
 * Whoever has an invitation may write what he likes here.  What is looked at
 * in one turn, how long things lie, and what a file may be are all bounded.
 */
struct enrol;

struct enrol_hooks {
	void *arg;
	/* As whom the machines of this account log in. */
	const char *(*user)(void *arg, const char *account);
	/* A key or an invitation has changed and is committed: write the key
	 * files. */
	void (*changed)(void *arg);
	/* The database failed for good: the process must end. */
	void (*fatal)(void *arg, const struct err *e);
};

struct enrol *enrol_open(int root, struct loop *loop, struct db *db,
    const struct enrol_hooks *hooks, struct err *e);
void enrol_close(struct enrol *en); /* NULL is fine */

/* Look again: now and then, for inotify is a hint, and once the folders are
 * made. */
void enrol_look(struct enrol *en);

/* Answers as the rows are now: somebody was approved, or not. */
void enrol_answer(struct enrol *en);

/* Answers that are over a day old; seldom. */
void enrol_sweep(struct enrol *en);

#endif

#ifndef BOTD_TEMPLATE_H
#define BOTD_TEMPLATE_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/wire/ids.h"

/*
 * Names and roots of bots that are started by the hundred from one command:
 *
 *	%h	the host, up to its first dot
 *	%j	the job: SLURM_ARRAY_JOB_ID, SLURM_JOB_ID, PBS_JOBID, LSB_JOBID,
 *		JOB_ID, else eight digits that this boot of the host alone has
 *	%t	the task: SLURM_ARRAY_TASK_ID, SLURM_PROCID, PBS_ARRAY_INDEX,
 *		LSB_JOBINDEX, SGE_TASK_ID, JOB_COMPLETION_INDEX, else the pid
 *	%%	one %
 *
 * What comes in is made fit for a folder's name: letters, digits, '.', '_' and
 * '-', up to the first '[' of an id like "123[7].pbs".
 */
struct template_world {
	const char *host;
	const char *boot; /* clock_boot_id() */
	long pid;
	/* getenv(3) of a test, or of the process. */
	const char *(*variable)(void *arg, const char *name);
	void *arg;
};

/* This process's own; "host" is room for its name. */
void template_world(struct template_world *w, char host[256]);

/* REFUSED for anything else after '%'.  Resets "out". */
int template_expand(struct buf *out, const char *text,
    const struct template_world *w, struct err *e);

/* Does it hold a '%'? */
bool template_is(const char *text);

/* The opposite: every '%' twice. */
void template_escape(struct buf *out, const char *text);

/*
 * Any text as a bot's name: lower case, '-' for what may not be there.  One
 * that is too long keeps its begin and gets eight digits made of all of it,
 * so that two texts that differ anywhere stay two names.
 */
struct name template_name(const char *text);

#endif

#ifndef TOOLS_PF_LOCAL_UP_H
#define TOOLS_PF_LOCAL_UP_H

#include "lib/base/err.h"
#include "tools/pf-local/local.h"

/* What the command line asked for; -1: not given, as it was before. */
struct up_wish {
	int bots;
	int slots;
	int sftp;
	const char *listen; /* NULL: not given; "none": no more */
};

/*
 * Start what is down, in the order master, sshd, bots, and wait for each until
 * it answers.  What runs is left alone.  "complaint" (caller frees, may be
 * set to NULL) is the end of the log of what did not come up.
 */
int up(struct local *l, const struct up_wish *wish, char **complaint,
    struct err *e);

/* Stop bots, sshd, master, in this order; returns how many had to be killed. */
int down(const struct local *l);

#endif

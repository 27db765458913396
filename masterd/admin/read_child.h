#ifndef MASTERD_ADMIN_READ_CHILD_H
#define MASTERD_ADMIN_READ_CHILD_H

#include "masterd/admin/request.h"

/*
 * A long read in a process of its own (DESIGN 3): this program, run anew,
 * opens the database read-only and writes the answer down a pipe, which goes
 * out as it comes.  "what" is "ledger", "log", "rules" or "corpus", "arg" may
 * be NULL.
 * ("missing" is the ledger's one number, for masterd/watch.c.)
 * At most READ_CHILDREN at once, then AGAIN.  Returns REPLY_LATER or -1.
 */
#define READ_CHILDREN 4

int read_child_start(
    struct request *r, const char *what, const char *arg, struct err *e);
/* The same with a file for its standard input, which stays the caller's. */
int read_child_start_in(struct request *r, const char *what, const char *arg,
    int in, struct err *e);

#endif

#ifndef TOOLS_PF_ACCOUNT_SESSIONS_H
#define TOOLS_PF_ACCOUNT_SESSIONS_H

#include <sys/types.h>

/*
 * End whatever runs as "uid", an account's user and nobody else's: TERM, and
 * KILL to what is left after a second.  Returns how many there were.
 */
unsigned sessions_end(uid_t uid);

/* How many processes run as "uid". */
unsigned sessions_count(uid_t uid);

#endif

#ifndef TOOLS_PF_ACCOUNT_ACCOUNTS_H
#define TOOLS_PF_ACCOUNT_ACCOUNTS_H

#include "lib/base/err.h"
#include "tools/pf-account/keys.h"
#include "tools/pf-account/site.h"

/*
 * Accounts as Unix users.  One of ours is who has a file in ETC/keys and, if
 * the user exists, our comment in passwd: a user that somebody else made is
 * never changed.
 *
 * account_add() makes user, folders and an empty list of keys, in this order;
 * "keys" (may be NULL) are those it begins with.  What fails is undone; what
 * was killed is completed by the next account_add().  CONFLICT when it exists,
 * or a user of that name does.
 *
 * account_remove() takes the keys away, ends the sessions, waits until the
 * master has taken in what lies there ("wait_ms"; CONFLICT when it
 * has not, unless "drop"),
 * and removes folders and user.
 */
#define ACCOUNT_COMMENT "PandaFuzz account"
#define ACCOUNT_ENROLL  "enroll"

int account_add(const struct site *s, const char *account,
    enum account_kind kind, const struct keys *keys, struct err *e);
int account_remove(const struct site *s, const char *account, uint64_t wait_ms,
    bool drop, struct err *e);

/* The same, for one that is there, whole or not, as it is to be: `setup` and
 * `adopt`.  Folders and what lies in them keep. */
int account_ensure(const struct site *s, const char *account,
    enum account_kind kind, const struct keys *keys, struct err *e);

/*
 * Write the keys where the master finds them: what stands in a file of its and
 * in no row of its it takes over.  Lines that are there stay; only while no
 * master runs, unless there is no such file.
 */
int account_tell_master(const struct site *s, const char *account,
    const struct keys *k, struct err *e);

/* Could `add` make it?  Looks only. */
int account_check(const struct site *s, const char *account, struct err *e);

/* The table of `list`, or lines of "name<TAB>kind<TAB>...". */
int account_list(const struct site *s, bool plain, struct err *e);

#endif

#ifndef MASTERD_INTAKE_REJECT_H
#define MASTERD_INTAKE_REJECT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/err.h"

/*
 * rejected/<account>/ and held/<account>/: copies of what was refused, held or
 * damaged, each with <name>.reason (PROTOCOL 13, 14).  Never linked, never
 * moved.  Capped per account; kept for a time.
 */
struct reject;

enum reject_kind { REJECT_REFUSED, REJECT_DAMAGED, REJECT_HELD };

struct reject_name {
	char text[128];
};

struct reject *reject_open(int root, struct err *e);
void reject_close(struct reject *r);

/*
 * Copy an open file there, with its reason; not synced, the batch does that.
 * "as" tells the name it got: that of an earlier copy when the bytes are the
 * same, so that a batch that is done again leaves nothing twice.  A copy that does not fit the cap is not made
 * (only the reason is kept, and says so).
 */
int reject_copy(struct reject *r, enum reject_kind kind, const char *account,
    const char *name, int fd, const char *reason, struct reject_name *as,
    struct err *e);

/*
 * Something in "dir" that cannot be a bundle: leave a .reason and unlink it; a
 * folder is moved to rejected/ or stays, with an alarm.
 */
void reject_odd(struct reject *r, const char *account, int dir,
    const char *name, const char *why);

/* Open a rejected or held file to take it again; and drop it after that. */
int reject_reopen(struct reject *r, enum reject_kind kind, const char *account,
    const char *name, struct err *e);
void reject_drop(struct reject *r, enum reject_kind kind, const char *account,
    const char *name);

/* Forget what was refused before that; once an hour. */
void reject_sweep(struct reject *r, uint64_t before_ms);

/* Each file in held/: after an upgrade they are taken again. */
void reject_each_held(struct reject *r,
    void (*fn)(void *arg, const char *account, const char *name), void *arg);

#endif

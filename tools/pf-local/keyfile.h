#ifndef TOOLS_PF_LOCAL_KEYFILE_H
#define TOOLS_PF_LOCAL_KEYFILE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "lib/base/err.h"

/*
 * ROOT/accounts/<account>.keys, which the master writes
 * (masterd/accounts/keyfiles.h), as a session looks at it.
 */
struct keyfile {
	char kind[16];       /* bot, ci, reader, enroll */
	char projects[1100]; /* commas between */
	bool admitted;       /* the account is active and has the key */
	char why[64];        /* else */
	/* as it was when it was read */
	ino_t inode;
	off_t size;
	struct timespec changed;
};

/* "folder" is ROOT/accounts.  A file that is not there admits nobody. */
int keyfile_read(struct keyfile *k, int folder, const char *account,
    const char *fingerprint, struct err *e);

/* Read again where it is another than it was. */
int keyfile_again(struct keyfile *k, int folder, const char *account,
    const char *fingerprint, struct err *e);

#endif

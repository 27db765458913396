#ifndef MASTERD_ACCOUNTS_KEYFILES_H
#define MASTERD_ACCOUNTS_KEYFILES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * What sshd's side reads: ROOT/accounts/<account>.keys.  Its first line is
 *
 *	# kind=reader state=active projects=png,zlib
 *
 * (limits follow where they are the account's own), then a line a key that
 * may log in: "ssh-ed25519 AAAA... SHA256:...".  The file of the account
 * "enroll" has the keys of invitations.  "state=full": the account is far over
 * its limits and may not come in until there is room.  Whoever serves a session watches the
 * file: a key that is no longer in it, or another state than active, ends the
 * session.
 *
 * Files are a copy of rows, each replaced by rename, and only when it differs.
 */
#define KEYFILES_FOLDER "accounts"
#define KEYFILES_SUFFIX ".keys"
#define KEYFILES_MODE   0640

/* The last row of the log of changes when files were written; before them. */
#define KEYFILES_SERIAL "serial"

/*
 * 1 when files are of a later time than the database: it was restored from an
 * older one, or made anew.  Asked before anything is written.
 */
int keyfiles_newer(int folder, struct db *db, struct err *e);

/*
 * Keys that stand in a file and have no row become active ones, added by
 * "found": the database was restored or made anew, or root put them there.
 * Their account, where it has no row, too.  Nobody is locked out for it, and
 * an event says so.  In the caller's transaction; *count of them.
 *
 * "newer": files have the last word.  Kind, state, projects and limits are
 * theirs, a key that is not in its account's file is disabled, an invitation
 * that was answered or is no more in enroll.keys is withdrawn.
 */
int keyfiles_adopt(int folder, struct db *db, uint64_t now_ms, bool newer,
    int *count, struct err *e);

/* All files as the rows are now.  The first that cannot be written ends it. */
int keyfiles_write(int folder, struct db *db, uint64_t now_ms, struct err *e);

/*
 * The one authorized_keys of a sshd that lets everybody in as one user: a line
 * a key, with the command that its account is confined to:
 * "COMMAND ACCOUNT FINGERPRINT".
 */
int keyfiles_write_authorized(const char *path, const char *command,
    struct db *db, uint64_t now_ms, struct err *e);

#endif

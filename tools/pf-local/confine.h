#ifndef TOOLS_PF_LOCAL_CONFINE_H
#define TOOLS_PF_LOCAL_CONFINE_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "tools/pf-local/local.h"
#include "tools/pf-local/rsync.h"

/*
 * What a key may do.  Of a bot: run sftp-server in a cage in which only the
 * account's folder exists, read-only but for incoming/.  Of a reader: run
 * rsync's sender in one in which only the folders of its projects exist, all
 * read-only.
 *
 * Both return an argv to be executed; confine_free() it.  confine_check()
 * tries the cage: REFUSED with the name of what is missing.
 */
char **confine_sftp(const struct local *l, const char *account);
char **confine_rsync(
    const struct local *l, const char *projects, const struct rsync_ask *ask);
void confine_free(char **argv);

int confine_check(const struct local *l, struct err *e);

/* local/etc/: the passwd file without which sftp-server leaves at once, and
 * which sshd sees when it runs as root. */
int confine_write_etc(const struct local *l, struct err *e);

#endif

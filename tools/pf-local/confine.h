#ifndef TOOLS_PF_LOCAL_CONFINE_H
#define TOOLS_PF_LOCAL_CONFINE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "tools/pf-local/local.h"

/*
 * What a bot's key may do: run sftp-server in a cage in which only the
 * account's folder exists, read-only but for incoming/.
 *
 * confine_command() appends the command for sshd, quoted for a shell.
 * confine_check() tries the cage: REFUSED with the name of what is missing.
 */
void confine_command(struct buf *command, const struct local *l);
int confine_check(const struct local *l, struct err *e);

/* local/etc/: the passwd file without which sftp-server leaves at once, and
 * which sshd sees when it runs as root. */
int confine_write_etc(const struct local *l, struct err *e);

#endif

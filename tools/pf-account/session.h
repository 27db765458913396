#ifndef TOOLS_PF_ACCOUNT_SESSION_H
#define TOOLS_PF_ACCOUNT_SESSION_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * What sshd's ForceCommand runs, as the account itself and not as root.
 *
 * session_reader() becomes `rsync --server --sender`, if SSH_ORIGINAL_COMMAND
 * asks for nothing else than files of the account's projects
 * (tools/pf-local/rsync.h).  session_ci() becomes
 * `pfadm system stdio` on the account's own socket.  Both return only on
 * failure.
 */
int session_reader(const char *root, const char *etc, struct err *e);
int session_ci(const char *root, struct err *e);

#endif

#ifndef TOOLS_PF_ACCOUNT_SETUP_H
#define TOOLS_PF_ACCOUNT_SETUP_H

#include "tools/pf-account/site.h"
#include "tools/pf-account/sshd.h"

/*
 * Users, groups, folders, the account "enroll"; then sshd's snippet.  Done
 * again it completes what is missing and says what is wrong.
 */
int setup_users(const struct site *s, struct err *e);
int setup_site(struct site *s, struct err *e);

/*
 * The snippet, and ETC/masterd.d/accounts.yaml: what invitations say of this
 * machine ("url" NULL: its own name).  Tells the person on standard output; 0,
 * or 1 when bots could not get in.
 */
int setup_sshd(const struct site *s, const struct sshd *d, const char *url);

#endif

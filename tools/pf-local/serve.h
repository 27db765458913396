#ifndef TOOLS_PF_LOCAL_SERVE_H
#define TOOLS_PF_LOCAL_SERVE_H

/*
 * `pf-local serve ROOT ACCOUNT FINGERPRINT`: the forced command of each key.
 * What the account's kind may do is run as a child; this process stays and
 * ends it, and the connection, when the key or the account is admitted no
 * longer.  Returns the exit code.
 */
int serve(const char *root, const char *account, const char *fingerprint);

#endif

#ifndef MASTERD_ACCOUNTS_FOLDER_H
#define MASTERD_ACCOUNTS_FOLDER_H

#include <stdbool.h>

#include "lib/base/err.h"

/*
 * spool/<account> of an installation in which masterd and sshd's sessions run
 * as one user (deployment B): incoming/ is not writable, not even for its
 * owner, so that an account may put files into tmp and new, and never rename
 * or replace those two.  Whole or completed; done again it changes nothing.
 */
int folder_make(int root, const char *account, struct err *e);

/* Is spool/<account>/incoming/{tmp,new} there? */
bool folder_is_there(int root, const char *account);

#endif

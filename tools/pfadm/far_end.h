#ifndef TOOLS_PFADM_FAR_END_H
#define TOOLS_PFADM_FAR_END_H

#include "lib/base/err.h"

/*
 * Connect to the Unix socket "path", of whatever length.  The descriptor, or
 * -1 (DENIED, or AGAIN when nobody listens there).
 */
int far_connect(const char *path, struct err *e);

/* Copy from fd 0 to "fd" and from "fd" to fd 1 until either side ends.  -1 with
 * "e" when that was not its end but a failure. */
int far_copy(int fd, struct err *e);

#endif

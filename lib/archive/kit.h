#ifndef LIB_ARCHIVE_KIT_H
#define LIB_ARCHIVE_KIT_H

#include "lib/base/err.h"

/*
 * A folder as one tar, the same bytes for the same folder on every machine:
 * sorted by name, one time for all, uid and gid 0 without names, modes 0755
 * for folders and what may be run, 0644 for the rest.
 *
 * Every name begins with "top/".  Files and folders only: REFUSED for anything
 * else.  Nothing is synced.
 */
int archive_kit(int dirfd, const char *top, int fd, struct err *e);

#endif

#ifndef TOOLS_PF_ACCOUNT_ADOPT_MOVE_H
#define TOOLS_PF_ACCOUNT_ADOPT_MOVE_H

#include <sys/types.h>

#include <stdbool.h>

#include "lib/base/err.h"

/*
 * Moving a master's folders to another owner, so that a kill at any instant
 * is made good by doing it again.
 *
 * move_entry() moves from/name to to/name: by rename, or over a border of file
 * systems by a copy that gets its name when it is whole.  An empty folder of
 * that name gives way; one with something in it means, after a kill, that the
 * copy is there and only the source is left ("again"), and else CONFLICT.
 */
struct move {
	int from, to;
	const char *from_path, *to_path; /* of the same two, for cp */
	bool again;
};

int move_entry(const struct move *m, const char *name, struct err *e);

/*
 * Everything in at/name to "uid" and "gid", folders and links too, from the
 * top down.  What belongs to neither "was" nor "uid" is REFUSED.  Folders
 * are for owner and group, and with "share" get the setgid bit.
 */
struct owner {
	uid_t was, uid;
	gid_t gid;
	bool share;
};
int move_owner(int at, const char *name, const struct owner *o, struct err *e);

#endif

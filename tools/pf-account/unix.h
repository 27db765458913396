#ifndef TOOLS_PF_ACCOUNT_UNIX_H
#define TOOLS_PF_ACCOUNT_UNIX_H

#include <sys/types.h>

#include <stdbool.h>

#include "lib/base/err.h"

/*
 * Users and groups of the machine.  Looked up as everybody does; made and
 * removed by shadow's own programs, which know the locks and the files.
 */
struct unix_user {
	uid_t uid;
	gid_t gid;
	char comment[64];
};

/* 1 found, 0 there is none. */
int unix_user_find(const char *name, struct unix_user *u);
bool unix_group_exists(const char *name);

/* A system group; fine when it exists. */
int unix_group_make(const char *name, struct err *e);

/*
 * A system user with a group of its own name, no password that fits, no home.
 * "*" and not "!" stands in shadow: sshd lets nobody in with the latter.
 * "group" (may be NULL) is a further one.  What a killed try has left of it is
 * completed.
 */
struct unix_wish {
	const char *name, *comment, *home, *shell, *group;
};
int unix_user_make(const struct unix_wish *w, struct err *e);

/* Make a user a member of further groups, "a,b". */
int unix_user_join(const char *name, const char *groups, struct err *e);

/* The user and its group; fine when they are gone. */
int unix_user_remove(const char *name, struct err *e);

#endif

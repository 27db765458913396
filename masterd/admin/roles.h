#ifndef MASTERD_ADMIN_ROLES_H
#define MASTERD_ADMIN_ROLES_H

#include <sys/types.h>

#include <stdbool.h>

/*
 * Who is at the other end of the socket, and what they may do (DESIGN 8).
 * From SO_PEERCRED and the groups of that uid as the system knows them; never
 * from the pid, which may be another process by now.
 */
#define GROUP_ADMIN "pandafuzz-admin"
#define GROUP_READ  "pandafuzz-read"

enum peer_role { ROLE_ANYBODY, ROLE_READ, ROLE_ADMIN };

struct peer {
	uid_t uid;
	enum peer_role role;
	char name[80]; /* "user:root", "user:1000" when it has no name */
	/* Came by the socket of a ci account: its name, else "". */
	char account[33];
};

/*
 * uid 0 and our own are admins.  Who came by the socket of a ci account
 * ("account"; "" for the admin socket) is that account when it runs as our own
 * user, as root, or as the Unix user of that name, and else nobody.
 */
void peer_of(int socket, const char *account, struct peer *p);

/* Is the peer's user in that group of the system, now? */
bool peer_in_group(const struct peer *p, const char *group);

/* gid of a group, -1 when there is no such group. */
gid_t group_id(const char *name);

#endif

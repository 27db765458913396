/*
 * Peer credentials to roles.  Asked anew for every request: a user who was
 * taken out of a group has lost the role with the next one.
 */
#include <sys/socket.h>

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "masterd/admin/roles.h"

#define NSS_BUFFER 16384

gid_t
group_id(const char *name)
{
	char *memory = mem_alloc(NSS_BUFFER);
	struct group group, *found = NULL;
	gid_t gid = (gid_t)-1;

	if (getgrnam_r(name, &group, memory, NSS_BUFFER, &found) == 0 &&
	    found != NULL)
		gid = found->gr_gid;
	free(memory);
	return gid;
}

/* Whether "gid" is the user's own group or one it is listed in. */
static bool
member(const char *user, gid_t own, gid_t gid)
{
	int count = 64, i;
	gid_t *groups;
	bool found = false;

	if (gid == (gid_t)-1)
		return false;
	groups = mem_array((size_t)count, sizeof(*groups));
	if (getgrouplist(user, own, groups, &count) == -1) {
		groups = mem_resize(groups, (size_t)count, sizeof(*groups));
		if (getgrouplist(user, own, groups, &count) == -1)
			count = 0;
	}
	for (i = 0; i < count && !found; i++)
		found = groups[i] == gid;
	free(groups);
	return found;
}

static enum peer_role
role_of(uid_t uid, const struct passwd *user)
{
	if (uid == 0 || uid == geteuid())
		return ROLE_ADMIN;
	if (user == NULL)
		return ROLE_ANYBODY;
	if (member(user->pw_name, user->pw_gid, group_id(GROUP_ADMIN)))
		return ROLE_ADMIN;
	if (member(user->pw_name, user->pw_gid, group_id(GROUP_READ)))
		return ROLE_READ;
	return ROLE_ANYBODY;
}

bool
peer_in_group(const struct peer *p, const char *group)
{
	char *memory;
	struct passwd user, *found = NULL;
	gid_t gid = group_id(group);
	bool in = false;

	if (gid == (gid_t)-1)
		return false;
	memory = mem_alloc(NSS_BUFFER);
	if (getpwuid_r(p->uid, &user, memory, NSS_BUFFER, &found) == 0 &&
	    found != NULL)
		in = member(found->pw_name, found->pw_gid, gid);
	free(memory);
	return in;
}

static void
come_by_door(struct peer *p, const char *account)
{
	char *memory = mem_alloc(NSS_BUFFER);
	struct passwd user, *found = NULL;
	bool may = p->uid == 0 || p->uid == geteuid();

	if (!may && getpwuid_r(p->uid, &user, memory, NSS_BUFFER, &found) == 0)
		may = found != NULL && strcmp(found->pw_name, account) == 0;
	free(memory);
	p->role = ROLE_ANYBODY;
	if (!may || p->uid == (uid_t)-1)
		return;
	text_copy(p->account, sizeof(p->account), account);
	snprintf(p->name, sizeof(p->name), "account:%s", account);
}

void
peer_of(int socket, const char *account, struct peer *p)
{
	char *memory = mem_alloc(NSS_BUFFER);
	struct passwd user, *found = NULL;
	struct ucred ucred;
	socklen_t len = sizeof(ucred);

	p->uid = (uid_t)-1;
	p->role = ROLE_ANYBODY;
	p->account[0] = '\0';
	text_copy(p->name, sizeof(p->name), "user:unknown");
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &ucred, &len) == 0) {
		p->uid = ucred.uid;
		if (getpwuid_r(ucred.uid, &user, memory, NSS_BUFFER, &found) !=
		    0)
			found = NULL;
		p->role = role_of(ucred.uid, found);
		if (found != NULL)
			snprintf(p->name, sizeof(p->name), "user:%.70s",
			    found->pw_name);
		else
			snprintf(p->name, sizeof(p->name), "user:%ju",
			    (uintmax_t)ucred.uid);
	}
	free(memory);
	if (*account != '\0')
		come_by_door(p, account);
}

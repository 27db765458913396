/*
 * useradd and its relatives, one call each.
 */
#include <sys/wait.h>

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/spawn.h"
#include "lib/base/text.h"
#include "tools/pf-account/unix.h"

#define LIMIT_MS 60000 /* they wait for each other's locks */

int
unix_user_find(const char *name, struct unix_user *u)
{
	struct passwd *pw = getpwnam(name);

	memset(u, 0, sizeof(*u));
	if (pw == NULL)
		return 0;
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	text_copy(u->comment, sizeof(u->comment), pw->pw_gecos);
	return 1;
}

bool
unix_group_exists(const char *name)
{
	return getgrnam(name) != NULL;
}

static int
run(const char *const *argv, struct err *e)
{
	struct spawn s = {.argv = argv, .in = -1, .out = -1, .err = -1};
	struct buf said = BUF_INIT;
	int status;

	status = spawn_run(&s, &said, 1024, LIMIT_MS, e);
	if (status > 0)
		err_set(e, ERR_AGAIN, "%s failed: %.*s", argv[0],
		    (int)strcspn(buf_text(&said), "\n"), buf_text(&said));
	buf_release(&said);
	return status == 0 ? 0 : -1;
}

int
unix_group_make(const char *name, struct err *e)
{
	const char *const argv[] = {"groupadd", "-r", name, NULL};

	return unix_group_exists(name) ? 0 : run(argv, e);
}

int
unix_user_make(const struct unix_wish *w, struct err *e)
{
	const char *argv[20];
	struct unix_user u;
	int n = 0;

	if (unix_group_make(w->name, e) == -1)
		return -1;
	if (unix_user_find(w->name, &u) == 1)
		return 0;
	argv[n++] = "useradd";
	argv[n++] = "-r";
	argv[n++] = "-l";
	argv[n++] = "-M";
	argv[n++] = "-N";
	argv[n++] = "-p";
	argv[n++] = "*";
	argv[n++] = "-g";
	argv[n++] = w->name;
	argv[n++] = "-d";
	argv[n++] = w->home;
	argv[n++] = "-s";
	argv[n++] = w->shell;
	argv[n++] = "-c";
	argv[n++] = w->comment;
	if (w->group != NULL) {
		argv[n++] = "-G";
		argv[n++] = w->group;
	}
	argv[n++] = w->name;
	argv[n] = NULL;
	return run(argv, e);
}

int
unix_user_join(const char *name, const char *groups, struct err *e)
{
	const char *const argv[] = {"usermod", "-a", "-G", groups, name, NULL};

	return run(argv, e);
}

int
unix_user_remove(const char *name, struct err *e)
{
	const char *const user[] = {"userdel", name, NULL};
	const char *const group[] = {"groupdel", name, NULL};
	struct unix_user u;

	if (unix_user_find(name, &u) == 1 && run(user, e) == -1)
		return -1;
	return unix_group_exists(name) ? run(group, e) : 0;
}

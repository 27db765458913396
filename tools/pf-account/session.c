/*
 * Forced commands of readers and of CI.  What the other side asked for comes
 * in SSH_ORIGINAL_COMMAND: a reader's is refused unless rsync_parse() knows
 * every word of it, and no shell sees it; CI's is not looked at.
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/wire/ids.h"
#include "tools/pf-account/keys.h"
#include "tools/pf-account/session.h"
#include "tools/pf-local/rsync.h"

/* Whoever calls us is the account. */
static int
who_am_i(char name[NAME_MAX_LEN + 1], struct err *e)
{
	struct passwd *pw = getpwuid(getuid());

	if (pw == NULL || !name_ok(pw->pw_name))
		return err_set(e, ERR_DENIED,
		    "this is what sshd runs for an account; you are none");
	snprintf(name, NAME_MAX_LEN + 1, "%s", pw->pw_name);
	return 0;
}

/* Of sshd's, which may let the other side set some, only the way to programs:
 * neither rsync nor pfadm is to be told anything by the rest. */
static void
clean_environment(void)
{
	const char *path = getenv("PATH");
	char *copy = path == NULL ? NULL : mem_strdup(path);

	clearenv();
	if (copy != NULL)
		setenv("PATH", copy, 1);
	free(copy);
}

int
session_reader(const char *root, const char *etc, struct err *e)
{
	const char *command = getenv("SSH_ORIGINAL_COMMAND");
	char name[NAME_MAX_LEN + 1], path[4200];
	static struct rsync_ask ask;
	struct keys k;
	int dir;

	if (who_am_i(name, e) == -1)
		return -1;
	snprintf(path, sizeof(path), "%s/keys", etc);
	if ((dir = fs_open_dir(AT_FDCWD, path, e)) == -1 ||
	    keys_load(dir, name, &k, e) == -1)
		return -1;
	if (k.kind != KIND_READER || k.state != KEYS_ACTIVE)
		return err_set(e, ERR_DENIED, "'%s' is no reader", name);
	if (rsync_parse(&ask, command == NULL ? "" : command,
		buf_text(&k.projects), e) == -1)
		return -1;
	if (chdir(root) == -1)
		return err_sys(e, "cannot enter '%s'", root);
	clean_environment();
	/* It takes them as they are, and changes none. */
	execvp("rsync", (char *const *)ask.words);
	return err_sys(e, "cannot run rsync");
}

int
session_ci(const char *root, struct err *e)
{
	char name[NAME_MAX_LEN + 1], socket[4200];
	char *words[] = {(char[]){"pfadm"}, (char[]){"--socket"}, socket,
	    (char[]){"system"}, (char[]){"stdio"}, NULL};

	if (who_am_i(name, e) == -1)
		return -1;
	snprintf(socket, sizeof(socket), "%s/run/accounts/%s.sock", root, name);
	clean_environment();
	execvp(words[0], words);
	return err_sys(e, "cannot run pfadm");
}

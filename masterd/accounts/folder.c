/*
 * Folders of accounts that masterd makes itself.  Where each account is a Unix
 * user of its own, root makes them (tools/pf-account).
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/wire/ids.h"
#include "masterd/accounts/folder.h"

#define CLOSED_MODE 0555

static bool
is_there(int root, const char *account, const char *below)
{
	char path[NAME_MAX_LEN + 40];

	snprintf(path, sizeof(path), "spool/%s/%s", account, below);
	return faccessat(root, path, F_OK, 0) == 0;
}

bool
folder_is_there(int root, const char *account)
{
	return is_there(root, account, "incoming/tmp") &&
	    is_there(root, account, "incoming/new");
}

static int
make(int root, const char *account, const char *below, mode_t mode,
    struct err *e)
{
	char path[NAME_MAX_LEN + 40];

	snprintf(path, sizeof(path), "spool/%s/%s", account, below);
	return fs_make_dirs(root, path, mode, e);
}

static int
set_mode(int root, const char *account, mode_t mode, struct err *e)
{
	char path[NAME_MAX_LEN + 40];

	snprintf(path, sizeof(path), "spool/%s/incoming", account);
	if (fchmodat(root, path, mode, 0) == -1)
		return err_sys(e, "cannot chmod '%s'", path);
	return 0;
}

static bool
is_closed(int root, const char *account)
{
	char path[NAME_MAX_LEN + 40];
	struct stat st;

	snprintf(path, sizeof(path), "spool/%s/incoming", account);
	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (st.st_mode & 0777) == CLOSED_MODE;
}

int
folder_make(int root, const char *account, struct err *e)
{
	if (make(root, account, "outgoing", 0750, e) == -1)
		return -1;
	if (folder_is_there(root, account) && is_closed(root, account))
		return 0;
	if (make(root, account, "incoming", 0755, e) == -1 ||
	    set_mode(root, account, 0755, e) == -1 ||
	    make(root, account, "incoming/tmp", 0750, e) == -1 ||
	    make(root, account, "incoming/new", 0750, e) == -1)
		return -1;
	return set_mode(root, account, CLOSED_MODE, e);
}

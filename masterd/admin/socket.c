/*
 * The socket's file: bound through its folder's descriptor, because a path of
 * more than 107 bytes does not fit in a socket's address.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "masterd/admin/admin_internal.h"

static int
address(struct sockaddr_un *un, int at, const char *name, struct err *e)
{
	int n;

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	n = snprintf(un->sun_path, sizeof(un->sun_path), "/proc/self/fd/%d/%s",
	    at, name);
	if (n < 0 || (size_t)n >= sizeof(un->sun_path))
		return err_set(
		    e, ERR_REFUSED, "'%s' is too long for a socket", name);
	return 0;
}

/* Remove what is in the way, unless somebody answers there. */
static int
clear_place(
    const struct sockaddr_un *un, int at, const char *name, struct err *e)
{
	int fd, got, error;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_sys(e, "cannot make a socket");
	got = connect(fd, (const struct sockaddr *)un, sizeof(*un));
	error = errno;
	close(fd);
	if (got == 0 || error == EAGAIN)
		return err_set(e, ERR_CONFLICT,
		    "somebody serves the admin socket '%s' already", name);
	if (error != ENOENT && unlinkat(at, name, 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot remove the old socket '%s'", name);
	return 0;
}

/* The door; what may be done inside is asked of each request. */
static int
open_door(int at, const char *name, struct err *e)
{
	gid_t admins = group_id(GROUP_ADMIN);
	mode_t mode = group_id(GROUP_READ) == (gid_t)-1 ? 0660 : 0666;

	/* A plain user may not give it to a group it is not in: then only it
	 * and root come in, which is what such a master is for. */
	if (admins != (gid_t)-1 &&
	    fchownat(at, name, (uid_t)-1, admins, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno != EPERM)
		return err_sys(e, "cannot give '%s' to its group", name);
	if (fchmodat(at, name, mode, 0) == -1)
		return err_sys(e, "cannot set the mode of '%s'", name);
	return 0;
}

int
socket_listen(int at, const char *name, struct err *e)
{
	struct sockaddr_un un;
	mode_t mask;
	int fd, got;

	if (address(&un, at, name, e) == -1 ||
	    clear_place(&un, at, name, e) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_sys(e, "cannot make a socket");
	mask = umask(0177);
	got = bind(fd, (struct sockaddr *)&un, sizeof(un));
	umask(mask);
	if (got == -1) {
		err_sys(e, "cannot bind '%s'", name);
		close(fd);
		return -1;
	}
	if (open_door(at, name, e) == -1)
		goto remove;
	if (listen(fd, HTTP_BACKLOG) == -1) {
		err_sys(e, "cannot listen on '%s'", name);
		goto remove;
	}
	return fd;
remove:
	unlinkat(at, name, 0);
	close(fd);
	return -1;
}

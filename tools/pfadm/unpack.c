/*
 * An archive of a build into a temporary folder of our own.  It may hold 20
 * GiB, so a signal that ends the program removes it, too.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/archive/build.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tools/pfadm/build_folder.h"

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, 0};
static char doomed[PATH_MAX]; /* the folder, for the handler */

/* Only calls that a handler may make. */
static void
on_deadly(int signo)
{
	pid_t child = fork();

	if (child == 0) {
		execl("/bin/rm", "rm", "-rf", "--", doomed, (char *)NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
	raise(signo); /* once more, and now without a handler */
}

static void
handle_deadly(void (*handler)(int), int flags)
{
	struct sigaction new, old;
	int i;

	memset(&new, 0, sizeof(new));
	new.sa_handler = handler;
	new.sa_flags = flags;
	for (i = 0; deadly[i] != 0; i++)
		/* Who was started with a signal ignored goes on to ignore. */
		if (sigaction(deadly[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(deadly[i], &new, NULL);
}

static char *
make_folder(struct err *e)
{
	const char *parent = getenv("TMPDIR");
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/pfadm-build.XXXXXX",
	    parent == NULL || *parent == '\0' ? "/var/tmp" : parent);
	if (!text_copy(doomed, sizeof(doomed), path.data)) {
		err_set(e, ERR_REFUSED, "TMPDIR is too long a name");
		goto fail;
	}
	if (mkdtemp(path.data) == NULL) {
		err_sys(e, "cannot make a folder '%s'", doomed);
		goto fail;
	}
	text_copy(doomed, sizeof(doomed), path.data);
	handle_deadly(on_deadly, SA_RESETHAND);
	return buf_detach(&path);
fail:
	buf_release(&path);
	return NULL;
}

void
unpack_remove(const char *folder)
{
	fs_remove_tree(AT_FDCWD, folder, NULL);
	handle_deadly(SIG_DFL, 0);
}

static int
unpack_into(const char *folder, int archive, struct err *e)
{
	struct build_count count;
	int to = fs_open_dir(AT_FDCWD, folder, e), got;

	if (to == -1)
		return -1;
	got = archive_build(archive, to, &BUILD_LIMITS, &count, e);
	close(to);
	return got;
}

char *
unpack_build(const char *path, struct err *e)
{
	int archive = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *folder = NULL;
	struct stat st;

	if (archive == -1 || fstat(archive, &st) == -1)
		err_sys(e, "cannot read '%s'", path);
	else if (!S_ISREG(st.st_mode))
		err_set(
		    e, ERR_REFUSED, "'%s' is no folder and no archive", path);
	else if ((folder = make_folder(e)) != NULL &&
	    unpack_into(folder, archive, e) == -1) {
		err_wrap(e, "%s", path);
		unpack_remove(folder);
		free(folder);
		folder = NULL;
	}
	if (archive != -1)
		close(archive);
	return folder;
}

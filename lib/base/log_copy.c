/*
 * A copy of a process's lines in a file that several processes share and that
 * is put aside when it has grown.  It is opened anew for each line: whoever
 * puts it aside need not tell the others.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log_internal.h"
#include "lib/base/text.h"

static int copy_dir = -1;
static char copy_name[64], copy_old[68];

void
log_copy_to(int dirfd, const char *name)
{
	copy_dir = dirfd;
	if (dirfd == -1)
		return;
	text_copy(copy_name, sizeof(copy_name), name);
	snprintf(copy_old, sizeof(copy_old), "%s.1", copy_name);
}

static int
open_copy(void)
{
	return openat(copy_dir, copy_name,
	    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
}

/* Only the holder of its lock, and only while it still has its name. */
static void
put_aside(int fd, const struct stat *st)
{
	struct stat there;

	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		return;
	if (fstatat(copy_dir, copy_name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    there.st_ino == st->st_ino && there.st_dev == st->st_dev)
		(void)renameat(copy_dir, copy_name, copy_dir, copy_old);
}

void
log_copy(const struct log_entry *l)
{
	struct buf line = BUF_INIT;
	struct stat st;
	ssize_t ignored;
	int fd;

	if (copy_dir == -1 || (fd = open_copy()) == -1)
		return;
	if (fstat(fd, &st) == 0 && st.st_size > LOG_COPY_MOST) {
		put_aside(fd, &st);
		close(fd);
		if ((fd = open_copy()) == -1)
			return;
	}
	buf_printf(&line, "%s %s %s ", clock_rfc3339(clock_wall_ms()).text,
	    log_level_name(l->level), l->component);
	log_text_words(&line, l);
	buf_addc(&line, '\n');
	ignored = write(fd, line.data, line.len);
	(void)ignored; /* for people, no more */
	close(fd);
	buf_release(&line);
}

/*
 * GET /metrics as a file.  The collector may read at any moment: it sees the
 * old file or the new one, never a part.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "tools/pf-report/pf_report.h"

static int
write_file(const char *name, const struct buf *text, struct err *e)
{
	int fd = open(
	    name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd == -1)
		return err_sys(e, "cannot make '%s'", name);
	/* The collector is another user, whatever our umask. */
	if (fs_write_all(fd, text->data, text->len) == 0 &&
	    fchmod(fd, 0644) == 0 && close(fd) == 0)
		return 0;
	err_sys(e, "cannot write '%s'", name);
	close(fd);
	return -1;
}

int
prom_write(struct client *c, const char *file, long *status, struct err *e)
{
	struct buf tmp = BUF_INIT;
	struct reply r;
	int rc;

	rc = client_get(c, "metrics", &r, e);
	*status = r.status;
	if (rc == 0 && strncmp(buf_text(&r.body), "# HELP ", 7) != 0)
		rc = err_set(e, ERR_REFUSED, "the master sent no metrics");
	buf_printf(&tmp, "%s.tmp", file);
	if (rc == 0 && (rc = write_file(tmp.data, &r.body, e)) == -1)
		unlink(tmp.data);
	if (rc == 0 && rename(tmp.data, file) == -1) {
		rc = err_sys(e, "cannot put '%s' in its place", file);
		unlink(tmp.data);
	}
	buf_release(&tmp);
	reply_release(&r);
	return rc;
}

/*
 * What an earlier runner left in work/ (P.29): each folder with a ticket in it
 * becomes a session that starts no engine; what its engine had written is
 * sealed under our epoch with the old lease's id, and then the folder goes.  Of
 * the check of a build nothing is sealed: the folder goes.
 */
#include <string.h>
#include <unistd.h>

#include "botd/runner/runner_internal.h"
#include "botd/runner/session.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define TICKET_BYTES (1u << 20)

static int
remove_any(void *arg, int dirfd, const char *name)
{
	(void)arg;
	(void)fs_remove_tree(dirfd, name, NULL);
	return 0;
}

/* Copies, perhaps half-made: their originals are in artifacts/. */
static void
empty(int dirfd, const char *name)
{
	int fd = fs_open_dir(dirfd, name, NULL);

	if (fd == -1)
		return;
	fs_each(fd, remove_any, NULL, NULL);
	close(fd);
}

static int
read_ticket(int dir, struct ticket *t)
{
	struct buf text = BUF_INIT;
	int rc;

	rc = fs_read_file(dir, "ticket.json", &text, TICKET_BYTES, NULL);
	if (rc == 0)
		rc = ticket_parse(t, text.data, text.len, NULL);
	buf_release(&text);
	return rc;
}

static int
salvage_folder(void *arg, int dirfd, const char *name)
{
	struct runner *r = arg;
	struct ticket t;
	struct err e;
	int dir, rc = -1;

	dir = fs_open_dir(dirfd, name, NULL);
	if (dir != -1) {
		rc = read_ticket(dir, &t);
		if (rc == 0 && strcmp(text_hex64(t.lease).text, name) != 0) {
			ticket_release(&t);
			rc = -1;
		}
	}
	if (rc == 0) {
		log_info("work.salvaged", LOG_T("lease", name));
		empty(dir, "crashes");
		session_salvage(session_new(r, &t));
	} else if (fs_remove_tree(dirfd, name, &e) == -1) {
		/* Without a ticket no engine ever ran there. */
		log_warn("work.stays", LOG_T("folder", name),
		    LOG_T("reason", e.text));
	}
	if (dir != -1)
		close(dir);
	return 0;
}

/* Units that were being written when their writer was killed. */
static int
sweep_unit(void *arg, int dirfd, const char *name)
{
	(void)arg;
	if (name[0] == '.')
		(void)unlinkat(dirfd, name, 0);
	return 0;
}

static int
sweep_target(void *arg, int dirfd, const char *name)
{
	int fd = fs_open_dir(dirfd, name, NULL);

	if (fd == -1)
		return 0;
	fs_each(fd, arg == NULL ? sweep_unit : sweep_target, NULL, NULL);
	close(fd);
	return 0;
}

void
salvage(struct runner *r)
{
	/* units/<project>/<target>/: two levels of folders. */
	fs_each(r->units, sweep_target, r, NULL);
	fs_each(r->work, salvage_folder, r, NULL);
}

/*
 * Removing a build that an administrator does not want any more.  What somebody
 * needs stays; all else goes the way that old builds go (masterd/retire.h).
 */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/change.h"
#include "masterd/admin/keep_rows.h"
#include "masterd/db/builds_keep.h"

#define REASON_MAX 200

struct removal {
	int64_t build;
	const char *name;
	struct buf reason;
};

/* "a job uses it" of an unfinished check is no reason: it ends with it. */
static int
check_needed(struct request *r, const struct removal *d, struct err *e)
{
	struct keep_rows rows;
	const char *kept = NULL;
	size_t i;
	int got;

	if ((got = keep_rows_read(&rows, r->admin->db, e)) == 0) {
		for (i = 0; i < rows.count; i++)
			rows.list[i].held &= ~(unsigned)RETAIN_CHECK;
		retain_needed(rows.list, rows.count);
		for (i = 0; i < rows.count; i++)
			if (rows.list[i].id == d->build)
				kept = rows.list[i].kept;
	}
	keep_rows_release(&rows);
	if (got == 0 && kept != NULL) {
		r->hint = "pfadm build show says who needs it; old builds go "
			  "by themselves";
		return err_set(e, ERR_CONFLICT,
		    "build %.12s: cannot be removed, %s", d->name, kept);
	}
	return got;
}

static int
remove_build(struct request *r, void *arg, struct err *e)
{
	struct change c = CHANGE_INIT;
	struct removal *d = arg;
	const char *reason = buf_text(&d->reason);
	int got = check_needed(r, d, e);

	if (got == 0)
		got = change_begin(&c, r, VIEW_BUILD, d->build, e);
	if (got == 0)
		got = builds_remove(r->admin->db, d->build, r->peer.name,
		    reason, clock_wall_ms(), e);
	if (got == 0)
		got = change_end(
		    &c, r, VIEW_BUILD, d->build, "build.removed", reason, e);
	change_release(&c);
	return got;
}

int
build_remove(struct request *r, struct err *e)
{
	const char *reason = request_query(r, "reason");
	struct removal d = {.reason = BUF_INIT};
	struct view_key found;
	int got;

	if (request_find(r, VIEW_BUILD, r->part[0], NULL, &found, e) == -1)
		return -1;
	d.build = found.id;
	d.name = found.text;
	text_clean_line(&d.reason, reason, strlen(reason), REASON_MAX);
	got = admin_change(r, remove_build, &d, e);
	buf_release(&d.reason);
	return got == 0 ? reply_item(r, VIEW_BUILD, found.id, e) : -1;
}

/*
 * Opening and closing the admin socket, and the one way in which its routes
 * change the database.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/follow.h"
#include "masterd/admin/permit.h"
#include "masterd/db/buckets.h"
#include "masterd/db/nearest.h"

struct admin *
admin_open(struct loop *loop, struct db *db, struct store *store, int at,
    const char *name, const struct admin_hooks *hooks, struct err *e)
{
	struct admin *a = mem_alloc(sizeof(*a));
	int fd;

	a->loop = loop;
	a->db = db;
	a->store = store;
	a->hooks = *hooks;
	a->uploads = uploads_new();
	a->at = -1;
	if (!text_copy(a->name, sizeof(a->name), name)) {
		err_set(e, ERR_REFUSED, "'%.80s' is too long", name);
		goto fail;
	}
	if ((a->follows = follows_new(a, e)) == NULL ||
	    (fd = socket_listen(at, name, e)) == -1)
		goto fail;
	/* From here on it is ours to remove. */
	if ((a->at = fcntl(at, F_DUPFD_CLOEXEC, 3)) == -1) {
		err_sys(e, "cannot keep the folder of '%s'", name);
		close(fd);
		goto fail;
	}
	if ((a->http = http_open(a, loop, fd, e)) == NULL)
		goto fail;
	return a;
fail:
	admin_close(a);
	return NULL;
}

void
admin_set_timeout(struct admin *a, uint64_t ms)
{
	http_set_timeout(a->http, ms);
}

void
admin_close(struct admin *a)
{
	if (a == NULL)
		return;
	doors_close(a);
	http_close(a->http);
	again_close(a);
	follows_free(a->follows);
	if (a->at != -1) {
		unlinkat(a->at, a->name, 0);
		close(a->at);
	}
	uploads_free(a->uploads);
	templates_free(a->built_in);
	free(a);
}

bool
admin_adds_builds(const struct admin *a)
{
	return a->additions > 0;
}

bool
admin_holds_file(const struct admin *a, const struct digest *sha256)
{
	return uploads_find(a->uploads, sha256) != NULL;
}

/* An I/O error of the database, or our own mistake, is not survived. */
static bool
fatal(const struct err *e)
{
	if (e->cls == ERR_BUG)
		return true;
	return e->cls == ERR_AGAIN && e->sys != 0 && e->sys != ENOSPC &&
	    e->sys != EBUSY;
}

int
admin_change(struct request *r,
    int (*fn)(struct request *r, void *arg, struct err *e), void *arg,
    struct err *e)
{
	struct admin *a = r->admin;
	int got;

	if (!permit_asked(r))
		return err_set(
		    e, ERR_BUG, "%s: asked nobody for leave", r->route->path);
	if (db_in_transaction(a->db))
		return err_set(e, ERR_AGAIN, "the master is busy");
	if (db_begin(a->db, e) == -1)
		return -1;
	if ((got = fn(r, arg, e)) == 0)
		got = db_commit(a->db, e);
	if (got == 0) {
		if (a->hooks.changed != NULL)
			a->hooks.changed(a->hooks.arg);
		return 0;
	}
	db_rollback(a->db);
	if (got == -1 && fatal(e)) {
		log_error("db.failed", LOG_T("reason", e->text));
		loop_quit(a->loop, 1);
	}
	return got;
}

const struct templates *
templates_now(struct admin *a)
{
	if (a->hooks.templates != NULL)
		return a->hooks.templates(a->hooks.arg);
	if (a->built_in == NULL)
		a->built_in = templates_new();
	return a->built_in;
}

/* ---- hints ----------------------------------------------------------- */

static int
hint(struct request *r, const char *typed,
    int (*near)(struct db *, const char *, struct buf *, struct err *),
    const char *otherwise)
{
	struct buf text = BUF_INIT;
	struct err e;

	if (near(r->admin->db, typed, &text, &e) == -1 || text.len == 0) {
		r->hint = otherwise;
	} else {
		text_copy(r->said, sizeof(r->said), text.data);
		r->hint = r->said;
	}
	buf_release(&text);
	return -1;
}

int
hint_target(struct request *r, const char *typed)
{
	return hint(r, typed, nearest_targets, "pfadm target list shows them");
}

int
hint_project(struct request *r, const char *typed)
{
	return hint(r, typed, nearest_projects, "pfadm build list shows them");
}

void
admin_gauges(struct admin *a, struct admin_gauges *g)
{
	memset(g, 0, sizeof(*g));
	if (a->hooks.gauges != NULL)
		a->hooks.gauges(a->hooks.arg, g);
}

int
request_find(struct request *r, enum view v, const char *key,
    const char *within, struct view_key *found, struct err *e)
{
	int64_t bucket;
	int got = view_find(r->admin->db, v, key, within, found, e);

	/* The number of one that was merged leads where it is now. */
	if (got == 0 && v == VIEW_BUCKET) {
		struct bucket_name name;

		if (buckets_find(r->admin->db, found->text, &bucket, e) != 0 ||
		    bucket == found->id)
			return 0;
		found->id = bucket;
		if (buckets_name(r->admin->db, bucket, &name, e) == -1)
			return -1;
		text_copy(found->text, sizeof(found->text), name.text);
	}
	if (got != 1)
		return got;
	r->code = "ambiguous";
	return -1;
}

int
reply_item(struct request *r, enum view v, int64_t id, struct err *e)
{
	return view_item(r->admin->db, v, id, &r->out, e);
}

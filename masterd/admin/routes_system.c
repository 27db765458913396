/*
 * The master itself: is it well, and does it read its files again; and the log
 * of changes.
 */
#include "lib/base/json.h"
#include "masterd/admin/change.h"
#include "masterd/admin/checks.h"
#include "masterd/admin/job_body.h"
#include "masterd/admin/read_child.h"

static void
put_check(void *arg, const struct admin_check *c)
{
	struct buf *out = arg;

	json_open(out, NULL, '{');
	json_put_string(out, "name", c->name);
	json_put_bool(out, "good", c->good);
	json_put_string(out, "text", c->text);
	json_put_string(out, "fix", c->good ? NULL : c->fix);
	json_close(out, '}');
}

int
system_check(struct request *r, struct err *e)
{
	struct buf *out = &r->out;
	int got;

	json_open(out, NULL, '{');
	json_put_u64(out, "api", 1);
	json_open(out, "items", '[');
	got = checks_each(r->admin, put_check, out, e);
	json_close(out, ']');
	json_put_null(out, "next");
	json_close(out, '}');
	return got;
}

int
system_reload(struct request *r, struct err *e)
{
	static const char *const known[] = {"reason", NULL};
	const struct admin_hooks *hooks = &r->admin->hooks;
	struct json *body = job_body(r, known, e);
	struct admin_reload how = {.who = r->peer.name, .trace = r->trace.id};
	int got;

	if (body == NULL)
		return -1;
	got = change_reason(r, json_root(body), &how.reason, e);
	if (got == 0 && hooks->reload == NULL)
		got = err_set(e, ERR_AGAIN, "nothing here is read from files");
	if (got == 0) {
		json_open(&r->out, NULL, '{');
		json_put_u64(&r->out, "api", 1);
		json_open(&r->out, "item", '{');
		got = hooks->reload(hooks->arg, &how, &r->out, e);
		json_close(&r->out, '}');
		json_close(&r->out, '}');
	}
	json_free(body);
	return got;
}

int
log_check(struct request *r, struct err *e)
{
	return read_child_start(r, "log", NULL, e);
}

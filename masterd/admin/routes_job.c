/*
 * Jobs are made: one for a target, one for each target of a build, one like
 * another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "masterd/admin/change.h"
#include "masterd/admin/job_body.h"
#include "masterd/admin/job_make.h"
#include "masterd/admin/permit.h"
#include "masterd/db/builds.h"

/* ---- answers --------------------------------------------------------- */

static const char item_head[] = "{\"api\":1,\"item\":";

/* {"api":1,"item":...} of one, {"api":1,"items":[...],"next":null} of all. */
static int
reply_made(
    struct request *r, const struct job_made *made, bool all, struct err *e)
{
	struct buf item = BUF_INIT;
	struct view_key found;
	size_t i;
	int got = 0;

	if (all)
		buf_adds(&r->out, "{\"api\":1,\"items\":[");
	for (i = 0; i < made->count && got == 0; i++) {
		buf_reset(&item);
		got = request_find(
		    r, VIEW_JOB, made->list[i].text, NULL, &found, e);
		if (got == 0)
			got = view_item(
			    r->admin->db, VIEW_JOB, found.id, &item, e);
		if (got == 0 && !all) {
			buf_add(&r->out, item.data, item.len);
		} else if (got == 0) {
			buf_adds(&r->out, i == 0 ? "" : ",");
			buf_add(&r->out, item.data + strlen(item_head),
			    item.len - strlen(item_head) - 1);
		}
	}
	if (all)
		buf_adds(&r->out, "],\"next\":null}");
	buf_release(&item);
	return got;
}

/* ---- create ---------------------------------------------------------- */

static int
read_target(struct request *r, const struct json_value *o,
    struct job_want *want, struct err *e)
{
	const struct json_value *all = json_get(o, "all_targets");
	const char *project;

	if (all != NULL && json_bool(all, &want->all) == -1)
		return job_body_wrong(r, "all_targets", "not a boolean", e);
	if (job_body_text(r, o, "target", &want->target, e) == -1 ||
	    job_body_text(r, o, "project", &project, e) == -1)
		return -1;
	if (want->all && *want->target == '\0')
		want->target = project;
	if (*want->target == '\0')
		return job_body_wrong(
		    r, want->all ? "project" : "target", "which one?", e);
	return 0;
}

static int
read_build(struct request *r, const struct json_value *o, struct job_want *want,
    struct err *e)
{
	struct view_key found;
	const char *build;

	if (job_body_text(r, o, "build", &build, e) == -1)
		return -1;
	if (*build == '\0')
		return 0;
	r->field = "build";
	if (request_find(r, VIEW_BUILD, build, NULL, &found, e) == -1)
		return -1;
	r->field = NULL;
	want->build = found.id;
	return 0;
}

static int
read_want(struct request *r, const struct json_value *o, struct job_want *want,
    struct values *own, struct err *e)
{
	if (read_target(r, o, want, e) == -1 ||
	    read_build(r, o, want, e) == -1 ||
	    job_body_text(r, o, "engine", &want->engine, e) == -1 ||
	    job_body_text(r, o, "sanitizer", &want->sanitizer, e) == -1 ||
	    job_body_text(r, o, "template", &want->template, e) == -1)
		return -1;
	return job_body_values(r, o, own, e);
}

struct creation {
	const struct job_want *want;
	const char *reason;
	struct job_made made;
};

/* A line in the log of changes for each. */
static int
note_made(struct request *r, const struct job_made *made, const char *what,
    const char *reason, struct err *e)
{
	struct change none = CHANGE_INIT;
	struct view_key found;
	size_t i;

	for (i = 0; i < made->count; i++)
		if (request_find(r, VIEW_JOB, made->list[i].text, NULL, &found,
			e) == -1 ||
		    change_end(&none, r, VIEW_JOB, found.id, what, reason, e) ==
			-1)
			return -1;
	return 0;
}

/* The project of what is wanted, and whether the peer may change it. */
static int
permit_want(struct request *r, const struct job_want *want, struct err *e)
{
	struct target_ref ref;
	int got;

	if (want->all)
		return permit_project(r, want->target, e);
	got = builds_resolve_target(r->admin->db, want->target, &ref, e);
	if (got == -1 && e->cls == ERR_REFUSED) {
		r->field = "target";
		return -1;
	}
	if (r->peer.role == ROLE_ADMIN) /* what is not there is told later */
		return permit_project(r, want->target, e);
	if (got == -1 && e->cls == ERR_NOT_FOUND)
		got = builds_resolve(r->admin->db, want->target, &ref, e);
	if (got != 0)
		return got;
	ref.name[strcspn(ref.name, "/")] = '\0';
	return permit_project(r, ref.name, e);
}

static int
create(struct request *r, void *arg, struct err *e)
{
	struct creation *c = arg;
	int got = job_make(
	    r->admin->db, templates_now(r->admin), c->want, &c->made, e);

	return got != 0 ? got
			: note_made(r, &c->made, "job.created", c->reason, e);
}

static int
explain(struct request *r, const struct job_want *want, int got,
    const struct err *e)
{
	if (got == 1) {
		r->code = "ambiguous";
		r->field = "target";
		r->hint = "say project/target";
	} else if (got == -1 && e->cls == ERR_NOT_FOUND) {
		if (strncmp(e->text, "target ", 7) == 0) {
			r->field = "target";
			hint_target(r, want->target);
		} else if (strncmp(e->text, "project ", 8) == 0) {
			r->field = "project";
			hint_project(r, want->target);
		} else {
			r->field = "template";
		}
	} else if (got == -1 && e->cls == ERR_CONFLICT && want->build == 0) {
		r->hint = "pfadm build list and pfadm target show say what "
			  "there is";
	}
	return got == 0 ? 0 : -1;
}

int
job_create(struct request *r, struct err *e)
{
	static const char *const known[] = {"target", "project", "all_targets",
	    "build", "branch", "engine", "sanitizer", "template", "slots",
	    "for_ms", "weight", "set", "reason", NULL};
	struct values own = VALUES_INIT;
	struct job_want want = {.own = &own, .by = r->peer.name, .detail = ""};
	struct creation c = {.want = &want};
	struct json *body = job_body(r, known, e);
	int got;

	if (body == NULL)
		return -1;
	got = read_want(r, json_root(body), &want, &own, e);
	if (got == 0)
		got = change_reason(r, json_root(body), &c.reason, e);
	if (got == 0) {
		if ((got = permit_want(r, &want, e)) == 0)
			got = admin_change(r, create, &c, e);
		got = explain(r, &want, got, e);
	}
	if (got == 0)
		got = reply_made(r, &c.made, want.all, e);
	free(c.made.list);
	values_release(&own);
	json_free(body); /* what "want" points to was its */
	return got;
}

/* ---- clone ----------------------------------------------------------- */

struct cloning {
	struct job_act act;
	const struct values *own;
	const char *reason;
	struct job_made made;
};

static int
clone(struct request *r, void *arg, struct err *e)
{
	struct cloning *c = arg;

	if (job_clone(r->admin->db, templates_now(r->admin), &c->act, c->own,
		&c->made, e) == -1)
		return -1;
	return note_made(r, &c->made, "job.cloned", c->reason, e);
}

int
clone_job(struct request *r, struct err *e)
{
	static const char *const known[] = {
	    "branch", "slots", "for_ms", "weight", "set", "reason", NULL};
	struct values own = VALUES_INIT;
	char detail[VIEW_KEY_MAX + 32];
	struct cloning c = {.own = &own};
	struct view_key found;
	struct json *body;
	int got;

	if (request_find(r, VIEW_JOB, r->part[0], NULL, &found, e) == -1 ||
	    (body = job_body(r, known, e)) == NULL)
		return -1;
	snprintf(detail, sizeof(detail), "a clone of job %s", found.text);
	c.act = (struct job_act){found.id, r->peer.name, detail, ""};
	got = change_reason(r, json_root(body), &c.reason, e);
	if (got == 0)
		got = job_body_values(r, json_root(body), &own, e);
	if (got == 0)
		got = admin_change(r, clone, &c, e);
	if (got == 0)
		got = reply_made(r, &c.made, false, e);
	free(c.made.list);
	values_release(&own);
	json_free(body);
	return got == 0 ? 0 : -1;
}

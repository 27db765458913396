/*
 * Jobs: made and cancelled by people; everything else about them is the
 * planner's.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/db/jobs.h"

static int
wrong(struct request *r, const char *field, const char *what, struct err *e)
{
	r->field = field;
	return err_set(e, ERR_REFUSED, "%s: %s", field, what);
}

/* Only what is known: a misspelt limit must not make an endless job. */
static int
check_keys(struct request *r, const struct json_value *o, struct err *e)
{
	static const char *const known[] = {
	    "target", "build", "slots", "for_ms", NULL};
	int i, k;

	if (json_type(o) != JSON_OBJECT)
		return err_set(e, ERR_REFUSED, "the body is no JSON object");
	for (i = 0; i < json_count(o); i++) {
		for (k = 0; known[k] != NULL; k++)
			if (strcmp(json_key(o, i), known[k]) == 0)
				break;
		if (known[k] == NULL) {
			r->hint = "known are target, build, slots and for_ms";
			return err_set(e, ERR_REFUSED, "%.40s: unknown key",
			    json_key(o, i));
		}
	}
	return 0;
}

static int
read_job(struct request *r, const struct json_value *o, struct job_new *job,
    struct err *e)
{
	const struct json_value *v;
	struct view_key build;

	if (check_keys(r, o, e) == -1)
		return -1;
	if ((job->target = json_string(json_get(o, "target"))) == NULL)
		return wrong(r, "target", "which one?", e);
	if ((v = json_get(o, "build")) != NULL) {
		if (json_string(v) == NULL)
			return wrong(r, "build", "not an id", e);
		if (request_find(
			r, VIEW_BUILD, json_string(v), NULL, &build, e) == -1)
			return -1;
		job->build = build.id;
	}
	if ((v = json_get(o, "slots")) != NULL &&
	    json_u64(v, &job->slots) == -1)
		return wrong(r, "slots", "not a number", e);
	if ((v = json_get(o, "for_ms")) != NULL &&
	    json_u64(v, &job->for_ms) == -1)
		return wrong(r, "for_ms", "not a number", e);
	return 0;
}

struct creation {
	const struct job_new *job;
	struct db_id id;
};

static int
create(struct request *r, void *arg, struct err *e)
{
	struct creation *c = arg;

	return jobs_create(r->admin->db, c->job, &c->id, e);
}

static int
reply_job(struct request *r, const char *id, struct err *e)
{
	struct view_key found;

	if (request_find(r, VIEW_JOB, id, NULL, &found, e) == -1)
		return -1;
	return reply_item(r, VIEW_JOB, found.id, e);
}

int
job_create(struct request *r, struct err *e)
{
	struct job_new job = {.by = r->peer.name};
	struct creation c = {.job = &job};
	struct json *body;
	int got;

	body = json_parse(buf_text(&r->body), r->body.len, &JSON_FILE, e);
	if (body == NULL)
		return -1;
	got = read_job(r, json_root(body), &job, e);
	if (got == 0)
		got = admin_change(r, create, &c, e);
	if (got == 1) {
		r->code = "ambiguous";
		r->field = "target";
		r->hint = "say project/target";
		got = -1;
	}
	json_free(body); /* job.target was its */
	return got == 0 ? reply_job(r, c.id.text, e) : -1;
}

static int
cancel(struct request *r, void *arg, struct err *e)
{
	return jobs_cancel(r->admin->db, *(int64_t *)arg, r->peer.name, e);
}

int
job_cancel(struct request *r, struct err *e)
{
	struct view_key found;

	if (request_find(r, VIEW_JOB, r->part[0], NULL, &found, e) == -1 ||
	    admin_change(r, cancel, &found.id, e) != 0)
		return -1;
	return reply_item(r, VIEW_JOB, found.id, e);
}

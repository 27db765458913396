/*
 * job create, job cancel.
 */
#include <string.h>

#include "tools/pfadm/commands.h"
#include "tools/pfadm/jobs.h"

int
job_create(struct pfadm *pf, const char *target, const char *build,
    struct reply *r, struct err *e)
{
	struct buf body = BUF_INIT;
	int got;

	json_open(&body, NULL, '{');
	json_put_string(&body, "target", target);
	if (build != NULL)
		json_put_string(&body, "build", build);
	json_put_u64(&body, "slots", pf->o.slots);
	json_put_u64(&body, "for_ms", pf->o.for_ms);
	json_close(&body, '}');
	got =
	    client_send(pf->client, "POST", "jobs", body.data, body.len, r, e);
	buf_release(&body);
	return got;
}

int
cmd_job_create(struct pfadm *pf)
{
	const struct json_value *job;
	struct reply r;
	struct err e;
	int code = 0;

	if (job_create(pf, pf->arg, NULL, &r, &e) == -1) {
		code = complain(pf, &e, &r);
		reply_release(&r);
		return code;
	}
	job = json_get(json_root(r.json), "item");
	if (pf->o.json)
		printf("%s\n", buf_text(&r.body));
	else if (pf->o.parsable)
		printf("%s\n", json_get_string(job, "id", ""));
	else
		printf("job %s: %s on %s\n", json_get_string(job, "id", ""),
		    json_get_string(job, "status", ""),
		    json_get_string(job, "target", ""));
	reply_release(&r);
	return code;
}

int
cmd_job_cancel(struct pfadm *pf)
{
	const struct json_value *job;
	struct reply r;
	struct err e;
	int code = 0;

	if (client_send(pf->client, "PUT",
		client_path(pf->client, "jobs/%s/cancel", pf->arg), NULL, 0, &r,
		&e) == -1) {
		code = complain(pf, &e, &r);
	} else if (pf->o.json) {
		printf("%s\n", buf_text(&r.body));
	} else {
		job = json_get(json_root(r.json), "item");
		printf("job %s: %s\n", json_get_string(job, "id", ""),
		    json_get_string(job, "status", ""));
	}
	reply_release(&r);
	return code;
}

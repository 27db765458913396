/*
 * What people do to jobs that are there.  Each is one transaction; the body
 * may say "reason", and "expect": the status that the job must still have.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "masterd/admin/change.h"
#include "masterd/admin/job_body.h"
#include "masterd/admin/job_make.h"

#define BOOST_FOR_MS  (2 * 60 * 60 * 1000)
#define BOOST_MOST_MS (365ull * 24 * 60 * 60 * 1000)
#define BOOST_BY      4.0
#define UNSET_MOST    64

struct doing {
	struct job_act act;
	const char *what; /* in the log of changes */
	int (*run)(struct request *r, struct doing *d, struct err *e);
	int (*verb)(struct db *db, const struct job_act *act, struct err *e);
	uint64_t permille, until_ms; /* boost */
	struct values set;           /* settings */
	const char *unset[UNSET_MOST + 1];
};

/* The job of the path, and what all bodies may say. */
static int
begin(struct request *r, struct doing *d, const struct json_value *o,
    struct err *e)
{
	struct view_key found;

	if (request_find(r, VIEW_JOB, r->part[0], NULL, &found, e) == -1 ||
	    change_reason(r, o, &d->act.reason, e) == -1 ||
	    job_body_text(r, o, "expect", &d->act.expect, e) == -1)
		return -1;
	if (*d->act.expect == '\0')
		d->act.expect = request_query(r, "expect");
	d->act.job = found.id;
	d->act.by = r->peer.name;
	return 0;
}

/* The change and its line in the log of changes. */
static int
noted(struct request *r, void *arg, struct err *e)
{
	struct change c = CHANGE_INIT;
	struct doing *d = arg;
	int64_t job = d->act.job;
	int got = change_begin(&c, r, VIEW_JOB, job, e);

	if (got == 0)
		got = d->run(r, d, e);
	if (got == 0)
		got =
		    change_end(&c, r, VIEW_JOB, job, d->what, d->act.reason, e);
	change_release(&c);
	return got;
}

static int
do_verb(struct request *r, struct doing *d, struct err *e)
{
	return d->verb(r->admin->db, &d->act, e);
}

static int
change_status(struct request *r, const char *what,
    int (*verb)(struct db *db, const struct job_act *act, struct err *e),
    struct err *e)
{
	static const char *const known[] = {"reason", "expect", NULL};
	struct doing d = {.what = what, .run = do_verb, .verb = verb};
	struct json *body = job_body(r, known, e);
	int got;

	if (body == NULL)
		return -1;
	got = begin(r, &d, json_root(body), e);
	if (got == 0)
		got = admin_change(r, noted, &d, e);
	if (got == 0)
		got = reply_item(r, VIEW_JOB, d.act.job, e);
	json_free(body);
	return got;
}

int
job_pause(struct request *r, struct err *e)
{
	return change_status(r, "job.paused", jobs_pause, e);
}

int
job_resume(struct request *r, struct err *e)
{
	return change_status(r, "job.resumed", jobs_resume, e);
}

int
job_cancel(struct request *r, struct err *e)
{
	return change_status(r, "job.cancelled", jobs_cancel, e);
}

int
job_retry(struct request *r, struct err *e)
{
	return change_status(r, "job.retried", jobs_retry, e);
}

/* ---- boost ----------------------------------------------------------- */

static int
read_boost(struct request *r, struct doing *d, const struct json_value *o,
    struct err *e)
{
	const struct json_value *v = json_get(o, "by");
	uint64_t for_ms = BOOST_FOR_MS;
	double by = BOOST_BY;

	if (v != NULL && json_double(v, &by) == -1)
		return job_body_wrong(r, "by", "not a number", e);
	if (!(by >= 0.001 && by * 1000 <= JOB_BOOST_MAX))
		return job_body_wrong(r, "by", "0.001 to 100", e);
	v = json_get(o, "for_ms");
	if (v != NULL &&
	    (json_u64(v, &for_ms) == -1 || for_ms == 0 ||
		for_ms > BOOST_MOST_MS))
		return job_body_wrong(r, "for_ms", "at most 365 days", e);
	d->permille = (uint64_t)(by * 1000 + 0.5);
	d->until_ms = clock_wall_ms() + for_ms;
	return 0;
}

static int
boost(struct request *r, struct doing *d, struct err *e)
{
	return jobs_boost(r->admin->db, &d->act, d->permille, d->until_ms, e);
}

int
job_boost(struct request *r, struct err *e)
{
	static const char *const known[] = {
	    "by", "for_ms", "reason", "expect", NULL};
	struct json *body = job_body(r, known, e);
	struct doing d = {.what = "job.boosted", .run = boost};
	int got;

	if (body == NULL)
		return -1;
	got = begin(r, &d, json_root(body), e);
	if (got == 0)
		got = read_boost(r, &d, json_root(body), e);
	if (got == 0)
		got = admin_change(r, noted, &d, e);
	if (got == 0)
		got = reply_item(r, VIEW_JOB, d.act.job, e);
	json_free(body);
	return got;
}

/* ---- settings -------------------------------------------------------- */

static int
read_unset(struct request *r, struct doing *d, const struct json_value *o,
    struct err *e)
{
	const struct json_value *list = json_get(o, "unset"), *v;
	int count = 0;

	if (list != NULL && json_type(list) != JSON_ARRAY)
		return job_body_wrong(r, "unset", "not a list of keys", e);
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		if (json_string(v) == NULL || count == UNSET_MOST)
			return job_body_wrong(
			    r, "unset", "takes at most 64 keys", e);
		d->unset[count++] = json_string(v);
	}
	if (count == 0 && d->set.count == 0)
		return job_body_wrong(r, "set", "what?", e);
	return 0;
}

static int
change(struct request *r, struct doing *d, struct err *e)
{
	return job_set(r->admin->db, templates_now(r->admin), &d->act, &d->set,
	    d->unset, e);
}

int
job_change(struct request *r, struct err *e)
{
	static const char *const known[] = {"set", "unset", "slots", "for_ms",
	    "weight", "branch", "reason", "expect", NULL};
	struct json *body = job_body(r, known, e);
	struct doing d = {.what = "job.set", .run = change, .set = VALUES_INIT};
	int got;

	if (body == NULL)
		return -1;
	got = begin(r, &d, json_root(body), e);
	if (got == 0)
		got = job_body_values(r, json_root(body), &d.set, e);
	if (got == 0)
		got = read_unset(r, &d, json_root(body), e);
	if (got == 0)
		got = admin_change(r, noted, &d, e);
	if (got == 0)
		got = reply_item(r, VIEW_JOB, d.act.job, e);
	values_release(&d.set);
	json_free(body);
	return got;
}

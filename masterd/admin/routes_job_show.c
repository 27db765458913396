/*
 * One job: its row, with explain=1 each of its values and where it comes from;
 * and its log.
 */
#include <string.h>

#include "lib/base/json.h"
#include "masterd/admin/log_place.h"
#include "masterd/db/jobs.h"

#define FORCED "forced" /* how the sources of what bots force begin */

/* ---- values ---------------------------------------------------------- */

static int
put_value(void *arg, const struct job_text *v, struct err *e)
{
	struct buf *out = arg;

	(void)e;
	json_open(out, NULL, '{');
	json_put_string(out, "key", v->key);
	json_put_string(out, "value", v->text);
	json_put_string(out, "source", v->source);
	json_put_bool(
	    out, "forced", strncmp(v->source, FORCED, strlen(FORCED)) == 0);
	json_close(out, '}');
	return 0;
}

int
show_job(struct request *r, struct err *e)
{
	struct view_key found;
	int got;

	if (request_find(r, VIEW_JOB, r->part[0], NULL, &found, e) == -1 ||
	    reply_item(r, VIEW_JOB, found.id, e) == -1)
		return -1;
	if (strcmp(request_query(r, "explain"), "1") != 0)
		return 0;
	r->out.len -= 2; /* the braces of the item and around it */
	r->out.data[r->out.len] = '\0';
	json_open(&r->out, "values", '[');
	got = jobs_values(r->admin->db, found.id, put_value, &r->out, e);
	json_close(&r->out, ']');
	json_close(&r->out, '}');
	json_close(&r->out, '}');
	return got;
}

/* ---- the log --------------------------------------------------------- */

int
job_logs(struct request *r, struct err *e)
{
	struct log_answer a = {.noun = "job"};
	struct view_key found;
	int got;

	if (request_find(r, VIEW_JOB, r->part[0], NULL, &found, e) == -1 ||
	    log_place_read(r, &a, e) == -1)
		return -1;
	a.key = found.text;
	got = a.follows ? store_job_log_after(
			      r->admin->store, found.text, &a.place, &a.text, e)
			: store_job_log_tail(r->admin->store, found.text,
			      a.lines, &a.text, &a.place, e);
	if (got == 0)
		log_place_answer(r, &a);
	buf_release(&a.text);
	return got;
}

/*
 * One job: its row, with explain=1 each of its values and where it comes from;
 * and its log.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/db/jobs.h"

#define LINES      50
#define LINES_MOST 100000
#define FORCED     "forced" /* how the sources of what bots force begin */

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

/* after=FILE.BYTE, as the last answer said it. */
static int
read_place(struct request *r, const char *text, struct store_log_place *place,
    struct err *e)
{
	char file[32];
	const char *dot = strchr(text, '.');

	if (dot != NULL && (size_t)(dot - text) < sizeof(file)) {
		memcpy(file, text, (size_t)(dot - text));
		file[dot - text] = '\0';
		if (text_to_u64(&place->file, file) == 0 &&
		    text_to_u64(&place->at, dot + 1) == 0)
			return 0;
	}
	r->field = "after";
	return err_set(e, ERR_REFUSED, "after: not a place in a log");
}

int
job_logs(struct request *r, struct err *e)
{
	const char *after = request_query(r, "after");
	struct store_log_place place;
	struct buf text = BUF_INIT;
	struct view_key found;
	char next[48];
	uint64_t lines;
	int got;

	if (request_find(r, VIEW_JOB, r->part[0], NULL, &found, e) == -1 ||
	    request_number(r, "lines", LINES, LINES_MOST, &lines, e) == -1 ||
	    (*after != '\0' && read_place(r, after, &place, e) == -1))
		return -1;
	got = *after != '\0'
	    ? store_job_log_after(r->admin->store, found.text, &place, &text, e)
	    : store_job_log_tail(
		  r->admin->store, found.text, lines, &text, &place, e);
	if (got == 0) {
		snprintf(next, sizeof(next), "%ju.%ju", (uintmax_t)place.file,
		    (uintmax_t)place.at);
		json_open(&r->out, NULL, '{');
		json_put_u64(&r->out, "api", 1);
		json_open(&r->out, "item", '{');
		json_put_string(&r->out, "job", found.text);
		json_put_string(&r->out, "text", buf_text(&text));
		json_put_string(&r->out, "next", next);
		json_close(&r->out, '}');
		json_close(&r->out, '}');
	}
	buf_release(&text);
	return got;
}

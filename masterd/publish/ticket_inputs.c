/*
 * What a ticket of kind "reproduce" names besides its build: inputs of crashes,
 * those that people handed in, and units that come before them.  One that is
 * not there any more is left out: the others are not to wait for it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "masterd/db/submissions.h"
#include "masterd/publish/publish_internal.h"

struct inputs {
	struct publish *p;
	struct ticket *t;
};

static int
gather(void *arg, const struct ticket_input *from, struct err *e)
{
	struct ticket *t = ((struct inputs *)arg)->t;
	struct ticket_input *in;
	int i;

	if ((in = ticket_add_input(t, &from->sha256, from->size, e)) == NULL)
		return e->cls == ERR_REFUSED ? 0 : -1;
	in->has_signature = from->has_signature;
	in->signature = from->signature;
	for (i = 0; i < from->series_count; i++)
		if (ticket_input_add_series(in, &from->series[i], e) == -1)
			return -1;
	return 0;
}

static int
link_unit(struct publish *p, const struct ticket *t, const struct digest *unit,
    int blobs, struct err *e)
{
	struct target_name corpus;
	int got = reruns_unit(p->db, &t->project, &t->target, unit, &corpus, e);

	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "unit '%.12s' is not here",
		    digest_hex(unit).text);
	if (got == -1)
		return -1;
	return store_publish_input(p->store, STORE_UNIT, t->project.text,
	    corpus.text, unit, blobs, digest_hex(unit).text, e);
}

static int
link_input(struct publish *p, const struct ticket *t,
    const struct ticket_input *in, int blobs, struct err *e)
{
	int i;

	for (i = 0; i < in->series_count; i++)
		if (link_unit(p, t, &in->series[i], blobs, e) == -1)
			return -1;
	return store_publish_input(p->store, STORE_CRASH_INPUT, t->project.text,
	    t->target.text, &in->sha256, blobs, digest_hex(&in->sha256).text,
	    e);
}

static int
link_all(struct publish *p, struct ticket *t, int blobs, struct err *e)
{
	struct err why;
	int i, kept = 0;

	for (i = 0; i < t->input_count; i++) {
		if (link_input(p, t, &t->inputs[i], blobs, &why) == 0) {
			t->inputs[kept++] = t->inputs[i];
			continue;
		}
		if (why.cls != ERR_NOT_FOUND) {
			*e = why;
			/* The rest is the ticket's still. */
			for (; i < t->input_count; i++)
				t->inputs[kept++] = t->inputs[i];
			t->input_count = kept;
			return -1;
		}
		log_warn("input.missing",
		    LOG_T("sha256", digest_hex(&t->inputs[i].sha256).text),
		    LOG_T("reason", why.text));
		free(t->inputs[i].series);
	}
	t->input_count = kept;
	return 0;
}

/* As the sessions of its target are run. */
static int
take_values(struct publish *p, struct ticket *t, struct err *e)
{
	int result;

	if (reruns_job(p->db, t->task, &t->job, e) == -1)
		return -1;
	result = t->job == 0 ? 0 : publish_ticket_values(p->db, t, e);
	t->job = 0;
	t->limits.cpu_ms = t->limits.corpus_bytes = 0;
	return result;
}

int
publish_ticket_inputs(
    struct publish *p, struct ticket *t, int blobs, struct err *e)
{
	struct inputs i = {p, t};

	if (take_values(p, t, e) == -1 ||
	    reruns_inputs(p->db, t->task, gather, &i, e) == -1 ||
	    link_all(p, t, blobs, e) == -1)
		return -1;
	if (t->input_count == 0)
		return err_set(
		    e, ERR_NOT_FOUND, "none of its inputs is here any more");
	return 0;
}

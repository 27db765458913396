/*
 * What a ticket says of its job's values: limits, arguments, environment.  The
 * values were resolved when the job was made or changed; a ticket takes them
 * as they are now, and never changes afterwards.
 */
#include "lib/base/log.h"
#include "masterd/db/jobs.h"
#include "masterd/plan/values.h"
#include "masterd/publish/publish_internal.h"

/* What an older program wrote and this one would not take any more is left
 * out. */
static int
take(void *arg, const struct job_text *text, struct err *e)
{
	struct err ignored;

	(void)e;
	if (values_set(arg, text->key, text->text, text->source, &ignored) ==
	    -1)
		log_warn("ticket.value_dropped", LOG_T("key", text->key),
		    LOG_T("reason", ignored.text));
	return 0;
}

static int
add_argument(void *arg, const char *word, struct err *e)
{
	return ticket_add_argument(arg, word, e);
}

static int
add_environment(void *arg, const char *word, struct err *e)
{
	return ticket_add_environment(arg, word, e);
}

int
publish_ticket_values(struct db *db, struct ticket *t, struct err *e)
{
	struct values v = VALUES_INIT;
	int result = jobs_values_of(db, t->job, take, &v, e);

	if (result == 0 && v.count > 0) {
		t->limits.memory_mb = values_number(&v, "memory") >> 20;
		t->limits.timeout_ms = values_number(&v, "timeout");
		t->limits.corpus_bytes = values_number(&v, "corpus_size");
		result = jobs_cpu_left(db, t->job, &t->limits.cpu_ms, e);
	}
	if (result == 0)
		result = values_arguments(&v, add_argument, t, e);
	if (result == 0)
		result = values_environment(&v, add_environment, t, e);
	values_release(&v);
	return result;
}

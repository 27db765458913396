/*
 * What is asked: the status, the events from the newest back, and the buckets
 * that are new among them.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "tools/pf-report/pf_report.h"

#define PAGE      "500"
#define KEYS_MOST 2000
#define PAGES     200 /* 100,000 events: a report says "at least" then */

static const char *const events[TALLIES] = {
    [BUCKET_NEW] = "bucket.new",
    [BOT_LOST] = "bot.lost",
    [BOT_LATE] = "bot.late",
    [BUILD_BAD] = "build.bad",
    [JOB_STUCK] = "job.stuck",
    [JOB_FAILED] = "job.failed",
    [HOOK_FAILED] = "hook.failed",
};

/* "job:7f3a..." is "7f3a..." here; a digest is as long as people need. */
static void
name_it(struct tallied *t, const char *subject)
{
	const char *colon = strchr(subject, ':');

	if (colon != NULL)
		subject = colon + 1;
	if (t->count > NAMED)
		return;
	buf_printf(&t->names, "%s%.*s", t->names.len > 0 ? ", " : "",
	    strlen(subject) == 64 ? 12 : 60, subject);
}

static int
get_bucket(struct facts *f, struct client *c, const char *name, long *status,
    struct err *e)
{
	struct reply *r = &f->buckets[f->bucket_count];
	int got = client_get(c, client_path(c, "buckets/%s", name), r, e);

	*status = r->status;
	f->bucket_count++;
	/* Merged, or not for our eyes: then its name is all there is. */
	return got == -1 && r->status != 404 && r->status != 403 ? -1 : 0;
}

static int
take_event(struct facts *f, struct client *c, const struct json_value *event,
    long *status, struct err *e)
{
	const char *what = json_get_string(event, "what", "");
	const char *subject = json_get_string(event, "subject", "");
	int i;

	for (i = 0; i < TALLIES && strcmp(what, events[i]) != 0; i++)
		;
	if (i == TALLIES)
		return 0;
	f->tally[i].count++;
	name_it(&f->tally[i], subject);
	if ((i == BUCKET_NEW || i == BUILD_BAD) &&
	    f->tally[i].count <= KEYS_MOST)
		buf_printf(&f->keys, " %s %.100s\n", what, subject);
	if (i != BUCKET_NEW || f->bucket_count == NAMED)
		return 0;
	return get_bucket(f, c, subject, status, e);
}

/* 1 when older ones are wanted: *after is where they begin. */
static int
take_page(struct facts *f, struct client *c, const char *since,
    struct buf *after, long *status, struct err *e)
{
	const struct json_value *root, *event;
	const char *next, *path;
	struct reply r;
	int got;

	path = after->len == 0
	    ? "events?order=newest&limit=" PAGE
	    : client_path(c, "events?order=newest&limit=" PAGE "&after=%s",
		  after->data);
	got = client_get(c, path, &r, e);
	*status = r.status;
	root = json_root(r.json);
	event = json_first(json_get(root, "items"));
	for (; got == 0 && event != NULL; event = json_next(event)) {
		/* Times of one form are in order as text. */
		if (strcmp(json_get_string(event, "at", ""), since) < 0)
			break;
		got = take_event(f, c, event, status, e);
	}
	next = json_get_string(root, "next", NULL);
	if (got == 0 && event == NULL && next != NULL) {
		buf_reset(after);
		buf_adds(after, next);
		got = 1;
	}
	reply_release(&r);
	return got;
}

int
facts_gather(struct facts *f, struct client *c, long *status, struct err *e)
{
	struct clock_text since = clock_rfc3339(clock_wall_ms() - f->since_ms);
	struct buf after = BUF_INIT;
	int got, pages;

	got = client_get(c, "status", &f->status, e);
	*status = f->status.status;
	if (got == -1)
		return -1;
	f->item = json_get(json_root(f->status.json), "item");
	f->problems = json_count(json_get(f->item, "problems"));
	for (pages = 0, got = 1; got == 1 && pages < PAGES; pages++)
		got = take_page(f, c, since.text, &after, status, e);
	buf_release(&after);
	return got == -1 ? -1 : 0;
}

void
facts_release(struct facts *f)
{
	int i;

	reply_release(&f->status);
	buf_release(&f->keys);
	for (i = 0; i < f->bucket_count; i++)
		reply_release(&f->buckets[i]);
	for (i = 0; i < TALLIES; i++)
		buf_release(&f->tally[i].names);
}

bool
facts_findings(const struct facts *f)
{
	return f->problems > 0 || f->tally[BUCKET_NEW].count > 0 ||
	    f->tally[BUILD_BAD].count > 0;
}

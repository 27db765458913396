/*
 * Lists and single items of every noun, straight from the views.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/read_child.h"
#include "masterd/db/builds.h"

#define PAGE_MAX 1000

/* A target may be given without its project, where that is clear. */
static int
whole_target(
    struct request *r, const char *text, struct target_ref *ref, struct err *e)
{
	int got = builds_resolve_target(r->admin->db, text, ref, e);

	if (got == 0)
		return 0;
	r->field = "target";
	if (got == 1)
		r->code = "ambiguous";
	else if (e->cls == ERR_NOT_FOUND)
		hint_target(r, text);
	return -1;
}

/* after=CURSOR, limit=N, order=newest and the view's own filters. */
static int
read_page(struct request *r, struct view_page *page, struct target_ref *ref,
    struct err *e)
{
	uint64_t after, limit;
	const char *name, *value;
	int i;

	if (request_number(r, "after", 0, INT64_MAX, &after, e) == -1 ||
	    request_number(r, "limit", VIEW_PAGE, PAGE_MAX, &limit, e) == -1)
		return -1;
	page->after = (int64_t)after;
	page->limit = limit == 0 ? VIEW_PAGE : (int)limit;
	page->newest = strcmp(request_query(r, "order"), "newest") == 0;
	for (i = 0; (name = view_filter(page->view, i)) != NULL; i++) {
		value = request_query(r, name);
		if (*value != '\0' && strcmp(name, "target") == 0) {
			if (whole_target(r, value, ref, e) == -1)
				return -1;
			value = ref->name;
		}
		page->filter[i] = value;
	}
	return 0;
}

static int
list(struct request *r, enum view v, struct err *e)
{
	struct view_page page = {.view = v};
	struct target_ref ref;

	if (read_page(r, &page, &ref, e) == -1)
		return -1;
	return view_list(r->admin->db, &page, &r->out, e);
}

static int
show(struct request *r, enum view v, struct err *e)
{
	struct view_key found;

	if (request_find(r, v, r->part[0], NULL, &found, e) == -1)
		return -1;
	return reply_item(r, v, found.id, e);
}

int
list_builds(struct request *r, struct err *e)
{
	return list(r, VIEW_BUILD, e);
}

int
list_targets(struct request *r, struct err *e)
{
	return list(r, VIEW_TARGET, e);
}

int
list_jobs(struct request *r, struct err *e)
{
	return list(r, VIEW_JOB, e);
}

int
list_bots(struct request *r, struct err *e)
{
	return list(r, VIEW_BOT, e);
}

int
list_buckets(struct request *r, struct err *e)
{
	return list(r, VIEW_BUCKET, e);
}

int
list_crashes(struct request *r, struct err *e)
{
	return list(r, VIEW_CRASH, e);
}

int
list_events(struct request *r, struct err *e)
{
	return list(r, VIEW_EVENT, e);
}

/* The epochs of a bot, or with epoch= the bundles of one. */
int
list_epochs(struct request *r, struct err *e)
{
	bool rows = *request_query(r, "epoch") != '\0' ||
	    *request_query(r, "outcome") != '\0';

	return list(r, rows ? VIEW_LEDGER : VIEW_EPOCH, e);
}

/* A page of a target's units; all=1: every one, from a read child. */
int
list_corpus(struct request *r, struct err *e)
{
	const char *target = request_query(r, "target");
	struct target_ref ref;

	if (*target == '\0') {
		r->field = "target";
		return err_set(e, ERR_REFUSED, "target: which one?");
	}
	if (strcmp(request_query(r, "all"), "1") != 0)
		return list(r, VIEW_UNIT, e);
	if (whole_target(r, target, &ref, e) == -1)
		return -1;
	return read_child_start(r, "corpus", ref.name, e);
}

int
show_build(struct request *r, struct err *e)
{
	return show(r, VIEW_BUILD, e);
}

int
show_target(struct request *r, struct err *e)
{
	struct view_key found;
	struct target_ref ref;

	if (whole_target(r, r->part[0], &ref, e) == -1 ||
	    request_find(r, VIEW_TARGET, ref.name, NULL, &found, e) == -1)
		return -1;
	return reply_item(r, VIEW_TARGET, found.id, e);
}

int
show_bot(struct request *r, struct err *e)
{
	return show(r, VIEW_BOT, e);
}

int
show_bucket(struct request *r, struct err *e)
{
	return show(r, VIEW_BUCKET, e);
}

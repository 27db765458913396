/*
 * Lists and single items of every noun, straight from the views.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/follow.h"
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

static int
unknown_sort(struct request *r, enum view v, struct err *e)
{
	struct buf known = BUF_INIT;
	const char *name;
	int i;

	for (i = 0; (name = view_sort(v, i)) != NULL; i++)
		buf_printf(&known, "%s%s", i == 0 ? "" : ", ", name);
	snprintf(r->said, sizeof(r->said),
	    "known are %s, and each with a '-' "
	    "before it",
	    buf_text(&known));
	buf_release(&known);
	r->hint = r->said;
	r->field = "sort";
	return err_set(e, ERR_REFUSED, "sort: unknown order '%.40s'",
	    request_query(r, "sort"));
}

/* order=newest or oldest, or sort=. */
static int
read_order(struct request *r, struct view_page *page, struct err *e)
{
	const char *order = request_query(r, "order");

	page->newest = strcmp(order, "newest") == 0;
	if (!page->newest && *order != '\0' && strcmp(order, "oldest") != 0) {
		r->field = "order";
		return err_set(e, ERR_REFUSED, "order: takes newest or oldest");
	}
	page->sort = request_query(r, "sort");
	if (!view_sort_known(page->view, page->sort))
		return unknown_sort(r, page->view, e);
	if (*order == '\0' || *page->sort == '\0')
		return 0;
	r->field = "order";
	return err_set(e, ERR_REFUSED, "order: sort says it already");
}

/* Filters that take one of few words: a misspelt one would find nothing. */
/* clang-format off */
static const struct {
	enum view view;
	const char *filter, *words;
} choices[] = {
	{ VIEW_BUILD,	"status",	"new good bad removed" },
	{ VIEW_JOB,	"status",	"pending running paused completed failed "
					"timed_out cancelled" },
	{ VIEW_BOT,	"state",	"new up late lost off clashed left "
					"forgotten" },
	{ VIEW_LEDGER,	"outcome",	"ingested duplicate conflict refused held" },
	{ VIEW_BUCKET,	"status",	"open fixed closed muted" },
	{ VIEW_BUCKET,	"class",	"crash timeout memory leak" },
	{ VIEW_DECISION, "verb",	"merge split mute unmute set note regroup "
					"undo" },
	{ VIEW_SUBMISSION, "state",	"waiting crashed quiet failed" },
	{ VIEW_ACCOUNT,	"kind",		"bot ci reader enroll" },
	{ VIEW_ACCOUNT,	"state",	"active disabled removed" },
};
/* clang-format on */

static bool
is_word_of(const char *value, const char *words)
{
	size_t len = strlen(value), n;

	for (; *words != '\0'; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		if (n == len && strncmp(words, value, n) == 0)
			return true;
	}
	return false;
}

static int
check_choice(struct request *r, enum view v, const char *filter,
    const char *value, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (choices[i].view != v ||
		    strcmp(choices[i].filter, filter) != 0 || *value == '\0' ||
		    is_word_of(value, choices[i].words))
			continue;
		r->field = filter;
		snprintf(r->said, sizeof(r->said), "known are: %s",
		    choices[i].words);
		r->hint = r->said;
		return err_set(
		    e, ERR_REFUSED, "%s: there is no '%.40s'", filter, value);
	}
	return 0;
}

/* after=CURSOR, limit=N, the order and the view's own filters. */
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
	if (read_order(r, page, e) == -1)
		return -1;
	for (i = 0; (name = view_filter(page->view, i)) != NULL; i++) {
		value = request_query(r, name);
		if (*value != '\0' && strcmp(name, "target") == 0) {
			if (whole_target(r, value, ref, e) == -1)
				return -1;
			value = ref->name;
		}
		if (check_choice(r, page->view, name, value, e) == -1)
			return -1;
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
	static const char *const each[] = {"state", "pool", "all", NULL};
	int i;

	/* Asked for bots by themselves, they are not put together. */
	for (i = 0; each[i] != NULL; i++)
		if (*request_query(r, each[i]) != '\0')
			return list(r, VIEW_BOT, e);
	return list(r, VIEW_BOTS, e);
}

int
list_accounts(struct request *r, struct err *e)
{
	return list(r, VIEW_ACCOUNT, e);
}

int
show_account(struct request *r, struct err *e)
{
	return show(r, VIEW_ACCOUNT, e);
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
list_decisions(struct request *r, struct err *e)
{
	return list(r, VIEW_DECISION, e);
}

int
list_submissions(struct request *r, struct err *e)
{
	return list(r, VIEW_SUBMISSION, e);
}

int
show_submission(struct request *r, struct err *e)
{
	return show(r, VIEW_SUBMISSION, e);
}

int
list_events(struct request *r, struct err *e)
{
	const char *follow = request_query(r, "follow");

	if (*follow == '\0' || strcmp(follow, "0") == 0)
		return list(r, VIEW_EVENT, e);
	if (strcmp(follow, "1") == 0)
		return events_follow(r, e);
	r->field = "follow";
	return err_set(e, ERR_REFUSED, "follow: takes 0 or 1");
}

int
list_changes(struct request *r, struct err *e)
{
	return list(r, VIEW_AUDIT, e);
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
show_bucket(struct request *r, struct err *e)
{
	struct view_key found;

	if (request_find(r, VIEW_BUCKET, r->part[0], NULL, &found, e) == -1)
		return -1;
	return bucket_reply(r, found.id, e);
}

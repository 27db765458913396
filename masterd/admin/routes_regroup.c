/*
 * Regrouping, in slices of the loop's time between other work.  It goes on when
 * whoever asked has gone: what was begun is made whole.  One at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/admin/job_body.h"
#include "masterd/admin/permit.h"
#include "masterd/db/audit.h"
#include "masterd/db/judge.h"
#include "masterd/db/regroup.h"

#define SLICE_MS 15
#define PAUSE_MS 5

struct again {
	struct admin *admin;
	struct request *r;   /* NULL: gone */
	struct rules *rules; /* a reload may change those in force */
	struct regroup *regroup;
	struct loop_source *timer;
	bool dry, all_read;
	int64_t noted; /* the decision that the log has */
	char project[NAME_MAX_LEN + 16], who[80], trace[72];
	struct buf reason, told;
};

void
again_close(struct admin *a)
{
	struct again *g = a->again;

	if (g == NULL)
		return;
	a->again = NULL;
	loop_drop(g->timer);
	regroup_free(g->regroup);
	rules_free(g->rules);
	buf_release(&g->reason);
	buf_release(&g->told);
	free(g);
}

static void
on_drop(void *own)
{
	struct again *g = own;

	g->r = NULL;
	if (g->dry)
		again_close(g->admin);
}

static void
finish(struct again *g, int got, const struct err *e)
{
	struct request *r = g->r;

	if (r != NULL) {
		r->own = NULL;
		r->drop = NULL;
		if (got == 0) {
			json_open(&r->out, NULL, '{');
			json_put_u64(&r->out, "api", 1);
			json_open(&r->out, "item", '{');
			json_put_bool(&r->out, "dry_run", g->dry);
			if (g->noted != 0)
				json_put_u64(
				    &r->out, "decision", (uint64_t)g->noted);
			else
				json_put_null(&r->out, "decision");
			buf_addc(&r->out, ',');
			buf_add(&r->out, g->told.data + 1, g->told.len - 1);
			buf_adds(&r->out, "}}");
		}
	} else if (got == -1) {
		log_warn("regroup.failed", LOG_T("reason", e->text));
	}
	if (got == 0 && !g->dry && g->admin->hooks.changed != NULL)
		g->admin->hooks.changed(g->admin->hooks.arg);
	again_close(g->admin);
	if (r != NULL)
		request_finish(r, got, e);
}

/* A decision that the log of changes has no line of yet. */
static int
note(struct again *g, struct err *e)
{
	const struct audit_entry a = {.who = g->who,
	    .what = "bucket.regrouped",
	    .subject = g->project[0] == '\0' ? "buckets" : g->project,
	    .before = "",
	    .after = "",
	    .reason = buf_text(&g->reason),
	    .trace = g->trace};

	if (regroup_decision(g->regroup) == g->noted)
		return 0;
	g->noted = regroup_decision(g->regroup);
	return db_event(g->admin->db, g->who, "bucket.regrouped", a.subject,
		   a.reason, g->trace, e) == -1
	    ? -1
	    : audit_add(g->admin->db, &a, e);
}

static int
apply(struct again *g, struct err *e)
{
	const struct bucket_act act = {.who = g->who,
	    .reason = buf_text(&g->reason),
	    .trace = g->trace,
	    .now_ms = clock_wall_ms()};
	struct db *db = g->admin->db;
	int got;

	if (db_in_transaction(db))
		return 1; /* a batch is in hand */
	if (db_begin(db, e) == -1)
		return -1;
	got = regroup_apply(g->regroup, &act, SLICE_MS, e);
	if (got != -1 && note(g, e) == 0 && db_commit(db, e) == 0)
		return got;
	db_rollback(db);
	return -1;
}

static int
turn(struct again *g, struct err *e)
{
	int got;

	if (g->all_read)
		return apply(g, e);
	if ((got = regroup_read(g->regroup, SLICE_MS, e)) != 0)
		return got;
	g->all_read = true;
	json_open(&g->told, NULL, '{');
	if (regroup_tell(g->regroup, &g->told, e) == -1)
		return -1;
	return g->dry ? 0 : 1;
}

static void
on_timer(void *arg)
{
	struct again *g = arg;
	struct err e = {0};
	int got = turn(g, &e);

	if (got == 1)
		loop_timer_set(g->timer, PAUSE_MS, NULL);
	else
		finish(g, got, &e);
}

static int
start(struct request *r, const char *project, const char *reason, bool dry,
    struct err *e)
{
	struct again *g = mem_alloc(sizeof(*g));

	g->admin = r->admin;
	g->r = r;
	g->dry = dry;
	text_copy(g->project, sizeof(g->project), project);
	text_copy(g->who, sizeof(g->who), r->peer.name);
	text_copy(g->trace, sizeof(g->trace), r->trace.id);
	buf_adds(&g->reason, reason);
	r->admin->again = g;
	if (judge_copy(r->admin->db, &g->rules, e) == -1) {
		again_close(r->admin);
		return -1;
	}
	g->regroup = regroup_new(r->admin->db, g->rules, project);
	if ((g->timer = loop_timer(r->admin->loop, on_timer, g, e)) == NULL ||
	    loop_timer_set(g->timer, 0, e) == -1) {
		again_close(r->admin);
		return -1;
	}
	r->own = g;
	r->drop = on_drop;
	return REPLY_LATER;
}

int
bucket_regroup(struct request *r, struct err *e)
{
	static const char *const known[] = {
	    "dry_run", "project", "reason", NULL};
	struct json *body = job_body(r, known, e);
	const struct json_value *o = json_root(body);
	const char *project, *reason;
	bool dry = false;
	int got = -1;

	if (body == NULL)
		return -1;
	if (json_get(o, "dry_run") != NULL &&
	    json_bool(json_get(o, "dry_run"), &dry) == -1)
		job_body_wrong(r, "dry_run", "true or false", e);
	else if (job_body_text(r, o, "project", &project, e) == -1 ||
	    job_body_text(r, o, "reason", &reason, e) == -1)
		got = -1;
	else if (*project != '\0' && !name_ok(project) &&
	    strcmp(project, PROJECT_LOST) != 0)
		job_body_wrong(r, "project", "no name of a project", e);
	else if (r->admin->again != NULL)
		err_set(e, ERR_AGAIN, "buckets are being regrouped already");
	else
		got = start(r, project, reason, dry, e);
	json_free(body);
	return got;
}

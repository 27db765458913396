/*
 * From tables to the planner and back.  The planner gets copies: no statement
 * is open when its steps are taken.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "masterd/db/demand.h"
#include "masterd/db/leases.h"
#include "masterd/plan/why.h"
#include "masterd/plan/why_bot.h"
#include "masterd/publish/plan.h"

#define SANITIZER "sanitizer=" /* a tag of bots that cannot run them all */
#define DAY_MS    (24ull * 60 * 60 * 1000)
#define WEEK_MS   (7 * DAY_MS)

struct plan {
	struct publish *publish;
	struct db *db;
	struct kept {
		int64_t job;
		uint64_t paid_ms;
		bool contends;
	} * kept; /* in order of jobs */
	size_t kept_count;
	bool begun; /* a round was made since the start */
};

/* ---- gathering ------------------------------------------------------- */

struct gathering {
	struct plan *p;
	struct schedule_input *in;
	bool *well; /* by lease */
	/* of the one job that is asked about */
	int64_t job;
	struct asked {
		const char *status, *target, *multiplier_why;
		uint64_t boost_until_ms, started_ms;
	} asked;
	/* of the one bot that is asked about */
	int64_t bot;
	unsigned failures;
	uint64_t rest_ms, off_until_ms;
};

/* "sanitizer=address sanitizer=undefined gpu": "address undefined "; without
 * such tags what its register says of the host. */
static const char *
sanitizers_of(struct schedule_input *in, const struct demand_bot *b)
{
	struct buf list = BUF_INIT;
	const char *tags = b->tags, *p = tags, *kept;

	while ((p = strstr(p, SANITIZER)) != NULL) {
		if (p == tags || strchr(" ,\t\n", p[-1]) != NULL) {
			buf_add(&list, p + strlen(SANITIZER),
			    strcspn(p + strlen(SANITIZER), " ,\t\n"));
			buf_addc(&list, ' ');
		}
		p += strlen(SANITIZER);
	}
	/* A build without one needs nothing of its host. */
	if (list.len == 0 && b->sanitizers[strspn(b->sanitizers, " ")] != '\0')
		buf_printf(&list, "%s none", b->sanitizers);
	kept = schedule_keep(in, buf_text(&list));
	buf_release(&list);
	return kept;
}

/* Rows grow one by one; room doubles. */
static void *
row_at(void *rows, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return rows;
	return mem_resize(rows, count == 0 ? 1 : count * 2, size);
}

static void
gather_bot(void *arg, const struct demand_bot *b)
{
	struct gathering *g = arg;
	struct schedule_input *in = g->in;

	if (b->id == g->bot) {
		g->failures = b->failures;
		g->rest_ms = b->rest_ms;
		g->off_until_ms = b->off_until_ms;
	}
	in->bots = row_at(in->bots, in->bot_count, sizeof(*in->bots));
	in->bots[in->bot_count++] = (struct schedule_bot){
	    .id = b->id,
	    .name = schedule_keep(in, b->name),
	    .slots = b->slots,
	    .takes = b->takes,
	    .rests = b->rests,
	    .state = schedule_keep(in, b->state),
	    .engines = schedule_keep(in, b->engines),
	    .sanitizers = sanitizers_of(in, b),
	    .arch = schedule_keep(in, b->arch),
	    .tags = schedule_keep(in, b->tags),
	    .host_class = schedule_keep(in, b->host_class),
	};
}

/* What is known of a job from the last round. */
static void
recall(const struct plan *p, struct schedule_job *j)
{
	size_t low = 0, high = p->kept_count, middle;

	j->paid_ms = j->spent_ms;
	j->contends = !p->begun && j->vtime > 0;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (p->kept[middle].job < j->id) {
			low = middle + 1;
		} else if (p->kept[middle].job > j->id) {
			high = middle;
		} else {
			j->paid_ms = p->kept[middle].paid_ms;
			j->contends = p->kept[middle].contends;
			return;
		}
	}
}

static void
note_asked(struct gathering *g, const struct demand_job *j)
{
	g->asked = (struct asked){schedule_keep(g->in, j->status),
	    schedule_keep(g->in, j->target),
	    schedule_keep(g->in, j->multiplier_why), j->boost_until_ms,
	    j->started_ms};
}

static void
gather_job(void *arg, const struct demand_job *j)
{
	struct gathering *g = arg;
	struct schedule_input *in = g->in;
	uint64_t longest = leases_times(g->p->db)->slice_ms;
	struct schedule_job *to;

	in->jobs = row_at(in->jobs, in->job_count, sizeof(*in->jobs));
	to = &in->jobs[in->job_count++];
	*to = (struct schedule_job){
	    .id = j->id,
	    .name = schedule_keep(in, j->name),
	    .stopped =
		j->stopped == NULL ? NULL : schedule_keep(in, j->stopped),
	    .stop_code = j->stop_code,
	    .engine = schedule_keep(in, j->engine),
	    .sanitizer = schedule_keep(in, j->sanitizer),
	    .arch = schedule_keep(in, j->arch),
	    .tags = schedule_keep(in, j->tags),
	    .build = j->build,
	    .weight = j->weight,
	    .multiplier = j->multiplier,
	    .boost = j->boost,
	    .ceiling = j->ceiling,
	    .floor = j->floor,
	    .slice_ms = j->slice_ms < longest ? j->slice_ms : longest,
	    .left_ms = j->left_ms,
	    .spent_ms = j->spent_ms,
	    .vtime = j->vtime,
	};
	recall(g->p, to);
	if (j->id == g->job)
		note_asked(g, j);
}

static void
gather_lease(void *arg, const struct demand_lease *l)
{
	struct gathering *g = arg;
	struct schedule_input *in = g->in;

	in->leases = row_at(in->leases, in->lease_count, sizeof(*in->leases));
	g->well = row_at(g->well, in->lease_count, sizeof(*g->well));
	g->well[in->lease_count] = l->well;
	in->leases[in->lease_count++] = (struct schedule_lease){
	    l->id, l->job, l->bot, l->age_ms, l->left_ms};
}

/* The first of a job counts: it may go first. */
static void
gather_retry(void *arg, const struct demand_retry *r)
{
	struct schedule_input *in = ((struct gathering *)arg)->in;
	long at = schedule_job_at(in, r->job);

	if (at == -1 || in->jobs[at].retry)
		return;
	in->jobs[at].retry = true;
	in->jobs[at].wait_ms = r->wait_ms;
	in->jobs[at].avoid = r->avoid;
}

static void
gather_parked(void *arg, const struct demand_parked *p)
{
	struct schedule_input *in = ((struct gathering *)arg)->in;
	long at = schedule_job_at(in, p->job);

	if (at == -1)
		return;
	in->jobs[at].no_new = true;
	in->jobs[at].tasks = p->tasks;
}

static void
gather_task(void *arg, const struct demand_task *t)
{
	struct schedule_input *in = ((struct gathering *)arg)->in;

	in->tasks = row_at(in->tasks, in->task_count, sizeof(*in->tasks));
	in->tasks[in->task_count++] = (struct schedule_task){
	    .id = t->id,
	    .engine = schedule_keep(in, t->engine),
	    .sanitizer = schedule_keep(in, t->sanitizer),
	    .arch = schedule_keep(in, t->arch),
	    .build = t->build,
	    .avoid = t->avoid,
	    .patient = t->patient,
	};
}

static void
gather_mark(void *arg, const struct demand_mark *m)
{
	struct schedule_input *in = ((struct gathering *)arg)->in;

	in->marks = row_at(in->marks, in->mark_count, sizeof(*in->marks));
	in->marks[in->mark_count++] = (struct schedule_mark){m->build,
	    schedule_keep(in, m->build_name), schedule_keep(in, m->host_class)};
}

/* A job one of whose sessions does well is not to blame for those that
 * failed: it goes on, without waiting. */
static void
acquit(struct gathering *g)
{
	struct schedule_job *j;
	long at;
	size_t i;

	for (i = 0; i < g->in->lease_count; i++) {
		at = schedule_job_at(g->in, g->in->leases[i].job);
		if (at == -1 || !g->well[i])
			continue;
		j = &g->in->jobs[at];
		j->retry = false;
		j->wait_ms = 0;
		j->avoid = 0;
	}
}

static int
gather(struct gathering *g, uint64_t now_ms, uint64_t up_ms, struct err *e)
{
	struct db *db = g->p->db;
	int result = 0;

	if (demand_bots(db, up_ms, gather_bot, g, e) == -1 ||
	    demand_jobs(db, g->job, gather_job, g, e) == -1 ||
	    demand_leases(db, now_ms, gather_lease, g, e) == -1 ||
	    demand_retries(db, up_ms, gather_retry, g, e) == -1 ||
	    demand_parked(db, up_ms, gather_parked, g, e) == -1 ||
	    demand_tasks(db, up_ms, gather_task, g, e) == -1 ||
	    demand_marks(db, gather_mark, g, e) == -1)
		result = -1;
	else
		acquit(g);
	free(g->well);
	g->well = NULL;
	return result;
}

/* ---- steps ----------------------------------------------------------- */

static const char *
cause_text(enum schedule_cause cause)
{
	switch (cause) {
	case SCHEDULE_FOR_TASK:
		return "its slot goes to the check of a build, or to an input "
		       "that was handed in";
	case SCHEDULE_FOR_FLOOR:
		return "its slot goes to a job that is below its floor";
	case SCHEDULE_FOR_SHARE:
		return "its slot goes to a job that has none";
	case SCHEDULE_FOR_NOBODY:
		break;
	}
	return "its job has fewer slots now";
}

static int
take_step(struct plan *p, const struct schedule_step *s, uint64_t now_ms,
    uint64_t up_ms, struct err *e)
{
	int got;

	if (s->act == SCHEDULE_WITHDRAW)
		got = leases_withdraw(
		    p->db, s->lease, cause_text(s->cause), now_ms, e);
	else if (s->task != 0)
		got = leases_offer_task(p->db, s->task, s->bot,
		    leases_times(p->db)->check_ms, now_ms, up_ms, e);
	else
		got = leases_offer(
		    p->db, s->job, s->bot, s->slice_ms, now_ms, up_ms, e);
	return got == -1 ? -1 : publish_mark(p->publish, s->bot, e);
}

/* "before" has the vtimes as they are in the table. */
static int
keep_shares(struct plan *p, const struct schedule_input *in,
    const int64_t *before, struct err *e)
{
	size_t i;

	p->kept = mem_resize(p->kept, in->job_count + 1, sizeof(*p->kept));
	p->kept_count = in->job_count;
	p->begun = true;
	for (i = 0; i < in->job_count; i++) {
		p->kept[i] = (struct kept){
		    in->jobs[i].id, in->jobs[i].paid_ms, in->jobs[i].contends};
		if (in->jobs[i].vtime != before[i] &&
		    demand_put_vtime(
			p->db, in->jobs[i].id, in->jobs[i].vtime, e) == -1)
			return -1;
	}
	return 0;
}

int
plan_round(struct plan *p, uint64_t now_ms, uint64_t up_ms, struct err *e)
{
	struct schedule_steps steps = {0};
	struct schedule_input in = {0};
	struct gathering g = {.p = p, .in = &in};
	int64_t *before = NULL;
	int result;
	size_t i;

	result = gather(&g, now_ms, up_ms, e);
	if (result == 0) {
		before = mem_array(in.job_count + 1, sizeof(*before));
		for (i = 0; i < in.job_count; i++)
			before[i] = in.jobs[i].vtime;
		schedule_run(&in, &steps);
		result = keep_shares(p, &in, before, e);
	}
	for (i = 0; i < steps.count && result == 0; i++)
		result = take_step(p, &steps.list[i], now_ms, up_ms, e);
	free(before);
	schedule_steps_release(&steps);
	schedule_input_release(&in);
	return result;
}

/* ---- why ------------------------------------------------------------- */

static int
read_used(struct plan *p, const struct plan_ask *ask, const struct asked *asked,
    struct why_facts *f, struct err *e)
{
	uint64_t now = ask->now_ms, start = asked->started_ms;

	if (start == 0 || start > now)
		start = now;
	if (start + WEEK_MS < now)
		start = now - WEEK_MS;
	if (demand_used(p->db, ask->of, now - DAY_MS, now, &f->day_ms,
		&f->day_all_ms, e) == -1)
		return -1;
	return demand_used(
	    p->db, ask->of, start, now, &f->start_ms, &f->start_all_ms, e);
}

int
plan_why(
    struct plan *p, const struct plan_ask *ask, struct buf *out, struct err *e)
{
	struct schedule_input in = {0};
	struct gathering g = {.p = p, .in = &in, .job = ask->of};
	struct why_facts f = {.boost_until = ""};
	struct why w;
	int result = gather(&g, ask->now_ms, ask->up_ms, e);
	long at;

	if (result == 0)
		result = read_used(p, ask, &g.asked, &f, e);
	at = result == 0 ? schedule_job_at(&in, ask->of) : -1;
	if (result == 0 && at == -1)
		result = err_set(e, ERR_NOT_FOUND, "no such job");
	if (result == 0) {
		f.job = in.jobs[at].name;
		f.target = g.asked.target;
		f.status = g.asked.status;
		f.multiplier_why = g.asked.multiplier_why;
		if (in.jobs[at].boost != SCHEDULE_PERMILLE)
			f.boost_until = schedule_keep(
			    &in, clock_rfc3339(g.asked.boost_until_ms).text);
		why_make(&w, &in, (size_t)at, ask->held);
		why_json(out, &w, &in.jobs[at], &f);
		why_release(&w);
	}
	schedule_input_release(&in);
	return result;
}

static void
put_why_bot(struct buf *out, const struct why_bot *w, const char *rests_until)
{
	size_t i;

	json_open(out, "why_idle", '[');
	for (i = 0; i < w->cause_count; i++)
		json_put_string(out, NULL, w->causes[i].text);
	json_close(out, ']');
	json_put_string(
	    out, "rests_until", *rests_until == '\0' ? NULL : rests_until);
}

/* A time in words, kept with "in"; "" for none. */
static const char *
time_text(struct schedule_input *in, uint64_t ms)
{
	return ms == 0 ? "" : schedule_keep(in, clock_rfc3339(ms).text);
}

int
plan_why_bot(
    struct plan *p, const struct plan_ask *ask, struct buf *out, struct err *e)
{
	struct schedule_input in = {0};
	struct gathering g = {.p = p, .in = &in, .bot = ask->of};
	struct why_bot_facts f = {.held = ask->held};
	struct why_bot w = {0};
	int result = gather(&g, ask->now_ms, ask->up_ms, e);
	long at;

	f.failures = g.failures;
	f.off_until = time_text(&in, g.off_until_ms);
	f.rests_until =
	    time_text(&in, g.rest_ms == 0 ? 0 : ask->now_ms + g.rest_ms);
	at = result == 0 ? schedule_bot_at(&in, ask->of) : -1;
	/* The planner does not know of those that were forgotten. */
	if (at != -1)
		why_bot_make(&w, &in, (size_t)at, &f);
	if (result == 0)
		put_why_bot(out, &w, f.rests_until);
	why_bot_release(&w);
	schedule_input_release(&in);
	return result;
}

/* ---- life ------------------------------------------------------------ */

struct plan *
plan_open(struct publish *publish, struct db *db)
{
	struct plan *p = mem_alloc(sizeof(*p));

	p->publish = publish;
	p->db = db;
	return p;
}

void
plan_close(struct plan *p)
{
	if (p == NULL)
		return;
	free(p->kept);
	free(p);
}

/*
 * The seldom work, in the order of what depends on what: first counted, then
 * let go.
 */
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "masterd/chores.h"
#include "masterd/db/buckets.h"
#include "masterd/db/submissions.h"
#include "masterd/db/usage.h"
#include "masterd/weigh.h"

#define INPUTS_AGAIN 500 /* let go of in one turn */

#define SHORT_KEEP_MS (3ull * 24 * 60 * 60 * 1000)

typedef int chore_fn(const struct chores *c, struct err *e);

/* A full disk passes; all else does not. */
static int
failed(const struct chores *c, const char *what, struct err *e)
{
	db_rollback(c->db);
	if (e->cls != ERR_AGAIN)
		return -1;
	log_warn(
	    "chore.postponed", LOG_T("chore", what), LOG_T("reason", e->text));
	return 0;
}

static int
run(const struct chores *c, const char *what, chore_fn *chore, struct err *e)
{
	if (db_begin(c->db, e) == -1 || chore(c, e) == -1 ||
	    db_commit(c->db, e) == -1)
		return failed(c, what, e);
	return 0;
}

/* ---- counting -------------------------------------------------------- */

static int
count_bytes(const struct chores *c, struct err *e)
{
	struct disk *d = store_disk(c->store);

	(void)disk_level(d);
	return usage_record(
	    c->db, clock_wall_ms(), disk_state(d)->free_bytes, e);
}

static int
count_targets(const struct chores *c, struct err *e)
{
	return usage_targets(c->db, clock_wall_ms(), e);
}

/* ---- weighing -------------------------------------------------------- */

static int
weigh(const struct chores *c, struct err *e)
{
	unsigned changed;

	return weigh_jobs(c->db, clock_wall_ms(), &changed, e);
}

static int
weigh_new(const struct chores *c, struct err *e)
{
	unsigned changed;

	return weigh_new_jobs(c->db, clock_wall_ms(), &changed, e);
}

/* ---- running again ---------------------------------------------------- */

#define RERUNS 8 /* tasks of a turn */

static int
make_reruns(const struct chores *c, struct err *e)
{
	return reruns_make(c->db, RERUNS, clock_wall_ms(), e) == -1 ? -1 : 0;
}

/* ---- making room ----------------------------------------------------- */

/* Where room runs short, none is kept for its age. */
static int
mark_spare(struct chores *c, struct err *e)
{
	uint64_t now = clock_wall_ms();
	struct usage_keep k = {(int)c->keep_inputs, now + 1};

	if (disk_level(store_disk(c->store)) == DISK_ROOMY)
		k.before_ms = now - c->keep_inputs_ms;
	if (db_begin(c->db, e) == -1)
		return failed(c, "mark inputs", e);
	if (usage_mark_spare(c->db, &k, &c->inputs_at, INPUTS_AGAIN, e) == -1 ||
	    usage_mark_quiet(c->db, k.before_ms, INPUTS_AGAIN, e) == -1 ||
	    db_commit(c->db, e) == -1)
		return failed(c, "mark inputs", e);
	return 0;
}

static int
forget_spare(const struct chores *c, struct err *e)
{
	return usage_spare_gone(c->db, e);
}

static int
drop(void *arg, const char *project, const char *target,
    const struct digest *sha256, struct err *e)
{
	log_info("input.dropped", LOG_T("project", project),
	    LOG_T("target", target), LOG_T("sha256", digest_hex(sha256).text));
	return store_drop_input(arg, project, target, sha256, e);
}

/* Rows first, then bytes, then the rows again: see usage.h. */
static int
drop_inputs(struct chores *c, struct err *e)
{
	if (mark_spare(c, e) == -1)
		return -1;
	if (usage_each_spare(c->db, drop, c->store, e) == -1)
		return failed(c, "drop inputs", e);
	return run(c, "forget inputs", forget_spare, e);
}

/* Past the soft mark only what the last days brought is kept for its age. */
int
chores_retire(const struct chores *c, struct err *e)
{
	struct retire r = c->retire;

	if (disk_level(store_disk(c->store)) != DISK_ROOMY) {
		if (r.policy.keep_all_ms > SHORT_KEEP_MS)
			r.policy.keep_all_ms = SHORT_KEEP_MS;
		r.policy.keep_weekly_ms = 0;
		r.grace_ms = 0;
	}
	return retire_builds(&r, clock_wall_ms(), e);
}

/* ---- buckets --------------------------------------------------------- */

#define LINKS 500 /* moved in one turn */

static int
move_link(void *arg, const char *project, int64_t from, int64_t to,
    const char *target, const struct digest *input)
{
	struct err e;

	if (store_link_bucket(arg, project, (uint64_t)to, target, input, &e) ==
		-1 ||
	    (from != 0 &&
		store_unlink_bucket(arg, project, (uint64_t)from, input, &e) ==
		    -1)) {
		log_warn("bucket.unlinked", LOG_T("reason", e.text));
		return -1;
	}
	return 0;
}

/* Links before the rows that say that they were moved. */
static int
move_links(const struct chores *c, struct err *e)
{
	return buckets_moved(c->db, LINKS, move_link, c->store, e) == -1 ? -1
									 : 0;
}

static int
end_mutes(const struct chores *c, struct err *e)
{
	return buckets_unmute_due(c->db, clock_wall_ms(), e) == -1 ? -1 : 0;
}

/* ---- when ------------------------------------------------------------ */

int
chores_hourly(const struct chores *c, struct err *e)
{
	if (run(c, "bytes", count_bytes, e) == -1 ||
	    run(c, "targets", count_targets, e) == -1)
		return -1;
	return run(c, "weights", weigh, e);
}

int
chores_often(struct chores *c, bool idle, struct err *e)
{
	if (run(c, "new weights", weigh_new, e) == -1 ||
	    run(c, "reruns", make_reruns, e) == -1)
		return -1;
	if (run(c, "mutes", end_mutes, e) == -1 ||
	    (idle && run(c, "links of buckets", move_links, e) == -1))
		return -1;
	return idle ? drop_inputs(c, e) : 0;
}

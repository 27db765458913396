/*
 * Looks at what nobody tells us: room, the ledger's balance (by a read child,
 * for it reads all epochs), and jobs that get nowhere.
 */
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/db/stuck.h"
#include "masterd/hooks/child.h"
#include "masterd/store/disk.h"
#include "masterd/watch.h"

#define MINUTE_MS    UINT64_C(60000)
#define HOUR_MS      (60 * MINUTE_MS)
#define LEDGER_LIMIT (10 * MINUTE_MS)

struct seen { /* of a live job */
	int64_t row;
	uint64_t progress, since; /* up-time of its last step */
	char job[24];
	bool moved; /* since we began to look */
};

struct watch {
	struct loop *loop;
	struct db *db;
	struct store *store;
	const uint64_t *stuck_after_ms;
	struct seen *jobs;
	size_t count;
	uint64_t now; /* up-time of this look */
	uint64_t next_stuck, next_ledger;
	struct child *ledger;
	bool counted; /* missing is to be told of */
	uint64_t missing;
};

struct look { /* at all live jobs */
	struct watch *w;
	struct seen *jobs;
	size_t count;
	size_t old; /* in w->jobs */
};

/* ---- telling --------------------------------------------------------- */

/* In a transaction; "before" is what the setting said until now. */
static int
remember(struct watch *w, const char *key, const char *value, char before[64],
    struct err *e)
{
	struct buf old = BUF_INIT;
	int got = db_setting(w->db, key, &old, e);

	if (got != -1) {
		text_copy(before, 64, buf_text(&old));
		got = strcmp(buf_text(&old), value) == 0
		    ? 0
		    : db_set_setting(w->db, key, value, e);
	}
	buf_release(&old);
	return got;
}

typedef int watch_fn(struct watch *w, struct err *e);

/* A full disk passes; all else does not. */
static int
turn(struct watch *w, watch_fn *fn, const char *what, struct err *e)
{
	int64_t before;
	int rc;

	if (db_begin(w->db, e) == -1)
		return -1;
	before = db_total_changes(w->db);
	rc = fn(w, e);
	if (rc == 0 && db_total_changes(w->db) != before &&
	    db_commit(w->db, e) == 0)
		return 0;
	if (rc == 0 && db_total_changes(w->db) != before)
		rc = -1;
	db_rollback(w->db);
	if (rc == 0 || e->cls != ERR_AGAIN)
		return rc;
	log_warn(
	    "chore.postponed", LOG_T("chore", what), LOG_T("reason", e->text));
	return 0;
}

/* ---- room ------------------------------------------------------------ */

static int
tell_disk(struct watch *w, struct err *e)
{
	struct disk *d = store_disk(w->store);
	enum disk_level level = disk_level(d);
	const char *now = disk_level_name(level);
	char before[64], detail[96];

	if (remember(w, "disk_level", now, before, e) == -1)
		return -1;
	if (strcmp(before, now) == 0 ||
	    (before[0] == '\0' && level == DISK_ROOMY))
		return 0;
	snprintf(detail, sizeof(detail), "%s: %s of %s are free", now,
	    text_size(disk_state(d)->free_bytes).text,
	    text_size(disk_state(d)->total).text);
	return db_event(w->db, "master",
	    level == DISK_ROOMY ? "disk.enough" : "disk.low", "disk", detail,
	    "", e);
}

/* ---- the ledger ------------------------------------------------------ */

static int
tell_ledger(struct watch *w, struct err *e)
{
	char before[64], now[24], detail[160];
	uint64_t old = 0;

	snprintf(now, sizeof(now), "%ju", (uintmax_t)w->missing);
	if (remember(w, "ledger_missing", now, before, e) == -1)
		return -1;
	text_to_u64(&old, before);
	if (w->missing == 0 && old > 0)
		return db_event(w->db, "master", "ledger.balanced", "ledger",
		    "no bundle is missing any more", "", e);
	if (w->missing <= old)
		return 0;
	snprintf(detail, sizeof(detail),
	    "%ju bundles are missing, %ju before; see: pfadm ledger check",
	    (uintmax_t)w->missing, (uintmax_t)old);
	log_warn("ledger.missing", LOG_N("missing", w->missing));
	return db_event(
	    w->db, "master", "ledger.missing", "ledger", detail, "", e);
}

/* "+12", or the child's complaint. */
static void
on_counted(void *arg, const struct child_result *r)
{
	struct watch *w = arg;
	const char *text = buf_text(r->out);

	w->ledger = NULL;
	w->counted = WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0 &&
	    text[0] == '+' && text_to_u64(&w->missing, text + 1) == 0;
	if (!w->counted)
		log_warn("chore.postponed", LOG_T("chore", "ledger"),
		    LOG_T("reason", r->late ? "it took too long" : text));
}

static void
count_missing(struct watch *w)
{
	char number[16];
	const char *argv[] = {
	    "/proc/self/exe", "--read-child", number, "missing", NULL};
	const struct child_command cmd = {.argv = argv,
	    .keep = store_root(w->store),
	    .most = 256,
	    .limit_ms = LEDGER_LIMIT};
	struct err e;

	snprintf(number, sizeof(number), "%d", cmd.keep);
	w->ledger = child_start(w->loop, &cmd, on_counted, w, &e);
	if (w->ledger == NULL)
		log_warn("chore.postponed", LOG_T("chore", "ledger"),
		    LOG_T("reason", e.text));
}

/* ---- jobs ------------------------------------------------------------ */

/* Both lists are in the order of rows, so the old one is walked once.  Those
 * that are over, wait for a person, or have no bot left begin anew. */
static int
look_at_job(void *arg, const struct stuck_job *j, struct err *e)
{
	struct look *l = arg;
	struct seen *s;

	(void)e;
	l->jobs = mem_resize(l->jobs, l->count + 1, sizeof(*l->jobs));
	s = &l->jobs[l->count++];
	while (l->old < l->w->count && l->w->jobs[l->old].row < j->row)
		l->old++;
	if (l->old < l->w->count && l->w->jobs[l->old].row == j->row)
		*s = l->w->jobs[l->old];
	else
		*s = (struct seen){
		    .row = j->row, .progress = j->progress, .since = l->w->now};
	text_copy(s->job, sizeof(s->job), j->job);
	if (s->progress != j->progress) {
		s->since = l->w->now;
		s->moved = true;
	}
	s->progress = j->progress;
	return 0;
}

static int
look_at_jobs(struct watch *w, struct err *e)
{
	struct look l = {.w = w};
	int rc = stuck_each(w->db, look_at_job, &l, e);

	if (rc == 0) {
		free(w->jobs);
		w->jobs = l.jobs;
		w->count = l.count;
	} else {
		free(l.jobs);
	}
	return rc;
}

static int
tell_job(struct watch *w, const struct seen *s, const char *said, struct err *e)
{
	uint64_t ms = w->now - s->since;
	char subject[32], detail[120];

	if (strstr(said, s->job) != NULL)
		return 0;
	snprintf(subject, sizeof(subject), "job:%s", s->job);
	snprintf(detail, sizeof(detail),
	    "nothing done for %s while bots are up; see: pfadm job why %s",
	    text_ago(ms).text, s->job);
	log_warn("job.stuck", LOG_T("job", s->job), LOG_N("ms", ms));
	return db_event(w->db, "master", "job.stuck", subject, detail, "", e);
}

static int
tell_stuck(struct watch *w, struct err *e)
{
	struct buf said = BUF_INIT, now = BUF_INIT;
	int rc = db_setting(w->db, "jobs_stuck", &said, e);
	size_t i;

	if (rc != -1)
		rc = look_at_jobs(w, e);
	for (i = 0; i < w->count && rc == 0; i++) {
		/* After a restart nobody knows since when: said stays said
		 * until it gets on. */
		if (w->now - w->jobs[i].since < *w->stuck_after_ms &&
		    (strstr(buf_text(&said), w->jobs[i].job) == NULL ||
			w->jobs[i].moved))
			continue;
		rc = tell_job(w, &w->jobs[i], buf_text(&said), e);
		buf_printf(
		    &now, "%s%s", now.len > 0 ? " " : "", w->jobs[i].job);
	}
	if (rc == 0 && strcmp(buf_text(&said), buf_text(&now)) != 0)
		rc = db_set_setting(w->db, "jobs_stuck", buf_text(&now), e);
	buf_release(&said);
	buf_release(&now);
	return rc;
}

/* ---- when ------------------------------------------------------------ */

int
watch_often(struct watch *w, struct err *e)
{
	w->now = clock_up_ms();
	if (turn(w, tell_disk, "disk", e) == -1)
		return -1;
	if (w->now >= w->next_stuck) {
		w->next_stuck = w->now + MINUTE_MS;
		if (turn(w, tell_stuck, "stuck jobs", e) == -1)
			return -1;
	}
	if (w->now >= w->next_ledger && w->ledger == NULL) {
		w->next_ledger = w->now + HOUR_MS;
		count_missing(w);
	}
	if (!w->counted)
		return 0;
	w->counted = false;
	return turn(w, tell_ledger, "ledger", e);
}

struct watch *
watch_open(struct loop *loop, struct db *db, struct store *store,
    const uint64_t *stuck_after_ms)
{
	struct watch *w = mem_alloc(sizeof(*w));

	w->loop = loop;
	w->db = db;
	w->store = store;
	w->stuck_after_ms = stuck_after_ms;
	w->next_ledger = clock_up_ms() + MINUTE_MS;
	return w;
}

void
watch_close(struct watch *w)
{
	if (w == NULL)
		return;
	child_drop(w->ledger);
	free(w->jobs);
	free(w);
}

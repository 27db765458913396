/*
 * How the master is: one screen, health for machines, the ledger's balance.
 */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/version.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/checks.h"
#include "masterd/admin/problems.h"
#include "masterd/admin/read_child.h"

#define READY_INCOMING 100000

static void
put_spool(struct buf *out, const struct admin_gauges *g)
{
	json_open(out, "spool", '{');
	json_put_u64(out, "incoming", g->incoming);
	json_put_u64(out, "in_hand", g->in_hand);
	json_put_u64(out, "oldest_ms", g->oldest_ms);
	json_put_u64(out, "bundles_per_minute", g->bundles_per_minute);
	json_close(out, '}');
}

static void
put_disk(struct buf *out, const struct admin_gauges *g)
{
	json_put_u64(out, "disk_free", g->disk_free);
	json_put_u64(out, "disk_total", g->disk_total);
	json_put_u64(out, "disk_soft", g->disk_soft);
	json_put_u64(out, "disk_hard", g->disk_hard);
	json_put_string(
	    out, "disk_level", g->disk_level == NULL ? "" : g->disk_level);
	json_put_string(out, "hold", g->hold);
}

/* Those of the database follow by themselves. */
static void
add_alarm(void *arg, const struct admin_check *c)
{
	struct buf *lines = arg;

	if (c->good || c->counted)
		return;
	if (lines->len > 0)
		buf_addc(lines, '\n');
	buf_adds(lines, c->text);
}

static void
put_problem(void *arg, const struct problem *p)
{
	struct buf *out = arg;

	json_open(out, NULL, '{');
	json_put_string(out, "severity", p->severity);
	json_put_string(out, "text", p->text);
	json_put_string(out, "fix", p->fix);
	json_close(out, '}');
}

/* Counts and what is wrong: as sentences, and each with its fix. */
static int
put_facts(struct request *r, struct buf *out, struct err *e)
{
	struct buf alarms = BUF_INIT;
	int got = checks_each(r->admin, add_alarm, &alarms, e);

	if (got == 0)
		got = view_status(
		    r->admin->db, alarms.len > 0 ? alarms.data : NULL, out, e);
	buf_release(&alarms);
	if (got == -1)
		return -1;
	json_open(out, "problems", '[');
	got = problems_each(r, put_problem, out, e);
	json_close(out, ']');
	return got;
}

int
show_status(struct request *r, struct err *e)
{
	uint64_t now = clock_wall_ms();
	struct buf *out = &r->out;
	struct admin_gauges g;
	int got;

	admin_gauges(r->admin, &g);
	json_open(out, NULL, '{');
	json_put_u64(out, "api", 1);
	json_open(out, "item", '{');
	json_put_string(out, "version", PANDAFUZZ_VERSION);
	json_put_string(out, "now", clock_rfc3339(now).text);
	json_put_string(out, "started", clock_rfc3339(g.started_ms).text);
	json_put_u64(out, "up_seconds",
	    now > g.started_ms ? (now - g.started_ms) / 1000 : 0);
	json_put_u64(out, "serial", g.serial);
	put_disk(out, &g);
	put_spool(out, &g);
	got = put_facts(r, out, e);
	json_close(out, '}');
	json_close(out, '}');
	return got;
}

int
healthz(struct request *r, struct err *e)
{
	(void)e;
	r->type = "text/plain";
	buf_adds(&r->out, "ok\n"); /* the loop is alive */
	return 0;
}

/* The database takes writes, the spool is not overrun, the disk not full. */
int
readyz(struct request *r, struct err *e)
{
	struct admin_gauges g;

	admin_gauges(r->admin, &g);
	if (g.hold[0] != '\0')
		return err_set(e, ERR_AGAIN, "on hold: %s", g.hold);
	if (g.incoming > READY_INCOMING)
		return err_set(e, ERR_AGAIN, "%ju files wait in incoming/",
		    (uintmax_t)g.incoming);
	if (!db_in_transaction(r->admin->db)) {
		if (db_begin(r->admin->db, e) == -1)
			return -1;
		db_rollback(r->admin->db);
	}
	r->type = "text/plain";
	buf_adds(&r->out, "ready\n");
	return 0;
}

int
ledger_report(struct request *r, struct err *e)
{
	return read_child_start(r, "ledger", NULL, e);
}

/*
 * How the master is: one screen, health for machines, the ledger's balance.
 */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/version.h"
#include "masterd/admin/admin_internal.h"
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

int
show_status(struct request *r, struct err *e)
{
	uint64_t now = clock_wall_ms();
	struct buf *out = &r->out, alarm = BUF_INIT;
	struct admin_gauges g;
	int got;

	admin_gauges(r->admin, &g);
	if (g.hold[0] != '\0')
		buf_adds(&alarm, g.hold);
	else if (g.disk_free < g.disk_soft)
		buf_printf(&alarm,
		    "the disk is past its soft mark: %s of %s are free; make "
		    "room, or spare inputs of known crashes go first",
		    text_size(g.disk_free).text, text_size(g.disk_total).text);
	if (g.config_problem[0] != '\0')
		buf_printf(&alarm, "%ssettings: %s", alarm.len > 0 ? "\n" : "",
		    g.config_problem);
	if (g.template_problem[0] != '\0')
		buf_printf(&alarm, "%stemplates: the old ones are in force: %s",
		    alarm.len > 0 ? "\n" : "", g.template_problem);
	json_open(out, NULL, '{');
	json_put_u64(out, "api", 1);
	json_open(out, "item", '{');
	json_put_string(out, "version", PANDAFUZZ_VERSION);
	json_put_string(out, "now", clock_rfc3339(now).text);
	json_put_string(out, "started", clock_rfc3339(g.started_ms).text);
	json_put_u64(out, "up_seconds",
	    now > g.started_ms ? (now - g.started_ms) / 1000 : 0);
	json_put_u64(out, "serial", g.serial);
	json_put_u64(out, "disk_free", g.disk_free);
	json_put_u64(out, "disk_total", g.disk_total);
	json_put_u64(out, "disk_soft", g.disk_soft);
	json_put_u64(out, "disk_hard", g.disk_hard);
	json_put_string(
	    out, "disk_level", g.disk_level == NULL ? "" : g.disk_level);
	json_put_string(out, "hold", g.hold);
	put_spool(out, &g);
	got = view_status(
	    r->admin->db, alarm.len > 0 ? alarm.data : NULL, out, e);
	json_close(out, '}');
	json_close(out, '}');
	buf_release(&alarm);
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

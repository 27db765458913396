/*
 * Is the master well?  A table of looks, each short; what takes long has a
 * verb of its own (`ledger check`, `log check`).
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/checks.h"
#include "masterd/db/health.h"

#define SPOOL_OLD_MS   (10 * 60 * 1000)
#define CLOCK_AHEAD_MS (5 * 60 * 1000)
#define CLOCK_SENSE_MS 1700000000000 /* 2023: before this was written */

struct looking {
	struct admin *admin;
	struct admin_gauges g;
	struct health h;
	char text[512]; /* of the check at hand */
};

static void
say(struct looking *l, struct admin_check *c, bool good, const char *text)
{
	c->good = good;
	text_copy(l->text, sizeof(l->text), text);
	c->text = l->text;
}

/* ---- looks ----------------------------------------------------------- */

static void
look_database(struct looking *l, struct admin_check *c)
{
	struct db *db = l->admin->db;
	struct err e;
	bool good = db_in_transaction(db);

	if (!good && (good = db_begin(db, &e) == 0))
		db_rollback(db);
	c->fix = "make room on its disk, and look into the log of "
		 "pandafuzz-masterd";
	say(l, c, good, good ? "it takes writes" : e.text);
}

static void
look_disk(struct looking *l, struct admin_check *c)
{
	const struct admin_gauges *g = &l->g;

	c->severity = g->hold[0] != '\0' ? "error" : "warning";
	c->fix = "make room, or let old builds and data go sooner (retention "
		 "in masterd.yaml(5))";
	c->good = g->hold[0] == '\0' && g->disk_free >= g->disk_soft;
	c->text = l->text;
	if (g->hold[0] != '\0')
		text_copy(l->text, sizeof(l->text), g->hold);
	else if (c->good)
		snprintf(l->text, sizeof(l->text), "%s of %s are free",
		    text_size(g->disk_free).text,
		    text_size(g->disk_total).text);
	else
		snprintf(l->text, sizeof(l->text),
		    "the disk is past its soft mark: %s of %s are free; make "
		    "room, or spare inputs of known crashes go first",
		    text_size(g->disk_free).text,
		    text_size(g->disk_total).text);
}

static void
look_spool(struct looking *l, struct admin_check *c)
{
	const struct admin_gauges *g = &l->g;

	c->good = g->oldest_ms < SPOOL_OLD_MS;
	c->fix = "see pfadm spool list; is the machine overrun, or on hold?";
	c->text = l->text;
	snprintf(l->text, sizeof(l->text),
	    "bundles that wait to be taken in: %ju%s%s", (uintmax_t)g->incoming,
	    c->good ? "" : ", the oldest since ",
	    c->good ? "" : text_ago(g->oldest_ms).text);
}

static void
look_clock(struct looking *l, struct admin_check *c)
{
	int64_t now = (int64_t)clock_wall_ms();
	bool early = now < CLOCK_SENSE_MS;

	c->fix = "set the clock of this machine (timedatectl set-ntp true)";
	say(l, c, !early && l->h.newest_ms <= now + CLOCK_AHEAD_MS,
	    early ? "the clock is years behind"
		: l->h.newest_ms > now + CLOCK_AHEAD_MS
		? "the clock was set back: events of the past are in its future"
		: "it goes on from the newest event");
}

/* "problem" is what others found, "" when it is nothing. */
static void
say_problem(struct looking *l, struct admin_check *c, const char *of,
    const char *problem, const char *fine)
{
	char text[400];

	snprintf(text, sizeof(text), "%s: %s", of, problem);
	say(l, c, *problem == '\0', *problem == '\0' ? fine : text);
}

static void
look_settings(struct looking *l, struct admin_check *c)
{
	c->fix = "mend the file named there (pandafuzz-masterd "
		 "--check-config), then: pfadm system reload";
	say_problem(
	    l, c, "settings", l->g.config_problem, "as their files say");
}

static void
look_templates(struct looking *l, struct admin_check *c)
{
	c->fix = "mend the file named there (pandafuzz-masterd "
		 "--check-config), then: pfadm system reload";
	say_problem(l, c, "templates: the old ones are in force",
	    l->g.template_problem, "as their files say");
}

static void
look_rules(struct looking *l, struct admin_check *c)
{
	c->fix =
	    "mend the file named there (pfadm rules test FILE), then: pfadm "
	    "system reload";
	say_problem(l, c, "rules of triage: the old ones are in force",
	    l->g.rules_problem, "as their file says");
}

static void
look_hooks(struct looking *l, struct admin_check *c)
{
	c->fix = "run the hook by hand with the event's JSON on its standard "
		 "input (masterd.8, HOOKS)";
	say_problem(l, c, "hooks", l->g.hook_problem, "none fails");
}

static void
look_bots(struct looking *l, struct admin_check *c)
{
	c->counted = true;
	c->good = l->h.bots_lost == 0 && l->h.bots_clashed == 0;
	c->fix = "pfadm bot list says which; what is gone for good: pfadm bot "
		 "forget BOT";
	c->text = l->text;
	snprintf(l->text, sizeof(l->text), "%jd known, %jd lost, %jd clashed",
	    (intmax_t)l->h.bots, (intmax_t)l->h.bots_lost,
	    (intmax_t)l->h.bots_clashed);
}

static void
look_refused(struct looking *l, struct admin_check *c)
{
	c->counted = true;
	c->good = l->h.refused == 0 && l->h.held == 0;
	c->fix = "pfadm spool list says why; then pfadm spool retry ENTRY, or "
		 "pfadm spool drop ENTRY";
	c->text = l->text;
	snprintf(l->text, sizeof(l->text), "%jd refused, %jd held",
	    (intmax_t)l->h.refused, (intmax_t)l->h.held);
}

/* clang-format off */
static const struct {
	const char *name;
	void (*look)(struct looking *l, struct admin_check *c);
} looks[] = {
	{ "database",	look_database },
	{ "disk",	look_disk },
	{ "spool",	look_spool },
	{ "clock",	look_clock },
	{ "settings",	look_settings },
	{ "templates",	look_templates },
	{ "rules",	look_rules },
	{ "hooks",	look_hooks },
	{ "bots",	look_bots },
	{ "bundles",	look_refused },
};
/* clang-format on */

int
checks_each(struct admin *a, admin_check_fn *fn, void *to, struct err *e)
{
	struct looking l = {.admin = a};
	struct admin_check c;
	size_t i;

	admin_gauges(a, &l.g);
	if (health_read(a->db, &l.h, e) == -1)
		return -1;
	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		c = (struct admin_check){
		    .name = looks[i].name, .severity = "error"};
		looks[i].look(&l, &c);
		fn(to, &c);
	}
	if (a->hooks.checks != NULL)
		a->hooks.checks(a->hooks.arg, fn, to);
	return 0;
}

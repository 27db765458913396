#ifndef MASTERD_RELOAD_H
#define MASTERD_RELOAD_H

#include "masterd/admin/admin.h"
#include "masterd/jobs.h"
#include "masterd/rules.h"
#include "masterd/settings.h"

/*
 * Settings, templates and rules are read again: for SIGHUP, and for `pfadm system
 * reload`, whose answer says what came of it.  A file that is wrong leaves
 * what was in force.  What was taken over is in the log of changes.
 */
struct reload {
	struct db *db;
	struct settings *settings;
	struct jobs *jobs;
	struct rules_file *rules;
	void *arg;
	void (*taken)(void *arg); /* settings changed: hand them out */
	void (*moved)(void *arg); /* templates changed: plan anew */
};

/*
 * "settings":{...},"templates":{...},"rules":{...} as members into "out", which may be NULL.
 * 0; -1 when the database failed.
 */
int reload_all(const struct reload *l, const struct admin_reload *how,
    struct buf *out, struct err *e);

#endif

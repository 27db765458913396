#ifndef MASTERD_ACCESS_H
#define MASTERD_ACCESS_H

#include "lib/base/loop.h"
#include "masterd/admin/admin.h"
#include "masterd/intake/ingest.h"
#include "masterd/publish/publish.h"
#include "masterd/settings.h"

/*
 * Accounts between the parts of masterd: rows that admin changed become key
 * files and sockets, what intake counts becomes a hold, an alarm and, where
 * that is not enough, a shut door.  Opened after all that it wires together,
 * closed before.
 */
struct access;

struct access_parts {
	int root, run; /* ROOT, ROOT/run */
	struct loop *loop;
	struct db *db;
	struct publish *publish;
	struct ingest *ingest;
	struct admin *admin;
	void (*fatal)(void *arg, const struct err *e);
	void *arg;
};

struct access *access_open(const struct access_parts *parts,
    const struct settings *settings, struct err *e);
/* They may be others now; "settings" stays where it is. */
void access_settings(struct access *x);
void access_close(struct access *x); /* NULL is fine */

#endif

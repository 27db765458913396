#ifndef MASTERD_ADMIN_PERMIT_H
#define MASTERD_ADMIN_PERMIT_H

#include <stdbool.h>

#include "masterd/admin/request.h"

/*
 * Who may do what.  Each route of routes.c says a role, and what it is about;
 * that and the table below decide, no route does.
 *
 *                      ROLE_READ                     ROLE_ADMIN
 *   the whole master   readers and admins of all     admins of all
 *   one project        those, unless it is private;  those, and its admins
 *                      its readers and its admins
 *
 * Admins and readers of a project and "security: private" stand in its section
 * of the templates (pandafuzz-templates(5)); those of all are the groups of
 * roles.h.  What somebody may not read is not there for them: left out of
 * lists and counts, 404 as one item.  What they may read and not change is
 * 403, with who may, and a line request.denied in the log; so is a project
 * that they name and may not change, be it hidden or not there at all.
 *
 * A ci account (struct peer.account) may only what has FOR_CI, in the projects
 * that it is for, whatever the uid behind it may.
 */
enum {
	/* What a route is about, or'ed to its role. */
	OF_MASTER = 0x00, /* no project: bots, accounts, spool, ledger ... */
	OF_SEEN = 0x10,   /* lists and counts of what the peer may read */
	OF_FILES = 0x20,  /* bytes of no project yet: any project's admin may */
	OF_QUERY = 0x30,  /* the project of ?project= */
	OF_BODY = 0x40,   /* the route calls permit_project() itself */
	OF_BUILD = 0x50,  /* that of the path's first star, from here on */
	OF_TARGET = 0x60,
	OF_JOB = 0x70,
	OF_BUCKET = 0x80,
	OF_CRASH = 0x90,
	OF_MASK = 0xf0,

	FOR_CI = 0x100,
	ROLE_MASK = 0x0f
};

/* Once the route is found, before its body.  DENIED or NOT_FOUND. */
int permit(struct request *r, struct err *e);

/* The same for a stream that asks (request.h), by what the peer is by now: it
 * may last for days.  "socket" and "account" are peer_of()'s. */
bool permit_again(struct request *r, int socket, const char *account);

/* May the peer change this project?  Routes that are OF_BODY must ask before
 * admin_change(), which else ends in a BUG. */
int permit_project(struct request *r, const char *project, struct err *e);
bool permit_asked(const struct request *r);

/*
 * What the peer is in a project, by the grants of the last permit(): those of
 * the templates of that moment.
 */
enum peer_role permit_role(const struct request *r, const char *project);

/*
 * All work for a request is done between these: the log's and the database's
 * trace are its own, and the views show what its peer may read.  They do not
 * nest.
 */
void permit_enter(struct request *r);
void permit_leave(struct request *r);

#endif

/*
 * SFTP's rename promises nothing, so each bundle that was pushed, or may have
 * been in an earlier life, is asked for after each connect and every minute
 * until status.json covers it (P.10).
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "botd/courier/carry.h"

/* From the start: the table may have changed since the last one. */
static struct parcel *
next_to_ask(struct courier *c)
{
	struct parcel *p, *end = c->parcels + c->parcel_count;

	for (p = c->parcels; p < end; p++)
		if (p->state != PARCEL_WAITING && p->state != PARCEL_ODD &&
		    p->asked != c->pass)
			return p;
	return NULL;
}

static int
ask(struct courier *c, struct parcel *p, struct err *e)
{
	char path[PATH_ROOM];
	struct link_stat there;
	struct stat here;

	p->asked = c->pass;
	if (fstatat(spool_new_fd(c->outbox), p->name, &here,
		AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno != ENOENT)
			return err_sys(e, "cannot examine '%s'", p->name);
		outbox_forget(c, p->name); /* given up by the runner's quota */
		return 0;
	}
	snprintf(path, sizeof(path), "incoming/new/%s", p->name);
	if (link_stat(c->link, path, &there, e) == -1)
		return -1;
	if (!there.exists) {
		p->state = PARCEL_ABSENT;
		return 0;
	}
	if (there.size == (uint64_t)here.st_size) {
		p->state = PARCEL_SENT;
		return 0;
	}
	p->state = PARCEL_WAITING;
	return link_unlink(c->link, path, e);
}

/* How many are absent; with "again" they become waiting. */
static size_t
absent(struct courier *c, bool again)
{
	size_t i, n = 0;

	for (i = 0; i < c->parcel_count; i++)
		if (c->parcels[i].state == PARCEL_ABSENT) {
			n++;
			if (again)
				c->parcels[i].state = PARCEL_WAITING;
		}
	return n;
}

int
confirm_all(struct courier *c, struct err *e)
{
	struct parcel *p;

	c->pass++;
	/* A push that fails on the way asks for another pass. */
	c->confirm_at = clock_up_ms() + c->config->confirm_ms;
	while ((p = next_to_ask(c)) != NULL) {
		if (ask(c, p, e) == -1 && !link_up(c->link))
			return -1;
		if (courier_between(c, e) == -1)
			return -1;
	}
	/* The master publishes before it unlinks: a status.json read after the
	 * stat covers whatever was taken.  It settles what it covers. */
	if (absent(c, false) > 0) {
		if (pull_status(c, e) == -1)
			return -1;
		absent(c, true);
	}
	return 0;
}

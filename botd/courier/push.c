/*
 * outbox/new -> incoming/tmp -> incoming/new (P.9): written, closed, renamed
 * without replacing anything.  That promises nothing; the bundle stays in the
 * outbox until status.json covers it (settle.c).
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/retry.h"
#include "botd/courier/carry.h"

#define BUNDLES_A_TURN 8 /* of each courier on a shared line */

struct places {
	char tmp[PATH_ROOM], fresh[PATH_ROOM];
};

static struct places
places_of(const char *name)
{
	struct places p;

	snprintf(p.tmp, sizeof(p.tmp), "incoming/tmp/%s", name);
	snprintf(p.fresh, sizeof(p.fresh), "incoming/new/%s", name);
	return p;
}

/* The rename, where what an earlier try has left may be in the way. */
static int
commit(struct courier *c, const struct places *at, uint64_t size, struct err *e)
{
	struct link_stat st;
	struct err why;

	if (link_rename(c->link, at->tmp, at->fresh, &why) == 0)
		return 0;
	if (why.cls == ERR_CONFLICT) {
		if (link_stat(c->link, at->fresh, &st, e) == -1)
			return -1;
		if (st.exists && st.size == size)
			return link_unlink(c->link, at->tmp, e);
		if (link_unlink(c->link, at->fresh, e) == -1)
			return -1;
		return link_rename(c->link, at->tmp, at->fresh, e);
	}
	if (link_up(c->link))
		link_unlink(c->link, at->tmp, NULL);
	if (e != NULL)
		*e = why;
	return -1;
}

/* P.11: one beat in incoming/new, the newest. */
static int
replace_beat(struct courier *c, const char *name, struct err *e)
{
	struct places last = places_of(c->last_beat);

	if (c->last_beat[0] != '\0' && strcmp(c->last_beat, name) != 0 &&
	    link_unlink(c->link, last.fresh, e) == -1)
		return -1;
	snprintf(c->last_beat, sizeof(c->last_beat), "%s", name);
	return 0;
}

static void
mark(struct courier *c, const char *name, enum parcel_state state)
{
	struct parcel *p = outbox_find(c, name);

	if (p != NULL)
		p->state = state;
}

/*
 * One bundle.  Between its slices the table may change under us, so the
 * parcel is found again by name.  A file that is gone was given up by the
 * runner's quota, or is a beat that it has replaced.
 */
static int
push_one(struct courier *c, const struct bundle_id *id, struct err *e)
{
	struct bundle_name name = bundle_id_format(id);
	struct places at = places_of(name.text);
	uint64_t size;
	struct err why;
	int fd, rc;

	fd = fs_open_foreign(spool_new_fd(c->outbox), name.text, &size, &why);
	if (fd == -1 && why.cls == ERR_NOT_FOUND) {
		outbox_forget(c, name.text);
		return 0;
	}
	if (fd == -1) {
		mark(c, name.text, PARCEL_ODD);
		log_error("bundle.unreadable", LOG_T("bundle", name.text),
		    LOG_T("reason", why.text));
		return 0;
	}
	/* In hand: not to be begun again between its own slices. */
	mark(c, name.text, PARCEL_UNSURE);
	/* P.9: a crash waits for no rate. */
	link_urgent(c->link, id->cls != BUNDLE_BULK);
	rc = link_put(c->link, at.tmp, fd, size, e);
	link_urgent(c->link, false);
	close(fd);
	if (rc == 0 && id->cls == BUNDLE_BEAT)
		rc = replace_beat(c, name.text, e);
	if (rc == -1 || id->cls == BUNDLE_BEAT) {
		if (rc == 0)
			rc = commit(c, &at, size, e);
		if (rc == 0)
			return outbox_drop(c, name.text, e); /* P.11 */
		mark(c, name.text, PARCEL_WAITING);
		return -1;
	}
	if (commit(c, &at, size, e) == -1) {
		/* Nobody knows what the last request has done. */
		c->confirm_at = 0;
		return -1;
	}
	mark(c, name.text, PARCEL_SENT);
	log_info(
	    "bundle.pushed", LOG_T("bundle", name.text), LOG_N("bytes", size));
	return 0;
}

static bool
older(struct courier *c, const struct parcel *a, const struct parcel *b)
{
	int fd = spool_new_fd(c->outbox);
	struct stat x, y;

	/* In order of seq; over epochs, only the files' times can tell. */
	if (a->id.epoch == b->id.epoch ||
	    fstatat(fd, a->name, &x, AT_SYMLINK_NOFOLLOW) == -1 ||
	    fstatat(fd, b->name, &y, AT_SYMLINK_NOFOLLOW) == -1)
		return true;
	if (x.st_mtim.tv_sec != y.st_mtim.tv_sec)
		return x.st_mtim.tv_sec < y.st_mtim.tv_sec;
	return x.st_mtim.tv_nsec <= y.st_mtim.tv_nsec;
}

/* P.11: older beats are deleted here, unsent. */
static int
drop_old_beats(struct courier *c, struct err *e)
{
	struct parcel *p;

	while (c->parcel_count > 1 && c->parcels[1].id.cls == BUNDLE_BEAT) {
		p = c->parcels;
		if (outbox_drop(c, p[!older(c, &p[0], &p[1])].name, e) == -1)
			return -1;
	}
	return 0;
}

/* The master's side said no, as for a full disk: everything waits a while,
 * but the link is good for the rest. */
static void
hold_off(struct courier *c, const struct bundle_id *id, const struct err *why)
{
	uint64_t delay;

	c->push_failures++;
	delay =
	    retry_delay(line_retry(c->line), c->push_failures, random_u64());
	c->push_at = clock_up_ms() + delay;
	log_warn("bundle.delayed", LOG_T("bundle", bundle_id_format(id).text),
	    LOG_N("delay_ms", delay), LOG_T("reason", why->text));
}

/* Of many on one line nobody takes it all. */
static bool
others_wait(const struct courier *c, int pushed)
{
	return !c->own_line && pushed >= BUNDLES_A_TURN;
}

int
push_all(struct courier *c, bool urgent, struct err *e)
{
	struct bundle_id id;
	struct parcel *p;
	struct err why;
	int pushed = 0;

	if (!urgent)
		c->more = false;
	while (clock_up_ms() >= c->push_at) {
		if (drop_old_beats(c, e) == -1)
			return -1;
		if ((p = outbox_next(c, urgent)) == NULL)
			return 0;
		id = p->id;
		err_clear(&why);
		if (push_one(c, &id, &why) == 0) {
			c->push_failures = 0;
		} else if (!link_up(c->link)) {
			if (e != NULL)
				*e = why;
			return -1;
		} else {
			hold_off(c, &id, &why);
			return 0;
		}
		if (urgent)
			continue;
		if (courier_between(c, e) == -1)
			return -1;
		if (others_wait(c, ++pushed)) {
			c->more = true;
			return 0;
		}
	}
	return 0;
}

/*
 * What lies in outbox/new and how far each bundle has come.  The folder is the
 * truth: the spool finds names and keeps strangers out, this table adds what
 * the courier knows of each until it forgets it in its next life.
 */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/wire/bundle.h"
#include "botd/courier/carry.h"

#define TICK_MS 20 /* more than a tick of any file system's clock */

static const struct spool_names outbox_names = {
    bundle_name_ok, bundle_name_order};

int
outbox_open(struct courier *c, struct err *e)
{
	c->outbox = spool_open(
	    c->root, courier_outbox(c->config), &outbox_names, true, e);
	return c->outbox == NULL ? -1 : 0;
}

void
outbox_close(struct courier *c)
{
	spool_close(c->outbox);
	free(c->parcels);
}

/* ---- looking --------------------------------------------------------- */

static int
by_order(const void *a, const void *b)
{
	const struct parcel *x = a, *y = b;

	return bundle_id_order(&x->id, &y->id);
}

bool
outbox_is_ours(const struct courier *c, const char *name)
{
	struct bundle_id id;

	if (!c->config->deliver)
		return true;
	return bundle_id_parse(&id, name, NULL) == 0 && id.cls != BUNDLE_BEAT &&
	    strcmp(id.bot.text, c->config->bot.text) == 0;
}

static void
add(struct courier *c, const char *name, enum parcel_state state)
{
	struct parcel *p;

	if (!outbox_is_ours(c, name))
		return;
	if (c->parcel_count == c->parcel_room) {
		c->parcel_room = c->parcel_room * 2 + 64;
		c->parcels =
		    mem_resize(c->parcels, c->parcel_room, sizeof(*c->parcels));
	}
	p = &c->parcels[c->parcel_count++];
	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "%s", name);
	if (bundle_id_parse(&p->id, name, NULL) == -1)
		abort(); /* it has passed the gate */
	/* A beat is never asked for (P.11). */
	p->state = p->id.cls == BUNDLE_BEAT ? PARCEL_WAITING : state;
}

void
outbox_look_anew(struct courier *c)
{
	memset(&c->looked, 0, sizeof(c->looked));
}

/*
 * The time of the folder is taken before the scan, and a scan in the same tick
 * of its clock as the change does not count: cheap enough to be called between
 * any two slices of a transfer.
 */
int
outbox_look(struct courier *c, enum parcel_state state, struct err *e)
{
	struct timespec now;
	struct stat st;
	size_t before = c->parcel_count;
	const char *name;

	if (fstat(spool_new_fd(c->outbox), &st) == -1)
		return err_sys(e, "cannot examine the outbox");
	if (st.st_mtim.tv_sec == c->looked.tv_sec &&
	    st.st_mtim.tv_nsec == c->looked.tv_nsec)
		return 0;
	c->looked = st.st_mtim;
	clock_gettime(CLOCK_REALTIME, &now);
	if ((now.tv_sec - st.st_mtim.tv_sec) * 1000 +
		(now.tv_nsec - st.st_mtim.tv_nsec) / 1000000 <
	    TICK_MS)
		outbox_look_anew(c);
	if (spool_scan(c->outbox, NULL, NULL, e) == -1)
		return -1;
	if (!c->scanned)
		state = PARCEL_UNSURE;
	c->scanned = true;
	while ((name = spool_next(c->outbox)) != NULL)
		add(c, name, state);
	if (c->parcel_count > before)
		qsort(
		    c->parcels, c->parcel_count, sizeof(*c->parcels), by_order);
	return 0;
}

/* ---- one of them ----------------------------------------------------- */

struct parcel *
outbox_find(struct courier *c, const char *name)
{
	struct parcel key;

	if (c->parcel_count == 0 || bundle_id_parse(&key.id, name, NULL) == -1)
		return NULL;
	return bsearch(
	    &key, c->parcels, c->parcel_count, sizeof(key), by_order);
}

void
outbox_forget(struct courier *c, const char *name)
{
	struct parcel *p = outbox_find(c, name);
	size_t after;

	spool_forget(c->outbox, name);
	if (p == NULL)
		return;
	after = c->parcel_count - (size_t)(p - c->parcels) - 1;
	memmove(p, p + 1, after * sizeof(*p));
	c->parcel_count--;
}

int
outbox_drop(struct courier *c, const char *name, struct err *e)
{
	char copy[BUNDLE_NAME_MAX];

	snprintf(copy, sizeof(copy), "%s", name); /* may be the parcel's own */
	/* A folder of such a name is not ours, and hinders nobody. */
	if (unlinkat(spool_new_fd(c->outbox), copy, 0) == -1 &&
	    errno != ENOENT && errno != EISDIR)
		return err_sys(e, "cannot remove '%s'", copy);
	outbox_forget(c, copy);
	return 0;
}

int
outbox_move(struct courier *c, const char *name, int dir, struct err *e)
{
	char copy[BUNDLE_NAME_MAX];
	int fd = spool_new_fd(c->outbox);

	snprintf(copy, sizeof(copy), "%s", name);
	if (renameat2(fd, copy, dir, copy, RENAME_NOREPLACE) == -1) {
		if (errno == EEXIST)
			return outbox_drop(c, copy, e);
		if (errno != ENOENT)
			return err_sys(e, "cannot move '%s'", copy);
	}
	outbox_forget(c, copy);
	return 0;
}

enum bundle_kind
outbox_kind(struct courier *c, struct parcel *p)
{
	struct bundle_reader *r;
	struct bundle_item item;
	int fd;

	if (p->kind_known)
		return p->kind;
	p->kind = KIND_COUNT;
	fd = fs_open_foreign(spool_new_fd(c->outbox), p->name, NULL, NULL);
	if (fd == -1)
		return p->kind;
	r = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	if (bundle_read(r, &item, NULL) == 0 && item.step == STEP_HEADER)
		p->kind = item.header.kind;
	bundle_reader_free(r);
	close(fd);
	p->kind_known = true;
	return p->kind;
}

void
outbox_retry_odd(struct courier *c)
{
	size_t i;

	for (i = 0; i < c->parcel_count; i++)
		if (c->parcels[i].state == PARCEL_ODD)
			c->parcels[i].state = PARCEL_WAITING;
}

/* P.23: a master that does not know us yet hears who we are first. */
static struct parcel *
next_register(struct courier *c)
{
	struct parcel *p, *end = c->parcels + c->parcel_count;

	for (p = c->parcels; p < end; p++)
		if (p->state == PARCEL_WAITING && p->id.cls == BUNDLE_BULK &&
		    outbox_kind(c, p) == KIND_REGISTER)
			return p;
	return NULL;
}

struct parcel *
outbox_next(struct courier *c, bool urgent)
{
	struct parcel *p, *end = c->parcels + c->parcel_count;

	if (c->status_missing && (p = next_register(c)) != NULL)
		return p;
	for (p = c->parcels; p < end; p++) {
		if (urgent && p->id.cls == BUNDLE_BULK)
			return NULL;
		if (p->state == PARCEL_WAITING)
			return p;
	}
	return NULL;
}

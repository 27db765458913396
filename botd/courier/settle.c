/*
 * What status.json says of the outbox.  Covered: bundles go to
 * outbox/acked for a day (P.27; all kinds, so that an older database can be
 * made whole).  Refused: crashes go to outbox/held, others are unlinked, and only then is the refusal noted, for
 * once a beat has told of it the master may cover it (P.12, P.24).
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
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "botd/courier/carry.h"

/* ---- covered and refused --------------------------------------------- */

static int
sync_dir(struct courier *c, int fd, struct err *e)
{
	if (fs_sync_dir(fd, e) == 0)
		return 0;
	c->broken = true; /* never tried again */
	return -1;
}

static int
acknowledged(struct courier *c, struct parcel *p, struct err *e)
{
	int fd = spool_new_fd(c->outbox);

	log_info("bundle.acknowledged", LOG_T("bundle", p->name));
	/* Its day in acked/ begins now. */
	utimensat(fd, p->name, NULL, AT_SYMLINK_NOFOLLOW);
	return outbox_move(c, p->name, c->acked, e);
}

static int
refused(struct courier *c, struct parcel *p, const char *reason, struct err *e)
{
	log_warn("bundle.refused", LOG_T("bundle", p->name),
	    LOG_T("reason", reason));
	if (p->id.cls != BUNDLE_CRASH)
		return outbox_drop(c, p->name, e);
	if (outbox_move(c, p->name, c->held, e) == -1)
		return -1;
	return sync_dir(c, c->held, e);
}

static int
settle_parcels(struct courier *c, struct err *e)
{
	const char *reason = "";
	enum status_word word;
	struct parcel *p;
	size_t i = 0;
	int rc;

	while (i < c->parcel_count) {
		p = &c->parcels[i];
		word = WORD_NOTHING;
		if (p->id.cls != BUNDLE_BEAT)
			word = status_of(
			    c->status, p->id.epoch, p->id.seq, &reason);
		if (word == WORD_NOTHING) {
			i++;
			continue;
		}
		/* The table closes up: the next one is at "i" afterwards. */
		rc = word == WORD_COVERED ? acknowledged(c, p, e)
					  : refused(c, p, reason, e);
		if (rc == -1)
			return -1;
	}
	return 0;
}

/* ---- refusals noted -------------------------------------------------- */

static const struct status_epoch *
listed(const struct status *s, const char *name)
{
	uint64_t epoch;
	int i;

	if (text_to_hex64(&epoch, name) == -1)
		return NULL;
	for (i = 0; i < s->epoch_count; i++)
		if (s->epochs[i].epoch == epoch)
			return &s->epochs[i];
	return NULL;
}

static int
drop_note(void *arg, int dirfd, const char *name)
{
	struct courier *c = arg;
	const struct status_epoch *ep = listed(c->status, name);

	if (ep == NULL || ep->refused_count == 0)
		unlinkat(dirfd, name, 0);
	return 0;
}

/*
 * outbox/noted/<epoch> is what status.json lists, no more: what was listed and
 * is not any longer has been heard by the master.  It need not be synced: as
 * long as it was not heard it is listed.
 */
static int
note_refusals(struct courier *c, struct err *e)
{
	struct buf text = BUF_INIT, old = BUF_INIT;
	const struct status_epoch *ep;
	struct text_short name;
	int i, k, rc = 0;

	for (i = 0; rc == 0 && i < c->status->epoch_count; i++) {
		ep = &c->status->epochs[i];
		if (ep->refused_count == 0)
			continue;
		name = text_hex64(ep->epoch);
		buf_reset(&text);
		for (k = 0; k < ep->refused_count; k++)
			buf_printf(
			    &text, "%ju\n", (uintmax_t)ep->refused[k].seq);
		if (fs_read_file(c->noted, name.text, &old, STATUS_MAX_BYTES,
			NULL) == 0 &&
		    strcmp(buf_text(&old), buf_text(&text)) == 0)
			continue;
		rc = fs_replace(
		    c->noted, name.text, text.data, text.len, 0640, false, e);
	}
	buf_release(&text);
	buf_release(&old);
	return rc == -1 ? -1 : fs_each(c->noted, drop_note, c, e);
}

/* ---- acked/ ---------------------------------------------------------- */

/*
 * Does the status say that this one is not in?  A range or epoch left out says
 * nothing (P.24): only a gap between what is listed does, or what lies beyond
 * a list that had room for more.
 */
static bool
says_missing(const struct courier *c, const struct bundle_id *id)
{
	const struct status_epoch *ep = NULL;
	int i;

	for (i = 0; i < c->status->epoch_count; i++)
		if (c->status->epochs[i].epoch == id->epoch)
			ep = &c->status->epochs[i];
	if (ep == NULL ||
	    status_of(c->status, id->epoch, id->seq, NULL) != WORD_NOTHING)
		return false;
	if (ep->above_count > 0 &&
	    id->seq < ep->above[ep->above_count - 1].last)
		return true;
	return !c->status_clipped && ep->above_count < STATUS_MAX_RANGES &&
	    ep->refused_count < STATUS_MAX_REFUSED;
}

struct returning {
	struct courier *c;
	bool all;
	size_t count;
	struct err *e;
};

static int
bring_back(void *arg, int dirfd, const char *name)
{
	struct returning *r = arg;
	struct bundle_id id;

	if (bundle_id_parse(&id, name, NULL) == -1 ||
	    !outbox_is_ours(r->c, name))
		return 0;
	if (!r->all && !says_missing(r->c, &id))
		return 0;
	if (renameat2(dirfd, name, spool_new_fd(r->c->outbox), name,
		RENAME_NOREPLACE) == -1) {
		if (errno != EEXIST)
			return err_sys(r->e, "cannot bring back '%s'", name);
		unlinkat(dirfd, name, 0);
	}
	r->count++;
	return 0;
}

/* Bundles that come back may or may not lie in incoming/new: ask. */
static int
returned(struct courier *c, const struct returning *r, struct err *e)
{
	if (r->count == 0)
		return 0;
	log_warn("bundle.returned", LOG_N("bundles", r->count));
	c->confirm_at = 0;
	outbox_look_anew(c);
	return outbox_look(c, PARCEL_UNSURE, e);
}

int
settle_generation(struct courier *c, struct err *e)
{
	struct returning r = {c, true, 0, e};

	if (fs_each(c->acked, bring_back, &r, e) == -1)
		return -1;
	/* Before the new status.json can be there, they are back. */
	if (r.count > 0 &&
	    (sync_dir(c, spool_new_fd(c->outbox), e) == -1 ||
		sync_dir(c, c->acked, e) == -1))
		return -1;
	return returned(c, &r, e);
}

int
settle(struct courier *c, struct err *e)
{
	struct returning r = {c, false, 0, e};

	assert(c->status->generation != 0);
	if (settle_parcels(c, e) == -1 || note_refusals(c, e) == -1)
		return -1;
	if (fs_each(c->acked, bring_back, &r, e) == -1)
		return -1;
	return returned(c, &r, e);
}

struct kept {
	char name[BUNDLE_NAME_MAX];
	int64_t since;
	uint64_t bytes;
};

struct kept_list {
	struct kept *list;
	size_t count;
	uint64_t bytes;
};

static int
keep(void *arg, int dirfd, const char *name)
{
	struct kept_list *k = arg;
	struct kept *one;
	struct stat st;

	if (strlen(name) >= BUNDLE_NAME_MAX ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if (k->count % 64 == 0)
		k->list = mem_resize(k->list, k->count + 64, sizeof(*k->list));
	one = &k->list[k->count++];
	snprintf(one->name, sizeof(one->name), "%s", name);
	one->since = (int64_t)st.st_mtim.tv_sec;
	one->bytes = (uint64_t)st.st_size;
	k->bytes += one->bytes;
	return 0;
}

static int
by_age(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return (x->since > y->since) - (x->since < y->since);
}

void
settle_trim(struct courier *c)
{
	struct kept_list k = {NULL, 0, 0};
	int64_t now = (int64_t)(clock_wall_ms() / 1000);
	int64_t age = (int64_t)(c->config->acked_ms / 1000);
	size_t i;

	fs_each(c->acked, keep, &k, NULL);
	if (k.count > 0)
		qsort(k.list, k.count, sizeof(*k.list), by_age);
	for (i = 0; i < k.count; i++) {
		if (now - k.list[i].since < age &&
		    k.bytes <= c->config->acked_bytes)
			break;
		unlinkat(c->acked, k.list[i].name, 0);
		k.bytes -= k.list[i].bytes;
	}
	free(k.list);
}

/*
 * What the courier has brought: status.json, the master's whole word (P.23,
 * P.24), and tickets.  A ticket starts a session when the newest status lists
 * its lease, it is of our epoch (P.29), a slot is free and nothing holds.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/runner_internal.h"
#include "botd/runner/session.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define STATUS       "status.json"
#define TICKET_BYTES (1u << 20)

/* ---- status.json ----------------------------------------------------- */

static bool
has_changed(struct runner *r)
{
	struct stat st;

	if (fstatat(r->inbox, STATUS, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return false; /* P.23: no news */
	if (r->status_stamp[0] == st.st_mtim.tv_sec &&
	    r->status_stamp[1] == st.st_mtim.tv_nsec &&
	    r->status_stamp[2] == (int64_t)st.st_ino)
		return false;
	r->status_stamp[0] = st.st_mtim.tv_sec;
	r->status_stamp[1] = st.st_mtim.tv_nsec;
	r->status_stamp[2] = (int64_t)st.st_ino;
	return true;
}

static int
read_status(const struct runner *r, struct status *s)
{
	struct buf text = BUF_INIT;
	struct err e;
	int rc = -1;

	if (fs_read_file(r->inbox, STATUS, &text, STATUS_MAX_BYTES, &e) == -1 ||
	    status_parse(s, text.data, text.len, &e) == -1) {
		if (!r->status_odd)
			log_warn("status.unparsable", LOG_T("reason", e.text));
	} else {
		rc = 0;
	}
	buf_release(&text);
	return rc;
}

bool
tickets_listed(const struct runner *r, uint64_t lease)
{
	return r->have_status && r->status->epoch == r->epoch &&
	    status_has_lease(r->status, lease);
}

/* P.24: the list is complete; what it has no more is to be stopped. */
static void
stop_unlisted(struct runner *r)
{
	struct session *s, *next;

	if (r->status->epoch != r->epoch)
		return; /* it speaks of another epoch's leases */
	for (s = r->sessions; s != NULL; s = next) {
		next = s->next;
		if (session_holds_lease(s) &&
		    !status_has_lease(r->status, s->ticket.lease))
			session_end(s, STOP_CANCELLED, NULL);
	}
}

static void
on_generation(struct runner *r, uint64_t before)
{
	struct err e;

	if (before == 0 || before == r->status->generation)
		return;
	/* P.29: the master that asks now does not know this bot. */
	log_info("generation.new",
	    LOG_T("generation", text_hex64(r->status->generation).text));
	if (beat_register(r, &e) == -1)
		log_warn("register.failed", LOG_T("reason", e.text));
	beat_every(r);
}

static void
look_at_status(struct runner *r)
{
	uint64_t before, interval;
	struct status *fresh;

	if (!has_changed(r))
		return;
	fresh = status_new();
	if (read_status(r, fresh) == -1) {
		/* P.23: no news; looked at again in case it is being written. */
		r->status_stamp[2] = 0;
		r->status_odd = true;
		status_free(fresh);
		return;
	}
	r->status_odd = false;
	before = r->have_status ? r->status->generation : 0;
	interval = r->have_status ? r->status->heartbeat_ms : 0;
	status_free(r->status);
	r->status = fresh;
	r->have_status = true;
	r->look_again = true;
	outbox_confirmed(r);
	on_generation(r, before);
	if (interval != fresh->heartbeat_ms)
		beat_every(r);
	if (fresh->new_epoch && fresh->epoch == r->epoch)
		runner_new_epoch(r);
	stop_unlisted(r);
	if (fresh->stop)
		runner_stop(r);
}

/* ---- tickets --------------------------------------------------------- */

static uint64_t
lease_of(const char *name)
{
	char digits[17];
	uint64_t lease;

	if (strlen(name) != 21 || strcmp(name + 16, ".json") != 0)
		return 0;
	memcpy(digits, name, 16);
	digits[16] = '\0';
	return text_to_hex64(&lease, digits) == -1 ? 0 : lease;
}

static bool
is_known(const struct runner *r, uint64_t lease)
{
	const struct session *s;
	int i;

	for (s = r->sessions; s != NULL; s = s->next)
		if (!s->salvage && s->ticket.lease == lease)
			return true;
	for (i = 0; i < r->done_count; i++)
		if (r->done[i] == lease)
			return true;
	return false;
}

void
tickets_done(struct runner *r, uint64_t lease)
{
	r->done =
	    mem_resize(r->done, (size_t)r->done_count + 1, sizeof(r->done[0]));
	r->done[r->done_count++] = lease;
}

/* 0 and the ticket when it is one for us, now. */
static int
read_ticket(struct runner *r, const char *name, uint64_t lease,
    struct ticket *t, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	rc = fs_read_file(r->tickets, name, &text, TICKET_BYTES, e);
	if (rc == 0)
		rc = ticket_parse(t, text.data, text.len, e);
	buf_release(&text);
	if (rc == -1)
		return -1;
	if (t->lease == lease && t->epoch == r->epoch &&
	    strcmp(t->bot.text, r->config->bot.text) == 0)
		return 0;
	ticket_release(t);
	return err_set(
	    e, ERR_REFUSED, "the ticket is of another epoch, bot or lease");
}

static bool
slot_is_free(const struct runner *r)
{
	const struct session *s;
	unsigned n = 0;

	for (s = r->sessions; s != NULL; s = s->next)
		if (session_holds_lease(s))
			n++;
	return n < r->slots;
}

static int
take_ticket(void *arg, int dirfd, const char *name)
{
	struct runner *r = arg;
	uint64_t lease = lease_of(name);
	struct ticket t;
	struct err e;

	(void)dirfd;
	if (lease == 0 || is_known(r, lease) || !tickets_listed(r, lease))
		return 0;
	if (!slot_is_free(r)) {
		r->look_again = true;
		return 1;
	}
	if (read_ticket(r, name, lease, &t, &e) == -1) {
		if (r->odd_tickets != lease)
			log_warn("ticket.ignored", LOG_T("ticket", name),
			    LOG_T("reason", e.text));
		r->odd_tickets = lease;
		return 0;
	}
	session_start(session_new(r, &t));
	return 0;
}

static bool
folder_has_changed(struct runner *r)
{
	struct stat st;

	if (fstat(r->tickets, &st) == -1)
		return false;
	if (r->tickets_stamp[0] == st.st_mtim.tv_sec &&
	    r->tickets_stamp[1] == st.st_mtim.tv_nsec)
		return false;
	r->tickets_stamp[0] = st.st_mtim.tv_sec;
	r->tickets_stamp[1] = st.st_mtim.tv_nsec;
	return true;
}

void
tickets_look(struct runner *r)
{
	if (r->stopping)
		return;
	look_at_status(r);
	if (folder_has_changed(r))
		r->look_again = true;
	if (r->stopping || !r->look_again)
		return;
	if (runner_why_hold(r) != NULL)
		return; /* looked at again when nothing holds */
	r->look_again = false;
	fs_each(r->tickets, take_ticket, r, NULL);
}

/*
 * status.json, the master's whole word: one stat a poll, fetched when its time
 * or size has changed (its mtime is its serial, P.23).  What cannot be parsed,
 * or is not there, is no news.  On another generation the acknowledged bundles
 * come back before it is placed (P.27); then the outbox is settled by it.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "botd/courier/carry.h"

#define STATUS_FILE "status.json"
#define CLIPPED     (STATUS_MAX_BYTES - 1024)

void
pull_remember(struct courier *c)
{
	struct buf text = BUF_INIT;

	if (fs_read_file(
		c->inbox, STATUS_FILE, &text, STATUS_MAX_BYTES, NULL) == -1 ||
	    status_parse(c->status, text.data, text.len, NULL) == -1)
		memset(c->status, 0, sizeof(*c->status));
	buf_release(&text);
}

/* It never goes back but with another generation (P.23, P.26). */
static bool
is_news(const struct courier *c)
{
	if (c->fresh->generation != c->status->generation)
		return true;
	return c->fresh->serial >= c->status->serial;
}

static int
place_status(struct courier *c, const struct buf *text, struct err *e)
{
	struct status *old = c->status;

	/* Generation 0: none is remembered, so nobody knows whether what
	 * lies in acked/ was acknowledged under this one. */
	if (c->fresh->generation != old->generation) {
		if (old->generation != 0)
			log_warn("generation.changed",
			    LOG_T("generation",
				text_hex64(c->fresh->generation).text));
		if (settle_generation(c, e) == -1)
			return -1;
	}
	if (!c->config->stranger &&
	    fs_replace(c->inbox, STATUS_FILE, text->data, text->len, 0640,
		false, e) == -1)
		return -1;
	c->status = c->fresh;
	c->fresh = old;
	c->status_clipped = text->len > CLIPPED;
	c->leases_stale = true;
	return settle(c, e);
}

static int
fetch_status(struct courier *c, const char *path, const struct link_stat *st,
    struct err *e)
{
	struct buf text = BUF_INIT;
	struct err why;
	int rc;

	rc = fetch_text(c, path, STATUS_MAX_BYTES, &text, &why);
	if (rc == -1 && (!link_up(c->link) || why.cls != ERR_REFUSED)) {
		buf_release(&text);
		/* Unlinked between the two requests: next time. */
		if (link_up(c->link) && why.cls == ERR_NOT_FOUND)
			return 0;
		if (e != NULL)
			*e = why;
		return -1;
	}
	c->status_seen = *st;
	if (rc == 0)
		rc = status_parse(c->fresh, text.data, text.len, &why);
	if (rc == -1) {
		log_warn("status.unreadable", LOG_T("reason", why.text));
		rc = 0;
	} else if (!is_news(c)) {
		log_warn("status.older", LOG_N("serial", c->fresh->serial),
		    LOG_N("known", c->status->serial));
	} else if ((rc = place_status(c, &text, e)) == -1) {
		memset(&c->status_seen, 0, sizeof(c->status_seen));
	}
	buf_release(&text);
	return rc;
}

int
pull_status(struct courier *c, struct err *e)
{
	char path[PATH_ROOM];
	struct link_stat st;

	c->poll_at = clock_up_ms() + c->config->poll_ms;
	outgoing_path(c, path, STATUS_FILE);
	if (link_stat(c->link, path, &st, e) == -1)
		return -1;
	c->status_missing = !st.exists;
	if (!st.exists ||
	    (st.mtime == c->status_seen.mtime &&
		st.size == c->status_seen.size))
		return 0;
	return fetch_status(c, path, &st, e);
}

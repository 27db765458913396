/*
 * What both kinds of link have in common: choosing one by its URL, and the
 * pause between slices that lets a crash overtake a bulk transfer.
 */
#include <assert.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "botd/courier/link.h"

#define WAIT_STEP_MS 100 /* so soon a crash goes first */

struct link *
link_new(const struct link_config *c, struct err *e)
{
	struct link *l = NULL;

	if (c->url == NULL || c->url[0] == '\0')
		err_set(e, ERR_REFUSED, "no link is given");
	else if (strncmp(c->url, "dir:", 4) == 0)
		l = link_dir_new(c->url + 4, e);
	else if (strncmp(c->url, "sftp://", 7) == 0)
		l = link_sftp_new(c, e);
	else
		err_set(e, ERR_REFUSED,
		    "link '%s' is neither sftp://user@host:port nor dir:/path",
		    c->url);
	if (l != NULL)
		l->timeout_ms = c->timeout_ms;
	return l;
}

void
link_free(struct link *l)
{
	if (l == NULL)
		return;
	link_close(l);
	l->ops->free(l);
}

int
link_open(struct link *l, struct err *e)
{
	assert(!l->up);
	if (l->ops->open(l, e) == -1) {
		l->up = false;
		l->ops->close(l);
		return -1;
	}
	l->up = true;
	return 0;
}

void
link_close(struct link *l)
{
	l->ops->close(l);
	l->up = false;
}

bool
link_up(const struct link *l)
{
	return l->up;
}

void
link_set_timeout(struct link *l, uint64_t ms)
{
	l->timeout_ms = ms;
}

void
link_set_operation(struct link *l, uint64_t ms)
{
	l->operation_ms = ms;
}

static void
begin(struct link *l)
{
	l->began = clock_up_ms();
	l->moved = 0;
}

int
link_moved(struct link *l, size_t len, struct err *e)
{
	uint64_t now = clock_up_ms(), took = now - l->began;

	bucket_take(&l->bucket, len, now);
	l->moved += len;
	if (l->operation_ms != 0 && took > l->operation_ms)
		return err_set(e, ERR_AGAIN,
		    "%ju bytes took %ju ms, which is too slow "
		    "(operation_timeout)",
		    (uintmax_t)l->moved, (uintmax_t)took);
	if (l->moved >= LINK_SLICE)
		begin(l);
	return 0;
}

void
link_between(struct link *l, link_between_fn *fn, void *arg)
{
	l->between = fn;
	l->between_arg = arg;
}

void
link_set_rate(struct link *l, link_rate_fn *fn, void *arg)
{
	l->rate = fn;
	l->rate_arg = arg;
}

void
link_urgent(struct link *l, bool urgent)
{
	l->urgent = urgent;
}

/* Milliseconds that the rate asks for now. */
static uint64_t
owed(struct link *l)
{
	uint64_t now = clock_up_ms();

	if (l->rate == NULL)
		return 0;
	bucket_set(&l->bucket, l->rate(l->rate_arg), now);
	return l->urgent ? 0 : bucket_wait(&l->bucket, now);
}

size_t
link_piece(struct link *l, size_t most)
{
	(void)owed(l); /* the rate of this hour */
	return (size_t)bucket_piece(&l->bucket, most);
}

static void
sleep_ms(uint64_t ms)
{
	const struct timespec t = {
	    (time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};

	nanosleep(&t, NULL);
}

static int
interrupt(struct link *l, struct err *e)
{
	bool urgent = l->urgent;
	int rc;

	if (l->between == NULL)
		return 0;
	l->interrupted = true;
	rc = l->between(l->between_arg, e);
	l->interrupted = false;
	l->urgent = urgent;
	if (rc == 0 && !l->up)
		return err_set(e, ERR_AGAIN, "the link went down");
	return rc;
}

int
link_pause(struct link *l, struct err *e)
{
	uint64_t ms;
	int rc;

	if (l->interrupted)
		return 0;
	rc = interrupt(l, e);
	while (rc == 0 && (ms = owed(l)) > 0) {
		sleep_ms(ms < WAIT_STEP_MS ? ms : WAIT_STEP_MS);
		rc = interrupt(l, e);
	}
	begin(l);
	return rc;
}

/* Before a transfer: what the last ones owe. */
static int
await_rate(struct link *l, struct err *e)
{
	if (l->interrupted || owed(l) == 0)
		return 0;
	return link_pause(l, e);
}

static int
down(struct err *e)
{
	return err_set(e, ERR_AGAIN, "the link is down");
}

int
link_stat(struct link *l, const char *path, struct link_stat *st, struct err *e)
{
	memset(st, 0, sizeof(*st));
	return l->up ? l->ops->stat(l, path, st, e) : down(e);
}

int
link_put(struct link *l, const char *path, int fd, uint64_t size, struct err *e)
{
	if (l->up && await_rate(l, e) == -1)
		return -1;
	begin(l);
	return l->up ? l->ops->put(l, path, fd, size, e) : down(e);
}

int
link_rename(struct link *l, const char *from, const char *to, struct err *e)
{
	return l->up ? l->ops->rename(l, from, to, e) : down(e);
}

int
link_unlink(struct link *l, const char *path, struct err *e)
{
	return l->up ? l->ops->unlink(l, path, e) : down(e);
}

int
link_get(struct link *l, const char *path, uint64_t expect,
    const struct link_sink *sink, struct err *e)
{
	if (l->up && await_rate(l, e) == -1)
		return -1;
	begin(l);
	return l->up ? l->ops->get(l, path, expect, sink, e) : down(e);
}

/*
 * One turn of the courier: open the link if it is down and due, look at the
 * outbox, ask, push, pull, and say when something will be due again.  A link
 * that fails is closed and opened again for ever, with full jitter and a
 * breaker; fuzzing does not notice.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "botd/courier/carry.h"

#define TIDY_MS 60000
#define REST_MS 1000

/* ---- folders and links ----------------------------------------------- */

/* What a kill in fs_replace() has left; in the other folders, whatever is not
 * listed goes anyway. */
static int
sweep(void *arg, int dirfd, const char *name)
{
	size_t len = strlen(name);

	(void)arg;
	if (name[0] == '.' && len > 4 && strcmp(name + len - 4, ".tmp") == 0)
		unlinkat(dirfd, name, 0);
	return 0;
}

static int
open_folders(struct courier *c, struct err *e)
{
	const struct {
		int *fd;
		const char *path;
	} folders[] = {
	    {&c->acked, "outbox/acked"},
	    {&c->held, "outbox/held"},
	    {&c->noted, "outbox/noted"},
	    {&c->inbox, "inbox"},
	    {&c->tickets, "inbox/tickets"},
	    {&c->jobs_dir, "inbox/jobs"},
	    {&c->builds, "builds"},
	};
	size_t i;

	c->root = open(c->config->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->root == -1)
		return err_sys(e, "cannot open folder '%s'", c->config->root);
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		*folders[i].fd =
		    fs_make_dir_open(c->root, folders[i].path, 0750, e);
		if (*folders[i].fd == -1)
			return -1;
	}
	if (fs_each(c->inbox, sweep, NULL, e) == -1)
		return -1;
	return fetch_open(c, e);
}

static void
close_folders(struct courier *c)
{
	int fds[] = {c->root, c->acked, c->held, c->noted, c->inbox, c->tickets,
	    c->jobs_dir, c->builds};
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] != -1)
			close(fds[i]);
}

struct courier *
courier_new(const struct courier_config *config, struct err *e)
{
	struct link_config link = {
	    config->link, config->key, config->known_hosts, config->timeout_ms};
	struct courier *c = mem_alloc(sizeof(*c));

	c->config = config;
	c->root = c->acked = c->held = c->noted = c->inbox = -1;
	c->tickets = c->jobs_dir = c->builds = -1;
	c->status = status_new();
	c->fresh = status_new();
	if ((c->link = link_new(&link, e)) == NULL ||
	    open_folders(c, e) == -1 || outbox_open(c, e) == -1) {
		courier_free(c);
		return NULL;
	}
	link_between(c->link, courier_between, c);
	pull_remember(c);
	return c;
}

void
courier_free(struct courier *c)
{
	if (c == NULL)
		return;
	link_free(c->link);
	outbox_close(c);
	close_folders(c);
	status_free(c->status);
	status_free(c->fresh);
	free(c->leases);
	free(c->jobs);
	free(c);
}

/* inbox/link.json, for beats and doctor. */
static void
tell_link(struct courier *c, bool up, const char *text)
{
	struct buf b = BUF_INIT;

	json_open(&b, NULL, '{');
	json_put_bool(&b, "up", up);
	json_put_u64(&b, "since", clock_wall_ms());
	json_put_string(&b, "text", text);
	json_close(&b, '}');
	buf_addc(&b, '\n');
	/* A hint only: a full disk shows elsewhere. */
	fs_replace(c->inbox, "link.json", b.data, b.len, 0640, false, NULL);
	buf_release(&b);
}

/* ---- up and down ----------------------------------------------------- */

const struct retry_policy *
courier_retry(const struct courier *c)
{
	const struct retry_policy *p = &c->config->retry;

	return p->max_ms == 0 ? &RETRY_COURIER : p;
}

const struct breaker_policy *
courier_breaker(const struct courier *c)
{
	const struct breaker_policy *p = &c->config->breaker;

	return p->rest_ms == 0 ? &BREAKER_DEFAULT : p;
}

static void
link_lost(struct courier *c, const struct err *why)
{
	uint64_t now = clock_up_ms(), delay;

	link_close(c->link);
	c->open_failures++;
	breaker_failure(&c->breaker, courier_breaker(c), now);
	delay = retry_delay(courier_retry(c), c->open_failures, random_u64());
	c->gave_up = retry_exhausted(courier_retry(c), c->open_failures) ||
	    !retry_wants(courier_retry(c), why->cls);
	c->open_at = now + delay;
	/* The same reason is told once, however often it comes. */
	if (strncmp(c->said, why->text, sizeof(c->said) - 1) == 0)
		return;
	text_copy(c->said, sizeof(c->said), why->text);
	log_warn(
	    "link.down", LOG_T("reason", why->text), LOG_N("retry_ms", delay));
	tell_link(c, false, why->text);
}

static bool
may_open(struct courier *c, uint64_t now)
{
	if (c->leave_at != 0)
		return c->open_failures == 0;
	return now >= c->open_at &&
	    breaker_try(&c->breaker, courier_breaker(c), now);
}

/* On leaving, nothing may take longer than there is time. */
static void
limit_timeout(struct courier *c, uint64_t now)
{
	uint64_t ms = c->config->timeout_ms;

	if (c->leave_at != 0 && c->leave_at < now + ms)
		ms = c->leave_at > now ? c->leave_at - now : 1;
	link_set_timeout(c->link, ms);
	link_set_operation(c->link, c->config->operation_ms);
}

static int
open_link(struct courier *c, struct err *e)
{
	if (link_open(c->link, e) == -1)
		return -1;
	log_info("link.up", LOG_T("link", c->config->link));
	tell_link(c, true, c->config->link);
	c->said[0] = '\0';
	/* P.10: after each connect. */
	c->poll_at = c->confirm_at = 0;
	memset(&c->status_seen, 0, sizeof(c->status_seen));
	return 0;
}

/* ---- a turn ---------------------------------------------------------- */

int
courier_between(void *arg, struct err *e)
{
	struct courier *c = arg;
	uint64_t now = clock_up_ms();
	sigset_t pending;

	/* The loop that would tell us waits for this very turn to end. */
	if (c->leave_at == 0 && sigpending(&pending) == 0 &&
	    sigismember(&pending, SIGTERM) == 1)
		courier_leave(c);
	if (c->leave_at != 0 && now >= c->leave_at)
		return err_set(e, ERR_AGAIN, "the time to leave has come");
	if (outbox_look(c, PARCEL_WAITING, e) == -1)
		return -1;
	if (push_all(c, true, e) == -1)
		return -1;
	if (now >= c->poll_at && pull_status(c, e) == -1)
		return -1;
	return 0;
}

static int
carry(struct courier *c, struct err *e)
{
	if (outbox_look(c, PARCEL_WAITING, e) == -1)
		return -1;
	if (clock_up_ms() >= c->poll_at && pull_status(c, e) == -1)
		return -1;
	if (clock_up_ms() >= c->confirm_at && confirm_all(c, e) == -1)
		return -1;
	if (push_all(c, false, e) == -1)
		return -1;
	/* P.24: a withdrawn lease is not worked for; nor is one on leaving. */
	if (c->leave_at == 0 && lease_work(c, e) == -1)
		return -1;
	return 0;
}

static void
tidy(struct courier *c, uint64_t now)
{
	c->tidy_at = now + TIDY_MS;
	settle_trim(c);
	lease_recheck(c);
	outbox_retry_odd(c);
	outbox_look_anew(c); /* a hint may be lost, a scan is not */
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
next_due(const struct courier *c, uint64_t now)
{
	uint64_t due = c->tidy_at, open;

	if (!link_up(c->link)) {
		open = breaker_due(&c->breaker, courier_breaker(c));
		due = earlier(due, c->open_at > open ? c->open_at : open);
	} else {
		due = earlier(due, c->poll_at);
		due = earlier(due, c->confirm_at);
		due = earlier(due, lease_due(c));
		if (c->push_at > now)
			due = earlier(due, c->push_at);
	}
	if (c->leave_at != 0)
		due = earlier(due, c->leave_at);
	if (due < c->rest_until)
		due = c->rest_until;
	return due > now ? due - now : 0;
}

/* Everything that will be pushed is, or cannot be now. */
static bool
drained(struct courier *c, uint64_t now)
{
	size_t i;

	if (now >= c->leave_at || !link_up(c->link))
		return true;
	for (i = 0; i < c->parcel_count; i++)
		if (c->parcels[i].state != PARCEL_SENT &&
		    c->parcels[i].state != PARCEL_ODD)
			return false;
	return true;
}

/* What this machine cannot do just now, such as write to a full disk. */
static void
local_trouble(struct courier *c, const struct err *why)
{
	uint64_t now = clock_up_ms();

	if (strncmp(c->said, why->text, sizeof(c->said) - 1) != 0)
		log_error("courier.hindered", LOG_T("reason", why->text));
	text_copy(c->said, sizeof(c->said), why->text);
	c->rest_until = now + REST_MS;
}

uint64_t
courier_turn(struct courier *c)
{
	uint64_t now = clock_up_ms();
	struct err why;

	err_clear(&why);
	if (now >= c->tidy_at)
		tidy(c, now);
	limit_timeout(c, now);
	if (!link_up(c->link) && may_open(c, now) && open_link(c, &why) == -1)
		link_lost(c, &why);
	if (link_up(c->link)) {
		if (carry(c, &why) == 0) {
			c->open_failures = 0;
			breaker_success(&c->breaker);
		} else if (c->broken) {
			log_error("courier.broken", LOG_T("reason", why.text));
			return CARRY_LATER;
		} else if (!link_up(c->link)) {
			link_lost(c, &why);
		} else if (c->leave_at == 0) {
			local_trouble(c, &why);
		}
	}
	if (c->gave_up && c->leave_at == 0) {
		log_error("courier.gave_up", LOG_T("reason", why.text));
		return CARRY_LATER;
	}
	now = clock_up_ms();
	if (c->leave_at != 0 && drained(c, now))
		return CARRY_LATER;
	return next_due(c, now);
}

void
courier_leave(struct courier *c)
{
	if (c->leave_at == 0)
		c->leave_at = clock_up_ms() + c->config->drain_ms;
	/* One more try each, without waiting. */
	c->open_failures = 0;
	c->push_at = 0;
	limit_timeout(c, clock_up_ms());
}

int
courier_hint(struct courier *c, bool lost, struct err *e)
{
	outbox_look_anew(c);
	return lost ? spool_reopen(c->outbox, e) : 0;
}

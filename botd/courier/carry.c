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

const char *
courier_outbox(const struct courier_config *config)
{
	return config->bare ? "." : "outbox";
}

static int
open_folders(struct courier *c, struct err *e)
{
	const char *const outbox = courier_outbox(c->config);
	const struct {
		int *fd;
		const char *below, *path;
		bool always;
	} folders[] = {
	    {&c->acked, outbox, "acked", true},
	    {&c->held, outbox, "held", true},
	    {&c->noted, outbox, "noted", true},
	    {&c->inbox, ".", "inbox", true},
	    {&c->tickets, ".", "inbox/tickets", false},
	    {&c->jobs_dir, ".", "inbox/jobs", false},
	    {&c->builds, ".", "builds", false},
	};
	char path[32];
	size_t i;

	c->root = open(c->config->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->root == -1)
		return err_sys(e, "cannot open folder '%s'", c->config->root);
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (!folders[i].always && c->config->deliver)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folders[i].below,
		    folders[i].path);
		*folders[i].fd = fs_make_dir_open(c->root, path, 0750, e);
		if (*folders[i].fd == -1)
			return -1;
	}
	if (fs_each(c->inbox, sweep, NULL, e) == -1)
		return -1;
	return c->config->deliver ? 0 : fetch_open(c, e);
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
courier_join(
    const struct courier_config *config, struct line *line, struct err *e)
{
	struct courier *c = mem_alloc(sizeof(*c));

	c->config = config;
	c->root = c->acked = c->held = c->noted = c->inbox = -1;
	c->tickets = c->jobs_dir = c->builds = -1;
	c->status = status_new();
	c->fresh = status_new();
	line_add(line, c);
	if (open_folders(c, e) == -1 || outbox_open(c, e) == -1) {
		courier_free(c);
		return NULL;
	}
	if (!config->stranger)
		pull_remember(c);
	return c;
}

struct courier *
courier_new(const struct courier_config *config, struct err *e)
{
	struct line *line = line_new(config, e);
	struct courier *c;

	if (line == NULL)
		return NULL;
	if ((c = courier_join(config, line, e)) == NULL) {
		line_free(line);
		return NULL;
	}
	c->own_line = true;
	link_between(c->link, courier_between, c);
	return c;
}

void
courier_free(struct courier *c)
{
	if (c == NULL)
		return;
	line_remove(c->line, c);
	if (c->own_line)
		line_free(c->line);
	outbox_close(c);
	close_folders(c);
	status_free(c->status);
	status_free(c->fresh);
	free(c->leases);
	free(c->jobs);
	free(c);
}

/* inbox/link.json, for beats and doctor. */
void
courier_told(struct courier *c, bool up, const char *text)
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

/* ---- a turn ---------------------------------------------------------- */

static bool
signal_waits(int signo)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, signo) == 1;
}

/* Settings that change while a slow transfer is under way hold for it. */
static void
read_settings(const struct courier_config *config)
{
	const struct timespec now = {0, 0};
	sigset_t hup;

	if (config->reload == NULL || !signal_waits(SIGHUP))
		return;
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	if (sigtimedwait(&hup, NULL, &now) == SIGHUP)
		config->reload(config->reload_arg); /* into that struct */
}

/* What this machine cannot do just now, such as write to a full disk. */
static void
local_trouble(struct courier *c, const struct err *why)
{
	uint64_t now = clock_up_ms();

	if (strncmp(c->said, why->text, sizeof(c->said) - 1) != 0)
		log_error("courier.hindered", LOG_T("reason", why->text),
		    LOG_T("bot", c->config->bot.text));
	text_copy(c->said, sizeof(c->said), why->text);
	c->rest_until = now + REST_MS;
}

static int
look_between(struct courier *c, struct err *e)
{
	if (outbox_look(c, PARCEL_WAITING, e) == -1)
		return -1;
	if (push_all(c, true, e) == -1)
		return -1;
	if (clock_up_ms() >= c->poll_at && pull_status(c, e) == -1)
		return -1;
	return 0;
}

int
courier_between(void *arg, struct err *e)
{
	struct courier *c = arg, *peer;
	struct line *l = c->line;
	uint64_t now = clock_up_ms();
	struct err why;

	/* The loop that would tell us waits for this very turn to end. */
	if (l->leave_at == 0 && signal_waits(SIGTERM))
		courier_leave(c);
	read_settings(l->config);
	if (l->leave_at != 0 && now >= l->leave_at)
		return err_set(e, ERR_AGAIN, "the time to leave has come");
	if (look_between(c, e) == -1)
		return -1;
	/* Crashes and beats of others go first, too; their troubles are
	 * theirs, unless it is the link. */
	for (peer = l->first; peer != NULL; peer = peer->peer) {
		if (peer == c || peer->broken || now < peer->rest_until)
			continue;
		err_clear(&why);
		if (look_between(peer, &why) == 0)
			continue;
		if (!link_up(l->link)) {
			if (e != NULL)
				*e = why;
			return -1;
		}
		local_trouble(peer, &why);
	}
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
	if (c->line->leave_at == 0 && !c->config->deliver &&
	    lease_work(c, e) == -1)
		return -1;
	return 0;
}

static void
tidy(struct courier *c, uint64_t now)
{
	c->tidy_at = now + TIDY_MS;
	settle_trim(c);
	if (!c->config->deliver)
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
	const struct line *l = c->line;
	uint64_t due = c->tidy_at;

	if (!link_up(l->link)) {
		due = earlier(due, line_due(l));
	} else if (c->more) {
		due = now;
	} else {
		due = earlier(due, c->poll_at);
		due = earlier(due, c->confirm_at);
		if (!c->config->deliver)
			due = earlier(due, lease_due(c));
		if (c->push_at > now)
			due = earlier(due, c->push_at);
	}
	if (l->leave_at != 0)
		due = earlier(due, l->leave_at);
	if (due < c->rest_until)
		due = c->rest_until;
	return due > now ? due - now : 0;
}

/* Everything that will be pushed is, or cannot be now. */
static bool
drained(const struct courier *c, uint64_t now)
{
	size_t i;

	if (now >= c->line->leave_at || !link_up(c->link))
		return true;
	for (i = 0; i < c->parcel_count; i++)
		if (c->parcels[i].state != PARCEL_SENT &&
		    c->parcels[i].state != PARCEL_ODD)
			return false;
	return true;
}

/* P.10: after each connect. */
static void
greet(struct courier *c)
{
	c->connects = c->line->connects;
	c->said[0] = '\0';
	c->poll_at = c->confirm_at = 0;
	memset(&c->status_seen, 0, sizeof(c->status_seen));
	courier_told(c, true, c->line->config->link);
}

uint64_t
courier_work(struct courier *c)
{
	uint64_t now = clock_up_ms();
	struct line *l = c->line;
	struct err why;

	if (now >= c->tidy_at)
		tidy(c, now);
	if (link_up(l->link)) {
		if (c->connects != l->connects)
			greet(c);
		/* Whose bundles are under way is asked first. */
		if (!c->own_line)
			link_between(l->link, courier_between, c);
		err_clear(&why);
		if (carry(c, &why) == 0) {
			line_good(l);
		} else if (c->broken) {
			log_error("courier.broken", LOG_T("reason", why.text),
			    LOG_T("bot", c->config->bot.text));
			return CARRY_LATER;
		} else if (!link_up(l->link)) {
			line_lost(l, &why);
		} else if (l->leave_at == 0) {
			local_trouble(c, &why);
		}
	}
	now = clock_up_ms();
	if (l->leave_at != 0 && drained(c, now))
		return CARRY_LATER;
	return next_due(c, now);
}

uint64_t
courier_turn(struct courier *c)
{
	struct line *l = c->line;
	uint64_t in_ms;

	(void)line_up(l, clock_up_ms());
	in_ms = courier_work(c);
	if (l->gave_up && l->leave_at == 0) {
		log_error("courier.gave_up", LOG_T("reason", l->said));
		return CARRY_LATER;
	}
	return in_ms;
}

void
courier_leave(struct courier *c)
{
	struct courier *peer;

	line_leave(c->line);
	for (peer = c->line->first; peer != NULL; peer = peer->peer)
		peer->push_at = 0;
}

int
courier_hint(struct courier *c, bool lost, struct err *e)
{
	outbox_look_anew(c);
	return lost ? spool_reopen(c->outbox, e) : 0;
}

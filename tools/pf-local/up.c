/*
 * Bringing a ROOT up and down.  `up` is the same every time: nothing is
 * assumed of what an earlier one left, and whatever answers is not touched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tools/pf-local/admit.h"
#include "tools/pf-local/api.h"
#include "tools/pf-local/confine.h"
#include "tools/pf-local/layout.h"
#include "tools/pf-local/process.h"
#include "tools/pf-local/sshd.h"
#include "tools/pf-local/status.h"
#include "tools/pf-local/up.h"

#define READY_MS        (30 * 1000)
#define BOTS_GRACE_MS   (40 * 1000) /* they seal and push for up to 30 s */
#define SSHD_GRACE_MS   (5 * 1000)
#define MASTER_GRACE_MS (40 * 1000)

struct bot_name {
	char text[16];
};

static struct bot_name
bot_name(unsigned number)
{
	struct bot_name n;

	snprintf(n.text, sizeof(n.text), "b%u", number);
	return n;
}

static bool
runs(const struct local *l, const char *name)
{
	struct process p;

	return process_find(l, name, &p) != 0;
}

/* ---- what was asked for ---- */

static bool
any_bot_runs(const struct local *l)
{
	unsigned i;

	for (i = 1; i <= LOCAL_BOTS_MAX; i++)
		if (runs(l, bot_name(i).text))
			return true;
	return false;
}

/* Bots that run keep what they were started with, so only more of them can be
 * had without a `down`. */
static int
take_wish(struct local *l, const struct up_wish *w, struct err *e)
{
	struct local_config old = l->config;

	if (w->bots >= 0)
		l->config.bots = (unsigned)w->bots;
	if (w->slots >= 0)
		l->config.slots = (unsigned)w->slots;
	if (w->sftp >= 0)
		l->config.sftp = w->sftp != 0;
	if (w->listen != NULL)
		text_copy(l->config.listen, sizeof(l->config.listen),
		    strcmp(w->listen, "none") == 0 ? "" : w->listen);
	if (l->config.listen[0] != '\0' && !l->config.sftp)
		return err_set(e, ERR_REFUSED,
		    "further machines come by sshd: --listen is not for "
		    "--link dir");
	if ((l->config.bots < old.bots || l->config.slots != old.slots ||
		l->config.sftp != old.sftp) &&
	    any_bot_runs(l))
		return err_set(e, ERR_CONFLICT,
		    "bots run here with other options (%u bots, slots %u, "
		    "link %s); only --bots may grow: run `pf-local down` first",
		    old.bots, old.slots, old.sftp ? "sftp" : "dir");
	return 0;
}

/* ---- waiting ---- */

typedef bool ready_fn(const struct local *l, const char *name, uint64_t before);

static int
wait_ready(const struct local *l, const char *name, ready_fn *ready,
    uint64_t before, struct err *e)
{
	static const struct timespec tick = {0, 50 * 1000 * 1000};
	uint64_t until = clock_up_ms() + READY_MS;

	while (!ready(l, name, before)) {
		nanosleep(&tick, NULL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (!runs(l, name))
			return err_set(
			    e, ERR_AGAIN, "'%s' ended at once", name);
		if (clock_up_ms() > until)
			return err_set(e, ERR_AGAIN,
			    "'%s' runs but is not ready after 30 s", name);
	}
	return 0;
}

static bool
master_ready(const struct local *l, const char *name, uint64_t before)
{
	(void)name;
	(void)before;
	return status_master_answers(l);
}

static bool
sshd_ready(const struct local *l, const char *name, uint64_t before)
{
	(void)name;
	(void)before;
	return sshd_answers(l) != 0;
}

static bool
bot_ready(const struct local *l, const char *name, uint64_t before)
{
	uint64_t mark = status_bot_mark(l, name);

	return mark != 0 && mark != before;
}

/* ---- master, sshd ---- */

static int
up_master(const struct local *l, struct err *e)
{
	char *program = layout_program(l, "pandafuzz-masterd");
	char *settings = layout_path(l, "masterd.yaml");
	/* It refuses root unless told that this is meant (DESIGN 3), and a
	 * PANDAFUZZ_SOCKET that pfadm goes by may be another master's. */
	const char *const argv[] = {program, "--config", settings, "--root",
	    l->root, "--socket=", geteuid() == 0 ? "--as-root" : NULL, NULL};
	int r = 0;

	if (!runs(l, "master"))
		r = process_start(l, "master", argv, NULL, e);
	free(program);
	free(settings);
	return r == -1 ? -1 : wait_ready(l, "master", master_ready, 0, e);
}

/* What the master must know of us, before it starts or while it runs. */
static int
tell_master(const struct local *l, struct err *e)
{
	struct buf url = BUF_INIT;
	int changed;

	if (l->config.sftp)
		sshd_url(l, &url);
	changed = layout_put_accounts(l, buf_text(&url), e);
	buf_release(&url);
	if (changed != 1 || !runs(l, "master"))
		return changed == -1 ? -1 : 0;
	return api(l, "POST", "system/reload", NULL, NULL, e) == 200 ? 0 : -1;
}

/* 1 when the port is another, of which running bots know nothing. */
static int
prepare_sshd(struct local *l, bool *restart, struct err *e)
{
	static const char *const sshd[] = {"sshd", NULL};
	int changed;

	changed = sshd_prepare(l, !runs(l, "sshd"), restart, e);
	if (changed == -1 || layout_save(l, e) == -1)
		return -1;
	if (*restart && runs(l, "sshd"))
		process_stop_all(l, sshd, SSHD_GRACE_MS);
	return changed;
}

static int
up_sshd(const struct local *l, struct err *e)
{
	if (!runs(l, "sshd") && sshd_start(l, e) == -1)
		return -1;
	return wait_ready(l, "sshd", sshd_ready, 0, e);
}

/* ---- bots ---- */

static int
start_bot(const struct local *l, const char *name, struct err *e)
{
	struct buf root = BUF_INIT, link = BUF_INIT, key = BUF_INIT;
	char *program = layout_program(l, "pandafuzz-botd");
	char *hosts = layout_path(l, "known_hosts");
	char *settings = layout_path(l, "botd.yaml");
	const char *argv[24];
	char slots[16];
	int n = 0, r;

	buf_printf(&root, "%s/local/bots/%s", l->root, name);
	buf_printf(&key, "%s/local/keys/%s", l->root, name);
	if (l->config.sftp)
		buf_printf(
		    &link, "sftp://%s@127.0.0.1:%u", l->user, l->config.port);
	else
		buf_printf(&link, "dir:%s/spool/" LOCAL_ACCOUNT, l->root);
	snprintf(slots, sizeof(slots), "%u", l->config.slots);
	argv[n++] = program;
	argv[n++] = "--config";
	argv[n++] = settings;
	argv[n++] = "--root";
	argv[n++] = root.data;
	argv[n++] = "--name";
	argv[n++] = name;
	argv[n++] = "--account";
	argv[n++] = LOCAL_ACCOUNT;
	argv[n++] = "--link";
	argv[n++] = link.data;
	if (l->config.sftp) {
		argv[n++] = "--key";
		argv[n++] = key.data;
		argv[n++] = "--known-hosts";
		argv[n++] = hosts;
	}
	if (l->config.slots != 0) {
		argv[n++] = "--slots";
		argv[n++] = slots;
	}
	argv[n++] = "run";
	argv[n] = NULL;
	r = process_start(l, name, argv, NULL, e);
	buf_release(&root);
	buf_release(&link);
	buf_release(&key);
	free(program);
	free(hosts);
	free(settings);
	return r;
}

static int
stop_bots(const struct local *l)
{
	struct bot_name names[LOCAL_BOTS_MAX];
	const char *list[LOCAL_BOTS_MAX + 1];
	unsigned i;

	for (i = 0; i < LOCAL_BOTS_MAX; i++) {
		names[i] = bot_name(i + 1);
		list[i] = names[i].text;
	}
	list[i] = NULL;
	return process_stop(l, list, BOTS_GRACE_MS);
}

/* All are started before one is waited for.  "failed" names the one that did
 * not come up. */
static int
up_bots(const struct local *l, struct bot_name *failed, struct err *e)
{
	uint64_t before[LOCAL_BOTS_MAX + 1];
	bool fresh[LOCAL_BOTS_MAX + 1];
	unsigned i;

	for (i = 1; i <= l->config.bots; i++) {
		*failed = bot_name(i);
		fresh[i] = !runs(l, failed->text);
		before[i] = status_bot_mark(l, failed->text);
		if (fresh[i] && start_bot(l, failed->text, e) == -1)
			return -1;
	}
	for (i = 1; i <= l->config.bots; i++) {
		*failed = bot_name(i);
		if (fresh[i] &&
		    wait_ready(l, failed->text, bot_ready, before[i], e) == -1)
			return -1;
	}
	return 0;
}

int
up(struct local *l, const struct up_wish *wish, char **complaint, struct err *e)
{
	struct bot_name bot = {""};
	const char *step = NULL;
	bool restart = false;
	int changed = 0;

	*complaint = NULL;
	if (take_wish(l, wish, e) == -1 || layout_make_account(l, e) == -1 ||
	    (l->config.sftp &&
		(confine_write_etc(l, e) == -1 || sshd_check(l, e) == -1)) ||
	    layout_make_settings(l, e) == -1 || layout_save(l, e) == -1)
		return -1;
	if (l->config.sftp && (changed = prepare_sshd(l, &restart, e)) == -1)
		return -1;
	if (tell_master(l, e) == -1)
		return -1;
	if (up_master(l, e) == -1)
		step = "master";
	else if (l->config.sftp && admit_bots(l, e) == -1)
		return -1;
	else if (l->config.sftp && up_sshd(l, e) == -1)
		step = "sshd";
	if (step == NULL && changed == 1)
		stop_bots(l);
	if (step == NULL && up_bots(l, &bot, e) == -1)
		step = bot.text;
	if (step == NULL)
		return 0;
	*complaint = process_log_tail(l, step, 10);
	return -1;
}

int
down(const struct local *l)
{
	static const char *const sshd[] = {"sshd", NULL};
	static const char *const master[] = {"master", NULL};
	int killed;

	/* Bots first: what they still have they push through the other two. */
	killed = stop_bots(l);
	killed += process_stop_all(l, sshd, SSHD_GRACE_MS);
	killed += process_stop(l, master, MASTER_GRACE_MS);
	return killed;
}

/*
 * The wires of accounts.  Nothing is decided here: rows say who may come in,
 * intake says how much lies there.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/access.h"
#include "masterd/accounts/gate.h"
#include "masterd/db/accounts.h"
#include "masterd/intake/incoming.h"

#define AGAIN_MS 20

/* What was counted of an account. */
struct count {
	char account[NAME_MAX_LEN + 1];
	struct usage usage;
	enum usage_level level;
	char hold[160];
	bool changed;           /* not in the database yet */
	bool told;              /* hold is another than its bots know */
	enum usage_level shown; /* of the key files */
	struct count *next;
};

struct access {
	struct access_parts p;
	const struct settings *settings;
	int doors; /* ROOT/run/accounts */
	struct gate *gate;
	struct count *counts;
	struct loop_source *apply;
};

static void
fatal(struct access *x, const struct err *e)
{
	x->p.fatal(x->p.arg, e);
}

/* ---- limits ---------------------------------------------------------- */

static uint64_t
own_or(uint64_t own, uint64_t general)
{
	return own != 0 ? own : general;
}

static void
on_limits(void *arg, const char *account, struct limits *l)
{
	struct access *x = arg;
	const struct settings *s = x->settings;
	struct account_row row;
	struct err e;

	memset(&row, 0, sizeof(row));
	if (accounts_get(x->p.db, account, &row, &e) == -1) {
		fatal(x, &e);
		return;
	}
	l->bytes = own_or(row.max_bytes, s->account_bytes);
	l->files = own_or(row.max_files, s->account_files);
	l->rate = own_or(row.max_rate, s->account_rate);
}

static struct count *
count_of(struct access *x, const char *account)
{
	struct count *c;

	for (c = x->counts; c != NULL; c = c->next)
		if (strcmp(c->account, account) == 0)
			return c;
	c = mem_alloc(sizeof(*c));
	text_copy(c->account, sizeof(c->account), account);
	c->next = x->counts;
	x->counts = c;
	return c;
}

static void
on_counted(void *arg, const struct account *a)
{
	struct access *x = arg;
	struct count *c = count_of(x, a->name.text);

	if (c->usage.bytes == a->usage.bytes &&
	    c->usage.files == a->usage.files && c->level == a->level &&
	    strcmp(c->hold, a->hold) == 0)
		return;
	/* Numbers in the sentence move: only its coming and going is news. */
	if ((c->hold[0] == '\0') != (a->hold[0] == '\0'))
		c->told = true;
	c->usage = a->usage;
	c->level = a->level;
	text_copy(c->hold, sizeof(c->hold), a->hold);
	c->changed = true;
	loop_timer_set(x->apply, 0, NULL);
}

static const char *
on_hold(void *arg, const char *account)
{
	const struct count *c;

	for (c = ((struct access *)arg)->counts; c != NULL; c = c->next)
		if (c->hold[0] != '\0' && strcmp(c->account, account) == 0)
			return c->hold;
	return NULL;
}

struct marking {
	struct publish *publish;
	struct err *e;
};

static int
mark_bot(void *arg, int64_t bot)
{
	struct marking *m = arg;

	return publish_mark(m->publish, bot, m->e);
}

static int
apply_one(struct access *x, const struct count *c, struct err *e)
{
	const struct account_usage u = {
	    c->usage.bytes, c->usage.files, c->hold, c->level == USAGE_SHUT};
	struct marking m = {x->p.publish, e};
	char subject[NAME_MAX_LEN + 16];

	if (accounts_set_usage(x->p.db, c->account, &u, e) == -1)
		return -1;
	if (!c->told)
		return 0;
	if (accounts_each_bot(x->p.db, c->account, mark_bot, &m, e) == -1)
		return -1;
	log_warn(c->hold[0] == '\0' ? "account.resumed" : "account.held",
	    LOG_T("account", c->account), LOG_T("reason", c->hold));
	snprintf(subject, sizeof(subject), "account:%s", c->account);
	return db_event(x->p.db, "master",
	    c->hold[0] == '\0' ? "account.resumed" : "account.held", subject,
	    c->hold, "", e);
}

static int
apply_all(struct access *x, struct err *e)
{
	struct count *c;

	if (db_begin(x->p.db, e) == -1)
		return -1;
	for (c = x->counts; c != NULL; c = c->next)
		if (c->changed && apply_one(x, c, e) == -1) {
			db_rollback(x->p.db);
			return -1;
		}
	if (db_commit(x->p.db, e) == -1) {
		db_rollback(x->p.db);
		return -1;
	}
	publish_marked(x->p.publish);
	return 0;
}

static void
on_apply(void *arg)
{
	struct access *x = arg;
	bool doors = false;
	struct count *c;
	struct err e;

	if (db_in_transaction(x->p.db)) {
		loop_timer_set(x->apply, AGAIN_MS, NULL);
		return;
	}
	if (apply_all(x, &e) == -1) {
		if (e.cls != ERR_AGAIN)
			fatal(x, &e);
		return; /* the next count tries again */
	}
	for (c = x->counts; c != NULL; c = c->next) {
		c->changed = c->told = false;
		doors |= (c->level == USAGE_SHUT) != (c->shown == USAGE_SHUT);
		c->shown = c->level;
	}
	if (doors)
		gate_changed(x->gate);
}

static void
set_limits(struct access *x)
{
	const struct incoming_limits limits = {x, on_limits, on_counted};

	ingest_limit(x->p.ingest, &limits);
}

/* ---- rows that changed ----------------------------------------------- */

static int
on_prepare(void *arg, const char *name, const char *kind, struct err *e)
{
	return gate_prepare(((struct access *)arg)->gate, name, kind, e);
}

static int
on_invitation(void *arg, struct invitation *i, struct err *e)
{
	return gate_invitation(((struct access *)arg)->gate, i, e);
}

static void
on_changed(void *arg)
{
	struct access *x = arg;

	gate_changed(x->gate);
	set_limits(x);
}

static int
on_open_door(void *arg, const char *account, struct err *e)
{
	struct access *x = arg;

	return admin_open_door(x->p.admin, x->doors, account, e);
}

static void
on_close_door(void *arg, const char *account)
{
	admin_close_door(((struct access *)arg)->p.admin, account);
}

static void
on_gate_fatal(void *arg, const struct err *e)
{
	fatal(arg, e);
}

/* ---- opening, closing ------------------------------------------------ */

static struct gate_settings
gate_settings_of(const struct settings *s)
{
	return (struct gate_settings){s->account_url, s->account_user,
	    s->account_host_key, s->account_keys, s->account_command};
}

static void
hook_admin(struct access *x)
{
	const struct account_hooks hooks = {
	    x, on_prepare, on_invitation, on_changed, x->settings->invitation};

	admin_set_accounts(x->p.admin, &hooks);
}

void
access_settings(struct access *x)
{
	const struct gate_settings settings = gate_settings_of(x->settings);

	gate_set(x->gate, &settings);
	hook_admin(x);
	set_limits(x);
}

static int
open_parts(struct access *x, struct err *e)
{
	const struct gate_settings settings = gate_settings_of(x->settings);
	const struct gate_hooks hooks = {
	    x, on_open_door, on_close_door, on_gate_fatal};

	x->doors = fs_make_dir_open(x->p.run, "accounts", 0755, e);
	/* The users of ci accounts must get as far as their sockets. */
	if (x->doors != -1 && fchmod(x->doors, 0755) == -1)
		return err_sys(e, "cannot set the mode of 'run/accounts'");
	if (x->doors == -1 ||
	    (x->apply = loop_timer(x->p.loop, on_apply, x, e)) == NULL ||
	    (x->gate = gate_open(
		 x->p.root, x->p.loop, x->p.db, &settings, &hooks, e)) == NULL)
		return -1;
	publish_hold_accounts(x->p.publish, on_hold, x);
	hook_admin(x);
	set_limits(x);
	return 0;
}

struct access *
access_open(const struct access_parts *parts, const struct settings *settings,
    struct err *e)
{
	struct access *x = mem_alloc(sizeof(*x));

	x->p = *parts;
	x->settings = settings;
	x->doors = -1;
	if (open_parts(x, e) == -1) {
		access_close(x);
		return NULL;
	}
	return x;
}

void
access_close(struct access *x)
{
	struct count *c;

	if (x == NULL)
		return;
	publish_hold_accounts(x->p.publish, NULL, NULL);
	gate_close(x->gate);
	loop_drop(x->apply);
	while ((c = x->counts) != NULL) {
		x->counts = c->next;
		free(c);
	}
	if (x->doors != -1)
		close(x->doors);
	free(x);
}

/*
 * The conductor of accounts.  Everything here is a copy of rows and may be made
 * again at any time; what cannot be written now is tried again soon, for a key
 * that was taken back must not stay in a file.
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/accounts/enrol.h"
#include "masterd/accounts/folder.h"
#include "masterd/accounts/gate.h"
#include "masterd/accounts/keyfiles.h"
#include "masterd/db/accounts.h"
#include "masterd/db/bots.h"

#define TICK_MS   10000
#define SOON_MS   100
#define RETRY_MS  1000
#define SWEEP_MS  (10 * 60 * 1000)
#define KEY_BYTES 8192 /* of a public key's file */

struct door {
	char account[NAME_MAX_LEN + 1];
	bool wanted;
	struct door *next;
};

struct gate {
	int root, folder; /* ROOT, ROOT/accounts */
	struct loop *loop;
	struct db *db;
	struct gate_hooks hooks;
	char *url, *user, *host_key, *authorized_keys, *command;
	struct enrol *enrol;
	struct door *doors;
	struct loop_source *watch, *soon, *tick;
	uint64_t swept_up; /* up-time of the last sweep */
	bool failing;
};

static void
fatal(struct gate *g, const struct err *e)
{
	g->hooks.fatal(g->hooks.arg, e);
}

/* ---- rows ------------------------------------------------------------ */

static int
learn(void *arg, int dirfd, const char *name)
{
	struct gate *g = arg;
	struct account_row row;
	struct err e;
	int64_t id;
	int got;

	(void)dirfd;
	if (!name_ok(name) || strcmp(name, ENROL_ACCOUNT) == 0 ||
	    (got = accounts_get(g->db, name, &row, &e)) == 1 ||
	    !folder_is_there(g->root, name))
		return 0;
	if (got == -1)
		return -1;
	return bots_account(g->db, name, clock_wall_ms(), &id, &e);
}

/* Accounts whose folder root has made, keys without a row, and invitations
 * whose time is over. */
static int
update_rows(struct gate *g, bool newer, struct err *e)
{
	int64_t before, expired;
	int spool, adopted = 0, result = 0;

	if (db_begin(g->db, e) == -1)
		return -1;
	before = db_total_changes(g->db);
	/* Files first: a folder alone says less of its account. */
	result = keyfiles_adopt(
	    g->folder, g->db, clock_wall_ms(), newer, &adopted, e);
	spool = result == 0 ? fs_open_dir(g->root, "spool", NULL) : -1;
	if (spool != -1) {
		result = fs_each(spool, learn, g, e);
		close(spool);
	}
	if (result == 0)
		result = accounts_expire_invites(
		    g->db, clock_wall_ms(), &expired, e);
	if (result == 0 && db_total_changes(g->db) != before)
		return db_commit(g->db, e);
	db_rollback(g->db);
	return result;
}

/* ---- doors ----------------------------------------------------------- */

static int
want_door(void *arg, const struct account_row *a)
{
	struct gate *g = arg;
	struct door *d;
	struct err e;

	if (strcmp(a->kind, "ci") != 0 || strcmp(a->state, "active") != 0)
		return 0;
	for (d = g->doors; d != NULL; d = d->next)
		if (strcmp(d->account, a->name) == 0)
			break;
	if (d != NULL) {
		d->wanted = true;
		return 0;
	}
	if (g->hooks.open_door(g->hooks.arg, a->name, &e) == -1) {
		log_error("account.closed", LOG_T("account", a->name),
		    LOG_T("reason", e.text));
		return 0;
	}
	d = mem_alloc(sizeof(*d));
	text_copy(d->account, sizeof(d->account), a->name);
	d->wanted = true;
	d->next = g->doors;
	g->doors = d;
	return 0;
}

static void
shut_doors(struct gate *g)
{
	struct door **at = &g->doors, *d;

	while ((d = *at) != NULL) {
		if (d->wanted) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		g->hooks.close_door(g->hooks.arg, d->account);
		free(d);
	}
}

static int
set_doors(struct gate *g, struct err *e)
{
	struct door *d;
	int result;

	for (d = g->doors; d != NULL; d = d->next)
		d->wanted = false;
	result = accounts_each(g->db, want_door, g, e);
	if (result == 0)
		shut_doors(g);
	return result;
}

/* ---- files ----------------------------------------------------------- */

static int
write_files(struct gate *g, struct err *e)
{
	uint64_t now = clock_wall_ms();

	if (keyfiles_write(g->folder, g->db, now, e) == -1)
		return -1;
	if (g->authorized_keys[0] == '\0' || g->command[0] == '\0')
		return 0;
	return keyfiles_write_authorized(
	    g->authorized_keys, g->command, g->db, now, e);
}

static void
write_or_retry(struct gate *g)
{
	struct err e;

	if (write_files(g, &e) == 0) {
		g->failing = false;
		return;
	}
	if (e.cls == ERR_BUG) {
		fatal(g, &e);
		return;
	}
	if (!g->failing)
		log_error("accounts.unwritten", LOG_T("reason", e.text));
	g->failing = true;
	loop_timer_set(g->soon, RETRY_MS, NULL);
}

void
gate_changed(struct gate *g)
{
	struct err e;

	write_or_retry(g);
	if (set_doors(g, &e) == -1)
		fatal(g, &e);
	enrol_answer(g->enrol);
}

static void
on_enrolled(void *arg)
{
	write_or_retry(arg);
}

static void
on_enrol_fatal(void *arg, const struct err *e)
{
	fatal(arg, e);
}

static const char *
on_user(void *arg, const char *account)
{
	struct gate *g = arg;

	return g->user[0] == '\0' ? account : g->user;
}

/* ---- time ------------------------------------------------------------ */

static void
refresh(struct gate *g)
{
	struct err e;

	if (db_in_transaction(g->db)) {
		loop_timer_set(g->soon, SOON_MS, NULL);
		return;
	}
	if (update_rows(g, false, &e) == -1) {
		if (e.cls == ERR_BUG)
			fatal(g, &e);
		else
			loop_timer_set(g->soon, RETRY_MS, NULL);
		return;
	}
	gate_changed(g);
}

static void
on_soon(void *arg)
{
	refresh(arg);
}

static void
on_tick(void *arg)
{
	struct gate *g = arg;

	loop_timer_set(g->tick, TICK_MS, NULL);
	refresh(g);
	enrol_look(g->enrol);
	if (clock_up_ms() - g->swept_up >= SWEEP_MS) {
		g->swept_up = clock_up_ms();
		enrol_sweep(g->enrol);
	}
}

/* Somebody has changed a key file: root, or we. */
static void
on_hint(void *arg, bool lost)
{
	struct gate *g = arg;

	(void)lost; /* the tick looks, too */
	loop_timer_set(g->soon, SOON_MS, NULL);
}

/* ---- settings -------------------------------------------------------- */

static void
take(char **to, const char *from)
{
	free(*to);
	*to = mem_strdup(from == NULL ? "" : from);
}

static void
copy_settings(struct gate *g, const struct gate_settings *s)
{
	take(&g->url, s->url);
	take(&g->user, s->user);
	take(&g->host_key, s->host_key);
	take(&g->authorized_keys, s->authorized_keys);
	take(&g->command, s->command);
}

/* Where all is one user, the folder in which machines knock is ours to make;
 * else root makes it. */
static int
make_enroll(struct gate *g, struct err *e)
{
	return g->user[0] == '\0' ? 0 : folder_make(g->root, ENROL_ACCOUNT, e);
}

void
gate_set(struct gate *g, const struct gate_settings *settings)
{
	struct err e;

	copy_settings(g, settings);
	if (make_enroll(g, &e) == -1)
		log_error("accounts.unwritten", LOG_T("reason", e.text));
	loop_timer_set(g->soon, 0, NULL);
	enrol_look(g->enrol);
}

int
gate_prepare(struct gate *g, const char *name, const char *kind, struct err *e)
{
	bool bot = strcmp(kind, "bot") == 0;

	if (g->user[0] != '\0')
		return bot ? folder_make(g->root, name, e) : 0;
	if (bot ? folder_is_there(g->root, name) : getpwnam(name) != NULL)
		return 0;
	return err_set(e, ERR_REFUSED,
	    "there is no %s for account '%s' on this machine yet: as root, run "
	    "pf-account add %s%s%s",
	    bot ? "folder" : "user", name, name, bot ? "" : " --kind ",
	    bot ? "" : kind);
}

static int
host_fingerprint(struct gate *g, char print[SSHKEY_FINGERPRINT], struct err *e)
{
	uint8_t pub[SSHKEY_BYTES];
	struct buf text = BUF_INIT;
	int result;

	if (g->host_key[0] == '\0')
		return err_set(e, ERR_REFUSED,
		    "the setting accounts.host_key is needed for invitations: "
		    "the file of the host's public ed25519 key");
	result = fs_read_file(AT_FDCWD, g->host_key, &text, KEY_BYTES, e);
	if (result == 0)
		result = sshkey_parse(pub, buf_text(&text), e);
	buf_release(&text);
	if (result == -1)
		return err_wrap(e, "accounts.host_key");
	sshkey_fingerprint(print, pub);
	return 0;
}

int
gate_invitation(struct gate *g, struct invitation *i, struct err *e)
{
	if (g->url[0] == '\0')
		return err_set(e, ERR_REFUSED,
		    "the setting accounts.url is needed for invitations: "
		    "sftp://HOST:PORT as machines reach this one");
	if (invitation_place(i, g->user[0] == '\0' ? ENROL_ACCOUNT : g->user,
		g->url, e) == -1)
		return err_wrap(e, "accounts.url");
	return host_fingerprint(g, i->fingerprint, e);
}

/* ---- opening, closing ------------------------------------------------ */

static int
open_parts(struct gate *g, struct err *e)
{
	const struct enrol_hooks enrol = {
	    g, on_user, on_enrolled, on_enrol_fatal};
	int newer;

	g->folder = fs_make_dir_open(g->root, KEYFILES_FOLDER, 0750, e);
	if (g->folder == -1 || make_enroll(g, e) == -1 ||
	    (newer = keyfiles_newer(g->folder, g->db, e)) == -1)
		return -1;
	if (newer)
		log_warn("accounts.newer",
		    LOG_T("reason",
			"the database is older than the key files, "
			"which are believed"));
	if (update_rows(g, newer, e) == -1 || write_files(g, e) == -1)
		return -1;
	g->soon = loop_timer(g->loop, on_soon, g, e);
	g->tick = loop_timer(g->loop, on_tick, g, e);
	if (g->soon == NULL || g->tick == NULL ||
	    loop_timer_set(g->tick, TICK_MS, e) == -1)
		return -1;
	g->watch = loop_watch(g->loop, g->folder, on_hint, g, e);
	if (g->watch == NULL)
		return -1;
	g->enrol = enrol_open(g->root, g->loop, g->db, &enrol, e);
	return g->enrol == NULL ? -1 : set_doors(g, e);
}

struct gate *
gate_open(int root, struct loop *loop, struct db *db,
    const struct gate_settings *settings, const struct gate_hooks *hooks,
    struct err *e)
{
	struct gate *g = mem_alloc(sizeof(*g));

	g->root = root;
	g->folder = -1;
	g->loop = loop;
	g->db = db;
	g->hooks = *hooks;
	copy_settings(g, settings);
	if (open_parts(g, e) == -1) {
		gate_close(g);
		return NULL;
	}
	return g;
}

void
gate_close(struct gate *g)
{
	struct door *d;

	if (g == NULL)
		return;
	enrol_close(g->enrol);
	loop_drop(g->watch);
	loop_drop(g->soon);
	loop_drop(g->tick);
	while ((d = g->doors) != NULL) {
		g->doors = d->next;
		g->hooks.close_door(g->hooks.arg, d->account);
		free(d);
	}
	if (g->folder != -1)
		close(g->folder);
	free(g->url);
	free(g->user);
	free(g->host_key);
	free(g->authorized_keys);
	free(g->command);
	free(g);
}

/*
 * The way of a request: found -> judged -> committed -> answered -> removed.
 * DESIGN says what a kill leaves after each step.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/accounts/enrol_internal.h"
#include "masterd/accounts/folder.h"
#include "masterd/db/audit.h"

#define TURN_MOST 64 /* names looked at in one turn */
#define AGAIN_MS  20 /* until the next turn, or when the database is busy */
#define RETRY_MS  5000

/* ---- taking ---------------------------------------------------------- */

static int
log_change(struct enrol *en, const struct enrol_case *c, const char *state,
    const char *print, struct err *e)
{
	struct buf after = BUF_INIT;
	char who[64], subject[64];
	struct audit_entry a = {.who = who,
	    .what =
		strcmp(state, "active") == 0 ? "key.admitted" : "key.pending",
	    .subject = subject,
	    .before = "",
	    .reason = "",
	    .trace = ""};
	int result;

	snprintf(who, sizeof(who), "invite:%s", c->invite.invite);
	snprintf(subject, sizeof(subject), "account:%s", c->account.name);
	json_open(&after, NULL, '{');
	json_put_string(&after, "key", print);
	json_put_string(&after, "state", state);
	json_put_string(&after, "bot", c->request.bot.text);
	json_put_string(&after, "host", c->request.host);
	json_close(&after, '}');
	a.after = after.data;
	result = audit_add(en->db, &a, e);
	if (result == 0)
		result = db_event(en->db, who, a.what, subject, print, "", e);
	buf_release(&after);
	return result;
}

/* The key and the end of the invitation are one COMMIT. */
static int
take(struct enrol *en, const struct enrol_case *c, struct err *e)
{
	const char *state = c->invite.automatic ? "active" : "pending";
	uint64_t now = clock_wall_ms();
	struct account_key_new n = {.account = c->invite.account,
	    .pub = c->request.key,
	    .state = state,
	    .bot = c->request.bot.text,
	    .host = c->request.host,
	    .invite = c->invite.invite,
	    .by = "invitation",
	    .now_ms = now};
	char print[SSHKEY_FINGERPRINT];

	sshkey_fingerprint(print, c->request.key);
	/* A key that is the account's already stays what it is. */
	if (!c->known && accounts_add_key(en->db, &n, e) == -1)
		return -1;
	if (accounts_use_invite(en->db, c->invite.id, print, now, e) == -1)
		return -1;
	return log_change(en, c, state, print, e);
}

static int
commit(struct enrol *en, struct enrol_case *c, struct err *e)
{
	text_copy(
	    c->account.name, sizeof(c->account.name), c->invite.account_name);
	if (db_begin(en->db, e) == -1)
		return -1;
	if (take(en, c, e) == -1 || db_commit(en->db, e) == -1) {
		db_rollback(en->db);
		return -1;
	}
	log_info("enrol.taken", LOG_T("account", c->account.name),
	    LOG_T("invite", c->invite.invite),
	    LOG_T("bot", c->request.bot.text), LOG_T("host", c->request.host));
	return 0;
}

/* ---- one request ----------------------------------------------------- */

static int
refuse(struct enrol *en, const struct enrol_case *c, struct err *e)
{
	struct enrol_answer a = {.state = ENROL_REFUSED};

	text_copy(
	    a.account.text, sizeof(a.account.text), c->invite.account_name);
	text_copy(a.reason, sizeof(a.reason), c->reason);
	log_warn("enrol.refused", LOG_T("account", c->invite.account_name),
	    LOG_T("invite", c->invite.invite), LOG_T("reason", c->reason));
	return enrol_put_answer(en, c->invite.invite, &a, e);
}

/* What is in the way has no claim to stay, whatever it is. */
static void
drop(struct enrol *en, const char *file)
{
	if (unlinkat(en->fresh, file, 0) == -1 && errno == EISDIR)
		(void)unlinkat(en->fresh, file, AT_REMOVEDIR);
}

/* What the database cannot do for good ends the process; a full disk passes
 * (masterd/db/db.h). */
static int
failed(struct enrol *en, const struct err *e)
{
	if (e->cls == ERR_BUG ||
	    (e->cls == ERR_AGAIN && e->sys != 0 && e->sys != ENOSPC &&
		e->sys != EBUSY))
		en->hooks.fatal(en->hooks.arg, e);
	return -1;
}

static int
handle(struct enrol *en, const char *file, struct err *e)
{
	enum enrol_verdict verdict;
	struct enrol_case c;

	if (enrol_judge(en, file, &c, &verdict, e) == -1)
		return failed(en, e);
	/* The database has the last word, as when two come at once. */
	if (verdict == ENROL_TAKE && commit(en, &c, e) == -1) {
		if (e->cls != ERR_CONFLICT)
			return failed(en, e);
		text_copy(c.reason, sizeof(c.reason), e->text);
		verdict = ENROL_REFUSE;
	}
	if (verdict == ENROL_REFUSE && refuse(en, &c, e) == -1)
		return -1;
	if (verdict == ENROL_TAKE || verdict == ENROL_AGAIN) {
		en->hooks.changed(en->hooks.arg);
		enrol_answer(en);
	}
	drop(en, file);
	return 0;
}

/* ---- the folder ------------------------------------------------------ */

/* 1: there is more. */
static int
turn(struct enrol *en, struct err *e)
{
	struct dirent *d;
	int fd, seen = 0, result = 0;
	DIR *dir;

	fd = openat(en->fresh, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, "cannot open the folder of requests");
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return err_sys(e, "cannot read the folder of requests");
	}
	while (result == 0 && (d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (seen++ == TURN_MOST)
			result = 1;
		else
			result = handle(en, d->d_name, e);
	}
	closedir(dir);
	return result;
}

static void
on_timer(void *arg)
{
	struct enrol *en = arg;
	struct err e;
	int more;

	if (en->fresh == -1)
		return;
	if (db_in_transaction(en->db)) {
		loop_timer_set(en->timer, AGAIN_MS, NULL);
		return;
	}
	more = turn(en, &e);
	if (more == 1) {
		loop_timer_set(en->timer, AGAIN_MS, NULL);
	} else if (more == -1) {
		log_warn("enrol.postponed", LOG_T("reason", e.text));
		loop_timer_set(en->timer, RETRY_MS, NULL);
	}
}

static void
close_folders(struct enrol *en)
{
	int *const all[] = {&en->fresh, &en->tmp, &en->outgoing};
	size_t i;

	loop_drop(en->watch);
	en->watch = NULL;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (*all[i] != -1)
			close(*all[i]);
		*all[i] = -1;
	}
}

static void
on_hint(void *arg, bool lost)
{
	struct enrol *en = arg;

	if (lost)
		close_folders(en);
	enrol_look(en);
}

/* Watch first, then look: nothing falls between. */
static void
open_folders(struct enrol *en)
{
	if (!folder_is_there(en->root, ENROL_ACCOUNT))
		return;
	en->fresh =
	    fs_open_dir(en->root, "spool/" ENROL_ACCOUNT "/incoming/new", NULL);
	en->tmp =
	    fs_open_dir(en->root, "spool/" ENROL_ACCOUNT "/incoming/tmp", NULL);
	en->outgoing =
	    fs_open_dir(en->root, "spool/" ENROL_ACCOUNT "/outgoing", NULL);
	if (en->fresh != -1 && en->tmp != -1 && en->outgoing != -1)
		en->watch = loop_watch(en->loop, en->fresh, on_hint, en, NULL);
	if (en->watch == NULL) {
		close_folders(en);
		return;
	}
	enrol_answer(en);
}

void
enrol_look(struct enrol *en)
{
	if (en->fresh == -1)
		open_folders(en);
	if (en->fresh != -1)
		loop_timer_set(en->timer, 0, NULL);
	enrol_bound(en);
}

struct enrol *
enrol_open(int root, struct loop *loop, struct db *db,
    const struct enrol_hooks *hooks, struct err *e)
{
	struct enrol *en = mem_alloc(sizeof(*en));

	en->root = root;
	en->fresh = en->tmp = en->outgoing = -1;
	en->loop = loop;
	en->db = db;
	en->hooks = *hooks;
	if ((en->timer = loop_timer(loop, on_timer, en, e)) == NULL) {
		enrol_close(en);
		return NULL;
	}
	enrol_look(en);
	return en;
}

void
enrol_close(struct enrol *en)
{
	if (en == NULL)
		return;
	close_folders(en);
	loop_drop(en->timer);
	free(en);
}

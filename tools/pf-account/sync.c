/*
 * From what the unprivileged master wants to what root's sshd believes.  The
 * master's folder is foreign ground: files are opened as such, parsed, and
 * written anew; names come from our own list, never from there.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "tools/pf-account/accounts.h"
#include "tools/pf-account/keys.h"
#include "tools/pf-account/sessions.h"
#include "tools/pf-account/sync.h"
#include "tools/pf-account/unix.h"

#define SUFFIX    ".keys"
#define RESCAN_MS 60000
#define REOPEN_MS 1000

/* ---- one account ----------------------------------------------------- */

/* 1 read, 0 the master has none. */
static int
read_wanted(int folder, const char *account, struct keys *k, struct err *e)
{
	struct buf text = BUF_INIT, left_out = BUF_INIT;
	char name[NAME_MAX_LEN + sizeof(SUFFIX)];
	uint64_t size;
	int fd, rc;

	keys_init(k);
	snprintf(name, sizeof(name), "%s" SUFFIX, account);
	if (faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if ((fd = fs_open_foreign(folder, name, &size, e)) == -1)
		return -1;
	rc = size > KEYS_BYTES_MAX
	    ? err_set(e, ERR_REFUSED, "'%s' is too long", name)
	    : 0;
	if (rc == 0) {
		buf_grow(&text, (size_t)size);
		text.len = (size_t)size;
		if (fs_read_at(fd, text.data, text.len, 0) != (ssize_t)size)
			rc = err_set(e, ERR_AGAIN, "cannot read '%s'", name);
	}
	if (rc == 0)
		rc = keys_parse(k, buf_text(&text), text.len, &left_out, e);
	if (left_out.len > 0)
		log_warn("account.line_refused", LOG_T("account", account),
		    LOG_T("reason", left_out.data));
	close(fd);
	buf_release(&text);
	buf_release(&left_out);
	return rc == -1 ? err_wrap(e, "'%s'", name) : 1;
}

/* Written before its sessions are ended and again after: a kill between the
 * two leaves "ending" behind, and the next pass ends them. */
static int
put_in_force(const struct site *s, const char *account, struct keys *now,
    bool ending, struct err *e)
{
	struct unix_user u;
	unsigned count;

	now->ending = ending;
	if (keys_save(s->keys, account, now, e) == -1)
		return -1;
	log_info("account.keys_changed", LOG_T("account", account),
	    LOG_T("state", keys_state_name(now->state)),
	    LOG_N("keys", now->count));
	if (!ending)
		return 0;
	if (unix_user_find(account, &u) == 1 && u.uid != 0 &&
	    strcmp(u.comment, ACCOUNT_COMMENT) == 0 &&
	    (count = sessions_end(u.uid)) > 0)
		log_info("account.sessions_ended", LOG_T("account", account),
		    LOG_N("processes", count));
	now->ending = false;
	return keys_save(s->keys, account, now, e);
}

/*
 * Machines that enrol share an account, and each loses its key when it is
 * admitted: the others are not to be thrown out for that.
 */
static bool
must_end(const struct keys *before, const struct keys *now)
{
	if (before->ending)
		return true;
	if (now->kind == KIND_ENROLL)
		return before->count > 0 && now->count == 0;
	return keys_lost(before, now);
}

static int
bring_up_to_date(int folder, const struct site *s, const char *account,
    const struct keys *before, struct err *e)
{
	struct keys now;
	bool other;
	int rc;

	rc = read_wanted(folder, account, &now, e);
	if (rc == -1)
		return -1;
	/* Never the master's, or no more. */
	if (rc == 0 && !before->master && !before->ending)
		return 0;
	/* What was there under this name was removed, with its keys. */
	other = rc == 1 && now.kind != before->kind;
	if (rc == 0 || other) {
		keys_release(&now);
		now.kind = before->kind;
		now.state = KEYS_DISABLED;
	}
	now.master = true;
	rc = 0;
	if (!keys_same(before, &now))
		rc = put_in_force(s, account, &now, must_end(before, &now), e);
	keys_release(&now);
	if (rc == 0 && other)
		rc = err_set(e, ERR_REFUSED,
		    "the master says it is another kind than '%s': it is shut "
		    "(pf-account remove, then add makes it another)",
		    kind_name(before->kind));
	return rc;
}

/* ---- all ------------------------------------------------------------- */

struct pass {
	struct sync *sync;
	int folder; /* ROOT/accounts */
	unsigned failed;
};

static int
sync_one(void *arg, int dirfd, const char *name)
{
	struct pass *p = arg;
	struct keys before;
	struct err e;
	int rc;

	if (!name_ok(name))
		return 0;
	rc = keys_load(dirfd, name, &before, &e);
	if (rc == 0 &&
	    (before.state == KEYS_ACTIVE || before.state == KEYS_DISABLED))
		rc = bring_up_to_date(
		    p->folder, p->sync->site, name, &before, &e);
	if (rc == -1) {
		log_error("account.not_synced", LOG_T("account", name),
		    LOG_T("reason", e.text));
		p->failed++;
	}
	keys_release(&before);
	return 0;
}

/* Somebody forgot `pf-account add`. */
static int
name_stranger(void *arg, int dirfd, const char *file)
{
	char name[NAME_MAX_LEN + 1], line[NAME_MAX_LEN + 3];
	size_t len = strlen(file), tail = strlen(SUFFIX);
	struct pass *p = arg;

	(void)dirfd;
	if (len <= tail || len - tail > NAME_MAX_LEN ||
	    strcmp(file + len - tail, SUFFIX) != 0)
		return 0;
	memcpy(name, file, len - tail);
	name[len - tail] = '\0';
	snprintf(line, sizeof(line), "\n%s\n", name);
	if (!name_ok(name) ||
	    faccessat(p->sync->site->keys, name, F_OK, 0) == 0 ||
	    strstr(buf_text(&p->sync->named), line) != NULL)
		return 0;
	buf_adds(&p->sync->named, line);
	log_warn("account.unknown", LOG_T("account", name),
	    LOG_T("fix", "run `pf-account add` for it"));
	return 0;
}

int
sync_pass(struct sync *s, struct err *e)
{
	struct pass p = {.sync = s};
	int rc;

	p.folder = fs_open_dir(s->site->dir, "accounts", e);
	if (p.folder == -1)
		return -1;
	rc = fs_each(s->site->keys, sync_one, &p, e);
	if (rc == 0)
		rc = fs_each(p.folder, name_stranger, &p, e);
	close(p.folder);
	return rc == -1 ? -1 : (int)p.failed;
}

/* ---- for ever -------------------------------------------------------- */

struct watch {
	struct sync sync;
	struct loop *loop;
	struct loop_source *timer, *watch;
};

static void on_hint(void *arg, bool lost);

static void
look(struct watch *w)
{
	struct err e;

	if (sync_pass(&w->sync, &e) == -1)
		log_error("accounts.unreadable", LOG_T("reason", e.text));
	loop_timer_set(
	    w->timer, w->watch == NULL ? REOPEN_MS : RESCAN_MS, NULL);
}

/* Watch first, then look. */
static void
open_watch(struct watch *w)
{
	struct err e;
	int fd;

	fd = fs_open_dir(w->sync.site->dir, "accounts", &e);
	if (fd != -1)
		w->watch = loop_watch(w->loop, fd, on_hint, w, &e);
	if (w->watch == NULL)
		log_warn("accounts.unwatched", LOG_T("reason", e.text));
	if (fd != -1)
		close(fd);
}

static void
on_hint(void *arg, bool lost)
{
	struct watch *w = arg;

	if (lost) {
		loop_drop(w->watch);
		w->watch = NULL;
		open_watch(w);
	}
	look(w);
}

static void
on_timer(void *arg)
{
	struct watch *w = arg;

	if (w->watch == NULL)
		open_watch(w);
	look(w);
}

static void
on_stop(void *arg)
{
	struct watch *w = arg;

	loop_notify("STOPPING=1");
	loop_quit(w->loop, 0);
}

int
sync_watch(struct site *site, struct err *e)
{
	struct watch w = {.sync = {.site = site}};
	int rc = -1;

	if ((w.loop = loop_new(e)) == NULL)
		return -1;
	if ((w.timer = loop_timer(w.loop, on_timer, &w, e)) != NULL &&
	    loop_signal(w.loop, SIGTERM, on_stop, &w, e) != NULL &&
	    loop_signal(w.loop, SIGINT, on_stop, &w, e) != NULL) {
		open_watch(&w);
		look(&w);
		log_info("accounts.watched", LOG_T("root", site->root));
		loop_notify("READY=1");
		rc = loop_run(w.loop, e);
	}
	loop_drop(w.watch);
	loop_drop(w.timer);
	loop_free(w.loop);
	buf_release(&w.sync.named);
	return rc;
}

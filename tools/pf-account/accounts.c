/*
 * Adding and removing accounts.  ETC/keys/<account> is the journal: it is
 * written first with state=making and last with state=active, so that whoever
 * comes after a kill knows what is ours and not yet whole.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/wire/invitation.h"
#include "tools/pf-account/accounts.h"
#include "tools/pf-account/sessions.h"
#include "tools/pf-account/unix.h"

/* Digits alone would be taken for a uid by chown and its like. */
static int
check_name(const struct site *s, const char *account, struct err *e)
{
	struct name n;

	if (name_parse(&n, "account", account, e) == -1)
		return -1;
	if (strspn(account, "0123456789") == strlen(account))
		return err_set(e, ERR_REFUSED,
		    "account '%s' is a number, which no Unix user's name can "
		    "be",
		    account);
	if (strcmp(account, s->user) == 0)
		return err_set(
		    e, ERR_REFUSED, "'%s' is the master's own user", account);
	return 0;
}

/* 1 ours ("k" is filled), 0 nothing of that name, CONFLICT somebody else's. */
static int
look_up(const struct site *s, const char *account, struct keys *k,
    struct unix_user *u, struct err *e)
{
	int exists = unix_user_find(account, u);
	int ours = faccessat(s->keys, account, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	keys_init(k);
	if (exists == 1 && (!ours || strcmp(u->comment, ACCOUNT_COMMENT) != 0))
		return err_set(e, ERR_CONFLICT,
		    "there is a Unix user '%s' already, which pf-account has "
		    "not made; choose another name for the account",
		    account);
	if (!ours && unix_group_exists(account))
		return err_set(e, ERR_CONFLICT,
		    "there is a Unix group '%s' already, which pf-account has "
		    "not made; choose another name for the account",
		    account);
	if (!ours)
		return 0;
	return keys_load(s->keys, account, k, e) == -1 ? -1 : 1;
}

int
account_check(const struct site *s, const char *account, struct err *e)
{
	struct unix_user u;
	struct keys k;
	int found;

	if (check_name(s, account, e) == -1)
		return -1;
	found = look_up(s, account, &k, &u, e);
	keys_release(&k);
	return found == -1 ? -1 : 0;
}

/* ---- making ---------------------------------------------------------- */

static int
save_state(const struct site *s, const char *account, enum account_kind kind,
    enum keys_state state, struct err *e)
{
	struct keys k = {.kind = kind, .state = state};

	return keys_save(s->keys, account, &k, e);
}

static int
make_user(const struct site *s, const char *account, enum account_kind kind,
    struct err *e)
{
	const struct unix_wish wish = {
	    account, ACCOUNT_COMMENT, "/", kind_shell(kind), kind_group(kind)};
	struct unix_user u;

	if (unix_user_make(&wish, e) == -1)
		return -1;
	if (unix_user_find(account, &u) != 1 || u.uid == 0)
		return err_set(
		    e, ERR_BUG, "user '%s' is not there after all", account);
	/* Readers and CI bring no files. */
	if (kind != KIND_BOT && kind != KIND_ENROLL)
		return 0;
	return site_make_spool(s, account, u.uid, u.gid, e);
}

/* Only what is empty goes: a folder may have been there before. */
static void
undo(const struct site *s, const char *account)
{
	site_drop_spool(s, account);
	if (unix_user_remove(account, NULL) == 0)
		(void)unlinkat(s->keys, account, 0);
}

static int
make(const struct site *s, const char *account, enum account_kind kind,
    const struct keys *keys, struct err *e)
{
	struct keys k = {.kind = kind, .state = KEYS_ACTIVE};

	if (keys != NULL)
		k = *keys;
	k.kind = kind;
	if (save_state(s, account, kind, KEYS_MAKING, e) == 0 &&
	    make_user(s, account, kind, e) == 0 &&
	    keys_save(s->keys, account, &k, e) == 0)
		return 0;
	undo(s, account);
	return -1;
}

int
account_add(const struct site *s, const char *account, enum account_kind kind,
    const struct keys *keys, struct err *e)
{
	enum keys_state state;
	struct unix_user u;
	struct keys k;
	int found;

	if (check_name(s, account, e) == -1)
		return -1;
	if (strcmp(account, ENROL_ACCOUNT) == 0)
		return err_set(e, ERR_REFUSED,
		    "'" ENROL_ACCOUNT "' is the account in which machines "
		    "knock: `pf-account setup` makes it");
	if ((found = look_up(s, account, &k, &u, e)) == -1)
		return -1;
	state = k.state;
	keys_release(&k);
	if (found == 1 && state == KEYS_REMOVING)
		return err_set(e, ERR_CONFLICT,
		    "account '%s' is half removed: run `pf-account remove %s`",
		    account, account);
	if (found == 1 && state != KEYS_MAKING)
		return err_set(
		    e, ERR_CONFLICT, "account '%s' exists already", account);
	return make(s, account, kind, keys, e);
}

int
account_ensure(const struct site *s, const char *account,
    enum account_kind kind, const struct keys *keys, struct err *e)
{
	enum account_kind was;
	struct unix_user u;
	struct keys k;
	int found, rc;

	if (check_name(s, account, e) == -1 ||
	    (found = look_up(s, account, &k, &u, e)) == -1)
		return -1;
	was = k.kind;
	if (found == 0 || k.state == KEYS_MAKING) {
		rc = make(s, account, kind, keys, e);
	} else if (was != kind) {
		rc = err_set(e, ERR_CONFLICT, "account '%s' is of kind %s",
		    account, kind_name(was));
	} else {
		rc = make_user(s, account, kind, e);
		if (rc == 0 && keys != NULL && k.count == 0)
			rc = keys_save(s->keys, account, keys, e);
	}
	keys_release(&k);
	return rc;
}

/* ---- telling the master ---------------------------------------------- */

/* What is there, and what is missing in it; 0 when nothing is. */
static size_t
format_for_master(
    int dir, const char *name, const struct keys *k, struct buf *out)
{
	char text[SSHKEY_TEXT], print[SSHKEY_FINGERPRINT];
	size_t i, count = 0;
	struct keys has;

	keys_init(&has);
	if (fs_read_file(dir, name, out, KEYS_BYTES_MAX, NULL) == -1 ||
	    keys_parse(&has, buf_text(out), out->len, NULL, NULL) == -1) {
		buf_reset(out);
		buf_printf(out, "# kind=%s state=active\n", kind_name(k->kind));
	}
	for (i = 0; i < k->count; i++) {
		if (keys_hold(&has, k->list[i]))
			continue;
		sshkey_text(text, k->list[i]);
		sshkey_fingerprint(print, k->list[i]);
		buf_printf(out, SSHKEY_TYPE " %s %s\n", text, print);
		count++;
	}
	keys_release(&has);
	return count;
}

/* The folder is the master's: nothing that may be there is opened. */
static int
write_for_master(const struct site *s, int dir, const char *name,
    const struct buf *text, struct err *e)
{
	static const char tmp[] = ".from-root";
	int fd, rc = 0;

	(void)unlinkat(dir, tmp, 0);
	fd = openat(dir, tmp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd == -1)
		return err_sys(e, "cannot write '%s'", name);
	if (fs_write_all(fd, text->data, text->len) == -1 ||
	    fchown(fd, s->uid, s->gid) == -1 || fsync(fd) == -1)
		rc = err_sys(e, "cannot write '%s'", name);
	close(fd);
	if (rc == 0 && renameat(dir, tmp, dir, name) == -1)
		rc = err_sys(e, "cannot write '%s'", name);
	(void)unlinkat(dir, tmp, 0);
	return rc;
}

int
account_tell_master(const struct site *s, const char *account,
    const struct keys *k, struct err *e)
{
	char name[NAME_MAX_LEN + 8];
	struct buf text = BUF_INIT;
	int dir, rc = 0;

	if (k->count == 0)
		return 0;
	snprintf(name, sizeof(name), "%s.keys", account);
	if ((dir = fs_open_dir(s->dir, "accounts", e)) == -1)
		return -1;
	if (format_for_master(dir, name, k, &text) > 0)
		rc = write_for_master(s, dir, name, &text, e);
	close(dir);
	buf_release(&text);
	return rc;
}

/* ---- removing -------------------------------------------------------- */

static int
count_one(void *arg, int dirfd, const char *name)
{
	(void)dirfd;
	(void)name;
	(*(unsigned *)arg)++;
	return 0;
}

static unsigned
waiting(const struct site *s, const char *account)
{
	char path[NAME_MAX_LEN + 16];
	unsigned count = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/incoming/new", account);
	if ((fd = fs_open_dir(s->spool, path, NULL)) == -1)
		return 0;
	(void)fs_each(fd, count_one, &count, NULL);
	close(fd);
	return count;
}

/* What a bot has handed over is not thrown away. */
static int
wait_taken(
    const struct site *s, const char *account, uint64_t wait_ms, struct err *e)
{
	static const struct timespec tick = {0, 100 * 1000 * 1000};
	uint64_t until = clock_up_ms() + wait_ms;
	unsigned count;

	while ((count = waiting(s, account)) > 0 && clock_up_ms() < until)
		nanosleep(&tick, NULL);
	if (count == 0)
		return 0;
	return err_set(e, ERR_CONFLICT,
	    "%u files wait in '%s/spool/%s/incoming/new': let the master take "
	    "them in, or say --drop, and run it again (nobody can log in as "
	    "'%s' any more)",
	    count, s->root, account, account);
}

int
account_remove(const struct site *s, const char *account, uint64_t wait_ms,
    bool drop, struct err *e)
{
	struct unix_user u;
	struct keys k;
	int found;

	if (check_name(s, account, e) == -1 ||
	    (found = look_up(s, account, &k, &u, e)) == -1)
		return -1;
	if (found == 0)
		return err_set(
		    e, ERR_NOT_FOUND, "there is no account '%s'", account);
	if (save_state(s, account, k.kind, KEYS_REMOVING, e) == -1) {
		keys_release(&k);
		return -1;
	}
	keys_release(&k);
	if (u.uid != 0)
		sessions_end(u.uid);
	if ((!drop && wait_taken(s, account, wait_ms, e) == -1) ||
	    site_remove_spool(s, account, e) == -1 ||
	    unix_user_remove(account, e) == -1)
		return -1;
	if (unlinkat(s->keys, account, 0) == -1)
		return err_sys(e, "cannot remove the keys of '%s'", account);
	return fs_sync_dir(s->keys, e);
}

/* ---- showing --------------------------------------------------------- */

struct listing {
	const struct site *site;
	char (*names)[NAME_MAX_LEN + 1];
	size_t count;
};

static int
collect(void *arg, int dirfd, const char *name)
{
	struct listing *l = arg;

	(void)dirfd;
	if (!name_ok(name))
		return 0;
	if (l->count % 64 == 0)
		l->names =
		    mem_resize(l->names, l->count + 64, sizeof(*l->names));
	snprintf(l->names[l->count], sizeof(l->names[l->count]), "%.32s", name);
	l->count++;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
show(const struct listing *l, const char *name, bool plain)
{
	unsigned sessions = 0;
	struct unix_user u;
	struct keys k;
	struct err e;

	if (keys_load(l->site->keys, name, &k, &e) == -1) {
		fprintf(stderr, "pf-account: '%s': %s\n", name, e.text);
		return;
	}
	if (unix_user_find(name, &u) == 1 && u.uid != 0)
		sessions = sessions_count(u.uid);
	printf(plain ? "%s\t%s\t%s\t%zu\t%u\t%s\n"
		     : "%-32s %-7s %-9s %5zu %9u  %s\n",
	    name, kind_name(k.kind), keys_state_name(k.state), k.count,
	    sessions, k.projects.len > 0 ? k.projects.data : "-");
	keys_release(&k);
}

int
account_list(const struct site *s, bool plain, struct err *e)
{
	struct listing l = {.site = s};
	size_t i;
	int rc;

	rc = fs_each(s->keys, collect, &l, e);
	if (rc == 0 && !plain)
		printf("%-32s %-7s %-9s %5s %9s  %s\n", "ACCOUNT", "KIND",
		    "STATE", "KEYS", "PROCESSES", "PROJECTS");
	if (l.count > 0)
		qsort(l.names, l.count, sizeof(*l.names), compare);
	for (i = 0; rc == 0 && i < l.count; i++)
		show(&l, l.names[i], plain);
	free(l.names);
	return rc;
}

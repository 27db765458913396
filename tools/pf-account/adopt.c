/*
 * From a pf-local ROOT to the installed form.  In this order, each step fit to
 * be done again:
 *
 *	look		nothing runs, nothing else is in the way
 *	ROOT/adopting	says from where; from here on a kill is completed
 *	users, folders	as `setup`; the accounts with the keys they have
 *	sshd		host key and port of pf-local's, in ETC/sshd
 *	move		data, store and bundles; outgoing/ is a cache, left
 *	no ROOT/adopting any more; FROM/local/adopted says where to
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "tools/pf-account/accounts.h"
#include "tools/pf-account/adopt.h"
#include "tools/pf-account/adopt_internal.h"
#include "tools/pf-account/adopt_move.h"
#include "tools/pf-account/setup.h"
#include "tools/pf-account/sync.h"
#include "tools/pf-account/unix.h"

#define MARK  "adopting"
#define DONE  "local/adopted"
#define DATA  "data/pandafuzz.db"
#define LOCAL "local" /* the account of its own bots */

/* ---- looking --------------------------------------------------------- */

/* "pid (name) S ... started": field 22. */
static uint64_t
started_at(uint64_t pid)
{
	char path[64], text[1024], *p;
	uint64_t value = 0;
	ssize_t n;
	int fd, i;

	snprintf(path, sizeof(path), "/proc/%ju/stat", (uintmax_t)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if ((p = strrchr(text, ')')) == NULL || p[1] == '\0' || p[2] == 'Z')
		return 0;
	for (i = 0; i < 20 && p != NULL; i++)
		p = strchr(p + 1, ' ');
	if (p != NULL)
		value = strtoull(p, NULL, 10);
	return value;
}

/* One of local/pids. */
static int
not_running(void *arg, int dirfd, const char *name)
{
	struct adoption *a = arg;
	struct buf text = BUF_INIT;
	struct json *j = NULL;
	uint64_t pid = 0, started = 0;

	if (fs_read_file(dirfd, name, &text, 4096, NULL) == 0)
		j = json_parse(text.data, text.len, &JSON_FILE, NULL);
	if (j != NULL) {
		pid = json_get_u64(json_root(j), "pid", 0);
		started = json_get_u64(json_root(j), "started", 0);
		json_free(j);
	}
	buf_release(&text);
	if (pid == 0 || started == 0 || started_at(pid) != started)
		return 0;
	return err_set(a->e, ERR_CONFLICT,
	    "'%s' of '%s' runs (pid %ju): run `pf-local down %s` first", name,
	    a->from, (uintmax_t)pid, a->from);
}

static int
check_from(struct adoption *a, const char *from)
{
	struct stat st;
	int pids, rc;

	if (realpath(from, a->from) == NULL)
		return err_sys(a->e, "cannot open '%s'", from);
	if ((a->dir = fs_open_dir(AT_FDCWD, a->from, a->e)) == -1)
		return -1;
	if (strcmp(a->from, a->site->root) == 0)
		return err_set(a->e, ERR_REFUSED,
		    "'%s' cannot be adopted in its own place: move it away "
		    "first",
		    a->from);
	if (faccessat(a->dir, DONE, F_OK, 0) == 0)
		return err_set(a->e, ERR_CONFLICT,
		    "'%s' was adopted already ('" DONE "' says where to)",
		    a->from);
	if (fstatat(a->dir, "local/config.json", &st, AT_SYMLINK_NOFOLLOW) ==
		-1 ||
	    fstatat(a->dir, "local", &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISDIR(st.st_mode))
		return err_set(a->e, ERR_NOT_FOUND,
		    "'%s' is no ROOT of pf-local", a->from);
	a->was = st.st_uid;
	if ((pids = fs_open_dir(a->dir, "local/pids", a->e)) == -1)
		return -1;
	rc = fs_each(pids, not_running, a, a->e);
	close(pids);
	/* Kept to our end: whoever starts it now is told. */
	if (rc == 0 && fs_lock(a->dir, "lock", a->e) == -1)
		rc = a->e->cls == ERR_CONFLICT
		    ? err_set(a->e, ERR_CONFLICT,
			  "the master of '%s' runs: run `pf-local down %s` "
			  "first",
			  a->from, a->from)
		    : -1;
	return rc;
}

/* The mark tells a half adoption from somebody else's data. */
static int
check_to(struct adoption *a)
{
	struct buf text = BUF_INIT;
	struct site *s = a->site;
	int dir, rc = 0;

	if ((dir = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return 0;
	if (fs_read_file(dir, MARK, &text, PATH_MAX + 2, NULL) == 0) {
		a->again = true;
		text.data[strcspn(text.data, "\n")] = '\0';
		if (strcmp(text.data, a->from) != 0)
			rc = err_set(a->e, ERR_CONFLICT,
			    "'%s' is being adopted into '%s': finish that "
			    "first",
			    text.data, s->root);
	} else if (faccessat(dir, DATA, F_OK, 0) == 0) {
		rc = err_set(a->e, ERR_CONFLICT,
		    "'%s' has the data of a master already", s->root);
	}
	buf_release(&text);
	close(dir);
	return rc;
}

/* ---- accounts -------------------------------------------------------- */

/* The master's word, where it has one. */
static enum account_kind
kind_of(const struct adoption *a, const char *name)
{
	char path[NAME_MAX_LEN + 32];
	enum account_kind kind =
	    strcmp(name, ACCOUNT_ENROLL) == 0 ? KIND_ENROLL : KIND_BOT;
	struct buf text = BUF_INIT;
	int dirs[2] = {a->dir, a->site->dir}, i;
	struct keys k;

	snprintf(path, sizeof(path), "accounts/%s.keys", name);
	for (i = 0; i < 2; i++)
		if (dirs[i] > 0 &&
		    fs_read_file(dirs[i], path, &text, KEYS_BYTES_MAX, NULL) ==
			0 &&
		    keys_parse(&k, text.data, text.len, NULL, NULL) == 0) {
			kind = k.kind;
			keys_release(&k);
			break;
		}
	buf_release(&text);
	return kind;
}

/* pf-local's own bots, which the master has no list of. */
static int
take_local_key(void *arg, int dirfd, const char *name)
{
	struct keys *k = arg;
	struct buf text = BUF_INIT;
	const char *dot = strrchr(name, '.');

	if (name[0] == 'b' && dot != NULL && strcmp(dot, ".pub") == 0 &&
	    fs_read_file(dirfd, name, &text, 4096, NULL) == 0 && text.len > 0) {
		text.data[strcspn(text.data, "\n")] = '\0';
		(void)keys_add(k, text.data, NULL);
	}
	buf_release(&text);
	return 0;
}

static void
local_keys(const struct adoption *a, struct keys *k)
{
	int dir = fs_open_dir(a->dir, "local/keys", NULL);

	if (dir == -1)
		return;
	(void)fs_each(dir, take_local_key, k, NULL);
	close(dir);
}

static int
add_one(struct adoption *a, const char *name)
{
	struct keys keys = {.state = KEYS_ACTIVE};
	int rc;

	keys.kind = kind_of(a, name);
	if (strcmp(name, LOCAL) == 0)
		local_keys(a, &keys);
	rc = account_ensure(a->site, name, keys.kind, &keys, a->e);
	/* Once its own list is where it belongs. */
	if (rc == 0 && faccessat(a->dir, "accounts", F_OK, 0) == -1)
		rc = account_tell_master(a->site, name, &keys, a->e);
	keys_release(&keys);
	return rc;
}

/* Bundles that nobody has taken in yet. */
static int
move_incoming(struct adoption *a, const char *name)
{
	char path[NAME_MAX_LEN + 32], from[2 * PATH_MAX], to[2 * PATH_MAX];
	struct move m = {-1, -1, from, to, a->again};
	struct owner o = {.was = a->was, .gid = a->site->gid};
	struct unix_user u;
	int rc = -1;

	snprintf(path, sizeof(path), "%s/incoming", name);
	snprintf(from, sizeof(from), "%s/spool/%s", a->from, path);
	snprintf(to, sizeof(to), "%s/spool/%s", a->site->root, path);
	if (unix_user_find(name, &u) != 1)
		return err_set(a->e, ERR_BUG, "user '%s' is gone", name);
	o.uid = u.uid;
	m.from = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (m.from == -1)
		return errno == ENOENT
		    ? 0
		    : err_sys(a->e, "cannot open '%s'", from);
	m.to = fs_open_dir(AT_FDCWD, to, a->e);
	if (m.to != -1 && move_entry(&m, "new", a->e) == 0 &&
	    move_owner(m.to, "new", &o, a->e) == 0)
		rc = site_make_spool(a->site, name, u.uid, u.gid, a->e);
	if (m.to != -1)
		close(m.to);
	close(m.from);
	return rc;
}

/* "name" of "name.keys"; false when it is none. */
static bool
account_of(const char *file, char name[NAME_MAX_LEN + 1])
{
	size_t len = strlen(file), tail = strlen(".keys");

	if (len <= tail || len - tail > NAME_MAX_LEN ||
	    strcmp(file + len - tail, ".keys") != 0)
		return false;
	memcpy(name, file, len - tail);
	name[len - tail] = '\0';
	return name_ok(name);
}

static int
check_account(void *arg, int dirfd, const char *name)
{
	struct adoption *a = arg;

	(void)dirfd;
	return name_ok(name) ? account_check(a->site, name, a->e) : 0;
}

static int
adopt_account(void *arg, int dirfd, const char *name)
{
	struct adoption *a = arg;

	(void)dirfd;
	if (!name_ok(name))
		return 0;
	if (add_one(a, name) == -1 || move_incoming(a, name) == -1)
		return -1;
	printf("account '%s' is a Unix user now\n", name);
	return 0;
}

static int
check_listed(void *arg, int dirfd, const char *file)
{
	char name[NAME_MAX_LEN + 1];

	return account_of(file, name) ? check_account(arg, dirfd, name) : 0;
}

/* Readers and CI have no folder in the spool. */
static int
adopt_listed(void *arg, int dirfd, const char *file)
{
	char name[NAME_MAX_LEN + 1];
	struct adoption *a = arg;

	(void)dirfd;
	return account_of(file, name) ? add_one(a, name) : 0;
}

/* The lists have moved when an earlier try came that far. */
static int
each_listed(struct adoption *a, fs_entry_fn *fn)
{
	int dirs[2] = {a->dir, a->site->dir}, i, dir, rc = 0;

	for (i = 0; i < 2 && rc == 0; i++) {
		if ((dir = fs_open_dir(dirs[i], "accounts", NULL)) == -1)
			continue;
		rc = fs_each(dir, fn, a, a->e);
		close(dir);
	}
	return rc;
}

static int
each_account(struct adoption *a, fs_entry_fn *fn)
{
	int spool, rc;

	if ((spool = fs_open_dir(a->dir, "spool", a->e)) == -1)
		return a->again && a->e->cls == ERR_NOT_FOUND ? 0 : -1;
	rc = fs_each(spool, fn, a, a->e);
	close(spool);
	return rc;
}

/* ---- the store ------------------------------------------------------- */

static bool
is_shared(const char *name)
{
	return strcmp(name, "corpus") == 0 || strcmp(name, "crashes") == 0 ||
	    strcmp(name, "buckets") == 0;
}

static gid_t
shared_gid(const struct adoption *a)
{
	struct stat st;

	return fstatat(a->site->dir, "corpus", &st, 0) == 0 ? st.st_gid
							    : a->site->gid;
}

static int
move_store(struct adoption *a)
{
	struct move m = {
	    a->dir, a->site->dir, a->from, a->site->root, a->again};
	struct owner o = {.was = a->was, .uid = a->site->uid};
	gid_t shared = shared_gid(a);
	const char *name;
	size_t i;

	for (i = 0; i < site_folder_count; i++) {
		name = site_folders[i].name;
		if (strcmp(name, "spool") == 0 || strcmp(name, "run") == 0)
			continue;
		o.share = is_shared(name);
		o.gid = o.share ? shared : a->site->gid;
		if (move_entry(&m, name, a->e) == -1 ||
		    move_owner(a->site->dir, name, &o, a->e) == -1)
			return -1;
	}
	/* What was missing there, and the modes of the tops. */
	return site_make(a->site, a->e);
}

/* ---- all ------------------------------------------------------------- */

static int
write_mark(const struct adoption *a)
{
	struct buf text = BUF_INIT;
	int rc;

	buf_printf(&text, "%s\n", a->from);
	rc = fs_replace(
	    a->site->dir, MARK, text.data, text.len, 0600, true, a->e);
	buf_release(&text);
	return rc;
}

static int
finish(struct adoption *a)
{
	struct keys own = {.kind = KIND_BOT, .state = KEYS_ACTIVE};
	struct sync sync = {.site = a->site};
	struct buf text = BUF_INIT;
	int rc;

	local_keys(a, &own);
	rc = account_tell_master(a->site, LOCAL, &own, a->e);
	keys_release(&own);
	if (rc == 0)
		rc = sync_pass(&sync, a->e);
	buf_release(&sync.named);
	if (rc == -1)
		return -1;
	buf_printf(&text, "Adopted into %s.\n", a->site->root);
	rc = fs_replace(a->dir, DONE, text.data, text.len, 0644, true, a->e);
	buf_release(&text);
	if (rc == 0 && unlinkat(a->site->dir, MARK, 0) == -1 && errno != ENOENT)
		rc = err_sys(a->e, "cannot remove '" MARK "'");
	return rc;
}

static void
tell(const struct adoption *a)
{
	printf("'%s' is the master's now.  Start in this order:\n"
	       "  the master      systemctl enable --now pandafuzz-masterd\n"
	       "  its keys        systemctl enable --now pandafuzz-accounts\n"
	       "  its sshd        systemctl enable --now pandafuzz-sshd\n"
	       "                  (/usr/sbin/sshd -D -f %s/sshd/sshd_config)\n"
	       "Machines go on by themselves; those of pf-local itself do, "
	       "too, when they are\nstarted with the roots in %s/local/bots.\n",
	    a->site->root, a->site->etc, a->from);
}

int
adopt(struct site *s, const struct sshd *d, const char *from, struct err *e)
{
	struct adoption a = {.site = s, .sshd = d, .dir = -1, .e = e};

	if (check_from(&a, from) == -1 || check_to(&a) == -1)
		return -1;
	/* ETC/keys tells which users are ours. */
	if (setup_users(s, e) == -1 || site_make(s, e) == -1)
		return -1;
	if (each_account(&a, check_account) == -1 ||
	    each_listed(&a, check_listed) == -1 || write_mark(&a) == -1)
		return -1;
	if (account_ensure(s, ACCOUNT_ENROLL, KIND_ENROLL, NULL, e) == -1 ||
	    each_account(&a, adopt_account) == -1 ||
	    each_listed(&a, adopt_listed) == -1 || adopt_take_sshd(&a) == -1 ||
	    adopt_take_settings(&a) == -1 || move_store(&a) == -1 ||
	    finish(&a) == -1)
		return -1;
	tell(&a);
	return 0;
}

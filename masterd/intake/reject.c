/*
 * What did not pass: copies with reasons, for people and for a second try.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/intake/reject.h"

#define CAP_BYTES (1ull << 30) /* per account and kind of folder */
#define CAP_FILES 20000

/* What an account's folder takes up; counted once, then kept up. */
struct usage {
	bool held;
	char account[NAME_MAX_LEN + 1];
	uint64_t bytes, files;
	struct usage *next;
};

struct reject {
	int rejected, held;
	struct usage *usages;
};

struct reject *
reject_open(int root, struct err *e)
{
	struct reject *r = mem_alloc(sizeof(*r));

	r->held = -1;
	r->rejected = fs_make_dir_open(root, "rejected", 0750, e);
	if (r->rejected != -1)
		r->held = fs_make_dir_open(root, "held", 0750, e);
	if (r->held == -1) {
		reject_close(r);
		return NULL;
	}
	return r;
}

static void
forget_usages(struct reject *r)
{
	struct usage *u;

	while ((u = r->usages) != NULL) {
		r->usages = u->next;
		free(u);
	}
}

void
reject_close(struct reject *r)
{
	if (r == NULL)
		return;
	forget_usages(r);
	if (r->rejected != -1)
		close(r->rejected);
	if (r->held != -1)
		close(r->held);
	free(r);
}

static int
base(const struct reject *r, enum reject_kind kind)
{
	return kind == REJECT_HELD ? r->held : r->rejected;
}

static struct usage *
usage_of(struct reject *r, enum reject_kind kind, const char *account)
{
	bool held = kind == REJECT_HELD;
	struct usage *u;

	for (u = r->usages; u != NULL; u = u->next)
		if (u->held == held && strcmp(u->account, account) == 0)
			return u;
	u = mem_alloc(sizeof(*u));
	u->held = held;
	text_copy(u->account, sizeof(u->account), account);
	fs_usage(base(r, kind), account, &u->bytes, &u->files);
	u->next = r->usages;
	r->usages = u;
	return u;
}

/* Does "name" hold what is in "fd"? */
static bool
same_bytes(int dir, const char *name, int fd, uint64_t size)
{
	struct digest a, b;
	uint64_t other;
	int old = fs_open_foreign(dir, name, &other, NULL);
	bool same;

	if (old == -1)
		return false;
	same = other == size && fs_hash(old, &a, NULL, NULL) == 0 &&
	    fs_hash(fd, &b, NULL, NULL) == 0 && digest_equal(&a, &b);
	close(old);
	return same;
}

/*
 * name, name.1 ... or name.damaged-1, name.damaged-2 ...: the first that is
 * free (false), or that has these bytes already (true).
 */
static bool
choose(int dir, enum reject_kind kind, const char *name, int fd, uint64_t size,
    struct reject_name *as)
{
	int n;

	snprintf(as->text, sizeof(as->text), "%.100s", name);
	for (n = 1; n < 1000; n++) {
		if (kind == REJECT_DAMAGED)
			snprintf(as->text, sizeof(as->text),
			    "%.100s.damaged-%d", name, n);
		if (faccessat(dir, as->text, F_OK, AT_SYMLINK_NOFOLLOW) == -1)
			return false;
		if (same_bytes(dir, as->text, fd, size))
			return true;
		if (kind != REJECT_DAMAGED)
			snprintf(
			    as->text, sizeof(as->text), "%.100s.%d", name, n);
	}
	return false;
}

/* Whole under its name, or not there: a kill leaves a hidden file, which the
 * next copy of that name replaces. */
static int
put_copy(int dir, const char *name, int fd, struct err *e)
{
	char hidden[160];

	snprintf(hidden, sizeof(hidden), ".%s.copy", name);
	unlinkat(dir, hidden, 0);
	if (fs_copy(fd, dir, hidden, 0640, NULL, NULL, e) == -1)
		return -1;
	if (renameat(dir, hidden, dir, name) == -1)
		return err_sys(e, "cannot keep '%s'", name);
	return 0;
}

static int
put_reason(int dir, const char *name, const char *reason, struct err *e)
{
	char file[160];
	struct buf text = BUF_INIT;
	int result;

	snprintf(file, sizeof(file), "%s.reason", name);
	text_clean(&text, reason, strlen(reason), 2048);
	buf_addc(&text, '\n');
	result = fs_replace(dir, file, text.data, text.len, 0640, false, e);
	buf_release(&text);
	return result;
}

/* Its bytes, unless the account has used up its part. */
static int
keep_bytes(struct usage *u, enum reject_kind kind, int dir, const char *name,
    int fd, uint64_t size, bool *kept, struct err *e)
{
	/* What is held was acknowledged: kept whatever it takes. */
	*kept = kind == REJECT_HELD || u->bytes + size <= CAP_BYTES;
	if (!*kept)
		return 0;
	if (put_copy(dir, name, fd, e) == -1)
		return -1;
	u->bytes += size;
	u->files++;
	return 0;
}

int
reject_copy(struct reject *r, enum reject_kind kind, const char *account,
    const char *name, int fd, const char *reason, struct reject_name *as,
    struct err *e)
{
	struct usage *u = usage_of(r, kind, account);
	bool there, kept = true;
	char why[700];
	struct stat st;
	int dir, result = 0;

	as->text[0] = '\0';
	if (kind != REJECT_HELD && u->files + 2 > CAP_FILES)
		return 0; /* the row has the reason */
	if (fstat(fd, &st) == -1)
		return err_sys(e, "cannot look at '%s'", name);
	if ((dir = fs_make_dir_open(base(r, kind), account, 0750, e)) == -1)
		return -1;
	there = choose(dir, kind, name, fd, (uint64_t)st.st_size, as);
	if (!there)
		result = keep_bytes(
		    u, kind, dir, as->text, fd, (uint64_t)st.st_size, &kept, e);
	if (kept)
		text_copy(why, sizeof(why), reason);
	else
		snprintf(why, sizeof(why),
		    "%.560s\n(its bytes were not kept: the account has used "
		    "up its part of rejected/)",
		    reason);
	if (result == 0 && (result = put_reason(dir, as->text, why, e)) == 0)
		u->files += there ? 0 : 1;
	close(dir);
	return result;
}

/* A name of ours for a name that may hold anything. */
static void
safe_name(const char *name, char *out, size_t size)
{
	struct digest d;

	digest_of(&d, name, strlen(name));
	snprintf(out, size, "odd-%.16s", digest_hex(&d).text);
}

static void
remove_odd(struct reject *r, const char *account, int dir, int to,
    const char *name, const char *safe)
{
	struct stat st;

	(void)r;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (!S_ISDIR(st.st_mode)) {
		if (unlinkat(dir, name, 0) == -1 && errno != ENOENT)
			log_error("incoming.odd_stays",
			    LOG_T("account", account), LOG_T("name", name),
			    LOG_T("reason", strerror(errno)));
		return;
	}
	if (renameat(dir, name, to, safe) == -1)
		log_error("incoming.odd_stays", LOG_T("account", account),
		    LOG_T("name", name), LOG_T("reason", strerror(errno)));
}

void
reject_odd(struct reject *r, const char *account, int dir, const char *name,
    const char *why)
{
	struct usage *u = usage_of(r, REJECT_REFUSED, account);
	struct buf text = BUF_INIT;
	char safe[64];
	struct err e;
	int to;

	if ((to = fs_make_dir_open(r->rejected, account, 0750, &e)) == -1) {
		log_error("reject.failed", LOG_T("reason", e.text));
		return;
	}
	safe_name(name, safe, sizeof(safe));
	buf_adds(&text, "'");
	text_clean_line(&text, name, strlen(name), 300);
	buf_printf(&text, "' of account %s: %s", account, why);
	if (u->files < CAP_FILES && put_reason(to, safe, text.data, &e) == -1)
		log_error("reject.failed", LOG_T("reason", e.text));
	else
		remove_odd(r, account, dir, to, name, safe);
	u->files++;
	log_warn("incoming.odd", LOG_T("account", account), LOG_T("name", name),
	    LOG_T("reason", why));
	buf_release(&text);
	close(to);
}

int
reject_reopen(struct reject *r, enum reject_kind kind, const char *account,
    const char *name, struct err *e)
{
	int dir, fd;

	if (!name_ok(account) || strchr(name, '/') != NULL || name[0] == '.' ||
	    strlen(name) > 120)
		return err_set(e, ERR_REFUSED,
		    "'%.80s' is not the name of a "
		    "rejected bundle",
		    name);
	if ((dir = fs_open_dir(base(r, kind), account, e)) == -1)
		return -1;
	fd = fs_open_foreign(dir, name, NULL, e);
	close(dir);
	return fd;
}

void
reject_drop(struct reject *r, enum reject_kind kind, const char *account,
    const char *name)
{
	char reason[160];
	int dir = fs_open_dir(base(r, kind), account, NULL);

	if (dir == -1)
		return;
	snprintf(reason, sizeof(reason), "%s.reason", name);
	unlinkat(dir, reason, 0);
	unlinkat(dir, name, 0);
	close(dir);
	forget_usages(r);
}

static int
sweep_file(void *arg, int dirfd, const char *name)
{
	uint64_t before = *(uint64_t *)arg;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (uint64_t)st.st_mtim.tv_sec * 1000 < before)
		fs_remove_tree(dirfd, name, NULL);
	return 0;
}

static int
sweep_account(void *arg, int dirfd, const char *name)
{
	int dir = fs_open_dir(dirfd, name, NULL);

	if (dir == -1)
		return 0;
	fs_each(dir, sweep_file, arg, NULL);
	close(dir);
	return 0;
}

void
reject_sweep(struct reject *r, uint64_t before_ms)
{
	forget_usages(r);
	fs_each(r->rejected, sweep_account, &before_ms, NULL);
}

struct held_walk {
	void (*fn)(void *arg, const char *account, const char *name);
	void *arg;
	const char *account;
};

static int
held_file(void *arg, int dirfd, const char *name)
{
	struct held_walk *w = arg;
	size_t len = strlen(name);

	(void)dirfd;
	if (name[0] != '.' &&
	    !(len > 7 && strcmp(name + len - 7, ".reason") == 0))
		w->fn(w->arg, w->account, name);
	return 0;
}

static int
held_account(void *arg, int dirfd, const char *name)
{
	struct held_walk *w = arg;
	int dir = name_ok(name) ? fs_open_dir(dirfd, name, NULL) : -1;

	if (dir == -1)
		return 0;
	w->account = name;
	fs_each(dir, held_file, w, NULL);
	close(dir);
	return 0;
}

void
reject_each_held(struct reject *r,
    void (*fn)(void *arg, const char *account, const char *name), void *arg)
{
	struct held_walk w = {fn, arg, NULL};

	fs_each(r->held, held_account, &w, NULL);
}

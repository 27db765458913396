/*
 * What lies below a ROOT.  Everything here may be done again on a ROOT that
 * exists: folders that are there are left as they are, and config.json is
 * replaced by rename.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "tools/pf-local/layout.h"

/* Paths end up in sshd_config, in authorized_keys and in a shell's command
 * line: these characters would need quoting that one of them does not have. */
static int
check_characters(const char *root, struct err *e)
{
	const char *p;

	for (p = root; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f ||
		    strchr("\"'\\%", *p) != NULL)
			return err_set(e, ERR_REFUSED,
			    "'%s' holds a quote, backslash, per cent sign or "
			    "control character, which sshd's files cannot",
			    root);
	return 0;
}

static int
check_owned(int at, const char *name, const char *shown, struct err *e)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "cannot look at '%s'", shown);
	if (st.st_uid != geteuid())
		return err_set(
		    e, ERR_REFUSED, "'%s' belongs to somebody else", shown);
	if ((st.st_mode & 022) != 0)
		return err_set(e, ERR_REFUSED,
		    "'%s' can be written by others (mode %03o); chmod go-w it",
		    shown, (unsigned)(st.st_mode & 0777));
	return 0;
}

/* A folder above ROOT in which others may rename would let them swap it; the
 * sticky bit (/tmp) forbids that. */
static int
check_above(const char *root, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;
	char *slash;
	bool open;

	text_copy(path, sizeof(path), root);
	while ((slash = strrchr(path, '/')) != NULL) {
		slash[slash == path ? 1 : 0] = '\0';
		if (stat(path, &st) == -1)
			return err_sys(e, "cannot look at '%s'", path);
		open = (st.st_mode & S_IWOTH) != 0 ||
		    ((st.st_mode & S_IWGRP) != 0 && st.st_gid != getegid());
		if (open && (st.st_mode & S_ISVTX) == 0)
			return err_set(e, ERR_REFUSED,
			    "'%s' above ROOT can be written by others", path);
		if (slash == path)
			break;
	}
	return 0;
}

static int
check_private(const struct local *l, struct err *e)
{
	static const char *const names[] = {
	    "local", "local/keys", "local/pids"};
	size_t i;

	if (check_above(l->root, e) == -1 ||
	    check_owned(l->dir, ".", l->root, e) == -1)
		return -1;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (check_owned(l->dir, names[i], names[i], e) == -1)
			return -1;
	return 0;
}

/* Programs are looked for beside our own. */
static int
find_programs(struct local *l, struct err *e)
{
	char self[PATH_MAX];
	ssize_t n;

	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n == -1)
		return err_sys(e, "cannot read '/proc/self/exe'");
	self[n] = '\0';
	text_copy(l->programs, sizeof(l->programs), dirname(self));
	return 0;
}

static int
find_user(struct local *l, struct err *e)
{
	struct passwd *pw;

	errno = 0;
	pw = getpwuid(geteuid());
	if (pw == NULL)
		return err_set(e, ERR_REFUSED,
		    "user %u has no name in the passwd file, and sshd lets "
		    "nobody in without one",
		    (unsigned)geteuid());
	if (!text_copy(l->user, sizeof(l->user), pw->pw_name))
		return err_set(
		    e, ERR_REFUSED, "user name '%s' is too long", pw->pw_name);
	return 0;
}

static int
make_folders(struct local *l, struct err *e)
{
	static const char *const names[] = {
	    "local", "local/keys", "local/pids", "local/logs", "local/bots"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fs_make_dirs(l->dir, names[i], 0700, e) == -1)
			return -1;
	return 0;
}

int
layout_open(struct local *l, const char *root, bool make, struct err *e)
{
	memset(l, 0, sizeof(*l));
	if (make && fs_make_dirs(AT_FDCWD, root, 0750, e) == -1)
		return -1;
	if (realpath(root, l->root) == NULL)
		return err_sys(e, "cannot open '%s'", root);
	if (check_characters(l->root, e) == -1)
		return -1;
	l->dir = fs_open_dir(AT_FDCWD, l->root, e);
	if (l->dir == -1)
		return -1;
	if (make && make_folders(l, e) == -1)
		return -1;
	if (faccessat(l->dir, "local/pids", F_OK, 0) == -1)
		return err_set(e, ERR_NOT_FOUND,
		    "'%s' is no ROOT: `pf-local up` has not made it", root);
	if (check_private(l, e) == -1 || find_programs(l, e) == -1 ||
	    find_user(l, e) == -1)
		return -1;
	l->own = fs_open_dir(l->dir, "local", e);
	return l->own == -1 ? -1 : 0;
}

int
layout_lock(struct local *l, struct err *e)
{
	static const struct timespec tick = {0, 100 * 1000 * 1000};
	uint64_t until = clock_up_ms() + 60 * 1000;

	while (fs_lock(l->own, "lock", e) == -1) {
		if (e->cls != ERR_CONFLICT)
			return -1;
		if (clock_up_ms() > until)
			return err_set(e, ERR_CONFLICT,
			    "another pf-local works on '%s'", l->root);
		nanosleep(&tick, NULL);
	}
	return 0;
}

/* ---- config.json ---- */

int
layout_load(struct local *l, struct err *e)
{
	const struct json_value *root;
	struct buf text = BUF_INIT;
	struct json *j;

	l->config = (struct local_config){.bots = 1, .sftp = true};
	if (faccessat(l->own, "config.json", F_OK, 0) == -1)
		return 0;
	if (fs_read_file(l->own, "config.json", &text, 4096, e) == -1)
		return -1;
	j = json_parse(text.data, text.len, &JSON_FILE, e);
	buf_release(&text);
	if (j == NULL)
		return err_wrap(e, "'%s/local/config.json'", l->root);
	root = json_root(j);
	l->config.bots = (unsigned)json_get_u64(root, "bots", 1);
	l->config.slots = (unsigned)json_get_u64(root, "slots", 0);
	l->config.port = (unsigned)json_get_u64(root, "port", 0);
	l->config.sftp =
	    strcmp(json_get_string(root, "link", "sftp"), "dir") != 0;
	text_copy(l->config.listen, sizeof(l->config.listen),
	    json_get_string(root, "listen", ""));
	json_free(j);
	if (l->config.bots > LOCAL_BOTS_MAX || l->config.port > 65535)
		return err_set(e, ERR_REFUSED,
		    "'%s/local/config.json' has a number out of range",
		    l->root);
	return 0;
}

int
layout_write(
    const struct local *l, const char *name, struct buf *text, struct err *e)
{
	int r;

	r = fs_replace(l->own, name, text->data, text->len, 0600, true, e);
	buf_release(text);
	return r;
}

int
layout_save(const struct local *l, struct err *e)
{
	struct buf text = BUF_INIT;

	json_open(&text, NULL, '{');
	json_put_u64(&text, "bots", l->config.bots);
	json_put_u64(&text, "slots", l->config.slots);
	json_put_string(&text, "link", l->config.sftp ? "sftp" : "dir");
	json_put_u64(&text, "port", l->config.port);
	if (l->config.listen[0] != '\0')
		json_put_string(&text, "listen", l->config.listen);
	json_close(&text, '}');
	buf_addc(&text, '\n');
	return layout_write(l, "config.json", &text, e);
}

/* ---- folders of the account and of the bots ---- */

/*
 * incoming/ itself is not writable, not even for its owner: an account may
 * put files into tmp and new, but never rename or replace those two.
 */
static int
make_incoming(struct local *l, struct err *e)
{
	const char *incoming = "spool/" LOCAL_ACCOUNT "/incoming";
	struct stat st;

	if (faccessat(
		l->dir, "spool/" LOCAL_ACCOUNT "/incoming/tmp", F_OK, 0) == 0 &&
	    faccessat(
		l->dir, "spool/" LOCAL_ACCOUNT "/incoming/new", F_OK, 0) == 0 &&
	    fstatat(l->dir, incoming, &st, 0) == 0 &&
	    (st.st_mode & 0777) == 0555)
		return 0;
	if (fs_make_dirs(l->dir, incoming, 0755, e) == -1)
		return -1;
	if (fchmodat(l->dir, incoming, 0755, 0) == -1)
		return err_sys(e, "cannot chmod '%s'", incoming);
	if (fs_make_dirs(l->dir, "spool/" LOCAL_ACCOUNT "/incoming/tmp", 0750,
		e) == -1 ||
	    fs_make_dirs(
		l->dir, "spool/" LOCAL_ACCOUNT "/incoming/new", 0750, e) == -1)
		return -1;
	if (fchmodat(l->dir, incoming, 0555, 0) == -1)
		return err_sys(e, "cannot chmod '%s'", incoming);
	return 0;
}

int
layout_make_account(struct local *l, struct err *e)
{
	char name[32];
	unsigned i;

	if (make_incoming(l, e) == -1 ||
	    fs_make_dirs(l->dir, "spool/" LOCAL_ACCOUNT "/outgoing", 0750, e) ==
		-1)
		return -1;
	for (i = 1; i <= l->config.bots; i++) {
		snprintf(name, sizeof(name), "bots/b%u", i);
		if (fs_make_dirs(l->own, name, 0700, e) == -1)
			return -1;
	}
	return 0;
}

static int
make_settings(
    const struct local *l, const char *name, const char *example, struct err *e)
{
	struct buf text = BUF_INIT;

	if (faccessat(l->own, name, F_OK, 0) == 0)
		return 0;
	buf_printf(&text,
	    "# Further settings, read at start, such as\n"
	    "#   %s\n",
	    example);
	return layout_write(l, name, &text, e);
}

/* So that the files of the machine's own master and bot in /etc are nothing to
 * ours. */
int
layout_make_settings(const struct local *l, struct err *e)
{
	if (make_settings(l, "masterd.yaml", "heartbeat: 10s", e) == -1)
		return -1;
	return make_settings(l, "botd.yaml", "sandbox: none", e);
}

/* In YAML's double quotes: check_characters() keeps out what they would need
 * a backslash for, and "${" is what config.h replaces. */
static void
put_setting(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "  %s: \"", key);
	for (; *value != '\0'; value++) {
		if (strncmp(value, "${", 2) == 0)
			buf_addc(out, '$');
		buf_addc(out, *value);
	}
	buf_adds(out, "\"\n");
}

static void
put_path(
    struct buf *out, const char *key, const struct local *l, const char *below)
{
	char *path = layout_path(l, below);

	put_setting(out, key, path);
	free(path);
}

static void
put_accounts(struct buf *out, const struct local *l, const char *url)
{
	struct buf command = BUF_INIT;
	char *program = layout_program(l, "pf-local");

	buf_printf(&command, "exec '%s' serve '%s'", program, l->root);
	buf_adds(out, "# Written by pf-local at each `up`.\naccounts:\n");
	put_setting(out, "url", url);
	put_setting(out, "user", l->user);
	if (l->config.sftp) {
		put_path(out, "host_key", l, "keys/host_ed25519.pub");
		put_path(out, "authorized_keys", l, "authorized_keys");
		put_setting(out, "command", command.data);
	}
	/* Those in /etc are for what the machine's own master finds. */
	buf_adds(out, "hooks:\n");
	put_path(out, "folder", l, "hooks.d");
	free(program);
	buf_release(&command);
}

int
layout_put_accounts(const struct local *l, const char *url, struct err *e)
{
	struct buf text = BUF_INIT, was = BUF_INIT;
	bool same;
	int dir, r = 0;

	if (check_characters(l->programs, e) == -1)
		return -1;
	dir = fs_make_dir_open(l->own, "masterd.d", 0700, e);
	if (dir == -1)
		return -1;
	put_accounts(&text, l, url);
	same = fs_read_file(dir, "50-pf-local.yaml", &was, 65536, NULL) == 0 &&
	    strcmp(buf_text(&was), text.data) == 0;
	if (!same)
		r = fs_replace(dir, "50-pf-local.yaml", text.data, text.len,
		    0600, true, e);
	close(dir);
	buf_release(&text);
	buf_release(&was);
	return r == -1 ? -1 : !same;
}

char *
layout_path(const struct local *l, const char *name)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/local/%s", l->root, name);
	return buf_detach(&path);
}

char *
layout_program(const struct local *l, const char *name)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/%s", l->programs, name);
	if (access(path.data, X_OK) == 0)
		return buf_detach(&path);
	/* Installed, daemons lie beside us. */
	buf_reset(&path);
	buf_printf(&path, "%s/../sbin/%s", l->programs, name);
	if (access(path.data, X_OK) == 0)
		return buf_detach(&path);
	buf_release(&path);
	return mem_strdup(name);
}

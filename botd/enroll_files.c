/*
 * Files of a machine that enrols.  The rename of the key is the commit: before
 * it the same line goes on where it was, after it the machine is enrolled.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "botd/enroll_files.h"

#define USUAL     "/etc/pandafuzz"
#define HOSTS_MAX (1 << 20)

/* ---- before ---------------------------------------------------------- */

/* These stand in a setting between double quotes. */
static int
check_path(const char *what, const char *path, struct err *e)
{
	const char *p;

	if (path[0] != '/')
		return err_set(e, ERR_REFUSED,
		    "%s '%s' is not an absolute path", what, path);
	for (p = path; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || strchr("\"\\$", *p) != NULL)
			return err_set(e, ERR_REFUSED,
			    "%s '%s' holds a character that settings cannot",
			    what, path);
	return 0;
}

static char *
join(const char *folder, const char *name)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s/%s", folder, name);
	return buf_detach(&b);
}

int
enroll_files_check(struct enroll_files *f, struct err *e)
{
	char above[PATH_MAX];

	f->beside = f->dir = -1;
	f->plain = strcmp(f->folder, USUAL) == 0;
	f->key_path =
	    f->key != NULL ? mem_strdup(f->key) : join(f->folder, "bot.key");
	if (check_path("folder", f->folder, e) == -1 ||
	    check_path("key", f->key_path, e) == -1 ||
	    (f->root != NULL && check_path("root", f->root, e) == -1))
		return -1;
	if (strlen(f->key_path) >= sizeof(above) - 64)
		return err_set(e, ERR_REFUSED,
		    "the path of the key is too "
		    "long");
	if (faccessat(AT_FDCWD, f->key_path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, ERR_CONFLICT,
		    "there is a key in '%s': this machine is enrolled "
		    "(pandafuzz-botd doctor says how it stands); to enrol it "
		    "anew move that file away, or say --key and --config-dir",
		    f->key_path);
	snprintf(above, sizeof(above), "%s", f->key_path);
	f->beside = fs_make_dir_open(AT_FDCWD, dirname(above), 0755, e);
	if (f->beside == -1 || fs_make_dirs(AT_FDCWD, f->folder, 0755, e) == -1)
		return -1;
	if (faccessat(f->beside, ".", W_OK, AT_EACCESS) == -1 ||
	    faccessat(AT_FDCWD, f->folder, W_OK, AT_EACCESS) == -1)
		return err_sys(e,
		    "cannot write in '%s' (as root, or say "
		    "--config-dir)",
		    f->folder);
	return 0;
}

int
enroll_files_host(struct enroll_files *f, const char *at,
    const uint8_t pub[SSHKEY_BYTES], struct err *e)
{
	char key[SSHKEY_TEXT];
	struct buf line = BUF_INIT;

	(void)e;
	sshkey_text(key, pub);
	buf_printf(&line, "%s " SSHKEY_TYPE " %s", at, key);
	f->hosts = buf_detach(&line);
	return 0;
}

/* ---- meanwhile ------------------------------------------------------- */

/* Both halves of an earlier try; one alone was never sent. */
static bool
take_earlier(struct enroll_files *f)
{
	struct buf text = BUF_INIT;
	bool good;

	good = faccessat(f->dir, "key", R_OK, 0) == 0 &&
	    fs_read_file(f->dir, "key.pub", &text, 4096, NULL) == 0 &&
	    text.len > 0;
	if (good) {
		text.data[strcspn(text.data, "\n")] = '\0';
		good = sshkey_parse(f->pub, text.data, NULL) == 0;
	}
	buf_release(&text);
	return good;
}

static int
make_own(struct enroll_files *f, struct err *e)
{
	char key[SSHKEY_TEXT], comment[128], host[65] = "";
	struct buf line = BUF_INIT;
	struct sshkey own;
	int rc;

	gethostname(host, sizeof(host) - 1);
	snprintf(comment, sizeof(comment), "pandafuzz@%.60s", host);
	comment[strcspn(comment, " \t\n")] = '\0';
	(void)unlinkat(f->dir, "key", 0);
	rc = sshkey_new(&own, e);
	if (rc == 0)
		rc = sshkey_write(f->dir, "key", &own, comment, e);
	memcpy(f->pub, own.pub, sizeof(f->pub));
	explicit_bzero(&own, sizeof(own));
	if (rc == -1)
		return -1;
	sshkey_text(key, f->pub);
	buf_printf(&line, SSHKEY_TYPE " %s %s\n", key, comment);
	rc = fs_replace(f->dir, "key.pub", line.data, line.len, 0644, true, e);
	buf_release(&line);
	return rc;
}

int
enroll_files_key(
    struct enroll_files *f, const struct sshkey *once, struct err *e)
{
	char name[32], above[PATH_MAX];
	struct buf line = BUF_INIT;
	int rc;

	snprintf(name, sizeof(name), ".enrol-%.16s", f->invite);
	snprintf(above, sizeof(above), "%s", f->key_path);
	f->pending = join(dirname(above), name);
	if (mkdirat(f->beside, name, 0700) == -1 && errno != EEXIST)
		return err_sys(e, "cannot make '%s'", f->pending);
	if ((f->dir = fs_open_dir(f->beside, name, e)) == -1)
		return -1;
	if (!take_earlier(f) && make_own(f, e) == -1)
		return -1;
	(void)unlinkat(f->dir, "once", 0);
	buf_printf(&line, "%s\n", f->hosts);
	rc = sshkey_write(f->dir, "once", once, "invitation", e);
	if (rc == 0)
		rc = fs_replace(
		    f->dir, "known_hosts", line.data, line.len, 0644, false, e);
	buf_release(&line);
	return rc;
}

/* ---- after ----------------------------------------------------------- */

/* Lines of other hosts stay. */
static int
pin_host(const struct enroll_files *f, int folder, struct err *e)
{
	struct buf text = BUF_INIT, line = BUF_INIT;
	int rc = 0;

	if (faccessat(folder, "known_hosts", F_OK, 0) == 0)
		rc = fs_read_file(folder, "known_hosts", &text, HOSTS_MAX, e);
	buf_printf(&line, "%s\n", f->hosts);
	if (rc == 0 && strstr(buf_text(&text), line.data) == NULL) {
		if (text.len > 0 && text.data[text.len - 1] != '\n')
			buf_addc(&text, '\n');
		buf_adds(&text, line.data);
		rc = fs_replace(
		    folder, "known_hosts", text.data, text.len, 0644, true, e);
	}
	buf_release(&text);
	buf_release(&line);
	return rc;
}

static int
write_settings(const struct enroll_files *f, int folder,
    const struct enroll_words *w, struct err *e)
{
	static const char head[] = "# Settings of this machine's bot; see "
				   "botd.yaml(5).\n";
	struct buf text = BUF_INIT;
	int rc;

	buf_adds(&text, "# Written by pandafuzz-botd enroll.\n");
	buf_printf(
	    &text, "link: \"%s\"\naccount: \"%s\"\n", w->link, w->account);
	buf_printf(&text, "key: \"%s\"\nknown_hosts: \"%s/known_hosts\"\n",
	    f->key_path, f->folder);
	if (w->name != NULL)
		buf_printf(&text, "name: \"%s\"\n", w->name);
	if (f->root != NULL)
		buf_printf(&text, "root: \"%s\"\n", f->root);
	rc = fs_make_dirs(folder, "botd.d", 0755, e);
	if (rc == 0)
		rc = fs_replace(folder, "botd.d/enrolled.yaml", text.data,
		    text.len, 0644, true, e);
	if (rc == 0 && !f->plain &&
	    faccessat(folder, "botd.yaml", F_OK, 0) == -1)
		rc = fs_replace(
		    folder, "botd.yaml", head, strlen(head), 0644, true, e);
	buf_release(&text);
	return rc;
}

static int
place_key(struct enroll_files *f, struct err *e)
{
	char copy[PATH_MAX], pub[PATH_MAX + 8];
	const char *name;

	snprintf(copy, sizeof(copy), "%s", f->key_path);
	name = basename(copy);
	snprintf(pub, sizeof(pub), "%s.pub", name);
	if (renameat(f->dir, "key.pub", f->beside, pub) == -1)
		return err_sys(e, "cannot place '%s.pub'", f->key_path);
	if (renameat2(f->dir, "key", f->beside, name, RENAME_NOREPLACE) == -1)
		return err_sys(e, "cannot place '%s'", f->key_path);
	return fs_sync_dir(f->beside, e);
}

int
enroll_files_finish(
    struct enroll_files *f, const struct enroll_words *w, struct err *e)
{
	int folder, rc;

	if ((folder = fs_open_dir(AT_FDCWD, f->folder, e)) == -1)
		return -1;
	rc = pin_host(f, folder, e);
	if (rc == 0)
		rc = write_settings(f, folder, w, e);
	close(folder);
	if (rc == 0)
		rc = place_key(f, e);
	if (rc == 0)
		enroll_files_drop(f);
	return rc;
}

void
enroll_files_drop(struct enroll_files *f)
{
	char name[32];

	snprintf(name, sizeof(name), ".enrol-%.16s", f->invite);
	(void)fs_remove_tree(f->beside, name, NULL);
}

void
enroll_files_close(struct enroll_files *f)
{
	if (f->dir != -1)
		close(f->dir);
	if (f->beside != -1)
		close(f->beside);
	free(f->key_path);
	free(f->pending);
	free(f->hosts);
	f->key_path = f->pending = f->hosts = NULL;
	f->beside = f->dir = -1;
}

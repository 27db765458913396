/*
 * From a Debian with PandaFuzz's programs to one that accounts can be added
 * to.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "tools/pf-account/accounts.h"
#include "tools/pf-account/setup.h"
#include "tools/pf-account/unix.h"

#define SETTINGS "masterd.d/accounts.yaml"

int
setup_users(const struct site *s, struct err *e)
{
	static const char *const groups[] = {
	    GROUP_BOTS, GROUP_READERS, GROUP_CI, GROUP_ADMIN, GROUP_READ};
	const struct unix_wish master = {
	    s->user, "PandaFuzz master", s->root, "/usr/sbin/nologin", NULL};
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (unix_group_make(groups[i], e) == -1)
			return -1;
	if (unix_user_make(&master, e) == -1)
		return -1;
	/* So that it may give its socket to admins, its corpora to readers. */
	return unix_user_join(s->user, GROUP_ADMIN "," GROUP_READ, e);
}

int
setup_site(struct site *s, struct err *e)
{
	if (setup_users(s, e) == -1 || site_make(s, e) == -1)
		return -1;
	return account_ensure(s, ACCOUNT_ENROLL, KIND_ENROLL, NULL, e);
}

/* ---- sshd ------------------------------------------------------------ */

static int
write_settings(
    const struct site *s, const char *url, const char *host_key, struct err *e)
{
	struct buf text = BUF_INIT;
	int etc, rc;

	buf_printf(&text,
	    "# Written by pf-account setup: what invitations say of this "
	    "machine.\naccounts:\n  url: \"%s\"\n  host_key: \"%s\"\n",
	    url, host_key);
	if ((etc = fs_open_dir(AT_FDCWD, s->etc, e)) == -1) {
		buf_release(&text);
		return -1;
	}
	rc = fs_make_dirs(etc, "masterd.d", 0755, e);
	if (rc == 0)
		rc = fs_replace(
		    etc, SETTINGS, text.data, text.len, 0644, true, e);
	close(etc);
	buf_release(&text);
	return rc;
}

/* Once, or when it is said; afterwards it is a file like any other. */
static int
tell_master(
    const struct site *s, const char *said, const char *url, struct err *e)
{
	struct buf path = BUF_INIT, own = BUF_INIT, host_key = BUF_INIT;
	char host[256] = "";
	unsigned port;
	int rc = 0;

	gethostname(host, sizeof(host) - 1);
	buf_printf(&path, "%s/" SETTINGS, s->etc);
	if ((url != NULL || access(path.data, F_OK) == -1) &&
	    sshd_place(said, &port, &host_key) == 0) {
		buf_printf(&own, "sftp://%s:%u", host, port);
		if (url == NULL)
			url = own.data;
		rc = write_settings(s, url, host_key.data, e);
		if (rc == 0)
			printf("invitations will say %s (another: --url, or "
			       "%s)\n",
			    url, path.data);
	}
	buf_release(&path);
	buf_release(&own);
	buf_release(&host_key);
	return rc;
}

static int
judge(
    const struct site *s, const struct sshd *d, const char *url, struct err *e)
{
	struct buf said = BUF_INIT, faults = BUF_INIT;
	int rc;

	rc = sshd_ask(d, &said, e);
	if (rc == 0)
		rc = tell_master(s, buf_text(&said), url, e);
	if (rc == 0)
		sshd_judge(s, buf_text(&said), &faults);
	if (faults.len > 0)
		rc = err_set(
		    e, ERR_REFUSED, "%.*s", (int)(faults.len - 1), faults.data);
	buf_release(&said);
	buf_release(&faults);
	return rc;
}

int
setup_sshd(const struct site *s, const struct sshd *d, const char *url)
{
	const char *dir = d->dir == NULL ? SSHD_DIR : d->dir;
	struct err e;
	int rc;

	rc = sshd_install(s, d, &e);
	if (rc != -1)
		printf("%s/" SSHD_SNIPPET "%s\n", dir,
		    rc == 1 ? " is new: reload sshd (systemctl reload ssh)"
			    : " is as it was");
	if (rc == -1 || judge(s, d, url, &e) == -1) {
		fprintf(stderr, "pf-account: %s\n", e.text);
		return 1;
	}
	puts("sshd would let bots in");
	return 0;
}

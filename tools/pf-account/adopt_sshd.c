/*
 * What machines know of a pf-local: its sshd's address, port and host key, and
 * what its invitations say.  An sshd of PandaFuzz's own goes on with them; the
 * system's keeps its host key, which others have pinned.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "tools/pf-account/adopt_internal.h"

#define HOSTKEY "host_ed25519"

/* What addresses, names and ports are made of. */
#define PLACE                                                  \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789.:[]-"

/* ---- sshd ------------------------------------------------------------ */

/* The lines that say where it listens. */
static int
listening(const struct adoption *a, struct buf *out)
{
	struct buf text = BUF_INIT;
	char *line, *rest = NULL;

	if (fs_read_file(a->dir, "local/sshd_config", &text, 65536, a->e) ==
		-1 ||
	    text.len == 0) {
		buf_release(&text);
		return -1;
	}
	for (line = strtok_r(text.data, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		if ((strncmp(line, "ListenAddress ", 14) == 0 ||
			strncmp(line, "Port ", 5) == 0) &&
		    strspn(line, PLACE " ") == strlen(line))
			buf_printf(out, "%s\n", line);
	buf_release(&text);
	return 0;
}

static int
write_config(const struct adoption *a, int dir, const char *folder)
{
	struct buf text = BUF_INIT;
	int rc;

	buf_adds(&text,
	    "# Written by pf-account adopt: the address, port and host key "
	    "that machines know\n# from pf-local, and nobody but accounts.\n");
	rc = listening(a, &text);
	buf_printf(&text,
	    "HostKey %s/" HOSTKEY "\n"
	    "PidFile none\n"
	    "UsePAM no\n"
	    "UseDNS no\n"
	    "Compression no\n"
	    "PermitRootLogin no\n"
	    "PasswordAuthentication no\n"
	    "KbdInteractiveAuthentication no\n"
	    "AllowGroups " GROUP_BOTS " " GROUP_READERS " " GROUP_CI "\n"
	    "KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org\n"
	    "Ciphers aes128-ctr,aes256-ctr,aes256-gcm@openssh.com\n"
	    "MACs hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com\n"
	    "HostKeyAlgorithms ssh-ed25519\n"
	    "Subsystem sftp internal-sftp\n"
	    "Include %s/" SSHD_SNIPPET "\n",
	    folder, folder);
	if (rc == 0)
		rc = fs_replace(
		    dir, "sshd_config", text.data, text.len, 0644, true, a->e);
	buf_release(&text);
	return rc;
}

static int
copy_key(const struct adoption *a, int dir, const char *name, mode_t mode)
{
	char path[64];
	struct buf text = BUF_INIT;
	int rc;

	snprintf(path, sizeof(path), "local/keys/%s", name);
	rc = fs_read_file(a->dir, path, &text, 65536, a->e);
	if (rc == 0)
		rc = fs_replace(
		    dir, name, text.data, text.len, mode, true, a->e);
	if (text.data != NULL)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	return rc;
}

/* Nothing to take over when it never had an sshd (--link dir). */
int
adopt_take_sshd(const struct adoption *a)
{
	char folder[PATH_MAX + 8];
	struct site_mark mark = {0, 0, 0755};
	struct sshd own = *a->sshd;
	int etc, dir, rc;

	if (faccessat(a->dir, "local/keys/" HOSTKEY, F_OK, 0) == -1)
		return 0;
	snprintf(folder, sizeof(folder), "%s/sshd", a->site->etc);
	own.dir = folder;
	if ((etc = fs_open_dir(AT_FDCWD, a->site->etc, a->e)) == -1)
		return -1;
	rc = site_folder(etc, "sshd", &mark, a->e);
	dir = rc == -1 ? -1 : fs_open_dir(etc, "sshd", a->e);
	close(etc);
	if (dir == -1)
		return -1;
	if (copy_key(a, dir, HOSTKEY, 0600) == -1 ||
	    copy_key(a, dir, HOSTKEY ".pub", 0644) == -1 ||
	    sshd_install(a->site, &own, a->e) == -1 ||
	    write_config(a, dir, folder) == -1)
		rc = -1;
	close(dir);
	return rc;
}

/* ---- settings -------------------------------------------------------- */

/* The line `  url: "sftp://HOST:PORT"` of pf-local's own settings; "" when there
 * is none that is no more than that. */
static void
url_of(const struct adoption *a, char url[300])
{
	static const char key[] = "  url: \"sftp://";
	struct buf text = BUF_INIT;
	const char *p = NULL, *end;

	url[0] = '\0';
	if (fs_read_file(a->dir, "local/masterd.d/50-pf-local.yaml", &text,
		65536, NULL) == 0)
		p = strstr(buf_text(&text), key);
	if (p != NULL) {
		p += strlen(key);
		end = p + strspn(p, PLACE);
		if (*end == '"' && end - p < 280)
			snprintf(url, 300, "sftp://%.*s", (int)(end - p), p);
	}
	buf_release(&text);
}

/* What invitations say, as before. */
static int
tell_settings(const struct adoption *a, int etc)
{
	struct buf text = BUF_INIT;
	char url[300];
	int rc;

	if (faccessat(a->dir, "local/keys/" HOSTKEY, F_OK, 0) == -1)
		return 0;
	url_of(a, url);
	buf_printf(&text,
	    "# Written by pf-account adopt: what invitations say.\naccounts:\n"
	    "  host_key: \"%s/sshd/" HOSTKEY ".pub\"\n",
	    a->site->etc);
	if (url[0] != '\0')
		buf_printf(&text, "  url: \"%s\"\n", url);
	rc = fs_make_dirs(etc, "masterd.d", 0755, a->e);
	if (rc == 0)
		rc = fs_replace(etc, "masterd.d/adopted.yaml", text.data,
		    text.len, 0644, true, a->e);
	buf_release(&text);
	return rc;
}

int
adopt_take_settings(const struct adoption *a)
{
	struct buf text = BUF_INIT;
	int etc, rc = 0;

	if ((etc = fs_open_dir(AT_FDCWD, a->site->etc, a->e)) == -1)
		return -1;
	if (faccessat(etc, "masterd.yaml", F_OK, 0) == -1 &&
	    fs_read_file(a->dir, "local/masterd.yaml", &text, 1 << 20, NULL) ==
		0)
		rc = fs_replace(
		    etc, "masterd.yaml", text.data, text.len, 0644, true, a->e);
	if (rc == 0)
		rc = tell_settings(a, etc);
	close(etc);
	buf_release(&text);
	return rc;
}

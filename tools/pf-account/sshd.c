/*
 * The snippet for sshd: put in place, and then judged by what sshd itself says
 * would be in force (`sshd -T`), for a snippet that is not included, or one
 * that a hardened configuration overrules, fails silently in the field.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/spawn.h"
#include "tools/pf-account/accounts.h"
#include "tools/pf-account/sshd.h"

#define SNIPPET_MAX 65536

/* ---- the snippet ----------------------------------------------------- */

/* Installed: PREFIX/share; built: two folders up. */
static int
read_snippet(const struct sshd *d, struct buf *out, struct err *e)
{
	static const char *const beside[] = {
	    "../share/pandafuzz/sshd/" SSHD_SNIPPET,
	    "../../packaging/sshd/" SSHD_SNIPPET};
	char self[PATH_MAX];
	struct buf path = BUF_INIT;
	ssize_t n;
	size_t i;
	int rc = -1;

	if (d->snippet != NULL)
		return fs_read_file(AT_FDCWD, d->snippet, out, SNIPPET_MAX, e);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n == -1)
		return err_sys(e, "cannot read '/proc/self/exe'");
	self[n] = '\0';
	(void)dirname(self);
	for (i = 0; i < 2 && rc == -1; i++) {
		buf_reset(&path);
		buf_printf(&path, "%s/%s", self, beside[i]);
		rc = fs_read_file(AT_FDCWD, path.data, out, SNIPPET_MAX, e);
	}
	buf_release(&path);
	return rc == -1 ? err_set(e, ERR_NOT_FOUND,
			      "there is no " SSHD_SNIPPET
			      " in '%s/../share/pandafuzz/sshd': name it by "
			      "--snippet",
			      self)
			: 0;
}

/* All of "from" in "text" become "to". */
static void
replace(struct buf *text, const char *from, const char *to)
{
	struct buf out = BUF_INIT;
	const char *p = buf_text(text), *hit;

	while ((hit = strstr(p, from)) != NULL) {
		buf_add(&out, p, (size_t)(hit - p));
		buf_adds(&out, to);
		p = hit + strlen(from);
	}
	buf_adds(&out, p);
	buf_release(text);
	*text = out;
}

int
sshd_snippet(
    const struct site *s, const struct sshd *d, struct buf *out, struct err *e)
{
	if (site_check_path(s->root, e) == -1 ||
	    site_check_path(s->etc, e) == -1 || read_snippet(d, out, e) == -1)
		return -1;
	replace(out, SITE_ROOT, s->root);
	replace(out, SITE_ETC, s->etc);
	return 0;
}

int
sshd_install(const struct site *s, const struct sshd *d, struct err *e)
{
	const char *dir = d->dir == NULL ? SSHD_DIR : d->dir;
	struct buf text = BUF_INIT, old = BUF_INIT;
	int fd, rc;

	rc = sshd_snippet(s, d, &text, e);
	fd = rc == -1 ? -1 : fs_open_dir(AT_FDCWD, dir, e);
	if (fd == -1) {
		buf_release(&text);
		return -1;
	}
	rc = fs_read_file(fd, SSHD_SNIPPET, &old, SNIPPET_MAX, NULL) == 0 &&
		strcmp(buf_text(&old), text.data) == 0
	    ? 0
	    : 1;
	if (rc == 1 &&
	    fs_replace(fd, SSHD_SNIPPET, text.data, text.len, 0644, true, e) ==
		-1)
		rc = -1;
	close(fd);
	buf_release(&text);
	buf_release(&old);
	return rc;
}

/* ---- what is in force ------------------------------------------------ */

/* The value of a line "word value" of `sshd -T`; "" when there is none. */
static void
value_of(const char *said, const char *word, struct buf *out)
{
	size_t len = strlen(word);

	buf_reset(out);
	while (*said != '\0') {
		if (strncmp(said, word, len) == 0 && said[len] == ' ') {
			said += len + 1;
			buf_add(out, said, strcspn(said, "\n"));
			return;
		}
		said += strcspn(said, "\n");
		said += *said == '\n';
	}
}

static bool
lists(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	while (*list != '\0') {
		n = strcspn(list, ",");
		if (n == len && memcmp(list, word, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

/* clang-format off */
static const struct {
	const char *word, *one, *other, *what;
} needed[] = {
	{ "kexalgorithms", "curve25519-sha256", "curve25519-sha256@libssh.org",
	    "KexAlgorithms lacks curve25519-sha256" },
	{ "ciphers", "aes128-ctr", "aes256-ctr",
	    "Ciphers has neither aes128-ctr nor aes256-ctr" },
	{ "macs", "hmac-sha2-256", "hmac-sha2-512",
	    "MACs has neither hmac-sha2-256 nor hmac-sha2-512 (their -etm "
	    "forms do not do)" },
	{ "hostkeyalgorithms", "ssh-ed25519", "ssh-ed25519",
	    "HostKeyAlgorithms lacks ssh-ed25519" },
};
/* clang-format on */

static void
judge_algorithms(const char *said, struct buf *faults)
{
	struct buf value = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		value_of(said, needed[i].word, &value);
		if (!lists(buf_text(&value), needed[i].one) &&
		    !lists(buf_text(&value), needed[i].other))
			buf_printf(faults,
			    "%s, without which no bot gets in: add it to "
			    "sshd's configuration\n",
			    needed[i].what);
	}
	buf_release(&value);
}

void
sshd_judge(const struct site *s, const char *said, struct buf *faults)
{
	struct buf value = BUF_INIT, want = BUF_INIT;

	buf_printf(&want, "%s/spool/%%u", s->root);
	value_of(said, "chrootdirectory", &value);
	if (strcmp(buf_text(&value), want.data) != 0)
		buf_printf(faults,
		    "the snippet is not in force: sshd_config must have "
		    "'Include " SSHD_DIR "/*.conf' before its first Match, "
		    "and no file before " SSHD_SNIPPET
		    " may say otherwise for these users\n");
	value_of(said, "subsystem", &value);
	if (strncmp(buf_text(&value), "sftp ", 5) != 0)
		buf_adds(faults,
		    "there is no SFTP: add 'Subsystem sftp internal-sftp' to "
		    "sshd_config\n");
	judge_algorithms(said, faults);
	value_of(said, "hostkey", &value);
	if (value.len == 0)
		buf_adds(faults, "sshd has no host key: run ssh-keygen -A\n");
	buf_release(&value);
	buf_release(&want);
}

/* Of several host keys the one whose name says so. */
int
sshd_place(const char *said, unsigned *port, struct buf *host_key)
{
	static const char head[] = "hostkey ";
	struct buf value = BUF_INIT;
	size_t len;

	value_of(said, "port", &value);
	*port = (unsigned)strtoul(buf_text(&value), NULL, 10);
	buf_reset(host_key);
	for (; *said != '\0'; said += len + (said[len] == '\n')) {
		len = strcspn(said, "\n");
		buf_reset(&value);
		if (strncmp(said, head, strlen(head)) == 0)
			buf_add(
			    &value, said + strlen(head), len - strlen(head));
		if (value.len == 0 ||
		    (host_key->len > 0 &&
			strstr(value.data, "ed25519") == NULL))
			continue;
		buf_reset(host_key);
		buf_printf(host_key, "%s.pub", value.data);
	}
	buf_release(&value);
	return *port == 0 || host_key->len == 0 ? -1 : 0;
}

int
sshd_ask(const struct sshd *d, struct buf *said, struct err *e)
{
	const char *program = d->program == NULL ? SSHD_PROGRAM : d->program;
	const char *const argv[] = {program, "-T", "-f",
	    d->config == NULL ? SSHD_CONFIG : d->config, "-C",
	    "user=" ACCOUNT_ENROLL
	    ",host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22",
	    NULL};
	struct spawn run = {.argv = argv, .in = -1, .out = -1, .err = -1};
	int status;

	if (access(program, X_OK) == -1)
		return err_set(e, ERR_NOT_FOUND,
		    "there is no '%s': install openssh-server", program);
	status = spawn_run(&run, said, SNIPPET_MAX, 20000, e);
	if (status > 0)
		err_set(e, ERR_REFUSED, "sshd refuses its configuration: %.*s",
		    (int)strcspn(buf_text(said), "\n"), buf_text(said));
	return status == 0 ? 0 : -1;
}

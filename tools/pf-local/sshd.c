/*
 * Our own sshd, run by whoever runs pf-local.  It needs no installation and
 * changes nothing on the machine: keys and files lie below ROOT/local, and as
 * root, where sshd insists on a user "sshd", on /run/sshd and on an account
 * that is not locked, it gets an /etc and a /run of its own.
 */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/spawn.h"
#include "tools/pf-local/confine.h"
#include "tools/pf-local/layout.h"
#include "tools/pf-local/process.h"
#include "tools/pf-local/sshd.h"

#define HOST_KEY "host_ed25519"

/* Below the range from which the kernel takes ports of outgoing connections,
 * so that none of those has ours while sshd is down. */
#define PORT_FIRST 20000
#define PORT_COUNT 12000

/*
 * The system's, else the one that tools/install-deps unpacked beside the
 * folder of our own program.  Absolute, as sshd wants to be run; caller frees.
 */
static char *
find_sshd(const struct local *l)
{
	static const char *const beside[] = {"../tools", "../../build/tools"};
	struct buf path = BUF_INIT;
	char *real = NULL;
	size_t i;

	if (access("/usr/sbin/sshd", X_OK) == 0)
		return mem_strdup("/usr/sbin/sshd");
	for (i = 0; i < 2 && real == NULL; i++) {
		buf_reset(&path);
		buf_printf(&path, "%s/%s/openssh/usr/sbin/sshd", l->programs,
		    beside[i]);
		real = realpath(path.data, NULL);
	}
	buf_release(&path);
	return real;
}

static bool
is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 &&
	    (path[n] == '/' || path[n] == '\0');
}

int
sshd_check(const struct local *l, struct err *e)
{
	char *sshd = find_sshd(l);

	if (sshd == NULL)
		return err_set(e, ERR_REFUSED,
		    "no sshd here: run tools/install-deps, or use --link dir");
	free(sshd);
	if (geteuid() == 0 &&
	    (is_below(l->root, "/etc") || is_below(l->root, "/run")))
		return err_set(e, ERR_REFUSED,
		    "'%s' is below /etc or /run, which root's sshd does not "
		    "see; choose another ROOT",
		    l->root);
	return confine_check(l, e);
}

/* ---- port ---- */

static struct sockaddr_in
loopback(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	a.sin_port = htons((uint16_t)port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static bool
port_is_free(unsigned port)
{
	struct sockaddr_in a = loopback(port);
	int fd, one = 1;
	bool is_free;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return false;
	/* As sshd does: old connections in TIME_WAIT are no hindrance. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	is_free = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    listen(fd, 1) == 0;
	close(fd);
	return is_free;
}

/* The port of --listen, on whatever address, is not ours on 127.0.0.1. */
static bool
is_listened(const struct local *l, unsigned port)
{
	const char *colon = strrchr(l->config.listen, ':');

	return colon != NULL && (unsigned)atoi(colon + 1) == port;
}

/* 1 when another than before was chosen. */
static int
choose_port(struct local *l, struct err *e)
{
	unsigned port, i;

	if (l->config.port != 0 && port_is_free(l->config.port))
		return 0;
	for (i = 0; i < 200; i++) {
		port = PORT_FIRST + (unsigned)random_below(PORT_COUNT);
		if (!is_listened(l, port) && port_is_free(port)) {
			l->config.port = port;
			return 1;
		}
	}
	return err_set(e, ERR_AGAIN, "found no free port on 127.0.0.1");
}

/* ---- files ---- */

/* Both halves, not empty: that is what a power cut leaves of a new file. */
static bool
key_is_whole(const struct local *l, const char *file, const char *pub)
{
	struct stat a, b;

	return fstatat(l->own, file, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(l->own, pub, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_size > 0 && b.st_size > 0;
}

static int
run_keygen(const struct local *l, const char *file, struct err *e)
{
	struct buf output = BUF_INIT;
	struct spawn s = {0};
	char *path = layout_path(l, file);
	const char *const argv[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N",
	    "", "-C", file, "-f", path, NULL};
	int status;

	s.argv = argv;
	s.in = s.out = s.err = -1;
	status = spawn_run(&s, &output, 1024, 10000, e);
	if (status > 0)
		err_set(e, ERR_AGAIN, "ssh-keygen cannot make '%s': %s", path,
		    buf_text(&output));
	free(path);
	buf_release(&output);
	return status == 0 ? 0 : -1;
}

static int
make_key(const struct local *l, const char *name, struct err *e)
{
	char file[64], pub[72];

	snprintf(file, sizeof(file), "keys/%s", name);
	snprintf(pub, sizeof(pub), "%s.pub", file);
	if (key_is_whole(l, file, pub))
		return 0;
	(void)unlinkat(l->own, file, 0);
	(void)unlinkat(l->own, pub, 0);
	return run_keygen(l, file, e);
}

int
sshd_public_key(
    const struct local *l, const char *name, struct buf *out, struct err *e)
{
	char file[64], *blank;

	snprintf(file, sizeof(file), "keys/%s.pub", name);
	if (fs_read_file(l->own, file, out, 4096, e) == -1)
		return -1;
	blank = strchr(buf_text(out), ' ');
	if (blank == NULL)
		return err_set(e, ERR_REFUSED, "'%s' is no public key", file);
	blank[1 + strcspn(blank + 1, " \n")] = '\0';
	return 0;
}

static int
make_keys(const struct local *l, struct err *e)
{
	char name[16];
	unsigned i;

	if (make_key(l, HOST_KEY, e) == -1)
		return -1;
	for (i = 1; i <= l->config.bots; i++) {
		snprintf(name, sizeof(name), "b%u", i);
		if (make_key(l, name, e) == -1)
			return -1;
	}
	return 0;
}

static int
write_known_hosts(const struct local *l, struct err *e)
{
	struct buf text = BUF_INIT, key = BUF_INIT;

	if (sshd_public_key(l, HOST_KEY, &key, e) == -1) {
		buf_release(&key);
		return -1;
	}
	buf_printf(
	    &text, "[127.0.0.1]:%u %s\n", l->config.port, buf_text(&key));
	buf_release(&key);
	return layout_write(l, "known_hosts", &text, e);
}

/* "Subsystem" is needed although no key may use it: libssh2 asks for it, and
 * the key's command is what then runs. */
/* 1 when it is another than it was. */
static int
write_config(const struct local *l, struct err *e)
{
	struct buf text = BUF_INIT, was = BUF_INIT;
	bool same;

	buf_printf(&text,
	    "# Written by pf-local at each `up`.\n"
	    "ListenAddress 127.0.0.1:%u\n"
	    "HostKey \"%s/local/keys/" HOST_KEY "\"\n"
	    "AuthorizedKeysFile \"%s/local/authorized_keys\"\n"
	    "AllowUsers \"%s\"\n",
	    l->config.port, l->root, l->root, l->user);
	if (l->config.listen[0] != '\0')
		buf_printf(&text, "ListenAddress %s\n", l->config.listen);
	buf_adds(&text,
	    "PermitRootLogin forced-commands-only\n"
	    "AuthenticationMethods publickey\n"
	    "PubkeyAcceptedAlgorithms ssh-ed25519\n"
	    "PasswordAuthentication no\n"
	    "KbdInteractiveAuthentication no\n"
	    "UsePAM no\n"
	    "# pf-local checks owners and modes itself: ROOT may be in /tmp.\n"
	    "StrictModes no\n"
	    "Subsystem sftp internal-sftp\n"
	    "PidFile none\n"
	    "UseDNS no\n"
	    "Compression no\n"
	    "DisableForwarding yes\n"
	    "PermitTTY no\n"
	    "PermitUserRC no\n"
	    "MaxStartups 200:30:400\n"
	    "MaxSessions 2\n"
	    "LoginGraceTime 20\n"
	    "ClientAliveInterval 30\n"
	    "ClientAliveCountMax 3\n");
	same = fs_read_file(l->own, "sshd_config", &was, 65536, NULL) == 0 &&
	    strcmp(buf_text(&was), text.data) == 0;
	buf_release(&was);
	if (same) {
		buf_release(&text);
		return 0;
	}
	return layout_write(l, "sshd_config", &text, e) == -1 ? -1 : 1;
}

int
sshd_prepare(struct local *l, bool new_port, bool *changed, struct err *e)
{
	int port = 0, config;

	if (is_listened(l, l->config.port))
		l->config.port = 0;
	if (new_port || l->config.port == 0)
		port = choose_port(l, e);
	if (port == -1 || make_keys(l, e) == -1 ||
	    write_known_hosts(l, e) == -1 ||
	    (config = write_config(l, e)) == -1)
		return -1;
	*changed = config == 1;
	return port;
}

/* What machines are told to call: where we listen on all addresses, the name
 * of this one. */
void
sshd_url(const struct local *l, struct buf *url)
{
	const char *listen = l->config.listen, *colon = strrchr(listen, ':');
	char name[256] = "localhost";

	if (colon == NULL) {
		buf_printf(url, "sftp://127.0.0.1:%u", l->config.port);
	} else if (strncmp(listen, "0.0.0.0:", 8) == 0 ||
	    strncmp(listen, "[::]:", 5) == 0) {
		(void)gethostname(name, sizeof(name) - 1);
		buf_printf(url, "sftp://%s%s", name, colon);
	} else {
		buf_printf(url, "sftp://%s", listen);
	}
}

/* ---- the process ---- */

/*
 * In the child, as root only.  A folder over /etc, not a file over
 * /etc/passwd: that one is replaced by rename whenever somebody adds a user,
 * which takes away what was mounted on it.
 */
static int
own_view(const struct local *l, struct err *e)
{
	char *etc;

	if (geteuid() != 0)
		return 0;
	if (unshare(CLONE_NEWNS) == -1)
		return err_sys(e, "cannot give sshd its own view of files");
	/* Slave: later mounts below ROOT are seen, ours are not. */
	if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) == -1)
		return err_sys(e, "cannot detach sshd's mounts");
	etc = layout_path(l, "etc");
	if (mount(etc, "/etc", NULL, MS_BIND, NULL) == -1) {
		free(etc);
		return err_sys(e, "cannot mount sshd's /etc");
	}
	free(etc);
	if (mount("none", "/run", "tmpfs", MS_NOSUID | MS_NODEV,
		"size=64k,mode=755") == -1 ||
	    mkdir("/run/sshd", 0755) == -1)
		return err_sys(e, "cannot mount sshd's /run");
	return 0;
}

int
sshd_start(const struct local *l, struct err *e)
{
	char *config = layout_path(l, "sshd_config");
	char *sshd = find_sshd(l);
	const char *const argv[] = {sshd, "-D", "-e", "-f", config, NULL};
	int r;

	r = process_start(l, "sshd", argv, own_view, e);
	free(config);
	free(sshd);
	return r;
}

int
sshd_answers(const struct local *l)
{
	struct sockaddr_in a = loopback(l->config.port);
	struct timeval limit = {2, 0};
	char greeting[4];
	int fd, r = 0;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    recv(fd, greeting, sizeof(greeting), MSG_WAITALL) == 4)
		r = memcmp(greeting, "SSH-", 4) == 0;
	close(fd);
	return r;
}

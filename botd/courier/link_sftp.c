/*
 * sftp://user@host:port: the account's folder behind an sshd.  The only door
 * to libssh2 (1.10), whose limits shape what is here:
 *
 * - it waits for ever for a silent peer unless the session has a timeout, and
 *   after a timeout its state machines can only be thrown away: the socket is
 *   shut down first, so that freeing them cannot wait either (libssh2 #690);
 * - a status 4 means anything (exists, no space): a stat tells which;
 * - one write call is one round trip: 1 MiB a call, less on a slow line, where
 *   a call has to end within the timeout.
 */
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libssh2.h>
#include <libssh2_sftp.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "botd/courier/link.h"
#include "botd/courier/link_sftp_host.h"
#include "botd/courier/link_tcp.h"

#define SLICE_MIN   (64 * 1024)
#define READ_MIN    4096
#define READ_MAX    (256 * 1024)
#define FREE_MS     1000 /* for good-byes; nothing depends on them */
#define KEEPALIVE_S 15
#define SMALL_SPACE (16 * 1024 * 1024)

struct sftp_link {
	struct link link;
	struct link_host at;
	char *key, *known_hosts, *account;
	bool as_account; /* and not as the URL's user */
	int fd;
	LIBSSH2_SESSION *session;
	LIBSSH2_SFTP *sftp;
	size_t slice; /* of an upload; survives reconnects */
};

static struct sftp_link *
sftp_of(struct link *l)
{
	return (struct sftp_link *)l;
}

/* ---- failures -------------------------------------------------------- */

/* The connection is not to be used any more; nobody waits on it again. */
static void
hang_up(struct sftp_link *s)
{
	s->link.up = false;
	if (s->fd != -1)
		shutdown(s->fd, SHUT_RDWR);
}

static int
lost(struct sftp_link *s, const char *doing, struct err *e)
{
	char *text = NULL;
	int code = LIBSSH2_ERROR_SOCKET_NONE;

	if (s->session != NULL)
		code = libssh2_session_last_error(s->session, &text, NULL, 0);
	/* Slower than one slice in the given time: smaller ones next time. */
	if (code == LIBSSH2_ERROR_TIMEOUT && s->slice > SLICE_MIN)
		s->slice /= 2;
	hang_up(s);
	return err_set(e, ERR_AGAIN, "cannot %s at '%s:%s': %s (%d)", doing,
	    s->at.host, s->at.port,
	    text == NULL || text[0] == '\0' ? "no reason given" : text, code);
}

/*
 * After a failed call.  What the server answered leaves the link up and tells
 * the class; everything else ends the connection.
 */
static int
failed(struct sftp_link *s, const char *doing, const char *path, struct err *e)
{
	unsigned long status;
	char what[320];

	if (libssh2_session_last_errno(s->session) ==
	    LIBSSH2_ERROR_SFTP_PROTOCOL) {
		status = libssh2_sftp_last_error(s->sftp);
		if (status == LIBSSH2_FX_NO_SUCH_FILE)
			return err_set(e, ERR_NOT_FOUND,
			    "cannot %s '%s': no such file", doing, path);
		if (status == LIBSSH2_FX_PERMISSION_DENIED)
			return err_set(e, ERR_DENIED,
			    "cannot %s '%s': permission denied", doing, path);
		if (status != LIBSSH2_FX_NO_CONNECTION &&
		    status != LIBSSH2_FX_CONNECTION_LOST)
			return err_set(e, ERR_AGAIN,
			    "cannot %s '%s': status %lu", doing, path, status);
	}
	snprintf(what, sizeof(what), "%s '%s'", doing, path);
	return lost(s, what, e);
}

/* ---- opening --------------------------------------------------------- */

/* What sshd on the master offers (packaging/sshd) and libssh2 1.10 can do;
 * ETM-only MACs and GCM-only ciphers it cannot. */
/* clang-format off */
static const struct {
	int method;
	const char *wanted;
} methods[] = {
	{ LIBSSH2_METHOD_KEX,		"curve25519-sha256,"
					"curve25519-sha256@libssh.org" },
	{ LIBSSH2_METHOD_HOSTKEY,	"ssh-ed25519" },
	{ LIBSSH2_METHOD_CRYPT_CS,	"aes128-ctr,aes256-ctr" },
	{ LIBSSH2_METHOD_CRYPT_SC,	"aes128-ctr,aes256-ctr" },
	{ LIBSSH2_METHOD_MAC_CS,	"hmac-sha2-256,hmac-sha2-512" },
	{ LIBSSH2_METHOD_MAC_SC,	"hmac-sha2-256,hmac-sha2-512" },
	{ LIBSSH2_METHOD_COMP_CS,	"none" },
	{ LIBSSH2_METHOD_COMP_SC,	"none" },
};
/* clang-format on */

static int
shake_hands(struct sftp_link *s, struct err *e)
{
	size_t i;

	s->session = libssh2_session_init();
	if (s->session == NULL)
		return err_set(e, ERR_AGAIN, "cannot make an SSH session");
	libssh2_session_set_blocking(s->session, 1);
	libssh2_session_set_timeout(s->session, (long)s->link.timeout_ms);
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (libssh2_session_method_pref(
			s->session, methods[i].method, methods[i].wanted) != 0)
			return lost(s, "agree on methods", e);
	if (libssh2_session_handshake(s->session, s->fd) != 0)
		return lost(s, "shake hands", e);
	return 0;
}

/* Anything but a match ends here; nothing is ever learnt on first use. */
static int
check_host_key(struct sftp_link *s, struct err *e)
{
	if (link_sftp_check_host(s->session, &s->at, s->known_hosts, e) == 0)
		return 0;
	hang_up(s);
	return -1;
}

static const char *
user_of(const struct sftp_link *s)
{
	return s->as_account ? s->account : s->at.user;
}

/* DENIED: another user may be let in, another try will not. */
static int
not_let_in(struct sftp_link *s, int code, struct err *e)
{
	if (code != LIBSSH2_ERROR_AUTHENTICATION_FAILED &&
	    code != LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
		return lost(s, "log in", e);
	hang_up(s);
	return err_set(e, ERR_DENIED,
	    "cannot log in at '%s:%s': '%s' is not let in with this key",
	    s->at.host, s->at.port, user_of(s));
}

static int
log_in(struct sftp_link *s, struct err *e)
{
	const char *user = user_of(s);
	int rc;

	rc = libssh2_userauth_publickey_fromfile_ex(
	    s->session, user, (unsigned)strlen(user), NULL, s->key, NULL);
	if (rc != 0)
		return not_let_in(s, rc, e);
	s->sftp = libssh2_sftp_init(s->session);
	/* Also when the login shell refuses, or bwrap cannot start. */
	if (s->sftp == NULL)
		return lost(s, "start SFTP", e);
	libssh2_keepalive_config(s->session, 1, KEEPALIVE_S);
	return 0;
}

static int
open_once(struct sftp_link *s, struct err *e)
{
	s->fd = link_tcp_connect(&s->at, s->link.timeout_ms, e);
	if (s->fd == -1 || shake_hands(s, e) == -1 ||
	    check_host_key(s, e) == -1)
		return -1;
	return log_in(s, e);
}

static void sftp_close(struct link *l);

/* sshd wants a connection for each name that is tried. */
static int
sftp_open(struct link *l, struct err *e)
{
	struct sftp_link *s = sftp_of(l);
	struct err why;

	if (open_once(s, &why) == 0)
		return 0;
	if (why.cls == ERR_DENIED && s->account != NULL &&
	    strcmp(s->account, s->at.user) != 0) {
		sftp_close(l);
		s->as_account = !s->as_account;
		if (open_once(s, NULL) == 0)
			return 0;
		s->as_account = !s->as_account;
	}
	if (e != NULL)
		*e = why;
	return -1;
}

/* In this order, whatever state the session is in. */
static void
sftp_close(struct link *l)
{
	struct sftp_link *s = sftp_of(l);

	if (s->session != NULL) {
		libssh2_session_set_timeout(s->session, FREE_MS);
		if (s->link.up)
			libssh2_session_disconnect(s->session, "bye");
	}
	if (s->fd != -1)
		shutdown(s->fd, SHUT_RDWR);
	if (s->sftp != NULL)
		libssh2_sftp_shutdown(s->sftp);
	if (s->session != NULL)
		libssh2_session_free(s->session);
	if (s->fd != -1)
		close(s->fd);
	s->sftp = NULL;
	s->session = NULL;
	s->fd = -1;
}

static void
sftp_free(struct link *l)
{
	struct sftp_link *s = sftp_of(l);

	link_host_release(&s->at);
	free(s->key);
	free(s->known_hosts);
	free(s->account);
	free(s);
}

/* ---- one request each ------------------------------------------------ */

/* Before each request: the timeout may have changed, the peer be idle. */
static void
ready(struct sftp_link *s)
{
	int next;

	libssh2_session_set_timeout(s->session, (long)s->link.timeout_ms);
	libssh2_keepalive_send(s->session, &next); /* when it is due */
}

static int
sftp_stat(struct link *l, const char *path, struct link_stat *st, struct err *e)
{
	struct sftp_link *s = sftp_of(l);
	LIBSSH2_SFTP_ATTRIBUTES a;
	struct err why;

	ready(s);
	memset(&a, 0, sizeof(a));
	if (libssh2_sftp_stat_ex(s->sftp, path, (unsigned)strlen(path),
		LIBSSH2_SFTP_LSTAT, &a) == 0) {
		st->exists = true;
		st->size = a.filesize;
		st->mtime = a.mtime;
		return 0;
	}
	if (failed(s, "examine", path, &why), why.cls == ERR_NOT_FOUND)
		return 0;
	if (e != NULL)
		*e = why;
	return -1;
}

static int
sftp_unlink(struct link *l, const char *path, struct err *e)
{
	struct sftp_link *s = sftp_of(l);
	struct err why;

	ready(s);
	if (libssh2_sftp_unlink_ex(s->sftp, path, (unsigned)strlen(path)) == 0)
		return 0;
	if (failed(s, "remove", path, &why), why.cls == ERR_NOT_FOUND)
		return 0;
	if (e != NULL)
		*e = why;
	return -1;
}

static int
sftp_rename(struct link *l, const char *from, const char *to, struct err *e)
{
	struct sftp_link *s = sftp_of(l);
	struct link_stat st = {0};

	ready(s);
	/* OpenSSH does link and unlink: it never replaces what is there. */
	if (libssh2_sftp_rename_ex(s->sftp, from, (unsigned)strlen(from), to,
		(unsigned)strlen(to), 0) == 0)
		return 0;
	failed(s, "rename", from, e);
	if (s->link.up && sftp_stat(l, to, &st, NULL) == 0 && st.exists)
		return err_set(e, ERR_CONFLICT, "there is a '%s' already", to);
	return -1;
}

/* ---- transfers ------------------------------------------------------- */

/* A failure while something is written: is it the disk?  Only to say so. */
static int
failed_write(
    struct sftp_link *s, const char *doing, const char *path, struct err *e)
{
	LIBSSH2_SFTP_STATVFS st;

	failed(s, doing, path, e);
	memset(&st, 0, sizeof(st));
	if (!s->link.up)
		return -1;
	if (libssh2_sftp_statvfs(s->sftp, "incoming/tmp", 12, &st) != 0) {
		if (libssh2_session_last_errno(s->session) !=
		    LIBSSH2_ERROR_SFTP_PROTOCOL)
			hang_up(s);
	} else if (st.f_bavail * st.f_frsize < SMALL_SPACE) {
		err_set(e, ERR_AGAIN,
		    "cannot %s '%s': the master's disk is full", doing, path);
	}
	return -1;
}

static LIBSSH2_SFTP_HANDLE *
open_handle(struct sftp_link *s, const char *path, unsigned long flags)
{
	ready(s);
	return libssh2_sftp_open_ex(s->sftp, path, (unsigned)strlen(path),
	    flags, 0640, LIBSSH2_SFTP_OPENFILE);
}

static LIBSSH2_SFTP_HANDLE *
create(struct sftp_link *s, const char *path, struct err *e)
{
	unsigned long flags =
	    LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_EXCL;
	LIBSSH2_SFTP_HANDLE *h;
	struct link_stat st = {0};

	if ((h = open_handle(s, path, flags)) != NULL)
		return h;
	failed(s, "create", path, e);
	if (s->link.up && sftp_stat(&s->link, path, &st, NULL) == 0 &&
	    st.exists && sftp_unlink(&s->link, path, e) == 0) {
		if ((h = open_handle(s, path, flags)) != NULL)
			return h;
		failed_write(s, "create", path, e);
	}
	return NULL;
}

static int
write_slice(struct sftp_link *s, LIBSSH2_SFTP_HANDLE *h, const char *path,
    const struct buf *slice, struct err *e)
{
	uint64_t began = clock_up_ms(), took;
	size_t done = 0;
	ssize_t n;

	ready(s);
	/* It returns what is acknowledged so far and wants the rest again. */
	while (done < slice->len) {
		n = libssh2_sftp_write(
		    h, slice->data + done, slice->len - done);
		if (n <= 0)
			return failed_write(s, "write", path, e);
		if (link_moved(&s->link, (size_t)n, e) == -1) {
			hang_up(s);
			return -1;
		}
		done += (size_t)n;
	}
	took = clock_up_ms() - began;
	if (took > s->link.timeout_ms / 4 && s->slice > SLICE_MIN)
		s->slice /= 2;
	else if (took < s->link.timeout_ms / 16 && s->slice < LINK_SLICE)
		s->slice *= 2;
	return 0;
}

/* All slices, with a pause after each but the last. */
static int
write_slices(struct sftp_link *s, LIBSSH2_SFTP_HANDLE *h, const char *path,
    int fd, uint64_t size, struct err *e)
{
	struct buf slice = BUF_INIT;
	uint64_t done = 0;
	size_t most;
	ssize_t n;
	int rc = 0;

	buf_grow(&slice, LINK_SLICE);
	while (rc == 0 && done < size) {
		most = link_piece(&s->link, s->slice);
		n = fs_read_at(fd, slice.data,
		    size - done < most ? (size_t)(size - done) : most, done);
		if (n <= 0) {
			rc = err_set(e, ERR_AGAIN,
			    "what becomes '%s' cannot be read to its end",
			    path);
			break;
		}
		slice.len = (size_t)n;
		rc = write_slice(s, h, path, &slice, e);
		done += (uint64_t)n;
		if (rc == 0 && done < size)
			rc = link_pause(&s->link, e);
	}
	buf_release(&slice);
	return rc;
}

static int
sftp_put(struct link *l, const char *path, int fd, uint64_t size, struct err *e)
{
	struct sftp_link *s = sftp_of(l);
	LIBSSH2_SFTP_HANDLE *h;
	int rc;

	if ((h = create(s, path, e)) == NULL)
		return -1;
	rc = write_slices(s, h, path, fd, size, e);
	if (libssh2_sftp_close_handle(h) != 0 && rc == 0)
		rc = failed_write(s, "close", path, e);
	if (rc == -1 && s->link.up)
		sftp_unlink(l, path, NULL);
	return rc;
}

static int
sftp_get(struct link *l, const char *path, uint64_t expect,
    const struct link_sink *sink, struct err *e)
{
	struct sftp_link *s = sftp_of(l);
	LIBSSH2_SFTP_HANDLE *h;
	uint64_t since_pause = 0;
	size_t room = READ_MIN;
	ssize_t n = 1;
	char *bytes;
	int rc = 0;

	if ((h = open_handle(s, path, LIBSSH2_FXF_READ)) == NULL)
		return failed(s, "open", path, e);
	/* libssh2 asks for four buffers ahead: that far past a small file. */
	while (room < READ_MAX && room < expect / 4)
		room *= 2;
	bytes = mem_alloc(room);
	while (rc == 0 && n > 0) {
		ready(s);
		n = libssh2_sftp_read(h, bytes, room);
		if (n < 0)
			rc = failed(s, "read", path, e);
		else if (n > 0 && (rc = link_moved(l, (size_t)n, e)) == -1)
			hang_up(s);
		else if (n > 0)
			rc = sink->fn(sink->arg, bytes, (size_t)n, e);
		since_pause += n > 0 ? (uint64_t)n : 0;
		if (rc == 0 && since_pause >= link_piece(l, LINK_SLICE)) {
			since_pause = 0;
			rc = link_pause(l, e);
		}
	}
	free(bytes);
	if (libssh2_sftp_close_handle(h) != 0 && rc == 0)
		rc = failed(s, "close", path, e);
	return rc;
}

static const struct link_ops sftp_ops = {
    .open = sftp_open,
    .close = sftp_close,
    .free = sftp_free,
    .stat = sftp_stat,
    .put = sftp_put,
    .rename = sftp_rename,
    .unlink = sftp_unlink,
    .get = sftp_get,
};

static int
take_config(struct sftp_link *s, const struct link_config *c, struct err *e)
{
	if (link_host_parse(&s->at, c->url + strlen("sftp://"), e) == -1)
		return -1;
	if (c->key == NULL || c->key[0] == '\0')
		return err_set(
		    e, ERR_REFUSED, "link '%s' needs a key file", c->url);
	if (c->known_hosts == NULL || c->known_hosts[0] == '\0')
		return err_set(e, ERR_REFUSED,
		    "link '%s' needs a known_hosts file", c->url);
	s->key = mem_strdup(c->key);
	s->known_hosts = mem_strdup(c->known_hosts);
	if (c->account != NULL)
		s->account = mem_strdup(c->account);
	if (libssh2_init(0) != 0)
		return err_set(e, ERR_AGAIN, "cannot start libssh2");
	return 0;
}

struct link *
link_sftp_new(const struct link_config *c, struct err *e)
{
	struct sftp_link *s = mem_alloc(sizeof(*s));

	s->link.ops = &sftp_ops;
	s->fd = -1;
	s->slice = LINK_SLICE;
	if (take_config(s, c, e) == 0)
		return &s->link;
	sftp_free(&s->link);
	return NULL;
}

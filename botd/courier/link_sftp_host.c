/*
 * Whose key is it?  The check of each connection against known_hosts, and one
 * handshake with a host that is not trusted yet.
 */
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libssh2.h>

#include "botd/courier/link.h"
#include "botd/courier/link_sftp_host.h"
#include "botd/courier/link_tcp.h"

/* ---- known_hosts ----------------------------------------------------- */

static int
judge(const struct link_host *at, const char *known_hosts, int verdict,
    struct err *e)
{
	if (verdict == LIBSSH2_KNOWNHOST_CHECK_MATCH)
		return 0;
	if (verdict == LIBSSH2_KNOWNHOST_CHECK_NOTFOUND)
		return err_set(e, ERR_REFUSED,
		    "'%s' has no ed25519 key for '[%s]:%s'", known_hosts,
		    at->host, at->port);
	if (verdict == LIBSSH2_KNOWNHOST_CHECK_MISMATCH)
		return err_set(e, ERR_REFUSED,
		    "'%s:%s' shows another host key than '%s' has for it",
		    at->host, at->port, known_hosts);
	return err_set(e, ERR_REFUSED, "cannot check the host key of '%s:%s'",
	    at->host, at->port);
}

/* LIBSSH2_KNOWNHOST_CHECK_*, or -1 when known_hosts cannot be read. */
static int
look_up(LIBSSH2_SESSION *session, const struct link_host *at,
    const char *known_hosts, const char *key, size_t len, struct err *e)
{
	LIBSSH2_KNOWNHOSTS *known;
	int verdict;

	if ((known = libssh2_knownhost_init(session)) == NULL)
		return LIBSSH2_KNOWNHOST_CHECK_FAILURE;
	if (libssh2_knownhost_readfile(
		known, known_hosts, LIBSSH2_KNOWNHOST_FILE_OPENSSH) < 0)
		verdict = err_set(e, ERR_REFUSED,
		    "cannot read host keys in '%s'", known_hosts);
	else
		verdict = libssh2_knownhost_checkp(known, at->host,
		    at->port_number, key, len,
		    LIBSSH2_KNOWNHOST_TYPE_PLAIN |
			LIBSSH2_KNOWNHOST_KEYENC_RAW |
			LIBSSH2_KNOWNHOST_KEY_ED25519,
		    NULL);
	libssh2_knownhost_free(known);
	return verdict;
}

int
link_sftp_check_host(LIBSSH2_SESSION *session, const struct link_host *at,
    const char *known_hosts, struct err *e)
{
	const char *key;
	size_t len = 0;
	int type = 0, verdict = LIBSSH2_KNOWNHOST_CHECK_FAILURE;

	key = libssh2_session_hostkey(session, &len, &type);
	if (key != NULL && type == LIBSSH2_HOSTKEY_TYPE_ED25519)
		verdict = look_up(session, at, known_hosts, key, len, e);
	return verdict == -1 ? -1 : judge(at, known_hosts, verdict, e);
}

int
link_sftp_known(const struct link_config *c, struct err *e)
{
	LIBSSH2_SESSION *session = NULL;
	struct link_host at;
	int verdict = LIBSSH2_KNOWNHOST_CHECK_FAILURE;

	if (link_host_parse(&at, c->url + strlen("sftp://"), e) == -1) {
		link_host_release(&at);
		return -1;
	}
	if (libssh2_init(0) == 0)
		session = libssh2_session_init();
	/* No key is "?", so a host that is named there is a mismatch. */
	if (session != NULL) {
		verdict = look_up(session, &at, c->known_hosts, "?", 1, e);
		libssh2_session_free(session);
	}
	if (verdict == LIBSSH2_KNOWNHOST_CHECK_MISMATCH)
		verdict = 0;
	else if (verdict != -1)
		verdict = judge(&at, c->known_hosts, verdict, e);
	link_host_release(&at);
	return verdict;
}

/* ---- whose it is ----------------------------------------------------- */

/* "ssh-ed25519" and the key, each after its length (RFC 8709). */
#define BLOB_HEAD "\0\0\0\013ssh-ed25519\0\0\0 "
#define HEAD_LEN  (sizeof(BLOB_HEAD) - 1)

static int
take_key(LIBSSH2_SESSION *session, uint8_t pub[SSHKEY_BYTES], struct err *e)
{
	const char *blob;
	size_t len = 0;
	int type = 0;

	blob = libssh2_session_hostkey(session, &len, &type);
	if (blob == NULL || len != HEAD_LEN + SSHKEY_BYTES ||
	    memcmp(blob, BLOB_HEAD, HEAD_LEN) != 0)
		return err_set(
		    e, ERR_REFUSED, "its host key is not an ed25519 key");
	memcpy(pub, blob + HEAD_LEN, SSHKEY_BYTES);
	return 0;
}

static int
ask(int fd, uint64_t timeout_ms, uint8_t pub[SSHKEY_BYTES], struct err *e)
{
	LIBSSH2_SESSION *session;
	char *text = NULL;
	int rc;

	if (libssh2_init(0) != 0 || (session = libssh2_session_init()) == NULL)
		return err_set(e, ERR_AGAIN, "cannot make an SSH session");
	libssh2_session_set_blocking(session, 1);
	libssh2_session_set_timeout(session, (long)timeout_ms);
	rc = libssh2_session_method_pref(
	    session, LIBSSH2_METHOD_HOSTKEY, "ssh-ed25519");
	if (rc == 0)
		rc = libssh2_session_handshake(session, fd);
	if (rc == 0) {
		rc = take_key(session, pub, e);
	} else {
		libssh2_session_last_error(session, &text, NULL, 0);
		rc = err_set(e, ERR_AGAIN, "cannot shake hands: %s (%d)",
		    text == NULL ? "" : text, rc);
	}
	/* Nobody waits for an answer any more. */
	shutdown(fd, SHUT_RDWR);
	libssh2_session_free(session);
	return rc;
}

int
link_sftp_host_key(const char *url, uint64_t timeout_ms,
    uint8_t pub[SSHKEY_BYTES], char at[LINK_HOST_TEXT], struct err *e)
{
	struct link_host host;
	int fd = -1, rc;

	rc = link_host_parse(&host, url + strlen("sftp://"), e);
	if (rc == 0)
		rc = fd = link_tcp_connect(&host, timeout_ms, e);
	if (fd != -1) {
		rc = ask(fd, timeout_ms, pub, e);
		close(fd);
		if (rc == -1)
			err_wrap(e, "'%s:%s'", host.host, host.port);
		else if (at != NULL)
			snprintf(at, LINK_HOST_TEXT,
			    host.port_number == 22 ? "%s" : "[%s]:%d",
			    host.host, host.port_number);
	}
	link_host_release(&host);
	return rc == -1 ? -1 : 0;
}

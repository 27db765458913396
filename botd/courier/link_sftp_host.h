#ifndef BOTD_COURIER_LINK_SFTP_HOST_H
#define BOTD_COURIER_LINK_SFTP_HOST_H

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/sshkey.h"
#include "botd/courier/link_tcp.h"

/*
 * Whose key a host shows.
 *
 * 0 when it is the one that "known_hosts" has for it; REFUSED when it is
 * another, when there is none, or when the file cannot be read.
 */
struct _LIBSSH2_SESSION;
int link_sftp_check_host(struct _LIBSSH2_SESSION *session,
    const struct link_host *at, const char *known_hosts, struct err *e);

/*
 * The ed25519 key that the host of "sftp://user@host:port" shows.  For
 * enrolling, where a fingerprint is known and no known_hosts yet: nothing is
 * sent but the handshake.  "at" (may be NULL) is how known_hosts writes host
 * and port.
 */
#define LINK_HOST_TEXT 300
int link_sftp_host_key(const char *url, uint64_t timeout_ms,
    uint8_t pub[SSHKEY_BYTES], char at[LINK_HOST_TEXT], struct err *e);

#endif

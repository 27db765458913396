#ifndef LIB_WIRE_INVITATION_H
#define LIB_WIRE_INVITATION_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/sshkey.h"
#include "lib/wire/ids.h"

/*
 * How a machine comes to an account (DESIGN 8's `account invite`).
 *
 * The secret of an invitation is the seed of an ed25519 key.  Its public half
 * may log in to the account "enroll" until the invitation is used or over;
 * there the machine leaves a request, signed with the same secret, in
 *
 *	incoming/new/<invite>.enrol	(by way of incoming/tmp)
 *
 * and reads its answer in outgoing/<invite>/answer.json.  The master keeps no
 * secret: it verifies the signature with the public half.  Somebody else with
 * an invitation can delay a request that lies there, and not change it.
 */
#define ENROL_ACCOUNT "enroll"
#define ENROL_SUFFIX  ".enrol"
#define ENROL_MAX     4096 /* bytes of a request or an answer */

/* One line for one machine, without blanks and quotes:
 *
 *	sftp://USER@HOST:PORT#SHA256:FINGERPRINT#ACCOUNT#SECRET
 *
 * USER is whom to log in as for enrolling; the fingerprint is that of the
 * host's ed25519 key; SECRET is 52 characters of base32, lower case. */
struct invitation {
	char user[NAME_MAX_LEN + 1];
	char host[256]; /* name, IPv4, or IPv6 in brackets */
	unsigned port;
	char fingerprint[SSHKEY_FINGERPRINT];
	struct name account;
	uint8_t secret[SSHKEY_BYTES];
};

void invitation_format(struct buf *out, const struct invitation *i);
/* Fill in user, host and port from a user and "sftp://HOST:PORT". */
int invitation_place(
    struct invitation *i, const char *user, const char *url, struct err *e);

/* REFUSED with the part that is wrong, and never with the secret. */
int invitation_parse(
    struct invitation *i, const char *untrusted, struct err *e);

/* The id of an invitation: the first 64 bits of the SHA-256 of its public
 * key. */
uint64_t invitation_id(const uint8_t pub[SSHKEY_BYTES]);

struct enrol_request {
	struct name account;
	struct name bot;           /* "" when the machine has no name yet */
	uint8_t key[SSHKEY_BYTES]; /* its own, public */
	char host[65];             /* as the machine calls itself; printable */
};

/* JSON, signed with the invitation's key. */
int enrol_request_format(struct buf *out, const struct enrol_request *r,
    const struct sshkey *secret, struct err *e);
/* REFUSED unless it is whole and "invited" has signed it. */
int enrol_request_parse(struct enrol_request *r, const void *bytes, size_t len,
    const uint8_t invited[SSHKEY_BYTES], struct err *e);

enum enrol_state { ENROL_WAITING, ENROL_ADMITTED, ENROL_REFUSED };

struct enrol_answer {
	enum enrol_state state;
	struct name account;
	char user[NAME_MAX_LEN + 1]; /* whom to log in as from now on */
	char reason[161];            /* when refused, or what is waited for */
};

void enrol_answer_format(struct buf *out, const struct enrol_answer *a);
int enrol_answer_parse(
    struct enrol_answer *a, const void *bytes, size_t len, struct err *e);

#endif

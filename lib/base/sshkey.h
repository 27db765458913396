#ifndef LIB_BASE_SSHKEY_H
#define LIB_BASE_SSHKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * ed25519 keys as OpenSSH writes them: public lines (RFC 8709, "ssh-ed25519"
 * and base64 of two length-prefixed strings), fingerprints ("SHA256:" and
 * base64 without padding, as ssh-keygen -l), private files (openssh-key-v1
 * without a passphrase; PROTOCOL.key of OpenSSH), signatures (RFC 8032).
 */
#define SSHKEY_BYTES       32
#define SSHKEY_SIGNATURE   64
#define SSHKEY_TEXT        69 /* base64 of the public key, with its NUL */
#define SSHKEY_FINGERPRINT 51 /* with its NUL */
#define SSHKEY_TYPE        "ssh-ed25519"

struct sshkey {
	uint8_t seed[SSHKEY_BYTES]; /* the secret */
	uint8_t pub[SSHKEY_BYTES];
};

int sshkey_new(struct sshkey *k, struct err *e);
int sshkey_from_seed(
    struct sshkey *k, const uint8_t seed[SSHKEY_BYTES], struct err *e);

/* The base64 part of the public line. */
void sshkey_text(char out[SSHKEY_TEXT], const uint8_t pub[SSHKEY_BYTES]);
void sshkey_fingerprint(
    char out[SSHKEY_FINGERPRINT], const uint8_t pub[SSHKEY_BYTES]);

/*
 * A public key from outside: "ssh-ed25519 AAAA... comment", or its base64
 * alone.  REFUSED with what it is instead: another kind of key (named), a
 * line with options, a private key, a certificate, or no key at all.
 */
int sshkey_parse(
    uint8_t pub[SSHKEY_BYTES], const char *untrusted, struct err *e);

/*
 * The private key as at/name, mode 0600, synced; CONFLICT when there is
 * something of that name: a key is never overwritten.  The comment is one
 * word.
 */
int sshkey_write(int at, const char *name, const struct sshkey *k,
    const char *comment, struct err *e);

int sshkey_sign(uint8_t signature[SSHKEY_SIGNATURE], const struct sshkey *k,
    const void *message, size_t len, struct err *e);
bool sshkey_verify(const uint8_t pub[SSHKEY_BYTES],
    const uint8_t signature[SSHKEY_SIGNATURE], const void *message, size_t len);

#endif

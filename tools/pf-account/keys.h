#ifndef TOOLS_PF_ACCOUNT_KEYS_H
#define TOOLS_PF_ACCOUNT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/sshkey.h"
#include "lib/wire/ids.h"

/*
 * Lists of keys, in two places of one form:
 *
 *	# kind=reader state=active projects=zlib,png
 *	ssh-ed25519 AAAA... SHA256:...
 *
 * ROOT/accounts/<account>.keys is what the master wants; nothing in it is
 * believed but kinds, words and keys.  ETC/keys/<account> is root's: that it
 * is there makes a Unix user one of ours, and sshd reads it.  Its lines say
 * "restrict ssh-ed25519 AAAA...".
 */
enum account_kind {
	KIND_BOT,
	KIND_CI,
	KIND_READER,
	KIND_ENROLL,
	KIND_COUNT /* none of them */
};

enum keys_state {
	KEYS_ACTIVE,
	KEYS_DISABLED,
	KEYS_MAKING,   /* ETC only: `add` has not come to its end */
	KEYS_REMOVING, /* ETC only: nor has `remove` */
	KEYS_STATE_COUNT
};

#define KEYS_MAX       8192
#define KEYS_BYTES_MAX (2u << 20)
#define PROJECTS_MAX   2048

struct keys {
	enum account_kind kind;
	enum keys_state state;
	bool master;         /* ETC: as the master wants them */
	bool ending;         /* ETC: sessions are still to be ended */
	struct buf projects; /* "a,b"; of a reader */
	uint8_t (*list)[SSHKEY_BYTES];
	size_t count;
};

void keys_init(struct keys *k);
void keys_release(struct keys *k);

const char *kind_name(enum account_kind kind);
enum account_kind kind_parse(const char *text); /* KIND_COUNT: none */
const char *kind_group(enum account_kind kind);
const char *kind_shell(enum account_kind kind);
const char *keys_state_name(enum keys_state state);

/*
 * From the master, or from a person ("pub" holds one line).  REFUSED when the
 * first line is not as above; a line that is no key is left out and named in
 * "left_out" (one line each).
 */
int keys_parse(struct keys *k, const char *untrusted, size_t len,
    struct buf *left_out, struct err *e);
int keys_add(struct keys *k, const char *pub, struct err *e);

/* ETC/keys/<account>.  NOT_FOUND when it is no account of ours. */
int keys_load(int dir, const char *account, struct keys *k, struct err *e);
int keys_save(
    int dir, const char *account, const struct keys *k, struct err *e);

bool keys_hold(const struct keys *k, const uint8_t pub[SSHKEY_BYTES]);
/* Had "before" one that "now" has not? */
bool keys_lost(const struct keys *before, const struct keys *now);
bool keys_same(const struct keys *a, const struct keys *b);

#endif

#ifndef MASTERD_ADMIN_ACCOUNT_ACT_H
#define MASTERD_ADMIN_ACCOUNT_ACT_H

#include "lib/base/json.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/db/accounts.h"

/*
 * What the routes of accounts have in common: the account of the path, the
 * reason of the body, the log of changes.
 */
#define ACCOUNT_INVITES_MOST 200

struct account_act {
	struct account_row row; /* of the path */
	struct json *body;
	const struct json_value *o; /* its object */
	const char *reason;
	const char *key; /* "key" of the body: a key that is there; "" */
	uint64_t now_ms;

	uint8_t pub[SSHKEY_BYTES]; /* a key that is new */
	bool has_pub;
	bool all, automatic;
	uint64_t expires_ms; /* wall time */
	int count;           /* of invitations */
	struct buf items;    /* of the answer */
	bool removed;
};

/* The body ("known" keys, "reason" and "key" among them) and, with a path, its
 * account.  account_act_end() in any case. */
int account_act_begin(struct request *r, struct account_act *a,
    const char *const *known, struct err *e);
void account_act_end(struct account_act *a);

/* "fn" as a change; afterwards sshd's side has the news.  Answers with the
 * account, or with a->items where there are some. */
int account_act_run(struct request *r, struct account_act *a,
    int (*fn)(struct request *r, void *arg, struct err *e), struct err *e);

/* Event and row of the log of changes: "account.disabled", {"state":...}. */
int account_act_note(struct request *r, const struct account_act *a,
    const char *what, const char *before, const char *after, struct err *e);
/* The same of one key. */
int account_act_note_key(struct request *r, const struct account_act *a,
    const char *what, const char *fingerprint, const char *from, const char *to,
    struct err *e);

/* "key" of the body as a public key from outside. */
int account_act_public(
    struct request *r, struct account_act *a, const char *field, struct err *e);

/* A boolean and a number of the body; "otherwise" when it is not there. */
int account_act_bool(struct request *r, const struct account_act *a,
    const char *field, bool *value, struct err *e);
int account_act_number(struct request *r, const struct account_act *a,
    const char *field, uint64_t max, uint64_t *value, struct err *e);

#endif

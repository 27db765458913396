#ifndef MASTERD_DB_ACCOUNTS_H
#define MASTERD_DB_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/sshkey.h"
#include "lib/wire/ids.h"
#include "masterd/db/db.h"

/*
 * Who may come in: accounts, their keys, and invitations to bring one
 * (masterd/accounts/DESIGN has the states).
 *
 * The row of a key is never deleted, whatever becomes of the key or of its
 * account: a key in ROOT/accounts/ that has no row is one that this database
 * has lost, and nothing else.
 *
 * What changes something must be called between db_begin() and db_commit().
 */
#define ACCOUNT_PROJECTS_MAX 1023
#define ACCOUNT_BY_MAX       79

/* How long an invitation that was used still opens the door, so that its
 * machine can read the answer; and how long answers lie there. */
#define ACCOUNT_DOOR_MS   (15ull * 60 * 1000)
#define ACCOUNT_ANSWER_MS (24ull * 60 * 60 * 1000)

struct account_row {
	int64_t id;
	char name[NAME_MAX_LEN + 1];
	char kind[WORD_MAX_LEN + 1];             /* bot, ci, reader */
	char state[WORD_MAX_LEN + 1];            /* active, disabled, removed */
	char projects[ACCOUNT_PROJECTS_MAX + 1]; /* words */
	char
	    added_by[ACCOUNT_BY_MAX + 1]; /* "": only learnt of by its folder */
	uint64_t max_bytes, max_files, max_rate; /* 0: the setting's */
	bool shut; /* as accounts_set_usage() has it */
};

/* 1 found, 0 not, -1. */
int accounts_get(
    struct db *db, const char *name, struct account_row *a, struct err *e);

/* All, by name, those that were removed too; ends early when fn is not 0. */
typedef int account_fn(void *arg, const struct account_row *a);
int accounts_each(struct db *db, account_fn *fn, void *arg, struct err *e);

/*
 * Add "a" (all but its id and state count); *id is its row.  One that was
 * removed comes back, one that was only learnt of becomes this.  CONFLICT when
 * it is there.
 */
int accounts_add(struct db *db, const struct account_row *a, const char *reason,
    uint64_t now_ms, int64_t *id, struct err *e);
int accounts_set_state(struct db *db, int64_t account, const char *state,
    const char *reason, struct err *e);

/* Its projects and limits. */
int accounts_set_limits(
    struct db *db, const struct account_row *a, struct err *e);

/* All that a key file's first line says, over what the row says. */
int accounts_restore(struct db *db, const struct account_row *a, struct err *e);

/* It grows with each change by anybody: the last row of the log of changes. */
int accounts_serial(struct db *db, uint64_t *serial, struct err *e);

/* What lies in its incoming/ as counted last; forgotten with the process. */
struct account_usage {
	uint64_t bytes, files;
	const char *hold; /* why its bots are told to; "": they are not */
	bool shut;        /* nor may they come in */
};
int accounts_set_usage(struct db *db, const char *name,
    const struct account_usage *u, struct err *e);

/* Each of its bots that may listen. */
int accounts_each_bot(struct db *db, const char *name,
    int (*fn)(void *arg, int64_t bot), void *arg, struct err *e);

/* The account that has the bot of this name (PROTOCOL 3): 1, 0 none, -1. */
int accounts_bot_owner(
    struct db *db, const char *bot, char *account, size_t size, struct err *e);

/* ---- keys ---- */
struct account_key {
	int64_t id, account;
	char text[SSHKEY_TEXT]; /* base64 */
	char fingerprint[SSHKEY_FINGERPRINT];
	char state[WORD_MAX_LEN + 1]; /* pending, active, disabled */
	char bot[NAME_MAX_LEN + 1];   /* "": none */
	char invite[17];              /* that brought it; "" */
	uint64_t decided_ms;          /* when its state last changed */
};

struct account_key_new {
	int64_t account;
	const uint8_t *pub;
	const char *state;
	const char *bot, *host, *invite; /* cleaned; "" */
	const char *by;
	uint64_t now_ms;
};

/*
 * CONFLICT with the account that has this key, or when it is the key of an
 * invitation.  A key that was disabled becomes the caller's again.
 */
int accounts_add_key(
    struct db *db, const struct account_key_new *n, struct err *e);

/* 1 found, 0 not, -1. */
int accounts_key_of(struct db *db, const uint8_t pub[SSHKEY_BYTES],
    struct account_key *k, struct err *e);

/*
 * The key of an account that a person means: a bot's name, a fingerprint or
 * the beginning of one ("SHA256:" may be left out).  "state" narrows; NULL:
 * any.  NOT_FOUND; REFUSED when several fit, which are then named.
 */
int accounts_find_key(struct db *db, const struct account_row *a,
    const char *typed, const char *state, struct account_key *k, struct err *e);

typedef int account_key_fn(void *arg, const struct account_key *k);
int accounts_each_key(struct db *db, int64_t account, const char *state,
    account_key_fn *fn, void *arg, struct err *e);

int accounts_set_key(struct db *db, int64_t key, const char *state,
    const char *by, uint64_t now_ms, struct err *e);
/* All of an account that are "from"; *count of them. */
int accounts_set_keys(struct db *db, int64_t account, const char *from,
    const char *to, const char *by, uint64_t now_ms, int64_t *count,
    struct err *e);

/* ---- invitations ---- */
struct account_invite {
	int64_t id, account;
	char invite[17];
	char key[SSHKEY_TEXT];
	char state[WORD_MAX_LEN + 1]; /* open, used, expired, withdrawn */
	char used_key[SSHKEY_FINGERPRINT];
	bool automatic; /* admitted at once */
	uint64_t expires_ms, ended_ms;
	char account_name[NAME_MAX_LEN + 1];
	char account_state[WORD_MAX_LEN + 1];
	char key_state[WORD_MAX_LEN + 1]; /* of used_key; "": there is none */
};

struct account_invite_new {
	int64_t account;
	const uint8_t *pub;
	bool automatic;
	const char *by;
	uint64_t now_ms, expires_ms;
};

int accounts_add_invite(
    struct db *db, const struct account_invite_new *n, struct err *e);
int accounts_get_invite(struct db *db, const char *invite,
    struct account_invite *i, struct err *e); /* 1, 0, -1 */
int accounts_use_invite(struct db *db, int64_t invite, const char *fingerprint,
    uint64_t now_ms, struct err *e);
int accounts_withdraw_invites(
    struct db *db, int64_t account, uint64_t now_ms, struct err *e);
int accounts_withdraw_invite(
    struct db *db, int64_t invite, uint64_t now_ms, struct err *e);
/* Those whose time is over; *count of them. */
int accounts_expire_invites(
    struct db *db, uint64_t now_ms, int64_t *count, struct err *e);

typedef int account_invite_fn(void *arg, const struct account_invite *i);
/* Whose keys may knock: open ones, and those that were used as long as their
 * answer is waited for. */
int accounts_each_door(struct db *db, uint64_t now_ms, account_invite_fn *fn,
    void *arg, struct err *e);
/* Used ones whose answer is still to be read. */
int accounts_each_answer(struct db *db, uint64_t now_ms, account_invite_fn *fn,
    void *arg, struct err *e);

#endif

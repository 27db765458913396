#ifndef MASTERD_ACCOUNTS_GATE_H
#define MASTERD_ACCOUNTS_GATE_H

#include "lib/base/loop.h"
#include "lib/wire/invitation.h"
#include "masterd/db/db.h"

/*
 * Who may come in, kept true outside the database: key files, authorized_keys,
 * folders, the enrolment of machines, the sockets of ci accounts.
 *
 *	gate_open()	adopts keys, writes all files, opens all doors
 *	gate_changed()	after each COMMIT that changed accounts: before whoever
 *			asked for it gets an answer, sshd's side has the news
 */
struct gate;

/* Of masterd.yaml, accounts.*; copied. */
struct gate_settings {
	const char *url;             /* sftp://HOST:PORT, ""; not known */
	const char *user;            /* "": each account its own (A) */
	const char *host_key;        /* file, public; "" */
	const char *authorized_keys; /* file to write; "" */
	const char *command;         /* of its lines */
};

struct gate_hooks {
	void *arg;
	/* Listen for a ci account, or no more; its connections end then. */
	int (*open_door)(void *arg, const char *account, struct err *e);
	void (*close_door)(void *arg, const char *account);
	void (*fatal)(void *arg, const struct err *e);
};

struct gate *gate_open(int root, struct loop *loop, struct db *db,
    const struct gate_settings *settings, const struct gate_hooks *hooks,
    struct err *e);
void gate_close(struct gate *g); /* NULL is fine */

void gate_set(struct gate *g, const struct gate_settings *settings);

/* Not within a transaction. */
void gate_changed(struct gate *g);

/*
 * Before an account is added: its folder is made, or, where root has to make
 * account and folder, is there.  REFUSED with what to run.
 */
int gate_prepare(
    struct gate *g, const char *name, const char *kind, struct err *e);

/* All of an invitation but account and secret.  REFUSED with the setting that
 * is missing. */
int gate_invitation(struct gate *g, struct invitation *i, struct err *e);

#endif

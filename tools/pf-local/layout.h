#ifndef TOOLS_PF_LOCAL_LAYOUT_H
#define TOOLS_PF_LOCAL_LAYOUT_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "tools/pf-local/local.h"

/*
 * The folders and files of a ROOT, and what `up` was told.
 *
 * layout_open() opens a ROOT that `up` made, or with "make" makes one; it
 * fills everything but "config".  NOT_FOUND when it is none.  REFUSED when
 * somebody else could have changed what is in it: sshd runs with StrictModes
 * off, so this is the check of owners and modes.
 */
int layout_open(struct local *l, const char *root, bool make, struct err *e);

/* Wait for the lock that `up` and `down` hold, up to a minute. */
int layout_lock(struct local *l, struct err *e);

/* Defaults when nothing was ever saved. */
int layout_load(struct local *l, struct err *e);
int layout_save(const struct local *l, struct err *e);

/* Replace "name" below ROOT/local by "text", synced; releases "text". */
int layout_write(
    const struct local *l, const char *name, struct buf *text, struct err *e);

/* Folders of the account and of "config.bots" bots. */
int layout_make_account(struct local *l, struct err *e);

/* local/masterd.yaml and botd.yaml, where somebody may say more. */
int layout_make_settings(const struct local *l, struct err *e);

/* The settings accounts.* of the master; 1 when they are others now. */
int layout_put_accounts(const struct local *l, const char *url, struct err *e);

/* "ROOT/local/<name>", or "<programs>/<name>" or just the name when it is
 * not there and PATH decides.  Caller frees. */
char *layout_path(const struct local *l, const char *name);
char *layout_program(const struct local *l, const char *name);

#endif

#ifndef TOOLS_PF_LOCAL_SSHD_H
#define TOOLS_PF_LOCAL_SSHD_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "tools/pf-local/local.h"

/*
 * The private sshd on a loopback port, and on one for further machines where
 * that was asked for, in which each key may do one thing: what `pf-local serve`
 * does for its account.
 *
 * sshd_check() finds the programs and tries the confinement: REFUSED with the
 * name of what is missing.  sshd_prepare() makes what keys are missing and
 * writes sshd's files anew; with "new_port" it first makes sure that
 * config.port is free, or chooses another (1 is returned when it changed);
 * *changed: a sshd that runs has to be started anew.
 */
int sshd_check(const struct local *l, struct err *e);
int sshd_prepare(struct local *l, bool new_port, bool *changed, struct err *e);

/* "ssh-ed25519 AAAA...": the first two words of the public half of a key. */
int sshd_public_key(
    const struct local *l, const char *name, struct buf *out, struct err *e);
/* accounts.url */
void sshd_url(const struct local *l, struct buf *url);

int sshd_start(const struct local *l, struct err *e);

/* 1 when a connection to the port is greeted with "SSH-". */
int sshd_answers(const struct local *l);

#endif

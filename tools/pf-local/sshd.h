#ifndef TOOLS_PF_LOCAL_SSHD_H
#define TOOLS_PF_LOCAL_SSHD_H

#include "lib/base/err.h"
#include "tools/pf-local/local.h"

/*
 * The private sshd on a loopback port, in which the key of each bot may do
 * one thing: run a confined sftp-server in the account's folder.
 *
 * sshd_check() finds the programs and tries the confinement: REFUSED with the
 * name of what is missing.  sshd_prepare() makes what keys are missing and
 * writes sshd's files anew; with "new_port" it first makes sure that
 * config.port is free, or chooses another (1 is returned when it changed).
 */
int sshd_check(const struct local *l, struct err *e);
int sshd_prepare(struct local *l, bool new_port, struct err *e);
int sshd_start(const struct local *l, struct err *e);

/* 1 when a connection to the port is greeted with "SSH-". */
int sshd_answers(const struct local *l);

#endif

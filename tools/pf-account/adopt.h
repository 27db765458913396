#ifndef TOOLS_PF_ACCOUNT_ADOPT_H
#define TOOLS_PF_ACCOUNT_ADOPT_H

#include "tools/pf-account/site.h"
#include "tools/pf-account/sshd.h"

/*
 * Turn a ROOT of pf-local ("from") into the installed form at s->root, so that
 * every machine goes on by itself: its link keeps host, port, host key and
 * key; that it logs in as its account from now on, and no more as whoever ran
 * pf-local, it finds out itself (botd/courier).  For port and host key there
 * is an sshd of PandaFuzz's own, ETC/sshd/sshd_config.
 *
 * CONFLICT while anything of pf-local runs, or s->root has data of another
 * master.  Killed at any instant and run again, it completes.  What was
 * pf-local's own (ROOT/local: keys, logs, bots of this machine) stays there.
 */
int adopt(
    struct site *s, const struct sshd *d, const char *from, struct err *e);

#endif

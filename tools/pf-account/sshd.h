#ifndef TOOLS_PF_ACCOUNT_SSHD_H
#define TOOLS_PF_ACCOUNT_SSHD_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "tools/pf-account/site.h"

/*
 * packaging/sshd/pandafuzz.conf, and what else sshd must say.
 */
struct sshd {
	const char *dir;     /* where snippets go; NULL: the system's */
	const char *program; /* NULL: the system's */
	const char *config;  /* its main file; NULL: the system's */
	const char *snippet; /* NULL: beside our own program */
};

#define SSHD_DIR     "/etc/ssh/sshd_config.d"
#define SSHD_PROGRAM "/usr/sbin/sshd"
#define SSHD_CONFIG  "/etc/ssh/sshd_config"
#define SSHD_SNIPPET "pandafuzz.conf"

/* The snippet for this ROOT and ETC. */
int sshd_snippet(
    const struct site *s, const struct sshd *d, struct buf *out, struct err *e);

/* Put it into the folder.  1 when it is another than before. */
int sshd_install(const struct site *s, const struct sshd *d, struct err *e);

/*
 * What sshd says would be in force for the account "enroll" (`sshd -T`).
 * NOT_FOUND when there is no sshd to ask, REFUSED when it does not like its
 * own configuration.
 */
int sshd_ask(const struct sshd *d, struct buf *said, struct err *e);

/* Of that: a sentence with its fix in "faults" (one a line) for each thing
 * that keeps bots out. */
void sshd_judge(const struct site *s, const char *said, struct buf *faults);

/* And what machines need to know: its port, and the file of its public ed25519
 * key; -1 when there is none. */
int sshd_place(const char *said, unsigned *port, struct buf *host_key);

#endif

#ifndef TOOLS_PF_SPOOL_PF_SPOOL_H
#define TOOLS_PF_SPOOL_PF_SPOOL_H

#include "lib/base/err.h"
#include "lib/wire/bundle.h"

/*
 * pf-spool: bundles for people.  Each command is a function of its own
 * arguments, argv[0] being its name; it returns the exit code.
 */
#define EXIT_OK    0
#define EXIT_BAD   1 /* the bundle is not ok, or something failed */
#define EXIT_USAGE 2

int show_command(int argc, char **argv);
int seal_command(int argc, char **argv);
int extract_command(int argc, char **argv);

/* "pf-spool: <sentence>" on standard error; returns EXIT_BAD. */
int complain(const struct err *e);

/* The same with a hint at --help; returns EXIT_USAGE. */
int usage_error(const char *command, const char *what);

/* The word for an end of a bundle: "ok", "damaged", "refused", "held". */
const char *verdict_word(enum bundle_step step);

#endif

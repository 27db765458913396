#ifndef MASTERD_MAINTAIN_H
#define MASTERD_MAINTAIN_H

#include <stdbool.h>

/*
 * What is done to a root on which no masterd runs, instead of running one:
 *
 *	--downgrade-to N	the database as it was before its schema N+1
 *	--rebuild [--verify]	a new database from the files alone
 *
 * Words of the command line only: no file says so by accident at each start.
 */
struct maintain {
	int downgrade_to; /* 0: no */
	bool rebuild, verify;
};

/* Take these words out of argv.  0, or the exit code 2 after a complaint. */
int maintain_parse(struct maintain *m, int *argc, char **argv);

bool maintain_wanted(const struct maintain *m);

/* With "root" locked; the exit code. */
int maintain_run(const struct maintain *m, int root);

#endif

#ifndef BOTD_SUPERVISOR_H
#define BOTD_SUPERVISOR_H

#include <stdbool.h>

#include "lib/base/err.h"
#include "lib/wire/ids.h"

/*
 * The parent of courier and runner: holds the lock of the root (P.28), keeps
 * both alive, and ends them in the right order.
 */
struct supervisor_config {
	const char *root;
	struct name bot;
	const char *const *runner;  /* argv of each, [0] is the program */
	const char *const *courier; /* NULL: a relay carries */
	void *arg;
	/* Once the root is ours, before a child starts. */
	int (*prepare)(void *arg, int root, struct err *e);
	/* On SIGHUP; true: the children are told, too. */
	bool (*reload)(void *arg, int root);
};

/*
 * Runs until SIGTERM or SIGINT, or until the runner leaves because the master
 * said stop.  Returns the exit code: 0 done, 1 failed at run time, 2 a child
 * cannot work with its configuration, 3 the root is locked by another.
 */
int supervisor_run(const struct supervisor_config *c);

#endif

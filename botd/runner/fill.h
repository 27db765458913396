#ifndef BOTD_RUNNER_FILL_H
#define BOTD_RUNNER_FILL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/ticket.h"

/*
 * The body of the child that fills a session's folder.  It writes lines to
 * descriptor 1: "seeds N", "units N", "bytes N" (of units), "serial N",
 * "note ...", what the target's file says of itself ("machine M", "loader L",
 * "calls N", "whole", "uncounted <why>"), and last either "ok" or "failed
 * <sentence>".  It opens everything by path below "root".
 */
struct fill {
	const char *root;  /* the bot's folder */
	const char *lease; /* 16 hex digits */
	const struct ticket *ticket;
	bool feed;           /* only new segments, into corpus/ as well */
	uint64_t fed_serial; /* what corpus/ or units/ has already */
};

int fill_run(const struct fill *f); /* returns the exit code */

#endif

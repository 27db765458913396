#ifndef BOTD_DOCTOR_H
#define BOTD_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "botd/off.h"
#include "lib/wire/ids.h"

/*
 * "pandafuzz-botd doctor": look at each thing that a bot needs and say, one a
 * line, "ok" and what was found, or "FAIL", what is wrong and what to do.
 */
struct doctor_config {
	const char *root;
	struct name bot;
	const char *link, *key, *known_hosts; /* link "": none yet */
	uint64_t timeout_ms;
	bool no_sandbox; /* "sandbox: none" */
	bool relayed;    /* "link: relay" */
	struct off *off; /* its hours */
	const char *account;
};

/* Returns the exit code: 0 when all is well, else 1. */
int doctor_run(const struct doctor_config *c);

#endif

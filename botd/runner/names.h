#ifndef BOTD_RUNNER_NAMES_H
#define BOTD_RUNNER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A set of file names, kept as 64-bit hashes: 100,000 names are 2 MiB.  Two
 * names falling together is as likely as one in 10^9 for that many; what is
 * passed over then is found again by a salvage or by another session.
 */
struct names {
	uint64_t *slots;
	size_t room, count;
};

bool names_has(const struct names *n, const char *name);
bool names_add(struct names *n, const char *name); /* false: it was there */
void names_release(struct names *n);

#endif

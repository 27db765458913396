#ifndef TOOLS_PFADM_OPTIONS_H
#define TOOLS_PFADM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Options by bit, for the table of commands. */
enum {
	O_PROJECT = 1 << 0,
	O_BRANCH = 1 << 1,
	O_REVISION = 1 << 2,
	O_SLOTS = 1 << 3,
	O_FOR = 1 << 4,
	O_PARSABLE = 1 << 5,
	O_TARGET = 1 << 6,
	O_BUCKET = 1 << 7,
	O_STATUS = 1 << 8,
	O_OUTPUT = 1 << 9,
	O_REPORT = 1 << 10,
	O_LINES = 1 << 11,
	O_FOLLOW = 1 << 12,
	O_ALL = 1 << 13,
	O_EPOCH = 1 << 14,
	O_ANY = 1 << 15 /* every command takes it */
};

struct options {
	const char *root, *socket; /* NULL: not given */
	const char *project, *branch, *revision, *target, *bucket, *status,
	    *output, *epoch;
	uint64_t slots, for_ms, lines;
	bool has_lines;
	bool json, help, version, no_header, parsable, report, follow, all;
	unsigned given; /* bits */
};

struct option_spec {
	const char *name;
	char letter;          /* 0: long only */
	const char *argument; /* NULL: a flag */
	unsigned bit;
	const char *help;
};

extern const struct option_spec option_specs[];
extern const int option_spec_count;

/*
 * Read the options wherever they stand; words are moved behind them, *first
 * is the index of the first one.  -1 after a complaint.
 */
int options_read(struct options *o, int argc, char **argv, int *first);

/* "--name" of the first given option that is not in "allowed", or NULL. */
const char *options_unwanted(const struct options *o, unsigned allowed);

#endif

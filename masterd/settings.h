#ifndef MASTERD_SETTINGS_H
#define MASTERD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What masterd is told: /etc/pandafuzz/masterd.yaml or another file, and over
 * it the command line, whose options are the same keys with '-' for '_'.
 */
#define SETTINGS_FILE "/etc/pandafuzz/masterd.yaml"

struct settings {
	char *root;         /* the master's folder */
	char *socket;       /* "": ROOT/run/admin.sock */
	uint64_t heartbeat; /* milliseconds */
	bool as_root;
	bool new_generation; /* of a restored database (PROTOCOL 26) */
	bool nosync;         /* power-cut harness only */
	int log_level;
};

/*
 * Read file and options.  Returns -1 to go on, else an exit code: 0 after
 * --help and --version, 2 after a complaint on standard error.
 */
int settings_load(struct settings *s, int argc, char **argv);
void settings_release(struct settings *s);

#endif

#ifndef LIB_BASE_CONFIG_COMMAND_H
#define LIB_BASE_CONFIG_COMMAND_H

#include "lib/base/config.h"

/*
 * The command line of a program with settings: every key is an option, with
 * '-' for '_' and '.' ("--admin-request-timeout 5s"; a switch needs no value:
 * "--nosync"), and
 *
 *	--config FILE	--check-config	--print-config	--help	--version
 */
enum config_what {
	CONFIG_RUN,
	CONFIG_CHECK,
	CONFIG_PRINT,
	CONFIG_HELP,
	CONFIG_VERSION,
	CONFIG_WRONG /* getopt has said why on standard error */
};

struct config_command {
	enum config_what what;
	struct config_sources sources; /* texts are argv's */
	int rest;                      /* first word of argv that is no option;
					  argv is sorted so that all follow */
};

void config_command_parse(const struct config_table *t, int argc, char **argv,
    struct config_command *c);
void config_command_release(struct config_command *c);

/* "--admin-request-timeout" for "admin.request_timeout". */
#define CONFIG_OPTION_MAX 48
void config_option_name(char name[CONFIG_OPTION_MAX], const char *key);

/*
 * Load, and do what --check-config and --print-config ask for.  Returns -1 to
 * go on with "out" filled, else the exit code: 0 checked or printed, 2 after
 * complaints on standard error.
 */
int config_start(const struct config_table *t, const struct config_command *c,
    void *out, struct config_said *said);

#endif

/*
 * The table of masterd's settings, and its command line.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/config.h"
#include "lib/base/version.h"
#include "masterd/settings.h"

static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct config_key keys[] = {
	{ "root", CONFIG_STRING, AT(root), "/var/lib/pandafuzz", NULL, 0, 0 },
	{ "socket", CONFIG_STRING, AT(socket), "", NULL, 0, 0 },
	{ "heartbeat", CONFIG_DURATION, AT(heartbeat), "10s", NULL, 100,
	    3600000 },
	{ "as_root", CONFIG_BOOL, AT(as_root), "no", NULL, 0, 0 },
	{ "new_generation", CONFIG_BOOL, AT(new_generation), "no", NULL, 0,
	    0 },
	{ "nosync", CONFIG_BOOL, AT(nosync), "no", NULL, 0, 0 },
	{ "log_level", CONFIG_ENUM, AT(log_level), "info", levels, 0, 0 },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "root", required_argument, NULL, 'k' },
	{ "socket", required_argument, NULL, 'k' },
	{ "heartbeat", required_argument, NULL, 'k' },
	{ "log-level", required_argument, NULL, 'k' },
	{ "as-root", no_argument, NULL, 'y' },
	{ "new-generation", no_argument, NULL, 'y' },
	{ "nosync", no_argument, NULL, 'y' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

static const char usage[] =
    "usage: pandafuzz-masterd [--config FILE] [--root DIR] [--socket PATH]\n"
    "           [--heartbeat 10s] [--log-level debug|info|warn|error]\n"
    "           [--as-root] [--new-generation]\n"
    "\n"
    "Takes in what bots find below DIR (/var/lib/pandafuzz) and tells them\n"
    "what to do.  Runs in the foreground and logs to standard error.\n"
    "\n"
    "  --as-root         run as root, which is refused otherwise\n"
    "  --new-generation  the database is a restored one: bots push again\n"
    "                    what it may not know\n"
    "\n"
    "examples:\n"
    "  pandafuzz-masterd --root ~/farm\n"
    "  pandafuzz-masterd --config /etc/pandafuzz/masterd.yaml\n";

static int
complain(const char *text)
{
	fprintf(stderr, "pandafuzz-masterd: %s\n", text);
	return 2;
}

static int
read_file(struct settings *s, const char *path, bool given)
{
	char *complaints = NULL;
	struct err e;

	if (!given && access(path, F_OK) == -1)
		return -1;
	if (config_read(path, keys, KEYS, s, &complaints, &e) == 0)
		return -1;
	if (complaints != NULL)
		fputs(complaints, stderr);
	free(complaints);
	return complain(e.text);
}

static int
set(struct settings *s, const char *option, const char *value)
{
	char name[32];
	struct err e;
	char *p;

	snprintf(name, sizeof(name), "%s", option);
	for (p = name; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	if (config_set(keys, KEYS, s, name, value, &e) == 0)
		return -1;
	return complain(e.text);
}

static const char *
find_config(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			return argv[i + 1];
		if (strncmp(argv[i], "--config=", 9) == 0)
			return argv[i] + 9;
	}
	return NULL;
}

static int
parse(struct settings *s, int argc, char **argv)
{
	int c, at, result = -1;

	while (result == -1 &&
	    (c = getopt_long(argc, argv, "h", options, &at)) != -1) {
		switch (c) {
		case 'k':
			result = set(s, options[at].name, optarg);
			break;
		case 'y':
			result = set(s, options[at].name, "yes");
			break;
		case 'c':
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'v':
			puts("pandafuzz-masterd " PANDAFUZZ_VERSION);
			return 0;
		default:
			return 2;
		}
	}
	if (result == -1 && optind < argc)
		return complain("takes options only; see --help");
	return result;
}

int
settings_load(struct settings *s, int argc, char **argv)
{
	const char *file = find_config(argc, argv);
	int result;

	config_defaults(keys, KEYS, s);
	result =
	    read_file(s, file != NULL ? file : SETTINGS_FILE, file != NULL);
	return result != -1 ? result : parse(s, argc, argv);
}

void
settings_release(struct settings *s)
{
	config_release(keys, KEYS, s);
}

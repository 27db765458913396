/*
 * pf-spool: look at bundles, take them apart, and make real ones from files.
 * It reads and writes through lib/wire, as bot and master do, so what it says
 * of a bundle is what the master will say.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include "lib/base/version.h"
#include "tools/pf-spool/pf_spool.h"

static const char examples[] =
    "Examples:\n"
    "  pf-spool show rejected/local/b1-5f3c9a01d2e4b677-17-c.pfb\n"
    "  pf-spool extract b1-5f3c9a01d2e4b677-17-c.pfb /tmp/crash\n";

/* clang-format off */
static const struct command {
	const char *name, *arguments, *help;
	int (*run)(int argc, char **argv);
	const char *examples;
} commands[] = {
	{ "show", "[--json] FILE",
	    "Print a bundle, and judge it as the master does.", show_command,
	    "The last line is 'verdict: ok', or damaged, refused or held with\n"
	    "the reason.  Exit 0 when it is ok, 1 when it is not.\n\n"
	    "  --json   one JSON object instead of lines\n\n"
	    "Examples:\n"
	    "  pf-spool show rejected/local/b1-5f3c9a01d2e4b677-17-c.pfb\n"
	    "  pf-spool show --json outbox/new/b1-5f3c9a01d2e4b677-3-b.pfb\n" },
	{ "extract", "FILE DIR",
	    "Write the payloads of a bundle, named by their SHA-256.",
	    extract_command,
	    "Prints digest, size and kind of each.  What a bundle holds before\n"
	    "the point where it is broken is written too; exit 1 tells.\n\n"
	    "Examples:\n"
	    "  pf-spool extract b1-5f3c9a01d2e4b677-17-c.pfb /tmp/crash\n"
	    "  pf-spool extract held/local/b2-90ab34cd56ef7812-4-b.pfb .\n" },
	{ "seal", "--kind K --bot B --epoch E --seq N [OPTION]...",
	    "Make a bundle from files.", seal_command, NULL },
};
/* clang-format on */

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

int
complain(const struct err *e)
{
	fprintf(stderr, "pf-spool: %s\n", e->text);
	return EXIT_BAD;
}

int
usage_error(const char *command, const char *what)
{
	fprintf(stderr, "pf-spool %s: %s (see pf-spool %s --help)\n", command,
	    what, command);
	return EXIT_USAGE;
}

const char *
verdict_word(enum bundle_step step)
{
	switch (step) {
	case STEP_OK:
		return "ok";
	case STEP_REFUSED:
		return "refused";
	case STEP_HELD:
		return "held";
	default:
		return "damaged";
	}
}

static int
help(FILE *to)
{
	size_t i;

	fprintf(to, "Usage: pf-spool COMMAND ...\n\n");
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %s\n           %s\n", commands[i].name,
		    commands[i].arguments, commands[i].help);
	fprintf(to, "\nEach command has --help.\n\n%s", examples);
	return to == stdout ? EXIT_OK : EXIT_USAGE;
}

static int
run(const struct command *c, int argc, char **argv)
{
	/* seal prints its table of options itself. */
	if (c->examples != NULL && argc == 2 &&
	    strcmp(argv[1], "--help") == 0) {
		printf("Usage: pf-spool %s %s\n\n%s\n%s", c->name, c->arguments,
		    c->help, c->examples);
		return EXIT_OK;
	}
	return c->run(argc, argv);
}

int
main(int argc, char **argv)
{
	size_t i;

	umask(027);
	if (argc < 2)
		return help(stderr);
	if (strcmp(argv[1], "--help") == 0)
		return help(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		puts("pf-spool " PANDAFUZZ_VERSION);
		return 0;
	}
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run(&commands[i], argc - 1, argv + 1);
	fprintf(stderr, "pf-spool: no such command '%s'\n", argv[1]);
	return help(stderr);
}

/*
 * pfadm(1): options, command, client, go.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "lib/base/version.h"
#include "tools/pfadm/commands.h"

/* --help and --version; true when there is nothing more to do. */
static bool
informed(struct pfadm *pf, int count, char **words, int *code)
{
	*code = EXIT_DONE;
	if (pf->o.version) {
		puts("pfadm " PANDAFUZZ_VERSION);
		return true;
	}
	if (count == 0 && !pf->o.help) {
		*code = EXIT_USAGE;
		help_all(stderr);
		return true;
	}
	if (pf->o.help)
		*code = help_words(pf, count, words);
	return pf->o.help;
}

/* Those that ask nobody. */
static bool
needs_no_master(const struct command *c)
{
	return c->run == cmd_help || c->run == cmd_completion;
}

/* A full disk is said; a reader that has gone needs no words. */
static int
flush(int code)
{
	struct err e;

	if (screen_close() == 0 || errno == EPIPE)
		return code;
	err_sys(&e, "cannot write");
	fprintf(stderr, "pfadm: %s\n", e.text);
	return code == EXIT_DONE ? EXIT_FAILED : code;
}

static int
perform(struct pfadm *pf)
{
	bool near = pf->command->run == cmd_system_stdio;
	bool quiet = pf->command->run == cmd_complete;
	int code;

	if (needs_no_master(pf->command))
		return flush(pf->command->run(pf));
	if ((code = where_find(&pf->where, &pf->o, near)) == 0 &&
	    (code = screen_open(pf, pf->where.color)) == 0) {
		if (!near)
			pf->client = client_open(&pf->where, quiet);
		code = flush(pf->command->run(pf));
		client_close(pf->client);
	}
	where_release(&pf->where);
	return code;
}

/* Before options are read, for what is wrong with them is told as JSON, too. */
static bool
wants_json(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0 ||
		    strcmp(argv[i], "-j") == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	struct pfadm pf;
	int first, used, code;

	/* Who reads only the first lines ends us, and nobody is bothered. */
	signal(SIGPIPE, SIG_DFL);
	memset(&pf, 0, sizeof(pf));
	complain_as_json(wants_json(argc, argv));
	if (options_read(&pf.o, argc, argv, &first) == -1)
		return EXIT_USAGE;
	if (informed(&pf, argc - first, argv + first, &code))
		return flush(code);
	pf.command = grammar_find(argc - first, argv + first, &used);
	if (pf.command == NULL)
		return EXIT_USAGE;
	code = grammar_argument(&pf, argc - first - used, argv + first + used);
	return code != EXIT_DONE ? code : perform(&pf);
}

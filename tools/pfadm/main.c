/*
 * pfadm(1): options, command, client, go.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/version.h"
#include "tools/pfadm/pfadm.h"

#define DEFAULT_SOCKET "/run/pandafuzz/admin.sock"

/* Option over environment over default; a root over a socket. */
static void
find_socket(const struct options *o, struct buf *socket)
{
	const char *root = o->root, *path = o->socket;

	if (root == NULL && path == NULL) {
		root = getenv("PANDAFUZZ_ROOT");
		path = getenv("PANDAFUZZ_SOCKET");
	}
	if (path != NULL && *path != '\0')
		buf_adds(socket, path);
	else if (root != NULL && *root != '\0')
		buf_printf(socket, "%s/run/admin.sock", root);
	else
		buf_adds(socket, DEFAULT_SOCKET);
}

/* --help and --version; true when there is nothing more to do. */
static bool
informed(struct pfadm *pf, int count, char **words, int *code)
{
	int used;

	*code = EXIT_DONE;
	if (pf->o.version) {
		puts("pfadm " PANDAFUZZ_VERSION);
		return true;
	}
	if (count == 0) {
		if (!pf->o.help)
			*code = EXIT_USAGE;
		help_all(pf->o.help ? stdout : stderr);
		return true;
	}
	if (!pf->o.help)
		return false;
	if (count == 1 && help_noun(stdout, words[0]))
		return true;
	pf->command = grammar_find(count, words, &used);
	if (pf->command == NULL)
		*code = EXIT_USAGE;
	else
		help_command(stdout, pf->command);
	return true;
}

static int
perform(struct pfadm *pf)
{
	struct buf socket = BUF_INIT;
	int code;

	find_socket(&pf->o, &socket);
	pf->client = client_open(socket.data);
	buf_release(&socket);
	pf->tty = isatty(STDOUT_FILENO);
	code = pf->command->run(pf);
	client_close(pf->client);
	if (fflush(stdout) == EOF && code == EXIT_DONE)
		code = EXIT_FAILED;
	return code;
}

int
main(int argc, char **argv)
{
	struct pfadm pf;
	int first, used, code;

	memset(&pf, 0, sizeof(pf));
	if (options_read(&pf.o, argc, argv, &first) == -1)
		return EXIT_USAGE;
	if (informed(&pf, argc - first, argv + first, &code))
		return code;
	pf.command = grammar_find(argc - first, argv + first, &used);
	if (pf.command == NULL)
		return EXIT_USAGE;
	code = grammar_argument(&pf, argc - first - used, argv + first + used);
	return code != EXIT_DONE ? code : perform(&pf);
}

/*
 * pf-local: a whole PandaFuzz below one folder: a master, a private sshd and
 * bots, all run by whoever calls us.  See local.h for what lies where.
 */
#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/base/version.h"
#include "lib/wire/invitation.h"
#include "tools/pf-local/layout.h"
#include "tools/pf-local/serve.h"
#include "tools/pf-local/status.h"
#include "tools/pf-local/up.h"

#define SLOTS_MAX 1024

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NO_ROOT };

static const char usage[] =
    "usage: pf-local up ROOT [--bots N] [--slots N] [--link sftp|dir]\n"
    "           [--listen ADDR:PORT]\n"
    "       pf-local down ROOT\n"
    "       pf-local status ROOT\n"
    "\n"
    "A master, a private sshd on 127.0.0.1 and bots b1, b2, ... below the\n"
    "folder ROOT, run by you.  `up` starts whatever is down and changes\n"
    "nothing else; options are remembered.  Bots default to 1, slots of each\n"
    "to what the machine has, link to sftp.\n"
    "With --listen, sshd takes further machines there, with invitations of\n"
    "`pfadm account invite`; --listen none ends that.\n"
    "\n"
    "examples:\n"
    "       pf-local up ~/fuzz --bots 2\n"
    "       pfadm --root ~/fuzz status\n"
    "\n"
    "exit: 0 done (status: all up), 1 failed (status: something is down),\n"
    "      2 usage, 3 ROOT was not made by `up`\n";

static int
complain(const struct err *e)
{
	fprintf(stderr, "pf-local: %s\n", e->text);
	return e->cls == ERR_NOT_FOUND ? EXIT_NO_ROOT : EXIT_FAILED;
}

static int
cmd_up(const char *root, const struct up_wish *wish)
{
	struct err e = {0};
	struct local l;
	char *log;
	int code;

	if (layout_open(&l, root, true, &e) == -1 ||
	    layout_lock(&l, &e) == -1 || layout_load(&l, &e) == -1) {
		complain(&e);
		return EXIT_FAILED;
	}
	if (up(&l, wish, &log, &e) == -1) {
		code = complain(&e);
		if (log != NULL && log[0] != '\0')
			fprintf(stderr, "%s", log);
		free(log);
		return code == EXIT_NO_ROOT ? EXIT_FAILED : code;
	}
	printf("up: master, ");
	if (l.config.sftp)
		printf("sshd on 127.0.0.1:%u%s%s, ", l.config.port,
		    l.config.listen[0] == '\0' ? "" : " and ", l.config.listen);
	printf("%u bot%s in %s\n", l.config.bots, l.config.bots == 1 ? "" : "s",
	    l.root);
	return EXIT_OK;
}

static int
cmd_down(const char *root)
{
	struct err e = {0};
	struct local l;
	int killed;

	if (layout_open(&l, root, false, &e) == -1 || layout_lock(&l, &e) == -1)
		return complain(&e);
	killed = down(&l);
	if (killed > 0)
		fprintf(stderr,
		    "pf-local: %d process%s had to be killed; nothing is "
		    "lost, the next `up` goes on from there\n",
		    killed, killed == 1 ? "" : "es");
	return EXIT_OK;
}

static int
cmd_status(const char *root)
{
	struct err e = {0};
	struct local l;

	if (layout_open(&l, root, false, &e) == -1 || layout_load(&l, &e) == -1)
		return complain(&e);
	return status_print(&l) ? EXIT_OK : EXIT_FAILED;
}

static int bad_usage(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

static int
bad_usage(const char *fmt, ...)
{
	va_list ap;

	fputs("pf-local: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("; see pf-local --help\n", stderr);
	return EXIT_USAGE;
}

static int
number(const char *text, uint64_t max)
{
	uint64_t n;

	if (text_to_u64(&n, text) == -1 || n > max)
		return -1;
	return (int)n;
}

/* "none", or an address (IPv6 in brackets) or name, and a port. */
static bool
listen_ok(const char *text)
{
	struct invitation i;
	struct buf url = BUF_INIT;
	bool ok = strcmp(text, "none") == 0;

	buf_printf(&url, "sftp://%s", text);
	ok = ok || invitation_place(&i, "x", url.data, NULL) == 0;
	buf_release(&url);
	return ok;
}

/* 0, or EXIT_USAGE after a complaint. */
static int
read_option(int option, const char *value, struct up_wish *w)
{
	switch (option) {
	case 'b':
		w->bots = number(value, LOCAL_BOTS_MAX);
		return w->bots != -1 ? 0
				     : bad_usage("--bots wants a number up to "
						 "%d, not '%s'",
					   LOCAL_BOTS_MAX, value);
	case 's':
		w->slots = number(value, SLOTS_MAX);
		return w->slots != -1 ? 0
				      : bad_usage("--slots wants a number up "
						  "to %d, not '%s'",
					    SLOTS_MAX, value);
	case 'l':
		w->sftp = strcmp(value, "sftp") == 0;
		return w->sftp || strcmp(value, "dir") == 0
		    ? 0
		    : bad_usage("--link wants sftp or dir, not '%s'", value);
	case 'L':
		w->listen = value;
		return listen_ok(value)
		    ? 0
		    : bad_usage(
			  "--listen wants ADDR:PORT or none, not '%s'", value);
	default: /* getopt has named it */
		return bad_usage("bad option");
	}
}

static int
dispatch(int count, char **words, bool given, const struct up_wish *wish)
{
	/* clang-format off */
	static const struct {
		const char *name;
		int (*run)(const char *root);
	} verbs[] = {
		{ "down",	cmd_down },
		{ "status",	cmd_status },
	};
	/* clang-format on */
	bool is_up = count > 0 && strcmp(words[0], "up") == 0;
	size_t i;

	if (count == 0)
		return bad_usage("say up, down or status, and ROOT");
	for (i = 0; !is_up && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(words[0], verbs[i].name) == 0)
			break;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		return bad_usage(
		    "'%s' is none of up, down and status", words[0]);
	if (count == 1)
		return bad_usage("%s: which ROOT?", words[0]);
	if (count > 2)
		return bad_usage("%s: what is '%s'?", words[0], words[2]);
	if (is_up)
		return cmd_up(words[1], wish);
	if (given)
		return bad_usage("options are for up");
	return verbs[i].run(words[1]);
}

int
main(int argc, char **argv)
{
	/* clang-format off */
	static const struct option options[] = {
		{ "bots",	required_argument,	NULL,	'b' },
		{ "slots",	required_argument,	NULL,	's' },
		{ "link",	required_argument,	NULL,	'l' },
		{ "listen",	required_argument,	NULL,	'L' },
		{ "help",	no_argument,		NULL,	'h' },
		{ "version",	no_argument,		NULL,	'V' },
		{ NULL, 0, NULL, 0 }
	};
	/* clang-format on */
	struct up_wish wish = {-1, -1, -1, NULL};
	bool given = false;
	int o, code;

	/* The forced command of keys has arguments of its own. */
	if (argc == 5 && strcmp(argv[1], "serve") == 0) {
		umask(027);
		return serve(argv[2], argv[3], argv[4]);
	}
	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (o == 'h') {
			fputs(usage, stdout);
			return EXIT_OK;
		}
		if (o == 'V') {
			puts("pf-local " PANDAFUZZ_VERSION);
			return EXIT_OK;
		}
		if ((code = read_option(o, optarg, &wish)) != 0)
			return code;
		given = true;
	}
	/* Folders of ours are for us; the group may read a ROOT's results. */
	umask(027);
	return dispatch(argc - optind, argv + optind, given, &wish);
}

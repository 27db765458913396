/*
 * pf-account: what needs root on a master's machine, and nothing else does:
 * Unix users, the folders that sshd insists on, files of keys.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/version.h"
#include "tools/pf-account/accounts.h"
#include "tools/pf-account/adopt.h"
#include "tools/pf-account/session.h"
#include "tools/pf-account/setup.h"
#include "tools/pf-account/sync.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_USAGE = 2 };

#define WAIT_MS 3000 /* remove: for what the master has yet to take in */

struct command_line {
	struct site site;
	struct sshd sshd;
	const char *kind, *key, *word, *url;
	bool drop, plain, no_sshd;
};

static int
complain(const struct err *e)
{
	fprintf(stderr, "pf-account: %s\n", e->text);
	return EXIT_BAD;
}

/* ---- the commands ---------------------------------------------------- */

static int
run_setup(struct command_line *c)
{
	const char *dir = c->sshd.dir == NULL ? SSHD_DIR : c->sshd.dir;
	struct err e;

	/* Said before anything was made. */
	if (!c->no_sshd && access(dir, F_OK) == -1) {
		err_sys(&e, "no folder '%s'", dir);
		complain(&e);
		fputs("hint: apt-get install openssh-server, or --no-sshd, or "
		      "--sshd-dir DIR\n",
		    stderr);
		return EXIT_BAD;
	}
	if (setup_site(&c->site, &e) == -1)
		return complain(&e);
	printf("'%s' is the master's, run by user '%s'\n", c->site.root,
	    c->site.user);
	if (c->word != NULL) {
		if (account_ensure(&c->site, c->word, KIND_BOT, NULL, &e) == -1)
			return complain(&e);
		printf("account '%s' is there\n", c->word);
	}
	return c->no_sshd ? EXIT_GOOD : setup_sshd(&c->site, &c->sshd, c->url);
}

/* A file as ssh-keygen writes it: one line, or some with comments. */
static int
read_key(const char *file, struct keys *k, struct err *e)
{
	struct buf text = BUF_INIT;
	char *line, *rest = NULL;
	int rc;

	rc = fs_read_file(AT_FDCWD, file, &text, 65536, e);
	if (rc == 0 && text.len > 0)
		for (line = strtok_r(text.data, "\r\n", &rest);
		     line != NULL && rc == 0;
		     line = strtok_r(NULL, "\r\n", &rest))
			if (line[0] != '#')
				rc = keys_add(k, line, e);
	if (rc == 0 && k->count == 0)
		rc = err_set(e, ERR_REFUSED, "it holds no key");
	buf_release(&text);
	return rc == -1 ? err_wrap(e, "'%s'", file) : 0;
}

static int
run_add(struct command_line *c)
{
	enum account_kind kind = kind_parse(c->kind);
	struct keys keys = {.kind = kind, .state = KEYS_ACTIVE};
	struct err e;
	int rc;

	if (kind >= KIND_ENROLL) {
		err_set(&e, ERR_REFUSED,
		    "there is no kind '%s': bot, ci or reader", c->kind);
		return complain(&e);
	}
	rc = c->key == NULL ? 0 : read_key(c->key, &keys, &e);
	if (rc == 0)
		rc = site_open(&c->site, &e);
	if (rc == 0)
		rc = account_add(&c->site, c->word, kind, &keys, &e);
	if (rc == 0)
		rc = account_tell_master(&c->site, c->word, &keys, &e);
	keys_release(&keys);
	if (rc == -1)
		return complain(&e);
	printf("account '%s' is there; its keys are the master's to say "
	       "(pfadm account)\n",
	    c->word);
	return EXIT_GOOD;
}

static int
run_remove(struct command_line *c)
{
	struct err e;

	if (site_open(&c->site, &e) == -1 ||
	    account_remove(
		&c->site, c->word, c->drop ? 0 : WAIT_MS, c->drop, &e) == -1)
		return complain(&e);
	printf("account '%s' is gone\n", c->word);
	return EXIT_GOOD;
}

static int
run_list(struct command_line *c)
{
	struct err e;

	if (site_open(&c->site, &e) == -1 ||
	    account_list(&c->site, c->plain, &e) == -1)
		return complain(&e);
	return EXIT_GOOD;
}

static int
run_sync(struct command_line *c)
{
	struct sync sync = {.site = &c->site};
	struct err e;
	int rc;

	if (site_open(&c->site, &e) == -1 || (rc = sync_pass(&sync, &e)) == -1)
		return complain(&e);
	buf_release(&sync.named);
	return rc == 0 ? EXIT_GOOD : EXIT_BAD;
}

static int
run_watch(struct command_line *c)
{
	struct err e;
	int rc;

	if (site_open(&c->site, &e) == -1 ||
	    (rc = sync_watch(&c->site, &e)) == -1)
		return complain(&e);
	return rc;
}

static int
run_adopt(struct command_line *c)
{
	struct err e;

	if (adopt(&c->site, &c->sshd, c->word, &e) == -1)
		return complain(&e);
	return EXIT_GOOD;
}

static int
run_folders(struct command_line *c)
{
	struct buf out = BUF_INIT;

	site_print_folders(&c->site, &out);
	fputs(out.data, stdout);
	buf_release(&out);
	return EXIT_GOOD;
}

static int
run_reader(struct command_line *c)
{
	struct err e;

	(void)session_reader(c->site.root, c->site.etc, &e);
	return complain(&e);
}

static int
run_ci(struct command_line *c)
{
	struct err e;

	(void)session_ci(c->site.root, &e);
	return complain(&e);
}

/* ---- the command line ------------------------------------------------ */

/* clang-format off */
static const struct {
	const char *name, *word, *help;
	int (*run)(struct command_line *c);
	bool root;
} commands[] = {
	{ "setup", "[ACCOUNT]", "users, groups, folders, sshd's snippet",
	    run_setup, true },
	{ "add", "ACCOUNT", "a Unix user with its folders", run_add, true },
	{ "remove", "ACCOUNT", "end its sessions, and remove both",
	    run_remove, true },
	{ "list", NULL, "accounts, their keys and processes", run_list, true },
	{ "sync", NULL, "bring keys to what the master wants, once",
	    run_sync, true },
	{ "watch", NULL, "the same for ever", run_watch, true },
	{ "adopt", "ROOT", "turn a pf-local installation into this form",
	    run_adopt, true },
	{ "folders", NULL, "print the master's folders as tmpfiles.d(5)",
	    run_folders, false },
	{ "reader", NULL, "what sshd runs for a reader", run_reader, false },
	{ "ci", NULL, "what sshd runs for CI", run_ci, false },
};
/* clang-format on */

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
usage(FILE *to)
{
	size_t i;

	fputs("usage: pf-account COMMAND [option ...]\n\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-7s %-9s %s\n", commands[i].name,
		    commands[i].word == NULL ? "" : commands[i].word,
		    commands[i].help);
	fputs("\n"
	      "  --root DIR      the master's folder (" SITE_ROOT ")\n"
	      "  --user NAME     the master's user (" SITE_USER ")\n"
	      "  --etc DIR       where keys go (" SITE_ETC ")\n"
	      "  --kind K        add: bot, ci or reader\n"
	      "  --key FILE      add: public ed25519 keys to begin with\n"
	      "  --drop          remove: and what the master has not taken in\n"
	      "  --plain         list: words between tabs, no heading\n"
	      "  --url URL       setup: sftp://HOST:PORT, as machines reach "
	      "sshd\n"
	      "  --sshd-dir DIR  setup: the snippet's (" SSHD_DIR ")\n"
	      "  --sshd-config F setup: sshd's own (" SSHD_CONFIG ")\n"
	      "  --sshd FILE     setup: sshd itself (" SSHD_PROGRAM ")\n"
	      "  --snippet FILE  setup: instead of our own\n"
	      "  --no-sshd       setup: leave sshd alone\n"
	      "  --help, --version\n"
	      "\n"
	      "  pf-account setup office\n"
	      "  pf-account add office --kind bot\n"
	      "  pf-account adopt /home/me/pandafuzz\n",
	    to);
	return to == stdout ? EXIT_GOOD : EXIT_USAGE;
}

static int
bad_usage(const char *what, const char *word)
{
	fprintf(
	    stderr, "pf-account: %s '%s'; see pf-account --help\n", what, word);
	return EXIT_USAGE;
}

/* clang-format off */
static const struct option options[] = {
	{ "root",	 required_argument, NULL, 'r' },
	{ "user",	 required_argument, NULL, 'u' },
	{ "etc",	 required_argument, NULL, 'e' },
	{ "kind",	 required_argument, NULL, 'k' },
	{ "key",	 required_argument, NULL, 'K' },
	{ "drop",	 no_argument,	    NULL, 'd' },
	{ "plain",	 no_argument,	    NULL, 'p' },
	{ "url",	 required_argument, NULL, 'U' },
	{ "sshd-dir",	 required_argument, NULL, 'D' },
	{ "sshd-config", required_argument, NULL, 'C' },
	{ "sshd",	 required_argument, NULL, 's' },
	{ "snippet",	 required_argument, NULL, 'S' },
	{ "no-sshd",	 no_argument,	    NULL, 'n' },
	{ "help",	 no_argument,	    NULL, 'h' },
	{ "version",	 no_argument,	    NULL, 'V' },
	{ NULL,		 0,		    NULL, 0 },
};
/* clang-format on */

static int
take_option(struct command_line *c, int option)
{
	switch (option) {
	case 'r':
		if (!text_copy(c->site.root, sizeof(c->site.root), optarg))
			return bad_usage("too long is", optarg);
		return -1;
	case 'u':
		c->site.user = optarg;
		return -1;
	case 'e':
		c->site.etc = optarg;
		return -1;
	case 'k':
		c->kind = optarg;
		return -1;
	case 'K':
		c->key = optarg;
		return -1;
	case 'd':
		c->drop = true;
		return -1;
	case 'p':
		c->plain = true;
		return -1;
	case 'U':
		c->url = optarg;
		return -1;
	case 'D':
		c->sshd.dir = optarg;
		return -1;
	case 'C':
		c->sshd.config = optarg;
		return -1;
	case 's':
		c->sshd.program = optarg;
		return -1;
	case 'S':
		c->sshd.snippet = optarg;
		return -1;
	case 'n':
		c->no_sshd = true;
		return -1;
	case 'h':
		return usage(stdout);
	case 'V':
		puts("pf-account " PANDAFUZZ_VERSION);
		return EXIT_GOOD;
	default: /* getopt has named it */
		return EXIT_USAGE;
	}
}

/* Ends in no slash, and is fit for sshd's files. */
static int
check_paths(struct command_line *c)
{
	size_t len = strlen(c->site.root);
	struct err e;

	while (len > 1 && c->site.root[len - 1] == '/')
		c->site.root[--len] = '\0';
	if (site_check_path(c->site.root, &e) == -1 ||
	    site_check_path(c->site.etc, &e) == -1) {
		complain(&e);
		return EXIT_USAGE;
	}
	return -1;
}

static bool
words_fit(const char *word, int words)
{
	if (word == NULL)
		return words == 0;
	return words == 1 || (words == 0 && word[0] == '[');
}

static int
dispatch(struct command_line *c, const char *name, int words)
{
	int code;
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			break;
	if (i == COMMANDS)
		return bad_usage("there is no command", name);
	if (!words_fit(commands[i].word, words))
		return words == 0
		    ? bad_usage("a name or folder is missing after", name)
		    : bad_usage("there are too many words after", name);
	if (commands[i].root && geteuid() != 0) {
		fprintf(stderr,
		    "pf-account: %s makes users and root's folders: run it "
		    "as root (sudo pf-account %s ...)\n",
		    name, name);
		return EXIT_BAD;
	}
	if ((code = check_paths(c)) != -1)
		return code;
	return commands[i].run(c);
}

int
main(int argc, char **argv)
{
	static struct command_line c = {
	    .site = {.root = SITE_ROOT, .user = SITE_USER, .etc = SITE_ETC},
	    .kind = "bot"};
	int option, code;

	umask(022);
	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if ((code = take_option(&c, option)) != -1)
			return code;
	if (optind == argc)
		return usage(stderr);
	if (optind + 1 < argc)
		c.word = argv[optind + 1];
	return dispatch(&c, argv[optind], argc - optind - 1);
}

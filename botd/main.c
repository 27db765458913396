/*
 * pandafuzz-botd: one program, three processes.  "run" (the default) is the
 * supervisor; it starts this program again as "courier" and as "runner" with
 * the same options, so that ps shows who is who.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/log.h"
#include "lib/base/version.h"
#include "botd/courier/courier.h"
#include "botd/doctor.h"
#include "botd/runner/runner.h"
#include "botd/settings.h"
#include "botd/supervisor.h"

#define MAX_OPTIONS 64
#define MAX_ARGS    (MAX_OPTIONS * 2 + 8)
#define OPTION_KEY  1000 /* + index into settings_keys */

struct command {
	const char *config; /* NULL: SETTINGS_FILE if it is there */
	struct {
		int key;         /* index into settings_keys */
		char option[32]; /* "--known-hosts" */
		const char *text;
	} set[MAX_OPTIONS];
	int set_count;
	const char *verb;
	struct settings settings;
};

/* ---- verbs ----------------------------------------------------------- */

/* argv for a child: the options as they were given, and its verb. */
static const char *const *
child_argv(const struct command *m, const char *verb, const char **argv)
{
	static char self[4096];
	ssize_t len;
	int n = 0, i;

	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[len > 0 ? len : 0] = '\0';
	/* The file may have been replaced by an upgrade since. */
	argv[n++] = access(self, X_OK) == 0 ? self : "/proc/self/exe";
	if (m->config != NULL) {
		argv[n++] = "--config";
		argv[n++] = m->config;
	}
	for (i = 0; i < m->set_count; i++) {
		argv[n++] = m->set[i].option;
		argv[n++] = m->set[i].text;
	}
	argv[n++] = verb;
	argv[n] = NULL;
	return argv;
}

static int
verb_run(const struct command *m)
{
	const char *runner[MAX_ARGS], *courier[MAX_ARGS];
	struct supervisor_config c = {m->settings.root, m->settings.bot_name,
	    child_argv(m, "runner", runner), child_argv(m, "courier", courier)};

	return supervisor_run(&c);
}

static int
verb_courier(const struct command *m)
{
	struct courier_config c;

	settings_courier(&m->settings, &c);
	return courier_run(&c);
}

static int
verb_runner(const struct command *m)
{
	struct runner_config r;

	settings_runner(&m->settings, &r);
	return runner_run(&r);
}

static int
verb_doctor(const struct command *m)
{
	const struct settings *s = &m->settings;
	struct doctor_config c = {s->root, s->bot_name, s->link, s->key,
	    s->known_hosts, s->timeout, s->sandbox == SANDBOX_NONE};

	return doctor_run(&c);
}

/* clang-format off */
static const struct {
	const char *name;
	int (*fn)(const struct command *m);
} verbs[] = {
	{ "run",	verb_run },
	{ "doctor",	verb_doctor },
	{ "courier",	verb_courier },	/* of the supervisor only */
	{ "runner",	verb_runner },	/* of the supervisor only */
};
/* clang-format on */

/* ---- the command line ------------------------------------------------ */

static int
usage(FILE *to)
{
	fputs(
	    "usage: pandafuzz-botd [option ...] [run|doctor]\n"
	    "\n"
	    "  run      fetch work from the master, fuzz, send what is found\n"
	    "  doctor   check what a bot needs and name what to change\n"
	    "\n"
	    "  --config FILE       settings (" SETTINGS_FILE ")\n"
	    "  --root DIR          the bot's folder\n"
	    "  --name N            the bot's name (identity, else the host)\n"
	    "  --account A         its account (as the link says)\n"
	    "  --link L            sftp://user@host:port or dir:/path\n"
	    "  --key F             private ed25519 key\n"
	    "  --known-hosts F     the master's host key\n"
	    "  --slots N           parallel sessions (by cores and memory)\n"
	    "  --sandbox S         bwrap, or none\n"
	    "  --log-level L       debug, info, warn or error\n"
	    "  --help, --version\n"
	    "\n"
	    "Every key of the settings file is an option too, with '-' for "
	    "'_'.\n"
	    "\n"
	    "  pandafuzz-botd --link sftp://bots@master:22 doctor\n"
	    "  pandafuzz-botd --root /srv/bot --link dir:/srv/pf/spool/a run\n",
	    to);
	return to == stderr ? 2 : 0;
}

static int
complain(const char *text)
{
	fprintf(stderr, "pandafuzz-botd: %s\n", text);
	return 2;
}

/* The option of a key: "--known-hosts". */
static void
option_name(char name[32], const char *key)
{
	char *p;

	snprintf(name, 32, "--%s", key);
	for (p = name; *p != '\0'; p++)
		if (*p == '_')
			*p = '-';
}

#define FIXED_OPTIONS 3

static int
take_option(struct command *m, int o, const char *name)
{
	if (o == 'h')
		return usage(stdout);
	if (o == 'v') {
		puts("pandafuzz-botd " PANDAFUZZ_VERSION);
		return 0;
	}
	if (o == 'c') {
		m->config = optarg;
		return -1;
	}
	if (o < OPTION_KEY || m->set_count == MAX_OPTIONS)
		return usage(stderr);
	m->set[m->set_count].key = o - OPTION_KEY;
	snprintf(m->set[m->set_count].option, 32, "%s", name);
	m->set[m->set_count++].text = optarg;
	return -1;
}

/* -1 to go on, else the exit code. */
static int
parse_options(struct command *m, int argc, char **argv)
{
	struct option *list =
	    mem_array(settings_key_count + FIXED_OPTIONS + 1, sizeof(*list));
	char(*names)[32] = mem_array(settings_key_count, sizeof(*names));
	int o, code = -1;
	size_t i;

	list[0] = (struct option){"help", no_argument, NULL, 'h'};
	list[1] = (struct option){"version", no_argument, NULL, 'v'};
	list[2] = (struct option){"config", required_argument, NULL, 'c'};
	for (i = 0; i < settings_key_count; i++) {
		option_name(names[i], settings_keys[i].name);
		list[FIXED_OPTIONS + i] = (struct option){
		    names[i] + 2, required_argument, NULL, OPTION_KEY + (int)i};
	}
	while (
	    code == -1 && (o = getopt_long(argc, argv, "h", list, NULL)) != -1)
		code = take_option(
		    m, o, o >= OPTION_KEY ? names[o - OPTION_KEY] : "");
	free(names);
	free(list);
	if (code == -1 && optind < argc)
		m->verb = argv[optind++];
	return code == -1 && optind < argc ? usage(stderr) : code;
}

/* The file, then the options over it.  -1 to go on, else the exit code. */
static int
load(struct command *m)
{
	const char *path = m->config;
	char *complaints = NULL;
	struct err e;
	int i;

	err_clear(&e);
	settings_init(&m->settings);
	if (path == NULL && access(SETTINGS_FILE, F_OK) == 0)
		path = SETTINGS_FILE;
	if (path != NULL &&
	    settings_read(&m->settings, path, &complaints, &e) == -1) {
		complain(complaints != NULL ? complaints : e.text);
		free(complaints);
		return 2;
	}
	for (i = 0; i < m->set_count; i++)
		if (settings_set(&m->settings,
			settings_keys[m->set[i].key].name, m->set[i].text,
			&e) == -1)
			return complain(e.text);
	if (settings_finish(&m->settings, &e) == -1)
		return complain(e.text);
	log_set_level((enum log_level)m->settings.log_level);
	return -1;
}

int
main(int argc, char **argv)
{
	struct command m = {.verb = "run"};
	size_t i;
	int code;

	signal(SIGPIPE, SIG_IGN);
	if ((code = parse_options(&m, argc, argv)) != -1)
		return code;
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(m.verb, verbs[i].name) != 0)
			continue;
		if ((code = load(&m)) == -1)
			code = verbs[i].fn(&m);
		settings_release(&m.settings);
		return code;
	}
	return usage(stderr);
}

/*
 * pandafuzz-botd: one program, three processes.  "run" (the default) is the
 * supervisor; it starts this program again as "courier" and as "runner" with
 * the same options, so that ps shows who is who.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/version.h"
#include "botd/carriers.h"
#include "botd/courier/courier.h"
#include "botd/doctor.h"
#include "botd/enroll.h"
#include "botd/off.h"
#include "botd/rates.h"
#include "botd/runner/runner.h"
#include "botd/settings.h"
#include "botd/supervisor.h"
#include "botd/template.h"

/* In the root: what the supervisor has in force.  Its children read this and
 * not what it was read from, so that a file that was broken meanwhile, or a
 * change that waits for a restart, does not reach one of them alone. */
#define IN_FORCE     "settings.yaml"
#define IN_FORCE_MAX 65536

struct command {
	struct config_command line;
	struct config_said said;
	const char *verb;
	struct settings settings;
	struct courier_config courier;
	struct off off;
	struct rates rates;
	struct carriers carriers;
};

/* ---- the supervisor -------------------------------------------------- */

/* argv for a child: what is in force, the options as they were given (an
 * option wins over the environment), and its verb. */
static char **
child_argv(const struct command *m, const char *verb)
{
	const struct config_sources *from = &m->line.sources;
	char **argv = mem_array(from->option_count + 8, sizeof(*argv));
	struct buf text = BUF_INIT;
	char self[4096];
	ssize_t len;
	size_t n = 0, i;

	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[len > 0 ? len : 0] = '\0';
	/* The file may have been replaced by an upgrade since. */
	argv[n++] =
	    mem_strdup(access(self, X_OK) == 0 ? self : "/proc/self/exe");
	argv[n++] = mem_strdup("--config");
	buf_printf(&text, "%s/" IN_FORCE, m->settings.folder);
	argv[n++] = buf_detach(&text);
	for (i = 0; i < from->option_count; i++) {
		buf_printf(&text, "%s=%s", from->options[i].origin,
		    from->options[i].text);
		argv[n++] = buf_detach(&text);
	}
	/* What templates mean here: a child has another pid. */
	buf_adds(&text, "--root=");
	template_escape(&text, m->settings.folder);
	argv[n++] = buf_detach(&text);
	buf_printf(&text, "--name=%s", m->settings.bot_name.text);
	argv[n++] = buf_detach(&text);
	if (m->settings.pool_name.text[0] != '\0') {
		buf_printf(&text, "--pool=%s", m->settings.pool_name.text);
		argv[n++] = buf_detach(&text);
	}
	argv[n++] = mem_strdup(verb);
	return argv;
}

static void
argv_free(char **argv)
{
	size_t i;

	for (i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
}

/* Not written when it says the same already: a full disk is no reason to stop
 * a bot that only starts again. */
static int
write_in_force(void *arg, int root, struct err *e)
{
	const struct command *m = arg;
	struct buf text = BUF_INIT, old = BUF_INIT;
	int rc = 0;

	buf_adds(&text, "# Written by pandafuzz-botd: what is in force.\n");
	config_print(&settings_table, &m->settings, m->said.origins, &text);
	if (fs_read_file(root, IN_FORCE, &old, IN_FORCE_MAX, NULL) == -1 ||
	    old.len != text.len || memcmp(old.data, text.data, text.len) != 0)
		rc = fs_replace(
		    root, IN_FORCE, text.data, text.len, 0640, false, e);
	buf_release(&text);
	buf_release(&old);
	return rc;
}

static bool
reload(void *arg, int root)
{
	struct command *m = arg;
	struct err e;

	loop_notify("RELOADING=1");
	if (!settings_reload(
		&m->settings, &m->line.sources, &m->said, LEVEL_INFO))
		return false;
	if (write_in_force(m, root, &e) == 0)
		return true;
	log_error("config.refused", LOG_T("reason", e.text));
	return false;
}

static int
verb_run(struct command *m)
{
	char **runner = child_argv(m, "runner");
	char **courier = child_argv(m, "courier");
	struct supervisor_config c = {m->settings.folder, m->settings.bot_name,
	    (const char *const *)runner,
	    settings_relayed(&m->settings) ? NULL
					   : (const char *const *)courier,
	    m, write_in_force, reload};
	int code = supervisor_run(&c);

	argv_free(runner);
	argv_free(courier);
	return code;
}

/* ---- its children ---------------------------------------------------- */

static void
reload_courier(void *arg)
{
	struct command *m = arg;

	if (!settings_reload(
		&m->settings, &m->line.sources, &m->said, LEVEL_DEBUG))
		return;
	settings_courier(&m->settings, &m->courier);
	settings_rates(&m->settings, &m->rates);
}

static uint64_t
rate_now(void *arg)
{
	return rates_at(arg, (time_t)(clock_wall_ms() / 1000));
}

/* Of whoever carries: courier, push, relay. */
static void
make_courier(struct command *m)
{
	m->courier.reload = reload_courier;
	m->courier.reload_arg = m;
	m->courier.rate = rate_now;
	m->courier.rate_arg = &m->rates;
	settings_courier(&m->settings, &m->courier);
	settings_rates(&m->settings, &m->rates);
}

static int
verb_courier(struct command *m)
{
	make_courier(m);
	return courier_run(&m->courier);
}

static int
verb_push(struct command *m)
{
	make_courier(m);
	return carriers_push(&m->carriers, &m->settings, &m->courier);
}

static int
verb_relay(struct command *m)
{
	make_courier(m);
	return carriers_relay(&m->carriers, &m->settings, &m->courier);
}

static void
reload_runner(void *arg, struct runner_config *r)
{
	struct command *m = arg;

	if (!settings_reload(
		&m->settings, &m->line.sources, &m->said, LEVEL_DEBUG))
		return;
	settings_runner(&m->settings, r);
	settings_off(&m->settings, &m->off);
}

static int
verb_runner(struct command *m)
{
	struct runner_config r = {.reload = reload_runner,
	    .reload_arg = m,
	    .off = off_now,
	    .off_arg = &m->off};

	settings_runner(&m->settings, &r);
	settings_off(&m->settings, &m->off);
	return runner_run(&r);
}

static int
verb_doctor(struct command *m)
{
	const struct settings *s = &m->settings;
	struct doctor_config c = {s->folder, s->bot_name,
	    settings_given(s->link) ? s->link : "", s->key, s->known_hosts,
	    s->timeout, s->sandbox == SANDBOX_NONE, settings_relayed(s),
	    &m->off, s->account_name.text};

	settings_off(s, &m->off);
	return doctor_run(&c);
}

/* clang-format off */
static const struct {
	const char *name;
	int (*fn)(struct command *m);
} verbs[] = {
	{ "run",	verb_run },
	{ "doctor",	verb_doctor },
	{ "push",	verb_push },
	{ "relay",	verb_relay },
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
	    "       pandafuzz-botd [option ...] push --outbox DIR "
	    "[--timeout T]\n"
	    "       pandafuzz-botd [option ...] relay --roots DIR\n"
	    "       pandafuzz-botd enroll LINE [option ...]\n"
	    "\n"
	    "  run      fetch work from the master, fuzz, send what is found\n"
	    "  doctor   check what a bot needs and name what to change\n"
	    "  push     deliver what a dead bot left, and wait until it is "
	    "taken\n"
	    "  relay    carry for all bots found below a folder\n"
	    "  enroll   come to an account by an invitation (enroll --help)\n"
	    "\n"
	    "  --config FILE       settings (" SETTINGS_FILE ")\n"
	    "  --root DIR          the bot's folder\n"
	    "  --name N            the bot's name (identity, else the host)\n"
	    "  --account A         its account (as the link says)\n"
	    "  --link L            sftp://user@host:port, dir:/path, or "
	    "relay\n"
	    "  --key F             private ed25519 key\n"
	    "  --known-hosts F     the master's host key\n"
	    "  --slots N           parallel sessions (by cores and memory)\n"
	    "  --sandbox S         bwrap, or none\n"
	    "  --hours H           when it may work: "
	    "\"Mon-Fri 19:00-07:00, Sat-Sun\"\n"
	    "  --ephemeral         one of many short ones; --pool P folds "
	    "them\n"
	    "  --log-level L       debug, info, warn or error\n"
	    "  --check-config      say what is wrong with the settings, and "
	    "end\n"
	    "  --print-config      print them, each with its origin, and end\n"
	    "  --help, --version\n"
	    "\n"
	    "Every key of botd.yaml(5) is an option too, with '-' for '_' "
	    "and '.'.\n"
	    "A file's keys are overruled by botd.d/*.yaml beside it, those by "
	    "the\nenvironment (PANDAFUZZ_SLOTS), those by options.  SIGHUP "
	    "reads them again.\n"
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

/* -1 to go on, else the exit code. */
static int
read_line(struct command *m, int argc, char **argv)
{
	if (!carriers_options(&m->carriers, &argc, argv))
		return usage(stderr);
	config_command_parse(&settings_table, argc, argv, &m->line);
	switch (m->line.what) {
	case CONFIG_HELP:
		return usage(stdout);
	case CONFIG_VERSION:
		puts("pandafuzz-botd " PANDAFUZZ_VERSION);
		return 0;
	case CONFIG_WRONG:
		return usage(stderr);
	default:
		break;
	}
	if (m->line.rest < argc)
		m->verb = argv[m->line.rest++];
	return m->line.rest < argc ? usage(stderr) : -1;
}

/* -1 to go on, else the exit code. */
static int
load(struct command *m)
{
	struct err e;
	int code;

	code = config_start(&settings_table, &m->line, &m->settings, &m->said);
	if (code != -1)
		return code;
	if (settings_finish(&m->settings, &e) == -1 &&
	    (e.cls != ERR_NOT_FOUND || strcmp(m->verb, "doctor") != 0))
		return complain(e.text);
	log_set_component(strcmp(m->verb, "run") == 0 ? "supervisor" : m->verb);
	log_set_level((enum log_level)m->settings.log_level);
	log_set_format((enum log_format)m->settings.log_format);
	settings_warn(&m->said);
	return -1;
}

int
main(int argc, char **argv)
{
	static struct command m = {.verb = "run"};
	sigset_t hup;
	size_t i;
	int code;

	signal(SIGPIPE, SIG_IGN);
	/* Until there is a loop to take it. */
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hup, NULL);
	if (argc > 1 && strcmp(argv[1], "enroll") == 0)
		return enroll_main(argc - 1, argv + 1);
	if ((code = read_line(&m, argc, argv)) != -1)
		return code;
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(m.verb, verbs[i].name) != 0)
			continue;
		if ((code = load(&m)) == -1)
			code = verbs[i].fn(&m);
		settings_release(&m.settings);
		config_said_release(&settings_table, &m.said);
		config_command_release(&m.line);
		return code;
	}
	return usage(stderr);
}

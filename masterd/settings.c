/*
 * The table of masterd's settings.  masterd.yaml.5 beside this file says the
 * same to people; a test keeps both equal.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/version.h"
#include "masterd/jobs.h"
#include "masterd/rules.h"
#include "masterd/settings.h"

#define SECOND UINT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define YEARS  (36500 * DAY) /* more than anybody means */
#define MIB    (UINT64_C(1) << 20)

static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

/* clang-format off */
#define AT(field)	offsetof(struct settings, field)
#define LIVE		false
#define RESTART		true
#define TEXT(name, field, fallback, when) \
	{ name, CONFIG_STRING, AT(field), fallback, NULL, 0, 0, when }
#define SWITCH(name, field, fallback, when) \
	{ name, CONFIG_BOOL, AT(field), fallback, NULL, 0, 0, when }
#define TIME(name, field, fallback, least, most, when) \
	{ name, CONFIG_DURATION, AT(field), fallback, NULL, least, most, when }
#define NUMBER(name, field, fallback, least, most, when) \
	{ name, CONFIG_U64, AT(field), fallback, NULL, least, most, when }
#define SHARE(name, field, fallback) \
	{ name, CONFIG_SHARE, AT(field), fallback, NULL, 0, 0, LIVE }

static const struct config_key keys[] = {
	TEXT("root",		root,		"/var/lib/pandafuzz", RESTART),
	TEXT("socket",		socket,		"",		RESTART),
	SWITCH("as_root",	as_root,	"no",		RESTART),
	SWITCH("new_generation", new_generation, "no",		RESTART),
	SWITCH("nosync",	nosync,		"no",		RESTART),
	{ "log_level", CONFIG_ENUM, AT(log_level), "info", levels, 0, 0, LIVE },
	{ "log_format", CONFIG_ENUM, AT(log_format), "auto", log_formats,
	    0, 0, LIVE },
	TEXT("templates", templates, "/etc/pandafuzz/templates.d", LIVE),
	TEXT("rules",		rules,		"",		LIVE),
	SWITCH("metadata",	metadata,	"yes",		LIVE),
	TIME("heartbeat",	heartbeat,	"10s", 100, HOUR, LIVE),
	TIME("admin.request_timeout", request_timeout, "30s",
	    SECOND, HOUR, LIVE),
	TIME("database.busy_timeout", busy_timeout, "5s", 1, HOUR, LIVE),
	TIME("leases.slice",	lease_slice,	"1h", SECOND, HOUR, LIVE),
	TIME("leases.lost",	lease_lost,	"5m", 100, 7 * DAY, LIVE),
	TIME("leases.gap",	lease_gap,	"30s", 100, DAY, LIVE),
	NUMBER("bots.late",	bot_late,	"3", 1, 100000, LIVE),
	NUMBER("bots.lost",	bot_lost,	"30", 2, 1000000, LIVE),
	CONFIG_RETRY_KEYS("bots.retry", struct settings, bot_retry,
	    "unlimited", "30s", "30m"),
	TIME("bots.forget_ephemeral", forget_ephemeral, "24h",
	    SECOND, YEARS, LIVE),
	CONFIG_RETRY_KEYS("tasks.retry", struct settings, task_retry,
	    "2", "2s", "5m"),
	NUMBER("tasks.poison_after", poison_after, "3", 1, 1000, LIVE),
	TIME("jobs.stuck",	jobs_stuck,	"6h", SECOND, YEARS, LIVE),
	NUMBER("crashes.keep",	keep_inputs,	"20", 1, 100000, LIVE),
	NUMBER("crashes.keep_days", keep_inputs_days, "7", 0, 36500, LIVE),
	NUMBER("crashes.saturated", crashes_saturated, "100", 1, 1000000, LIVE),
	TEXT("hooks.folder", hooks_folder, "/etc/pandafuzz/hooks.d", LIVE),
	TIME("hooks.timeout",	hooks_timeout,	"30s", 100, HOUR, LIVE),
	CONFIG_RETRY_KEYS("hooks.retry", struct settings, hooks_retry,
	    "2", "10s", "5m"),
	TIME("builds.check_timeout", check_timeout, "2m", SECOND, HOUR, LIVE),
	TIME("builds.keep_all",	keep_all,	"14d", 0, YEARS, LIVE),
	TIME("builds.keep_weekly", keep_weekly,	"0s", 0, YEARS, LIVE),
	TIME("builds.grace",	build_grace,	"24h", 0, YEARS, LIVE),
	TEXT("accounts.url",	account_url,	"",		LIVE),
	TEXT("accounts.user",	account_user,	"",		LIVE),
	TEXT("accounts.host_key", account_host_key, "",		LIVE),
	TEXT("accounts.authorized_keys", account_keys, "",	LIVE),
	TEXT("accounts.command", account_command, "",		LIVE),
	{ "accounts.max_bytes", CONFIG_SIZE, AT(account_bytes), "8GiB", NULL,
	    MIB, 1024 * 1024 * MIB, LIVE },
	NUMBER("accounts.max_files", account_files, "50000", 1, 100000000,
	    LIVE),
	NUMBER("accounts.max_rate", account_rate, "60000", 1, 100000000, LIVE),
	TIME("accounts.invitation", invitation, "7d", SECOND, 365 * DAY, LIVE),
	SHARE("disk.soft",	disk_soft,	"10%/2GiB"),
	SHARE("disk.hard",	disk_hard,	"5%/1GiB"),
	{ "disk.reserve_file", CONFIG_SIZE, AT(reserve_file), "64MiB", NULL,
	    0, 1024 * 1024 * MIB, LIVE },
	TIME("retention.events", keep_events,	"400d", HOUR, YEARS, LIVE),
	TIME("retention.leases", keep_leases,	"90d", HOUR, YEARS, LIVE),
	TIME("retention.statistics", keep_statistics, "400d",
	    HOUR, YEARS, LIVE),
	TIME("retention.refused", keep_refused,	"30d", HOUR, YEARS, LIVE),
};
/* clang-format on */

static const char usage[] =
    "usage: pandafuzz-masterd [--config FILE] [--root DIR] [--socket PATH]\n"
    "           [--heartbeat 10s] [--log-level debug|info|warn|error]\n"
    "           [--as-root] [--new-generation] [--KEY VALUE ...]\n"
    "       pandafuzz-masterd [option ...] --check-config | --print-config\n"
    "       pandafuzz-masterd --rebuild [--verify] [--root DIR]\n"
    "       pandafuzz-masterd --downgrade-to N [--root DIR]\n"
    "\n"
    "Takes in what bots find below DIR (/var/lib/pandafuzz) and tells them\n"
    "what to do.  Runs in the foreground and logs to standard error; SIGHUP\n"
    "reads the settings again.\n"
    "\n"
    "  --as-root         run as root, which is refused otherwise\n"
    "  --new-generation  the database is a restored one: bots push again\n"
    "                    what it may not know\n"
    "  --check-config    say what is wrong with the settings, and end\n"
    "  --print-config    print them, each with where it comes from, and end\n"
    "  --rebuild         make the database anew from the files below DIR, and\n"
    "                    end; --verify reads and hashes them all\n"
    "  --downgrade-to N  put the database back that was kept before its\n"
    "                    schema became newer than N, and end\n"
    "\n"
    "Every key of masterd.yaml(5) is an option too, with '-' for '_' and\n"
    "'.'.  A file's keys are overruled by masterd.d/*.yaml beside it, those\n"
    "by the environment (PANDAFUZZ_ROOT), those by options.\n"
    "\n"
    "examples:\n"
    "  pandafuzz-masterd --root ~/farm\n"
    "  pandafuzz-masterd --config /etc/pandafuzz/masterd.yaml\n"
    "  pandafuzz-masterd --leases-lost 1m --print-config\n";

static void
require(bool good, struct buf *complaints, const char *text)
{
	if (good)
		return;
	buf_adds(complaints, complaints->len == 0 ? "" : "\n");
	buf_adds(complaints, text);
}

/* A mark of percent on one side and bytes on the other cannot be compared
 * without the disk. */
static bool
below(const struct config_share *hard, const struct config_share *soft)
{
	if (hard->percent != 0 && soft->percent != 0 &&
	    hard->percent > soft->percent)
		return false;
	return hard->bytes == 0 || soft->bytes == 0 ||
	    hard->bytes <= soft->bytes;
}

static void
check(const void *values, struct buf *complaints)
{
	const struct settings *s = values;

	require(s->root[0] != '\0', complaints, "key 'root': is empty");
	require(s->bot_lost > s->bot_late, complaints,
	    "keys 'bots.late' and 'bots.lost': a bot is late before it is "
	    "lost, so 'bots.lost' must be the larger one");
	require(s->bot_retry.max_delay >= s->bot_retry.initial_delay,
	    complaints,
	    "keys 'bots.retry.initial_delay' and 'bots.retry.max_delay': the "
	    "first is longer than the longest");
	require(s->task_retry.max_delay >= s->task_retry.initial_delay,
	    complaints,
	    "keys 'tasks.retry.initial_delay' and 'tasks.retry.max_delay': "
	    "the first is longer than the longest");
	require(s->hooks_folder[0] == '/', complaints,
	    "key 'hooks.folder': is not an absolute path");
	require(s->hooks_retry.max_delay >= s->hooks_retry.initial_delay,
	    complaints,
	    "keys 'hooks.retry.initial_delay' and 'hooks.retry.max_delay': "
	    "the first is longer than the longest");
	require(below(&s->disk_hard, &s->disk_soft), complaints,
	    "keys 'disk.soft' and 'disk.hard': the soft mark comes first, so "
	    "'disk.soft' must be the larger one");
}

const struct config_table settings_table = {.program = "masterd",
    .file = SETTINGS_FILE,
    .keys = keys,
    .count = sizeof(keys) / sizeof(keys[0]),
    .size = sizeof(struct settings),
    .check = check};

/* Lines become events. */
static void
log_lines(const char *event, const char *lines)
{
	char line[512];
	size_t len;

	while (*lines != '\0') {
		len = strcspn(lines, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, lines);
		log_warn(event, LOG_T("reason", line));
		lines += len + (lines[len] == '\n');
	}
}

/* Templates and rules are settings, too, for who asks whether all is well: 2
 * after complaints, else -1.  What is wrong with the settings themselves is
 * config_start()'s to say. */
static int
check_templates(const struct settings *s)
{
	struct settings now = {.root = NULL};
	struct config_said said = {.origins = NULL};
	struct jobs jobs = {.db = NULL};
	struct err e;
	int code = -1;

	if (config_load(
		&settings_table, &s->command.sources, &now, &said, &e) == 0) {
		code = jobs_load_templates(&jobs, now.templates);
		jobs_release(&jobs);
		if (rules_file_check(now.root, now.rules) == 2)
			code = 2;
		config_release(&settings_table, &now);
	}
	config_said_release(&settings_table, &said);
	return code;
}

int
settings_load(struct settings *s, int argc, char **argv)
{
	int code;

	memset(s, 0, sizeof(*s));
	config_command_parse(&settings_table, argc, argv, &s->command);
	switch (s->command.what) {
	case CONFIG_HELP:
		fputs(usage, stdout);
		return 0;
	case CONFIG_VERSION:
		puts("pandafuzz-masterd " PANDAFUZZ_VERSION);
		return 0;
	case CONFIG_WRONG:
		return 2;
	default:
		break;
	}
	if (s->command.rest < argc) {
		fputs("pandafuzz-masterd: takes options only; see --help\n",
		    stderr);
		return 2;
	}
	if (s->command.what == CONFIG_CHECK && check_templates(s) == 2)
		return 2;
	code = config_start(&settings_table, &s->command, s, &s->said);
	if (code == -1) {
		log_set_level((enum log_level)s->log_level);
		log_set_format((enum log_format)s->log_format);
		log_lines("config.odd", buf_text(&s->said.warnings));
	}
	return code;
}

bool
settings_reload(struct settings *s)
{
	struct config_changes changes = {BUF_INIT, BUF_INIT};
	struct err e;
	int rc;

	rc = config_reload(
	    &settings_table, &s->command.sources, s, &s->said, &changes, &e);
	s->problem[0] = '\0';
	text_copy(s->taken, sizeof(s->taken), buf_text(&changes.taken));
	text_copy(s->waiting, sizeof(s->waiting), buf_text(&changes.waiting));
	if (rc == -1) {
		log_lines("config.refused", buf_text(&s->said.complaints));
		snprintf(s->problem, sizeof(s->problem),
		    "the old settings stay in force: %.160s", e.text);
	} else {
		log_set_level((enum log_level)s->log_level);
		log_set_format((enum log_format)s->log_format);
		log_info(
		    "config.reloaded", LOG_T("keys", buf_text(&changes.taken)));
		log_lines("config.odd", buf_text(&s->said.warnings));
	}
	if (changes.waiting.len > 0) {
		log_warn("config.needs_restart",
		    LOG_T("keys", changes.waiting.data));
		snprintf(s->problem, sizeof(s->problem),
		    "settings that wait for a restart of masterd: %.140s",
		    changes.waiting.data);
	}
	config_changes_release(&changes);
	return rc == 0;
}

void
settings_release(struct settings *s)
{
	config_said_release(&settings_table, &s->said);
	config_release(&settings_table, s);
	config_command_release(&s->command);
}

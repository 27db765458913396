/*
 * The options of all commands in one table: read with getopt_long(3), shown by
 * --help.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/nearest.h"
#include "lib/base/text.h"
#include "tools/pfadm/options.h"
#include "tools/pfadm/pfadm.h"

enum kind { FLAG, TEXT, NUMBER, SIZE, DURATION, WORDS };

/* clang-format off */
const struct option_spec option_specs[] = {
	{"project",	'p', "NAME",	O_PROJECT,	"of this project only, or into it"},
	{"branch",	0, "NAME",	O_BRANCH,	"branch the build was made from (main)"},
	{"revision",	'r', "REV",	O_REVISION,	"revision the build was made from"},
	{"slots",	0, "N",		O_SLOTS,	"at most N slots (what is free)"},
	{"for",		0, "TIME",	O_FOR,		"end after TIME: 60s, 10m, 8h (when cancelled)"},
	{"weight",	'w', "N",	O_WEIGHT,	"share of machine time beside others (by sanitizer)"},
	{"build",	0, "BUILD",	O_BUILD,	"pin it to this build, by the beginning of its id"},
	{"engine",	0, "NAME",	O_ENGINE,	"libfuzzer, afl, honggfuzz ..."},
	{"sanitizer",	0, "NAME",	O_SANITIZER,	"address, undefined, memory ..."},
	{"template",	0, "NAME",	O_TEMPLATE,	"a template of the master's"},
	{"set",		0, "KEY=VALUE",	O_SET,		"one value of the job's own; may be repeated"},
	{"unset",	0, "KEY",	O_UNSET,	"let the templates decide again; may be repeated"},
	{"all-targets",	0, NULL,	O_ALL_TARGETS,	"a job for each target of the project's build"},
	{"reason",	0, "TEXT",	O_REASON,	"why, for those who ask later"},
	{"expect",	0, "STATUS",	O_EXPECT,	"only if that is its status now"},
	{"explain",	0, NULL,	O_EXPLAIN,	"each value and where it comes from"},
	{"by",		0, "N",		O_BY,		"N times its weight (4)"},
	{"order",	0, "N",		O_ORDER,	"place in its branch, for bisection (not ordered)"},
	{"wait",	0, NULL,	O_WAIT,		"until it is judged: exit 0 good, 10 not, 6 timeout"},
	{"timeout",	0, "TIME",	O_TIMEOUT,	"wait no longer than that (for ever)"},
	{"tag",		0, "WORD",	O_TAG,		"with this tag only"},
	{"parsable",	0, NULL,	O_PARSABLE,	"print the id and nothing else"},
	{"target",	't', "TARGET",	O_TARGET,	"of this target only"},
	{"bucket",	'b', "BUCKET",	O_BUCKET,	"of this bucket only"},
	{"status",	's', "WORD",	O_STATUS,	"with this status only"},
	{"output",	'o', "FILE",	O_OUTPUT,	"write to FILE (standard output)"},
	{"report",	0, NULL,	O_REPORT,	"the report instead of the input"},
	{"lines",	'n', "N",	O_LINES,	"the newest N, 0 for all (50 on a terminal)"},
	{"follow",	'f', NULL,	O_FOLLOW,	"go on and print what comes"},
	{"all",		'a', NULL,	O_ALL,		"all of them"},
	{"epoch",	0, "EPOCH",	O_EPOCH,	"the bundles of this epoch"},
	{"quiet",	'q',	NULL,	O_PARSABLE,	"the same"},
	{"account",	0,	"NAME",	O_ACCOUNT,	"of this account"},
	{"kind",	0,	"KIND",	O_KIND,	"bot, ci or reader (bot)"},
	{"key",	0,	"KEY",	O_KEY,	"ssh-ed25519 AAAA..., or a file with it"},
	{"max-bytes",	0,	"SIZE",	O_MAX_BYTES,	"most that may wait: 10GiB (the setting)"},
	{"max-files",	0,	"N",	O_MAX_FILES,	"most files that may wait"},
	{"max-rate",	0,	"N",	O_MAX_RATE,	"most bundles a minute"},
	{"count",	0,	"N",	O_COUNT,	"for so many machines (1)"},
	{"expires",	0,	"TIME",	O_EXPIRES,	"good for TIME: 8h, 7d"},
	{"auto",	0,	NULL,	O_AUTO,	"admit who comes with it, without approval"},
	{"who",	0,	"WHO",	O_WHO,	"by this one: user:alice, account:ci"},
	{"what",	0,	"WORD",	O_WHAT,	"this alone: job.cancelled"},
	{"subject",	0,	"WORD",	O_SUBJECT,	"of this alone: bot:b07"},
	{"since",	0,	"TIME",	O_SINCE,	"no older than 1h, 7d, 2026-11-22"},
	{"nagios",	0,	NULL,	O_NAGIOS,	"one line, exit 0, 1, 2 or 3"},
	{"columns",	'o',	"LIST",	O_COLUMNS,	"these columns: id,status"},
	{"sort",	0,	"[-]KEY",	O_SORT,	"by a column; - turns it round"},
	{"filter",	0,	"KEY=VALUE",	O_FILTER,	"such rows only; may be repeated"},
	{"wide",	0,	NULL,	O_WIDE,	"all columns, nothing cut"},
	{"csv",	0,	NULL,	O_CSV,	"as CSV"},
	{"jsonl",	0,	NULL,	O_JSONL,	"as JSON, a row a line"},
	{"now",	0,	NULL,	O_NOW,	"what runs is handed back at once"},
	{"pool",	0,	"NAME",	O_POOL,	"of this pool of ephemeral bots"},
	{"as",	0,	"REASON",	O_TRACK,	"closed as fixed, wontfix, invalid, duplicate, obsolete"},
	{"owner",	0,	"NAME",	O_TRACK,	"who sees to it; \"\" nobody"},
	{"issue",	0,	"TEXT",	O_TRACK,	"where it is tracked: an address, a number"},
	{"label",	0,	"[+-]WORD",	O_TRACK,	"put a label on it, or take it off; may be repeated"},
	{"until",	0,	"TIME",	O_UNTIL,	"for 30d, or until 2026-12-24 (for ever)"},
	{"decision",	0,	"N",	O_DECISION,	"this one (the newest)"},
	{"sarif",	0,	"FILE",	O_SARIF,	"as SARIF 2.1.0 to FILE, - is standard output"},
	{"added",	0,	NULL,	O_ADDED,	"inputs that were handed in, and what they were"},
	{"scrub",	0,	NULL,	O_SCRUB,	"without names of hosts, users and folders"},
	{"n",	0,	"N",	O_RUNS,	"run it N times (10)"},
	{"dry-run",	0,	NULL,	O_DRY_RUN,	"only say what would be done"},
	{"yes",	'y',	NULL,	O_YES,	"do not ask"},
	{"host",	'H',	"URL",	O_ANY,	"the master there: ssh://user@host[:port][/socket]"},
	{"root",	0, "ROOT",	O_ANY,		"the master's folder: ROOT/run/admin.sock"},
	{"socket",	0, "PATH",	O_ANY,		"the master's socket"},
	{"json",	'j', NULL,	O_ANY,		"what the master says, as JSON"},
	{"no-header",	0, NULL,	O_ANY,		"tables without their first line"},
	{"color",	0,	"WHEN",	O_ANY,	"auto, always or never"},
	{"no-pager",	0,	NULL,	O_ANY,	"print at once, not in $PAGER"},
	{"help",	'h', NULL,	O_ANY,		"this help"},
	{"version",	'V', NULL,	O_ANY,		"the version"},
};
/* clang-format on */
const int option_spec_count = sizeof(option_specs) / sizeof(option_specs[0]);

/* Where each goes, in the order of the table above. */
static const struct {
	enum kind kind;
	size_t offset;
} places[] = {
    {TEXT, offsetof(struct options, project)},
    {TEXT, offsetof(struct options, branch)},
    {TEXT, offsetof(struct options, revision)},
    {NUMBER, offsetof(struct options, slots)},
    {DURATION, offsetof(struct options, for_ms)},
    {NUMBER, offsetof(struct options, weight)},
    {TEXT, offsetof(struct options, build)},
    {TEXT, offsetof(struct options, engine)},
    {TEXT, offsetof(struct options, sanitizer)},
    {TEXT, offsetof(struct options, template)},
    {WORDS, offsetof(struct options, set)},
    {WORDS, offsetof(struct options, unset)},
    {FLAG, offsetof(struct options, all_targets)},
    {TEXT, offsetof(struct options, reason)},
    {TEXT, offsetof(struct options, expect)},
    {FLAG, offsetof(struct options, explain)},
    {TEXT, offsetof(struct options, by)},
    {NUMBER, offsetof(struct options, order)},
    {FLAG, offsetof(struct options, wait)},
    {DURATION, offsetof(struct options, timeout_ms)},
    {TEXT, offsetof(struct options, tag)},
    {FLAG, offsetof(struct options, parsable)},
    {TEXT, offsetof(struct options, target)},
    {TEXT, offsetof(struct options, bucket)},
    {TEXT, offsetof(struct options, status)},
    {TEXT, offsetof(struct options, output)},
    {FLAG, offsetof(struct options, report)},
    {NUMBER, offsetof(struct options, lines)},
    {FLAG, offsetof(struct options, follow)},
    {FLAG, offsetof(struct options, all)},
    {TEXT, offsetof(struct options, epoch)},
    {FLAG, offsetof(struct options, parsable)},
    {TEXT, offsetof(struct options, account)},
    {TEXT, offsetof(struct options, kind)},
    {TEXT, offsetof(struct options, key)},
    {SIZE, offsetof(struct options, max_bytes)},
    {NUMBER, offsetof(struct options, max_files)},
    {NUMBER, offsetof(struct options, max_rate)},
    {NUMBER, offsetof(struct options, count)},
    {DURATION, offsetof(struct options, expires_ms)},
    {FLAG, offsetof(struct options, is_auto)},
    {TEXT, offsetof(struct options, who)},
    {TEXT, offsetof(struct options, what)},
    {TEXT, offsetof(struct options, subject)},
    {TEXT, offsetof(struct options, since)},
    {FLAG, offsetof(struct options, nagios)},
    {TEXT, offsetof(struct options, columns)},
    {TEXT, offsetof(struct options, sort)},
    {WORDS, offsetof(struct options, filter)},
    {FLAG, offsetof(struct options, wide)},
    {FLAG, offsetof(struct options, csv)},
    {FLAG, offsetof(struct options, jsonl)},
    {FLAG, offsetof(struct options, now)},
    {TEXT, offsetof(struct options, pool)},
    {TEXT, offsetof(struct options, as)},
    {TEXT, offsetof(struct options, owner)},
    {TEXT, offsetof(struct options, issue)},
    {WORDS, offsetof(struct options, labels)},
    {TEXT, offsetof(struct options, until)},
    {NUMBER, offsetof(struct options, decision)},
    {TEXT, offsetof(struct options, sarif)},
    {FLAG, offsetof(struct options, added)},
    {FLAG, offsetof(struct options, scrub)},
    {NUMBER, offsetof(struct options, runs)},
    {FLAG, offsetof(struct options, dry_run)},
    {FLAG, offsetof(struct options, yes)},
    {TEXT, offsetof(struct options, host)},
    {TEXT, offsetof(struct options, root)},
    {TEXT, offsetof(struct options, socket)},
    {FLAG, offsetof(struct options, json)},
    {FLAG, offsetof(struct options, no_header)},
    {TEXT, offsetof(struct options, color)},
    {FLAG, offsetof(struct options, no_pager)},
    {FLAG, offsetof(struct options, help)},
    {FLAG, offsetof(struct options, version)},
};
_Static_assert(sizeof(places) / sizeof(places[0]) ==
	sizeof(option_specs) / sizeof(option_specs[0]),
    "each option has a place");

#define OPTION_MAX 96

/* getopt's two forms of the table; the value of each is 256 + its index. */
static void
make_tables(struct option longs[OPTION_MAX], char shorts[3 * OPTION_MAX])
{
	const struct option_spec *s;
	char *p = shorts;
	int i;

	*p++ = ':'; /* a missing argument is told from an unknown option */
	for (i = 0; i < option_spec_count; i++) {
		s = &option_specs[i];
		longs[i] = (struct option){s->name,
		    s->argument == NULL ? no_argument : required_argument, NULL,
		    256 + i};
		if (s->letter == '\0')
			continue;
		*p++ = s->letter;
		if (s->argument != NULL)
			*p++ = ':';
	}
	*p = '\0';
	memset(&longs[i], 0, sizeof(longs[i]));
}

static int
index_of(int value)
{
	int i;

	if (value >= 256)
		return value - 256;
	for (i = 0; i < option_spec_count; i++)
		if (option_specs[i].letter == value)
			return i;
	abort();
}

static int
store(struct options *o, int i, const char *text)
{
	void *at = (char *)o + places[i].offset;
	struct option_words *words = at;
	struct err e;

	o->given |= option_specs[i].bit;
	switch (places[i].kind) {
	case FLAG:
		*(bool *)at = true;
		return 0;
	case TEXT:
		*(const char **)at = text;
		return 0;
	case NUMBER:
		if (option_specs[i].bit == O_LINES)
			o->has_lines = true;
		if (text_to_u64(at, text) == 0)
			return 0;
		/* -n is of two options: see options_settle(). */
		if (option_specs[i].bit == O_LINES)
			complain_usage(
			    "-n wants a whole number, not '%s'", text);
		else
			complain_usage("--%s wants a whole number, not '%s'",
			    option_specs[i].name, text);
		return -1;
	case WORDS:
		if (words->count < OPTION_WORDS) {
			words->list[words->count++] = text;
			return 0;
		}
		complain_usage("--%s: at most %d times", option_specs[i].name,
		    OPTION_WORDS);
		return -1;
	case SIZE:
		if (text_to_size(at, text, &e) == 0)
			return 0;
		complain_usage("--%s wants a size like 4096, 64MiB or 2GiB, "
			       "not '%s'",
		    option_specs[i].name, text);
		return -1;
	case DURATION:
		if (text_to_duration(at, text, &e) == 0)
			return 0;
		complain_usage("--%s wants a time like 60s, 10m or 8h, "
			       "not '%s'",
		    option_specs[i].name, text);
		return -1;
	}
	abort();
}

static int
unknown(const char *word)
{
	const char *names[OPTION_MAX];
	const char *near;
	int i;

	if (strncmp(word, "--", 2) != 0)
		return complain_usage("unknown option '%s'", word);
	for (i = 0; i < option_spec_count; i++)
		names[i] = option_specs[i].name;
	near = nearest_word(word + 2, names, (size_t)option_spec_count);
	complain_usage("unknown option '%.*s'", (int)strcspn(word, "="), word);
	if (near != NULL)
		fprintf(stderr, "hint: did you mean --%s?\n", near);
	return EXIT_USAGE;
}

int
options_read(struct options *o, int argc, char **argv, int *first)
{
	struct option longs[OPTION_MAX];
	char shorts[3 * OPTION_MAX];
	int value, before;

	_Static_assert(
	    sizeof(option_specs) / sizeof(option_specs[0]) < OPTION_MAX,
	    "room for the end of the table");
	memset(o, 0, sizeof(*o));
	make_tables(longs, shorts);
	opterr = 0;
	optind = 0;
	for (;;) {
		before = optind == 0 ? 1 : optind;
		value = getopt_long(argc, argv, shorts, longs, NULL);
		if (value == -1)
			break;
		if (value == ':') {
			complain_usage("'%s' wants a value", argv[optind - 1]);
			return -1;
		}
		if (value == '?') {
			unknown(optopt != 0 && optopt < 256
				? (char[3]){'-', (char)optopt, '\0'}
				: argv[optind > before ? optind - 1 : before]);
			return -1;
		}
		if (store(o, index_of(value), optarg) == -1)
			return -1;
	}
	*first = optind;
	return 0;
}

void
options_settle(struct options *o, uint64_t allowed)
{
	bool file = (allowed & O_OUTPUT) != 0;

	if (!file && (o->given & O_OUTPUT) != 0) {
		o->columns = o->output;
		o->given = (o->given & ~O_OUTPUT) | O_COLUMNS;
	} else if (file && (o->given & O_COLUMNS) != 0) {
		o->output = o->columns;
		o->given = (o->given & ~O_COLUMNS) | O_OUTPUT;
	}
	if ((allowed & (O_RUNS | O_LINES)) == O_RUNS &&
	    (o->given & O_LINES) != 0) {
		o->runs = o->lines;
		o->given = (o->given & ~O_LINES) | O_RUNS;
	}
}

const char *
options_unwanted(const struct options *o, uint64_t allowed)
{
	int i;

	for (i = 0; i < option_spec_count; i++)
		if ((option_specs[i].bit & o->given) != 0 &&
		    (option_specs[i].bit & (allowed | O_ANY)) == 0)
			return option_specs[i].name;
	return NULL;
}

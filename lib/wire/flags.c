/*
 * One list for both sides: the master refuses these flags when a job is made,
 * the bot does not hear them from a build's .options.
 */
#include <string.h>

#include "lib/wire/flags.h"

/* What the runner decides: where files go, how long, how many processes. */
static const char *const libfuzzer[] = {"artifact_prefix",
    "exact_artifact_path", "max_total_time", "fork", "jobs", "workers", "merge",
    "merge_control_file", "minimize_crash", "minimize_crash_internal_step",
    "cleanse_crash", "help", "error_exitcode", "timeout_exitcode", "reload",
    "stop_file", "print_final_stats", "create_missing_dirs", "ignore_crashes",
    "ignore_timeouts", "ignore_ooms", "seed_inputs", "features_dir",
    "collect_data_flow", "data_flow_trace", "set_cover_merge",
    "ignore_remaining_args", NULL};

static const char *const afl[] = {
    "i", "o", "M", "S", "F", "V", "I", "f", "x", NULL};

static const char *const honggfuzz[] = {"input", "output", "workspace",
    "crashdir", "run_time", "report", "logfile", "statsfile", "exit_on_time",
    "covdir_all", "covdir_new", "minimize", NULL};

/* clang-format off */
static const struct {
	const char *flag, *refusal;
} instead[] = {
	{ "dict", "the build's T.dict is taken" },
	{ "rlimit_rss", "use memory" },
	{ "rss_limit_mb", "use memory" },
	{ "m", "use memory" },
	{ "t", "use timeout" },
	{ "timeout", "use timeout" },
};
/* clang-format on */

static int
in_list(const char *const *list, const char *word)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return 1;
	return 0;
}

const char *
flag_refusal(const char *flag)
{
	size_t i;

	flag += strspn(flag, "-");
	if (in_list(libfuzzer, flag) || in_list(afl, flag) ||
	    in_list(honggfuzz, flag))
		return "the bot decides it";
	for (i = 0; i < sizeof(instead) / sizeof(instead[0]); i++)
		if (strcmp(instead[i].flag, flag) == 0)
			return instead[i].refusal;
	return NULL;
}

/*
 * Every command in one table: grammar, help and dispatch follow it.
 */
#include "tools/pfadm/commands.h"

/* clang-format off */
const struct command commands[] = {
	{"status", "", "How the master is, on one screen", 0,
	    cmd_status, NULL, {
	    {"pfadm status", "bots, jobs, corpus, crashes and what is wrong"},
	    {"pfadm --root /srv/fuzz status --json | jq .item.alarms",
	     "only what is wrong"}}},
	{"run", "DIR", "Send a folder of targets, fuzz each, watch until over",
	    O_PROJECT | O_BRANCH | O_REVISION | O_SLOTS | O_FOR, cmd_run, NULL, {
	    {"pfadm run ./out --for 10m", "ten minutes for each target"},
	    {"pfadm run ./out --project zlib --revision $(git rev-parse HEAD)",
	     "until cancelled, with a revision to tell builds apart"}}},

	{"build add", "DIR", "Send a folder of targets",
	    O_PROJECT | O_BRANCH | O_REVISION | O_PARSABLE, cmd_build_add, NULL, {
	    {"pfadm build add ./out --project zlib", "only what changed is sent"},
	    {"pfadm build add ./out --project zlib --revision v1.3 --parsable",
	     "print the build's id"}}},
	{"build list", "", "All builds", O_PROJECT | O_LINES,
	    show_list, &list_builds, {
	    {"pfadm build list", "the newest are last"},
	    {"pfadm build list --project zlib -n 1", "the newest of a project"}}},
	{"build show", "BUILD", "One build", 0, show_sheet, &sheet_build, {
	    {"pfadm build show 3f2a", "by the beginning of its id"},
	    {"pfadm build show 3f2a --json | jq -r '.item.targets[]'",
	     "the names of its targets"}}},

	{"target list", "", "All targets and what is known of them", O_PROJECT,
	    show_list, &list_targets, {
	    {"pfadm target list", "every target"},
	    {"pfadm target list --project zlib --no-header",
	     "those of one project, for a script"}}},

	{"job create", "TARGET", "Fuzz a target",
	    O_SLOTS | O_FOR | O_PARSABLE, cmd_job_create, NULL, {
	    {"pfadm job create zlib/inflate --for 8h", "its newest build, 8 hours"},
	    {"pfadm job create zlib/inflate@v1.3:address --slots 2 --parsable",
	     "a certain build on two slots; print the job's id"}}},
	{"job list", "", "All jobs", O_TARGET | O_STATUS | O_LINES,
	    show_list, &list_jobs, {
	    {"pfadm job list", "the newest are last"},
	    {"pfadm job list --status running", "those that run"}}},
	{"job show", "JOB", "One job, its leases and what it found", 0,
	    show_sheet, &sheet_job, {
	    {"pfadm job show 7f3", "by the beginning of its id"},
	    {"pfadm job show 7f3 --json | jq .item.execs", "one number of it"}}},
	{"job cancel", "JOB", "End a job; what it found stays", 0,
	    cmd_job_cancel, NULL, {
	    {"pfadm job cancel 7f3", "its bots stop at their next look"},
	    {"pfadm job list --status running --json | jq -r '.items[].id' |"
	     " xargs -n1 pfadm job cancel", "all that run"}}},

	{"bot list", "", "All bots", O_ANY, show_list, &list_bots, {
	    {"pfadm bot list", "who is there, and how busy"},
	    {"pfadm bot list --json | jq -r '.items[] | select(.state==\"lost\")"
	     ".name'", "those that are lost"}}},
	{"bot show", "BOT", "One bot and its leases", 0,
	    show_sheet, &sheet_bot, {
	    {"pfadm bot show b1", "its machine, engines and leases"},
	    {"pfadm bot show b1 --json | jq .item.outbox_files",
	     "how much it has not delivered"}}},

	{"crash list", "", "All crashes",
	    O_PROJECT | O_TARGET | O_BUCKET | O_LINES, show_list, &list_crashes, {
	    {"pfadm crash list", "the newest are last"},
	    {"pfadm crash list --bucket zlib-17", "those of one bug"}}},
	{"crash show", "CRASH", "One crash and where it was seen", O_TARGET,
	    show_sheet, &sheet_crash, {
	    {"pfadm crash show 9c41", "by the beginning of its id"},
	    {"pfadm crash show 9c41 --json | jq -r .item.folder",
	     "its folder below the master's root"}}},
	{"crash get", "CRASH", "The input of a crash, or its report",
	    O_OUTPUT | O_REPORT | O_TARGET, cmd_crash_get, NULL, {
	    {"pfadm crash get 9c41 -o crash.bin", "the input"},
	    {"pfadm crash get 9c41 --report", "what the sanitizer said"}}},

	{"bucket list", "", "All buckets: one is one bug",
	    O_PROJECT | O_STATUS | O_LINES, show_list, &list_buckets, {
	    {"pfadm bucket list", "every bug"},
	    {"pfadm bucket list --project zlib --status open",
	     "what is open in one project"}}},
	{"bucket show", "BUCKET", "One bucket and its crashes", 0,
	    show_sheet, &sheet_bucket, {
	    {"pfadm bucket show zlib-17", "its type, frames and crashes"},
	    {"pfadm crash get $(pfadm bucket show zlib-17 --json |"
	     " jq -r .item.crash) -o crash.bin", "its best input"}}},

	{"corpus list", "TARGET", "The units of a target", O_LINES | O_ALL,
	    cmd_corpus_list, NULL, {
	    {"pfadm corpus list zlib/inflate", "its newest units"},
	    {"pfadm corpus list zlib/inflate --json | jq '.items | length'",
	     "how many there are"}}},

	{"spool list", "", "What waits, and what was refused or held", 0,
	    cmd_spool_list, NULL, {
	    {"pfadm spool list", "by account, with reasons"},
	    {"pfadm spool list --json | jq -r '.items[] |"
	     " select(.queue==\"rejected\").id'", "all that was refused"}}},
	{"spool show", "ENTRY", "Why an entry was refused or held", 0,
	    show_sheet, &sheet_spool, {
	    {"pfadm spool show local/b1-5f3c9a01d2e4b677-17-b.pfb",
	     "the whole reason"},
	    {"pfadm spool show local/b1-5f3c9a01d2e4b677-17-b.pfb --json",
	     "the same for a script"}}},
	{"spool retry", "ENTRY", "Take a refused entry in again", 0,
	    cmd_spool_retry, NULL, {
	    {"pfadm spool retry local/b1-5f3c9a01d2e4b677-17-b.pfb",
	     "its old outcome is replaced"},
	    {"pfadm spool list --json | jq -r '.items[] |"
	     " select(.queue==\"rejected\").id' | xargs -n1 pfadm spool retry",
	     "all of them, after a mistake of ours"}}},

	{"ledger check", "", "Is every bundle accounted for?", 0,
	    cmd_ledger_check, NULL, {
	    {"pfadm ledger check", "exit 0: balanced, 10: something is missing"},
	    {"pfadm ledger check --json | jq .missing", "how many are missing"}}},
	{"ledger show", "[BOT]", "Epochs of bots, and the bundles of one",
	    O_EPOCH | O_LINES, cmd_ledger_show, NULL, {
	    {"pfadm ledger show b1", "the epochs of a bot"},
	    {"pfadm ledger show b1 --epoch 5f3c9a01d2e4b677 -n 20",
	     "its last bundles and their fates"}}},

	{"events", "", "Who did what when", O_FOLLOW | O_LINES,
	    cmd_events, NULL, {
	    {"pfadm events -n 20", "the last twenty"},
	    {"pfadm events -f", "go on with those that come"}}},
};
/* clang-format on */

const int command_count = sizeof(commands) / sizeof(commands[0]);

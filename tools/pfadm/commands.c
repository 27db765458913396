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
	    O_PROJECT | O_BRANCH | O_REVISION | O_TEMPLATE | O_SET | O_SLOTS |
	    O_FOR, cmd_run, NULL, {
	    {"pfadm run ./out --for 10m", "ten minutes for each target"},
	    {"pfadm run ./out --project zlib --revision $(git rev-parse HEAD)",
	     "until cancelled, with a revision to tell builds apart"}}},

	{"build add", "DIR|FILE", "Send a folder of targets, or a zip or tar of one",
	    O_PROJECT | O_BRANCH | O_REVISION | O_ORDER | O_ENGINE |
	    O_SANITIZER | O_WAIT | O_TIMEOUT | O_PARSABLE, cmd_build_add, NULL, {
	    {"pfadm build add ./out --project zlib", "only what changed is sent"},
	    {"pfadm build add out.tar.gz --project zlib --order 1205"
	     " --revision $(git rev-parse HEAD) --wait || exit 1",
	     "a nightly build; the script ends when it is bad"}}},
	{"build list", "", "All builds", O_PROJECT | O_STATUS | O_LINES,
	    show_list, &list_builds, {
	    {"pfadm build list", "the newest are last"},
	    {"pfadm build list --project zlib --status good -n 1",
	     "the newest good one of a project"}}},
	{"build show", "BUILD", "One build, its targets and what is wrong with it",
	    0, show_sheet, &sheet_build, {
	    {"pfadm build show 3f2a", "by the beginning of its id"},
	    {"pfadm build show 3f2a --json | jq -r '.item.targets[]'",
	     "the names of its targets"}}},
	{"build remove", "BUILD", "Remove a build that nobody needs",
	    O_REASON, cmd_build_remove, NULL, {
	    {"pfadm build remove 3f2a --reason 'wrong flags'",
	     "its files go a day later"},
	    {"pfadm build list --status bad --json | jq -r '.items[].id' |"
	     " xargs -n1 pfadm build remove", "all bad ones"}}},

	{"target list", "", "All targets and what is known of them",
	    O_PROJECT | O_ALL, show_list, &list_targets, {
	    {"pfadm target list", "every target"},
	    {"pfadm target list --project zlib --no-header",
	     "those of one project, for a script"}}},
	{"target show", "TARGET", "One target, its newest builds and its jobs", 0,
	    show_sheet, &sheet_target, {
	    {"pfadm target show zlib/inflate", "what is known of it"},
	    {"pfadm target show inflate --json | jq .item.vanished",
	     "is it in the newest good builds no more?"}}},

	{"job create", "TARGET|PROJECT", "Fuzz a target, or all of a project",
	    O_ALL_TARGETS | O_BUILD | O_BRANCH | O_ENGINE | O_SANITIZER |
	    O_TEMPLATE | O_SET | O_WEIGHT | O_SLOTS | O_FOR | O_PARSABLE,
	    cmd_job_create, NULL, {
	    {"pfadm job create zlib/inflate@v1.3:address --slots 2 --for 8h",
	     "a certain build, on two slots, 8 hours"},
	    {"pfadm job create zlib --all-targets --set memory=4GiB --parsable",
	     "a job for each target; print their ids"}}},
	{"job list", "", "All jobs",
	    O_PROJECT | O_TARGET | O_STATUS | O_TAG | O_LINES,
	    show_list, &list_jobs, {
	    {"pfadm job list", "the newest are last"},
	    {"pfadm job list --project zlib --status running",
	     "those of a project that run"}}},
	{"job show", "JOB", "One job, its leases and what it found", O_EXPLAIN,
	    cmd_job_show, &sheet_job, {
	    {"pfadm job show 7f3 --explain",
	     "each of its values, and who says so"},
	    {"pfadm job show 7f3 --json | jq .item.execs", "one number of it"}}},
	{"job why", "JOB", "Its share of the machines, and why not more", 0,
	    cmd_job_why, NULL, {
	    {"pfadm job why 7f3", "weight, slots, share and what is in the way"},
	    {"pfadm job why 7f3 --json | jq -r '.item.causes[].text'",
	     "only what is in the way"}}},
	{"job pause", "JOB", "Let a job rest; its slots go to others",
	    O_REASON | O_EXPECT, cmd_job_pause, NULL, {
	    {"pfadm job pause 7f3 --reason 'until the fix is in'",
	     "what its bots found so far counts"},
	    {"pfadm job list --tag big --status running --json |"
	     " jq -r '.items[].id' | xargs -n1 pfadm job pause",
	     "all with a tag"}}},
	{"job resume", "JOB", "Go on with a job that was paused",
	    O_REASON | O_EXPECT, cmd_job_resume, NULL, {
	    {"pfadm job resume 7f3", "its time goes on where it stood"},
	    {"pfadm job resume 7f3 --reason 'fixed in 1205'",
	     "with a reason for those who ask"}}},
	{"job cancel", "JOB", "End a job; what it found stays",
	    O_REASON | O_EXPECT, cmd_job_cancel, NULL, {
	    {"pfadm job cancel 7f3", "its bots stop at their next look"},
	    {"pfadm job list --status running --json | jq -r '.items[].id' |"
	     " xargs -n1 pfadm job cancel", "all that run"}}},
	{"job retry", "JOB", "Start a job anew that failed or was cancelled",
	    O_REASON | O_EXPECT, cmd_job_retry, NULL, {
	    {"pfadm job retry 7f3", "failures are forgotten"},
	    {"pfadm job retry 7f3 --expect failed",
	     "but not if somebody cancelled it"}}},
	{"job clone", "JOB", "Another job like one, on the same target",
	    O_SET | O_BRANCH | O_WEIGHT | O_SLOTS | O_FOR | O_PARSABLE,
	    cmd_job_clone, NULL, {
	    {"pfadm job clone 7f3 --set corpus=own",
	     "the same with a corpus of its own"},
	    {"pfadm job clone 7f3 --branch next --parsable",
	     "on another branch; print the id"}}},
	{"job boost", "JOB", "Give a job more of the machines for a while",
	    O_BY | O_FOR | O_REASON | O_EXPECT, cmd_job_boost, NULL, {
	    {"pfadm job boost 7f3", "4 times its share for 2 hours"},
	    {"pfadm job boost 7f3 --by 1", "end that"}}},
	{"job set", "JOB KEY=VALUE...", "Change values of a job",
	    O_SET | O_UNSET | O_REASON | O_EXPECT, cmd_job_set, NULL, {
	    {"pfadm job set 7f3 slots=4 arguments.-max_len=4096",
	     "slots at once, the rest with new leases"},
	    {"pfadm job set 7f3 --unset weight",
	     "what the templates say holds again"}}},
	{"job logs", "JOB", "What its engines say", O_FOLLOW | O_LINES,
	    cmd_job_logs, NULL, {
	    {"pfadm job logs 7f3 -n 200", "the last 200 lines"},
	    {"pfadm job logs 7f3 -f", "go on with those that come"}}},
	{"job wait", "JOB...", "Until jobs are over; exit 0: all completed",
	    O_TIMEOUT, cmd_job_wait, NULL, {
	    {"pfadm job wait 7f3 9c4 --timeout 1h",
	     "exit 6 when they take longer"},
	    {"pfadm job wait $(pfadm job create zlib --all-targets --for 10m"
	     " --parsable)", "ten minutes for each target"}}},
	{"job top", "", "The jobs that are not over, as they go",
	    O_FOLLOW, cmd_job_top, NULL, {
	    {"pfadm job top", "until interrupted; fastest first"},
	    {"pfadm job top --json | jq '.items[].execs_per_second'",
	     "once, for a script"}}},

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

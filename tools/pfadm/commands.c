/*
 * Every command in one table: grammar, help and dispatch follow it.
 */
#include "tools/pfadm/commands.h"

/* clang-format off */
const struct command commands[] = {
	{"status", "", "How the master is, on one screen", O_ALL,
	    cmd_status, NULL, {
	    {"pfadm status", "bots, jobs, corpus, crashes and what is wrong"},
	    {"pfadm --root /srv/fuzz status --json | jq .item.problems",
	     "only what is wrong, with what helps"}}},
	{"run", "DIR", "Send a folder of targets, fuzz each, watch until over",
	    O_PROJECT | O_BRANCH | O_REVISION | O_TEMPLATE | O_SET | O_SLOTS |
	    O_FOR, cmd_run, NULL, {
	    {"pfadm run ./out --for 10m", "ten minutes for each target"},
	    {"pfadm run ./out --project zlib --revision $(git rev-parse HEAD)",
	     "until cancelled, with a revision to tell builds apart"}}},

	{"build add", "DIR|FILE", "Send a folder of targets, or a zip or tar of one",
	    O_PROJECT | O_BRANCH | O_REVISION | O_ORDER | O_ENGINE |
	    O_SANITIZER | O_WAIT | O_TIMEOUT | O_PARSABLE | O_REASON, cmd_build_add, NULL, {
	    {"pfadm build add ./out --project zlib", "only what changed is sent"},
	    {"pfadm build add out.tar.gz --project zlib --order 1205"
	     " --revision $(git rev-parse HEAD) --wait || exit 1",
	     "a nightly build; the script ends when it is bad"}}},
	{"build list", "", "All builds",
	    O_PROJECT | O_STATUS | O_LINES | O_TABLE, show_list, &list_builds, {
	    {"pfadm build list --project zlib --status good -n 1",
	     "the newest good one of a project; the newest are last"},
	    {"pfadm build list --sort -bytes -o id,project,bytes -n 5",
	     "the five largest"}}},
	{"build show", "BUILD", "One build, its targets and what is wrong with it",
	    0, show_sheet, &sheet_build, {
	    {"pfadm build show 3f2a", "by the beginning of its id"},
	    {"pfadm build show 3f2a --json | jq -r '.item.targets[]'",
	     "the names of its targets"}}},
	{"build remove", "BUILD...", "Remove builds that nobody needs",
	    O_CAREFUL, cmd_change, &change_build_remove, {
	    {"pfadm build remove 3f2a --reason 'wrong flags'",
	     "its files go a day later"},
	    {"pfadm build list --status bad --json | jq -r '.items[].id' |"
	     " xargs pfadm build remove --yes", "all bad ones"}}},

	{"target list", "", "All targets and what is known of them",
	    O_PROJECT | O_ALL | O_TABLE, show_list, &list_targets, {
	    {"pfadm target list --sort -edges", "every target, the best first"},
	    {"pfadm target list --project zlib --csv -o target,units,edges",
	     "those of one project, for a spreadsheet"}}},
	{"target show", "TARGET", "One target, its newest builds and its jobs", 0,
	    show_sheet, &sheet_target, {
	    {"pfadm target show zlib/inflate", "what is known of it"},
	    {"pfadm target show inflate --json | jq .item.vanished",
	     "is it in the newest good builds no more?"}}},

	{"job create", "TARGET|PROJECT", "Fuzz a target, or all of a project",
	    O_ALL_TARGETS | O_BUILD | O_BRANCH | O_ENGINE | O_SANITIZER |
	    O_TEMPLATE | O_SET | O_WEIGHT | O_SLOTS | O_FOR | O_PARSABLE | O_REASON,
	    cmd_job_create, NULL, {
	    {"pfadm job create zlib/inflate@v1.3:address --slots 2 --for 8h",
	     "a certain build, on two slots, 8 hours"},
	    {"pfadm job create zlib --all-targets --set memory=4GiB --parsable",
	     "a job for each target; print their ids"}}},
	{"job list", "", "All jobs",
	    O_PROJECT | O_TARGET | O_STATUS | O_TAG | O_LINES | O_TABLE,
	    show_list, &list_jobs, {
	    {"pfadm job list --project zlib --status R",
	     "those of a project that run; letters as squeue has them"},
	    {"pfadm job list --filter engine=afl --sort -execs_per_second",
	     "fastest first"}}},
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
	{"job pause", "JOB...", "Let jobs rest; their slots go to others",
	    O_REASON | O_EXPECT | O_DRY_RUN, cmd_change, &change_job_pause, {
	    {"pfadm job pause 7f3 --reason 'until the fix is in'",
	     "what its bots found so far counts"},
	    {"pfadm job list --tag big --status running --json |"
	     " jq -r '.items[].id' | xargs pfadm job pause",
	     "all with a tag"}}},
	{"job resume", "JOB...", "Go on with jobs that were paused",
	    O_REASON | O_EXPECT | O_DRY_RUN, cmd_change, &change_job_resume, {
	    {"pfadm job resume 7f3", "its time goes on where it stood"},
	    {"pfadm job resume 7f3 --reason 'fixed in 1205'",
	     "with a reason for those who ask"}}},
	{"job cancel", "JOB...", "End jobs; what they found stays",
	    O_REASON | O_EXPECT | O_DRY_RUN, cmd_change, &change_job_cancel, {
	    {"pfadm job cancel 7f3", "its bots stop at their next look"},
	    {"pfadm job list --status running --json | jq -r '.items[].id' |"
	     " xargs pfadm job cancel", "all that run"}}},
	{"job retry", "JOB...", "Start jobs anew that failed or were cancelled",
	    O_REASON | O_EXPECT | O_DRY_RUN, cmd_change, &change_job_retry, {
	    {"pfadm job retry 7f3", "failures are forgotten"},
	    {"pfadm job retry 7f3 --expect failed",
	     "but not if somebody cancelled it"}}},
	{"job clone", "JOB", "Another job like one, on the same target",
	    O_SET | O_BRANCH | O_WEIGHT | O_SLOTS | O_FOR | O_PARSABLE | O_REASON,
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

	{"bot list", "", "All bots",
	    O_ACCOUNT | O_POOL | O_ALL | O_TABLE, show_list, &list_bots, {
	    {"pfadm bot list", "who is there, and how busy"},
	    {"pfadm bot list --filter state=lost -o name --no-header",
	     "those that are lost"}}},
	{"bot show", "BOT", "One bot and its leases", 0,
	    show_sheet, &sheet_bot, {
	    {"pfadm bot show b1", "its machine, engines and leases"},
	    {"pfadm bot show b1 --json | jq .item.outbox_files",
	     "how much it has not delivered"}}},
	{"bot drain", "BOT...", "Give bots no more work; what runs may end",
	    O_NOW | O_REASON | O_DRY_RUN, cmd_change, &change_bot_drain, {
	    {"pfadm bot drain b07 --reason 'new disk on Monday'",
	     "others see why"},
	    {"pfadm bot drain 'b[01-12,20]'", "thirteen of them"}}},
	{"bot resume", "BOT...", "Give bots work again",
	    O_REASON | O_DRY_RUN, cmd_change, &change_bot_resume, {
	    {"pfadm bot resume b07", "it is drained no more"},
	    {"pfadm bot resume 'b[01-12]' --reason 'disks are in'",
	     "failures are forgotten, too"}}},
	{"bot forget", "BOT...", "Take bots that are gone off the list",
	    O_CAREFUL, cmd_change, &change_bot_forget, {
	    {"pfadm bot forget b07", "until it comes back by itself"},
	    {"pfadm bot list --filter state=lost -o name --no-header |"
	     " xargs pfadm bot forget --yes", "all that are lost"}}},
	{"bot write-off", "BOT...", "Say that what a bot still owed is gone",
	    O_EPOCH | O_CAREFUL, cmd_change, &change_bot_write_off, {
	    {"pfadm bot write-off b07 --reason 'its disk burnt'",
	     "the ledger balances again"},
	    {"pfadm bot write-off b07 --epoch 5f3c9a01d2e4b677 --reason test"
	     " --dry-run", "one life of it alone, and only look"}}},
	{"bot logs", "BOT", "What a bot says", O_FOLLOW | O_LINES,
	    cmd_bot_logs, NULL, {
	    {"pfadm bot logs b07 -n 200", "the last 200 lines"},
	    {"pfadm bot logs b07 -f", "go on with those that come"}}},

	{"account add", "NAME", "Let somebody bring bundles, builds, or read",
	    O_KIND | O_PROJECT | O_KEY | O_MAX_BYTES | O_MAX_FILES |
	    O_MAX_RATE | O_PARSABLE | O_REASON, cmd_account_add, NULL, {
	    {"pfadm account add office --max-bytes 20GiB",
	     "for bots; invite machines to it next"},
	    {"pfadm account add ci-zlib --kind ci --project zlib"
	     " --key ~/ci.pub", "may add builds of zlib and wait for them"}}},
	{"account set", "ACCOUNT", "Change limits or projects of an account",
	    O_PROJECT | O_MAX_BYTES | O_MAX_FILES | O_MAX_RATE | O_REASON,
	    cmd_account_set, NULL, {
	    {"pfadm account set office --max-bytes 50GiB",
	     "0 is what the master's settings say"},
	    {"pfadm account set ci-zlib --project zlib,png",
	     "all that it may see and bring"}}},
	{"account list", "", "All accounts", O_TABLE, show_list,
	    &list_accounts, {
	    {"pfadm account list", "with the keys that wait for approval"},
	    {"pfadm account list --filter state=disabled -o name,reason",
	     "those that are shut, and why"}}},
	{"account show", "ACCOUNT", "One account, its keys and invitations", 0,
	    show_sheet, &sheet_account, {
	    {"pfadm account show office", "fingerprints, ages, last used"},
	    {"pfadm account show office --json | jq -r '.item.key_list[] |"
	     " select(.age_days > 365).fingerprint'", "keys of over a year"}}},
	{"account invite", "[ACCOUNT]", "A line for each machine that may come",
	    O_ACCOUNT | O_COUNT | O_EXPIRES | O_AUTO | O_REASON,
	    cmd_account_invite, NULL, {
	    {"pfadm account invite --count 40 --expires 7d --account office"
	     " > lines", "one line a machine, each good once"},
	    {"ssh pc1 pandafuzz-botd enroll $(pfadm account invite office"
	     " --auto)", "one machine, admitted at once"}}},
	{"account approve", "ACCOUNT [KEY...]", "Admit machines that came",
	    O_ALL | O_REASON | O_DRY_RUN, cmd_account_approve, NULL, {
	    {"pfadm account approve office b07",
	     "by its name, or the beginning of its fingerprint"},
	    {"pfadm account approve office --all", "all that wait"}}},
	{"account disable", "ACCOUNT [KEY...]", "Shut an account, or keys of it",
	    O_REASON | O_DRY_RUN, cmd_account_disable, NULL, {
	    {"pfadm account disable office --reason 'moving house'",
	     "its sessions end, too"},
	    {"pfadm account disable office SHA256:k3J", "one key of it"}}},
	{"account rotate", "ACCOUNT [KEY...]", "A line for a new key of a machine",
	    O_KEY | O_EXPIRES | O_REASON, cmd_account_rotate, NULL, {
	    {"pfadm account rotate office b07",
	     "the old key ends at once; without b07 those of all"},
	    {"pfadm account rotate ci-zlib --key new.pub",
	     "another key for CI, in place of its old one"}}},
	{"account remove", "ACCOUNT...", "Remove accounts; what they sent stays",
	    O_CAREFUL, cmd_change, &change_account_remove, {
	    {"pfadm account remove office", "its sessions end, too"},
	    {"pfadm account remove office --dry-run", "only look"}}},

	{"crash list", "", "All crashes",
	    O_PROJECT | O_TARGET | O_BUCKET | O_LINES | O_ADDED | O_STATUS |
	    O_SARIF | O_TABLE, cmd_crash_list, &list_crashes, {
	    {"pfadm crash list --bucket zlib-17", "those of one bug"},
	    {"pfadm crash list --added --status waiting",
	     "inputs that were handed in, and no bot has run yet"}}},
	{"crash show", "CRASH", "One crash: its frames, report and history",
	    O_TARGET, cmd_crash_show, NULL, {
	    {"pfadm crash show 9c41", "by the beginning of its id"},
	    {"pfadm crash show 9c41 --json | jq -r .item.folder",
	     "its folder below the master's root"}}},
	{"crash add", "PATH...", "Hand inputs in that were found elsewhere",
	    O_TARGET | O_WAIT | O_TIMEOUT | O_PARSABLE | O_REASON | O_DRY_RUN,
	    cmd_crash_add, NULL, {
	    {"pfadm crash add crash-0a1b --target zlib/inflate --wait",
	     "exit 0: it crashed, 10: it did not"},
	    {"pfadm crash add afl-out ./artifacts --target zlib/inflate --dry-run",
	     "whole folders of AFL++, libFuzzer, honggfuzz; only look"}}},
	{"crash get", "CRASH", "The input of a crash, or its report",
	    O_OUTPUT | O_REPORT | O_TARGET, cmd_crash_get, NULL, {
	    {"pfadm crash get 9c41 -o crash.bin", "the input"},
	    {"pfadm crash get 9c41 --report", "what the sanitizer said"}}},

	{"crash kit", "CRASH", "A tar with which it is seen again anywhere",
	    O_OUTPUT | O_SCRUB | O_RUNS | O_TARGET, cmd_crash_kit, NULL, {
	    {"pfadm crash kit 9c41 -o kit.tar",
	     "program, libraries, input and repro.sh"},
	    {"pfadm crash kit 9c41 --scrub --n 100 -o - | gzip > kit.tar.gz",
	     "to be given away; run 100 times when not told otherwise"}}},
	{"crash repro", "CRASH", "Run it here; exit 0: the same crash was seen",
	    O_RUNS | O_TARGET, cmd_crash_repro, NULL, {
	    {"pfadm crash repro 9c41", "ten times, on this machine"},
	    {"pfadm crash repro 9c41 -n 100", "how often does it show?"}}},

	{"bucket list", "", "All buckets: one is one bug",
	    O_PROJECT | O_STATUS | O_ALL | O_LINES | O_SARIF | O_TABLE,
	    cmd_bucket_list, &list_buckets, {
	    {"pfadm bucket list --project zlib --all",
	     "also muted and closed ones, timeouts, and out of memory"},
	    {"pfadm bucket list --csv > bugs.csv", "all, for a spreadsheet"}}},
	{"bucket show", "BUCKET", "One bucket, why it is one, and its crashes",
	    O_SARIF, cmd_bucket_show, NULL, {
	    {"pfadm bucket show zlib-17", "its type, frames and crashes"},
	    {"pfadm crash get $(pfadm bucket show zlib-17 --json |"
	     " jq -r .item.crash) -o crash.bin", "its best input"}}},
	{"bucket why", "BUCKET [BUCKET...]", "Why crashes are together, or apart", 0,
	    cmd_bucket_why, NULL, {
	    {"pfadm bucket why zlib-17", "which frames named it, what joined it"},
	    {"pfadm bucket why zlib-17 zlib-21",
	     "what they have in common, and what first differs"}}},
	{"bucket merge", "BUCKET BUCKET...", "Make buckets one, whatever the rules say",
	    O_REASON | O_DRY_RUN, cmd_bucket_merge, NULL, {
	    {"pfadm bucket merge zlib-17 zlib-21 --reason 'one missing check'",
	     "the smaller number stays; the other leads there"},
	    {"pfadm bucket merge zlib-17 'zlib-[21-24]' --dry-run",
	     "four of them, and only look"}}},
	{"bucket split", "BUCKET SIGNATURE|CRASH...", "Take crashes out of a bucket",
	    O_REASON | O_DRY_RUN, cmd_bucket_split, NULL, {
	    {"pfadm bucket split zlib-17 4f2ac0d1 --reason 'another field'",
	     "a signature of it, by the beginning"},
	    {"pfadm bucket split zlib-17 9c41", "that of a crash"}}},
	{"bucket mute", "BUCKET...", "Leave buckets out of lists and reports",
	    O_UNTIL | O_REASON | O_DRY_RUN, cmd_bucket_mute, NULL, {
	    {"pfadm bucket mute zlib-17 --until 30d --reason 'fix is on its way'",
	     "they are counted all the same"},
	    {"pfadm bucket mute 'zlib-[17-21]' --until 2026-12-24",
	     "five of them, until a day"}}},
	{"bucket unmute", "BUCKET...", "Show muted buckets again",
	    O_REASON | O_DRY_RUN, cmd_change, &change_bucket_unmute, {
	    {"pfadm bucket unmute zlib-17", "from now on"},
	    {"pfadm bucket list --status muted -o id --no-header |"
	     " xargs pfadm bucket unmute", "all that are muted"}}},
	{"bucket set", "BUCKET...", "Say how a bug stands and whose it is",
	    O_STATUS | O_TRACK | O_REASON | O_DRY_RUN, cmd_bucket_set, NULL, {
	    {"pfadm bucket set zlib-17 --status closed --as wontfix",
	     "it opens again by --status open"},
	    {"pfadm bucket set zlib-17 --owner ann --issue '#812' --label +parser"
	     " --label -new", "for those who look"}}},
	{"bucket note", "BUCKET TEXT...", "Write something down about a bug",
	    O_DRY_RUN, cmd_bucket_note, NULL, {
	    {"pfadm bucket note zlib-17 'only with -max_len above 4096'",
	     "it is shown with the bucket"},
	    {"git log -1 --format=%s | pfadm bucket note zlib-17 -",
	     "from standard input"}}},
	{"bucket undo", "BUCKET", "Take back what was decided on a bucket",
	    O_DECISION | O_REASON | O_DRY_RUN, cmd_bucket_undo, NULL, {
	    {"pfadm bucket undo zlib-17", "the newest decision"},
	    {"pfadm bucket undo zlib-17 --decision 41",
	     "this one; bucket show lists them"}}},
	{"bucket regroup", "", "Group all crashes anew by the rules of now",
	    O_PROJECT | O_CAREFUL, cmd_bucket_regroup, NULL, {
	    {"pfadm bucket regroup --dry-run", "which buckets would change, and how"},
	    {"pfadm bucket regroup --project zlib --reason 'rules of 1205'",
	     "after a question"}}},

	{"rules test", "FILE", "What rules for triage would change",
	    0, cmd_rules_test, NULL, {
	    {"pfadm rules test triage.rules",
	     "over all stored crashes; nothing is applied"},
	    {"pfadm rules test triage.rules --json | jq .item.changed",
	     "how many crashes it would name anew"}}},

	{"corpus list", "TARGET", "The units of a target",
	    O_LINES | O_ALL | O_TABLE, cmd_corpus_list, NULL, {
	    {"pfadm corpus list zlib/inflate", "its newest units"},
	    {"pfadm corpus list zlib/inflate --json | jq '.items | length'",
	     "how many there are"}}},

	{"spool list", "", "What waits, and what was refused or held",
	    O_TABLE, cmd_spool_list, NULL, {
	    {"pfadm spool list", "by account, with reasons"},
	    {"pfadm spool list --filter queue=rejected -o id --no-header",
	     "all that was refused"}}},
	{"spool show", "ENTRY", "Why an entry was refused or held", 0,
	    show_sheet, &sheet_spool, {
	    {"pfadm spool show local/b1-5f3c9a01d2e4b677-17-b.pfb",
	     "the whole reason"},
	    {"pfadm spool show local/b1-5f3c9a01d2e4b677-17-b.pfb --json",
	     "the same for a script"}}},
	{"spool retry", "ENTRY...", "Take refused entries in again",
	    O_REASON | O_DRY_RUN, cmd_change, &change_spool_retry, {
	    {"pfadm spool retry local/b1-5f3c9a01d2e4b677-17-b.pfb",
	     "its old outcome is replaced"},
	    {"pfadm spool list --filter queue=rejected -o id --no-header |"
	     " xargs pfadm spool retry", "all of them, after a mistake of ours"}}},
	{"spool drop", "ENTRY...", "Throw refused or held entries away",
	    O_CAREFUL, cmd_change, &change_spool_drop, {
	    {"pfadm spool drop local/b1-5f3c9a01d2e4b677-17-b.pfb",
	     "its bytes are gone; its outcome stays in the ledger"},
	    {"pfadm spool list --filter queue=rejected -o id --no-header |"
	     " xargs pfadm spool drop --dry-run", "only look"}}},

	{"ledger check", "", "Is every bundle accounted for?", 0,
	    cmd_ledger_check, NULL, {
	    {"pfadm ledger check", "exit 0: balanced, 10: something is missing"},
	    {"pfadm ledger check --json | jq .missing", "how many are missing"}}},
	{"ledger show", "[BOT]", "Epochs of bots, and the bundles of one",
	    O_EPOCH | O_LINES | O_TABLE, cmd_ledger_show, NULL, {
	    {"pfadm ledger show b1", "the epochs of a bot"},
	    {"pfadm ledger show b1 --epoch 5f3c9a01d2e4b677 -n 20",
	     "its last bundles and their fates"}}},

	{"events", "", "What happened when",
	    O_FOLLOW | O_LINES | O_WHO | O_WHAT | O_SUBJECT | O_SINCE |
	    O_TABLE, cmd_events, NULL, {
	    {"pfadm events --since 1h --what bucket.new", "new bugs of the last hour"},
	    {"pfadm events -f", "go on with those that come"}}},
	{"log check", "", "Is the log of changes as it was written?", 0,
	    cmd_log_check, NULL, {
	    {"pfadm log check", "exit 0: intact, 10: somebody altered it"},
	    {"pfadm log check --json | jq -r .item.head",
	     "the hash to keep elsewhere"}}},
	{"log", "", "Who changed what, from what to what, and why",
	    O_WHO | O_WHAT | O_SUBJECT | O_SINCE | O_LINES | O_TABLE,
	    show_list, &list_log, {
	    {"pfadm log --who user:alice --since 7d", "what she did this week"},
	    {"pfadm log --jsonl > log.jsonl", "all of it, to keep"}}},

	{"system check", "", "Is all well with the master?", O_NAGIOS,
	    cmd_system_check, NULL, {
	    {"pfadm system check", "a line a check; exit 10 when one is bad"},
	    {"pfadm system check --nagios", "for monitoring: exit 0, 1, 2 or 3"}}},
	{"system reload", "", "Read the settings and templates again", O_REASON,
	    cmd_system_reload, NULL, {
	    {"pfadm system reload", "as SIGHUP, but it says what came of it"},
	    {"pfadm system reload --reason 'longer leases'", "for the log"}}},
	{"system stdio", "", "The master's socket as standard input and output",
	    0, cmd_system_stdio, NULL, {
	    {"ssh alice@master pfadm system stdio",
	     "what pfadm -H ssh://alice@master does"},
	    {"socat - EXEC:'pfadm system stdio'", "HTTP by hand"}}},

	{"version", "", "Of pfadm and of the master", 0, cmd_version, NULL, {
	    {"pfadm version", "exit 5 when there is no master"},
	    {"pfadm -H ssh://alice@master version", "is the way there open?"}}},
	{"completion", "bash|zsh", "What makes your shell complete pfadm's words",
	    0, cmd_completion, NULL, {
	    {"source <(pfadm completion bash)", "for this shell"},
	    {"pfadm completion zsh > ~/.zfunc/_pfadm", "for all, with zsh"}}},
	{"help", "[COMMAND...]", "What there is, or how one command is used", 0,
	    cmd_help, NULL, {
	    {"pfadm help", "all commands"},
	    {"pfadm help job create", "as pfadm job create --help"}}},
	{"__complete", "KIND [BEGINNING...]", "Names of things, for completion",
	    0, cmd_complete, NULL, {
	    {"pfadm __complete JOB 7f", "jobs that begin so"},
	    {"pfadm __complete BOT", "all bots"}}},
};
/* clang-format on */

const int command_count = sizeof(commands) / sizeof(commands[0]);

#!/bin/bash
# Goal: a task that failed waits, is tried on another bot, and fails its job
# with the bot's sentence when it was tried often enough; a job whose time runs
# out without a success has timed out.  One that three bots in a row were lost
# with is parked as poison, status says so, and people may try it again; bots
# that say goodbye, and the master's own restart, never count.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-bots.sh"

adm() {
	pfadm --root "$root" "$@" </dev/null
}

job() { # [OPTION...]: on the target, sets $job
	job=$(adm job create png/read_fuzzer --slots 1 --parsable "$@") ||
		fail "no job"
}

of() { # COLUMN: of $job
	sql "SELECT $1 FROM job WHERE job = '$job'"
}

task() { # COLUMN: of $job's task
	sql "SELECT $1 FROM task WHERE job = (SELECT id FROM job WHERE job =
	    '$job') ORDER BY id DESC LIMIT 1"
}

alarm() {
	api status | grep -qF -- "$1"
}

# Whoever has the job's lease: $bot and $lease.
held() {
	local row
	row=$(sql "SELECT b.name || ' ' || l.lease FROM lease l JOIN bot b ON
	    b.id = l.bot JOIN task t ON t.id = l.task JOIN job j ON j.id =
	    t.job WHERE j.job = '$job' AND l.state IN ('offered', 'running')")
	[ -n "$row" ] || return 1
	bot=${row% *} lease=${row#* }
}

holder() {
	wait_until 15 held || fail "nobody has a lease of the job: $(of status),
	    $(of reason), $(adm job why "$job")"
}

account local
start_master --bots-late 1000 --bots-lost 2000 --tasks-retry-jitter=no \
    --tasks-retry-initial-delay 400ms --tasks-retry-max-retries 3 \
    --leases-lost 3s --leases-gap 20s
bot_up b1
bot_up b2
sh tests/targets/build.sh "$work/t" oddstart || fail "no target"
mkdir "$work/out"
cp "$work/t/oddstart/sound_fuzzer" "$work/out/read_fuzzer"
adm build add "$work/out" --project png >/dev/null || fail "no build"
wait_until 15 has_lease b1 || wait_until 1 has_lease b2 || fail "no check"
has_lease b1 && got b1 && completes b1 done good
has_lease b2 && got b2 && completes b2 done good

# -- failures
job
bots=
for try in 1 2 3 4; do
	at=$(date +%s%3N)
	holder
	bots="$bots $bot"
	# 400 ms, 800 ms, 1600 ms
	[ $try != 4 ] || [ $(($(date +%s%3N) - at)) -ge 1300 ] ||
		fail "the third wait was $(($(date +%s%3N) - at)) ms"
	bot_beats "$bot" "$lease"
	completes "$bot" failed
	[ $try = 4 ] || is "failure $try: it is tried again" "ready|$try" \
	    "$(task "state, failures")"
	bot_beats "$bot"
done
case $bots in
" b1 b2 b1 b2" | " b2 b1 b2 b1") ok "each time on another bot:$bots" ;;
*) fail "it was tried on$bots" ;;
esac
is "the fourth fails the job" failed "$(of status)"

# What the bot said of it is the job's reason.
adm job retry "$job" >/dev/null || fail "no retry"
for try in 1 2 3 4; do
	holder
	printf '%s' "out of memory, try $try" >"$work/why"
	bot_sends "$bot" complete --lease "$lease" --complete failed \
	    --record '{"rec":"reason"}' --payload "$work/why"
	wait_empty
	bot_beats "$bot"
done
is "it fails with the bot's last sentence" "failed|out of memory, try 4" \
    "$(of "status, reason")"

# -- the time runs out
job --for 2s
holder
bot_beats "$bot" "$lease"
completes "$bot" failed
bot_beats "$bot"
over() {
	[ "$(of ended_ms)" -gt 0 ]
}
quiet() { # leases of the job are not taken
	for b in b1 b2; do bot_beats $b; done
	over
}
wait_until 20 quiet || fail "it does not end: $(of status)"
is "without a success it has timed out" timed_out "$(of status)"

# -- poison: three bots vanish, each begins anew without a word
job
bots=
for n in 1 2 3; do
	holder
	bots="$bots${bots:+, }$bot"
	bot_beats "$bot" "$lease"
	[ $n = 3 ] || bot_up "$bot"
done
# The third falls silent; the other one lives.
for n in 1 2 3 4 5 6 7 8 9 10; do
	sleep 0.5
	for b in b1 b2; do [ $b = "$bot" ] || bot_beats $b; done
	[ "$(task state)" = leased ] || break
done
is "the third bot lost in a row parks the task" "parked|3" \
    "$(task "state, lost")"
is "its reason names them" "lost 3 bots in a row: $bots" "$(task reason)"
is "the job is paused as poison" "paused|poison|lost 3 bots in a row: $bots" \
    "$(of "status, paused_by, reason")"
check "status says so" alarm "job $job has a task parked as poison"
bot_beats "$bot"
sleep 2
is "nobody gets it" "" "$(lease_of b1)$(lease_of b2)"
adm job resume "$job" >/dev/null || fail "no resume"
holder
is "people may try it again" "leased|0" "$(task "state, lost")"

# -- innocent: goodbyes, and the master's restart
for n in 1 2 3 4; do
	holder
	bot_beats "$bot" "$lease"
	bot_sends "$bot" deregister
	wait_empty
	bot_up "$bot"
done
is "who says goodbye is not lost" 0 "$(task lost)"
holder
bot_beats "$bot" "$lease"
for n in 1 2 3 4; do
	stop_master KILL
	start_master --bots-late 1000 --bots-lost 2000 --leases-lost 3s \
	    --leases-gap 20s
	bot_beats "$bot" "$lease"
done
is "nor does the master's restart count" "leased|0" "$(task "state, lost")"
is "the lease held all the time" running \
    "$(sql "SELECT state FROM lease WHERE lease = '$lease'")"

# -- a goodbye that is overtaken by the beat of the next epoch
old=${bot_epoch[$bot]} seq=${bot_seq[$bot]} was=$bot
bot_up "$bot"
is "a beat of a new epoch: lost, it seems" 1 "$(task lost)"
BOT=$was EPOCH=$old send deregister $((seq + 1))
wait_empty
is "its goodbye comes late, and acquits it" 0 "$(task lost)"
balanced
stop_master || fail "the master ends with $?"

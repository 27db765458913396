#!/bin/bash
# Goal: a bot is drained with a reason (what it has in hand ends, or goes back
# at once), resumed and forgotten; its folder goes, a beat brings it back; each
# is an event and a line in the log of changes, and bot show says why it is idle.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-bots.sh"

put() { # PATH JSON: the code of the answer; its body is in $work/said
	api "$1" -X PUT -d "$2" -o "$work/said" -w '%{http_code}'
}

of() { # BOT JQ
	api "bots/$1" | jq -r ".item$2"
}

said() { # JQ
	jq -r "$1" "$work/said"
}

state_is() { # BOT STATE
	[ "$(of "$1" .state)" = "$2" ]
}

gone() {
	[ ! -e "$root/spool/local/outgoing/$1" ]
}

idle_says() { # BOT WORDS
	of "$1" '.why_idle[]' | grep -qF -- "$2"
}

adm() {
	pfadm --root "$root" "$@" </dev/null
}

account local
start_master --bots-late 1000 --bots-lost 2000
bot_up b1
bot_up b2 other
sh tests/targets/build.sh "$work/t" oddstart || fail "no target"
mkdir "$work/out"
cp "$work/t/oddstart/sound_fuzzer" "$work/out/read_fuzzer"
check "without a job it says so" idle_says b1 "there is no job"
adm build add "$work/out" --project png >/dev/null || fail "no build"
wait_until 15 has_lease b1 || wait_until 1 has_lease b2 || fail "no check"
for bot in b1 b2; do
	has_lease $bot && got $bot && completes $bot done good
done
job=$(adm job create png/read_fuzzer --slots 2 --parsable) || fail "no job"
got b1
bot_beats b1 "$lease"
first=$lease
got b2
bot_beats b2 "$lease"

# -- drained
is "drained" 200 "$(put bots/b1/drain '{"reason":"new disk"}')"
is "and says who and why" "user:$(id -un) new disk" \
    "$(said '.item.drain | .by + " " + .reason')"
bot_beats b1 "$first"
is "what it has in hand goes on" "$first" "$(lease_of b1)"
is "twice is a conflict" 409 "$(put bots/b1/drain '{}')"
is "that says so" true "$(said '.error.message | test("drained already")')"
lease=$first
completes b1 done
check "it says why it is idle" wait_until 20 idle_says b1 \
    "it is drained by user:$(id -un): new disk"
sleep 2.5
is "it gets nothing new" "" "$(lease_of b1)"
is "its last leases are shown" true \
    "$(of b1 '.last_leases | length > 0 and .[0].state == "done"')"
is "what it can is shown" '{"libfuzzer":"14"}' \
    "$(api bots/b1 | jq -c .item.capabilities.engines)"

# -- resumed, and drained at once
is "resumed" 200 "$(put bots/b1/resume '{"reason":"it is in"}')"
got b1
bot_beats b1 "$lease"
is "drained at once" 200 "$(put bots/b1/drain '{"now":true}')"
is "its lease is taken back" cancelled "$(sql "SELECT state FROM lease WHERE
    lease = '$lease'")"
is "nobody's failure" "0|0" "$(sql "SELECT max(failures), max(lost) FROM task")"

# -- bodies that are wrong
is "a reason is a text" 400 "$(put bots/b1/drain '{"reason":7}')"
is "and says which field" reason "$(said .error.field)"
is "now is true or false" 400 "$(put bots/b1/drain '{"now":"yes"}')"
is "and says which field" now "$(said .error.field)"
is "a key that is not known is refused" 400 "$(put bots/b1/drain '{"noow":1}')"
is "a bot that is not there" 404 "$(put bots/b9/drain '{}')"

# -- forgotten
is "not while it is up" 409 "$(put bots/b2/forget '{}')"
is "that says what to do" true "$(said '.error.message | test("drain it first")')"
is "a drained one is" 200 "$(put bots/b1/forget '{"reason":"sold"}')"
is "its state" forgotten "$(said .item.state)"
check "its folder goes" wait_until 20 gone b1
is "it is not listed" b2 "$(api bots | jq -r '.items[].name')"
is "unless it is asked for" b1 \
    "$(api 'bots?state=forgotten' | jq -r '.items[].name')"
is "status does not count it" '{"up":1}' "$(api status | jq -c .item.bots)"
bot_beats b1
check "a beat brings it back" wait_until 20 state_is b1 up
check "with its folder" wait_until 20 test -f "$(status_file local/b1)"
is "still drained" true "$(of b1 .drained)"
is "resumed again" 200 "$(put bots/b1/resume '{}')"

# -- told
is "each is an event" "bot.drained bot.resumed bot.drained bot.forgotten \
bot.back bot.resumed" "$(api 'events?subject=b1' |
    jq -r '[.items[].what | select(test("^bot\\.(dr|re|fo|ba)"))] | join(" ")')"
is "and a change that a person made" \
    "bot.drained bot.resumed bot.drained bot.forgotten bot.resumed" \
    "$(sql "SELECT group_concat(what, ' ') FROM (SELECT what FROM audit WHERE
    subject = 'bot:b1' ORDER BY id)")"
is "with its reason" sold "$(sql "SELECT reason FROM audit WHERE what =
    'bot.forgotten'")"
stop_master || fail "the master ends with $?"

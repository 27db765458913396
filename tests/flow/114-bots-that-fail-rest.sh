#!/bin/bash
# Goal: a bot on which leases of one job after the other fail rests, says so,
# still checks builds, and works again after its rest, a success or a resume.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-bots.sh"

of() { # JQ
	api bots/b1 | jq -r ".item$1"
}

idle_says() { # WORDS
	of '.why_idle[]' | grep -qE -- "$1"
}

fails() { # the next lease of b1, of a job of its own
	adm job create png/read_fuzzer --slots 1 --parsable >/dev/null ||
		fail "no job"
	got b1
	bot_beats b1 "$lease"
	completes b1 failed
	bot_beats b1
}

adm() {
	pfadm --root "$root" "$@" </dev/null
}

account local
start_master --bots-late 1000 --bots-lost 2000 --bots-retry-jitter=no \
    --bots-retry-initial-delay 1h --bots-retry-max-delay 2h \
    --tasks-retry-initial-delay 1h --tasks-retry-max-delay 1h \
    --tasks-retry-jitter=no
bot_up b1
sh tests/targets/build.sh "$work/t" oddstart || fail "no target"
for n in 1 2; do
	mkdir "$work/out-$n"
	cp "$work/t/oddstart/sound_fuzzer" "$work/out-$n/read_fuzzer"
	echo $n >"$work/out-$n/version"
done
adm build add "$work/out-1" --project png >/dev/null || fail "no build"
got b1
completes b1 done good
fails
is "one failure says nothing" "1 null" "$(of '.failures') $(of '.rests_until')"
fails
is "the second of another task makes it rest" 2 "$(of .failures)"
check "it says until when" idle_says \
    "^it rests after 2 failures until 20.*, and checks builds only"
is "status says so" 1 "$(api status | grep -c 'bot b1 rests: 2 leases')"
is "and an event" 1 "$(sql "SELECT count(*) FROM event WHERE what =
    'bot.resting'")"
job=$(adm job create png/read_fuzzer --slots 1 --parsable) || fail "no job"
sleep 2.5
is "it gets no work of jobs" "" "$(lease_of b1)"
is "the job says why" 1 "$(adm job why "$job" | grep -c '1 bot rests')"

# A check that is done shows that it works.
adm build add "$work/out-2" --project png >/dev/null || fail "no build"
got b1
completes b1 done good
is "a success ends it" "0 null" "$(of .failures) $(of .rests_until)"
got b1
bot_beats b1 "$lease"
completes b1 failed
bot_beats b1
fails
is "it rests again" 2 "$(of .failures)"
is "a person ends it, too" 200 "$(api bots/b1/resume -X PUT -d '{}' \
    -o "$work/said" -w '%{http_code}')"
is "nothing is counted" 0 "$(of .failures)"
stop_master || fail "the master ends with $?"

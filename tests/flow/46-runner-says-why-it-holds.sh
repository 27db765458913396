#!/bin/bash
# Goal: without user namespaces no lease is taken and every beat says why,
# unless the settings say `sandbox: none`; the master's hold holds; a new
# generation is registered again; new_epoch is obeyed once (P.12, P.21, P.28,
# P.29).
. "$(dirname "$0")/lib-runner.sh"

lease=00000000000000c1
held() {
	beat | grep -a -q '"hold":1' && beat | grep -a -q -F -- "$1"
}
taken() {
	grep -q "lease.started lease=$1" "$work/log"
}
registered() {
	[ "$(count '"kind":"register"')" -ge "$1" ]
}

make_bot
sh "$SRC/tests/targets/build.sh" "$targets" jsmn || fail "no target"

# A machine without bubblewrap, as far as the runner can see.
mkdir "$work/empty"
as="env PATH=$work/empty"
start_runner
as=
status $lease
ticket $lease 00000000000000b1 jsmn jsmn_fuzzer "$targets/jsmn" 600000
wait_until 10 held 'apt-get install bubblewrap' || fail "no reason in the beat"
has '"sandbox":"missing"' || fail "register does not say it"
sleep 2
! taken $lease || fail "a lease without a sandbox"
stop_runner TERM

start_runner --sandbox none
has '"sandbox":"none"' || fail "register does not say none"
status $lease
ticket $lease 00000000000000b1 jsmn jsmn_fuzzer "$targets/jsmn" 4000
wait_until 30 has '"result":"done"' || fail "no session without a sandbox"
has '"unit"' || fail "no units without a sandbox"
hold=true reason='two bots of one name' status 00000000000000c2
ticket 00000000000000c2 00000000000000b1 jsmn jsmn_fuzzer "$targets/jsmn" 600000
wait_until 10 held 'two bots of one name' || fail "hold is not said"
! taken 00000000000000c2 || fail "a lease while on hold"
status 00000000000000c2
wait_until 10 taken 00000000000000c2 || fail "no lease after the hold"

n=$(count '"kind":"register"')
sed "s/00a1/00a2/; s/\"serial\":$serial/\"serial\":$((serial + 1))/" \
    "$bot/inbox/status.json" >"$work/status.json"
serial=$((serial + 1))
place "$work/status.json" "$bot/inbox/status.json"
wait_until 10 registered $((n + 1)) || fail "a new generation: no register"
wait_until 5 has '"generation":"00000000000000a2"' '*-h.pfb' ||
    fail "beats have the old generation"

old=$epoch
new_epoch=true status 00000000000000c2
wait_until 15 registered $((n + 2)) || fail "a new epoch: no register"
epoch=$(sed -n 's/.* epoch.new .*epoch=\([0-9a-f]*\).*/\1/p' "$work/log")
[ -n "$epoch" ] && [ "$epoch" != "$old" ] || fail "no new epoch"
idle() {
	[ -z "$(ls "$bot/work")" ]
}
wait_until 10 idle || fail "the session goes on"
! beat | grep -a -q '"rec":"holding"' || fail "a lease of the old epoch is held"
sleep 2
[ "$(grep -c ' epoch.new ' "$work/log")" = 1 ] || fail "more than one new epoch"
stop_runner TERM
[ $code = 0 ] || fail "exit $code"
check_outbox
check_clean
exit 0

#!/bin/bash
# Goal: SIGTERM in mid-session seals everything within 10 s, hands the lease
# back and leaves a last beat without leases; a lease that the master's list
# has no more is stopped and completed as cancelled; `stop` in status.json ends
# the runner, too.
. "$(dirname "$0")/lib-runner.sh"

running() {
	[ "$(grep -c engine.started "$work/log")" -ge "$1" ]
}

make_bot
sh "$SRC/tests/targets/build.sh" "$targets" chunks jsmn || fail "no target"
start_runner
status 00000000000000c1 00000000000000c2
ticket 00000000000000c1 00000000000000b1 jsmn jsmn_fuzzer "$targets/jsmn" 600000
ticket 00000000000000c2 00000000000000b2 chunks chunks_fuzzer \
    "$targets/chunks" 600000
wait_until 15 running 2 || fail "no engines"
sleep 3
status 00000000000000c2
wait_until 15 has '"result":"cancelled"' || fail "it was not cancelled"

stop_runner TERM
[ $code = 0 ] || fail "exit $code"
[ $took -lt 10000 ] || fail "it took $took ms to leave"
check_outbox
check_clean
has '"unit"' || fail "no units"
has '"kind":"deregister"' || fail "no deregister"
! has '"rec":"holding"' '*-h.pfb' || fail "the last beat holds a lease"
has '"rec":"epoch"' '*-h.pfb' || fail "the last beat has no epoch"
# The one that was in hand is given back, and says why.
[ "$(count '"rec":"complete"')" = 2 ] || fail "not two that are complete"
[ "$(count '"result":"cancelled"')" = 2 ] || fail "the lease is not given back"
has 'handed back: the bot is leaving' || fail "no reason"

start_runner
grep -q "ticket" "$work/log" || true
sleep 2
[ "$(count '"rec":"complete"')" = 2 ] || fail "a ticket of another epoch ran"
stop=true status
wait_until 10 test ! -d "/proc/$runner" || fail "stop does not stop it"
wait "$runner" || fail "stop: exit $?"
runner=
exit 0

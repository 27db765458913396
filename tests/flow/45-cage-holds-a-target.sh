#!/bin/bash
# Goal: a target that tries to get out of its cage manages nothing: no file,
# no network, no process of the host, no more processes than allowed.
. "$(dirname "$0")/lib-runner.sh"

lease=00000000000000c1
make_bot
sh "$SRC/tests/targets/build.sh" "$targets" escape || fail "no target"
start_runner
status "$lease"
ticket "$lease" 00000000000000b1 escape escape_fuzzer "$targets/escape" 8000
wait_until 60 has '"rec":"complete"' || fail "no complete"
has 'escape: managed 0' || {
	outbox | grep -a 'escape: .* yes' >&2
	outbox '*-c.pfb' | grep -a 'escape: .* yes' >&2
	fail "the target managed something"
}
[ "$(ls "$bot/outbox/new" | grep -c -- -c.pfb)" = 0 ] || fail "a crash"
stop_runner TERM
check_clean
exit 0

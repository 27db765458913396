#!/bin/bash
# Goal: a target that crashes before it fuzzes fails its lease within 30 s
# with a sentence that quotes its report; an engine or task that this bot does
# not know, and a build without its file, fail with a sentence as well.
. "$(dirname "$0")/lib-runner.sh"

failed() { # LEASE: is there a `complete` for it that says failed?
	outbox | grep -a "\"rec\":\"complete\"" | grep -a "$1" |
	    grep -a -q '"result":"failed"'
}

make_bot
sh "$SRC/tests/targets/build.sh" "$targets" crashstart || fail "no target"
start_runner
status 00000000000000c1 00000000000000c2
from=$SECONDS
ticket 00000000000000c1 00000000000000b1 crashstart initialize_fuzzer \
    "$targets/crashstart" 600000
ticket 00000000000000c2 00000000000000b1 crashstart empty_fuzzer \
    "$targets/crashstart" 600000
wait_until 30 failed 00000000000000c1 || fail "initialize: not failed"
wait_until 30 failed 00000000000000c2 || fail "empty: not failed"
[ $((SECONDS - from)) -le 30 ] || fail "it took more than 30 s"
# At a line's start: the bot's own log may say so, too.
[ "$(outbox | grep -a -c '^target crashes at start')" = 2 ] ||
    fail "no sentence"
has 'AddressSanitizer' || fail "the sentence quotes nothing"

status 00000000000000c3 00000000000000c4 00000000000000c5
engine=afl ticket 00000000000000c3 00000000000000b1 crashstart empty_fuzzer \
    "$targets/crashstart" 600000
wait_until 10 failed 00000000000000c3 || fail "unknown engine: not failed"
has "no engine 'afl'" || fail "unknown engine: no sentence"
kind=prune ticket 00000000000000c4 00000000000000b1 crashstart empty_fuzzer \
    "$targets/crashstart" 600000
wait_until 10 failed 00000000000000c4 || fail "unknown task: not failed"
printf '#!/bin/sh\necho I am no fuzzer\n' >"$targets/odd_fuzzer"
chmod 755 "$targets/odd_fuzzer"
ticket 00000000000000c5 00000000000000b1 crashstart odd_fuzzer "$targets" 600000
wait_until 20 failed 00000000000000c5 || fail "no fuzzer: not failed"
has 'I am no fuzzer' || fail "no fuzzer: no sentence"
check_outbox
stop_runner TERM
check_clean
exit 0

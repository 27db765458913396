#!/bin/bash
# Goal: a ticket for a real libFuzzer target becomes a session in its cage:
# units, crashes with their reports and reproductions, statistics and a
# `complete` that names their seqs come out as sound bundles; seeds and
# dictionary are counted; beats name the lease while it is held.
. "$(dirname "$0")/lib-runner.sh"

lease=00000000000000c1
make_bot
sh "$SRC/tests/targets/build.sh" "$targets" chunks || fail "no target"
start_runner
status "$lease"
ticket "$lease" 00000000000000b1 chunks chunks_fuzzer "$targets/chunks" 15000

wait_until 10 has "\"lease\":\"$lease\"" '*-h.pfb' ||
    fail "no beat names the lease"
wait_until 60 has '"complete"' || fail "no complete"

[ "$(ls "$bot"/outbox/new/*-c.pfb | wc -l)" -ge 2 ] || fail "no crashes"
has 'SUMMARY: ' '*-c.pfb' || fail "no report"
has ' in ' '*-c.pfb' || fail "the report has no symbols"
reproduced || fail "nothing was reproduced each time"
has 'INPUT' '*-c.pfb' || fail "no command"
has '"unit"' || fail "no units"
has '"result":"done"' || fail "the lease is not done"
has '"needs"' || fail "complete names no seqs"
has '"log"' || fail "no log"
seeds=$(unzip -l "$targets/chunks/chunks_fuzzer_seed_corpus.zip" |
    tail -n 1 | awk '{ print $2 }')
has "\"seeds\":$seeds" || fail "seeds are not counted"
! has '"dict":0,' || fail "the dictionary is not counted"
! has "\"lease\":\"$lease\"" '*-h.pfb' || fail "a beat still names the lease"
check_outbox

# Units are sealed once, and those that the engine kept are in the cache.
units=$(outbox | grep -a '"rec":"unit"' | sed 's/.*"sha256":"\([0-9a-f]*\)".*/\1/')
[ -z "$(echo "$units" | sort | uniq -d)" ] || fail "a unit was sealed twice"
wait_until 5 eval '[ -n "$(ls "$bot/units/chunks/chunks_fuzzer")" ]' || fail "no cache"
for unit in "$bot"/units/chunks/chunks_fuzzer/*; do
	echo "$units" | grep -q "^${unit##*/}$" || fail "cached, never sealed"
	[ "$(sha256sum <"$unit" | cut -d' ' -f1)" = "${unit##*/}" ] ||
	    fail "a cached unit is not what its name says"
done
wait_until 5 eval '[ -z "$(ls "$bot/work")" ]' || fail "work/ is not empty"

# The same ticket is not taken again.
status "$lease"
sleep 2
[ "$(count '"rec":"complete"')" = 1 ] || fail "a lease ran twice"

stop_runner TERM
[ $code = 0 ] || fail "exit $code"
[ "$(ls "$bot/outbox/new" | grep -c -- -h.pfb)" = 1 ] ||
    fail "more than one heartbeat"
has '"kind":"deregister"' || fail "no deregister"
check_clean
exit 0

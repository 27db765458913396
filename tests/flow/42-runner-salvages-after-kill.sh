#!/bin/bash
# Goal: kill -9 of the runner at any moment loses nothing that its engine had
# written: the next one seals it under its own epoch with the old lease's id,
# sends no `complete` for it, empties work/ and deletes old beats (P.11, P.29).
. "$(dirname "$0")/lib-runner.sh"

lease=00000000000000c1

wrote_units() {
	[ "$(find "$bot/work/$lease/corpus" -type f 2>/dev/null | wc -l)" -gt 5 ]
}

salvaged() {
	[ -z "$(ls "$bot/work")" ]
}

no_engine() {
	! pgrep -f "bwrap.*$bot/work" >/dev/null
}

make_bot
sh "$SRC/tests/targets/build.sh" "$targets" chunks || fail "no target"
# Units stay pending: nothing of this session is sealed before the kill.
start_runner --seal-after 10m
old=$epoch
status $lease
ticket $lease 00000000000000b1 chunks chunks_fuzzer "$targets/chunks" 600000
wait_until 20 wrote_units || fail "the engine writes nothing"
stop_runner KILL
wait_until 5 no_engine || fail "the engine outlives its runner"
# One crash as its engine would have left it, found a moment before.
printf 'CHNKnot a crash' >"$bot/work/$lease/artifacts/crash-0123"
files=$(find "$bot/work/$lease/corpus" -type f -exec sha256sum {} + |
    cut -d' ' -f1 | sort -u)
sealed=$(count '"rec":"unit"')
[ "$sealed" = 0 ] || fail "$sealed units were sealed before the kill"

start_runner
[ "$epoch" != "$old" ] || fail "the same epoch twice"
wait_until 60 salvaged || fail "work/ is not empty"
for sha in $files; do
	outbox "b1-$epoch-*-b.pfb" | grep -a -q "\"sha256\":\"$sha\"" ||
	    fail "unit $sha is lost"
done
outbox "b1-$epoch-*-b.pfb" | grep -a -q "\"lease\":\"$lease\"" ||
    fail "the old lease is not named"
outbox "b1-$epoch-*-c.pfb" |
    grep -a -q -E '"tries":([3-9]|10),"reproduced":0,' ||
    fail "the crash was not run again"
! has '"rec":"complete"' || fail "a salvage completes nothing"
[ "$(ls "$bot/outbox/new" | grep -c "$old.*-h.pfb")" = 0 ] ||
    fail "old beats are still there"
# Both epochs are in the beat while both have files (P.12).
wait_until 5 has "\"epoch\":\"$old\"" '*-h.pfb' || fail "old epoch not named"
has "\"epoch\":\"$epoch\"" '*-h.pfb' || fail "own epoch not named"
check_outbox
stop_runner TERM
[ $code = 0 ] || fail "exit $code"

# Killed while starting and salvaging, again and again: still whole.
for ms in 0.05 0.1 0.2 0.3 0.5 0.8; do
	mkdir -p "$bot/work/$lease"
	$as "$work/pandafuzz-botd" --root "$bot" --name b1 --account local \
	    --link dir:/nonexistent --slots 1 runner 2>>"$work/log" &
	runner=$!
	sleep $ms
	stop_runner KILL
done
start_runner
wait_until 20 salvaged || fail "work/ is not empty"
stop_runner TERM
for f in "$bot"/outbox/new/*.pfb; do
	$SHOW "$f" >/dev/null || fail "bad bundle $f"
done
exit 0

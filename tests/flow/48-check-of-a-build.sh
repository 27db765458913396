#!/bin/bash
# Goal: a ticket of kind check says within seconds what a target of a build is
# worth on this host: good with its counts and warnings, bad with the reason
# first, incompatible with what the host lacks.  Nothing else is sealed for it,
# a runner that is killed meanwhile leaves nothing, and a session whose target
# this host cannot start fails at once with the same verdict.
. "$(dirname "$0")/lib-runner.sh"

n=0
check() { # PROJECT TARGET FOLDER [SLICE_MS]: sets $lease
	n=$((n + 1))
	lease=$(printf '00000000000001%02x' $n)
	leases="$leases $lease"
	# shellcheck disable=SC2086
	status $leases
	kind=check ticket "$lease" null "$1" "$2" "$3" "${4:-20000}"
}

# The text of the `complete` of a lease.
complete() { # LEASE
	local f
	for f in "$bot"/outbox/new/*-b.pfb; do
		zcat "$f" | tr -d '\000' | grep -a -q \
		    "\"rec\":\"complete\",\"lease\":\"$1\"" && zcat "$f"
	done
	return 0
}

ended() { # LEASE
	complete "$1" | grep -a -q .
}

expect() { # VERDICT TEXT...: of $lease
	local text verdict=$1
	shift
	wait_until 30 ended "$lease" || fail "$lease ($verdict): no complete"
	complete "$lease" | grep -a -q "\"verdict\":\"$verdict\"" ||
	    fail "$lease is not $verdict: $(complete "$lease")"
	complete "$lease" | grep -a -q '"result":"done"' ||
	    fail "$lease is not done"
	for text; do
		complete "$lease" | grep -a -q -F -- "$text" ||
		    fail "$lease does not say '$text': $(complete "$lease")"
	done
}

# The first line after the record is the reason.
reason() { # TEXT
	complete "$lease" | grep -a -A 1 '"rec":"check"' | tail -n 1 |
	    grep -a -q "^$1" || fail "$lease: not first '$1'"
}

leases=
make_bot
sh "$SRC/tests/targets/build.sh" "$targets" chunks crashstart oddstart ||
    fail "no targets"
odd=$targets/oddstart

start_runner
from=$(date +%s%3N)
check chunks chunks_fuzzer "$targets/chunks"
seeds=$(unzip -l "$targets/chunks/chunks_fuzzer_seed_corpus.zip" |
    tail -n 1 | awk '{ print $2 }')
words=$(grep -c '^[^#].*"$' "$targets/chunks/chunks_fuzzer.dict")
expect good "\"seeds\":$seeds" "\"dict\":$words," '"job":null'
[ $(($(date +%s%3N) - from)) -lt 8000 ] || fail "a check takes long"
edges=$(complete "$lease" | grep -a -o '"edges":[0-9]*' | cut -d: -f2)
[ "$edges" -gt 100 ] || fail "edges: $edges"
calls=$(complete "$lease" | grep -a -o '"calls":[0-9]*' | cut -d: -f2)
[ "$calls" -gt 1000 ] || fail "calls: $calls"
! complete "$lease" | grep -a '"rec":"check"' | grep -a -q '"size"' ||
    fail "a good build is warned of: $(complete "$lease")"
! complete "$lease" | grep -a -q '"needs"' || fail "it needs a seq"

# Warnings, and no more.
check oddstart bare_fuzzer "$odd"
expect good 'only 4 edges' 'only 0 calls to the sanitizer, 1000 are usual'
cp "$odd/sound_fuzzer" "$odd/thin_fuzzer"
printf '[libfuzzer]\nfork = 3\nmax_len = 100\n' >"$odd/thin_fuzzer.options"
printf '"a"\nbare\n"\n' >"$odd/thin_fuzzer.dict"
strip "$odd/thin_fuzzer"
check oddstart thin_fuzzer "$odd"
expect good "ignored option 'fork'" "repaired" '"dict":3,'

# Bad: the reason comes first.
check crashstart initialize_fuzzer "$targets/crashstart"
expect bad
reason 'it crashes at start (exit 77): ERROR: AddressSanitizer: ABRT on'
check crashstart empty_fuzzer "$targets/crashstart"
expect bad
reason 'it crashes at start (exit 77)'
check oddstart plain_fuzzer "$odd"
expect bad
reason 'it is not instrumented: no interesting inputs were found'
check oddstart exits_fuzzer "$odd"
expect bad
reason 'it does not run (exit 3): no configuration, good-bye'
check oddstart traps_fuzzer "$odd"
expect bad
reason 'it crashes at start'
check oddstart hangs_fuzzer "$odd" 1500
expect bad
reason 'it did not end in time'

# Incompatible: with what this host lacks.
check oddstart missing_fuzzer "$odd"
expect incompatible
reason 'the loader cannot find libpf-odd.so.1$'
check oddstart future_fuzzer "$odd"
expect incompatible
reason 'GLIBC_2.99 not found in libdl.so.2$'
check oddstart illegal_fuzzer "$odd"
expect incompatible
reason 'SIGILL: '
check oddstart loaderless_fuzzer "$odd"
expect incompatible
reason "its loader '/lib/ld-pf-odd.so.1' is not there$"
check oddstart foreign_fuzzer "$odd"
expect incompatible
reason 'exec format error: it is for riscv64, this host is '

# What this bot cannot check fails with a sentence, and gives no verdict.
engine=afl check oddstart sound_fuzzer "$odd"
wait_until 20 ended "$lease" || fail "another engine: no complete"
complete "$lease" | grep -a -q "no engine 'afl'" || fail "no sentence"
! complete "$lease" | grep -a -q '"rec":"check"' || fail "a verdict on afl"

# Nothing but `complete`, no cache of units, no work.
! has '"kind":"crash"' '*-c.pfb' || fail "a check sealed a crash"
! has '"kind":"corpus"' || fail "a check sealed units"
! has '"rec":"stats"' || fail "a check sealed statistics"
[ -z "$(ls "$bot/units")" ] || fail "a check made a cache"
wait_until 5 eval '[ -z "$(ls "$bot/work")" ]' || fail "work/ is not empty"
has '"rec":"cpu"' || fail "the processor is not registered"
check_outbox

# A session that this host cannot run fails at once, with the verdict.
from=$(date +%s%3N)
n=$((n + 1))
lease=$(printf '00000000000001%02x' $n)
# shellcheck disable=SC2086
status $leases "$lease"
ticket "$lease" 00000000000000b1 oddstart missing_fuzzer "$odd" 600000
wait_until 20 ended "$lease" || fail "the session goes on"
[ $(($(date +%s%3N) - from)) -lt 5000 ] || fail "it was tried again"
complete "$lease" | grep -a -q '"result":"failed"' || fail "not failed"
complete "$lease" | grep -a -q '"verdict":"incompatible"' || fail "no verdict"
[ "$(complete "$lease" | grep -a -c 'the loader cannot find libpf')" = 2 ] ||
    fail "no cause, or not in both"
[ "$(grep -c "engine.started lease=$lease" "$work/log")" = 1 ] ||
    fail "it was started more than once"
stop_runner TERM
[ $code = 0 ] || fail "exit $code"
check_clean

# Killed at any moment of a check: no complete, no debris.
rm -f "$bot"/outbox/new/*
started() {
	grep -q "engine.started lease=$lease" "$work/log"
}
there() {
	[ -d "$bot/work/$lease" ]
}
no_work() {
	[ -z "$(ls "$bot/work")" ]
}
leases=
rm -rf "$bot"/units/*
for moment in there started; do
	start_runner
	check oddstart hangs_fuzzer "$odd" 60000
	wait_until 20 $moment || fail "not $moment"
	stop_runner KILL
	[ -n "$(ls "$bot/work")" ] || fail "killed too late"
	start_runner
	wait_until 10 no_work || fail "work/ is not empty"
	! has '"rec":"complete"' || fail "a killed check is complete"
	! pgrep -f "$bot/work" >/dev/null || fail "its program lives on"
	[ -z "$(ls "$bot/outbox/tmp")" ] || fail "debris in outbox/tmp"
	[ -z "$(ls "$bot/units")" ] || fail "debris in units/"
	stop_runner TERM
done

# Told to leave, or cancelled by the master.
start_runner
check oddstart hangs_fuzzer "$odd" 60000
wait_until 20 started || fail "not started"
status
wait_until 10 ended "$lease" || fail "not cancelled"
complete "$lease" | grep -a -q '"result":"cancelled"' || fail "odd result"
! complete "$lease" | grep -a -q '"rec":"check"' || fail "a verdict for that"
leases=
check oddstart hangs_fuzzer "$odd" 60000
wait_until 20 started || fail "not started"
stop_runner TERM
[ $code = 0 ] && [ $took -lt 10000 ] || fail "exit $code after $took ms"
complete "$lease" | grep -a -q '"result":"cancelled"' || fail "not given back"
! complete "$lease" | grep -a -q '"rec":"check"' || fail "a verdict on leaving"
check_clean
exit 0

#!/bin/bash
# Goal: crashes whose signature the master knows are counted and not sent; the
# count is exact, also across a kill of the runner; what is not known is sent
# as ever, and so is everything when the list cannot be used.
. "$(dirname "$0")/lib-runner.sh"
. "$(dirname "$0")/lib-again.sh"

triage=$B/bin/pf-triage
[ -x "$triage" ] || fail "no pf-triage"
make_bot
make_target known <<'END'
APART static void bug(void) { abort(); }

int
LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n > 0 && d[0] == 'K')
		bug();
	return 0;
}
END
start_runner
status 00000000000000c1
settings='"arguments":["-max_len=4"],'
ticket 00000000000000c1 00000000000000b1 seen known "$targets/known" 3000
wait_until 60 over 00000000000000c1 || fail "the lease is not over"
[ "$(records crash | wc -l)" -gt 0 ] || fail "no crash"
f=$(ls "$bot"/outbox/new/*-c.pfb | head -n 1)
zcat "$f" | tr -d '\000' | sed -n '/"rec":"report"/,/^{"rec":"command"/p' |
    grep -a -v '^{"rec"' >"$work/report"
signature=$("$triage" --json --target known "$work/report" |
    sed 's/.*"signature":"\([0-9a-f]*\)".*/\1/')
[ ${#signature} = 64 ] || fail "no signature: $signature"

# Known now, whatever its flag.
list() { # RULE
	{
		echo "known 1 seen"
		echo "$signature 0"
		echo "$signature 1"
		echo "rules"
		printf '%s' "$1"
	} >"$work/list"
	place "$work/list" "$bot/inbox/jobs/00000000000000b1.known"
}
list ''
rm -f "$bot"/outbox/new/*-[cb].pfb
status 00000000000000c2
ticket 00000000000000c2 00000000000000b1 seen known "$targets/known" 3000
wait_until 60 over 00000000000000c2 || fail "the second lease is not over"
crashes=$(sed -n 's/.* lease.over lease=00000000000000c2 .*crashes=\([0-9]*\).*/\1/p' "$work/log")
[ "$crashes" -gt 1 ] || fail "it crashed $crashes times"
[ "$(records crash | wc -l)" = 0 ] || fail "a known crash was sent"
counted() {
	records seen | sed 's/.*"count":\([0-9]*\).*/\1/' |
	    awk '{ n += $1 } END { print n + 0 }'
}
[ "$(counted)" = "$crashes" ] || fail "$(counted) of $crashes counted"
records seen | grep -q "$signature" || fail "another signature"

# Killed in mid-session: the next runner seals what was counted.
rm -f "$bot"/outbox/new/*-[cb].pfb
status 00000000000000c3
ticket 00000000000000c3 00000000000000b1 seen known "$targets/known" 8000
some() {
	[ -s "$bot/work/00000000000000c3/seen" ] && [ "$(grep -c \
	    'engine.ended lease=00000000000000c3 exit=77' "$work/log")" -ge 3 ]
}
wait_until 30 some || fail "nothing is counted"
stop_runner KILL
no_engine() { ! pgrep -f "bwrap.*$bot/work" >/dev/null; }
wait_until 20 no_engine || fail "the engine outlives its runner"
n=$(grep -c 'engine.ended lease=00000000000000c3 exit=77' "$work/log")
start_runner
wait_until 30 eval '[ -z "$(ls "$bot/work")" ]' || fail "not salvaged"
[ "$(records crash | wc -l)" = 0 ] || fail "the salvage sent a known crash"
sum=$(counted)
# One more may have been under way.
[ "$sum" = "$n" ] || [ "$sum" = $((n + 1)) ] || fail "$sum counted of $n"

# Rules that this bot cannot read: everything is sent.
list 'no such rule
'
rm -f "$bot"/outbox/new/*-[cb].pfb
status 00000000000000c4
ticket 00000000000000c4 00000000000000b1 seen known "$targets/known" 2000
wait_until 60 over 00000000000000c4 || fail "the last lease is not over"
[ "$(records crash | wc -l)" -gt 0 ] || fail "not everything was sent"
grep -q 'known.ignored' "$work/log" || fail "it does not say why"
stop_runner TERM
[ $code = 0 ] || fail "exit $code"
check_clean
exit 0

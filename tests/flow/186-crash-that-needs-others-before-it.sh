#!/bin/bash
# Goal: a crash that comes only after another input, in one process, is sealed
# with that series, no longer than it has to be; a ticket of kind "reproduce"
# runs an input behind its series on another day and says how often it came.
. "$(dirname "$0")/lib-runner.sh"
. "$(dirname "$0")/lib-again.sh"

make_bot
make_target series <<'END'
static int armed;

APART static void bang(void) { abort(); }

int
LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n > 0 && d[0] == 'S')
		armed = 1;
	if (n > 0 && d[0] == 'B' && armed)
		bang();
	return 0;
}
END
start_runner
status 00000000000000c1
settings='"arguments":["-max_len=4"],'
ticket 00000000000000c1 00000000000000b1 state series "$targets/series" 2500
wait_until 60 over 00000000000000c1 || fail "the lease is not over"

unit=$(payloads series | head -n 1)
[ ${#unit} = 64 ] || fail "no series: $(records crash)"
f=$(grep -l . "$bot"/outbox/new/*-c.pfb | while read -r f; do
	zcat "$f" | tr -d '\000' | grep -a -q '"rec":"series"' && echo "$f"
done | head -n 1)
zcat "$f" | tr -d '\000' >"$work/one"
grep -a -q '"tries":\([3-9]\|10\),"reproduced":\1,' "$work/one" ||
    fail "it does not come after its series: $(records crash)"
[ "$(sed -n '/"rec":"series"/,/^{/p' "$work/one" |
    grep -a -c '^[0-9a-f]\{64\}$')" = 1 ] || fail "the series is too long"
[ "$(head -c 1 "$bot/units/state/series/$unit")" = S ] ||
    fail "the series is of another unit"

# Another day: input and series come as blobs.
printf Bang >"$work/input"
printf Bong >"$work/alone"
input=$(blob "$work/input")
alone=$(blob "$work/alone")
cp "$bot/units/state/series/$unit" "$work/unit"
[ "$(blob "$work/unit")" = "$unit" ] || fail "the unit is another"
rm -f "$bot"/outbox/new/*-[cb].pfb
status 00000000000000c2
kind=reproduce
settings="\"inputs\":[{\"sha256\":\"$input\",\"size\":4,\"series\":[\"$unit\"]},
{\"sha256\":\"$alone\",\"size\":4,\"signature\":\"$(printf %064d 5)\"}],"
ticket 00000000000000c2 00000000000000b1 state series "$targets/series" 60000
wait_until 60 over 00000000000000c2 || fail "the reproduction is not over"
records tried | grep -q "\"word\":\"any\"\|any" || fail "no tried record"
records tried | grep "$input" |
    grep -q '"tries":\([3-9]\|10\),"reproduced":\1,' ||
    fail "it did not come after its series: $(records tried)"
records tried | grep "$alone" | grep -q '"reproduced":0,' ||
    fail "what does not crash was said to: $(records tried)"
[ "$(records crash | wc -l)" = 1 ] || fail "not one crash"
records crash | grep -q "$input" || fail "another input crashed"
payloads report | grep -q ' in bang ' || fail "no report of it"
has '"result":"done"' || fail "the lease is not done"
! has '"rec":"stats"' || [ "$(outbox '*-b.pfb' | grep -a '"rec":"stats"' |
    grep -c 00000000000000c2)" = 0 ] || fail "it has statistics"
stop_runner TERM
[ $code = 0 ] || fail "exit $code"
check_clean
exit 0

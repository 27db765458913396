#!/bin/bash
# Goal: an input that crashes at half of its runs is sealed with k of n, n up
# to ten; one that crashes in two ways is two crashes with two reports, whose
# runs add up.  Each says where it came from, its command and environment.
. "$(dirname "$0")/lib-runner.sh"
. "$(dirname "$0")/lib-again.sh"

make_bot
make_target flaky <<'END'
static int
coin(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t.tv_nsec / 1000) & 1;
}
APART static void rare(void) { abort(); }
APART static void heads(void) { abort(); }
APART static void tails(const uint8_t *d) { *(volatile char *)16 = d[0]; }

int
LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n > 0 && d[0] >= 'a' && d[0] < 0x80 && coin())
		rare();
	if (n > 0 && d[0] >= 0x80) {
		if (coin())
			heads();
		tails(d);
	}
	return 0;
}
END
start_runner
settings='"arguments":["-max_len=8","-use_value_profile=1"],'
# How often the engine comes to each is a matter of luck, and of the machine.
has_both() {
	payloads report | grep -q ' in rare ' || return 1
	for f in "$bot"/outbox/new/*-c.pfb; do
		[ "$(zcat "$f" | tr -d '\000' |
		    grep -a -c '"rec":"crash"')" = 2 ] && return 0
	done
	return 1
}
for n in 1 2 3 4 5 6; do
	lease=00000000000000c$n
	status "$lease"
	ticket "$lease" 00000000000000b1 coins flaky "$targets/flaky" 4000
	wait_until 60 over "$lease" || fail "the lease is not over"
	has_both && break
done

# Of a few inputs with ten tries each some came at some of them.
flaky() {
	records crash | sed -n \
	    's/.*"tries":\([0-9]*\),"reproduced":\([0-9]*\).*/\1 \2/p' |
	    awk '$1 >= 3 && $1 <= 10 && $2 > 0 && $2 < $1' | grep -q .
}
flaky || fail "no crash came at some of its tries: $(records crash)"
! records crash | grep -q '"tries":[0-2],' || fail "too few tries"

# Two records of one bundle: their input is the same, and no try counts twice.
twice=0
for f in "$bot"/outbox/new/*-c.pfb; do
	lines=$(zcat "$f" | tr -d '\000' | grep -a '"rec":"crash"')
	[ "$(echo "$lines" | wc -l)" = 2 ] || continue
	twice=$((twice + 1))
	[ "$(echo "$lines" | sed 's/.*"sha256":"\([0-9a-f]*\).*/\1/' |
	    uniq | wc -l)" = 1 ] || fail "two inputs in one bundle"
	echo "$lines" | sed 's/.*"tries":\([0-9]*\),"reproduced":\([0-9]*\).*/\1 \2/' |
	    awk '{ n = $1; k += $2 } END { exit !(k <= n) }' ||
	    fail "tries count twice: $lines"
	[ "$(zcat "$f" | tr -d '\000' | grep -a -c '"rec":"report"')" = 2 ] ||
	    fail "two crashes without two reports"
done
[ $twice -gt 0 ] || fail "no input showed two signatures"

payloads parents >"$work/parents"
grep -q '^strategy value_profile$' "$work/parents" || fail "no strategy"
grep -q '^mutation ' "$work/parents" || fail "no mutation"
payloads environment >"$work/environment"
grep -q '^ASAN_OPTIONS=.*exitcode=77' "$work/environment" ||
    fail "no environment"
payloads report >"$work/reports"
grep -q '#[0-9]* 0x[0-9a-f]* in rare .*flaky.c:[0-9:]* (.*/flaky+0x' \
    "$work/reports" || fail "a frame lacks its name, place or offset"
! grep -q '<null>' "$work/reports" || fail "frames with <null>"
check_outbox
stop_runner TERM
[ $code = 0 ] || fail "exit $code"
check_clean
exit 0

#!/bin/bash
# Goal: what a person muted bots count and send no more: over a real bot the
# hits of a muted bug go on, its crashes and inputs do not.
. "$(dirname "$0")/lib-local.sh"
. "$(dirname "$0")/lib-pfadm.sh"

sql() {
	sqlite3 -readonly -cmd ".timeout 5000" "$ROOT/data/pandafuzz.db" "$1"
}

is() { # SENTENCE WANTED GOT
	[ "$2" = "$3" ] || fail "$1: '$3', not '$2'"
	echo "ok: $1"
}

# It crashes for every other input that it is given.
mkdir "$work/t"
cat >"$work/often.c" <<'C'
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
__attribute__((noinline)) static void often_broken(const uint8_t *d)
{
	volatile char *p = malloc(4);
	p[4 + d[0] % 4] = 1;
	free((void *)p);
}
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n > 2 && d[1] > 128)
		often_broken(d);
	return 0;
}
C
clang -g -O1 -fsanitize=fuzzer,address "$work/often.c" \
    -o "$work/t/often_fuzzer" || fail "no clang"
printf 'a\377bc' >"$work/crasher"

local_up --bots 1 --slots 1 --link dir
adm build add "$work/t" --project png --wait --timeout 60s </dev/null \
    >"$work/said" 2>&1 || fail "build: $(cat "$work/said")"
code 0 crash add "$work/crasher" --target png/often_fuzzer
crashed() {
	[ "$(sql "SELECT state FROM submission")" = crashed ]
}
wait_until 45 crashed || fail "no crash: $(sql "SELECT * FROM submission")"
code 0 bucket mute png-1 --reason "we know"
is "it is muted" muted "$(sql "SELECT status FROM bucket")"
before=$(sql "SELECT count(*) FROM crash")

id=$(adm job create png/often_fuzzer --for 600s --parsable) || fail "no job"
counted() {
	[ "$(sql "SELECT sum(counted) FROM signature")" -gt 0 ]
}
wait_until 60 counted || fail "nothing is counted: $(sql "SELECT counted, hits
    FROM signature") $(find "$ROOT" -name '*.known')"
echo "ok: its hits are counted"
is "no crash of it came" "$before" "$(sql "SELECT count(*) FROM crash")"
is "nor an input" "$before" "$(find "$ROOT/crashes" -name input | wc -l)"
adm ledger check >"$work/said" </dev/null || fail "ledger: $(cat "$work/said")"
echo "ok: the ledger balances"

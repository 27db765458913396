#!/bin/bash
# Goal: what bundles brought is listed, shown and fetched: corpus, crashes,
# buckets, refusals, ledger; a refused bundle is taken in again by hand.
. "$(dirname "$0")/lib-master.sh"

adm() {
	pfadm --root "$root" "$@"
}

account local
start_master
mkdir "$work/out"
cat >"$work/read.c" <<'C'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{ (void)d; (void)n; return 0; }
C
clang -fsanitize=fuzzer "$work/read.c" -o "$work/out/read" || fail "no clang"
adm build add "$work/out" --project png >/dev/null || fail "build add"
send corpus 1 --target png/read --unit "$(unit one)" --unit "$(unit two)" ||
	fail "seal"
wait_empty
adm corpus list png/read --json >"$work/said" || fail "corpus list"
is "two units" 2 "$(jq '.items | length' "$work/said")"
is "named by their digests" "$(printf one | sha256sum | cut -d' ' -f1)" \
    "$(jq -r '.items[0].sha256' "$work/said")"
is "the same in a table" 2 "$(adm corpus list png/read --no-header | wc -l)"
is "counted by the target" 2 \
    "$(adm target list --json | jq '.items[] |
    select(.target=="png/read").units')"

# A whole bundle of an unknown kind is refused, and lies in rejected/.
header nonsense 2 | seal_lines "$(name_of 2)"
push "$(name_of 2)"
wait_empty
adm spool list --json >"$work/said" || fail "spool list"
entry=$(jq -r '.items[] | select(.queue=="rejected").id' "$work/said")
is "one entry" "local/$(name_of 2)" "$entry"
adm spool show "$entry" | grep -q '^reason' || fail "no reason"
adm spool retry "local/$(name_of 99)" >/dev/null 2>&1
is "nothing there" 3 $?
adm ledger show b1 --epoch "$epoch" | grep -q refused || fail "ledger show"
adm status | grep -q 'refused bundles: 1' || fail "no alarm"

# A hole in the seqs is missing, and exit 10.
send corpus 4 --target png/read --unit "$(unit four)"
wait_empty
beat 1 0 4
wait_empty
adm ledger check >"$work/said"
is "seq 3 is missing: exit 10" 10 $?
grep -q "^missing *1" "$work/said" || fail "$(cat "$work/said")"
send corpus 3 --target png/read --unit "$(unit three)"
wait_empty
check "and then it is there" adm ledger check

# Many units: a stream from a read child while the master goes on.
stop_master || fail "the master's exit code"
sqlite3 "$root/data/pandafuzz.db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION
    ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO unit (target, sha256,
    bytes, features, bot, added_ms) SELECT (SELECT min(id) FROM target),
    randomblob(32), 1, 1, (SELECT min(id) FROM bot), 1 FROM n" ||
	fail "rows"
start_master
is "50,004 units" 50004 \
    "$(adm corpus list png/read --json | jq '.items | length')"
is "no reader is left" 0 "$(pgrep -P "$master" -f read-child | wc -l)"
stop_master || fail "the master's exit code"

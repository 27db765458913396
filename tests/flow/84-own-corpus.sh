#!/bin/bash
# Goal: a job with a corpus of its own: what its bots find goes there and is
# what they start from, while the target's corpus stays as it was; crashes and
# coverage are the target's.
# timeout: 400
. "$(dirname "$0")/lib-local.sh"
. "$(dirname "$0")/lib-pfadm.sh"

make_target "$work/one/inflate"
local_up --link dir --slots 1
code 0 build add "$work/one" --project zlib --revision r1 --wait --timeout 120s

# The target's own corpus first.
code 0 job create inflate --for 5s --parsable
shared=$(cat "$work/out")
code 0 job wait "$shared" --timeout 120s
units() { # TARGET
	adm target show "$1" --json | jq .item.units
}
some() { [ "$(units "$1")" -gt 0 ]; }
wait_until 60 some zlib/inflate || fail "the shared corpus stays empty"
before=$(units zlib/inflate)

# Then a job with one of its own.
# Short sessions: units arrive at their ends.
code 0 job create inflate --for 35s --set corpus=own --set slice=5s --json
job=$(json .item.id)
own=zlib/inflate@own-${job:0:8}
same "it has a name" "$own" "$(json .item.corpus)"
wait_until 60 some "$own" || fail "its own corpus stays empty"
segments() {
	cat "$ROOT/spool/local/outgoing/b1/jobs/$job.json" 2>/dev/null |
		jq '.segments | length'
}
packed() { [ "$(segments)" -gt 0 ]; }
wait_until 40 packed ||
	fail "its segments do not come from its own corpus"
echo "ok: bots start from it"
code 0 job wait "$job" --timeout 150s
same "the target's corpus is as it was" "$before" "$(units zlib/inflate)"
same "each unit is a file there" "$(units "$own")" \
    "$(find "$ROOT/corpus/$own" -type f | wc -l)"
same "and the job's folder leads to it" "../../corpus/$own" \
    "$(readlink "$ROOT/jobs/$job/corpus")"
same "its crashes would be the target's" ../../crashes/zlib/inflate \
    "$(readlink "$ROOT/jobs/$job/crashes")"
edges=$(adm target show zlib/inflate --json | jq .item.edges)
[ "$edges" -gt 0 ] || fail "coverage went astray"
same "coverage is the target's alone" 0 \
    "$(adm target show "$own" --json | jq .item.edges)"

code 0 corpus list "$own" --json
same "its units are listed" "$(units "$own")" "$(json '.items | length')"
code 0 target list --no-header
same "lists of targets hide it" 1 "$(wc -l <"$work/out")"
code 0 target list --all --no-header
same "unless asked for" 2 "$(wc -l <"$work/out")"

# A clone has yet another one.
code 0 job clone "$job" --json
same "a clone has one of its own" "zlib/inflate@own-$(json .item.id | cut -c1-8)" \
    "$(json .item.corpus)"
code 0 job cancel "$(json .item.id)"
code 0 ledger check
echo "ok: a corpus of a job's own"

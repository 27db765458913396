#!/bin/bash
# Goal: the issue's main flow.  Inputs for each planted bug of chunks_fuzzer
# are handed in as a folder (`crash add`), a real bot runs them, and the
# buckets are the planted bugs: two that share a helper's frame are apart, one
# with two call paths is one, and `bucket why` says both.
# timeout: 180
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh
. tests/flow/lib-pfadm.sh

sh tests/targets/build.sh "$work/targets" chunks >"$work/log" 2>&1 ||
	fail "$(cat "$work/log")"
cc -std=c11 -o "$work/seeds" tests/targets/chunks_seeds.c || fail "no cc"
mkdir "$work/bugs" && "$work/seeds" "$work/bugs" bugs
inputs=$(ls "$work/bugs" | wc -l)
planted=$(awk -F'\t' '!/^#/ && NF == 3' tests/targets/planted.txt | wc -l)

local_up --bots 1 --slots 2
code 0 build add "$work/targets/chunks" --project chunks --wait --timeout 60s
# The slowest first, by themselves: then both slots have something to do.
code 0 crash add "$work/bugs/timeline-hang" "$work/bugs/canvas-hog" \
    --target chunks/chunks_fuzzer
code 0 crash add "$work/bugs" --target chunks/chunks_fuzzer --wait \
    --timeout 150s

code 0 bucket list --all --json
cp "$work/out" "$work/buckets.json"
jq -r '.items[] | [.type, (.state | if type == "array" then join("|")
    else gsub("\n"; "|") end)] | @tsv' "$work/buckets.json" >"$work/buckets"
same "each planted bug is there" "$planted of $planted" \
    "$(awk -f tests/targets/planted.awk tests/targets/planted.txt \
    "$work/buckets" | tail -n 1)"
same "and nothing else" "$planted" "$(wc -l <"$work/buckets")"
same "each input is a crash" "$inputs" \
    "$(adm crash list --json | jq '.items | length')"
same "of all tries each crashed" 0 "$(adm crash list --json |
    jq '[.items[] | select(.tries < 1 or .reproduced < 1)] | length')"

# What time and memory decide is counted, and hidden until asked for.
code 0 bucket list
says "1 timeout"
shown=$(adm bucket list --json | jq '.items | length')
same "two are hidden" $((planted - 2)) "$shown"

bucket_of() { # BUG
	adm crash show "$(sha256sum <"$work/bugs/$1" | cut -d' ' -f1)" \
	    --json | jq -r .item.bucket
}

# ---- two bugs, one frame; one bug, two ways ----
histogram=$(bucket_of histogram-over-read)
metadata=$(bucket_of metadata-over-read)
[ "$histogram" != "$metadata" ] || fail "two bugs share $histogram"
echo "ok: $histogram and $metadata share peek_u16, and are two"
code 0 bucket why "$histogram" "$metadata"
says "hist_load"
says "meta_orientation"
code 0 bucket why "$histogram" "$metadata" --json
same "the first frame is the same" peek_u16 "$(json '.item.common[0]')"
same "and they are not one bug" false "$(json .item.same)"

same "over PIXL and over THMB" "$(bucket_of run-overflow)" \
    "$(bucket_of run-overflow.thumbnail)"
code 0 bucket why "$(bucket_of run-overflow)"
says "row_put_run"
code 0 bucket show "$(bucket_of run-overflow)" --json
same "two crashes are in it" 2 "$(json '.item.crashes')"

# ---- what one does next ----
crash=$(sha256sum <"$work/bugs/histogram-over-read" | cut -d' ' -f1)
code 0 crash show "$crash"
says "peek_u16"
code 0 crash repro "$crash" -n 2
says "reproduced 2 of 2: same bucket"
code 0 ledger check

# The example of rules is good, and changes none of these.
code 0 rules test packaging/examples/rules/triage.rules --json
same "the example is good" true "$(json .item.good)"
same "and changes no crash of ours" 0 "$(json .item.changed)"

# Handed in again, nothing is new.
code 0 crash add "$work/bugs" --target chunks/chunks_fuzzer --wait \
    --timeout 60s
same "the same buckets" "$planted" \
    "$(adm bucket list --all --json | jq '.items | length')"
exit 0

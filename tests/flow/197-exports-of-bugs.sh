#!/bin/bash
# Goal: crashes and buckets leave as JSON lines, as CSV in which nothing is a
# formula, and as SARIF that holds to its schema; a file is complete or not there.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"
. "$(dirname "$0")/lib-crashes.sh"

account local
start_master
asan heap-buffer-overflow "READ of size 4" "take /src/a b.c:10" run |
	crash png/read one
asan heap-use-after-free "WRITE of size 8" \
    "$(printf '=cmd|calc!A1\033[31m /src/%%zz"<x>.c:2')" run |
	crash png/read two
printf '==7== ERROR: libFuzzer: timeout after 25 seconds\n' |
	crash png/read three
printf 'nothing of use\n' | crash png/other four

valid() { # FILE
	/usr/bin/python3 -W ignore -m jsonschema -i "$1" \
	    tests/unit/tools/pfadm/sarif-2.1.0.schema.json ||
		fail "$1 is no SARIF"
	ok "it is SARIF: $(basename "$1")"
}

code 0 bucket list --all --sarif "$work/buckets.sarif"
valid "$work/buckets.sarif"
same "a result a bucket" 4 \
    "$(jq '.runs[0].results | length' "$work/buckets.sarif")"
same "an error, and a note for the timeout" "error note" "$(jq -r \
    '.runs[0].results[] | select(.ruleId | test("Heap-buffer|Timeout")).level' \
    "$work/buckets.sarif" | sort -u | paste -sd' ')"
same "the first frame that made the state is its place" \
    "file:///src/a%20b.c 10" "$(jq -r '.runs[0].results[] |
	select(.ruleId | test("Heap-buffer")).locations[0].physicalLocation |
	"\(.artifactLocation.uri) \(.region.startLine)"' "$work/buckets.sarif")"
same "and its signature the fingerprint" \
    "$(adm bucket show "$(bucket_of one)" --json |
	jq -r '.item.signatures[0].signature')" \
    "$(jq -r '.runs[0].results[] | select(.ruleId | test("Heap-buffer")) |
	.partialFingerprints["pandafuzzSignature/v1"]' "$work/buckets.sarif")"
code 0 crash list --sarif -
cp "$work/out" "$work/crashes.sarif"
valid "$work/crashes.sarif"
code 0 crash list --filter type=nothing --sarif "$work/none.sarif"
valid "$work/none.sarif"
code 0 bucket show "$(bucket_of two)" --sarif "$work/one.sarif"
valid "$work/one.sarif"
code 3 bucket list --sarif "$work/no/where.sarif"
code 3 bucket show png-99 --sarif "$work/gone.sarif"
[ ! -e "$work/gone.sarif" ] || fail "a file of nothing"

code 0 crash list --jsonl
same "a line a crash" 4 "$(jq -r .id "$work/out" | wc -l)"
code 0 bucket list --all --csv
same "a row a bucket, and one of titles" 5 "$(/usr/bin/python3 -c \
    'import csv, sys; print(len(list(csv.reader(sys.stdin))))' <"$work/out")"
grep -q '"'"'"'=cmd' "$work/out" || fail "a formula: $(cat "$work/out")"
ok "a formula has a quote before it"
code 0 bucket list --all --csv -o id,severity --no-header
stop_master || fail "the master's exit code"

#!/bin/sh
# Goal: every bug of planted.txt is there, crashes chunks_fuzzer as planted.txt
# says, and no seed does.
#
#	check.sh [OUTDIR]	where build.sh has built; default: builds anew
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
out=${1:-$tmp/out}
[ -x "$out/chunks/chunks_fuzzer" ] || "$here/build.sh" "$out" chunks
target=$out/chunks/chunks_fuzzer
cc -std=c11 -D_GNU_SOURCE -I"$root" -o "$tmp/triage_print" \
    "$here/triage_print.c" "$root"/lib/triage/*.c "$root/lib/base/digest.c" \
    "$root/lib/base/buf.c" "$root/lib/base/err.c" -lcrypto
cc -std=c11 -o "$tmp/chunks_seeds" "$here/chunks_seeds.c"
export ASAN_OPTIONS=exitcode=77
export UBSAN_OPTIONS=exitcode=77:print_stacktrace=1:halt_on_error=1
failed=0

mkdir "$tmp/seeds" "$tmp/bugs" "$tmp/reports"
"$tmp/chunks_seeds" "$tmp/seeds"
if ! "$target" "$tmp"/seeds/* >"$tmp/log" 2>&1 </dev/null; then
	echo "FAIL: a seed crashes"
	cat "$tmp/log"
	failed=1
fi

"$tmp/chunks_seeds" "$tmp/bugs" bugs
for input in "$tmp"/bugs/*; do
	"$target" -timeout=2 -malloc_limit_mb=256 "$input" </dev/null \
	    >"$tmp/reports/${input##*/}" 2>&1 || :
done
"$tmp/triage_print" chunks_fuzzer "$tmp"/reports/* >"$tmp/facts"
# One bucket a bug: the two ways to run-overflow must give one signature.
names=$(awk -F'\t' '!/^#/ && NF == 3 { print $1 }' "$here/planted.txt")
for name in $names; do
	grep "/${name}[.	]" "$tmp/facts" | cut -f2,3 | sort -u >"$tmp/bucket"
	found=$(awk -f "$here/planted.awk" "$here/planted.txt" "$tmp/bucket" |
	    sed '$d')
	if [ "$found" != "$name	1" ]; then
		echo "FAIL: $name: found '$found' in"
		cat "$tmp/bucket"
		failed=1
	fi
done
buckets=$(cut -f5 "$tmp/facts" | sort -u | wc -l)
planted=$(awk -F'\t' '!/^#/ && NF == 3' "$here/planted.txt" | wc -l)
if [ "$buckets" -ne "$planted" ]; then
	echo "FAIL: $planted planted bugs make $buckets buckets"
	failed=1
fi
[ $failed -ne 0 ] || echo "ok: $planted planted bugs, $buckets buckets"
exit $failed

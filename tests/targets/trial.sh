#!/bin/sh
# How many planted bugs does plain fuzzing find?  Each worker is one core:
# fuzz until the first crash, run that crash three times more as a bot does,
# fuzz on with the grown corpus.
#
#	trial.sh [SECONDS [WORKERS]]		default: 60 2
#
# Prints what each bucket was hit, which planted bugs that makes, and
# anything that no planted bug explains.  KEEP=DIR keeps logs and artifacts.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
seconds=${1:-60}
workers=${2:-2}
tmp=${KEEP:-$(mktemp -d)}
mkdir -p "$tmp"
[ -n "${KEEP:-}" ] || trap 'rm -rf "$tmp"' EXIT

"$here/build.sh" "$tmp/out" chunks
target=$tmp/out/chunks/chunks_fuzzer
cc -std=c11 -D_GNU_SOURCE -O2 -I"$root" -o "$tmp/triage_print" \
    "$here/triage_print.c" "$root"/lib/triage/*.c "$root/lib/base/digest.c" \
    "$root/lib/base/buf.c" "$root/lib/base/err.c" -lcrypto
flags=$(awk -F' *= *' '/^\[/ { on = ($0 == "[libfuzzer]") }
    on && NF == 2 { printf "-%s=%s ", $1, $2 }' "$target.options")
export ASAN_OPTIONS=exitcode=77:allocator_may_return_null=1:handle_abort=1
export UBSAN_OPTIONS=exitcode=77:print_stacktrace=1:halt_on_error=1

worker()		# folder
{
	mkdir -p "$1/corpus" "$1/art" "$1/logs"
	(cd "$1/corpus" && unzip -qo "${target}_seed_corpus.zip")
	end=$(($(date +%s) + seconds))
	n=0
	while left=$((end - $(date +%s))) && [ "$left" -gt 0 ]; do
		n=$((n + 1))
		# shellcheck disable=SC2086
		"$target" $flags "-dict=$target.dict" "-max_total_time=$left" \
		    "-artifact_prefix=$1/art/" "$1/corpus" \
		    </dev/null >"$1/logs/$n" 2>&1 || :
		art=$(sed -n 's/.*Test unit written to //p' "$1/logs/$n")
		[ -n "$art" ] || continue
		for try in 1 2 3; do
			# shellcheck disable=SC2086
			"$target" $flags -runs=10 "$art" </dev/null \
			    >"$1/run$try" 2>&1 || :
		done
	done
}

i=0
pids=
while [ $i -lt "$workers" ]; do
	i=$((i + 1))
	worker "$tmp/w$i" &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid"
done

find "$tmp"/w*/logs -type f -exec "$tmp/triage_print" chunks_fuzzer {} + |
    awk -F'\t' '$2 != "Unknown" { print $2 "\t" $3 }' >"$tmp/hits"
echo "hits by bucket:"
sort "$tmp/hits" | uniq -c | sort -rn
sort -u "$tmp/hits" >"$tmp/buckets"
echo "planted bugs found:"
awk -f "$here/planted.awk" "$here/planted.txt" "$tmp/buckets"
echo "$(wc -l <"$tmp/hits") crashes in $(wc -l <"$tmp/buckets") buckets," \
    "$seconds s, $workers workers"

#!/bin/bash
# Goal: a build comes as folder, zip, tar and tar.gz and is the same build each
# time; every file that is skipped has its reason; engine and sanitizer can be
# said; --wait has its exit codes; a build that nobody needs can be removed,
# and comes back.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

set_sql() { # STATEMENT: what bots would have said
	sqlite3 -cmd ".timeout 5000" "$root/data/pandafuzz.db" "$1"
}

# Everything that OSS-Fuzz leaves in $OUT, in small.
cat >"$work/read.c" <<'C'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{ return n > 3 && d[0] == 'a' && d[1] == 'b' ? __builtin_trap(), 0 : 0; }
C
out=$work/out-1
mkdir -p "$out/__extra_build" "$out/lib"
clang -g -fsanitize=fuzzer,address "$work/read.c" -o "$out/read" ||
	fail "no clang"
strip -o "$out/stripped" "$out/read"
printf '"ab"\n' >"$out/read.dict"
printf '[libfuzzer]\nmax_len = 8\n' >"$out/read.options"
(cd "$work" && echo seed >seed && zip -qX "$out/read_seed_corpus.zip" seed)
cp "$out/read" "$out/__extra_build/"
cp /bin/true "$out/afl-showmap"
cp /bin/true "$out/llvm-symbolizer"
cp /bin/true "$out/jazzer_driver"
cp /bin/true "$out/helper"
cp /bin/true "$out/odd_fuzzer"
cp /bin/true "$out/lib/libx.so.1" && chmod 755 "$out/lib/libx.so.1"
printf '#!/bin/sh\n' >"$out/run.sh" && chmod 755 "$out/run.sh"
echo data >"$out/data.bin"
ln -s read.dict "$out/stripped.dict"
ln -s lib "$out/lib64"

start_master
code 0 build add "$out" --project png --revision r1 --order 7
says "libfuzzer, address, targets read,stripped"
for reason in "'run.sh' is no ELF program" "'afl-showmap' is a tool" \
    "'llvm-symbolizer' is a tool" "'jazzer_driver' is a tool" \
    "'__extra_build/read' lies in __extra_build" \
    "'lib/libx.so.1' is a shared library" \
    "'lib64/libx.so.1' is a shared library" \
    "'helper' has no LLVMFuzzerTestOneInput" \
    "'odd_fuzzer' was not linked with a fuzzing engine" \
    "'data.bin' is not executable"; do
	says "no target: $reason"
done
is "ten files were skipped, and no side file" 10 \
    "$(grep -c '^no target:' "$work/err")"
code 0 build list --json
id=$(jq -r '.items[0].id' "$work/out")
is "it has its order" 7 "$(jq '.items[0].order' "$work/out")"
is "and its machine" "$(uname -m)" "$(jq -r '.items[0].arch' "$work/out")"
is "it waits for its check" new "$(jq -r '.items[0].state' "$work/out")"

# The same from archives, and nothing is sent or left behind.
files=$(find "$root/builds" -type f | wc -l)
(cd "$out" && zip -qry "$work/png.zip" . && tar -cf "$work/png.tar" . &&
    tar -czf "$work/png.tar.gz" ./* && tar -czhf "$work/png.tgz" .)
mkdir "$work/tmp"
for archive in zip tar tar.gz tgz; do
	TMPDIR=$work/tmp code 0 build add "$work/png.$archive" --project png \
	    --parsable
	is "png.$archive is the same build" "$id" "$(cat "$work/out")"
done
is "nothing new is in the store" "$files" "$(find "$root/builds" -type f | wc -l)"
is "nor in the temporary folder" "" "$(ls -A "$work/tmp")"

# What was said first stays, and that is said.
code 0 build add "$out" --project png --revision r2 --branch dev --order 8
says "known with branch 'main', which stays; not 'dev'"
says "known with revision 'r1', which stays; not 'r2'"
says "known with order 7, which stays; not '8'"
says "no target: 'run.sh' is no ELF program"
code 0 build show "${id:0:8}"
says "r1"
says "stripped"
code 2 build add "$out" --project png --order first

# Engine and sanitizer as a person says.
mkdir "$work/plain"
cp /bin/true "$work/plain/read_fuzzer"
code 1 build add "$work/plain" --project png
says "was not linked with a fuzzing engine"
code 1 build add "$work/plain" --project png --engine alf
says "engine: libfuzzer, afl, honggfuzz or command, not 'alf'"
code 1 build add "$work/plain" --project png --engine afl --sanitizer adress
says "sanitizer: address, memory, thread, undefined or none"
code 0 build add "$work/plain" --project png --engine afl --sanitizer memory
says "afl, memory, targets read_fuzzer"
plain=$(adm build list --json | jq -r '.items[1].id')

# A file that the master has is not sent again, and a killed pfadm leaves no
# folder.
mkdir "$work/slow"
head -c 30000000 /dev/zero >"$work/slow/zero"
cp "$out/read" "$work/slow/"
tar -cf "$work/slow.tar" -C "$work/slow" .
kill -STOP $master
TMPDIR=$work/tmp pfadm --root "$root" build add "$work/slow.tar" \
    --project png 2>/dev/null &
sender=$!
unpacked() { [ -f "$(echo "$work"/tmp/pfadm-build.*/zero)" ]; }
wait_until 10 unpacked || fail "it is not unpacked"
kill -TERM $sender
wait $sender
is "it died of the signal" 143 $?
kill -CONT $master
is "and took its folder along" "" "$(ls -A "$work/tmp")"

# --wait: no verdict, good, bad.
code 6 build add "$out" --project png --wait --timeout 1s
says "waiting for a bot to check it"
says "was not judged within 1 s"
pfadm --root "$root" build add "$out" --project png --wait >"$work/waited" 2>&1 &
waiter=$!
wait_until 10 grep -q waiting "$work/waited" || fail "it does not wait"
set_sql "UPDATE build_target SET state = 'good', edges = 312, dict = 118,
    seeds = 240, warnings = 'few edges' || char(10) || 'few calls'
    WHERE build = 1; UPDATE build SET state = 'good' WHERE id = 1"
wait $waiter
is "good is exit 0" 0 $?
grep -qF "read: good, 312 edges, dict 118 entries, seeds 240 files" \
    "$work/waited" || fail "no counts: $(cat "$work/waited")"
grep -qF "warning: few calls" "$work/waited" || fail "no warning"
ok "it says what was loaded, and warns"
set_sql "UPDATE build_target SET state = 'bad', reason = 'dies at start'
    WHERE build = 2; UPDATE build SET state = 'bad', reason =
    'read_fuzzer: dies at start' WHERE id = 2"
code 10 build add "$work/plain" --project png --wait
says "is bad: read_fuzzer: dies at start"
code 10 build add "$work/plain" --project png --wait --json
is "--wait --json is the build" bad "$(jq -r .item.state "$work/out")"
code 0 build list --status bad --no-header
is "one is bad" 1 "$(wc -l <"$work/out")"

# Removing.  Nobody can be asked here; and --dry-run only looks.
code 2 build remove "${plain:0:8}"
says "give --yes"
code 0 build remove "${plain:0:8}" --dry-run
says "would remove build"
code 7 build remove "${id:0:8}" --yes
says "it is the newest good build of its line"
code 0 build remove "${plain:0:8}" --reason "wrong flags" --yes
says "removed"
code 7 build remove "${plain:0:8}" --yes
says "removed already"
code 3 build remove 0000000000 --yes
code 0 events -n 3
says "build.removed"
says "wrong flags"
code 0 build add "$work/plain" --project png --engine afl --sanitizer memory
code 0 build show "${plain:0:8}" --json
is "it came back, to be checked anew" new "$(jq -r .item.state "$work/out")"
echo changed >>"$out/read.dict"
code 0 build add "$out" --project png --order 8 --parsable
newer=$(cat "$work/out")
set_sql "UPDATE build_target SET state = 'good' WHERE build = 3;
    UPDATE build SET state = 'good' WHERE id = 3"
job=$(adm job create png/read --parsable) || fail "no job"
is "a job has the newest" "$newer" "$(adm job show "$job" --json | jq -r .item.build)"
code 0 build remove "${id:0:8}" --yes
code 7 build remove "${newer:0:8}" --yes

stop_master || fail "the master's exit code"
ok "builds come in and go"

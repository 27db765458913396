#!/bin/bash
# Goal: pfadm run sends a folder, makes a job for each target and watches;
# Ctrl-C ends the watching, never the jobs.
. "$(dirname "$0")/lib-master.sh"

mkdir -p "$work/My_Out"
cat >"$work/read.c" <<'C'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{ (void)d; (void)n; return 0; }
C
clang -fsanitize=fuzzer "$work/read.c" -o "$work/My_Out/read" ||
	fail "no clang"
cp "$work/My_Out/read" "$work/My_Out/write"
start_master

# In the background of a script SIGINT is ignored: set it back.
env --default-signal=INT pfadm --root "$root" run "$work/My_Out" --for 1h \
    >"$work/out" 2>"$work/err" &
watcher=$!
two_jobs() {
	[ "$(pfadm --root "$root" job list --no-header 2>/dev/null |
	    grep -c pending)" = 2 ]
}
check "a job for each target" wait_until 10 two_jobs
kill -INT $watcher
wait $watcher
is "exit 130" 130 $?
grep -q "the jobs keep running" "$work/err" || fail "$(cat "$work/err")"
is "it says how to end them" 2 "$(grep -c 'pfadm job cancel' "$work/err")"
check "the jobs are still there" two_jobs
is "the project is the folder's name made to fit" my-out \
    "$(pfadm --root "$root" build list --json | jq -r '.items[0].project')"

# A run ends by itself when its jobs are over.
pfadm --root "$root" run "$work/My_Out" >"$work/out" 2>"$work/err" &
watcher=$!
all() {
	pfadm --root "$root" job list --status pending --json |
		jq -r '.items[].id'
}
four() {
	[ "$(all | wc -l)" = 4 ]
}
check "two more jobs" wait_until 10 four
for job in $(all); do
	pfadm --root "$root" job cancel "$job" >/dev/null || fail "cancel"
done
wait $watcher
is "it ends with its jobs" 0 $?
stop_master || fail "the master's exit code"

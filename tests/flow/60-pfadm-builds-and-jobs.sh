#!/bin/bash
# Goal: a folder goes to the master by difference, its targets are found by
# their bytes, jobs are made and cancelled; every answer has its exit code,
# and --json is the master's own (PROTOCOL 34, DESIGN 8).
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

cat >"$work/read.c" <<'C'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{ return n > 3 && d[0] == 'a' && d[1] == 'b' ? __builtin_trap(), 0 : 0; }
C
mkdir "$work/out-1"
clang -g -fsanitize=fuzzer,address "$work/read.c" -o "$work/out-1/read" ||
	fail "no clang"
strip -o "$work/out-1/stripped" "$work/out-1/read"
printf '"ab"\n' >"$work/out-1/read.dict"
printf '#!/bin/sh\n' >"$work/out-1/run.sh"
chmod +x "$work/out-1/run.sh"
ln -s read.dict "$work/out-1/stripped.dict"

code 5 status
says "is it running?"
code 5 status --json
jq -e '.error.message' "$work/out" >/dev/null || fail "no JSON error"

start_master
code 0 status
says "bots      none"
says "ledger    balanced"
code 0 build list --json
is "an empty list is JSON" '{"api":1,"items":[],"next":null}' "$(cat "$work/out")"

code 2 build add "$work/out-1"
says "into which project"
code 0 build add "$work/out-1" --project png --revision r1
says "libfuzzer, address, targets read,stripped"
says "no target: 'run.sh' is no ELF program"
is "five names are four files" 4 "$(find "$root/builds/files" -type f | wc -l)"
is "and a manifest" 1 "$(ls "$root"/builds/*.manifest | wc -l)"
id=$(adm build list --json | jq -r '.items[0].id')
is "the id is the manifest's digest" "$id" "$(sum "$root/builds/$id.manifest")"

code 0 build add "$work/out-1" --project png --revision r1 --json
is "the same again is known" true "$(jq .known "$work/out")"
code 7 build add "$work/out-1" --project other
says "is of project 'png' already"

cp -r "$work/out-1" "$work/out-2"
echo '"cd"' >>"$work/out-2/read.dict"
code 0 build add "$work/out-2" --project png --revision r2 --parsable
is "only the changed file was sent" 5 \
    "$(find "$root/builds/files" -type f | wc -l)"

# What is in the store without a row is not trusted, but sent again.
stop_master || fail "the master's exit code"
start_master
lost=$(printf x | sha256sum | cut -d' ' -f1)
mkdir -p "$root/builds/files/${lost:0:2}"
printf 'not x' >"$root/builds/files/${lost:0:2}/$lost"
cp -r "$work/out-1" "$work/out-3"
printf x >"$work/out-3/x.txt"
code 0 build add "$work/out-3" --project png --revision r3
is "debris of a kill was replaced" "$lost" \
    "$(sum "$root/builds/files/${lost:0:2}/$lost")"

code 0 target list --no-header
is "two targets" 2 "$(wc -l <"$work/out")"
code 3 job create png/nothing
code 1 job create 'png/../x'
code 0 job create read@r1:address --for 10m --slots 2 --parsable
job=$(cat "$work/out")
is "a job's id is 16 hex digits" 16 "${#job}"
is "the build is that of the revision" "$id" \
    "$(adm job show "$job" --json | jq -r .item.build)"
is "the time is in ms" 600000 "$(adm job show "$job" --json | jq .item.for_ms)"
code 0 job list
says "png/read"
code 0 job show "${job:0:6}"
says "pending"
code 3 job show 0000
says "job 0000: not found"
code 0 job cancel "${job:0:6}"
says "cancelled"
code 0 job cancel "$job"
code 0 events -n 5
says "job.cancelled"
says "user:$(id -un)"

code 2 job lsit
says "did you mean 'job list'"
code 2 status --slots 2
code 2
code 0 --help
code 0 job create --help
says "examples:"

# One id of two beginnings: exit 2 with the candidates.
prefixes=$(adm build list --json | jq -r '.items[].id')
code 2 job create "" && true
first=$(echo "$prefixes" | cut -c1 | sort | uniq -d | head -n 1)
if [ -n "$first" ]; then
	code 2 build show "$first"
	says "ambiguous"
fi

# The master never runs a target, and refuses what has none.
mkdir "$work/empty" "$work/none"
code 1 build add "$work/empty" --project png
says "there is no file"
cp "$work/out-1/run.sh" "$work/none/"
code 1 build add "$work/none" --project png --json
is "a code for programs" no_target "$(jq -r .error.code "$work/out")"
mkfifo "$work/none/fifo"
code 1 build add "$work/none" --project png
says "'fifo' is a FIFO, not a file"
rm "$work/none/fifo"
ln -s ../../../etc/passwd "$work/none/up"
code 1 build add "$work/none" --project png
says "is a link that leaves the build folder"
code 3 build add "$work/nowhere" --project png

stop_master || fail "the master's exit code"
ok "builds and jobs"

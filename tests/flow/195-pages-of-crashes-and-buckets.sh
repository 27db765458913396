#!/bin/bash
# Goal: the page of a crash has its report with the frames that named it, and
# commands that can be copied; that of a bucket why it is one; the list says what
# it leaves out; a terminal gets colour, a pipe none, and text of fuzzed programs
# does nothing to either.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"
. "$(dirname "$0")/lib-crashes.sh"

account local
start_master
asan heap-buffer-overflow "READ of size 4" "__asan_memcpy /b/asan.cpp:22" \
    take run "LLVMFuzzerTestOneInput /src/t.c:3" |
	crash png/read one
asan heap-buffer-overflow "READ of size 4" take run \
    "LLVMFuzzerTestOneInput /src/t.c:3" | crash png/read two
asan heap-use-after-free "WRITE of size 1" other "LLVMFuzzerTestOneInput /src/t.c:3" |
	crash png/read three
printf '==7== ERROR: libFuzzer: timeout after 25 seconds\n' |
	crash png/read four
# What a hostile program may print.
asan heap-buffer-overflow "READ of size 1" \
    "$(printf 'evil\033[2J\342\200\256$(reboot)<b> /src/\033]0;x\007.c:1')" \
    deep | crash png/read five

id=$(printf one | sha256sum | cut -c1-16)
code 0 crash show "$id"
says "type           Heap-buffer-overflow READ 4"
says ">     #1 0x000000400001 in take"
grep -q '#0 .*__asan_memcpy.*\[' "$work/out" || fail "no role: $(cat "$work/out")"
ok "a frame that is left out says its role"
grep -q '^security  *\(yes\|no\): ' "$work/out" || fail "no rule of security"
grep -q '^severity  *[a-z]*: ' "$work/out" || fail "no rule of severity"
says "pfadm crash get $id"
says "siblings"
grep '^  pfadm ' "$work/out" | while read -r line; do
	case $line in *kit*|*repro*) continue ;; esac
	adm ${line#pfadm } --help >/dev/null || fail "$line"
done
ok "what it says to type can be typed"

bucket=$(bucket_of one)
same "one bug" "$bucket" "$(bucket_of two)"
code 0 bucket show "$bucket"
says "together because"
says "last 48 h"
says "crashes (best first)"
says "pfadm bucket why $bucket"
code 0 bucket list -o id,class --no-header
same "three bugs, and the timeout aside" 3 "$(wc -l <"$work/out")"
says "1 timeout hidden: --all"
code 0 status
says "; 1 timeout hidden: bucket list --all"
code 0 bucket list --all -o class --no-header
same "with --all it is there" 4 "$(wc -l <"$work/out")"
code 0 bucket list --json
same "JSON says it, too" 1 "$(json .hidden.timeout)"

# Hostile text: nothing but letters, in all forms.
five=$(printf five | sha256sum | cut -c1-16)
hostile() {
	LC_ALL=C grep -q "$(printf '\033')\|$(printf '\342\200\256')\|$(
	    printf '\007')" "$work/out" && fail "hostile: pfadm $*"
	return 0
}
for form in "crash show $five" "crash show $five --json" \
    "bucket show $(bucket_of five)" "bucket list --wide" "bucket list --csv" \
    "bucket list --jsonl" "crash list --wide" "crash list --csv" \
    "crash list --sarif -" "bucket why $(bucket_of five)"; do
	adm $form >"$work/out" 2>"$work/err"
	hostile "$form"
done
ok "hostile names are shown harmlessly"

# A terminal.
env -u NO_COLOR TERM=xterm PAGER=cat script -qec \
    "stty rows 24 cols 80; pfadm --root $root crash show $id" /dev/null \
    </dev/null | tr -d '\r' >"$work/screen"
grep -q "$(printf '\033\\[1m>')" "$work/screen" || fail "nothing is bold"
grep -q "$(printf '\033\\[2m')" "$work/screen" || fail "nothing is dim"
ok "a terminal gets bold and dim"
code 3 crash show ffff
code 3 bucket show png-99
stop_master || fail "the master's exit code"

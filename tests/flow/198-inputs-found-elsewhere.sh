#!/bin/bash
# Goal: crash add takes files and whole folders of other tools, says of each what
# was done, knows what it has, and waits no longer than it is told.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"
. "$(dirname "$0")/lib-crashes.sh"

account local
start_master
make_target "$work/out-1/read"
adm build add "$work/out-1" --project png >/dev/null 2>&1 ||
	fail "build add"

mkdir -p "$work/afl/main/crashes" "$work/afl/main/queue" "$work/lib"
touch "$work/afl/main/fuzzer_stats"
echo note >"$work/afl/main/crashes/README.txt"
printf a >"$work/afl/main/crashes/id:000000,sig:06,src:000000,op:havoc"
printf b >"$work/afl/main/crashes/id:000001,sig:11"
printf q >"$work/afl/main/queue/id:000000,orig:x"
printf c >"$work/lib/crash-0a1b"
printf d >"$work/lib/leak-$(printf 'x\033[2J')"
printf e >"$work/lib/notes"
printf f >"$work/lib/.crash-hidden"
printf g >"$work/lib/crash-1.part"

code 2 crash add "$work/lib"
says "of which target? --target T"
code 0 crash add "$work/afl" "$work/lib" --target png/read --dry-run
same "four would be handed in" 4 "$(grep -c 'would be handed in' "$work/out")"
says "README.txt: left out: AFL++'s note"
same "and nothing was" "" "$(adm crash list --added --jsonl)"

code 0 crash add "$work/afl" "$work/lib" --target png/read \
    --reason 'found on a desk'
same "four were handed in" 4 "$(grep -c 'handed in as' "$work/out")"
says "notes: left out: not called as a crash"
says ".crash-hidden: left out: hidden"
says "crash-1.part: left out: being written"
grep -q "$(printf '\033')" "$work/out" "$work/err" && fail "an escape"
ok "names of files are harmless"
code 0 crash list --added --target png/read --status waiting --jsonl
same "four wait" 4 "$(wc -l <"$work/out")"
code 0 crash list --added -o name,state,size --no-header
same "and are listed" 4 "$(wc -l <"$work/out")"
same "the log knows why" "found on a desk" "$(adm log --json |
    jq -r '[.items[] | select(.reason != null and .reason != "")][-1].reason')"

code 0 crash add "$work/lib/crash-0a1b" --target png/read
says "known as"
code 0 crash add "$work/lib/crash-0a1b" --target png/read -q
same "-q prints a number" 1 "$(grep -c '^[0-9]*$' "$work/out")"
code 0 crash add "$work/lib/notes" --target png/read --json
same "a file that is named is taken" waiting "$(json .item.state)"
code 6 crash add "$work/lib/crash-0a1b" --target png/read --wait --timeout 1s
says "not judged within 1 s"

# A bot has run it, and this came of it.
asan heap-buffer-overflow "READ of size 4" take run | crash png/read c
code 0 crash add "$work/lib/crash-0a1b" --target png/read --wait --timeout 20s
says "crash-0a1b: crashed, $(bucket_of c) (crash "
code 0 crash list --added --filter state=crashed -o crashes --no-header
same "the list says as what" "$(bucket_of c)" "$(tr -d ' ' <"$work/out")"
code 0 crash list --added --filter state=crashed --csv
code 3 crash add "$work/nothing" --target png/read
code 3 crash add "$work/lib/crash-0a1b" --target png/no-such
mkdir "$work/empty"
code 1 crash add "$work/empty" --target png/read
says "there are no crashing inputs"
code 2 crash list --status waiting
code 2 crash list --added --bucket png-1
stop_master || fail "the master's exit code"

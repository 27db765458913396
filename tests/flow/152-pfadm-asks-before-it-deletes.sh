#!/bin/bash
# Goal: what deletes asks a person and refuses where nobody is; --dry-run only
# looks; several names and ranges are each tried, and the worst exit code is
# pfadm's; every change and its reason is in the log, which proves itself.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

account local
start_master
mkdir "$work/out-1"
make_target "$work/out-1/read"
adm build add "$work/out-1" --project png >"$work/said" 2>&1 || fail "build"
for bot in b1 b2 b3; do
	BOT=$bot beat 1 0 0
done
three_bots() {
	[ "$(adm bot list --no-header 2>/dev/null | wc -l)" = 3 ]
}
check "three bots" wait_until 20 three_bots

# Ranges, and the worst of all.
code 0 bot drain 'b[1-2]' --reason "new disks"
same "a line a bot" 2 "$(grep -c '^bot b[12]: drained$' "$work/out")"
code 0 bot show b1
says "reason=new disks"
says "drained"
code 7 bot resume 'b[1-9]'
same "those that are there were resumed" "b1 b2" "$(sed -n \
    's/^bot \(b[0-9]\): resumed$/\1/p' "$work/out" | paste -sd' ')"
says "bot b3 is neither drained"
same "the rest is told" 6 "$(grep -c 'not found' "$work/err")"
code 2 bot drain 'b[3-1]'
says "is no range"
code 0 job create png/read -q
job=$(cat "$work/out")
code 0 job create png/read -q
other=$(cat "$work/out")
code 3 job cancel "$job" 0000 "$other" --reason both
same "both were cancelled" 2 "$(grep -c 'cancelled on png/read' "$work/out")"

# What a bot says of itself: nothing yet, and that is no failure.
code 0 bot logs b2
says "nothing yet"
code 3 bot logs b9

# Asking.
for verb in 'bot forget b1' 'bot write-off b1 --reason x' \
    'account remove local' 'build remove 0' 'spool drop local/x'; do
	code 2 $verb
	says "asks first, and here is nobody to ask: give --yes"
done
same "nothing was done" 3 "$(adm bot list --no-header | wc -l)"
ask() { # ANSWER: exit code, and what was on the screen
	echo "$1" | script -qec "stty -echo; pfadm --root $root bot forget b1 \
	    --reason 'sold'" /dev/null | tr -d '\r' >"$work/screen"
	return "${PIPESTATUS[1]}"
}
adm bot drain b1 >/dev/null || fail "drain"
ask n
same "no is exit 1" 1 $?
grep -q "forget bot b1? \[y/N\]" "$work/screen" || fail "$(cat "$work/screen")"
grep -q "nothing was done" "$work/screen" || fail "$(cat "$work/screen")"
code 0 bot forget b1 --dry-run
says "would forget bot b1"
code 3 bot forget b9 --dry-run
same "it is still there" 3 "$(adm bot list --no-header | wc -l)"
ask y || fail "yes: $(cat "$work/screen")"
same "yes does it" 2 "$(adm bot list --no-header | wc -l)"

# A refused bundle: looked at, thrown away.
header nonsense 2 | seal_lines "$(name_of 2)"
push "$(name_of 2)"
wait_empty
entry=local/$(name_of 2)
code 0 spool rm "$entry" --dry-run
says "would drop spool entry $entry"
code 0 spool list --filter queue=rejected -o id --no-header
same "it is there" "$entry" "$(cat "$work/out")"
code 0 spool drop "$entry" -y --reason "noise"
code 3 spool show "$entry"

# The log has it all.
code 0 log --what bot.drained --json
same "who" "user:$(id -un)" "$(json '.items[0].who')"
same "why" "new disks" "$(json '.items[0].reason')"
code 0 log --subject bot:b1 -o what --no-header
says "bot.forgotten"
code 0 log --who user:nobody-here
same "nobody else did anything" "" "$(cat "$work/out")"
code 0 log --since 1h --jsonl
cp "$work/out" "$work/log"
code 0 log check --json
rows=$(json '.item.rows // .rows')
same "as many rows as were exported" "$(wc -l <"$work/log")" "$rows"
code 0 log check
says "intact"
stop_master || fail "the master's exit code"
sqlite3 "$root/data/pandafuzz.db" "DROP TRIGGER audit_update; UPDATE audit SET
    reason = 'never said' WHERE id = 2" || fail "sql"
start_master
code 10 log check
says "broken at row 2"
stop_master || fail "the master's exit code"

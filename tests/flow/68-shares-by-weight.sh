#!/bin/bash
# Goal: over a real farm weights are shares: two jobs of 30 and 10 on two slots
# with sessions of two seconds get slot time about 3 to 1, nobody waits for
# long, and `pfadm job why` says the same.
# timeout: 240
. "$(dirname "$0")/lib-local.sh"
. "$(dirname "$0")/lib-pfadm.sh"

sql() {
	sqlite3 -readonly -cmd ".timeout 5000" "$ROOT/data/pandafuzz.db" "$1"
}

spent() { # JOB: slot time, ms
	sql "SELECT spent_ms FROM job WHERE job = '$1'"
}

make_target "$work/out-1/read"
make_target "$work/out-1/write"
local_up --bots 1 --slots 2 --link dir
code 0 build add "$work/out-1" --project png --wait --timeout 60s
# Not new: a new target weighs more, as soon as somebody looks.
sqlite3 -cmd ".timeout 5000" "$ROOT/data/pandafuzz.db" \
    "UPDATE target SET added_ms = 1"
code 0 job create read --weight 30 --set slice=2s --parsable
heavy=$(cat "$work/out")
code 0 job create write --weight 10 --set slice=2s --parsable
light=$(cat "$work/out")
enough() { [ $(($(spent "$heavy") + $(spent "$light"))) -gt 60000 ]; }
wait_until 150 enough ||
	fail "no minute of slot time: $(spent "$heavy") $(spent "$light")"
a=$(spent "$heavy") b=$(spent "$light")
echo "slot time: $a and $b ms"
[ $((b * 10)) -gt $((a * 2)) ] && [ $((b * 10)) -lt $((a * 5)) ] ||
	fail "$a to $b is not about 3 to 1"
code 0 job why "$light" --json
same "a quarter is due" true \
    "$(json '.item.share_due > 0.249 and .item.share_due < 0.251')"
same "and about that was had" true \
    "$(json '.item.share_day > 0.15 and .item.share_day < 0.37')"
same "nothing failed" 0 "$(sql "SELECT sum(failures) FROM task")"

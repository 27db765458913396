#!/bin/bash
# Goal: an account that sends more than it may holds nobody else up and loses
# nothing: its bundles wait, its bots are told hold, status says so; files that
# pile up shut its door until they are gone.
fast=1
. "$(dirname "$0")/lib-master.sh"
. tests/flow/lib-soon.sh

rows() { # BOT
	sql "SELECT count(*) FROM ledger l JOIN epoch e ON e.id = l.epoch JOIN
	    bot b ON b.id = e.bot WHERE b.name = '$1'"
}
taken() { # BOT COUNT
	[ "$(rows "$1")" -ge "$2" ]
}
flood() { # ACCOUNT BOT COUNT
	"$B/tests/fault/craft" tiny "$(incoming "$1")/tmp" 1 "$3" "$2" &&
	    mv "$(incoming "$1")/tmp"/*.pfb "$(incoming "$1")/new"
}
change() { # BODY
	api accounts/slow/settings -X PUT -d "$1" >"$work/answer" &&
	    ! grep -q '"error"' "$work/answer"
}
held() {
	[ "$(status '$.hold' slow/b1)" = 1 ]
}
free() {
	[ "$(status '$.hold' slow/b1)" = 0 ]
}
header_is() { # WORD
	head -n 1 "$root/accounts/slow.keys" | grep -q "state=$1"
}

start_master --accounts-user "$(id -un)"
for name in slow quick; do
	api accounts -X POST -d "{\"name\":\"$name\"}" | grep -q '"item"' ||
	    fail "cannot add $name"
done
check "a limit of its own" change '{"max_rate":120}'
flood slow b1 400 || fail "craft"
check "its first minute's worth is in at once" wait_until 20 taken b1 120
before=$(rows b1)
flood quick b2 300 || fail "craft"
check "another account is in within 5 s" within_5s taken b2 300
[ "$(rows b1)" -lt 200 ] || fail "it is not slow: $before, $(rows b1)"
check "the slow one goes on" wait_until 20 taken b1 $((before + 3))
check "its bot is told to hold" wait_until 20 held
is "with the reason" 1 "$(status '$.reason' slow/b1 | grep -c '120 bundles')"
is "the other one is not" 0 "$(status '$.hold' quick/b2)"
check "status says so" sh -c "$(declare -f api); root=$root; api status |
    grep -q 'account slow is told to hold'"
# Its heartbeats are not behind its bundles.
BOT=b1 ACCOUNT=slow beat 1 1 400
beaten() {
	[ ! -e "$(incoming slow)/new/$(BOT=b1 name_of 1 h)" ]
}
check "a heartbeat is taken all the same" wait_until 20 beaten

check "another limit" change '{"max_rate":100000}'
check "all is in" wait_until 20 taken b1 400
check "and the hold is lifted" wait_until 20 free
balanced

# ---- files
# What is there is counted every few seconds, and when limits change.
few() { # COMMAND...
	change '{"max_rate":100000,"max_files":20}' && sleep 0.2 && "$@"
}
for n in $(seq 30); do
	: >"$(incoming slow)/tmp/$n"
done
check "over its files it holds" wait_until 20 few held
is "with the reason" 1 "$(status '$.reason' slow/b1 | grep -c '30 files')"
check "and may come in" header_is active
for n in $(seq 31 60); do
	: >"$(incoming slow)/tmp/$n"
done
check "far over it may not" wait_until 20 few header_is full
rm "$(incoming slow)/tmp"/*
check "with room it may" wait_until 20 few header_is active
check "and works" wait_until 20 free
is "each counted" 0 "$(api accounts/slow | grep -o '"files":[0-9]*' |
    cut -d: -f2)"
stop_master || fail "the master ends with $?"
exit 0

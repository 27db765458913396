#!/bin/bash
# Goal: 10,000 tiny bundles of one bot hold up neither a crash of another bot
# nor bulk of another account; 10,000 names that are no bundles and 5,000
# damaged files cost seconds, not minutes (DESIGN 3, PROTOCOL 13).
fast=1
. "$(dirname "$0")/lib-master.sh"

flood() { # FIRST COUNT: into incoming/tmp
	"$B/tests/fault/craft" tiny "$(incoming)/tmp" "$1" "$2" b2 ||
		fail "cannot craft tiny bundles"
}

rows() { # BOT
	sql "SELECT count(*) FROM ledger l JOIN epoch e ON e.id = l.epoch JOIN
	    bot b ON b.id = e.bot WHERE b.name = '$1'"
}

taken() { # BOT COUNT
	[ "$(rows "$1")" -ge "$2" ]
}

account local
account other
flood 1 10000
mv "$(incoming)/tmp"/* "$(incoming)/new"
is "10,000 bundles wait" 10000 "$(ls "$(incoming)/new" | wc -l)"
start_master
check "the master is at them" wait_until 10 taken b2 100

push "$(seal crash 1 --target png/read --crash "$(unit boom)")"
began=$(date +%s%N)
check "a crash of another bot is in within 3 s" wait_until 3 taken b1 1
before=$(rows b2)
[ "$before" -lt 9900 ] || fail "the flood was over already: $before"
ok "after $((($(date +%s%N) - began) / 1000000)) ms, $before of the flood in"

export ACCOUNT=other BOT=b3
for seq in 1 2 3 4 5; do
	push "$(seal corpus $seq --target png/read --unit "$(unit other$seq)")"
done
unset ACCOUNT BOT
check "bulk of another account is in within 3 s" wait_until 3 taken b3 5
[ "$(rows b2)" -lt 9900 ] || fail "the flood was over already"
ok "while the flood goes on ($(rows b2) in)"

wait_empty 120
is "all 10,000 are in" 10000 "$(rows b2)"
is "their units, too" 10001 "$(sql "SELECT count(*) FROM unit u JOIN bot b ON
    b.id = u.bot WHERE b.name = 'b2'")"
is "acknowledged in one number" 10000 \
    "$(status '$.epochs[0].below' local/b2)"
balanced

# ---- rubbish
for n in $(seq 10000); do
	: >"$(incoming)/tmp/rubbish-$n"
done
for n in $(seq 10001 15000); do
	echo "$n" >"$(incoming)/tmp/$(BOT=b2 name_of "$n")"
done
find "$(incoming)/tmp" -type f -print0 |
	xargs -0 mv -t "$(incoming)/new" 2>/dev/null
push "$(seal crash 2 --target png/read --crash "$(unit bang)")"
check "a crash behind 15,000 files of rubbish is in within 20 s" \
    wait_until 20 taken b1 2
began=$SECONDS
wait_empty 120
ok "the rubbish is gone after another $((SECONDS - began)) s"
[ "$(find "$root/rejected/local" -type f | wc -l)" -le 20002 ] ||
	fail "rejected/ grew over its cap"
ok "rejected/ keeps within its cap"
is "none of it has a row" 10000 "$(rows b2)"
stop_master || fail "the master ends with $?"

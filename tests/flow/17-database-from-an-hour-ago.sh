#!/bin/bash
# Goal: a database restored from an earlier copy is noticed by what bots were
# told since; under a new generation bots push again what it does not know,
# and beats of the old one do not make anything look delivered (PROTOCOL 20,
# 25-27).
. "$(dirname "$0")/lib-master.sh"

put() { # FIRST LAST
	local seq
	for seq in $(seq "$1" "$2"); do
		send corpus "$seq" --target png/read \
		    --unit "$(unit "text-$seq")"
	done
	send crash $(($2 + 1)) --target png/read --crash "$(unit "boom-$2")"
	wait_empty
}

generation() {
	echo "\"$(status '$.generation')\""
}

account local
start_master
put 1 4
old=$(generation)
beat 1 0 5 "$old"
wait_empty
balanced
stop_master || fail "the master ends with $?"
cp -a "$root/data" "$work/an-hour-ago"

start_master
is "a restart keeps the generation" "$old" "$(generation)"
put 6 9
beat 2 0 10 "$old"
wait_empty
is "all is acknowledged" 10 "$(status '$.epochs[0].below')"
serial=$(status '$.serial')
stop_master || fail "the master ends with $?"

rm -rf "$root/data"
cp -a "$work/an-hour-ago" "$root/data"
start_master
new=$(generation)
[ "$new" != "$old" ] || fail "the generation is the old one"
ok "an older database means a new generation"
[ "$(status '$.serial')" -gt "$serial" ] || fail "the serial went back"
ok "the serial does not go back"
mtime_is_serial "mtime is the serial"
is "only what it knows is acknowledged" 5 "$(status '$.epochs[0].below')"

# The bot has not heard of it yet: its outbox is empty, it says.
beat 3 0 10 "$old"
wait_empty
is "a beat of the old generation acknowledges nothing" 5 \
    "$(status '$.epochs[0].below')"
is "the check shows the gap" 5 "$(ledger missing)"
is "and does not balance" false "$(ledger balanced)"

# Now it has: everything it kept is pushed again, what is known too.
for seq in 1 2 3 4 6 7 8 9; do
	push "$(name_of $seq)"
done
push "$(name_of 5 c)"
push "$(name_of 10 c)"
beat 4 1 10 "$new"
wait_empty
is "all is acknowledged again" 10 "$(status '$.epochs[0].below')"
balanced
is "nothing counts twice" "10|8|2" "$(sql "SELECT (SELECT count(*) FROM
    ledger), (SELECT count(*) FROM unit), (SELECT count(*) FROM crash)")"
is "each crash was seen once" 2 "$(sql "SELECT count(*) FROM observation")"
store_sound
stop_master || fail "the master ends with $?"

# Asked for by an administrator.
start_master --new-generation
[ "$(generation)" != "$new" ] || fail "--new-generation drew none"
ok "--new-generation draws one"
stop_master || fail "the master ends with $?"

# outgoing/ is a cache.
rm -rf "$root"/spool/local/outgoing/*
new=$(generation)
start_master
is "outgoing/ is rebuilt from the database" 10 \
    "$(status '$.epochs[0].below')"
stop_master || fail "the master ends with $?"

# A database that has never heard of a bot that was told something.
rm -rf "$root/data"
start_master
new=$(generation)
stop_master || fail "the master ends with $?"
start_master
is "one older database means one new generation" "$new" "$(generation)"
stop_master || fail "the master ends with $?"

#!/bin/bash
# Goal: two bots alive under one name hold, and all their data is taken; a
# restarted bot is no clash; another account under the name is told so, and its
# data is taken (PROTOCOL 3, 28).
. "$(dirname "$0")/lib-master.sh"

account local
account other
start_master
one=1111111111111111 two=2222222222222222 three=3333333333333333

state() {
	sql "SELECT state FROM bot WHERE name = 'b1' AND owner = 1"
}

# -- a restart: the second epoch supersedes the first
EPOCH=$one send corpus 1 --target png/read --unit "$(unit one)"
EPOCH=$one beat 5 0 1
wait_empty
is "the bot is up" up "$(state)"
EPOCH=$two beat 1 0 0
wait_empty
is "after its restart it is up" up "$(state)"
is "its new epoch is the live one" $two "$(status '$.epoch')"
is "and it does not hold" 0 "$(status '$.hold')"

# -- an old beat that comes late changes nothing
EPOCH=$one beat 5 0 1
wait_empty
is "an old beat is no clash" up "$(state)"

# -- the clone: the superseded epoch beats on
EPOCH=$one beat 6 0 1
wait_empty
is "a beat of the superseded epoch is a clash" clashed "$(state)"
is "everybody holds" 1 "$(status '$.hold')"
case $(status '$.reason') in
*"two bots"*) ok "with the reason" ;;
*) fail "the reason is '$(status '$.reason')'" ;;
esac
is "it is an event" 1 \
    "$(sql "SELECT count(*) FROM event WHERE what = 'bot.clashed'")"
for n in 2 3 4; do
	EPOCH=$one beat $((5 + n)) 0 $n
	EPOCH=$two beat $n 0 $((n - 1))
	EPOCH=$one send corpus $n --target png/read --unit "$(unit "x$n")"
	EPOCH=$two send corpus $((n - 1)) --target png/read \
	    --unit "$(unit "y$n")"
done
wait_empty
is "they are clashed still" clashed "$(state)"
is "and alarmed once" 1 \
    "$(sql "SELECT count(*) FROM event WHERE what = 'bot.clashed'")"
is "the data of both is taken" 7 \
    "$(sql "SELECT count(*) FROM ledger WHERE outcome = 'ingested'")"
EPOCH=$three beat 1 0 0
wait_empty
is "a third epoch does not end it" clashed "$(state)"
# That it ends when one alone has beaten for 5 minutes: bots_test.c.

# -- another account under the name
export ACCOUNT=other
send corpus 1 --target png/read --unit "$(unit foreign)"
beat 1 0 1
wait_empty
unset ACCOUNT
is "the other account's bot holds" 1 "$(status '$.hold' other/b1)"
case $(status '$.reason' other/b1) in
*"another account"*) ok "with the reason" ;;
*) fail "the reason is '$(status '$.reason' other/b1)'" ;;
esac
is "its data is taken" 1 "$(sql "SELECT count(*) FROM ledger l JOIN epoch e ON
    e.id = l.epoch JOIN bot b ON b.id = e.bot JOIN account a ON a.id =
    b.account WHERE a.name = 'other' AND outcome = 'ingested'")"
is "and acknowledged to it" 1 "$(status '$.epochs[0].below' other/b1)"
balanced
stop_master || fail "the master ends with $?"

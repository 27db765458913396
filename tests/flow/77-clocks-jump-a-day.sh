#!/bin/bash
# Goal: the wall clock of the master, then that of a bot, jumps a day ahead and
# a day back while both work.  Leases hold, beats are taken, serials of
# status.json only grow, nobody is late, nothing is lost.  A restart of either
# under a clock that is wrong changes nothing of that.
# timeout: 200
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-clock.sh"

account local
clock_of master +0
clock_of bot +0
options=
[ "$(id -u)" = 0 ] && options=--as-root
start() {
	as=$(with_clock master) start_master $options \
	    --heartbeat 500ms --bots-late 20 --bots-lost 40
}
start
start_bot
start_fuzzing
goes_on 3 "before"

for who in master bot; do
	for jump in +1d +0 -1d +0; do
		clock_of $who $jump
		goes_on 4 "the clock of the $who at $jump"
	done
done
nothing_happened

# What was written under one clock is read under another.
for jump in +1d -1d; do
	clock_of master $jump
	stop_master || fail "the master ends with $?"
	start
	goes_on 3 "a master started at $jump"
done
nothing_happened

# A bot that is started a day ahead: a new epoch, and no more than that.  The
# lease of the old one runs in the tables until its goodbye is taken in.
another() {
	fuzzes && [ "$lease" != "$old" ]
}
old=$lease
clock_of bot -1d
kill -TERM "$botd"
wait "$botd" 2>/dev/null
clock_of bot +1d
start_bot
wait_until 30 another || fail "the bot does not go on: $(tail "$work/bot.log")"
goes_on 3 "a bot started at +1d"
is "it was never lost" 0 "$(sql "SELECT sum(lost) + sum(failures) FROM task")"
all_is_in
stop_master || fail "the master ends with $?"

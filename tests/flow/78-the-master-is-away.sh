#!/bin/bash
# Goal: nothing expires while it is the master that is away: stopped by a
# signal for longer than a lease and a bot may be silent, killed and started
# again after as long, and a bot that was stopped as short as a lease may be.
# One that is silent for longer, with the master there, does lose its lease,
# and what it did meanwhile is taken.
# timeout: 180
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-clock.sh"

account local
clock_of bot +0
# A bot is late after 4 s, lost after 8 s, a lease after 8 s; the master was
# away when two rounds are more than 6 s apart.
start() {
	start_master --heartbeat 500ms --bots-late 8 --bots-lost 16 \
	    --leases-lost 8s --leases-gap 6s
}

# All processes of the bot, or the master's, stand still for that long.
still() { # SECONDS PID...
	local seconds=$1
	shift
	kill -STOP "$@"
	sleep "$seconds"
	kill -CONT "$@"
}

start
start_bot
start_fuzzing
goes_on 3 "before"

still 12 "$master"
goes_on 3 "the master was suspended"
grep -q "clock.jumped" "$work/master.log" || fail "no gap was noticed"
ok "the log says that it was away"
nothing_happened

stop_master KILL
sleep 12
start
goes_on 3 "the master was killed and away"
grep -q "leases.recovered kept=1 " "$work/master.log" || fail "not kept"
ok "it found its lease at the start"
nothing_happened

# Both, as when a laptop sleeps.
still 12 "$master" $(bot_pids)
goes_on 3 "both were suspended"
nothing_happened

# The bot alone: late, but not lost.
kill -STOP $(bot_pids)
late() {
	[ "$(sql "SELECT state FROM bot")" = late ]
}
wait_until 10 late || fail "a silent bot is not late"
kill -CONT $(bot_pids)
goes_on 3 "the bot was still for a moment"
is "the same lease" 1 "$(sql "SELECT count(*) FROM lease l JOIN task t ON t.id
    = l.task WHERE t.kind = 'fuzz'")"

# The bot alone, for too long.
old=$lease
still 12 $(bot_pids)
again() {
	fuzzes && [ "$lease" != "$old" ]
}
wait_until 30 again || fail "the task is not given again"
is "a lease that nobody named expired" "expired|no heartbeat named it for 8.0 \
seconds" "$(sql "SELECT state, reason FROM lease WHERE lease = '$old'")"
is "it came back, so it was not killed" "0|0" \
    "$(sql "SELECT lost, failures FROM task WHERE kind = 'fuzz'")"
goes_on 3 "and works on"
is "what it did counts" 1 "$(sql "SELECT execs > 0 FROM lease WHERE lease =
    '$old'")"
all_is_in
stop_master || fail "the master ends with $?"

#!/bin/bash
# Goal: a bot works by its hours.  When they end, its session ends, the lease
# is handed back with what it cost and no failure is counted; it keeps beating
# and says that it is off and until when, its courier goes on, doctor says so.
# When they begin, it works again, by itself.  Both by the clock and by SIGHUP.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-clock.sh"
export TZ=UTC0

account local
clock_of bot +0
start_master --heartbeat 500ms
cat >"$work/bot.yaml" <<END
hours: ""
END
start_bot --config "$work/bot.yaml"
start_fuzzing
first=$lease
cost() { # SECONDS: the lease has said what it used
	[ "$(sql "SELECT seconds FROM lease WHERE lease = '$first'")" -ge "$1" ]
}
wait_until 20 cost 1 || fail "no progress"

# Off by SIGHUP: two hours, four hours from now.
hour=$((10#$(date -u +%H)))
from=$(printf '%02d:00' $(((hour + 4) % 24)))
to=$(printf '%02d:00' $(((hour + 6) % 24)))
echo "hours: \"$from-$to\"" >"$work/bot.yaml"
kill -HUP "$botd"
handed_back() {
	[ "$(sql "SELECT state FROM lease WHERE lease = '$1'")" = cancelled ]
}
wait_until 20 handed_back "$first" ||
    fail "the lease is not handed back: $(tail "$work/bot.log")"
is "it says why" 1 "$(sql "SELECT reason LIKE 'handed back: outside its hours%'
    FROM lease WHERE lease = '$first'")"
is "its task waits for somebody else, and nothing failed" "ready|0|0" \
    "$(sql "SELECT t.state, t.failures, t.lost FROM task t JOIN lease l ON
    l.task = t.id WHERE l.lease = '$first'")"
is "what it cost is kept" 1 "$(sql "SELECT cpu_ms > 0 AND seconds > 0 FROM
    lease WHERE lease = '$first'")"
is "and is the job's" 1 "$(sql "SELECT j.cpu_ms >= l.cpu_ms AND j.execs >=
    l.execs FROM lease l JOIN task t ON t.id = l.task JOIN job j ON j.id =
    t.job WHERE l.lease = '$first'")"

# The newest beat, as the runner seals it: the courier takes it away at once.
said_off() {
	grep -q ' bot.off .*outside its hours' "$work/bot/log"
}
check "the bot's own log says so" said_off
from_beat=$(beats_seen)
beats_on() {
	[ "$(beats_seen)" -ge $((from_beat + 4)) ]
}
wait_until 20 beats_on || fail "it does not beat any more"
ok "it beats on"
is "it gets no other lease" 0 "$(sql "SELECT count(*) FROM lease WHERE state IN
    ('offered', 'running')")"
[ ! -d "$work/bot/work/$first" ] || fail "work/ holds the session"
$(with_clock bot) pandafuzz-botd --root "$work/bot" --link \
    "dir:$root/spool/local" --name b1 --hours "$from-$to" doctor \
    >"$work/doctor" 2>&1
check "doctor says that it is off, and until when" \
    grep -q "^ok   hours: off now: outside its hours.*back ... $from" \
    "$work/doctor"

# Its hours begin.
works() {
	fuzzes && [ "$lease" != "$first" ]
}
clock_of bot +4h
wait_until 30 works || fail "it does not come back: $(tail "$work/bot.log")"
ok "it comes back by itself"
check "and says so" grep -q ' bot.back ' "$work/bot/log"

# And they end.
second=$lease
first=$second
wait_until 20 cost 1 || fail "no progress"
clock_of bot +6h
wait_until 30 handed_back "$second" || fail "it goes on after its hours"
ok "it is off again when they end"
is "nothing failed" 0 "$(sql "SELECT sum(failures) + sum(lost) FROM task")"

# What it says can be read with its statistics.
log_is_in() {
	sql "SELECT kind FROM ledger" | grep -q stats
}
check "statistics are taken" log_is_in
kill -TERM "$botd"
wait "$botd" 2>/dev/null
botd=
wait_empty 30
has_log() {
	local f
	for f in "$work"/bot/outbox/{new,acked}/*-b.pfb; do
		[ -f "$f" ] || continue
		zcat "$f" | grep -a -q '"rec":"bot_log"' || continue
		zcat "$f" | grep -a -q 'bot.off' && return
	done
	return 1
}
check "the bot's log travels with them" has_log
balanced
store_sound
stop_master || fail "the master ends with $?"

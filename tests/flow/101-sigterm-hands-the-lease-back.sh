#!/bin/bash
# Goal: a bot that is told to end hands its lease back: what the session found
# is in, what it cost is kept, its task counts no failure and is at once given
# to another bot that waits.
. "$(dirname "$0")/lib-master.sh"
real_clock=1
. "$(dirname "$0")/lib-clock.sh"

account local
start_master --heartbeat 500ms
start_bot
start_fuzzing
first=$lease
task=$(sql "SELECT task FROM lease WHERE lease = '$first'")
found() {
	[ "$(sql "SELECT seconds > 0 AND execs > 0 FROM lease WHERE
	    lease = '$first'")" = 1 ] &&
	    [ "$(sql "SELECT count(*) FROM unit")" -gt 0 ]
}
wait_until 30 found || fail "nothing comes: $(tail "$work/bot.log")"

# Another one, that has to wait for it.
pandafuzz-botd --root "$work/bot2" --name b2 --account local --link \
    "dir:$root/spool/local" --slots 1 --poll 100ms --seal-after 1s \
    --stats-after 1s 2>>"$work/bot2.log" &
second=$!
before_end() {
	kill "$botd" "$second" 2>/dev/null
	wait "$botd" "$second" 2>/dev/null
}
up() {
	[ "$(sql "SELECT state FROM bot WHERE name = 'b2'")" = up ]
}
wait_until 20 up || fail "no second bot: $(cat "$work/bot2.log")"

kill -TERM "$botd"
at=$(date +%s%3N)
wait "$botd"
code=$?
took=$(($(date +%s%3N) - at))
is "it ends well" 0 $code
[ $took -lt 20000 ] || fail "it took $took ms"
goes_on_elsewhere() {
	[ "$(sql "SELECT b.name FROM lease l JOIN bot b ON b.id = l.bot WHERE
	    l.task = $task AND l.state = 'running'")" = b2 ]
}
wait_until 30 goes_on_elsewhere ||
    fail "nobody goes on: $(sql "SELECT * FROM task; SELECT * FROM lease")"
ok "another bot goes on with the task"
is "the lease was given back, and says why" \
    "cancelled|handed back: the bot is leaving" \
    "$(sql "SELECT state, reason FROM lease WHERE lease = '$first'")"
is "no failure was counted" "0|0" \
    "$(sql "SELECT failures, lost FROM task WHERE id = $task")"
is "what it cost is kept" 1 "$(sql "SELECT l.cpu_ms > 0 AND j.cpu_ms >=
    l.cpu_ms AND j.execs >= l.execs AND l.execs > 0 FROM lease l JOIN task t
    ON t.id = l.task JOIN job j ON j.id = t.job WHERE l.lease = '$first'")"
[ -z "$(ls "$work/bot/work")" ] || fail "work/ is not empty"
settled() {
	[ "$(ledger balanced)" = true ]
}
wait_until 20 settled
balanced
kill -TERM "$second"
wait "$second" 2>/dev/null
wait_empty 30
store_sound
stop_master || fail "the master ends with $?"

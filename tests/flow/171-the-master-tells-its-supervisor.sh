#!/bin/bash
# Goal: masterd tells systemd (or whoever listens on NOTIFY_SOCKET) that a start
# may take its time, that it is ready, how it goes, and gives signs of life;
# none while it hangs.
. "$(dirname "$0")/lib-master.sh"

listener=
before_end() {
	[ -z "$listener" ] || kill "$listener" 2>/dev/null
}

told() { # PATTERN: lines that have it
	grep -c -- "$1" "$work/told"
}

more_told() { # THAN PATTERN
	[ "$(told "$2")" -gt "$1" ]
}

"$B/tests/fault/notified" "$work/notify" >"$work/told" &
listener=$!
wait_until 20 more_told 0 bound || fail "nobody listens"

account local
export NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=1000000
unset WATCHDOG_PID
start_master
wait_until 20 more_told 0 ' READY=1$' || fail "it does not say that it is ready"
ok "it is ready"
is "before that it asked for time" 1 "$(grep -B 100 ' READY=1$' "$work/told" |
    grep -c 'EXTEND_TIMEOUT_USEC=[1-9]' | sed 's/[1-9].*/1/')"
wait_until 20 more_told 0 'STATUS=0 bundles wait, 0 in hand' ||
	fail "it does not say how it goes"
ok "it says: $(grep -m 1 'STATUS=0' "$work/told" | cut -d' ' -f2-)"
before=$(told WATCHDOG=1)
wait_until 20 more_told $((before + 2)) WATCHDOG=1 || fail "no signs of life"
ok "it gives signs of life"

# The last sign of before may still be under way when the stop takes hold.
kill -STOP "$master"
until grep -q '^State:.*stopped' "/proc/$master/status"; do sleep 0.02; done
sleep 0.2
before=$(told WATCHDOG=1)
sleep 2
is "while it hangs it gives none" "$before" "$(told WATCHDOG=1)"
kill -CONT "$master"
wait_until 20 more_told "$before" WATCHDOG=1 || fail "no signs after it went on"
ok "when it goes on it does again"

before=$(told ' READY=1$')
kill -HUP "$master"
wait_until 20 more_told "$before" ' READY=1$' || fail "a reload has no end"
is "a reload is told" 1 "$(told RELOADING=1)"
stop_master || fail "the master's exit code"
is "and its end" 1 "$(told STOPPING=1)"

#!/bin/bash
# Goal: one relay carries for bots that have no courier, over one connection of
# a real sshd: two that are there, and one that comes later.  They get work and
# deliver it.  Two carriers never serve one root; sshd killed in the middle
# loses nothing.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-sshd.sh"

account local
chmod -R o+rX "$work" 2>/dev/null
start_master --heartbeat 500ms
sshd_start "$work/sshd" "$root/spool/local" || fail "no sshd"
bots=()
relay=
before_end() {
	local pid
	for pid in "${bots[@]}" $relay; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	sshd_stop
}

start_bot() { # NAME FOLDER
	pandafuzz-botd --root "$2" --name "$1" --account local --link relay \
	    --slots 1 --seal-after 1s --stats-after 1s 2>>"$work/$1.log" &
	bots+=($!)
}

start_relay() {
	pandafuzz-botd --link "$SSHD_LINK" --account local --key "$SSHD_KEY" \
	    --known-hosts "$SSHD_HOSTS" --poll 100ms --confirm 1s relay \
	    --roots "$work/shared" 2>>"$work/relay.log" &
	relay=$!
}

up() { # COUNT
	[ "$(sql "SELECT count(*) FROM bot WHERE state = 'up'")" -ge "$1" ]
}

mkdir -p "$work/shared/job-7"
start_bot n1 "$work/shared/n1"
start_bot n2 "$work/shared/job-7/n2"
start_relay
wait_until 30 up 2 || fail "no bots: $(cat "$work/relay.log" "$work"/n?.log)"
ok "two bots are up"
is "over one connection" 1 "$(grep -c ' link.up ' "$work/relay.log")"
! pgrep -P "${bots[0]}" -a | grep -q courier || fail "a bot has a courier"
start_bot n3 "$work/shared/n3"
wait_until 30 up 3 || fail "a new one is not found: $(cat "$work/relay.log")"
ok "one that came later is found"

# Work goes there and comes back.
sh tests/targets/build.sh "$work/t" jsmn || fail "no target"
pfadm --root "$root" build add "$work/t/jsmn" --project json --wait \
    --timeout 60s >"$work/said" 2>&1 </dev/null ||
	fail "no build: $(cat "$work/said" "$work"/n?.log)"
pfadm --root "$root" job create json/jsmn_fuzzer --slots 2 >/dev/null \
    </dev/null || fail "no job"
works() {
	[ "$(sql "SELECT count(DISTINCT l.bot) FROM lease l JOIN task t ON
	    t.id = l.task WHERE t.kind = 'fuzz' AND l.execs > 0")" -ge 2 ] &&
	    [ "$(sql "SELECT count(*) FROM unit")" -gt 0 ]
}
wait_until 60 works || fail "nothing is fuzzed: $(cat "$work"/n?.log)"
ok "two of them fuzz, and deliver"

# Never two.
B2=$work/shared/n1
timeout 10 pandafuzz-botd --root "$B2" --name n1 --account local \
    --link "dir:$root/spool/local" courier 2>"$work/said"
is "a courier of a root that a relay serves ends" 1 $?
grep -q 'another courier or a relay' "$work/said" || fail "$(cat "$work/said")"
pandafuzz-botd --link "dir:$root/spool/local" push --outbox "$B2" \
    2>/dev/null
is "push leaves it alone, too" 3 $?
: >"$work/second.log"
pandafuzz-botd --link "dir:$root/spool/local" relay --roots "$work/shared" \
    2>"$work/second.log" &
second=$!
bots+=($second)
left_alone() {
	[ "$(grep -c relay.left "$work/second.log")" -ge 3 ]
}
wait_until 20 left_alone || fail "a second relay: $(cat "$work/second.log")"
! grep -q relay.carries "$work/second.log" || fail "two relays for one root"
ok "a second relay leaves all of them alone"
kill "$second"
wait "$second" 2>/dev/null

# The connection breaks.
kill -KILL $(sshd_sessions) 2>/dev/null
again() {
	[ "$(grep -c ' link.up ' "$work/relay.log")" -ge 2 ]
}
wait_until 30 again || fail "it does not connect again"
ok "a broken connection is made anew"

# They leave; the relay delivers what is left, then leaves.
kill -TERM "${bots[@]:0:3}"
wait "${bots[@]:0:3}" 2>/dev/null
delivered() {
	! ls "$work"/shared/{n1,job-7/n2,n3}/outbox/new/*-[cb].pfb \
	    >/dev/null 2>&1
}
wait_until 30 delivered || fail "left: $(ls "$work"/shared/*/outbox/new)"
ok "all is delivered and acknowledged"

# A root that is gone is let go; another one may come in its place.
mv "$work/shared/n3" "$work/away"
kill -HUP "$relay"
dropped() {
	grep -q "relay.dropped root=$work/shared/n3" "$work/relay.log"
}
wait_until 15 dropped || fail "it holds on to a root that is gone"
flock -n "$work/away/courier.lock" true || fail "its lock is still held"
ok "a root that is gone is let go"

kill -TERM "$relay"
wait "$relay"
is "the relay ends well" 0 $?
bots=() relay=
wait_empty 20
balanced
is "nothing was refused" 0 "$(sql "SELECT count(*) FROM ledger WHERE
    outcome NOT IN ('ingested', 'duplicate')")"
is "no clash" 0 "$(sql "SELECT count(*) FROM event WHERE
    what = 'bot.clashed'")"
store_sound
stop_master || fail "the master ends with $?"

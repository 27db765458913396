#!/bin/bash
# Goal: `pf-local up` brings a whole installation up, a second one changes
# nothing, more bots can be added, `down` leaves nothing running, and what was
# asked for is remembered.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh

local_up --bots 2 --slots 1
pf-local status "$ROOT" || fail "status says that something is down"
[ "$(pf-local status "$ROOT" | grep -c ' up ')" = 4 ] ||
    fail "not master, sshd and two bots"
adm status >/dev/null || fail "pfadm does not reach the master"
before=$(cat "$ROOT"/local/pids/*.json "$ROOT/local/authorized_keys")

local_up
[ "$before" = "$(cat "$ROOT"/local/pids/*.json \
    "$ROOT/local/authorized_keys")" ] || fail "a second up changed something"

# Two at once wait for each other.
pf-local up "$ROOT" & pf-local up "$ROOT" --bots 3 || fail "two ups at once"
wait $! || fail "the other of two ups at once"
[ "$(pf-local status "$ROOT" | grep -c ' up ')" = 5 ] || fail "no third bot"
[ "$(pid_of b1)" = "$(grep -o '"pid":[0-9]*' <<<"$before" |
    cut -d: -f2 | head -n 1)" ] || fail "b1 was started anew"

pf-local up "$ROOT" --bots 1 && fail "bots vanished while they ran"
pf-local up "$ROOT" --link dir && fail "the link changed while bots run"

port=$(sed 's/.*"port":\([0-9]*\).*/\1/' "$ROOT/local/config.json")
pids="$(pid_of master) $(pid_of sshd) $(pid_of b1) $(pid_of b2) $(pid_of b3)"
pf-local down "$ROOT" || fail "down"
for pid in $pids; do
	runs "$pid" && fail "process $pid was left running"
done
pf-local status "$ROOT" >/dev/null
[ $? = 1 ] || fail "status of what is down is not 1"
pf-local down "$ROOT" || fail "down of what is down"

local_up
[ "$(pf-local status "$ROOT" | grep -c ' up ')" = 5 ] ||
    fail "options were forgotten"
[ "$port" = "$(sed 's/.*"port":\([0-9]*\).*/\1/' \
    "$ROOT/local/config.json")" ] || fail "the port changed without need"

mkdir "$work/empty"
pf-local status "$work/empty" 2>/dev/null
[ $? = 3 ] || fail "an empty folder passes for a ROOT"
pf-local down "$work/nothing" 2>/dev/null
[ $? = 3 ] || fail "a missing folder passes for a ROOT"
exit 0

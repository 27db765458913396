#!/bin/bash
# Goal: whatever is killed, the next `up` starts it again and touches nothing
# else; after a crash of the whole machine it starts all, also where a
# stranger has got the old process ids, whom nobody signals.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh

others_are_untouched() { # NAME: all pids but this one's are as in $before
	for name in master sshd b1 b2; do
		[ $name = "$1" ] && continue
		[ "$(pid_of $name)" = "$(cat "$work/before-$name")" ] ||
		    return 1
	done
}

local_up --bots 2 --slots 1
for victim in b1 sshd master; do
	for name in master sshd b1 b2; do
		pid_of $name >"$work/before-$name"
	done
	kill -9 "$(pid_of $victim)"
	pf-local status "$ROOT" >/dev/null && fail "$victim is not down"
	local_up
	others_are_untouched $victim || fail "more than $victim was restarted"
	pf-local status "$ROOT" || fail "$victim did not come back"
done

# A crash of the machine: all die at once, sockets and pid files stay, and the
# numbers belong to others when it is up again.
for name in master sshd b1 b2; do
	kill -9 "$(pid_of $name)"
done
sleep 300 &
stranger=$!
started=$(sed 's/.*) //' /proc/$stranger/stat | cut -d' ' -f20)
printf '{"pid":%d,"started":%d,"boot":"%032d"}\n' $stranger "$started" 0 \
    >"$ROOT/local/pids/b1.json"
printf '{"pid":%d,"started":1,"boot":"%s"}\n' $stranger \
    "$(tr -d - </proc/sys/kernel/random/boot_id)" >"$ROOT/local/pids/b2.json"
: >"$ROOT/local/pids/master.json"
[ -S "$ROOT/run/admin.sock" ] || fail "the socket did not stay"
pf-local status "$ROOT" >/dev/null && fail "dead processes pass for alive"
pf-local down "$ROOT" || fail "down after a crash"
runs $stranger || fail "down killed a stranger"
local_up
pf-local status "$ROOT" || fail "not all came back"
pf-local down "$ROOT" || fail "down"
runs $stranger || fail "a stranger was killed"
kill $stranger
exit 0

#!/bin/bash
# Goal: sshd and its sessions killed in the middle of an upload of 64 MiB, the
# courier killed in the middle of another: each bundle arrives whole, nothing
# half is ever in incoming/new, and no debris stays in incoming/tmp.
. "$(dirname "$0")/lib-courier.sh"

sshd_start "$work/sshd" "$account" || fail "no sshd"
noise $((64 << 20)) "$work/unit"
publish 0

on_its_way() { # NAME: some of it is in tmp
	local size
	size=$(stat -c %s "$account/incoming/tmp/$1" 2>/dev/null) || return 1
	[ "$size" -gt 1000000 ]
}

for round in 1 2 3; do
	name=$(seal corpus $round "$work/unit")
	[ -n "$courier" ] || courier_start
	wait_until 20 on_its_way "$name" || fail "round $round did not begin"
	kill -STOP $courier # it must not be done before the kill
	kill -KILL $(sshd_sessions)
	kill -CONT $courier
	[ $round = 2 ] && sshd_stop
	[ $round = 3 ] && courier_kill
	[ -e "$account/incoming/new/$name" ] && fail "half of it is in new"
	[ $round = 2 ] && sleep 1 && { sshd_start "$work/sshd" "$account" ||
	    fail "no sshd"; }
	[ -n "$courier" ] || courier_start
	wait_until 60 arrived "$name" || fail "round $round did not arrive"
done
wait_until 5 eval '[ -z "$(ls "$account/incoming/tmp")" ]' || fail "debris in tmp"
logged link.down || fail "the courier noticed nothing"
exit 0

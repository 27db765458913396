#!/bin/bash
# Goal: a server that stops answering, in the middle of an upload or idle, is
# given up after the configured time, not waited for for ever (libssh2 would);
# then everything arrives.
. "$(dirname "$0")/lib-courier.sh"

sshd_start "$work/sshd" "$account" || fail "no sshd"
noise $((64 << 20)) "$work/unit"
publish 0
timeout=3

begun() {
	[ -s "$account/incoming/tmp/$1" ]
}

stalled() { # freeze all sessions; how long until the courier says so?
	local frozen began took
	frozen=$(sshd_sessions)
	kill -STOP $frozen || fail "nothing to stop"
	: >"$work/courier.log"
	began=$(date +%s%N)
	wait_until 15 logged 'link.down' || fail "it still waits ($1)"
	took=$((($(date +%s%N) - began) / 1000000))
	[ $took -lt $(((timeout + 3) * 1000)) ] || fail "it took $took ms ($1)"
	echo "given up after $took ms ($1)"
	kill -KILL $frozen 2>/dev/null
}

big=$(seal corpus 1 "$work/unit")
courier_start --timeout ${timeout}s
wait_until 20 begun "$big" || fail "the upload did not begin"
stalled "in an upload"
wait_until 60 arrived "$big" || fail "it did not arrive afterwards"

wait_until 20 logged link.up || fail "not up again"
stalled "idle"
small=$(head -c 100 /dev/urandom >"$work/unit"; seal crash 2 "$work/unit")
wait_until 60 arrived "$small" || fail "the crash did not arrive afterwards"
exit 0

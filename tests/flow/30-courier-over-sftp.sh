#!/bin/bash
# Goal: over a real sshd the courier pushes what is sealed, whole and in
# incoming/new; fetches status.json, a ticket and its files; keeps what was
# acknowledged; and does all that over one connection.
. "$(dirname "$0")/lib-courier.sh"

sshd_start "$work/sshd" "$account" || fail "no sshd"
noise 70000 "$work/unit"
publish 0
crash=$(seal crash 1 "$work/unit")
corpus=$(seal corpus 2 "$work/unit")
courier_start
wait_until 10 arrived "$crash" || fail "the crash did not arrive"
wait_until 10 arrived "$corpus" || fail "the corpus did not arrive"
[ -z "$(ls "$account/incoming/tmp")" ] || fail "something is left in tmp"

# A ticket with two files, one of them larger than a few reads.
lease=00000000000000aa
noise 3000000 "$work/program"
echo '"GIF89a"' >"$work/program.dict"
files=
for f in program program.dict; do
	sum=$(sha256sum <"$work/$f" | cut -d' ' -f1)
	cp "$work/$f" "$account/outgoing/b1/blobs/$sum"
	files="$files,{\"path\":\"$f\",\"mode\":\"0755\",\"size\":$(
	    stat -c %s "$work/$f"),\"sha256\":\"$sum\"}"
done
ticket $lease "${files#,}"
publish 1 $lease
wait_until 10 [ -s "$root/inbox/tickets/$lease.json" ] || fail "no ticket"
for f in program program.dict; do
	sum=$(sha256sum <"$work/$f" | cut -d' ' -f1)
	cmp "$work/$f" "$root/builds/${sum:0:2}/$sum" || fail "$f is not cached"
done
cmp "$account/outgoing/b1/status.json" "$root/inbox/status.json" ||
    fail "status.json is not what the master wrote"
[ -f "$root/outbox/acked/$crash" ] || fail "the crash was not kept"
[ -f "$root/outbox/new/$corpus" ] || fail "the corpus was not acknowledged"

publish 2
wait_until 10 [ ! -e "$root/inbox/tickets/$lease.json" ] ||
    fail "the ticket was not withdrawn"
[ "$(grep -c link.up "$work/courier.log")" = 1 ] || fail "more connections"
logged "link.down" && fail "the link went down"

# SIGTERM: what was sealed is pushed first.
last=$(seal crash 3 "$work/unit")
courier_kill TERM || fail "it left with code $?"
arrived "$last" || fail "the last crash was not pushed on leaving"
exit 0

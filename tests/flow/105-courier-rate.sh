#!/bin/bash
# Goal: the courier keeps to its rate in both directions, over a real sshd; a
# crash does not wait for it; another rate by SIGHUP holds at once, in the
# middle of a bundle.
. "$(dirname "$0")/lib-courier.sh"

since() {
	echo $(($(date +%s%3N) - at))
}

there() { # BYTES: so much of the bulk bundle, under way or there
	local n=0 f
	for f in "$account"/incoming/{tmp,new}/*-b.pfb; do
		[ -f "$f" ] && n=$((n + $(stat -c %s "$f" 2>/dev/null || echo 0)))
	done
	[ $n -ge "$1" ]
}

sshd_start "$work/sshd" "$account" || fail "no sshd"
cat >"$work/bot.yaml" <<END
courier: {rate: 256KiB}
END
noise 2000000 "$work/bulk"
noise 300000 "$work/crash"
bulk=$(seal corpus 1 "$work/bulk")
at=$(date +%s%3N)
courier_start --config "$work/bot.yaml"
wait_until 20 there 400000 || fail "nothing moves"
[ "$(since)" -ge 800 ] || fail "400,000 bytes in $(since) ms"

# A crash goes first, and at once.
crash=$(seal crash 2 "$work/crash")
from=$(date +%s%3N)
wait_until 20 arrived "$crash" || fail "the crash does not arrive"
took=$(($(date +%s%3N) - from))
[ $took -lt 5000 ] || fail "the crash took $took ms"
! arrived "$bulk" || fail "the bulk was there before it"
echo "ok: a crash does not wait ($took ms)"
wait_until 30 arrived "$bulk" || fail "the bulk does not arrive"
took=$(since)
[ $took -ge 5500 ] || fail "2.3 MB at 256 KiB/s in $took ms"
[ $took -lt 20000 ] || fail "2.3 MB at 256 KiB/s took $took ms"
echo "ok: $took ms for 2.3 MB"

# What comes from the master, too: a blob of 600 KB.
noise 600000 "$work/blob"
sha=$(sha256sum <"$work/blob" | cut -d' ' -f1)
cp "$work/blob" "$account/outgoing/b1/blobs/$sha"
mkdir -p "$account/outgoing/b1/jobs"
ticket 00000000000000aa \
    "{\"path\":\"program\",\"mode\":\"0755\",\"size\":600000,\"sha256\":\"$sha\"}"
sed -i 's/"job":"00000000000000cc"/"job":null/' \
    "$account/outgoing/b1/tickets/00000000000000aa.json"
sleep 1.2 # what was saved and owed is even
at=$(date +%s%3N)
publish 2 00000000000000aa
placed() {
	[ -e "$root/inbox/tickets/00000000000000aa.json" ]
}
wait_until 20 placed || fail "no ticket: $(tail "$work/courier.log")"
took=$(since)
[ $took -ge 1000 ] || fail "600,000 bytes came in $took ms"
echo "ok: $took ms for 600 KB that came"

# Slower, then as fast as it can, while one bundle is under way.
echo 'courier: {rate: 32KiB}' >"$work/bot.yaml"
kill -HUP "$courier"
wait_until 5 logged 'config.reloaded' || true
bulk=$(seal corpus 3 "$work/bulk")
wait_until 20 there 2010000 || fail "nothing moves"
! arrived "$bulk" || fail "that was too fast"
echo 'courier: {rates: ["Mon-Sun 0"], rate: 32KiB}' >"$work/bot.yaml"
kill -HUP "$courier"
wait_until 7 arrived "$bulk" && fast=1
[ "${fast-}" = 1 ] || fail "the new rate does not hold: $(tail "$work/courier.log")"
echo "ok: another rate holds at once"
courier_kill TERM || fail "it ends with $?"
exit 0

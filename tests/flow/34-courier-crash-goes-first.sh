#!/bin/bash
# Goal: a crash that is sealed while a bundle of 192 MiB is on its way is in
# incoming/new before it, on the same connection; so is one that is sealed
# while 256 MiB of a build are fetched; and on an idle link a sealed crash is
# there in well under 150 ms (p50 of 40).
. "$(dirname "$0")/lib-courier.sh"

sshd_start "$work/sshd" "$account" || fail "no sshd"
noise $((64 << 20)) "$work/unit"
noise 1000 "$work/crash"
publish 0
courier_start
wait_until 10 logged link.up || fail "no link"

bulk=$(basename "$(pf-spool seal --kind corpus --bot b1 --epoch $epoch \
    --seq 1 --target zlib/read --unit "$work/unit" --unit "$work/unit" \
    --unit "$work/unit" --into "$root/outbox")")
begun() {
	[ -s "$account/incoming/tmp/$bulk" ]
}
wait_until 20 begun || fail "the bulk did not begin"
crash=$(seal crash 2 "$work/crash")
wait_until 20 [ -e "$account/incoming/new/$crash" ] || fail "no crash"
[ -e "$account/incoming/new/$bulk" ] && fail "the bulk was first"
wait_until 60 arrived "$bulk" || fail "the bulk did not arrive"

# The other way: a large file of a ticket comes, a crash goes.
lease=00000000000000aa
truncate -s 256M "$work/program"
sum=$(sha256sum <"$work/program" | cut -d' ' -f1)
mv "$work/program" "$account/outgoing/b1/blobs/$sum"
ticket $lease "{\"path\":\"program\",\"mode\":\"0755\",\"size\":$((256 << 20)),
    \"sha256\":\"$sum\"}"
publish 0 $lease
wait_until 20 [ -s "$root/builds/tmp/$sum" ] || fail "the fetch did not begin"
crash=$(seal crash 3 "$work/crash")
wait_until 20 [ -e "$account/incoming/new/$crash" ] || fail "no second crash"
[ -e "$root/inbox/tickets/$lease.json" ] && fail "the file was first"
wait_until 60 [ -s "$root/inbox/tickets/$lease.json" ] || fail "no ticket"
[ "$(grep -c link.up "$work/courier.log")" = 1 ] || fail "more connections"

# From the rename in the outbox to the rename in incoming, by file times.
for seq in $(seq 101 140); do
	name=$(seal crash "$seq" "$work/crash")
	until [ -e "$account/incoming/new/$name" ]; do sleep 0.002; done
	from=$(stat -c %.9Z "$root/outbox/new/$name")
	to=$(stat -c %.9Z "$account/incoming/new/$name")
	echo "$from $to" | awk '{ printf "%.1f\n", ($2 - $1) * 1000 }'
done | sort -n >"$work/ms"
p50=$(sed -n 20p "$work/ms")
echo "sealed to incoming/new: p50 $p50 ms, worst $(tail -n 1 "$work/ms") ms"
[ "${p50%.*}" -lt 150 ] || fail "p50 is $p50 ms"
exit 0

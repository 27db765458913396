#!/bin/bash
# Goal: with the master's incoming full, a bundle that does not fit is held
# back without debris and with a reason that says so, the link stays up, what
# the master says still comes, and with room again the bundle goes.
#
# incoming/ is a tmpfs of 4 MiB in a mount namespace of its own.
if [ -z "${INSIDE-}" ]; then
	W=$(mktemp -d "${TMPDIR:-/tmp}/pf-full.XXXXXX") || exit 1
	mkdir -p "$W/account/incoming"
	echo 'plain:x:1000:1000::/tmp:/bin/sh' >"$W/passwd"
	bwrap --dev-bind / / --unshare-user --uid 1000 --gid 1000 \
	    --die-with-parent --ro-bind "$W/passwd" /etc/passwd \
	    --size $((4 << 20)) --tmpfs "$W/account/incoming" \
	    env INSIDE="$W" "$0"
	code=$?
	rm -rf "$W"
	exit $code
fi
. "$(dirname "$0")/lib-courier.sh"
account=$INSIDE/account
mkdir -p "$account"/incoming/{tmp,new} "$account"/outgoing/b1

sshd_start "$work/sshd" "$account" || fail "no sshd"
noise 3000000 "$work/unit"
publish 0
first=$(seal corpus 1 "$work/unit")
courier_start
wait_until 10 arrived "$first" || fail "the first did not arrive"

second=$(seal corpus 2 "$work/unit")
wait_until 10 logged "bundle.delayed.*disk is full" || fail "no word of it"
[ -z "$(ls "$account/incoming/tmp")" ] || fail "debris in tmp"
[ -e "$account/incoming/new/$second" ] && fail "half of it is in new"
[ -e "$root/outbox/new/$second" ] || fail "it left the outbox"

# The master takes the first: status first, then the file.
publish 1
wait_until 10 [ -e "$root/outbox/acked/$first" ] || fail "nothing is pulled"
rm "$account/incoming/new/$first"
wait_until 30 arrived "$second" || fail "the second did not arrive"
logged link.down && fail "the link went down"
exit 0

#!/bin/bash
# Goal: nothing is sent to a host whose key is another than the pinned one, or
# that has none pinned, and nothing without the right key of our own; put
# right, the same courier goes on by itself.
. "$(dirname "$0")/lib-courier.sh"

sshd_start "$work/sshd" "$account" || fail "no sshd"
noise 1000 "$work/unit"
crash=$(seal crash 1 "$work/unit")
cp "$SSHD_HOSTS" "$work/good-hosts"

try() { # PATTERN
	: >"$work/courier.log"
	courier_start
	wait_until 10 logged "$1" || fail "no '$1' in the log"
	[ -z "$(find "$account/incoming" -type f)" ] || fail "something was sent"
	grep -q '"up":false' "$root/inbox/link.json" || fail "link.json says up"
	courier_kill
}

ssh-keygen -q -t ed25519 -N '' -f "$work/other"
echo "[127.0.0.1]:$SSHD_PORT $(cut -d' ' -f1,2 "$work/other.pub")" \
    >"$SSHD_HOSTS"
try 'link.down.*shows another host key'

echo "master.example.org $(cut -d' ' -f1,2 "$SSHD_DIR/host.pub")" \
    >"$SSHD_HOSTS"
try 'link.down.*has no ed25519 key'

rm "$SSHD_HOSTS"
try 'link.down.*cannot read host keys'

cp "$work/good-hosts" "$SSHD_HOSTS"
good=$SSHD_KEY
SSHD_KEY=$work/other
try 'link.down.*cannot log in'
SSHD_KEY=$good

# Wrong first, and put right while the courier runs.
rm "$SSHD_HOSTS"
courier_start
wait_until 10 logged link.down || fail "it went up without host keys"
cp "$work/good-hosts" "$SSHD_HOSTS"
wait_until 20 arrived "$crash" || fail "it did not go on"
exit 0

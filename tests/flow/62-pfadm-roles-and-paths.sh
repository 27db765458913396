#!/bin/bash
# Goal: who is not in the groups gets exit 4, whatever the socket's mode; a
# root deeper than a socket's address works; a dead socket is replaced.
. "$(dirname "$0")/lib-master.sh"

deep=$work/$(printf 'd%.0s' {1..100})/$(printf 'e%.0s' {1..100})
mkdir -p "$deep"
root=$deep/root
start_master
check "a path of over 200 characters" pfadm --root "$root" status
check "through the environment" env PANDAFUZZ_ROOT="$root" pfadm bot list
check "as a socket" pfadm --socket "$root/run/admin.sock" job list
mode=$(stat -c %a "$root/run/admin.sock")
case $mode in
660 | 666) ok "mode $mode" ;;
*) fail "mode $mode" ;;
esac

# A second master finds the root locked; a killed one leaves a dead socket.
stop_master KILL
[ -S "$root/run/admin.sock" ] || fail "the socket went with the master"
pfadm --root "$root" status >/dev/null 2>&1
is "nobody listens" 5 $?
start_master
check "the dead socket is replaced" pfadm --root "$root" status

if [ "$(id -u)" = 0 ]; then
	chmod 755 "$work" "$(dirname "$deep")" "$deep" "$root" "$root/run"
	install -m 755 "$B/bin/pfadm" "$work/pfadm"
	nobody() {
		(cd / && setpriv --reuid 65534 --regid 65534 --clear-groups \
		    "$work/pfadm" --root "$root" "$@")
	}
	chmod 600 "$root/run/admin.sock"
	nobody status >"$work/out" 2>&1
	is "a closed door is exit 4" 4 $?
	chmod 666 "$root/run/admin.sock"
	nobody status >"$work/out" 2>&1
	is "an open door is not enough to read" 4 $?
	grep -q "may not read" "$work/out" || fail "$(cat "$work/out")"
	nobody --json spool retry local/x >"$work/out" 2>/dev/null
	is "nor to change" 4 $?
	is "as JSON" denied "$(jq -r .error.code "$work/out")"
else
	ok "skipped: only root can become somebody else"
fi
stop_master || fail "the master's exit code"

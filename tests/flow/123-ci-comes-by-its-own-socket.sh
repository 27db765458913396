#!/bin/bash
# Goal: a ci key speaks HTTP with the master over ssh as its account: it may
# look at builds of its projects and change nothing else; disabled, its socket
# and its connections are gone within 5 s.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh
. tests/flow/lib-accounts.sh
. tests/flow/lib-soon.sh

listen_up --bots 0
ssh-keygen -q -t ed25519 -N '' -f "$work/ci"
api POST accounts "{\"name\":\"ci-png\",\"kind\":\"ci\",\"projects\":[\"png\"],
    \"key\":\"$(cat "$work/ci.pub")\"}" >/dev/null ||
    fail "add: $(cat "$work/answer")"
[ -S "$ROOT/run/accounts/ci-png.sock" ] || fail "no socket"

ask() { # METHOD PATH [BODY]: over ssh; the status
	printf '%s /api/v1/%s HTTP/1.1\r\nHost: m\r\nConnection: close\r\n' \
	    "$1" "$2" >"$work/request"
	printf 'Content-Length: %d\r\n\r\n%s' "${#3}" "$3" >>"$work/request"
	ssh $options -i "$work/ci" -p "$port" "$me@$host" x <"$work/request" \
	    >"$work/out" 2>"$work/err"
	sed -n '1s/^HTTP\/1.1 \([0-9]*\).*/\1/p' "$work/out"
}
is_200() {
	[ "$(ask GET "$1" '')" = 200 ]
}

wait_until 20 is_200 builds || fail "builds: $(cat "$work/out" "$work/err")"
for path in jobs accounts status; do
	code=$(ask POST $path '{"name":"x","target":"png/read"}')
	case $code in 403 | 404) ;; *) fail "POST $path: $code" ;; esac
done
[ "$(ask PUT accounts/ci-png/disable '{}')" = 403 ] || fail "disables itself"
[ "$(ask POST 'builds?project=zlib' '')" = 403 ] || fail "another project"

# A connection that stays.
mkfifo "$work/pipe"
ssh $options -i "$work/ci" -p "$port" "$me@$host" x <"$work/pipe" \
    >"$work/live.out" 2>&1 &
live=$!
exec 7>"$work/pipe"
printf 'GET /api/v1/healthz HTTP/1.1\r\nHost: m\r\n\r\n' >&7
wait_until 20 grep -q '200 OK' "$work/live.out" || fail "no live connection"
ended() {
	! runs $live
}
api PUT accounts/ci-png/disable '{}' >/dev/null || fail "disable"
within_5s ended || fail "its connection lives"
[ ! -e "$ROOT/run/accounts/ci-png.sock" ] || fail "its socket is there"
[ "$(ask GET builds '')" = 200 ] && fail "disabled, and let in"
api PUT accounts/ci-png/approve '{}' >/dev/null || fail "approve"
wait_until 20 is_200 builds || fail "approved: $(cat "$work/out" "$work/err")"
exit 0

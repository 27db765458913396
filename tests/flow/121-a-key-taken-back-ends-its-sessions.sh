#!/bin/bash
# Goal: disable, rotate and remove end live SSH connections within 5 s, also
# when the key file is changed while nobody tells the session; others go on,
# and approve lets in again.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh
. tests/flow/lib-accounts.sh
. tests/flow/lib-soon.sh

listen_up --bots 0
api POST accounts '{"name":"office"}' >/dev/null || fail "add"
n=0
for line in $(invitations office 3 '"auto":true'); do
	n=$((n + 1))
	knock "$line" m$n pc-$n >/dev/null
	wait_until 20 answer_is m$n "$invite" admitted || fail "m$n"
done

# A connection that stays: $live is the pid of its ssh, which ends with it.
open_session() { # NAME
	mkfifo "$work/$1.in"
	sftp -q $options -i "$work/$1/own" -P "$port" "$me@$host" \
	    <"$work/$1.in" >"$work/$1.out" 2>&1 &
	live=$!
	sleepers="$sleepers $live"
	exec {hold}>"$work/$1.in"
	echo 'ls incoming' >&$hold
	wait_until 20 grep -q 'incoming/new' "$work/$1.out" ||
	    fail "$1 has no session: $(cat "$work/$1.out")"
	live=$(tr -d ' ' <"/proc/$live/task/$live/children")
	[ -n "$live" ] || fail "$1 has no ssh"
}
sleepers=
ended() { # PID
	! runs "$1"
}

open_session m1; one=$live
open_session m2; two=$live
began=$(date +%s%N)
api PUT accounts/office/disable '{"key":"pc-1","reason":"lost"}' >/dev/null ||
    fail "disable"
within_5s ended $one || fail "the session of a disabled key lives"
echo "ended after $((($(date +%s%N) - began) / 1000000)) ms"
runs $two || fail "another key's session ended, too"
may_enter m1 && fail "a disabled key comes in"
may_enter m2 || fail "another key does not come in"
api PUT accounts/office/approve '{"key":"pc-1"}' >/dev/null || fail "approve"
may_enter m1 || fail "approved again, and not let in"

# A new key by a new invitation; the old one ends at once.
api PUT accounts/office/rotate '{"key":"pc-2"}' >"$work/rotated" ||
    fail "rotate: $(cat "$work/rotated")"
within_5s ended $two || fail "the session of a rotated key lives"
may_enter m2 && fail "the old key comes in"
knock "$(jq -r '.items[0].line' "$work/rotated")" m2new pc-2 >/dev/null
wait_until 20 answer_is m2new "$invite" admitted || fail "the new one"
may_enter m2new || fail "the new key does not come in"

# The account as a whole, twice.
open_session m3; three=$live
api PUT accounts/office/disable '{}' >/dev/null || fail "disable all"
within_5s ended $three || fail "a session of a disabled account lives"
api PUT accounts/office/disable '{}' >/dev/null && fail "disabled twice"
api PUT accounts/office/approve '{}' >/dev/null || fail "approve all"
rm "$work/m3.in"
open_session m3; three=$live
api DELETE 'accounts/office?reason=gone' >/dev/null || fail "remove"
within_5s ended $three || fail "a session of a removed account lives"
may_enter m3 && fail "a removed account comes in"
api GET accounts/office >/dev/null && fail "it is still shown"
[ "$(head -n 1 "$ROOT/accounts/office.keys")" = "# kind=bot state=removed" ] ||
    fail "its key file: $(cat "$ROOT/accounts/office.keys")"
grep -q office "$ROOT/local/authorized_keys" && fail "sshd still knows it"

# Keys whose rows are lost are not locked out; disabled ones have rows.
api POST accounts '{"name":"lab"}' >/dev/null || fail "add"
knock "$(invitations lab 1 '"auto":true')" l1 lab-1 >/dev/null
wait_until 20 answer_is l1 "$invite" admitted || fail "l1"
kill $sleepers 2>/dev/null
open_session l1; last=$live
pf-local down "$ROOT" 2>"$work/said" || fail "down"
grep . "$work/said" && fail "down was not quiet"
ended $last || fail "a session outlives the master"
sqlite3 "$ROOT/data/pandafuzz.db" "DELETE FROM invite; DELETE FROM account_key
    WHERE bot = 'lab-1'" || fail "sqlite3"
pf-local up "$ROOT" || fail "up"
may_enter l1 || fail "a key that the database has lost is locked out"
may_enter m3 && fail "a removed account is back"
api GET accounts/lab | jq -e '.item.key_list[0].added_by == "found"' \
    >/dev/null || fail "it was not adopted: $(cat "$work/answer")"
exit 0

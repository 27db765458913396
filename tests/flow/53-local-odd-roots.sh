#!/bin/bash
# Goal: ROOT may have a path longer than a Unix socket's, blanks in it, and be
# on dir: instead of SFTP; a ROOT that others may write to, or whose path
# would need quoting in sshd's files, is refused with a sentence.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh

long=$(printf 'd%.0s' $(seq 100))
ROOT="$work/$long/with a blank"
mkdir -p "$work/$long"
local_up --slots 1
adm status >/dev/null || fail "pfadm does not reach a long path"
pf-local status "$ROOT" || fail "status of a long path"
pf-local down "$ROOT" || fail "down of a long path"

local_up --link dir
pf-local status "$ROOT" | grep -q sshd && fail "an sshd without need"
pf-local down "$ROOT" || fail "down of dir:"

chmod 0777 "$ROOT"
pf-local up "$ROOT" 2>"$work/said" && fail "a ROOT for all was taken"
grep -q 'written by others' "$work/said" || fail "said: $(cat "$work/said")"
chmod 0750 "$ROOT"
chmod 0770 "$ROOT/local/keys"
pf-local up "$ROOT" 2>/dev/null && fail "keys that others may replace"
chmod 0700 "$ROOT/local/keys"
pf-local up "$work/a'quote" 2>"$work/said" && fail "a quote was taken"
grep -q 'quote' "$work/said" || fail "said: $(cat "$work/said")"
pf-local up "$work/x" --bots many 2>/dev/null
[ $? = 2 ] || fail "bad usage is not 2"
exit 0

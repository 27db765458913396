#!/bin/bash
# Goal: the same with the key of a bot of pf-local (deployment B: a private sshd
# and a forced command): the list of lib-breakout.sh, as root and as a user.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh
. tests/flow/lib-breakout.sh

local_up --bots 1 --slots 1
BO_USER=$(id -un) BO_KEY=$ROOT/local/keys/b1 BO_HOSTS=$ROOT/local/known_hosts
BO_PORT=$(sed 's/.*"port":\([0-9]*\).*/\1/' "$ROOT/local/config.json")
BO_SPOOL=$ROOT/spool/local BO_OTHER=other BO_DIR=$work/bo
BO_STORED=$ROOT/builds/published BO_SOCKET=$ROOT/run/admin.sock
BO_SECRETS="$ROOT/local/keys/host_ed25519 $ROOT/local/authorized_keys
    $ROOT/data/pandafuzz.db"
mkdir "$BO_DIR"
# Nothing of the bot's or the master's comes and goes meanwhile.
still="$(pid_of b1) $(pid_of master)"
kill -STOP $still
trap 'code=$?; kill -CONT $still; bo_leave; (exit $code); local_end' EXIT
echo bytes >"$ROOT/builds/published" && chmod 444 "$ROOT/builds/published"
ln "$ROOT/builds/published" "$BO_SPOOL/outgoing/b1/published"
mkdir -p "$ROOT/spool/other/incoming/new" "$ROOT/spool/other/incoming/tmp" \
    "$ROOT/spool/other/outgoing"
echo secret >"$ROOT/spool/other/outgoing/secret"
breakout
kill -CONT $still
pf-local status "$ROOT" || fail "the attempts brought something down"
exit 0

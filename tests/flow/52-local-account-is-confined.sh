#!/bin/bash
# Goal: with a bot's key one can put files into incoming/tmp, rename them into
# incoming/new and read outgoing/, and nothing else: no shell, no other
# folder, no way to move new/ away or to write into what the master publishes.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh

local_up --bots 1 --slots 1
port=$(sed 's/.*"port":\([0-9]*\).*/\1/' "$ROOT/local/config.json")
options="-oBatchMode=yes -oUserKnownHostsFile=$ROOT/local/known_hosts
    -oStrictHostKeyChecking=yes -oIdentitiesOnly=yes -oIdentityAgent=none
    -F none"
me=$(id -un)@127.0.0.1

talk() { # KEY, batch on standard input
	sftp -q $options -i "$1" -P "$port" -b - "$me" 2>&1
}

key=$ROOT/local/keys/b1
echo payload >"$work/file"

# What it may.
talk "$key" <<TEXT || fail "cannot push"
put $work/file incoming/tmp/a
rename -l incoming/tmp/a incoming/new/a
ls -l outgoing/b1
get outgoing/b1/status.json $work/status.json
-rm incoming/new/a
put $work/file incoming/tmp/keep
TEXT
[ -s "$work/status.json" ] || fail "cannot read status.json"

# What it may not: each line must fail.
while read -r line; do
	echo "$line" | talk "$key" >"$work/out" &&
	    fail "was allowed: $line ($(cat "$work/out"))"
done <<TEXT
mkdir incoming/new/folder
rmdir incoming/new
rename incoming/new incoming/old
rename incoming/tmp/../new incoming/old
put $work/file incoming/file
put $work/file outgoing/b1/status.json
put $work/file outgoing/file
rename outgoing/b1/status.json outgoing/b1/gone
rm outgoing/b1/status.json
chmod 777 incoming
chmod 777 incoming/new
symlink /etc/passwd incoming/tmp/link
ln incoming/tmp/keep incoming/tmp/linked
get $ROOT/local/keys/host_ed25519 $work/stolen
get $ROOT/data/pandafuzz.db $work/stolen
get ../data/pandafuzz.db $work/stolen
ls /home
ls /root
ls /proc
put $work/file /tmp/x
TEXT
[ ! -e "$work/stolen" ] || fail "a file of the master was read"
[ -d "$ROOT/spool/local/incoming/new" ] || fail "new/ is gone"

# No shell, no forwarding; no other key.
ssh $options -i "$key" -p "$port" "$me" 'echo shell-was-here' \
    </dev/null >"$work/out" 2>&1
grep -q shell-was-here "$work/out" && fail "a command was run"
ssh-keygen -q -t ed25519 -N '' -f "$work/other"
echo ls | talk "$work/other" >/dev/null && fail "any key is let in"
pf-local status "$ROOT" || fail "the attempts brought something down"
exit 0

#!/bin/bash
# Goal: pfadm -H ssh://user@master works as it does on the master's machine,
# through the user's own ssh: pages, changes, builds by difference, streams;
# whatever keeps it from there is a sentence and exit 5, and no ssh is left.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-sshd.sh"
. "$(dirname "$0")/lib-pfadm.sh"

before_end() {
	sshd_stop
}

# An sshd as people log in to: a shell, and pfadm in its PATH.
far=$work/far
mkdir "$far"
sshd_config() {
	cp "$SSHD_DIR/client.pub" "$SSHD_DIR/authorized_keys"
	cat >"$SSHD_DIR/config" <<TEXT
ListenAddress 127.0.0.1:$SSHD_PORT
HostKey $SSHD_DIR/host
PidFile $SSHD_DIR/pid
AuthorizedKeysFile $SSHD_DIR/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv PATH=$far:/usr/bin:/bin PANDAFUZZ_ROOT=$root PANDAFUZZ_HOST=ssh://nowhere
LogLevel ERROR
TEXT
}
sshd_start "$work/ssh" "" || fail "no sshd"

# The user's own ssh reads the user's own files: key and known host.
mkdir "$work/bin"
real=$(command -v ssh)
cat >"$work/bin/ssh" <<TEXT
#!/bin/sh
echo x >>"$work/started"
exec "$real" -F "$work/config" "\$@"
TEXT
chmod 755 "$work/bin/ssh"
cat >"$work/config" <<TEXT
IdentityFile $SSHD_KEY
IdentitiesOnly yes
UserKnownHostsFile $SSHD_HOSTS
TEXT
PATH=$work/bin:$PATH
here=$(command -v pfadm)
export PANDAFUZZ_HOST=ssh://$(id -un)@127.0.0.1:$SSHD_PORT
adm() {
	env -u PANDAFUZZ_ROOT pfadm "$@" </dev/null
}
no_ssh_is_left() {
	[ -z "$(sshd_sessions)" ]
}

code 5 status
says "there is no pfadm on '127.0.0.1'"
ln -s "$here" "$far/pfadm"
code 5 status --json
says "there is no master on '127.0.0.1'"
is "as JSON, too" again "$(json .error.code)"
start_master

code 0 status
says "bots      none"
code 0 version
says "master "
: >"$work/started"
mkdir -p "$work/out-1"
make_target "$work/out-1/read"
printf '"ab"\n' >"$work/out-1/read.dict"
code 0 build add "$work/out-1" --project png -q
build=$(cat "$work/out")
is "one ssh for the whole of it" 1 "$(wc -l <"$work/started")"
is "the master has its files" 2 "$(find "$root/builds/files" -type f | wc -l)"
cp -r "$work/out-1" "$work/out-2"
head -c 30000000 /dev/urandom >"$work/out-2/large"
code 0 build add "$work/out-2" --project png -q
is "only what is missing was sent" 3 \
    "$(find "$root/builds/files" -type f | wc -l)"
is "and it came whole" "$(sum "$work/out-2/large")" \
    "$(find "$root/builds/files" -size +20000k -exec basename {} \;)"
code 0 job create png/read -q
job=$(cat "$work/out")
code 0 job list -o id --no-header --filter status=pending
is "the job is there" "$job" "$(cat "$work/out")"
code 3 build show 0000
check "the role is that of the user there" \
    grep -q "added_by.*user:$(id -un)" <(adm build show "$build" --json)

# Streams: events come as they happen, and Ctrl-C ends it.
env --default-signal=INT -u PANDAFUZZ_ROOT pfadm events -f -n 1 \
    >"$work/events" 2>"$work/err" &
following=$!
has() {
	grep -q "$1" "$work/events"
}
check "the newest is there" wait_until 20 test -s "$work/events"
code 0 job cancel "$job" --reason "from afar"
check "and what comes" wait_until 20 has "job.cancelled.*from afar"
kill -INT $following
wait $following
is "Ctrl-C is exit 130" 130 $?
check "no session is left over there" wait_until 20 no_ssh_is_left

# Where and how: options over environment over the user's file.
unset PANDAFUZZ_HOST
mkdir -p "$work/conf/pandafuzz"
export XDG_CONFIG_HOME=$work/conf
echo "host: ssh://127.0.0.1:$SSHD_PORT$root/run/admin.sock" \
    >"$work/conf/pandafuzz/pfadm.yaml"
: >"$work/started"
code 0 bot list
is "the user's file says where, with the socket there" 1 \
    "$(wc -l <"$work/started")"
code 0 bot list --root "$root"
is "an option wins" 1 "$(wc -l <"$work/started")"
echo "hots: x" >"$work/conf/pandafuzz/pfadm.yaml"
code 2 bot list
says "pfadm.yaml:1:1: unknown key 'hots', nearest is 'host'"
unset XDG_CONFIG_HOME

# What goes wrong is told.
far_url=ssh://127.0.0.1:$SSHD_PORT
code 2 bot list -H "$far_url" --root "$root"
says "--host has the socket in itself"
for odd in 'ssh://-oProxyCommand=touch' 'ssh://a b' 'ssh://h/$(id)' \
    'ssh://h:70000' 'ssh://-l@h' 'http://h' 'ssh://'; do
	code 2 bot list -H "$odd"
	says "is no ssh://[user@]host[:port][/socket]"
done
code 5 bot list -H "$far_url/no/such.sock"
says "there is no master on '127.0.0.1'"
says "no master at '/no/such.sock'"
sed -i s/ssh-ed25519/ssh-rsa/ "$SSHD_HOSTS"
code 5 bot list -H "$far_url"
says "Host key verification failed"
says "ssh does not get to '127.0.0.1'"
sshd_stop
code 5 bot list -H "$far_url" --json
says "ssh does not get to '127.0.0.1'"
is "and as JSON" again "$(json .error.code)"
stop_master || fail "the master's exit code"
ok "from one's desk"

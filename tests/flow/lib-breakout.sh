# Sourced by the break-out tests of both deployments: what a bot's key may not
# do, one list for both.  Each attempt is a session of its own over one
# connection; each must fail, and nothing on the master's side may have changed
# afterwards.  What a bot may do is tried before and after, over the same.
#
#	breakout	needs these:
#
#	BO_USER, BO_KEY		as whom, with which key file
#	BO_PORT, BO_HOSTS	sshd on 127.0.0.1, and its pinned key
#	BO_SPOOL		the account's folder on the master
#	BO_OTHER		another account, beside it
#	BO_SECRETS		files that nobody but the master may read
#	BO_SOCKET		the master's socket
#	BO_DIR			for our own files
#
# In outgoing/b1 lies "published", 0444 and hard-linked to BO_STORED.

bo_options() {
	echo -F none -i "$BO_KEY" -oBatchMode=yes -oIdentitiesOnly=yes \
	    -oIdentityAgent=none -oUserKnownHostsFile="$BO_HOSTS" \
	    -oStrictHostKeyChecking=yes -oConnectTimeout=20
}

bo_ssh() { # OPTION... [-- COMMAND]: a connection of its own
	timeout 10 ssh $(bo_options) -p "$BO_PORT" -l "$BO_USER" "$@"
}

bo_master() { # connect, for all sessions
	ssh $(bo_options) -p "$BO_PORT" -oControlPath="$BO_DIR/cm" -M -N -f \
	    "$BO_USER@127.0.0.1" >/dev/null 2>"$BO_DIR/said"
}

bo_leave() {
	[ ! -S "$BO_DIR/cm" ] ||
		ssh -oControlPath="$BO_DIR/cm" -O exit x 2>/dev/null
}

bo_sftp() { # batch on standard input
	timeout 20 sftp -q $(bo_options) -oControlPath="$BO_DIR/cm" \
	    -P "$BO_PORT" -b - "$BO_USER@127.0.0.1" >"$BO_DIR/said" 2>&1
}

# Every name, owner, mode and content around the account, but its own incoming.
bo_state() {
	find "$(dirname "$BO_SPOOL")" -path "$BO_SPOOL/incoming/tmp/*" -prune \
	    -o -path "$BO_SPOOL/incoming/new/*" -prune \
	    -o -path "*/outgoing/*/status.json" -prune \
	    -o -printf '%P %y %u %g %m %n %l\n' | sort
	cat "$BO_STORED"
}

bo_may() { # NAME: push a file, and read
	bo_sftp <<TEXT || fail "a bot may not push: $(cat "$BO_DIR/said")"
put $BO_DIR/file incoming/tmp/$1
rename -l incoming/tmp/$1 incoming/new/$1
ls -l outgoing/b1
get outgoing/b1/published $BO_DIR/got
-rm incoming/new/$1
TEXT
	cmp -s "$BO_STORED" "$BO_DIR/got" || fail "it read something else"
}

bo_lines() {
	local secret
	cat <<TEXT
ls ../$BO_OTHER
ls ../$BO_OTHER/outgoing
get ../$BO_OTHER/outgoing/secret $BO_DIR/stolen
get $(dirname "$BO_SPOOL")/$BO_OTHER/outgoing/secret $BO_DIR/stolen
get incoming/../../$BO_OTHER/outgoing/secret $BO_DIR/stolen
put $BO_DIR/file ../$BO_OTHER/incoming/new/planted
put $BO_DIR/file $(dirname "$BO_SPOOL")/$BO_OTHER/incoming/new/planted
rename -l incoming/tmp/keep ../$BO_OTHER/incoming/new/planted
rename incoming/new incoming/old
rename -l incoming/new incoming/old
rename -l incoming/new incoming/tmp/old
rename -l incoming/tmp incoming/new/tmp
rename -l incoming old
rename -l outgoing incoming/tmp/outgoing
rmdir incoming/new
rmdir incoming/tmp
rmdir outgoing/b1
mkdir incoming/new/folder
mkdir incoming/tmp/folder
mkdir folder
put $BO_DIR/file outgoing/b1/published
put $BO_DIR/file outgoing/b1/new
put $BO_DIR/file outgoing/file
put $BO_DIR/file incoming/file
put $BO_DIR/file file
rm outgoing/b1/published
rename -l outgoing/b1/published incoming/tmp/mine
rename incoming/tmp/keep outgoing/b1/published
ln outgoing/b1/published incoming/tmp/hard
ln incoming/tmp/keep incoming/tmp/hard
ln -s /etc/passwd incoming/tmp/soft
symlink ../../.. incoming/tmp/soft
chmod 777 incoming
chmod 777 incoming/new
chmod 4777 incoming/tmp/keep
chmod 666 outgoing/b1/published
chown 0 incoming/tmp/keep
chgrp 0 incoming/tmp/keep
ls ../../../root
get ../../../../../../../../etc/shadow $BO_DIR/stolen
get /etc/shadow $BO_DIR/stolen
ls /root
ls /home
ls /proc
get /proc/self/environ $BO_DIR/stolen
get ~root/.ssh/authorized_keys $BO_DIR/stolen
put $BO_DIR/file /tmp/planted-$$
put $BO_DIR/file ../../../../../../tmp/planted-$$
TEXT
	for secret in $BO_SECRETS; do
		echo "get $secret $BO_DIR/stolen"
		echo "get ../../..$secret $BO_DIR/stolen"
		echo "put $BO_DIR/file $secret"
	done
}

bo_try_sftp() {
	local line count=0
	while read -r line; do
		echo "$line" | bo_sftp &&
			fail "was allowed: $line ($(cat "$BO_DIR/said"))"
		[ ! -e "$BO_DIR/stolen" ] || fail "was read: $line"
		count=$((count + 1))
	done < <(bo_lines)
	[ ! -e "/tmp/planted-$$" ] || fail "a file was planted in /tmp"
	echo "ok: $count attempts over SFTP were refused"
}

bo_no_command() { # WHAT OPTION...: nothing is run; a shell would say 42x
	local what=$1
	shift
	echo 'echo $((6*7))x; exit' | bo_ssh "$@" >"$BO_DIR/said" 2>&1
	grep -q 42x "$BO_DIR/said" && fail "$what: $(cat "$BO_DIR/said")"
	echo "ok: no $what"
}

bo_try_commands() {
	bo_no_command "shell" 127.0.0.1
	bo_no_command "shell on a terminal" -tt 127.0.0.1
	bo_no_command "command" 127.0.0.1 'echo $((6*7))x'
	bo_no_command "command beside SFTP" 127.0.0.1 \
	    '/usr/lib/openssh/sftp-server; echo $((6*7))x'
	bo_no_command "other subsystem" -s 127.0.0.1 netconf
	bo_no_command "environment" -oSetEnv=LD_PRELOAD=/tmp/x.so 127.0.0.1 \
	    'echo $((6*7))x'
}

# The port of sshd itself would greet us.
bo_try_forwarding() {
	local port=$((BO_PORT + 1)) job
	bo_ssh -W "127.0.0.1:$BO_PORT" 127.0.0.1 </dev/null >"$BO_DIR/said" \
	    2>/dev/null
	grep -q SSH- "$BO_DIR/said" && fail "-W goes through"
	bo_ssh -N -oExitOnForwardFailure=yes -R "$port:127.0.0.1:$BO_PORT" \
	    127.0.0.1 >/dev/null 2>&1
	[ $? = 255 ] || fail "-R is not refused"
	bo_ssh -N -oExitOnForwardFailure=yes \
	    -R "$BO_DIR/r.sock:127.0.0.1:$BO_PORT" 127.0.0.1 >/dev/null 2>&1
	[ $? = 255 ] || fail "-R of a Unix socket is not refused"
	ssh $(bo_options) -p "$BO_PORT" -l "$BO_USER" -N \
	    -L "$BO_DIR/l.sock:$BO_SOCKET" -L "$port:127.0.0.1:$BO_PORT" \
	    -D "$((port + 1))" 127.0.0.1 >/dev/null 2>&1 &
	job=$!
	bo_listens() { [ -S "$BO_DIR/l.sock" ] &&
		(exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null; }
	wait_until 30 bo_listens || fail "our own side does not listen"
	curl -s --max-time 5 --unix-socket "$BO_DIR/l.sock" \
	    http://m/api/v1/status >"$BO_DIR/said" 2>&1 &&
		fail "-L reaches the master's socket"
	curl -s --max-time 5 --http0.9 "http://127.0.0.1:$port/" 2>/dev/null |
	    grep -q SSH- && fail "-L goes through"
	curl -s --max-time 5 --http0.9 --socks5 "127.0.0.1:$((port + 1))" \
	    "http://127.0.0.1:$BO_PORT/" 2>/dev/null | grep -q SSH- &&
		fail "-D goes through"
	kill "$job" 2>/dev/null
	wait "$job" 2>/dev/null
	echo "ok: nothing is forwarded: -W, -L, -R, -D, Unix sockets"
}

# sshd would leave a socket in /tmp/ssh-XXXX for as long as the session lasts.
bo_try_agent() {
	local agent job before
	eval "$(ssh-agent -a "$BO_DIR/agent.sock")" >/dev/null
	agent=$SSH_AGENT_PID
	before=$(ls -d /tmp/ssh-* 2>/dev/null | wc -l)
	mkfifo "$BO_DIR/agent.fifo"
	SSH_AUTH_SOCK=$BO_DIR/agent.sock sftp -q $(bo_options) -oIdentityAgent=SSH_AUTH_SOCK \
	    -oForwardAgent=yes -P "$BO_PORT" -b - "$BO_USER@127.0.0.1" \
	    <"$BO_DIR/agent.fifo" >"$BO_DIR/agent.said" 2>&1 &
	job=$!
	exec 7>"$BO_DIR/agent.fifo"
	echo 'ls incoming' >&7
	bo_listed() { grep -q '^incoming/new' "$BO_DIR/agent.said"; }
	wait_until 30 bo_listed || fail "$(cat "$BO_DIR/agent.said")"
	[ "$(ls -d /tmp/ssh-* 2>/dev/null | wc -l)" = "$before" ] ||
		fail "an agent was forwarded"
	exec 7>&-
	wait "$job"
	kill "$agent"
	echo "ok: no agent is forwarded"
}

breakout() {
	local before
	echo payload >"$BO_DIR/file"
	bo_master || fail "no connection: $(cat "$BO_DIR/said")"
	echo "put $BO_DIR/file incoming/tmp/keep" | bo_sftp || fail "no put"
	before=$(bo_state)
	bo_may one
	echo "ok: what a bot needs is allowed"
	bo_try_sftp
	bo_may two
	bo_try_commands
	bo_try_forwarding
	bo_try_agent
	bo_may three
	echo "ok: what a bot needs is still allowed, over the same connection"
	[ "$before" = "$(bo_state)" ] ||
		fail "something changed: $(diff <(echo "$before") <(bo_state))"
	[ "$(stat -c %h "$BO_SPOOL/incoming/tmp/keep")" = 1 ] ||
		fail "a hard link was made"
	bo_leave
	echo "ok: nothing on the master's side has changed"
}

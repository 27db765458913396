# Sourced by flow tests that want a real sshd and no whole installation: one on
# a free port of 127.0.0.1, with a key of its own, whose sessions are an
# sftp-server that starts in a folder of the test's choice.
#
#	sshd_start DIR ACCOUNT	DIR for keys and logs; again: on the same port
#	sshd_stop		the listener and all sessions
#	sshd_sessions		pids of all processes below the listener
#
# Afterwards: SSHD_LINK, SSHD_KEY, SSHD_HOSTS (the pinned host key), SSHD_PORT.
# Works as root and as a user, and changes nothing outside DIR.  Whoever
# sources this calls sshd_stop at its end.
SSHD_PORT=
SSHD_DIR=
SSHD_JOB=

sshd_program() {
	"$(dirname "${BASH_SOURCE[0]}")/../../tools/find-sshd"
}

sshd_sftp_server() {
	local s
	for s in /usr/lib/openssh/sftp-server \
	    "$(dirname "$(sshd_program)")/../lib/openssh/sftp-server"; do
		[ -x "$s" ] && realpath "$s" && return
	done
	return 1
}

sshd_keys() {
	local name
	for name in host client; do
		[ -s "$SSHD_DIR/$name" ] || ssh-keygen -q -t ed25519 -N '' \
		    -C "$name" -f "$SSHD_DIR/$name" || return
	done
	printf '[127.0.0.1]:%s %s\n' "$SSHD_PORT" \
	    "$(cut -d' ' -f1,2 "$SSHD_DIR/host.pub")" >"$SSHD_DIR/hosts"
}

# What packaging/sshd asks for, as far as one user can have it.
sshd_config() { # ACCOUNT
	printf 'restrict,command="cd %s && exec %s -u 027" %s\n' "$1" \
	    "$(sshd_sftp_server)" "$(cat "$SSHD_DIR/client.pub")" \
	    >"$SSHD_DIR/authorized_keys"
	cat >"$SSHD_DIR/config" <<TEXT
ListenAddress 127.0.0.1:$SSHD_PORT
HostKey $SSHD_DIR/host
PidFile $SSHD_DIR/pid
AuthorizedKeysFile $SSHD_DIR/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAcceptedAlgorithms ssh-ed25519
PermitRootLogin forced-commands-only
Subsystem sftp $(sshd_sftp_server)
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org
Ciphers aes128-ctr,aes256-ctr,aes256-gcm@openssh.com
MACs hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com
HostKeyAlgorithms ssh-ed25519
Compression no
MaxStartups 200:30:400
LogLevel ERROR
TEXT
}

sshd_answers() {
	(exec 3<>"/dev/tcp/127.0.0.1/$SSHD_PORT") 2>/dev/null
}

# As root it insists on a user sshd, on /run/sshd, and on an account that is
# not locked: it gets an /etc/passwd and a /run of its own.
sshd_launch() {
	local run="-D -f $SSHD_DIR/config -E $SSHD_DIR/log"
	rm -f "$SSHD_DIR/pid"
	if [ "$(id -u)" != 0 ]; then
		"$(sshd_program)" $run &
	else
		printf '%s\n' "root:x:0:0:root:/root:/bin/sh" \
		    "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin" \
		    >"$SSHD_DIR/passwd"
		echo 'root:*:19000::::::' >"$SSHD_DIR/shadow"
		bwrap --dev-bind / / --tmpfs /run --dir /run/sshd \
		    --ro-bind "$SSHD_DIR/passwd" /etc/passwd \
		    --ro-bind "$SSHD_DIR/shadow" /etc/shadow \
		    "$(sshd_program)" $run &
	fi
	SSHD_JOB=$!
}

sshd_start() { # DIR ACCOUNT
	local try i
	SSHD_DIR=$1
	mkdir -p "$SSHD_DIR"
	for try in 1 2 3 4 5 6 7 8 9 10; do
		[ -n "$SSHD_PORT" ] && sshd_answers && SSHD_PORT=
		: "${SSHD_PORT:=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))}"
		sshd_answers && continue
		sshd_keys && sshd_config "$2" && sshd_launch || return 1
		SSHD_KEY=$SSHD_DIR/client
		SSHD_HOSTS=$SSHD_DIR/hosts
		SSHD_LINK=sftp://$(id -un)@127.0.0.1:$SSHD_PORT
		for i in $(seq 100); do
			sshd_answers && [ -s "$SSHD_DIR/pid" ] && return 0
			sleep 0.05
		done
	done
	echo "no sshd could be started:" >&2
	cat "$SSHD_DIR/log" >&2
	return 1
}

# All processes below a pid, parents first.
sshd_below() { # PID
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v top="$1" '
		{ pid = $1; sub(/.*\) . /, ""); parent[pid] = $1; }
		function below(of, p) {
			for (p in parent)
				if (parent[p] == of) {
					print p
					below(p)
				}
		}
		END { below(top) }'
}

sshd_sessions() {
	[ -s "$SSHD_DIR/pid" ] && sshd_below "$(cat "$SSHD_DIR/pid")"
}

sshd_stop() {
	local all
	[ -n "$SSHD_DIR" ] && [ -s "$SSHD_DIR/pid" ] || return 0
	all="$(cat "$SSHD_DIR/pid") $(sshd_sessions)"
	kill -KILL $all 2>/dev/null
	rm -f "$SSHD_DIR/pid"
	{ wait "$SSHD_JOB"; } 2>/dev/null
	return 0
}

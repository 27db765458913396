# Sourced first by tests of deployment A: root's sshd, one Unix user an account.
# The test starts anew in a mount namespace of its own, with an /etc, a /run, a
# /var/lib, a /var/log and a /usr/local/bin of its own, so that users are made
# and packaging's files used as they are, and nothing of the machine is
# touched, and with pids of its own: uids of two such tests are the same, and
# sessions are ended by uid.  As a plain user that cannot be had: skipped.
#
#	accounts_start		sshd with packaging/sshd/pandafuzz.conf in force
#	accounts_end		from the trap of the test
#	key NAME		a key pair $own/NAME, made when missing
#	sftp_as ACCOUNT KEY	sftp; batch on standard input
#
# SITE is ROOT, $own a folder; lib-sshd.sh's variables are set.  PF_NAMESPACES
# may say what more is wanted of unshare(1).
set -u

if [ "$(id -u)" != 0 ]; then
	echo "accounts are Unix users: only root can make them"
	exit 77
fi
if [ -z "${PF_OWN_MOUNTS-}" ]; then
	# shellcheck disable=SC2086
	PF_OWN_MOUNTS=1 exec unshare -m --propagation private --mount-proc \
	    --pid --fork --kill-child ${PF_NAMESPACES-} "$0" "$@"
fi

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/flow/lib-sshd.sh
B=$(realpath -m "${B:-build}")
SITE=/var/lib/pandafuzz
PF_SOURCE=$PWD
PF_BIN=$B/bin # for what looks beside itself
own=$(mktemp -d "${TMPDIR:-/tmp}/pf-accounts.XXXXXX") || exit 1
chmod 755 "$own"

# Debian's main file, as far as it matters; where the test listens comes last.
sshd_config() {
	mkdir -p /etc/ssh/sshd_config.d
	cat >/etc/ssh/sshd_config <<TEXT
Include /etc/ssh/sshd_config.d/*.conf
KbdInteractiveAuthentication no
UsePAM no
X11Forwarding yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp $(sshd_sftp_server)
ListenAddress ${SSHD_LISTEN-127.0.0.1}
Port $SSHD_PORT
HostKey $SSHD_DIR/host
PidFile $SSHD_DIR/pid
TEXT
}

sshd_launch() {
	rm -f "$SSHD_DIR/pid"
	"$(sshd_program)" -D -f /etc/ssh/sshd_config -E "$SSHD_DIR/log" &
	SSHD_JOB=$!
}

# A user sshd, and no user that a test makes.
accounts_mounts() {
	cp -a /etc "$own/etc" && mkdir "$own/lib" "$own/log" "$own/bin" &&
	    cp "$B"/bin/* "$own/bin/" || return
	grep -q '^sshd:' "$own/etc/passwd" ||
	    echo "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin" \
		>>"$own/etc/passwd"
	# As its package has it, whatever the machine's owner set up.
	rm -rf "$own/etc/pandafuzz" "$own/etc/ssh"
	mkdir -p "$own/etc/ssh/sshd_config.d"
	mount --bind "$own/etc" /etc && mount --bind "$own/lib" /var/lib &&
	    mount --bind "$own/log" /var/log &&
	    mount --bind "$own/bin" /usr/local/bin &&
	    mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/sshd
	PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}

accounts_end() {
	local pid
	sshd_stop
	for pid in ${accounts_pids-}; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	cd /
	umount -R /usr/local/bin /var/log /var/lib /run /etc 2>/dev/null
	rm -rf --one-file-system "$own"
}

key() { # NAME
	[ -s "$own/$1" ] || ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$own/$1"
}

# setup asks sshd for its words before there is a port that is known free.
accounts_start() { # OPTION... of setup
	SSHD_DIR=$own/sshd
	mkdir -p "$SSHD_DIR"
	: "${SSHD_PORT:=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))}"
	sshd_keys && sshd_config || return
	pf-account setup --sshd "$(sshd_program)" \
	    --snippet "$PF_SOURCE/packaging/sshd/pandafuzz.conf" "$@" \
	    >"$own/setup.log" 2>&1 || { cat "$own/setup.log"; return 1; }
	sshd_start "$SSHD_DIR" none
}

ssh_options() { # KEY
	echo -F none -i "$own/$1" -oBatchMode=yes -oIdentitiesOnly=yes \
	    -oIdentityAgent=none -oUserKnownHostsFile="$SSHD_HOSTS" \
	    -oStrictHostKeyChecking=yes -oConnectTimeout=20
}

sftp_as() { # ACCOUNT KEY
	sftp -q $(ssh_options "$2") -P "$SSHD_PORT" -b - "$1@127.0.0.1" 2>&1
}

accounts_mounts || { echo "FAIL: no /etc of its own"; exit 1; }

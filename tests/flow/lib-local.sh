# Sourced by flow tests that want a whole installation: ROOT below a folder of
# the test's own, brought up with `local_up`, stopped and removed at the end.
set -u

# B/bin is in PATH when tests/run starts us; by hand, B or build is taken.
B=$(realpath -m "${B:-build}")
case :$PATH: in *":$B/bin:"*) ;; *) PATH=$B/bin:$PATH ;; esac
work=$(mktemp -d "${TMPDIR:-/tmp}/pf-local.XXXXXX") || exit 1
ROOT=$work/root

fail() {
	echo "FAIL: $*" >&2
	for log in "$ROOT"/local/logs/*.log; do
		[ -f "$log" ] && echo "-- $log" && tail -n 20 "$log"
	done >&2
	exit 1
}

local_end() {
	local code=$?
	trap - EXIT
	[ -d "$ROOT/local/pids" ] && pf-local down "$ROOT"
	# An account's incoming/ is not writable, even for its owner.
	chmod -R u+rwX "$work" && rm -rf "$work"
	exit $code
}
trap local_end EXIT
trap 'exit 1' INT TERM

local_up() {
	pf-local up "$ROOT" "$@" || fail "pf-local up $*"
}

adm() {
	pfadm --root "$ROOT" "$@"
}

pid_of() { # NAME: master, sshd, b1, ...
	sed 's/.*"pid":\([0-9]*\).*/\1/' "$ROOT/local/pids/$1.json"
}

# Alive and no zombie.
runs() { # PID
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	'' | Z* | X*) return 1 ;;
	esac
}

# wait_until SECONDS COMMAND...: until it succeeds; fails after that time.
wait_until() {
	local until=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.1
	done
}

# Sourced by the flow tests of the courier: a bot's root, an account's folder,
# a real sshd between them, and the master's side by hand.
set -u

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/flow/lib-sshd.sh
B=$(realpath -m "${B:-build}")
PATH=$B/bin:$PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/pf-courier.XXXXXX") || exit 1
root=$work/root
account=$work/account
epoch=5f3c9a01d2e4b677
serial=$(date +%s)
courier=

touch "$work/courier.log"
mkdir -p "$root"/outbox/{tmp,new} "$account"/incoming/{tmp,new} \
    "$account"/outgoing/b1/{tickets,jobs,blobs}

fail() {
	echo "FAIL: $*" >&2
	for log in "$work"/*.log "$work"/sshd/log; do
		[ -s "$log" ] && echo "-- $log" && tail -n 30 "$log"
	done >&2
	exit 1
}

courier_end() {
	local code=$?
	trap - EXIT
	courier_kill
	sshd_stop
	rm -rf "$work"
	exit $code
}
trap courier_end EXIT
trap 'exit 1' INT TERM

options() {
	echo --root "$root" --name b1 --account local \
	    --link "${LINK-$SSHD_LINK}" --key "$SSHD_KEY" \
	    --known-hosts "$SSHD_HOSTS" --poll 100ms
}

# The process alone, without its supervisor.
courier_start() { # OPTION...
	pandafuzz-botd $(options) "$@" courier 2>>"$work/courier.log" &
	courier=$!
}

courier_kill() { # SIGNAL
	[ -n "$courier" ] || return 0
	kill "-${1-KILL}" "$courier" 2>/dev/null
	{ wait "$courier"; } 2>/dev/null
	local code=$?
	courier=
	return $code
}

seal() { # KIND SEQ FILE: its name
	local what=unit
	[ "$1" = crash ] && what=crash
	basename "$(pf-spool seal --kind "$1" --bot b1 --epoch $epoch \
	    --seq "$2" --target zlib/read --$what "$3" --into "$root/outbox")"
}

noise() { # BYTES FILE
	head -c "$1" /dev/urandom >"$2"
}

# status.json that says BELOW for our epoch, with these leases.
publish() { # BELOW [LEASE...]
	local below=$1 leases=
	shift
	[ $# = 0 ] || leases=$(printf ',"%s"' "$@")
	serial=$((serial + 1))
	printf '{"generation":"000000000000%s","serial":%d,"wire_max":1,%s%s' \
	    "${GENERATION-1111}" $serial '"wire_min":1,"heartbeat_ms":10000,' \
	    '"hold":false,"stop":false,"new_epoch":false,"reason":"",' \
	    >"$account/status.new"
	printf '"epoch":"%s","leases":[%s],"epochs":[{"epoch":"%s",%s%d,%s' \
	    $epoch "${leases#,}" $epoch '"below":' "$below" \
	    '"above":[],"refused":[]}]}' >>"$account/status.new"
	touch -d "@$serial" "$account/status.new"
	mv "$account/status.new" "$account/outgoing/b1/status.json"
}

ticket() { # LEASE FILES: the list as JSON
	cat >"$account/outgoing/b1/tickets/$1.json" <<TEXT
{"version":1,"lease":"$1","task":"00000000000000bb",
"job":"00000000000000cc","epoch":"$epoch","kind":"fuzz","bot":"b1",
"target":"zlib/read","build":"$(printf %064d 0)","engine":"libfuzzer",
"sanitizer":"address","slice_ms":60000,"trace":"","program":"program",
"files":[$2]}
TEXT
}

# wait_until SECONDS COMMAND...: until it succeeds; fails after that time.
wait_until() {
	local until=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.02
	done
}

arrived() { # NAME: whole and the same
	cmp -s "$root/outbox/new/$1" "$account/incoming/new/$1"
}

logged() { # PATTERN
	grep -q "$1" "$work/courier.log"
}

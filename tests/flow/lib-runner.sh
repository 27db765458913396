# Sourced by flow tests of the bot's runner: a bot folder of the test's own,
# the real `pandafuzz-botd runner` in it, and a desk that plays courier: it
# places builds, tickets and status.json, and reads what lies in outbox/new.
# Work happens below $work, which everybody may enter, so that a test can run
# the runner as another user.
set -u

B=$(realpath -m "${B:-build}")
SRC=$(cd "$(dirname "$0")/../.." && pwd)
BOTD=$B/bin/pandafuzz-botd
SHOW="$B/bin/pf-spool show"
# TMPDIR may be a folder that nobody else can enter.
[ -z "${AS_NOBODY:-}" ] || TMPDIR=/tmp
work=$(mktemp -d "${TMPDIR:-/tmp}/pf-runner.XXXXXX") || exit 1
chmod 755 "$work"
bot=$work/bot
targets=$work/targets
runner=
serial=1
as=	# prefix of the runner's command, as "setpriv ..."
epoch=

fail() {
	echo "FAIL: $*" >&2
	[ -f "$work/log" ] && tail -n 40 "$work/log" >&2
	exit 1
}

runner_end() {
	local code=$?
	trap - EXIT
	[ -n "$runner" ] && kill -KILL "$runner" 2>/dev/null
	wait 2>/dev/null
	[ -n "${KEEP:-}" ] || rm -rf "$work"
	exit $code
}
trap runner_end EXIT
trap 'exit 1' INT TERM

# wait_until SECONDS COMMAND...: until it succeeds; fails after that time.
wait_until() {
	local until=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.1
	done
}

make_bot() {
	mkdir -p "$bot" "$targets"
	cp "$BOTD" "$work/pandafuzz-botd"
	[ -z "${AS_NOBODY:-}" ] || become_nobody
}

# Another user's bot; everything of the folder becomes his.
become_nobody() {
	[ "$(id -u)" = 0 ] || return 0
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	own=65534
	chown -R 65534:65534 "$bot"
}

give() { # files: to the user of the runner
	[ -z "$as" ] || chown -R "$own:$own" "$@"
}

# start_runner [OPTION...]: until it has registered; sets $runner and $epoch.
start_runner() {
	: >>"$work/log"
	local before
	before=$(grep -c runner.started "$work/log")
	# shellcheck disable=SC2086
	$as "$work/pandafuzz-botd" --root "$bot" --name b1 --account local \
	    --link dir:/nonexistent --slots 2 --seal-after 1s --stats-after 2s \
	    "$@" runner 2>>"$work/log" &
	runner=$!
	wait_until 15 started_again "$before" || fail "the runner did not start"
	epoch=$(sed -n 's/.* runner.started .*epoch=\([0-9a-f]*\).*/\1/p' \
	    "$work/log" | tail -n 1)
}

started_again() {
	[ "$(grep -c runner.started "$work/log")" -gt "$1" ] &&
	    [ -d "$bot/inbox/tickets" ]
}

# stop_runner SIGNAL: and wait; $code is its exit code, $took in ms.
stop_runner() {
	local from
	from=$(date +%s%3N)
	kill "-$1" "$runner"
	code=0
	wait "$runner" 2>/dev/null || code=$?
	took=$(($(date +%s%3N) - from))
	runner=
}

place() { # SOURCE DESTINATION: by rename, as the courier does
	give "$1"
	mv "$1" "$2"
}

# status LEASE...: the master's word, with these leases.
status() {
	local leases=
	serial=$((serial + 1))
	for l in "$@"; do leases="$leases${leases:+,}\"$l\""; done
	cat >"$work/status.json" <<-END
	{"generation":"00000000000000a1","serial":$serial,"wire_max":1,
	"wire_min":1,"heartbeat_ms":${beat_ms:-1000},"hold":${hold:-false},
	"stop":${stop:-false},"new_epoch":${new_epoch:-false},
	"reason":"${reason:-}","epoch":"$epoch","leases":[$leases],
	"epochs":[${epochs:-}]}
	END
	place "$work/status.json" "$bot/inbox/status.json"
}

# ticket LEASE JOB PROJECT TARGET FOLDER SLICE_MS: the files of FOLDER that
# begin with TARGET into builds/, and the ticket that names them.  JOB may be
# null; $settings are further members, as '"cpu_ms":1000,'.
ticket() {
	local files= f sha mode dir job=$2
	[ "$job" = null ] || job="\"$job\""
	for f in "$5/$4"*; do
		sha=$(sha256sum "$f" | cut -d' ' -f1)
		dir=$bot/builds/$(printf %.2s "$sha")
		mkdir -p "$dir"
		[ -f "$dir/$sha" ] ||
		    install -m 0444 "$f" "$dir/$sha"
		give "$dir"
		mode=0644
		[ -x "$f" ] && mode=0755
		files="$files${files:+,}{\"path\":\"${f##*/}\",\"mode\":\"$mode\",
		\"size\":$(stat -c %s "$f"),\"sha256\":\"$sha\"}"
	done
	cat >"$work/ticket.json" <<-END
	{"version":1,"lease":"$1","task":"00000000000000ee","job":$job,
	"epoch":"$epoch","kind":"${kind:-fuzz}","bot":"b1","target":"$3/$4",
	"build":"$(printf %064d 7)","engine":"${engine:-libfuzzer}",
	"sanitizer":"${sanitizer:-address}",${settings:-}"slice_ms":$6,"trace":"t-1","program":"$4",
	"files":[$files]}
	END
	place "$work/ticket.json" "$bot/inbox/tickets/$1.json"
}

# What the outbox holds, one bundle's text after the other.
outbox() { # [GLOB]
	local f
	for f in "$bot"/outbox/new/${1:-*-[cb].pfb}; do
		[ -f "$f" ] && zcat "$f" | tr -d '\000'
	done
}

has() { # TEXT [GLOB]: does some bundle hold it?
	outbox "${2:-*-[cb].pfb}" | grep -a -q -F -- "$1"
}

count() { # TEXT [GLOB]
	outbox "${2:-*-[cb].pfb}" | grep -a -c -F -- "$1"
}

# Some crash came at each of its runs, and there were at least three.
reproduced() { # [GLOB]
	outbox "${1:-*-c.pfb}" | grep -a -q -E \
	    '"tries":([3-9]|10),"reproduced":\1,'
}

beat() { # the newest heartbeat
	outbox '*-h.pfb'
}

# Every bundle is one that the master would take, and seqs have no gap.
check_outbox() {
	local f n=0 seqs
	for f in "$bot"/outbox/new/*.pfb; do
		# A beat may be replaced by the next at any moment.
		$SHOW "$f" >/dev/null || [ ! -e "$f" ] || fail "bad bundle $f"
		n=$((n + 1))
	done
	[ $n -gt 0 ] || fail "no bundle"
	seqs=$(ls "$bot/outbox/new" | sed -n \
	    "s/^b1-$epoch-\([0-9]*\)-[cb].pfb$/\1/p" | sort -n | tr '\n' ' ')
	[ "$seqs" = "$(seq 1 "$(echo "$seqs" | wc -w)" | tr '\n' ' ')" ] ||
	    fail "seqs with gaps: $seqs"
	[ -z "$(ls "$bot/outbox/tmp")" ] || fail "debris in outbox/tmp"
}

# No engine outlives its runner; no folder of work/ stays.
check_clean() {
	[ -z "$(ls "$bot/work")" ] || fail "work/ is not empty"
	! pgrep -f "$bot/work" >/dev/null || fail "an engine lives on"
}

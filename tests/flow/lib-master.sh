# Sourced by the tests of intake (tests/flow/1x, tests/fault): a master on a
# ROOT of its own, account "local", bundles by pf-spool and by hand.
set -u

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
B=$(realpath -m "${B:-build}")
PATH=$B/bin:$PATH:/usr/sbin:/sbin
# Tests that make thousands of files say fast=1 first: they live in memory then.
work=${TMPDIR:-/tmp}
[ -n "${fast-}" ] && [ -w /dev/shm ] && work=/dev/shm
work=$(mktemp -d "$work/pf-master.XXXXXX") || exit 1
root=$work/root
epoch=5f3c9a01d2e4b677
master=
master_options=
masterd=$work/masterd
as=			# a command that runs the master as somebody else

fail() {
	echo "FAIL: $*"
	[ -s "$work/master.log" ] && tail -n 25 "$work/master.log" |
		sed 's/^/  log: /'
	exit 1
}

ok() { # SENTENCE: one line a check
	echo "ok: $*"
}

check() { # SENTENCE COMMAND...
	local what=$1
	shift
	"$@" || fail "$what ($*)"
	ok "$what"
}

is() { # SENTENCE WANTED GOT
	[ "$2" = "$3" ] || fail "$1: '$3', not '$2'"
	ok "$1"
}

wait_until() { # SECONDS COMMAND...
	local until=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.02
	done
}

# ---- the master ---------------------------------------------------------

account() { # NAME: its folders
	mkdir -p "$root/spool/$1"/incoming/{tmp,new} "$root/spool/$1/outgoing"
}

running() {
	[ -n "$master" ] && kill -0 "$master" 2>/dev/null
}

ready() {
	tail -n +$((log_before + 1)) "$work/master.log" |
		grep -q masterd.ready || ! running
}

start_master() { # OPTION...
	[ "$(id -u)" = 0 ] && [ -z "$as" ] && set -- --as-root "$@"
	touch "$work/master.log"
	log_before=$(wc -l <"$work/master.log")
	$as $masterd --root "$root" $master_options "$@" \
	    2>>"$work/master.log" &
	master=$!
	wait_until 30 ready && running || fail "the master does not start"
}

# stop_master [SIGNAL]: its exit code.
stop_master() {
	[ -n "$master" ] || return 0
	kill "-${1-TERM}" "$master" 2>/dev/null
	wait "$master" 2>/dev/null
	local code=$?
	master=
	return $code
}

master_end() {
	local code=$?
	trap - EXIT
	stop_master KILL
	if declare -F before_end >/dev/null; then before_end; fi
	chmod -R u+rwX "$work" 2>/dev/null
	rm -rf --one-file-system "$work"
	exit $code
}
trap master_end EXIT
trap 'exit 1' INT TERM

# A copy: a build beside a long test changes nothing, and nobody may read it.
cp "$B/bin/pandafuzz-masterd" "$masterd" || exit 1

# ---- bundles ------------------------------------------------------------

incoming() { # [ACCOUNT]
	echo "$root/spool/${1-local}/incoming"
}

nothing_waits() {
	local folder
	for folder in "$root"/spool/*/incoming/new; do
		[ -z "$(ls -A "$folder")" ] || return 1
	done
}

# Everything pushed has its fate.
wait_empty() { # [SECONDS]
	wait_until "${1-20}" nothing_waits ||
		fail "incoming/new still holds $(ls -A "$(incoming)/new" | head)"
}

seal() { # KIND SEQ OPTION...: seal into work/, print its name
	local kind=$1 seq=$2
	shift 2
	case $kind in
	crash) rm -f "$work/$(name_of "$seq" c)" ;;
	heartbeat) rm -f "$work/$(name_of "$seq" h)" ;;
	*) rm -f "$work/$(name_of "$seq")" ;;
	esac
	basename "$(pf-spool seal --kind "$kind" --bot "${BOT-b1}" \
	    --epoch "${EPOCH-$epoch}" --account "${ACCOUNT-local}" \
	    --seq "$seq" "$@" -o "$work")"
}

push() { # NAME [AS [ACCOUNT]]: as a courier does, and it keeps its copy
	local as=${2-$1} to
	to=$(incoming "${3-${ACCOUNT-local}}")
	cp "$work/$1" "$to/tmp/$as" && chmod 644 "$to/tmp/$as" && mv -n "$to/tmp/$as" "$to/new/$as"
}

send() { # KIND SEQ OPTION...
	push "$(seal "$@")"
}

name_of() { # SEQ [LETTER]
	echo "${BOT-b1}-${EPOCH-$epoch}-$1-${2-b}.pfb"
}

unit() { # TEXT: a file with it
	printf '%s' "$1" >"$work/unit-$1"
	echo "$work/unit-$1"
}

noise() { # BYTES FILE
	head -c "$1" /dev/urandom >"$2"
}

sum() { # FILE
	sha256sum <"$1" | cut -d' ' -f1
}

# Lines as they are on standard input, sealed as if a bot had written them.
seal_lines() { # FILE
	local lines=$work/lines
	cat >"$lines"
	{
		cat "$lines"
		printf '{"end":true,"records":%d,"sha256":"%s"}\n' \
		    "$(grep -c '^{' "$lines")" "$(sum "$lines")"
	} | gzip -n >"$work/$1"
}

header() { # KIND SEQ
	printf '{"pfb":1,"kind":"%s","account":"%s","bot":"%s","epoch":"%s",' \
	    "$1" "${ACCOUNT-local}" "${BOT-b1}" "${EPOCH-$epoch}"
	printf '"seq":%d,"lease":null,"job":null,"build":null,' "$2"
	printf '"target":"png/read","sealed":1700000000000,"trace":""}\n'
}

# One beat.  Arguments: NUMBER OLDEST HIGHEST [GENERATION].
beat() {
	local record
	record=$(printf '{"rec":"beat","generation":%s,"slots":1,"free":1,%s%s}' \
	    "${4-null}" '"load":0,"disk_free":1,"hold":0,"outbox_bytes":0,' \
	    '"outbox_files":0,"off":0,"off_seconds":0')
	seal heartbeat "$1" --record "$record" --record \
	    "$(printf '{"rec":"epoch","epoch":"%s","oldest":%d,"highest":%d}' \
	    "${EPOCH-$epoch}" "$2" "$3")" >/dev/null
	push "$(name_of "$1" h)"
}

# ---- what became of them ------------------------------------------------

sql() { # STATEMENT
	sqlite3 -readonly -cmd ".timeout 5000" "$root/data/pandafuzz.db" "$1"
}

# Outcomes of a seq, comma between; "" when it has no row.
outcome() { # SEQ
	sql "SELECT coalesce(group_concat(l.outcome), '') FROM (SELECT * FROM
	    ledger ORDER BY copy) l JOIN epoch e ON e.id = l.epoch JOIN bot b
	    ON b.id = e.bot WHERE l.seq = $1 AND b.name = '${BOT-b1}' AND
	    e.epoch = '${EPOCH-$epoch}'"
}

reason() { # SEQ
	sql "SELECT reason FROM ledger WHERE seq = $1 ORDER BY copy DESC LIMIT 1"
}

status_file() { # [ACCOUNT/BOT]
	local who=${1-local/b1}
	echo "$root/spool/${who%/*}/outgoing/${who#*/}/status.json"
}

# A value of status.json by SQLite's JSON path.
status() { # PATH [ACCOUNT/BOT]
	sqlite3 :memory: "SELECT coalesce(json_extract(CAST(readfile('$(
	    status_file "${2-local/b1}")') AS TEXT), '$1'), '')"
}

# Both of one and the same file: it may be replaced at any moment.
mtime_is_serial() { # WHAT
	local mtime serial
	exec 9<"$(status_file)"
	mtime=$(stat -L -c %Y /dev/fd/9)
	serial=$(sed -n 's/.*"serial":\([0-9]*\).*/\1/p' <&9)
	exec 9<&-
	is "$1" "$serial" "$mtime"
}

api() { # PATH [CURL-OPTION...]
	local path=$1
	shift
	curl -sS --max-time 20 --unix-socket "$root/run/admin.sock" "$@" \
	    "http://master/api/v1/$path"
}

# A number or word of the ledger check.
ledger() { # KEY
	api ledger/check | sed 's/"items":.*//' |
	    grep -o "\"$1\":[a-z0-9]*" | head -n 1 | cut -d: -f2
}

balanced() {
	[ "$(ledger balanced)" = true ] ||
		fail "the ledger does not balance: $(api ledger/check)"
	ok "the ledger balances"
}

# Every unit and crash input has its row and its right name, and every row its
# file with the right content.
store_sound() {
	local file hash path
	(cd "$root" && find corpus -type f -path '*/*/*/??/*') |
	while read -r path; do
		hash=${path##*/}
		[ "$(sum "$root/$path")" = "$hash" ] || echo "$path"
	done | grep . && fail "a unit has not the content of its name"
	sql "SELECT 'corpus/' || p.name || '/' || t.name || '/' ||
	    substr(lower(hex(u.sha256)), 1, 2) || '/' || lower(hex(u.sha256))
	    FROM unit u JOIN target t ON t.id = u.target JOIN project p ON
	    p.id = t.project UNION ALL SELECT 'crashes/' || p.name || '/' ||
	    t.name || '/' || lower(hex(c.sha256)) || '/input' FROM crash c
	    JOIN target t ON t.id = c.target JOIN project p ON p.id =
	    t.project WHERE c.has_input" |
	while read -r file; do
		[ -f "$root/$file" ] || echo "$file"
	done | grep . && fail "a row without its file"
	ok "rows and files agree"
}

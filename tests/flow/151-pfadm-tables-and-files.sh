#!/bin/bash
# Goal: every list takes columns, an order and a filter, and comes as a table,
# CSV or JSON lines; a terminal gets short ids, colours, relative times, the
# newest fifty and a pager, a pipe none of these; what breaks is told once.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

account local
start_master
mkdir "$work/out-1"
make_target "$work/out-1/read"
adm build add "$work/out-1" --project png >"$work/said" 2>&1 ||
	fail "$(cat "$work/said")"
for i in 1 2 3; do
	adm job create png/read --weight $((i * 10)) -q >>"$work/jobs" ||
		fail "job create"
done
first=$(sed -n 1p "$work/jobs")
adm job cancel "$first" --reason 'a, "b"' >/dev/null || fail "cancel"
is "-q prints ids alone" 3 "$(grep -c '^[0-9a-f]\{16\}$' "$work/jobs")"

# Columns, order, filter.
code 0 job list -o id,weight --sort -weight --no-header
same "sorted by a number, turned round" "30 20 10" \
    "$(awk '{ print $2 }' "$work/out" | paste -sd' ')"
code 0 job list -o status,id --filter status=cancelled --no-header
same "filtered, in the order of -o" "cancelled $first" "$(tr -s ' ' <"$work/out")"
code 0 job ls --status CA -o st --no-header
same "squeue's letters, in and out" CA "$(cat "$work/out")"
code 2 job list -o id,nothing
says "there is no column 'nothing'"
says "there are id, target, status"
code 2 job list --sort nothing
code 2 job list --filter status
says "--filter wants KEY=VALUE"
code 2 job list --filter nothing=1 --json
same "a usage error is JSON, too" refused "$(json .error.code)"
code 0 job list --wide
says "CREATED BY"
code 0 job list --sort weight -n 1 -o weight --no-header
same "-n takes the first of what is sorted" 10 "$(tr -d ' ' <"$work/out")"

# Forms for programs.
code 0 job list --csv -o id,status,reason --filter status=cancelled
same "CSV has keys, quotes and CRLF" \
    "$(printf 'id,status,reason\r\n%s,cancelled,"a, ""b"""\r' "$first")" \
    "$(cat "$work/out")"
code 0 job list --jsonl
same "a line a job" 3 "$(jq -r .id "$work/out" | wc -l)"
code 0 job list --json --filter status=pending
same "JSON keeps its form" 2 "$(json '.items | length')"
code 0 events --since 1h --what job.cancelled --csv --no-header
same "events of a kind" 1 "$(wc -l <"$work/out")"
code 0 events --since 2030-01-01
same "and none of the future" "" "$(cat "$work/out")"
code 2 events --since soon
code 0 spool list --csv
code 0 crash list -o id,bucket --sort bytes

# A terminal of 80 columns: what "script" gives it.
screen() { # COMMAND-LINE: into $work/screen, carriage returns dropped
	env -u NO_COLOR TERM="${term-xterm}" PAGER="${pager-cat}" \
	    script -qec "stty rows 24 cols 80; $1" /dev/null </dev/null |
		tr -d '\r' >"$work/screen"
}
shows() {
	grep -q -- "$1" "$work/screen" ||
		fail "no '$1' on the screen: $(cat "$work/screen")"
	ok "on a terminal: $2"
}
hides() {
	grep -q -- "$1" "$work/screen" &&
		fail "'$1' is on the screen: $(cat "$work/screen")"
	ok "on a terminal: $2"
}
pf="pfadm --root $root"
adm job pause "$(sed -n 2p "$work/jobs")" >/dev/null || fail "pause"
screen "$pf job list"
shows "^${first:0:8} " "short ids"
shows "ago\|now" "relative times"
shows "$(printf '\033')\[33mpaused" "colours"
screen "$pf job list --color never"
hides "$(printf '\033')" "none with --color never"
screen "NO_COLOR=1 $pf job list"
hides "$(printf '\033')" "none with NO_COLOR"
term=dumb screen "$pf job list"
hides "$(printf '\033')" "none on a dumb one"
pager="sed s/^/paged:/" screen "$pf job list --color never"
shows "^paged:JOB" "a pager"
pager="sed s/^/paged:/" screen "$pf job list --no-pager"
hides "paged" "none with --no-pager"
pager="sed s/^/paged:/" screen "$pf job cancel $first"
hides "paged" "nor for one line"
[ "$(awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }' \
    "$work/screen")" -le 80 ] || fail "over 80 columns"
code 0 job list --color always
says "$(printf '\033')["
code 2 job list --color blue

stop_master || fail "the master's exit code"
sqlite3 "$root/data/pandafuzz.db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
    SELECT i + 1 FROM n WHERE i < 70) INSERT INTO event (at_ms, who, what,
    subject) SELECT i, 'user:x', 'test.many', 'n:' || i FROM n" || fail "rows"
start_master
screen "$pf events --what test.many"
same "fifty on a terminal" 50 "$(grep -c test.many "$work/screen")"
shows "n:70" "the newest"
shows "20 more: -n 0 shows all" "and how many more"
code 0 events --what test.many
same "all in a pipe" 71 "$(wc -l <"$work/out")"

# Readers that go, and disks that are full.
exec 9> >(:)
wait $!
adm events -n 0 2>"$work/err" >&9
same "a reader that has gone ends us quietly" "141 " "$? $(cat "$work/err")"
exec 9>&-
if [ -w /dev/full ]; then
	adm job list >/dev/full 2>"$work/err"
	same "a full disk is exit 1" 1 $?
	grep -q "cannot write: No space left" "$work/err" || fail "and told"
fi

# Typing errors.
code 2 job lits
says "did you mean 'job list'"
code 2 job list --sotr weight
says "did you mean --sort?"
code 2 log chekc
says "did you mean 'log check'?"
code 0 help job create
says "usage: pfadm job create"
code 2 help job craete
code 0 job --help
says "job boost JOB"
# Names that would be another address, or none.
for name in . .. ../status 'a/b' 'a?b' '%2e%2e'; do
	for noun in job bot build crash bucket account; do
		code 3 "$noun" show "$name" >"$work/quiet"
	done
done
ok "odd names are names that nobody has"
code 2 job show ''
says "an empty word is no name"
code 2 bot drain ''
code 2 job wait '' --json
stop_master || fail "the master's exit code"
code 5 version
says "pfadm  "

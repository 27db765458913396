#!/bin/bash
# Goal: SIGTERM finishes the batch in hand and takes nothing new; after an
# unclean stop what waits is taken one by one (PROTOCOL 16); a second master
# does not start on the same root.
fast=1
. "$(dirname "$0")/lib-master.sh"

account local
first=1 last=0
more() { # COUNT: that many bundles wait
	first=$((last + 1)) last=$((last + $1))
	"$B/tests/fault/craft" tiny "$(incoming)/tmp" $first "$1" b1 &&
		mv "$(incoming)/tmp"/* "$(incoming)/new" ||
		fail "$1 bundles cannot be made"
}

waiting() {
	ls "$(incoming)/new" | wc -l
}

recorded() {
	sql "SELECT count(*) FROM ledger"
}

syncs() {
	grep -c 'syncfs(' "$work/trace"
}

# -- clean: many in a batch
start_master
stop_master || fail "the master ends with $?"
more 30
as="strace -f -qq -e trace=syncfs -o $work/trace"
masterd_as_root="$masterd"
[ "$(id -u)" != 0 ] || masterd="$masterd --as-root"
start_master
wait_empty
is "30 bundles are recorded" 30 "$(recorded)"
clean=$(syncs)
[ "$clean" -lt 25 ] || fail "$clean syncs for 30 bundles after a clean stop"
ok "after a clean stop 30 bundles take $clean syncs"

# -- killed: one by one
pid=$(cat "/proc/$master/task/$master/children" 2>/dev/null)
kill -KILL $pid
wait "$master" 2>/dev/null
more 30
start_master
wait_empty
is "30 more are recorded" 60 "$(recorded)"
[ "$(syncs)" -ge 30 ] || fail "$(syncs) syncs for 30 bundles"
ok "after an unclean stop 30 bundles take $(syncs) syncs"
more 30
before=$(syncs)
wait_empty
[ $(($(syncs) - before)) -lt 25 ] || fail "it goes on one by one"
ok "and then it is in batches again"
kill -TERM $(cat "/proc/$master/task/$master/children")
wait "$master"
as= masterd=$masterd_as_root master=

# -- SIGTERM in the middle of the work
before=$(recorded)
more 3000
noise 20000000 "$work/noise"
send crash 9000 --target png/read --crash "$work/noise"
start_master
started() {
	[ "$(recorded)" -gt "$before" ]
}
wait_until 10 started || fail "nothing is taken"
stop_master
is "SIGTERM: it ends with 0" 0 $?
left=$(waiting)
[ "$left" -gt 0 ] || fail "everything was taken: the test is too slow"
ok "$left bundles were left where they are"
is "each of the others has its row" $((before + 3001 - left)) "$(recorded)"
is "stage/ holds nothing" "" "$(find "$root/stage" -type f)"
is "the stop was a clean one" cleanly \
    "$(sql "SELECT value FROM setting WHERE key = 'stopped'")"
start_master
"$masterd" --root "$root" --as-root >/dev/null 2>&1
is "a second master on the same root ends with 3" 3 $?
wait_empty 60
is "the rest follows" $((before + 3001)) "$(recorded)"
beat 1 0 9000
wait_empty
is "nothing but what was never sealed is missing" \
    $((9000 - last - 1)) "$(ledger missing)"
store_sound
stop_master || fail "the master ends with $?"

#!/bin/bash
# Goal: the word of one bot goes to another before it counts: incompatible
# marks the kind of host and asks the next kind, bad is asked of a second bot,
# good after bad is good with a warning.  A fuzz lease on a host that cannot
# costs no failure and goes to a host that can.  Jobs wait for a good build and
# follow by order; a late one is not followed.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-bots.sh"

build() { # REVISION ORDER: of the target "read", sets nothing
	mkdir -p "$work/out"
	[ -f "$work/out/read_fuzzer" ] ||
		sh tests/targets/build.sh "$work/t" oddstart ||
		fail "no target"
	cp "$work/t/oddstart/sound_fuzzer" "$work/out/read_fuzzer"
	echo "$1" >"$work/out/revision.txt"
	pfadm --root "$root" build add "$work/out" --project png \
	    --revision "$1" --order "$2" >"$work/added" 2>&1 </dev/null ||
		fail "cannot add $1: $(cat "$work/added")"
}

of() { # REVISION COLUMN
	sql "SELECT $2 FROM build WHERE revision = '$1'"
}

target_of() { # REVISION COLUMN
	sql "SELECT bt.$2 FROM build_target bt JOIN build b ON b.id = bt.build
	    WHERE b.revision = '$1'"
}

job_of() { # COLUMN
	sql "SELECT $1 FROM job WHERE id = 1"
}

alarm() {
	api status | grep -qF -- "$1"
}

uses() { # REVISION
	[ "$(sql "SELECT b.revision FROM job j JOIN build b ON b.id = j.current
	    WHERE j.id = 1")" = "$1" ]
}

account local
start_master --bots-late 1000 --bots-lost 2000

# -- nobody there: it waits, and status says so
build r1 1
pfadm --root "$root" job create png/read_fuzzer --slots 2 >/dev/null \
    </dev/null || fail "cannot make a job"
is "the job waits" pending "$(job_of status)"
case $(job_of reason) in
"no build of main (libfuzzer, address"*") has passed its check yet")
	ok "and says for what" ;;
*) fail "the job's reason: '$(job_of reason)'" ;;
esac
check "the build waits for a bot" \
    alarm "build $(of r1 "substr(lower(hex(sha256)), 1, 12)") waits for a bot"

# -- an old system cannot run it, a new one can
bot_up old "Debian 9"
got old
is "a check comes first" check "$(sql "SELECT kind FROM task t JOIN lease l ON
    l.task = t.id WHERE l.lease = '$lease'")"
is "with the time a check has" 120000 "$(sql "SELECT slice_ms FROM lease
    WHERE lease = '$lease'")"
bot_beats old "$lease"
completes old done incompatible "it needs GLIBC_2.34"
is "the kind of host is marked" "x86_64 Debian 9|it needs GLIBC_2.34" \
    "$(sql "SELECT host_class, reason FROM build_host")"
is "which costs nothing" "0|0" \
    "$(sql "SELECT failures, lost FROM task WHERE kind = 'check'")"
bot_beats old
is "where no kind is left, it is bad" bad "$(of r1 state)"
is "with its reason" "read_fuzzer: no kind of host here can run it: it needs \
GLIBC_2.34" "$(of r1 reason)"

# A kind that is new here is asked next time, the old one again: it is another
# build.
bot_up new "Debian 12"
build r2 2
got old
completes old done incompatible "it needs GLIBC_2.34"
is "one kind that cannot is not enough" new "$(of r2 state)"
got new
bot_beats new "$lease"
completes new done good "only 4 edges"
is "good on another kind" good "$(of r2 state)"
is "with its warning" "only 4 edges" "$(target_of r2 warnings)"
check "the job takes it" uses r2
bot_beats old
bot_beats new

# -- fuzzing: on hosts that can
got new
bot_beats new "$lease"
is "it runs where it can" "running|running" "$(sql "SELECT l.state, j.status
    FROM lease l, job j WHERE l.lease = '$lease'")"
fuzz=$lease
bot_up other "Debian 8"
got other
bot_beats other "$lease"
completes other failed incompatible "SIGILL at its start"
is "a lease on a host that cannot is nobody's failure" cancelled \
    "$(sql "SELECT state FROM lease WHERE lease = '$lease'")"
is "nor is its task's" "0|0" "$(sql "SELECT t.failures, t.attempts FROM task t
    JOIN lease l ON l.task = t.id WHERE l.lease = '$lease'")"
is "the kind is marked, for this build" "x86_64 Debian 8|r2" \
    "$(sql "SELECT h.host_class, b.revision FROM build_host h JOIN build b ON
    b.id = h.build WHERE h.reason = 'SIGILL at its start'")"
bot_beats other
sleep 3
is "it is not given another" "" "$(lease_of other)"
bot_sends other deregister
bot_sends old deregister
wait_empty

# -- one says bad, the other good
build r3 3 # while nobody is free: then a check goes before the job
bot_up third "Debian 12"
got third
completes third done bad "it does not run (exit 3)"
is "one bad word is not enough" new "$(of r3 state)"
is "another bot is asked" third "$(sql "SELECT b.name FROM task t JOIN bot b ON
    b.id = t.last_bot WHERE t.kind = 'check' AND t.state <> 'done'
    AND t.build = (SELECT id FROM build WHERE revision = 'r3')")"
bot_up fourth "Debian 12"
got fourth
completes fourth done good
is "good by another is good" good "$(of r3 state)"
is "with a warning that names who disagrees" \
    "bot third called it bad: it does not run (exit 3)" \
    "$(target_of r3 warnings)"
check "the job takes it over" uses r3
is "the lease in hand ends its slice with its build" "running|r2" \
    "$(sql "SELECT l.state, b.revision FROM lease l JOIN build b ON b.id =
    l.build WHERE l.lease = '$fuzz'")"
lease=$fuzz
bot_beats new "$lease"
completes new done
other_lease() { # of the job, with r3
	[ -n "$(sql "SELECT 1 FROM lease l JOIN task t ON t.id = l.task JOIN
	    build b ON b.id = l.build WHERE t.kind = 'fuzz' AND b.revision =
	    'r3'")" ]
}
bot_beats new
wait_until 15 other_lease || fail "the next lease does not use r3"
ok "the next lease uses the newer one"

# -- an older one comes late: checked, never followed
build r0 0
idle() { # who has no lease, but can
	local name
	for name in new third fourth; do
		lease=$(sql "SELECT l.lease FROM lease l JOIN bot b ON b.id =
		    l.bot JOIN task t ON t.id = l.task WHERE t.kind = 'check'
		    AND l.state IN ('offered', 'running') AND b.name =
		    '$name'")
		[ -n "$lease" ] && bot=$name && return 0
	done
	return 1
}
wait_until 15 idle || fail "the late one is not checked"
completes "$bot" done good
is "the late one is good" good "$(of r0 state)"
check "and not followed" uses r3
balanced
stop_master || fail "the master ends with $?"

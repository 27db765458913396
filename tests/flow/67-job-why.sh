#!/bin/bash
# Goal: `pfadm job why` tells what is in a job's way, from no build and no bot
# over tags, builds and hosts that do not fit, slots that are taken, ceilings
# and failures to pauses; and what it says is what the planner does.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

set_sql() { # STATEMENT
	sqlite3 -cmd ".timeout 5000" "$root/data/pandafuzz.db" "$1"
}

why() { # JOB SENTENCE: within two rounds of the master's
	wait_until 10 told "$1" "$2" ||
		fail "job why $1: no '$2' in: $(cat "$work/out" "$work/err")"
	ok "job why: $2"
}

told() {
	adm job why "$1" >"$work/out" 2>"$work/err" &&
		grep -qF -- "$2" "$work/out"
}

cause() { # JOB: codes, blank between
	adm job why "$1" --json | jq -r '[.item.causes[].code] | join(" ")'
}

# A bot registers and beats; the lease that it holds, if any, is named.
seq=0
registers() { # BOT SLOTS ARCH TAGS
	BOT=$1
	seq=$((seq + 1))
	printf '%s' "$4" | tr ' ' '\n' >"$work/tags"
	send register $seq --record "$(printf '{"rec":"host","cores":4,%s%s' \
	    '"memory":8000000000,"sandbox":"bwrap",' \
	    "\"slots\":$2,\"arch\":\"$3\"}")" \
	    --record '{"rec":"engine","engine":"libfuzzer"}' --payload "$work/os" \
	    --record '{"rec":"tags"}' --payload "$work/tags" \
	    --record '{"rec":"wire","version":1}'
	wait_empty
}

beats() { # BOT [HOLDING]
	local record names=()
	BOT=$1
	seq=$((seq + 1))
	record=$(printf '{"rec":"beat","generation":null,"slots":2,"free":1,%s' \
	    '"load":0,"disk_free":1,"hold":0,"outbox_bytes":0,"outbox_files":0,"off":0,"off_seconds":0}')
	[ -n "${2-}" ] && names=(--record "$(printf \
	    '{"rec":"holding","lease":"%s","seconds":1,"execs":1}' "$2")")
	seal heartbeat $seq --record "$record" "${names[@]}" --record \
	    "$(printf '{"rec":"epoch","epoch":"%s","oldest":0,"highest":%d}' \
	    "$epoch" $seq)" >/dev/null
	push "$(name_of $seq h)"
	wait_empty
}

lease_of() { # BOT
	sql "SELECT l.lease FROM lease l JOIN bot b ON b.id = l.bot JOIN task t
	    ON t.id = l.task WHERE b.name = '$1' AND t.kind = 'fuzz' AND
	    l.state IN ('offered', 'running') LIMIT 1"
}

echo "Debian 12" >"$work/os"
make_target "$work/out-1/read"
make_target "$work/out-1/write"
account local
# Long enough to be looked at.
export PANDAFUZZ_MASTERD_TASKS_RETRY_INITIAL_DELAY=60s
start_master
code 0 build add "$work/out-1" --project png --revision r1
set_sql "UPDATE target SET added_ms = 1" # not new, which would weigh more
code 0 job create read --weight 30 --parsable
job=$(cat "$work/out")

# -- nothing to run, and nobody to run it
why "$job" "its build is being checked"
same "one cause" no_build "$(cause "$job")"
set_sql "UPDATE task SET state = 'done' WHERE kind = 'check';
    UPDATE build_target SET state = 'good'; UPDATE build SET state = 'good';
    UPDATE job SET current = 1, reason = ''"
why "$job" "there is no bot"
says "weight      30"
says "slots       0, floor 0"
code 3 job why 0000000000000000

# -- a bot that does not fit
registers b1 2 aarch64 "gpu slow"
beats b1
set_sql "UPDATE build SET arch = 'x86_64'"
why "$job" "1 bot is not of architecture x86_64"
says "no bot that is up can run it"
registers b1 2 x86_64 "gpu slow"
beats b1
why "$job" "it has all 2 slots that it can use"
code 0 job pause "$job"
why "$job" "paused by user:$(id -un)"
same "one cause" paused "$(cause "$job")"
code 0 job set "$job" tags=fast
code 0 job resume "$job"
why "$job" "1 bot lacks tag fast"
code 0 job set "$job" tags='!slow'
why "$job" "1 bot has tag slow"
same "codes for programs" "no_bot no_tag has_tag" "$(cause "$job")"
code 0 job set "$job" --unset tags
why "$job" "it has all 2 slots that it can use"

# -- a build that this kind of host cannot run
code 0 job pause "$job"
set_sql "INSERT INTO build_host (build, host_class, reason, at_ms)
    SELECT 1, host_class, 'GLIBC_2.99', 1 FROM bot"
code 0 job resume "$job"
why "$job" "is incompatible with class"
same "codes for programs" "no_bot incompatible" "$(cause "$job")"
set_sql "DELETE FROM build_host"

# -- taken slots, and a new job that gets one after half a minute
why "$job" "it has all 2 slots that it can use"
has_two() {
	[ "$(sql "SELECT count(*) FROM lease
	    WHERE state IN ('offered', 'running')")" = 2 ]
}
check "the first job has both slots" wait_until 10 has_two
code 0 job create write --weight 10 --parsable
second=$(cat "$work/out")
set_sql "UPDATE job SET current = 1, reason = '' WHERE job = '$second'"
why "$second" "no free slot: 2 of 2 are taken"
code 0 job why "$second" --json
same "a quarter is due to it" true \
    "$(json '.item.share_due > 0.249 and .item.share_due < 0.251')"
set_sql "UPDATE lease SET offered_ms = offered_ms - 60000"
beats b1
given() { adm job why "$second" --json | jq -e '.item.slots == 1' >/dev/null; }
check "a slot is taken back for the job that has none" wait_until 10 given
is "from the one that had two" "its slot goes to a job that has none" "$(sql \
    "SELECT reason FROM lease WHERE reason LIKE 'its slot%'")"

# -- ceiling, boost, multiplier
code 0 job set "$job" slots=1
why "$job" "its ceiling of 1 slot is reached"
code 0 job boost "$second" --by 2
set_sql "UPDATE job SET multiplier = 500, multiplier_why =
    '4 of 8 sessions of the last day timed out' WHERE job = '$second'"
code 0 job why "$second"
says "boost       2 until 20"
says "multiplier  0.5: 4 of 8 sessions of the last day timed out"
says "effective   10"

# -- a failure, and time that was had
lease=$(lease_of b1)
failed=$(sql "SELECT j.job FROM lease l JOIN task t ON t.id = l.task JOIN job j
    ON j.id = t.job WHERE l.lease = '$lease'")
beats b1 "$lease"
sleep 2
code 0 job why "$failed" --json
same "all of the time was its" true "$(json '.item.share_day == 1')"
echo "the target cannot run" >"$work/reason"
seq=$((seq + 1))
send complete $seq --record "$(printf '{"rec":"complete","lease":"%s",%s' \
    "$lease" '"result":"failed","seconds":1,"cpu_ms":1,"execs":1,"crashes":0,"units":0}')" \
    --record '{"rec":"reason"}' --payload "$work/reason"
wait_empty
why "$failed" "s after a failure on b1"

# -- over
code 0 job cancel "$failed"
why "$failed" "cancelled"
same "one cause" over "$(cause "$failed")"
stop_master || fail "the master's exit code"
ok "every answer"

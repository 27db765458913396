#!/bin/bash
# Goal: jobs for all targets are made together or not at all, and of several
# administrators who act on one job at once exactly one wins: the others hear
# who it was, and nothing is half done.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

for i in $(seq 1 40); do make_target "$work/out-1/target_$i"; done
start_master
code 0 build add "$work/out-1" --project big --revision r1

# All or none.
count() { sql "SELECT count(*) FROM job"; }
code 3 job create big --all-targets --template nightly
code 1 job create big --all-targets --set weight=0
same "none was made" 0 "$(count)"
code 0 job create big --all-targets --for 20s --weight 7 --json
same "one for each target" 40 "$(json '.items | length')"
same "with what was asked for" 40 "$(json '[.items[] |
    select(.for_ms == 20000 and .weight == 7)] | length')"
code 0 job create big --all-targets --parsable
same "an id a line" 40 "$(grep -cE '^[0-9a-f]{16}$' "$work/out")"

# Killed in between: a job or its settings alone are never there.
for i in 1 2 3 4 5; do
	before=$(count)
	adm job create big --all-targets --set memory=4GiB >/dev/null 2>&1 &
	maker=$!
	sleep "0.0$i"
	stop_master KILL
	wait $maker
	start_master
	after=$(count)
	[ $((after - before)) = 0 ] || [ $((after - before)) = 40 ] ||
		fail "a kill left $((after - before)) of 40 jobs"
done
same "each job has its values" 0 "$(sql "SELECT count(*) FROM job j WHERE
    NOT EXISTS (SELECT 1 FROM job_value v WHERE v.job = j.id)")"
ok "all or none, whenever the master is killed"

job=$(adm job list --json | jq -r '.items[0].id')
events() { sql "SELECT count(*) FROM event WHERE subject = 'job:$job' AND
    what = '$1'"; }

# at_once VERB...: all at the same time; exit codes in $work/codes.
at_once() {
	local verb pids=() i=0
	rm -f "$work"/code-* "$work"/said-*
	for verb; do
		i=$((i + 1))
		(
			# shellcheck disable=SC2086
			adm job $verb "$job" >"$work/said-$i" 2>&1
			echo $? >"$work/code-$i"
		) &
		pids+=($!)
	done
	wait "${pids[@]}"
	cat "$work"/code-* | sort -n | uniq -c | sed 's/^ *//' | tr '\n' ',' \
	    >"$work/codes"
}

at_once pause pause pause pause pause pause pause pause
same "one of eight pauses" "1 0,7 7," "$(cat "$work/codes")"
same "is one event" 1 "$(events job.paused)"
grep -h "is paused already: job.paused by user:$(id -un) at 20" \
    "$work"/said-* | grep -c . | grep -qx 7 || fail "$(cat "$work"/said-*)"
ok "the seven others hear who it was, and when"

at_once resume resume resume resume
same "one of four resumes" "1 0,3 7," "$(cat "$work/codes")"

# Each round somebody wins, the job is in one of the states that were asked
# for, and each success is an event.
for round in 1 2 3 4 5; do
	wins=$(sql "SELECT count(*) FROM event WHERE subject = 'job:$job'")
	at_once "pause --expect pending" "boost --expect pending --by 2" \
	    "cancel --expect pending" "pause --expect pending" \
	    "cancel --expect pending"
	good=$(grep -lx 0 "$work"/code-* | wc -l)
	now=$(sql "SELECT count(*) FROM event WHERE subject = 'job:$job'")
	[ "$good" -ge 1 ] || fail "nobody won"
	same "an event for each that won" "$good" $((now - wins))
	case $(adm job show "$job" --json | jq -r .item.status) in
	paused) adm job resume "$job" >/dev/null || fail resume ;;
	cancelled) adm job retry "$job" >/dev/null || fail retry ;;
	*) fail "neither paused nor cancelled" ;;
	esac
done
same "whole: its tasks and leases are those of a job that waits" 0 \
    "$(sql "SELECT count(*) FROM task t JOIN job j ON j.id = t.job WHERE
    j.job = '$job' AND t.state IN ('leased')")"
balanced
stop_master || fail "the master's exit code"
ok "two administrators"

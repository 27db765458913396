#!/bin/bash
# Goal: tasks of an array start from one command line: each has a root and a
# name of its own, made from the scheduler's variables, says which pool it is
# of, and its children mean the same by the templates as it does.
. "$(dirname "$0")/lib-master.sh"

account local
start_master --heartbeat 500ms
bots=()
before_end() {
	local pid
	for pid in "${bots[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

task() { # VARIABLE=VALUE...: one of the array, without identity
	env "$@" pandafuzz-botd --root "$work/scratch/%j/%t" --ephemeral \
	    --pool nightly --account local --link "dir:$root/spool/local" \
	    --slots 1 --poll 100ms --stats-after 1s 2>>"$work/bot.log" &
	bots+=($!)
}

task SLURM_ARRAY_JOB_ID=4711 SLURM_ARRAY_TASK_ID=1
task SLURM_ARRAY_JOB_ID=4711 SLURM_ARRAY_TASK_ID=2
task PBS_JOBID='99[7].head' PBS_ARRAY_INDEX=7
env -u SLURM_JOB_ID pandafuzz-botd --root "$work/scratch/pid-%t" \
    --name "a-very-long-name-of-a-node-in-a-rack-%t" --pool "p-%t" --account \
    local --link "dir:$root/spool/local" --slots 1 --poll 100ms \
    2>>"$work/bot.log" &
long=$!
bots+=($long)

up() {
	[ "$(sql "SELECT count(*) FROM bot WHERE state = 'up'")" = 4 ]
}
wait_until 30 up || fail "not all are up: $(sql "SELECT name, state FROM bot")
$(cat "$work/bot.log")"
host=$(hostname | sed 's/\..*//' | tr 'A-Z' 'a-z' | tr -c 'a-z0-9\n' -)
for name in 4711-1 4711-2 99-7; do
	want=$host-$name
	[ ${#want} -le 32 ] || continue
	is "there is $want" 1 "$(sql "SELECT count(*) FROM bot WHERE
	    name = '$want'")"
done
[ -d "$work/scratch/4711/1/outbox" ] || fail "no root by template"
[ -d "$work/scratch/pid-$long/outbox" ] || fail "no root by the pid"
name=$(cat "$work/scratch/pid-$long/identity")
is "a long name is cut to fit" 32 ${#name}
is "the master knows it by that" 1 "$(sql "SELECT count(*) FROM bot WHERE
    name = '$name'")"

# Who it is, in its registration.
said() { # TEXT: in a registration of the first task
	local f
	for f in "$work"/scratch/4711/1/outbox/{new,acked}/*-b.pfb; do
		[ -f "$f" ] || continue
		zcat "$f" | head -n 1 | grep -a -q '"kind":"register"' || continue
		zcat "$f" | grep -a -q -F "$1" && return
	done
	return 1
}
check "it names its pool" wait_until 20 said '{"rec":"pool","size":7}'
check "its program" wait_until 20 said 'pandafuzz-botd '
check "its engine's version" wait_until 20 said 'built into its targets'
check "the sanitizers it can run" wait_until 20 said '"rec":"sanitizers"'

said_pool() {
	zcat "$work/scratch/pid-$long"/outbox/{new,acked}/*-1-b.pfb \
	    2>/dev/null | grep -a -q "^p-$long\$"
}
check "its parts mean the same by a template" wait_until 20 said_pool

# The same task twice: the second finds the root locked.
SLURM_ARRAY_JOB_ID=4711 SLURM_ARRAY_TASK_ID=1 pandafuzz-botd \
    --root "$work/scratch/%j/%t" --ephemeral --account local \
    --link "dir:$root/spool/local" 2>/dev/null
is "one task is started once" 3 $?
pandafuzz-botd --root "$work/%x" --account local \
    --link "dir:$root/spool/local" --check-config 2>"$work/said"
is "an unknown letter is refused" 2 $?
grep -q "'%x' stands for nothing: accepted are %h" "$work/said" ||
    fail "$(cat "$work/said")"

# SIGHUP is no reason to think that a template has changed.
kill -HUP "$long"
reloaded() {
	grep -q 'config.reloaded' "$work/bot.log"
}
wait_until 20 reloaded || fail "not reloaded"
! grep -q needs_restart "$work/bot.log" || fail "templates have changed"
ok "a reload means the same"

kill -TERM "${bots[@]}"
wait "${bots[@]}" 2>/dev/null
bots=()
wait_empty 20
balanced
stop_master || fail "the master ends with $?"

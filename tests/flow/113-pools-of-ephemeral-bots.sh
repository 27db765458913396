#!/bin/bash
# Goal: ephemeral bots are one line a pool; those that left are folded into it
# and forgotten, their folders go, what they found stays, and what somebody
# pushes for one of them later is taken and acknowledged.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-bots.sh"

registers() { # NAME: as a task of pool "night"
	local record
	printf linux >"$work/os"
	printf 14 >"$work/version"
	printf night >"$work/pool"
	printf 'address\nundefined\n' >"$work/sanitizers"
	printf 'pandafuzz-botd 9.9' >"$work/program"
	bot_epoch[$1]=$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n')
	bot_seq[$1]=0
	bot_beats[$1]=0
	record='{"rec":"host","cores":2,"memory":4096,"slots":1,'
	record=$record'"sandbox":"bwrap","arch":"x86_64"}'
	bot_sends "$1" register --record "$record" --record '{"rec":"os"}' \
	    --payload "$work/os" --record \
	    '{"rec":"engine","engine":"libfuzzer"}' --payload "$work/version" \
	    --record '{"rec":"pool"}' --payload "$work/pool" \
	    --record '{"rec":"sanitizers"}' --payload "$work/sanitizers" \
	    --record '{"rec":"program"}' --payload "$work/program" \
	    --record '{"rec":"wire","version":1}'
	bot_beats "$1"
}

folded() { # NUMBER
	[ "$(sql "SELECT coalesce(sum(bots), 0) FROM pool")" = "$1" ]
}

gone() {
	[ ! -e "$root/spool/local/outgoing/$1" ]
}

lines() {
	api "bots$1" | jq -r '[.items[] | .name + ":" + .state] | join(" ")'
}

account local
start_master --bots-forget-ephemeral 1s --bots-late 1000 --bots-lost 2000
bot_up b1
for n in 1 2 3; do
	registers t$n
	bot_sends t$n corpus --target png/read --unit "$(unit "t$n")"
	wait_empty
done
is "one line for all of them" "b1:up pool/night:pool" "$(lines '')"
is "with how many are up" '{"up":3}' "$(api bots | jq -c '.items[1].bots')"
is "each when asked for" "b1:up t1:up t2:up t3:up" "$(lines '?all=1')"
is "and by the pool's name" "t1:up t2:up t3:up" "$(lines '?pool=night')"
is "what it can" "address undefined|pandafuzz-botd 9.9" "$(api bots/t1 |
    jq -r '.item | (.capabilities.sanitizers | join(" ")) + "|" + .program')"

bot_sends t1 deregister
bot_sends t2 deregister
wait_empty
for n in 1 2 3 4 5 6 7 8 9 10; do bot_beats t3; folded 2 && break; sleep 0.5; done
check "those that left are folded" folded 2
check "their folders go" wait_until 20 gone t1
is "the others stay" t3:up "$(lines '?pool=night')"
is "the line counts them" '{"up":1} 2' \
    "$(api bots | jq -c '.items[1].bots, .items[1].forgotten' | xargs -d '\n' | sed 's/ *$//')"
is "what they found stays" 3 "$(sql "SELECT count(*) FROM unit")"

# Somebody pushes what the outbox of t1 still had.
bot_sends t1 corpus --target png/read --unit "$(unit late)"
wait_empty
is "it is taken" 4 "$(sql "SELECT count(*) FROM unit")"
is "and acknowledged" 4 "$(status "\$.epochs[0].below" local/t1)"
is "it stays forgotten" forgotten "$(sql "SELECT state FROM bot WHERE name =
    't1'")"
balanced
stop_master || fail "the master ends with $?"

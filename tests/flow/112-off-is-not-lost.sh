#!/bin/bash
# Goal: a bot that says that it is off gives its lease back without a failure,
# is offered nothing, and is not lost while it is silent before its time; one
# that is silent without a word is late, then lost, then back.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-bots.sh"

state_is() { # BOT STATE
	[ "$(sql "SELECT state FROM bot WHERE name = '$1'")" = "$2" ]
}

off() { # NAME SECONDS: its beat says so
	local record
	bot_beats[$1]=$((bot_beats[$1] + 1))
	record='{"rec":"beat","generation":null,"slots":1,"free":0,"load":0,'
	record=$record'"disk_free":1,"hold":0,"outbox_bytes":0,'
	record=$record'"outbox_files":0,"off":1,"off_seconds":'$2'}'
	printf 'by its hours' >"$work/why"
	BOT=$1 EPOCH=${bot_epoch[$1]} seal heartbeat "${bot_beats[$1]}" \
	    --record "$record" --record '{"rec":"why"}' \
	    --payload "$work/why" >/dev/null
	BOT=$1 EPOCH=${bot_epoch[$1]} push "$(BOT=$1 EPOCH=${bot_epoch[$1]} \
	    name_of "${bot_beats[$1]}" h)"
	wait_empty
}

events() { # BOT
	sql "SELECT group_concat(what, ' ') FROM (SELECT what FROM event WHERE
	    subject = '$1' AND what <> 'bot.new' ORDER BY id)"
}

adm() {
	pfadm --root "$root" "$@" </dev/null
}

account local
start_master --heartbeat 200ms --bots-late 30 --bots-lost 36
# What takes long comes first: who is up says so every 6 s.
sh tests/targets/build.sh "$work/t" oddstart || fail "no target"
mkdir "$work/out"
cp "$work/t/oddstart/sound_fuzzer" "$work/out/read_fuzzer"
bot_up b1
adm build add "$work/out" --project png >/dev/null || fail "no build"
bot_beats b1
got b1
completes b1 done good
bot_beats b1
adm job create png/read_fuzzer --parsable >/dev/null || fail "no job"
bot_beats b1
got b1
bot_up b2
off b1 3600
is "it is off" off "$(sql "SELECT state FROM bot WHERE name = 'b1'")"
is "its lease goes back" "cancelled|the bot is off" "$(sql "SELECT state,
    reason FROM lease WHERE lease = '$lease'")"
is "nobody's failure" "0|0" "$(sql "SELECT max(failures), max(lost) FROM
    task")"
is "why it is idle" 1 "$(api bots/b1 | jq -r '.item.why_idle[]' |
    grep -c 'it is off until 20.*: by its hours')"

# b2 falls silent without a word, b1 does, too.
check "who says nothing is late" wait_until 15 state_is b2 late
check "and then lost" wait_until 20 state_is b2 lost
is "who is off is not" off "$(sql "SELECT state FROM bot WHERE name = 'b1'")"
is "and gets no lease" "" "$(lease_of b1)"
bot_beats b2
check "who was lost is back" state_is b2 up
bot_beats b1
is "who was off is back" up "$(sql "SELECT state FROM bot WHERE name = 'b1'")"
check "and gets work" wait_until 20 has_lease b1
is "its events" "bot.off bot.back" "$(events b1)"
case $(events b2) in
"bot.late bot.lost bot.back"*) ok "those of the other: $(events b2)" ;;
*) fail "events of b2: $(events b2)" ;;
esac

# Its time is over, and it does not come.
off b1 1
check "lost when it is not back in time" wait_until 25 state_is b1 lost
stop_master || fail "the master ends with $?"

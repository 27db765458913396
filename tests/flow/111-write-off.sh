#!/bin/bash
# Goal: what a bot that is lost had is written off with a reason: the ledger
# balances again and says how much; not while the bot lives; what arrives all
# the same is taken.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-bots.sh"

put() { # PATH JSON
	api "$1" -X PUT -d "$2" -o "$work/said" -w '%{http_code}'
}

said() { # JQ
	jq -r "$1" "$work/said"
}

state_is() { # BOT STATE
	[ "$(sql "SELECT state FROM bot WHERE name = '$1'")" = "$2" ]
}

account local
start_master --heartbeat 100ms --bots-late 1000 --bots-lost 2000
bot_up b1
for seq in 2 5; do
	bot_seq[b1]=$((seq - 1))
	bot_sends b1 corpus --target png/read --unit "$(unit "b1-$seq")"
done
wait_empty
bot_beats b1
is "two are missing" 2 "$(ledger missing)"
is "not while it is up" 409 "$(put bots/b1/write-off '{"reason":"gone"}')"
is "that says why" true "$(said '.error.message | test("may still come")')"

# It falls silent.
stop_master || fail "the master ends with $?"
start_master --heartbeat 100ms --bots-late 2 --bots-lost 5
check "it is lost" wait_until 15 state_is b1 lost
is "an event says so" 1 "$(sql "SELECT count(*) FROM event WHERE what =
    'bot.lost' AND subject = 'b1'")"
is "a reason is asked for" 400 "$(put bots/b1/write-off '{}')"
is "by name" reason "$(said .error.field)"
is "an epoch is 16 digits" 400 \
    "$(put bots/b1/write-off '{"reason":"x","epoch":"7"}')"
is "by name" epoch "$(said .error.field)"
is "of another epoch there is nothing" 404 \
    "$(put bots/b1/write-off '{"reason":"x","epoch":"00000000000000aa"}')"
is "written off" 200 \
    "$(put bots/b1/write-off '{"reason":"its disk burnt"}')"
is "it says how many" 2 "$(said .item.written_off)"
is "they are not missing" 0 "$(ledger missing)"
is "but written off" 2 "$(ledger written_off)"
balanced
is "why stands with the epoch" "user:$(id -un): its disk burnt" \
    "$(sql "SELECT written_off FROM epoch")"
is "twice is nothing" "200 0" "$(put bots/b1/write-off \
    '{"reason":"again"}') $(said .item.written_off)"
is "a change that a person made" '{"written_off":2} its disk burnt' \
    "$(sql "SELECT after || ' ' || reason FROM audit")"

# One of them turns up.
bot_seq[b1]=2
bot_sends b1 corpus --target png/read --unit "$(unit b1-3)"
wait_empty
is "it is taken" 3 "$(sql "SELECT count(*) FROM unit")"
is "and written off no more" 1 "$(ledger written_off)"
balanced

# It comes back, and what it loses from now on counts.
bot_seq[b1]=7
bot_beats b1
check "it is back" state_is b1 up
is "an event says so" "it was lost" "$(sql "SELECT detail FROM event WHERE
    what = 'bot.back'")"
is "what it lost since is missing" 2 "$(ledger missing)"
stop_master || fail "the master ends with $?"

#!/bin/bash
# Goal: what bots say in their own log can be read on the master, from its end
# and as it grows; it is kept within bounds.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-bots.sh"

says() { # TEXT: in the bot's log
	printf '%s' "$1" >"$work/log-text"
	bot_sends b1 stats --record '{"rec":"bot_log"}' \
	    --payload "$work/log-text"
	wait_empty
}

account local
start_master
bot_up b1
is "nothing yet" "" "$(api bots/b1/logs | jq -r .item.text)"
says $'one\ntwo\nthree\n'
is "its end" "two three" \
    "$(api 'bots/b1/logs?lines=2' | jq -r .item.text | xargs)"
next=$(api 'bots/b1/logs?lines=0' | jq -r .item.next)
says $'four \x1b[31m\n'
is "what came since, and cleaned" 'four \x1b[31m' \
    "$(api "bots/b1/logs?after=$next" | jq -r .item.text | head -n 1)"
is "no place" 400 "$(api 'bots/b1/logs?after=x' -o /dev/null \
    -w '%{http_code}')"
is "no bot" 404 "$(api bots/b9/logs -o /dev/null -w '%{http_code}')"
file=$root/logs/bots/local/b1.log
check "it is a file for people" grep -q '^three' "$file"
head -c 60000 /dev/zero | tr '\0' x >"$work/long"
for n in $(seq 20); do
	says "$(cat "$work/long")"$'\n'
done
check "a long one starts anew" test -f "$file.1"
check "and neither is large" test "$(stat -c %s "$file.1")" -lt 1200000
stop_master || fail "the master ends with $?"

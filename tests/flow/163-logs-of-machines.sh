#!/bin/bash
# Goal: with --log-format json every line of the master's log is one JSON
# object with time, level, event and component, whatever bots send; SIGHUP
# changes the form; text stays what people read.
. "$(dirname "$0")/lib-master.sh"
config=$work/m.yaml

account local
# Logged before the settings are known, it is text.
echo 'log_format: json' >"$config"
start_master --config "$config" --log-level debug
printf 'x\x1b[31m\xff' >"$work/odd"
cp "$work/odd" "$(incoming)/new/$(printf 'b1-\x1b[31m\xff-"x".pfb')"
cp "$work/odd" "$(incoming)/new/$(name_of 7)"
send corpus 1 --target png/read --unit "$(unit x)"
wait_empty
jq -e 'has("ts") and has("level") and has("event") and .component == "masterd"' \
    "$work/master.log" >"$work/judged" || fail "$(cat "$work/master.log")"
is "each line is an object" "$(wc -l <"$work/master.log")" \
    "$(grep -c true "$work/judged")"
is "as many values as lines" "$(wc -l <"$work/master.log")" \
    "$(jq -c . "$work/master.log" | wc -l)"
check "bundles are in it" grep -q '"event":"bundle.ingested"' "$work/master.log"

echo 'log_format: text' >"$config"
kill -HUP "$master"
again() {
	grep -q '^[0-9T:-]*Z info config.reloaded ' "$work/master.log"
}
check "SIGHUP changes the form" wait_until 20 again
stop_master || fail "the master's exit code"
"$masterd" --log-format xml --check-config >"$work/out" 2>&1
is "another form is refused" 2 $?
grep -q "text, json, auto" "$work/out" || fail "$(cat "$work/out")"
ok "with those that there are"

# -- and a bot's three processes
account bots
timeout 100 pandafuzz-botd --root "$work/bot" --name b1 --sandbox none \
    --link "dir:$root/spool/bots" --log-format json run \
    2>"$work/bot.log" &
bot=$!
speak() {
	for who in supervisor runner courier; do
		grep -q "\"component\":\"$who\"" "$work/bot.log" || return 1
	done
}
wait_until 60 speak || fail "not all three speak: $(cat "$work/bot.log")"
kill -TERM "$bot"
wait "$bot"
jq -e 'has("ts") and has("level") and has("event") and has("component")' \
    "$work/bot.log" >"$work/judged" || fail "$(cat "$work/bot.log")"
is "each line of the bot is an object" "$(wc -l <"$work/bot.log")" \
    "$(grep -c true "$work/judged")"

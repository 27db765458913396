#!/bin/bash
# Goal: the same `pandafuzz-botd enroll` against a pf-local that takes further
# machines, as root and as a user: it makes a key, is approved, and the plain
# bot runs with what it wrote; its account is not there for anybody else's key.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh
. tests/flow/lib-accounts.sh
bot=
trap 'code=$?; [ -z "$bot" ] || { kill $bot; wait $bot; } 2>/dev/null
    (exit $code); local_end' EXIT

listen_up --bots 0
adm account add office >"$work/out" || fail "$(cat "$work/out")"
adm account invite office >"$work/lines" 2>"$work/out" ||
    fail "$(cat "$work/out")"
line=$(grep ^sftp: "$work/lines")
enroll() { # OPTION...
	echo "$line" | timeout 60 pandafuzz-botd enroll - --name pc1 \
	    --config-dir "$work/etc" --root "$work/state" "$@" \
	    >"$work/said" 2>&1
}
pandafuzz-botd enroll - --config-dir "$work/etc" </dev/null >"$work/said" 2>&1
[ $? = 2 ] || fail "no line, no complaint: $(cat "$work/said")"
enroll --timeout 3s && fail "let in without approval: $(cat "$work/said")"
grep -q 'run the same line again' "$work/said" || fail "$(cat "$work/said")"
[ ! -e "$work/etc/bot.key" ] || fail "it has a key before it is let in"
adm account approve office pc1 >"$work/out" 2>&1 || fail "$(cat "$work/out")"
enroll || fail "not enrolled: $(cat "$work/said")"
grep -q "account 'office'" "$work/said" || fail "$(cat "$work/said")"

pandafuzz-botd --config "$work/etc/botd.yaml" doctor >"$work/out" 2>&1
grep -q 'the account.*folder\|ok.*sftp://' "$work/out" ||
    fail "doctor: $(cat "$work/out")"
pandafuzz-botd --config "$work/etc/botd.yaml" --sandbox none --slots 1 \
    2>"$work/bot.log" &
bot=$!
there() { [ "$(adm account show office --json | jq .item.bots)" = 1 ]; }
wait_until 30 there || fail "no bot: $(tail -n 5 "$work/bot.log")"
enroll && fail "enrolled twice"
grep -q 'there is a key' "$work/said" || fail "$(cat "$work/said")"
exit 0

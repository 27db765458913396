#!/bin/bash
# Goal: `system/reload` says what it took over, what waits and what is wrong,
# as SIGHUP does it; `system/check` and `status` say what is wrong with a fix.
. "$(dirname "$0")/lib-master.sh"

item() { # FILTER: of a reload
	api system/reload -d '{"reason":"a test"}' | jq -c ".item$1"
}

look() { # NAME FILTER: of system/check
	api system/check | jq -r ".items[] | select(.name == \"$1\") | $2"
}

cat >"$work/masterd.yaml" <<'YAML'
heartbeat: 10s
YAML
echo 'base: {weight: 10}' >"$work/rules.yaml"
start_master --config "$work/masterd.yaml" --templates "$work/rules.yaml"
is "all is well" "" "$(api system/check |
    jq -r '.items[] | select(.good | not) | .name')"
is "nothing is new" '[]' "$(item .settings.changed)"
sed -i s/10s/5s/ "$work/masterd.yaml"
is "what was taken over" '["heartbeat"]' "$(item .settings.changed)"
is "is in the log of changes" "heartbeat a test" "$(api \
    'log?what=settings.reloaded&order=newest&limit=1' |
    jq -r '.items[0] | .after.changed[0] + " " + .reason')"
echo 'nosync: yes' >>"$work/masterd.yaml"
is "what waits for a restart" '["nosync"]' "$(item .settings.waiting)"
is "is said by the check" false "$(look settings .good)"
sed -i '/nosync/d' "$work/masterd.yaml"

echo 'base: {wait: 10}' >"$work/rules.yaml"
echo 'heart: beat' >>"$work/masterd.yaml"
is "wrong files are" '[false,false]' "$(item '|[.settings.good,
    .templates.good]')"
check "named, with the place" \
    test -n "$(item .templates.problem | grep rules.yaml:1)"
is "the check says how to mend it" true \
    "$(look templates '.fix | contains("reload")')"
is "and so does status" 2 "$(api status | jq '[.item.problems[] |
    select(.fix | contains("reload"))] | length')"
is "as a sentence, too" 1 "$(api status | jq '[.item.alarms[] |
    select(startswith("templates: the old ones"))] | length')"
lines=$(api log | jq '.items | length')
item '' >/dev/null
is "what came to nothing is no change" "$lines" \
    "$(api log | jq '.items | length')"

# A signal does the same, in nobody's name.
sed -i '/heart:/d' "$work/masterd.yaml"
echo 'base: {weight: 20}' >"$work/rules.yaml"
kill -HUP "$master"
noted() {
	[ "$(api 'log?what=templates.reloaded&order=newest&limit=1' |
	    jq -r '.items[0].reason')" = SIGHUP ]
}
check "SIGHUP is noted" wait_until 20 noted
is "all is well again" "" "$(api system/check |
    jq -r '.items[] | select(.good | not) | .name')"
stop_master || fail "the master's exit code"

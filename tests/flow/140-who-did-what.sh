#!/bin/bash
# Goal: every change is one line of the log of changes, with who, before,
# after, the reason and the trace; what is altered afterwards is found, and
# SQL itself refuses to.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

put() { # PATH BODY
	api "$1" -X PUT -d "$2"
}

last() { # FILTER: of the newest line
	api 'log?order=newest&limit=1' | jq -r ".items[0]$1"
}

head_is() { # of the check
	api log/check | jq -r "$1"
}

account local
start_master
who=user:$(id -un)
make_target "$work/one/read"
code 0 build add "$work/one" --project zlib
is "the build is noted" build.added "$(last .what)"
is "with who" "$who" "$(last .who)"
is "before it there was nothing" null "$(last .before)"
is "and what it is now" zlib "$(last .after.project)"
trace=4bf92f3577b34da6a3ce929d0e0e4736
job=$(api jobs -d '{"target":"read","slots":1,"reason":"a first look"}' \
    -H "traceparent: 00-$trace-00f067aa0ba902b7-01" | jq -r .item.id)
is "the job is noted" "job.created job:$job" "$(last '|.what+" "+.subject')"
is "with its reason" "a first look" "$(last .reason)"
is "and its trace" $trace "$(last .trace)"
put "jobs/$job/pause" '{"reason":"lunch"}' >/dev/null
is "before and after" "pending paused lunch" \
    "$(last '|.before.status+" "+.after.status+" "+.reason')"
put "jobs/$job/settings" '{"set":{"weight":7}}' >/dev/null
is "of settings, too" 7 "$(last .after.weight)"
put "jobs/$job/settings" '{"set":{"nothing":7}}' >/dev/null
is "what is refused is not noted" job.set "$(last .what)"
put "jobs/$job/cancel?reason=enough" '' >/dev/null
put "jobs/$job/cancel?reason=again" '' >/dev/null
is "nor what changes nothing" "job.cancelled enough" \
    "$(last '|.what+" "+.reason')"
api "jobs/$job/clone" -d '{"reason":"once more"}' >/dev/null
is "a clone" "job.cloned once more" "$(last '|.what+" "+.reason')"

# A refused bundle is dropped: its bytes go, its row and the note stay.
header nonsense 2 | seal_lines "$(name_of 2)"
push "$(name_of 2)"
wait_empty
[ -f "$root/rejected/local/$(name_of 2)" ] || fail "it is not kept"
api spool/drop -d "{\"id\":\"local/$(name_of 2)\",\"reason\":\"noise\"}" |
	grep -q '"api":1' || fail "drop"
is "dropped" "spool.dropped noise spool:local/$(name_of 2)" \
    "$(last '|.what+" "+.reason+" "+.subject')"
[ ! -e "$root/rejected/local/$(name_of 2)" ] &&
	[ ! -e "$root/rejected/local/$(name_of 2).reason" ] ||
	fail "its bytes are still there"
is "its row stays" refused "$(outcome 2)"
is "status does not moan of it" 0 \
    "$(api status | jq '[.item.problems[] | select(.text |
    startswith("refused"))] | length')"
is "once" 404 "$(api spool/drop -o /dev/null -w '%{http_code}' \
    -d "{\"id\":\"local/$(name_of 2)\"}")"

# Filters, pages, and the chain.
is "by subject" 4 "$(api "log?subject=job:$job" | jq '.items | length')"
is "by who" 0 "$(api 'log?who=user:nobody-at-all' | jq '.items | length')"
is "in pages" 2 "$(api 'log?limit=2' | jq '.items | length')"
is "it is intact" true "$(head_is .item.intact)"
head=$(head_is .item.head)
is "its head is the last line's hash" "$head" "$(last .hash)"
api log | jq -c '.items[]' >"$work/exported"
stop_master || fail "the master's exit code"

db=$root/data/pandafuzz.db
sqlite3 "$db" "UPDATE audit SET who = 'user:x'" 2>&1 |
	grep -q 'only added to' || fail "a line may be changed"
sqlite3 "$db" "DELETE FROM audit WHERE id = 1" 2>&1 |
	grep -q 'only added to' || fail "a line may be removed"
ok "SQL refuses to change it"
start_master
is "still intact after a restart" "true $head" \
    "$(head_is '.item|(.intact|tostring)+" "+.head')"
stop_master || fail "the master's exit code"
sqlite3 "$db" "DROP TRIGGER audit_update;
    UPDATE audit SET reason = 'tea' WHERE reason = 'lunch'" || fail "sqlite3"
line=$(sqlite3 "$db" "SELECT id FROM audit WHERE reason = 'tea'")
start_master
is "who goes behind its back is found" "false $line" \
    "$(head_is '.item|(.intact|tostring)+" "+(.broken|tostring)')"
stop_master || fail "the master's exit code"

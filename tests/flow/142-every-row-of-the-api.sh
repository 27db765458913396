#!/bin/bash
# Goal: each row of the table in pandafuzz-api(7) that maps the original's API
# is done for real: requests over the socket, bundles in incoming/.  A row that
# is not done here fails.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"
. "$(dirname "$0")/lib-bots.sh"

done_rows=
row() { # WORDS of the page's left column
	done_rows="$done_rows$1
"
	ok "$1"
}

recorded() { # KIND: is one in the ledger?
	[ "$(sql "SELECT count(*) FROM ledger WHERE kind = '$1' AND
	    outcome = 'ingested'")" -gt 0 ] || fail "no $1 was taken in"
}

plain() { # PATH
	curl -sS --max-time 20 --unix-socket "$root/run/admin.sock" \
	    "http://master/$1"
}

account local
start_master
make_target "$work/one/read"
code 0 build add "$work/one" --project zlib

job=$(api jobs -d '{"target":"zlib/read","slots":1}' | jq -r .item.id)
is "an id" 16 "${#job}"
row "POST /api/v1/jobs"
second=$(api jobs -d '{"target":"read","weight":90}' | jq -r .item.id)
is "the one before, in pages" "$job" \
    "$(api 'jobs?limit=1' | jq -r '.items[0].id')"
next=$(api 'jobs?limit=1' | jq -r .next)
is "and the next" "$second" \
    "$(api "jobs?limit=1&after=$next" | jq -r '.items[0].id')"
is "filtered" 0 "$(api 'jobs?status=running' | jq '.items | length')"
is "sorted" "$second" "$(api 'jobs?sort=-weight' | jq -r '.items[0].id')"
is "and in pages" "$job" "$(api "jobs?sort=-weight&limit=1&after=$(
    api 'jobs?sort=-weight&limit=1' | jq -r .next)" | jq -r '.items[0].id')"
row "GET /api/v1/jobs"
is "one" pending "$(api "jobs/$job" | jq -r .item.status)"
row "GET /api/v1/jobs/{id}"
api "jobs/$second/cancel" -X PUT -d '{}' | jq -e \
    '.item.status == "cancelled"' >/dev/null || fail "cancel"
row "PUT /api/v1/jobs/{id}/cancel"
is "its log" "$job" "$(api "jobs/$job/logs" | jq -r .item.job)"
row "GET /api/v1/jobs/{id}/logs"
is "the version is there" true "$(api status | jq '.item.version != ""')"
is "what is wrong has a fix" true "$(api status |
    jq '.item.problems | length > 0 and all(.fix != "")')"
row "GET /api/v1/status"
api metrics | grep -q '^pandafuzz_jobs{' || fail "metrics"
plain metrics | grep -q '^pandafuzz_build_info' || fail "/metrics"
row "GET /api/v1/metrics"
is "alive" ok "$(plain healthz)"
row "GET /healthz"
is "ready" ready "$(plain readyz)"
row "GET /readyz"

# ---- and from bots
bot_up b1
recorded register
row "bot: register"
is "it is there" up "$(api bots | jq -r '.items[0].state')"
row "GET /api/v1/bots"
bot_beats b1
is "it was heard" true "$(api bots/b1 | jq '.item.seen != null')"
row "bot: heartbeat"
# Checks of builds come first.
for i in 1 2 3 4; do
	got b1
	ticket=$root/spool/local/outgoing/b1/tickets/$lease.json
	wait_until 20 test -s "$ticket" || fail "no ticket"
	kind=$(jq -r .kind "$ticket")
	[ "$kind" = check ] || break
	bot_beats b1 "$lease"
	completes b1 done good
done
is "a ticket to fuzz" "fuzz zlib/read" \
    "$(jq -r '.kind + " " + .target' "$ticket")"
row "bot: get job"
bot_beats b1 "$lease"
on=(--target zlib/read --lease "$lease" --job "$job")
printf 'boom' >"$work/input"
printf '==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1\n' \
    >"$work/report"
printf '    #0 0x1 in inflate inflate.c:1\n' >>"$work/report"
bot_sends b1 crash "${on[@]}" --crash "$work/input" --report "$work/report"
bot_sends b1 corpus "${on[@]}" --unit "$(unit one)"
bot_sends b1 coverage "${on[@]}" --record "{\"rec\":\"coverage\",
\"lease\":\"$lease\",\"edges\":11,\"features\":22,\"functions\":3,\"units\":1}"
bot_sends b1 stats --record "{\"rec\":\"stats\",\"lease\":\"$lease\",
\"seconds\":1,\"execs\":1000,\"execs_per_second\":100,\"edges\":11,
\"features\":22,\"units\":1,\"unit_bytes\":3,\"rss_mb\":30,\"crashes\":1,
\"dict\":0,\"seeds\":0,\"restarts\":0}"
wait_empty
for kind in crash corpus coverage stats; do
	recorded $kind
	row "bot: result $kind"
done
is "the crash is shown" 1 "$(api 'crashes?target=zlib/read' |
    jq '.items | length')"
is "with its bytes" boom "$(api "crashes/$(sum "$work/input")/input")"
is "the unit, too" 1 "$(api 'corpus?target=zlib/read' | jq '.items | length')"
is "and coverage" 11 "$(api targets/zlib/read | jq .item.edges)"
completes b1 done
recorded complete
is "the lease is done" done \
    "$(api "jobs/$job" | jq -r ".item.leases[] | select(.id == \"$lease\") |
    .state")"
row "bot: complete job"
printf 'told to stop' >"$work/why"
bot_sends b1 deregister --record '{"rec":"reason"}' --payload "$work/why"
wait_empty
recorded deregister
is "it has left" left "$(api bots/b1 | jq -r .item.state)"
row "bot: deregister"
stop_master || fail "the master's exit code"

# The page and this test have the same rows.
sed -n '/THE ORIGINAL/,/^\.El/s/^\.It \([^.]*\) Ta .*/\1/p' \
    masterd/pandafuzz-api.7 | grep -v '^Em' | sort >"$work/page"
printf '%s' "$done_rows" | sort >"$work/done"
diff "$work/page" "$work/done" || fail "rows of the page that were not done"
ok "every row of the page was done"

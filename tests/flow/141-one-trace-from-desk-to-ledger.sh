#!/bin/bash
# Goal: one id goes from `pfadm job create` through ticket and bundle to the
# ledger, the events and the lines of the master's log; a traceparent that
# somebody brings is that id.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

bot=
before_end() {
	[ -n "$bot" ] && kill "$bot" 2>/dev/null && wait "$bot"
}

account local
start_master --heartbeat 1s
make_target "$work/one/read"
code 0 build add "$work/one" --project zlib
pandafuzz-botd --root "$work/bot" --name b1 --account local \
    --link "dir:$root/spool/local" --slots 1 --seal-after 1s \
    --stats-after 2s run 2>"$work/bot.log" &
bot=$!

adm job create zlib/read --for 1h --json >"$work/out" || fail "job create"
job=$(jq -r .item.id "$work/out")
trace=$(jq -r .item.trace "$work/out")
is "the job has one" 32 "${#trace}"

ticket() {
	grep -l "\"job\":\"$job\"" "$root"/spool/local/outgoing/b1/tickets/* \
	    2>/dev/null | head -n 1
}
has_ticket() {
	[ -n "$(ticket)" ]
}
check "it gets a ticket" wait_until 60 has_ticket
is "the ticket has it" "$trace" "$(jq -r .trace "$(ticket)")"
rows() {
	sql "SELECT count(*) FROM ledger WHERE trace = '$trace'"
}
some_rows() {
	[ "$(rows)" -gt 0 ]
}
check "a row of the ledger has it" wait_until 60 some_rows
is "as the API shows it" true "$(api "ledger?outcome=ingested&limit=1000" |
    jq "[.items[] | select(.trace == \"$trace\")] | length > 0")"
is "the event of its creation has it" 1 \
    "$(api "events?subject=job:$job&what=job.created" |
    jq "[.items[] | select(.trace == \"$trace\")] | length")"
is "the change, too" 1 \
    "$(api "log?subject=job:$job&what=job.created" |
    jq "[.items[] | select(.trace == \"$trace\")] | length")"
logged() {
	grep "bundle.ingested.*trace=$trace" "$work/master.log" >/dev/null
}
check "and lines of the master's log" wait_until 20 logged

# Its own for each request: what stops the job is not what began it.
mine=0af7651916cd43dd8448eb211c80319c
api "jobs/$job/cancel" -X PUT -d '{}' -D "$work/head" -o /dev/null \
    -H "traceparent: 00-$mine-b7ad6b7169203331-01"
grep -qi "^traceparent: 00-$mine-[0-9a-f]\{16\}-01" "$work/head" ||
	fail "it is not passed back: $(cat "$work/head")"
is "the event has the trace of its request" $mine \
    "$(api "events?subject=job:$job&what=job.cancelled" |
    jq -r '.items[0].trace')"
api status -D "$work/head" -o /dev/null -H "traceparent: 00-$mine-x"
grep -qi "^traceparent: 00-[0-9a-f]\{32\}-" "$work/head" ||
	fail "a wrong one gets no answer"
! grep -qi "$mine" "$work/head" || fail "a wrong one is taken"
ok "a wrong one is replaced"
kill "$bot" && wait "$bot"
bot=
wait_empty
is "every bundle has one" 0 "$(sql "SELECT count(*) FROM ledger
    WHERE trace = ''")"
stop_master || fail "the master's exit code"

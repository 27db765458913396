#!/bin/bash
# Goal: events come as lines while they happen, from now or from where one
# was, filtered; the stream ends with its client and with the master.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

stream=
before_end() {
	[ -n "$stream" ] && kill "$stream" 2>/dev/null
}

follow() { # FILE QUERY
	: >"$1"
	: >"$1.head"
	curl -sSN --unix-socket "$root/run/admin.sock" -D "$1.head" \
	    "http://master/api/v1/events?follow=1$2" >"$1" 2>"$1.err" &
	stream=$!
	wait_until 20 grep -q x-ndjson "$1.head" || fail "no stream"
}

start_master
make_target "$work/one/read"
code 0 build add "$work/one" --project zlib
first=$(api events | jq -r '.items[-1].id')
follow "$work/all" ""
job=$(api jobs -d '{"target":"read"}' | jq -r .item.id)
check "what happens comes" wait_until 20 grep -q job.created "$work/all"
is "a line is an object" "job:$job" \
    "$(grep job.created "$work/all" | jq -r .subject)"
is "what was before does not come" 0 "$(grep -c build.added "$work/all")"
api "jobs/$job/pause" -X PUT -d '{}' >/dev/null
check "and so on" wait_until 20 grep -q job.paused "$work/all"
kill $stream
wait $stream 2>/dev/null
descriptors() {
	ls "/proc/$master/fd" | wc -l
}
before=$(descriptors)
follow "$work/some" "&after=$first&what=job.paused"
check "from where one was" wait_until 20 grep -q job.paused "$work/some"
is "and nothing else" 1 "$(wc -l <"$work/some")"
kill $stream
wait $stream 2>/dev/null
fewer() {
	[ "$(descriptors)" -le "$before" ]
}
check "a client that goes leaves nothing open" wait_until 20 fewer

# Many bots would be told of in one batch: all come, in order, once.
follow "$work/many" "&after=0"
for i in $(seq 40); do
	api "jobs/$job/resume" -X PUT -d '{}' >/dev/null
	api "jobs/$job/pause" -X PUT -d '{}' >/dev/null
done
newest=$(api 'events?order=newest&limit=1' | jq -r '.items[0].id')
check "all of them" wait_until 20 grep -q "\"id\":$newest," "$work/many"
is "in order, once" "$(jq .id "$work/many" | sort -nu)" \
    "$(jq .id "$work/many")"
is "none is missing" "$newest" "$(wc -l <"$work/many")"
stop_master || fail "the master's exit code"
wait $stream
stream=
ok "the stream ends with the master"

#!/bin/bash
# Goal: a real bot that fuzzes is drained (its lease is taken back at once), is
# idle and says why, goes on when it is resumed; killed, it is late, lost,
# written off and forgotten; started again it is back and fuzzes.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh

ok() {
	echo "ok: $*"
}

is() { # SENTENCE WANTED GOT
	[ "$2" = "$3" ] || fail "$1: '$3', not '$2'"
	ok "$1"
}

api() { # PATH [CURL-OPTION...]
	local path=$1
	shift
	curl -sS --max-time 20 --unix-socket "$ROOT/run/admin.sock" "$@" \
	    "http://master/api/v1/$path"
}

put() { # PATH JSON
	api "$1" -X PUT -d "$2" -o "$work/said" -w '%{http_code}'
}

of() { # JQ: of b1
	api bots/b1 | jq -r ".item$1"
}

state_is() {
	[ "$(of .state)" = "$1" ]
}

fuzzes() {
	[ "$(of '.leases_in_hand | map(select(.state == "running" and .job)) |
	    length')" -gt 0 ]
}

idle() {
	[ "$(of .leases)" = 0 ] && [ "$(of .free)" = 1 ]
}

gone() {
	[ ! -e "$ROOT/spool/local/outgoing/b1/status.json" ]
}

balanced() {
	adm ledger check >"$work/said"
}

sh tests/targets/build.sh "$work/t" jsmn || fail "no target"
mkdir -p "$ROOT/local" && chmod 700 "$ROOT/local"
printf 'heartbeat: 500ms\nbots.late: 10\nbots.lost: 16\n' \
    >"$ROOT/local/masterd.yaml"
local_up --bots 1 --slots 1 --link dir
adm build add "$work/t/jsmn" --project jsmn >/dev/null || fail "no build"
adm job create jsmn/jsmn_fuzzer --parsable >/dev/null || fail "no job"
wait_until 60 fuzzes || fail "it does not fuzz: $(api bots/b1)"
ok "it fuzzes"
is "its facts are those of a host" true "$(of '.capabilities |
    .engines.libfuzzer != null and .arch != "" and .cores > 0')"

is "drained" 200 "$(put bots/b1/drain '{"reason":"new disk","now":true}')"
wait_until 30 idle || fail "it is not idle: $(api bots/b1)"
is "idle, and it says why" "it is drained by user:$(id -un): new disk" \
    "$(of '.why_idle[]')"
is "nobody's failure" 0 "$(of .failures)"
is "its last lease was taken back" true "$(of '.last_leases[0].reason |
    test("drained by")')"
is "resumed" 200 "$(put bots/b1/resume '{}')"
wait_until 30 fuzzes || fail "it does not fuzz again: $(api bots/b1)"
ok "it goes on"

# Its machine dies.
kill -KILL "$(pid_of b1)"
wait_until 20 state_is late || wait_until 1 state_is lost ||
	fail "it is not late: $(of .state)"
wait_until 20 state_is lost || fail "it is not lost: $(of .state)"
is "lost is an event" 1 "$(api 'events?what=bot.lost' | jq '.items | length')"
is "written off" 200 "$(put bots/b1/write-off '{"reason":"it burnt"}')"
balanced || fail "the ledger does not balance: $(cat "$work/said")"
ok "the ledger balances"
is "forgotten" 200 "$(put bots/b1/forget '{"reason":"it burnt"}')"
wait_until 20 gone || fail "its folder stays"
ok "its folder goes"
is "it is not listed" 0 "$(api bots | jq '.items | length')"

# It did not burn after all.
local_up
wait_until 30 state_is up || fail "it is not back: $(of .state)"
is "back is an event" "it was forgotten" "$(api 'events?what=bot.back' |
    jq -r '.items[-1].detail')"
wait_until 60 fuzzes || fail "it does not fuzz: $(api bots/b1)"
ok "and fuzzes"
wait_until 20 balanced || fail "the ledger: $(cat "$work/said")"
ok "the ledger balances"

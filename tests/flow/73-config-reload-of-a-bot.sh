#!/bin/bash
# Goal: SIGHUP to a bot changes what may change in all its processes, and the
# lease in hand goes on in the same session; a broken file changes nothing and
# does not reach a part that dies and starts again; what needs a restart is
# named and waits.
. "$(dirname "$0")/lib-runner.sh"
. "$SRC/tests/flow/lib-sshd.sh"
lease=00000000000000c1
config=$work/botd.yaml

write() { # LINES...: over what every version of the file has
	{
		printf 'root: %s\nname: b1\naccount: local\nslots: 1\n' "$bot"
		printf 'link: "dir:%s"\nsandbox: none\n' "$work/nowhere"
		printf '%s\n' "$@"
	} >"$config"
}

start_bot() {
	: >>"$work/log"
	before=$(grep -c runner.started "$work/log")
	"$work/pandafuzz-botd" --config "$config" --memory 2GiB run \
	    2>>"$work/log" &
	runner=$! # the supervisor; ended with us
	wait_until 15 started_again "$before" || fail "the bot did not start"
	new_epoch_of_log
}

new_epoch_of_log() {
	epoch=$(sed -n 's/.* runner.started .*epoch=\([0-9a-f]*\).*/\1/p' \
	    "$work/log" | tail -n 1)
}

child() { # courier, runner
	local pid
	for pid in $(sshd_below "$runner"); do
		[ "$( (tr '\0' '\n' <"/proc/$pid/cmdline" | tail -n 1) \
		    2>/dev/null)" = "$1" ] && echo "$pid" && return
	done
	return 1
}

hangup() { # WORD: until the log says it
	local before
	before=$(wc -l <"$work/log")
	kill -HUP "$runner"
	said() {
		tail -n +$((before + 1)) "$work/log" | grep -q -- "$1"
	}
	wait_until 10 said "$1" || fail "the log does not say '$1'"
	tail -n +$((before + 1)) "$work/log" >"$work/said"
}

logged() {
	grep -q -- "$1" "$work/said" || fail "no '$1': $(cat "$work/said")"
}

in_force() { # KEY VALUE
	grep -q "^ *$1: $2 " "$bot/settings.yaml"
}

units() {
	count '"rec":"unit"'
}

more_units() {
	[ "$(units)" -gt "$1" ]
}

wrote_units() {
	[ "$(find "$bot/work/$lease/corpus" -type f 2>/dev/null | wc -l)" -gt 5 ]
}

make_bot
sh "$SRC/tests/targets/build.sh" "$targets" chunks || fail "no target"
write 'seal_after: 1h' 'stats_after: 1h'
start_bot
in_force seal_after 1h || fail "$bot/settings.yaml: $(cat "$bot/settings.yaml")"
in_force memory 2GiB || fail "an option is not in force"
grep -q "seal_after: 1h .*botd.yaml:7" "$bot/settings.yaml" ||
    fail "no origin in settings.yaml"
status $lease
ticket $lease 00000000000000b1 chunks chunks_fuzzer "$targets/chunks" 600000
wait_until 30 wrote_units || fail "the engine writes nothing"
first=$(child runner) courier=$(child courier)
[ "$(units)" = 0 ] || fail "units are sealed before their time"

# What may change, with the lease in hand.
write 'seal_after: 500ms' 'stats_after: 1s' 'retry: {max_delay: 2s}'
hangup 'config.reloaded'
logged 'keys="seal_after stats_after retry.max_delay"'
[ "$(grep -c config.reloaded "$work/said")" = 1 ] || fail "said several times"
wait_until 20 more_units 0 || fail "the runner seals as before"
wait_until 20 has '"kind":"stats"' || fail "no statistics"
[ "$(child runner)" = "$first" ] || fail "the runner was restarted"
[ "$(child courier)" = "$courier" ] || fail "the courier was restarted"
beat | grep -a -q "\"lease\":\"$lease\"" || fail "the lease is not in hand"
! has '"rec":"complete"' || fail "the lease has ended"
echo "ok: taken over, the lease goes on"

# What needs a restart.
write 'seal_after: 500ms' 'stats_after: 2s' 'known_hosts: /else'
hangup config.needs_restart
logged 'config.needs_restart keys=known_hosts'
logged 'config.reloaded keys="stats_after retry.max_delay"'
in_force known_hosts /etc/pandafuzz/known_hosts || fail "it did not wait"

# A broken file, and then a part that dies: the others live on as they were.
write 'seal_after: 500ms' 'stats_after: often' 'slot: 3'
hangup 'nearest is'
logged "config.refused.*botd.yaml:8:14"
logged "config.refused.*'slot'.*'slots'"
[ "$(child runner)" = "$first" ] || fail "the runner was restarted"
beat | grep -a -q "\"lease\":\"$lease\"" || fail "the lease is not in hand"
before=$(grep -c runner.started "$work/log")
kill -KILL "$first"
wait_until 20 started_again "$before" || fail "the runner does not come back"
kill -KILL "$(child courier)"
another() {
	local now
	now=$(child courier) && [ "$now" != "$courier" ]
}
wait_until 20 another || fail "the courier does not come back"
kill -0 "$runner" || fail "the bot has ended"
in_force stats_after 2s || fail "not what was in force"
echo "ok: a broken file changes nothing"

# Storms, also while parts start.
for i in $(seq 100); do
	write "seal_after: $((i + 1))00ms"
	kill -HUP "$runner"
	[ $((i % 25)) = 0 ] && courier=$(child courier) &&
	    kill -KILL "$courier"
done
hangup 'config.reloaded'
wait_until 20 in_force seal_after 10100ms || fail "the last one is not in force"
kill -0 "$runner" || fail "the bot has ended"
kill -TERM "$runner"
wait "$runner"
code=$?
runner=
[ $code = 0 ] || fail "it left with $code"
exit 0

#!/bin/bash
# Goal: SIGHUP makes the master read its settings again: what may change does,
# without a restart; what needs one is named in log and status; a file that is
# wrong or cannot be read leaves the old settings in force, and log and status
# say so until it is mended.
. "$(dirname "$0")/lib-master.sh"
config=$work/m.yaml

hangup() { # WORD [COUNT]: until the log says it so often since then
	local before
	before=$(wc -l <"$work/master.log")
	kill -HUP "$master"
	said() {
		[ "$(tail -n +$((before + 1)) "$work/master.log" |
			grep -c "$1")" -ge "${2-1}" ]
	}
	wait_until 10 said "$@" || fail "the log does not say '$1'"
	tail -n +$((before + 1)) "$work/master.log" >"$work/said"
}

logged() { # SENTENCE PATTERN
	grep -q -- "$2" "$work/said" || fail "$1: $(cat "$work/said")"
	ok "$1"
}

alarms() {
	api status | sed 's/.*"alarms":\[//; s/\].*//'
}

beats() { # MS
	[ "$(status '$.heartbeat_ms')" = "$1" ]
}

account local
printf 'heartbeat: 2s\nlog_level: info\n' >"$config"
start_master --config "$config"
pid=$master
beat 1 0 0
wait_empty
check "bots are told the heartbeat" wait_until 10 beats 2000
is "no alarm" "" "$(alarms)"

# -- what may change
printf 'heartbeat: 500ms\nleases: {lost: 1m}\nlog_level: debug\n' >"$config"
hangup config.reloaded
logged "it says which keys" \
    'config.reloaded keys="log_level heartbeat leases.lost"'
check "bots are told the new one" wait_until 10 beats 500
is "no alarm" "" "$(alarms)"
hangup config.reloaded
logged "nothing changed, nothing named" 'config.reloaded keys=""'
printf 'heartbeat: 500ms\nleases: {lost: 1m}\nlog_level: error\n' >"$config"
kill -HUP "$master"
quiet() {
	printf 'heartbeat: 600ms\nleases: {lost: 1m}\nlog_level: error\n' \
	    >"$config"
	local before
	before=$(wc -l <"$work/master.log")
	kill -HUP "$master"
	sleep 0.3
	[ "$(wc -l <"$work/master.log")" = "$before" ] && beats 600
}
check "the log's level is one of them" wait_until 10 quiet

# -- what needs a restart
printf 'heartbeat: 700ms\nsocket: /elsewhere\nnosync: yes\n' >"$config"
hangup config.needs_restart
logged "it says which keys wait" 'config.needs_restart keys="socket nosync"'
check "the others are taken" wait_until 10 beats 700
case $(alarms) in
*"wait for a restart"*"socket nosync"*) ok "status says so" ;;
*) fail "status says '$(alarms)'" ;;
esac
pfadm --root "$root" status >"$work/out" || fail "no status"
grep -q "socket nosync" "$work/out" || fail "$(cat "$work/out")"
ok "and so does pfadm"

# -- wrong files
printf 'heartbeat: 800ms\nleases: {lost: never}\nslots: 3\n' >"$config"
hangup config.refused 2
logged "all complaints are logged" "m.yaml:3:1: unknown key 'slots'"
logged "with what is accepted" 'lost.*never.*expected 100ms to 7d'
case $(alarms) in
*"old settings stay in force"*m.yaml:2:16*) ok "status says so" ;;
*) fail "status says '$(alarms)'" ;;
esac
pfadm --root "$root" status | grep -q "old settings stay in force" ||
	fail "pfadm does not say so"
beat 2 0 0
wait_empty
check "the old ones are in force" beats 700
rm "$config"
hangup config.refused
logged "a file that is gone is no empty one" 'No such file'
mkdir "$config"
hangup config.refused
case $(alarms) in
*"old settings stay in force"*"no regular file"*) ok "status says that, too" ;;
*) fail "status says '$(alarms)'" ;;
esac
rmdir "$config"
mkdir "$work/m.d"
echo 'heartbeat: 900ms' >"$config"
echo '*x : y' >"$work/m.d/50-new.yaml"
hangup config.refused
logged "a bad part refuses the whole" '50-new.yaml:1:1'
rm "$work/m.d/50-new.yaml"
hangup config.reloaded
check "mended, it is taken" wait_until 10 beats 900
is "and the alarm is over" "" "$(alarms)"

# -- storms
for i in {1..200}; do
	echo "heartbeat: ${i}00ms" >"$config"
	kill -HUP "$master"
done
hangup config.reloaded
check "after 200 of them the last file counts" wait_until 10 beats 20000
is "and it is the same process" "$pid" "$master"
running || fail "the master is gone"
stop_master || fail "the master ends with $?"
exit 0

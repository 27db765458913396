#!/bin/bash
# Goal: a decode child that is killed in mid-bundle costs nobody an attempt; a
# bundle that makes it die three times is refused; without its sync child the
# master ends and takes everything after its restart (PROTOCOL 16, 18).
. "$(dirname "$0")/lib-master.sh"

child() { # WHAT-ITS-DESCRIPTOR-1-IS
	local pid
	for pid in $(cat "/proc/$master/task/$master/children"); do
		case $(readlink "/proc/$pid/fd/1") in
		$1) echo "$pid" && return ;;
		esac
	done
	return 1
}

decode_child() { # its frames go down a pipe
	child 'pipe:*'
}

sync_child() { # it holds the store's folder
	child "$root"
}

deaths() { # WORD
	grep -c "decode.died .*$1" "$work/master.log"
}

attempts() {
	sql "SELECT coalesce(sum(count), 0) FROM attempt"
}

more_deaths() { # THAN
	[ "$(deaths "")" -gt "$1" ]
}

# Kill the child as soon as it has a bundle in hand; once.
kill_decode_child() { # SIGNAL
	local pid before
	before=$(deaths "")
	for _ in $(seq 2000); do
		pid=$(decode_child) && kill "-$1" "$pid" 2>/dev/null &&
			wait_until 10 more_deaths "$before" && return 0
		nothing_waits && return 1
		sleep 0.01
	done
	return 1
}

account local
noise 50000000 "$work/noise"
large=$(seal corpus 1 --target png/read --unit "$work/noise")
start_master

push "$large"
check "a decode child is killed in mid-bundle" kill_decode_child KILL
is "nobody is to blame" 1 "$(deaths "blame=nobody")"
is "no attempt is counted" 0 "$(attempts)"
wait_empty
is "the bundle is ingested" ingested "$(outcome 1)"
is "it was decoded again" 1 "$(sql "SELECT count(*) FROM unit")"

# ---- one that kills its reader: the signal comes from us, but as its own
noise 50000000 "$work/noise"
push "$(seal corpus 2 --target png/read --unit "$work/noise")"
for n in 1 2 3; do
	check "the child dies of it, $n" kill_decode_child SEGV
done
push "$(seal corpus 3 --target png/read --unit "$(unit three)")"
wait_empty
is "after three deaths it is refused" refused "$(outcome 2)"
is "with the reason" "decoding it failed three times" "$(reason 2)"
check "its bytes are kept" cmp "$work/$(name_of 2)" \
    "$root/rejected/local/$(name_of 2)"
is "the next one is ingested" ingested "$(outcome 3)"
is "its attempts are forgotten" 0 "$(attempts)"

# Attempts outlive the master.
# Long enough to be met by a signal after a start on a busy machine.
noise 60000000 "$work/noise"
noise 60000001 "$work/noise2"
noise 60000002 "$work/noise3"
push "$(seal corpus 4 --target png/read --unit "$work/noise" \
    --unit "$work/noise2" --unit "$work/noise3")"
check "it dies of another" kill_decode_child SEGV
check "twice" kill_decode_child SEGV
stop_master KILL
is "two attempts are on record" 2 "$(attempts)"
start_master
check "and once more after a restart" kill_decode_child SEGV
wait_empty
is "that makes three" refused "$(outcome 4)"

# ---- the sync child
pid=$(sync_child) || fail "there is no sync child"
kill -KILL "$pid"
send corpus 5 --target png/read --unit "$(unit five)"
wait "$master"
is "the master ends with 1 when its sync child is gone" 1 $?
master=
check "and says why" grep -q "sync child died" "$work/master.log"
is "it acknowledged nothing meanwhile" "" "$(outcome 5)"
check "the bundle waits" test -f "$(incoming)/new/$(name_of 5)"
start_master
wait_empty
is "after its restart it is ingested" ingested "$(outcome 5)"
beat 1 0 5
wait_empty
balanced
store_sound
stop_master || fail "the master ends with $?"

# Sourced after lib-master.sh by tests of time: a real bot on a dir: link, a
# job that it fuzzes all the time, and wall clocks that can be moved while
# their processes run (faketime; up-time stays what it is).

# real_clock=1 before: nobody's clock is moved.
if [ -z "${real_clock-}" ] && [ -n "${SANITIZED-}" ]; then
	echo "libfaketime and ASan both want to be loaded first"
	exit 77
fi
faketime=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$faketime" ] || fail "faketime is missing: tools/install-deps check"

# libfaketime takes its offset off every absolute timerfd, those of up-time
# too: such calls go past it.
cat >"$work/timers.c" <<'C'
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>
int
timerfd_settime(int fd, int flags, const struct itimerspec *new,
    struct itimerspec *old)
{
	return (int)syscall(SYS_timerfd_settime, fd, flags, new, old);
}
C
cc -shared -fPIC -o "$work/timers.so" "$work/timers.c" || fail "no compiler"

# clock_of NAME OFFSET: "+0", "+1d", "-1d" ...: at once.
clock_of() {
	echo "$2" >"$work/clock-$1.new"
	mv "$work/clock-$1.new" "$work/clock-$1"
}

# with_clock NAME: what to put before a command.
with_clock() {
	[ -z "${real_clock-}" ] || return 0
	echo env LD_PRELOAD="$work/timers.so:$faketime" \
	    FAKETIME_NO_CACHE=1 NO_FAKE_STAT=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 \
	    FAKETIME_TIMESTAMP_FILE="$work/clock-$1"
}

botd=
start_bot() { # OPTION...
	$(with_clock bot) pandafuzz-botd --root "$work/bot" --name b1 \
	    --account local --link "dir:$root/spool/local" --slots 1 \
	    --poll 100ms --seal-after 1s --stats-after 1s "$@" \
	    2>>"$work/bot.log" &
	botd=$!
}

before_end() {
	[ -n "$botd" ] || return 0
	kill -CONT "$botd" 2>/dev/null
	kill "$botd" 2>/dev/null
	wait "$botd" 2>/dev/null
}

# The bot's three processes: supervisor first.
bot_pids() {
	echo "$botd" $(pgrep -P "$botd")
}

# The job's only lease: $lease, once it runs.
fuzzes() {
	lease=$(sql "SELECT l.lease FROM lease l JOIN task t ON t.id = l.task
	    WHERE t.kind = 'fuzz' AND l.state = 'running'")
	[ -n "$lease" ]
}

# A good build, and a job on it, with one slot: sets $lease.
start_fuzzing() {
	sh tests/targets/build.sh "$work/t" jsmn || fail "no target"
	pfadm --root "$root" build add "$work/t/jsmn" --project json --wait \
	    --timeout 60s >"$work/said" 2>&1 </dev/null ||
		fail "no build: $(cat "$work/said" "$work/bot.log")"
	pfadm --root "$root" job create json/jsmn_fuzzer --slots 1 \
	    >/dev/null </dev/null || fail "no job"
	wait_until 30 fuzzes || fail "nothing is fuzzed: $(cat "$work/bot.log")"
}

beats_seen() { # how many the master has applied
	sql "SELECT beat FROM epoch WHERE state = 'live'"
}

# At least N more beats, the lease the same, the serial only ahead.
goes_on() { # N WHAT
	local from last now
	from=$(beats_seen)
	last=$(status '$.serial')
	more() {
		now=$(status '$.serial')
		[ "$now" -ge "$last" ] ||
			fail "$what: the serial went back: $last, $now"
		last=$now
		[ "$(beats_seen)" -ge $((from + n)) ]
	}
	n=$1 what=$2
	wait_until 30 more || fail "$what: no beats: $(tail "$work/bot.log")"
	is "$what: beats are taken, the lease holds" "running|up" \
	    "$(sql "SELECT l.state, b.state FROM lease l JOIN bot b ON b.id =
	    l.bot WHERE l.lease = '$lease'")"
	grep -q "$lease" "$(status_file)" || fail "$what: it is not told so"
	mtime_is_serial "$what: mtime is the serial"
}

# Nothing ever ended, was late, lost or refused.
nothing_happened() {
	is "no lease but that one" 1 "$(sql "SELECT count(*) FROM lease l JOIN
	    task t ON t.id = l.task WHERE t.kind = 'fuzz'")"
	is "nobody was late or lost" 0 "$(sql "SELECT count(*) FROM event
	    WHERE what IN ('bot.late', 'bot.lost', 'bot.clashed')")"
	is "nothing was refused" 0 "$(sql "SELECT count(*) FROM ledger WHERE
	    outcome <> 'ingested'")"
}

# The bot stops in good order, and all it sealed is in.
all_is_in() {
	kill -TERM "$botd"
	wait "$botd" 2>/dev/null
	botd=
	wait_empty 30
	settled() {
		[ "$(ledger balanced)" = true ]
	}
	wait_until 20 settled
	balanced
	for f in "$work"/bot/outbox/new/*-[cb].pfb; do
		[ -f "$f" ] || continue
		f=${f%-?.pfb}
		[ "$(sql "SELECT count(*) FROM ledger l JOIN epoch e ON e.id =
		    l.epoch WHERE l.seq = ${f##*-} AND instr('${f##*/}',
		    e.epoch)")" = 1 ] || fail "it was not taken: $f"
	done
	ok "what the outbox still holds is in"
	store_sound
}

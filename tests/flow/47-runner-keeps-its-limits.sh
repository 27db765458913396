#!/bin/bash
# Goal: the runner supervises by its own clock and counts: a target that hangs
# and ignores SIGTERM ends with its slice; one that writes too much, and one
# that eats memory, fail their leases with a sentence; a flood of output costs
# neither memory nor disk.
. "$(dirname "$0")/lib-runner.sh"

ended() { # LEASE RESULT
	outbox | grep -a '"rec":"complete"' | grep -a "$1" |
	    grep -a -q "\"result\":\"$2\""
}

target() { # NAME: from standard input, as if libFuzzer were in it
	{
		echo '#!/bin/sh'
		echo 'printf "#2\tINITED cov: 1 ft: 1 corp: 1/1b exec/s: 0 rss: 1Mb\n"'
		cat
	} >"$targets/t/$1"
	chmod 755 "$targets/t/$1"
}

make_bot
mkdir "$targets/t"
start_runner --work-quota 16MiB --memory 64MiB
status 00000000000000c1 00000000000000c2
target hang_fuzzer <<'END'
trap '' TERM
while :; do sleep 1; done
END
from=$SECONDS
ticket 00000000000000c1 00000000000000b1 t hang_fuzzer "$targets/t" 3000
target write_fuzzer <<'END'
for c; do :; done
for c; do case $c in -*) ;; *) break ;; esac; done
i=0
while :; do
	head -c 1000000 /dev/urandom >"$c/unit$i"
	i=$((i + 1))
done
END
ticket 00000000000000c2 00000000000000b2 t write_fuzzer "$targets/t" 60000
wait_until 15 ended 00000000000000c1 'done' || fail "the hang goes on"
[ $((SECONDS - from)) -lt 15 ] || fail "the hang took too long"
wait_until 20 ended 00000000000000c2 failed || fail "the writer goes on"
has 'wrote more bytes' || fail "no sentence for the writer"

status 00000000000000c3 00000000000000c4
target eat_fuzzer <<'END'
head -c 2000000000 /dev/zero | tail -c 1000000000 >/dev/null
END
ticket 00000000000000c3 00000000000000b3 t eat_fuzzer "$targets/t" 60000
target flood_fuzzer <<'END'
yes 'a line of output that nobody needs'
END
ticket 00000000000000c4 00000000000000b4 t flood_fuzzer "$targets/t" 8000
wait_until 40 ended 00000000000000c3 failed || fail "the hog goes on"
has 'killed three times for its use of memory' || fail "no sentence for the hog"
log=$bot/work/00000000000000c4/log
if [ -f "$log" ]; then
	[ "$(stat -c %s "$log")" -le 3000000 ] || fail "the log has no limit"
fi
rss=$(awk '/VmRSS/ { print $2 }' "/proc/$runner/status")
most=60000
[ -z "${SANITIZED-}" ] || most=400000 # ASan keeps what was freed
[ "$rss" -lt $most ] || fail "the runner uses $rss KiB"
wait_until 30 ended 00000000000000c4 'done' || fail "the flood goes on"
check_outbox
stop_runner TERM
check_clean
exit 0

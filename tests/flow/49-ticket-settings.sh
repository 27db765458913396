#!/bin/bash
# Goal: a session does as its ticket says: arguments and variables over the
# engine's and the target's own, what is forced still last; memory at most the
# bot's; CPU time and size of the corpus end or bound it; units are kept under
# the corpus that is named; and the build it began with stays its build.
. "$(dirname "$0")/lib-runner.sh"

job=00000000000000b1
ended() { # LEASE
	outbox | grep -a '"rec":"complete"' | grep -a -q "\"lease\":\"$1\""
}

make_bot
sh "$SRC/tests/targets/build.sh" "$targets" chunks || fail "no target"
# A target that says how it was called, and is none.
mkdir "$targets/echo"
cat >"$targets/echo/echo_fuzzer" <<'END'
#!/bin/sh
printf 'arg %s\n' "$@"
env | sed 's/^/env /'
END
chmod 755 "$targets/echo/echo_fuzzer"
cat >"$targets/echo/echo_fuzzer.options" <<'END'
[libfuzzer]
max_len = 50
timeout = 40
only_ascii = 1
[asan]
redzone = 32
exitcode = 1
END

start_runner --memory 512MiB
settings='"limits":0,"memory_mb":4096,"timeout_ms":20000,
"arguments":["-max_len=100","-fork=3","-use_value_profile=1","/etc"],
"environment":["ASAN_OPTIONS=strict_memcmp=0:redzone=64","LANG=de_DE",
"PF_ODD=a b","LSAN_OPTIONS=max_leaks=3"],'
status 00000000000000c1
ticket 00000000000000c1 $job echo echo_fuzzer "$targets/echo" 60000
wait_until 30 ended 00000000000000c1 || fail "no complete"
said() {
	has "$1" || fail "not said: $1: $(outbox | grep -a 'arg \|env ' | sort -u)"
}
said 'arg -max_len=50'
said 'arg -max_len=100'
[ "$(outbox | grep -a 'arg -max_len' | tail -n 1)" = 'arg -max_len=100' ] ||
    fail "the target's wish comes after the job's"
said 'arg -use_value_profile=1'
said 'arg -only_ascii=1'
said 'arg -timeout=20'
said 'arg -rss_limit_mb=512'
! has 'arg -fork' || fail "a flag of ours was taken"
! has 'arg /etc' || fail "a folder came in as an argument"
said 'env ASAN_OPTIONS=strict_memcmp=0:redzone=64:redzone=32:exitcode=1:exitcode=77:'
said 'env LSAN_OPTIONS=max_leaks=3:exitcode=77:'
has 'detect_stack_use_after_return' && fail "our defaults, though told others"
said 'env UBSAN_OPTIONS=print_summary=1'
said 'env LANG=de_DE'
said 'env PF_ODD=a b'
grep -q 'memory.cut lease=00000000000000c1 wanted_mb=4096 memory_mb=512' "$work/log" ||
    fail "memory is not said to be cut"
grep -q "ignored option 'fork'" "$work/log" || fail "fork: no note"
grep -q "ignored argument '/etc'" "$work/log" || fail "/etc: no note"
grep -q "ignored timeout '40'" "$work/log" || fail "timeout: no note"

# CPU time: done when it is used up, long before the slice is.
from=$SECONDS
settings='"cpu_ms":2000,'
status 00000000000000c2
ticket 00000000000000c2 $job chunks chunks_fuzzer "$targets/chunks" 600000
wait_until 60 ended 00000000000000c2 || fail "CPU time does not end it"
[ $((SECONDS - from)) -lt 60 ] || fail "it took too long"
outbox | grep -a '"lease":"00000000000000c2","result":"done"' |
    grep -a -q -E '"cpu_ms":([2-9]|1[0-9])[0-9]{3},' || fail "odd CPU time"
grep -q 'lease.used_up lease=00000000000000c2' "$work/log" || fail "not said"

# A corpus of its own, bounded; the builds it came from are gone meanwhile.
rm -rf "$bot"/units/* "$bot"/outbox/new/*
settings='"corpus":"chunks_fuzzer@own","corpus_bytes":300,'
status 00000000000000c3
ticket 00000000000000c3 $job chunks chunks_fuzzer "$targets/chunks" 12000
wait_until 20 grep -q 'engine.started lease=00000000000000c3' "$work/log" ||
    fail "not started"
rm -rf "$bot"/builds/*
wait_until 60 ended 00000000000000c3 || fail "no complete"
outbox | grep -a -q '"result":"done"' || fail "not done without builds/"
# It is said after the bundle: what the session leaves is put away first.
wait_until 30 grep -q 'lease.over lease=00000000000000c3' "$work/log" ||
    fail "not over"
[ "$(grep -c 'engine.started lease=00000000000000c3' "$work/log")" -gt 1 ] ||
    fail "it never started again"
reproduced || fail "nothing was reproduced"
[ ! -e "$bot/units/chunks/chunks_fuzzer" ] || fail "the target's cache grew"
wait_until 5 eval '[ -n "$(ls "$bot/units/chunks/chunks_fuzzer@own")" ]' ||
    fail "no cache"
has '"target":"chunks/chunks_fuzzer"' || fail "another target in the header"
has "\"job\":\"$job\"" || fail "no job in the header"
kept=$(cat "$bot/units/chunks/chunks_fuzzer@own"/* | wc -c)
# The unit with which it came to the limit is still one of them.
[ "$kept" -le $((300 + 4096)) ] || fail "$kept bytes were kept"
[ "$(grep -c 'corpus.full lease=00000000000000c3' "$work/log")" = 1 ] ||
    fail "the limit is not said once"
over=$(sed -n 's/.*lease.over lease=00000000000000c3.*units_over=\([0-9]*\).*/\1/p' \
    "$work/log")
[ "$over" -gt 0 ] || fail "nothing was over the limit"
sealed=$(count '"rec":"unit"')

# The next session begins at the limit: it seals nothing at all.
status 00000000000000c4
settings='"corpus":"chunks_fuzzer@own","corpus_bytes":1,'
ticket 00000000000000c4 $job chunks chunks_fuzzer "$targets/chunks" 4000
wait_until 30 ended 00000000000000c4 || fail "no complete"
[ "$(count '"rec":"unit"')" = "$sealed" ] || fail "units over the limit"
rm -rf "$bot"/outbox/new/*
stop_runner TERM
[ $code = 0 ] || fail "exit $code"
check_clean
exit 0

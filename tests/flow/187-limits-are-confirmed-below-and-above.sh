#!/bin/bash
# Goal: what is over a limit of time or memory is run at 0.8 and at 1.5 times
# that limit, once each: near the limit it shows below and not above.
. "$(dirname "$0")/lib-runner.sh"
. "$(dirname "$0")/lib-again.sh"

make_bot
make_target limits <<'END'
#include <sys/time.h>

/*
 * The engine looks at its clock each limit / 2 + 1 seconds, so how long is too
 * long depends on the load: what stands for "just over one second" is to end
 * at once where it looks less often.
 */
static int
limit_is_a_second(void)
{
	struct itimerval t;

	return getitimer(ITIMER_REAL, &t) == 0 && t.it_interval.tv_sec <= 1;
}

static int
mode(char c)
{
	const char *text = getenv("MODE");

	return text != NULL && text[0] == c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static void *volatile kept;

	while (mode('T') && n > 0 && d[0] == 'X' && limit_is_a_second())
		usleep(20000);
	if (mode('M') && n > 0 && d[0] == 'X') {
		kept = malloc(300 << 20);
		free(kept);
	}
	return 0;
}
END
start_runner
status 00000000000000c1 00000000000000c2
settings='"memory_mb":256,"timeout_ms":1000,"environment":["MODE=T"],'
ticket 00000000000000c1 00000000000000b1 near limits "$targets/limits" 5000
settings='"memory_mb":256,"timeout_ms":1000,"environment":["MODE=M"],'
ticket 00000000000000c2 00000000000000b2 near limits "$targets/limits" 3000
for lease in 00000000000000c1 00000000000000c2; do
	wait_until 90 over $lease || fail "lease $lease is not over"
done

payloads report >"$work/reports"
grep -q 'ERROR: libFuzzer: timeout' "$work/reports" || fail "no timeout"
grep -q 'ERROR: libFuzzer: out-of-memory' "$work/reports" || fail "no excess"
# Each was run twice, came at 0.8 times its limit and not at 1.5 times.
near=$(records crash |
    grep -c '"tries":2,"reproduced":1,.*"below":2,"above":1')
[ "$near" = 2 ] || fail "not two that are near their limit: $(records crash)"
[ "$(records crash | wc -l)" = 2 ] || fail "one signature was sealed twice"
# How it is run says the limit itself.
payloads command >"$work/commands"
grep -q '^-timeout=1$' "$work/commands" || fail "another time"
grep -q '^-rss_limit_mb=256$' "$work/commands" || fail "another memory"
! grep -q '^-timeout=2$' "$work/commands" || fail "a scaled limit"
stop_runner TERM
[ $code = 0 ] || fail "exit $code"
check_clean
exit 0

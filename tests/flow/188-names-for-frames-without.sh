#!/bin/bash
# Goal: a report that came with addresses only gets functions and places from
# the build's own llvm-symbolizer, started once and kept open; one of a
# stripped target keeps module and offset; without a symbolizer that works
# crashes are sealed as they are.
. "$(dirname "$0")/lib-runner.sh"
. "$(dirname "$0")/lib-again.sh"

real=$(command -v llvm-symbolizer || command -v llvm-symbolizer-14) ||
    fail "no llvm-symbolizer"
make_bot
# Files of a ticket begin with its target's name: "l", "llvm-symbolizer".
make_target l <<'END'
static inline __attribute__((always_inline)) void
inner(const uint8_t *d)
{
	*(volatile char *)16 = d[0];
}
APART static void outer(const uint8_t *d) { inner(d); }

int
LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n > 0 && d[0] == 'X')
		outer(d);
	return 0;
}
END
# Who knows nothing when the target's sanitizer asks, and for the bot does...
symbolizer() { # COMMAND
	cat >"$targets/l/llvm-symbolizer" <<-END
	#!/bin/sh
	case "\$*" in
	*--output-style*) $1 ;;
	esac
	while read -r line; do
		printf '??\\n??:0:0\\n\\n'
	done
	END
	chmod 755 "$targets/l/llvm-symbolizer"
}
# ... what the real one does.
symbolizer "exec $(realpath "$real") \"\$@\""
start_runner
status 00000000000000c1
settings='"arguments":["-max_len=4"],'
ticket 00000000000000c1 00000000000000b1 names l "$targets/l" 3000
wait_until 60 over 00000000000000c1 || fail "the lease is not over"
payloads report >"$work/reports"
grep -q '#0 0x[0-9a-f]* in inner .*l\.c:[0-9:]* (.*/l+0x' "$work/reports" ||
    fail "no name: $(head -n 12 "$work/reports")"
grep -q '#1 0x[0-9a-f]* in outer ' "$work/reports" || fail "no inlined frame"
grep -q '#2 0x[0-9a-f]* in LLVMFuzzerTestOneInput ' "$work/reports" ||
    fail "frames behind it are not numbered on"
! grep -q 'symbolizer.lost' "$work/log" || fail "the symbolizer was lost"

# The same, stripped.
strip "$targets/l/l"
rm -f "$bot"/outbox/new/*-[cb].pfb
status 00000000000000c2
ticket 00000000000000c2 00000000000000b2 names l "$targets/l" 3000
wait_until 60 over 00000000000000c2 || fail "the second lease is not over"
payloads report >"$work/reports"
grep -q '#0 0x[0-9a-f]* *(.*/l+0x[0-9a-f]*)' "$work/reports" ||
    fail "no module and offset: $(head -n 12 "$work/reports")"
reproduced || fail "not reproduced"

# One that never works: crashes travel, and nothing hangs.
symbolizer "exit 1"
rm -f "$bot"/outbox/new/*-[cb].pfb
status 00000000000000c3
ticket 00000000000000c3 00000000000000b3 names l "$targets/l" 3000
wait_until 60 over 00000000000000c3 || fail "the third lease is not over"
reproduced || fail "not reproduced without names"
grep -q 'symbolizer.lost' "$work/log" || fail "its death was not said"
stop_runner TERM
[ $code = 0 ] || fail "exit $code"
check_clean
exit 0

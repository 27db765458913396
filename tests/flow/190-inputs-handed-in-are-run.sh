#!/bin/bash
# Goal: what people hand in goes through the whole ring with a real bot: a known
# crasher ends as a crash in a bucket, an input that does nothing as quiet; the
# same again is no news; and a crash is run again by a bot that did not find it.
. "$(dirname "$0")/lib-local.sh"
. "$(dirname "$0")/lib-pfadm.sh"

sql() {
	sqlite3 -readonly -cmd ".timeout 5000" "$ROOT/data/pandafuzz.db" "$1"
}

is() { # SENTENCE WANTED GOT
	[ "$2" = "$3" ] || fail "$1: '$3', not '$2'"
	echo "ok: $1"
}

# A program that writes behind an array for inputs that start with "BUG".
mkdir "$work/t"
cat >"$work/bug.c" <<'C'
#include <stddef.h>
#include <stdint.h>
#include <string.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
static char *volatile keep;
__attribute__((noinline)) static void broken_copy(const uint8_t *d, size_t n)
{
	char small[8];
	memset(small, 0, sizeof(small));
	keep = small;
	for (size_t i = 0; i < n; i++)
		keep[i] = (char)d[i];
}
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n > 8 && memcmp(d, "BUG", 3) == 0)
		broken_copy(d, n);
	return 0;
}
C
clang -g -O1 -fsanitize=fuzzer,address "$work/bug.c" -o "$work/t/bug_fuzzer" ||
	fail "no clang"
printf 'BUG: nine and more' >"$work/crasher"
printf 'nothing at all' >"$work/harmless"

local_up --bots 2 --slots 1 --link dir
adm build add "$work/t" --project png --wait --timeout 60s </dev/null \
    >"$work/said" 2>&1 || fail "build: $(cat "$work/said")"

# -- handed in
for f in crasher harmless; do
	code 0 crash add "$work/$f" --target png/bug_fuzzer --json
	is "$f waits" "waiting true" "$(json '.item.state + " " +
	    (.item.fresh | tostring)')"
done
sha=$(sha256sum <"$work/crasher" | cut -c1-64)
cmp -s "$ROOT/crashes/png/bug_fuzzer/$sha/input" "$work/crasher" ||
	fail "its bytes are not in crashes/"
state_of() { # FILE
	sql "SELECT state FROM submission WHERE name = '$1'"
}
ended() {
	[ "$(sql "SELECT count(*) FROM submission WHERE state = 'waiting'")" = 0 ]
}
wait_until 45 ended || fail "they wait still: $(sql "SELECT name, state,
    reason FROM submission") tasks: $(sql "SELECT kind, state, reason FROM
    task")"
is "the crasher crashed" crashed "$(state_of crasher)"
is "the harmless one is quiet" quiet "$(state_of harmless)"
is "as a crash in a bucket" "$sha 1 1" "$(sql "SELECT lower(hex(c.sha256)),
    b.number, c.has_input FROM crash c JOIN bucket b ON b.id = c.bucket" |
    tr '|' ' ')"
is "by its function" broken_copy "$(sql "SELECT state FROM crash" | head -1)"
is "nothing failed" 0 "$(sql "SELECT sum(failures + lost) FROM task")"
code 0 crash add "$work/crasher" --target png/bug_fuzzer --json
is "again it is no news" "crashed false" "$(json '.item.state + " " +
    (.item.fresh | tostring)')"
is "and was told once" 2 "$(sql "SELECT count(*) FROM event
    WHERE what = 'input.added'")"

# -- and by another bot
another() {
	[ "$(sql "SELECT count(DISTINCT bot) FROM reproduction
	    WHERE reproduced > 0")" = 2 ]
}
wait_until 45 another || fail "only one bot ran it: $(sql "SELECT * FROM
    reproduction") tasks: $(sql "SELECT kind, state, reason FROM task")"
echo "ok: a second bot has run it again"

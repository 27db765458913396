#!/bin/bash
# Goal: `crash kit` makes one tar, the same each time, with which a crash is
# seen again in a Debian that has a shell and awk and nothing of ours; what is
# another crash or none is told apart; what bots recorded is never executed;
# --scrub takes names and folders out; `crash repro` does it here.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"
. "$(dirname "$0")/lib-bare.sh"

account local
start_master
sh tests/targets/build.sh "$work/targets" chunks >"$work/log" 2>&1 ||
	fail "$(cat "$work/log")"
rm "$work/targets/chunks/"*.zip
target=$work/targets/chunks/chunks_fuzzer
cc -std=c11 -o "$work/seeds" tests/targets/chunks_seeds.c || fail "no cc"
mkdir "$work/bugs" && "$work/seeds" "$work/bugs" bugs
code 0 build add "$work/targets/chunks" --project chunks --parsable
build=$(tail -n 1 "$work/out")

# ---- as a bot sends it, by somebody who hopes for a shell ----
places="stack_trace_format='    #%n %p %F %L (%m+%o)'"
pwned=$work/pwned
cat >"$work/environment" <<E
OUT=/work/build
HOSTNAME=fuzz-box-17
USER=alice
TRICK=\$(touch $pwned) \`touch $pwned\` ; touch $pwned; '\$(touch $pwned)' "
NOT A NAME=\$(touch $pwned)
SOURCES=/home/alice/src/zlib/inflate.c
ASAN_OPTIONS=exitcode=77:handle_abort=1:log_path=$pwned:external_symbolizer_path=$pwned
UBSAN_OPTIONS=exitcode=77:print_stacktrace=1:halt_on_error=1
E
cat >"$work/command" <<E
./chunks_fuzzer
-timeout=5
-odd=\$(touch $pwned)
INPUT
E

seq=0
found() { # BUG [MINIMISED]: its crash, reported as on a bot
	local report=$work/report-$1 mini=()
	[ $# = 1 ] || mini=(--minimised "$2")
	# A leak is missed now and then: something looks like a pointer to it.
	for _ in 1 2 3 4 5; do
		env -i ASAN_OPTIONS="exitcode=77:$places" PATH="$PATH" \
		    UBSAN_OPTIONS="exitcode=77:print_stacktrace=1:halt_on_error=1:$places" \
		    "$target" "$work/bugs/$1" >"$report" 2>&1 </dev/null
		grep -q ^SUMMARY "$report" && break
	done
	sed -i 's,^INFO: Seed.*,/home/alice/src/zlib.c on fuzz-box-17,' \
	    "$report"
	seq=$((seq + 1))
	send crash $seq --target chunks/chunks_fuzzer --build "$build" \
	    --crash "$work/bugs/$1" --report "$report" \
	    --record '{"rec":"command"}' --payload "$work/command" \
	    --record '{"rec":"environment"}' --payload "$work/environment" \
	    "${mini[@]}"
	wait_empty
	crash=$(sum "$work/bugs/$1")
}

kit_of() { # BUG: unpacked into work/BUG
	code 0 crash kit "$crash" -o "$work/$1.tar" --n 2
	mkdir -p "$work/$1"
	tar -C "$work/$1" -xf "$work/$1.tar" --strip-components 1 ||
		fail "the kit is no tar"
}

last() { # LINE COMMAND...: its last line
	local want=$1 got
	shift
	"$@" >"$work/said" 2>&1 </dev/null
	got=$?
	is "$want (exit $got)" "$want" "$(tail -n 1 "$work/said")"
	return $got
}

found histogram-over-read "$work/bugs/histogram-over-read"
kit_of histogram-over-read
kit=$work/histogram-over-read
code 0 crash kit "$crash" -o "$work/again.tar" --n 2
check "the same kit twice" cmp "$kit.tar" "$work/again.tar"
is "members belong to nobody and to no time" "0/0 2020-01-01" \
    "$(tar --utc -tvf "$kit.tar" --numeric-owner |
    awk '{ print $2, $4 }' | sort -u)"
(cd "$kit" && awk -F'\t' '{ print $1 }' MANIFEST |
    while read -r sum _ bytes path; do
	[ "$sum $bytes" = "$(sha256sum <"$path" | cut -d' ' -f1) $(stat -c %s \
	    "$path")" ] || echo "$path"
    done) | grep . && fail "MANIFEST has another digest"
is "MANIFEST has every file" "$(cd "$kit" && find . -type f ! -name MANIFEST |
    wc -l)" "$(wc -l <"$kit/MANIFEST")"
grep -q "lib/libc.so.6	this machine: /" "$kit/MANIFEST" ||
	fail "no library with its place: $(cat "$kit/MANIFEST")"
[ -x "$kit/lib/$(basename "$(cat "$kit/loader")")" ] || fail "no loader"
check "the script is the same for all" cmp "$kit/repro.sh" \
    tools/pfadm/kit_repro.sh
check "the input" cmp "$kit/input" "$work/bugs/histogram-over-read"
check "the smaller one" cmp "$kit/input.min" "$work/bugs/histogram-over-read"

same="reproduced 2 of 2: same bucket"
last "$same" sh "$kit/repro.sh" || fail "exit"
last "$same" sh "$kit/repro.sh" -m || fail "exit"
last "reproduced 3 of 3: same bucket" sh "$kit/repro.sh" -n 3 || fail "exit"
last "reproduced 0 of 2: other crash (2 of 2)" sh "$kit/repro.sh" \
    -i "$work/bugs/metadata-over-read"
is "exit 1" 1 $?
last "reproduced 0 of 1: did not crash" sh "$kit/repro.sh" -n 1 \
    -i "$kit/README.txt"
is "exit 1" 1 $?
sh "$kit/repro.sh" -n 0 >/dev/null 2>&1
is "no number: exit 2" 2 $?
sh "$kit/repro.sh" -i "$work/none" >/dev/null 2>&1
is "no input: exit 2" 2 $?

# ---- nothing recorded is executed, and all of it reaches the program ----
cp -r "$kit" "$work/traced"
: >"$work/traced/loader"
cat >"$work/traced/build/chunks_fuzzer" <<'E'
#!/bin/sh
printf '%s\n' "$@"
exec env
E
echo -timeout=08 >>"$work/traced/arguments" # no number for a shell
sh "$work/traced/repro.sh" -n 1 -k "$work/kept" >/dev/null
for line in "$(grep '^TRICK=' "$work/environment")" \
    "$(grep '^-odd=' "$work/command")" -timeout=5 "OUT=$work/traced/build" \
    "LD_LIBRARY_PATH=$work/traced/build/lib"; do
	grep -qxF -- "$line" "$work/kept" ||
		fail "not as recorded: $line: $(cat "$work/kept")"
done
grep -qF -e 'NOT A NAME' -e 'log_path' "$work/kept" && fail "too much"
ls "$pwned"* 2>/dev/null && fail "it was executed"
ok "what bots recorded stays data"

# ---- a Debian with nothing in it ----
bare_root "$work/bare" || fail "no bare root"
for bug in histogram-over-read gamma-shift; do
	[ -d "$work/$bug" ] || { found $bug; kit_of $bug; }
	cp -r "$work/$bug" "$work/bare/root/"
	last "$same" in_bare "$work/bare" /bin/sh "/root/$bug/repro.sh" ||
		fail "$(cat "$work/said")"
	grep -q 'by type alone' "$work/said" && fail "frames were not compared"
done
cp "$work/bugs/metadata-over-read" "$work/bare/root/other"
last "reproduced 0 of 2: other crash (2 of 2)" in_bare "$work/bare" \
    /bin/sh /root/histogram-over-read/repro.sh -i /root/other
is "exit 1" 1 $?

shifted=$crash
found keyword-leak
kit_of keyword-leak
cp -r "$work/keyword-leak" "$work/bare/root/"
check "a leak is seen in one of ten runs" in_bare "$work/bare" /bin/sh \
    /root/keyword-leak/repro.sh -n 10
crash=$shifted

# ---- for strangers ----
code 0 crash kit "$crash" --scrub -o "$work/scrubbed.tar" --json
is "it says so" true "$(json .item.scrubbed)"
mkdir "$work/scrubbed"
tar -C "$work/scrubbed" -xf "$work/scrubbed.tar" --strip-components 1
(cd "$work/scrubbed" && grep -rlE \
    "alice|fuzz-box-17|/src/zlib" . \
    --exclude-dir=build --exclude-dir=lib) |
    grep . && fail "names are left in it"
grep -q '^SOURCES=inflate.c$' "$work/scrubbed/environment" ||
	fail "$(cat "$work/scrubbed/environment")"
last "reproduced 2 of 2: same bucket" sh "$work/scrubbed/repro.sh" -n 2 ||
	fail "$(cat "$work/said")"

# ---- here ----
code 0 crash repro "$crash" -n 1
says "reproduced 1 of 1: same bucket"
[ -z "$(ls -d "$TMPDIR"/pf-kit.* "$TMPDIR"/pf-repro.* 2>/dev/null)" ] ||
	fail "something is left in $TMPDIR"

# ---- one that needs another input before it, in the same process ----
cat >"$work/series.c" <<'C'
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
static int armed;
__attribute__((noinline)) static void bang(void) { abort(); }
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n > 0 && d[0] == 'S')
		armed = 1;
	if (n > 0 && d[0] == 'B' && armed)
		bang();
	return 0;
}
C
mkdir "$work/state"
clang -g -O1 -fno-omit-frame-pointer -fsanitize=fuzzer,address \
    "$work/series.c" -o "$work/state/series_fuzzer" || fail "no clang"
code 0 build add "$work/state" --project state --parsable
build=$(tail -n 1 "$work/out")
first=$(unit S)
second=$(unit B)
env -i ASAN_OPTIONS="exitcode=77:handle_abort=1:$places" PATH="$PATH" \
    "$work/state/series_fuzzer" "$first" "$second" >"$work/report" 2>&1
sum "$first" >"$work/series"
send corpus 20 --target state/series_fuzzer --unit "$first"
send crash 21 --target state/series_fuzzer --build "$build" --crash "$second" \
    --report "$work/report" --record '{"rec":"series"}' \
    --payload "$work/series"
wait_empty
code 0 crash repro "$(sum "$second")" -n 2
says "reproduced 2 of 2: same bucket"

# ---- whose first build is gone: with the next one that showed it ----
mkdir "$work/newer"
clang -g -O1 -fno-omit-frame-pointer -fsanitize=fuzzer,address -DNEWER \
    -fno-inline "$work/series.c" -x c - -o "$work/newer/series_fuzzer" \
    <<<'int newer(void); int newer(void) { return 2; }' || fail "no clang"
code 0 build add "$work/newer" --project state --parsable
newer=$(tail -n 1 "$work/out")
[ "$newer" != "$build" ] || fail "the same build"
send crash 22 --target state/series_fuzzer --build "$newer" --crash "$second" \
    --report "$work/report" --record '{"rec":"series"}' \
    --payload "$work/series"
wait_empty
code 7 build remove "$build" --yes
says "an open bucket needs it"
code 0 bucket list --json
code 0 bucket set "$(json '.items[] | select(.project == "state") | .id')" \
    --status closed --as obsolete
code 0 build remove "$build" --yes
code 0 crash kit "$(sum "$second")" -o "$work/newer.tar" --n 2
tar -C "$work" -xf "$work/newer.tar" --wildcards '*/README.txt' \
    --strip-components 1
grep -qx "build	$newer" "$work/README.txt" || fail "$(cat "$work/README.txt")"
grep -qF 'not the one that found it' "$work/README.txt" || fail "not said"
code 0 crash repro "$(sum "$second")" -n 2
says "reproduced 2 of 2: same bucket"

code 3 crash kit ffff
code 2 crash kit "$crash" --n 100000
stop_master || fail "the master's exit code"

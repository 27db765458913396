#!/bin/bash
# Goal: a rebuild takes all that can be read and names the rest; where only the
# store itself is left it makes of that what can be made; killed at any call it
# leaves the old database or the new one, and can be done again.
# timeout: 240
. "$(dirname "$0")/lib-master.sh"

options=
[ "$(id -u)" = 0 ] && options=--as-root

adm() {
	pfadm --root "$root" "$@" </dev/null
}

rebuild() { # WANTED-EXIT OPTION...
	local wanted=$1 code
	shift
	$masterd --root "$root" $options --rebuild "$@" >"$work/said" 2>&1
	code=$?
	[ $code = "$wanted" ] ||
		fail "--rebuild: exit $code, not $wanted: $(cat "$work/said")"
	ok "--rebuild $*: exit $wanted"
}

says() { # SENTENCE
	grep -qF -- "$1" "$work/said" || fail "no '$1' in: $(cat "$work/said")"
	ok "it says: $1"
}

all_written() {
	[ "$(sql "SELECT count(*) FROM dirty")" = 0 ]
}

facts() { # [DATABASE]
	sqlite3 "${1-$root/data/pandafuzz.db}" "
	SELECT 'build', hex(sha256), state, files FROM build ORDER BY 2;
	SELECT 'job', job, status FROM job ORDER BY 2;
	SELECT 'bucket', p.name, number, k.status, type, state FROM bucket k
	    JOIN project p ON p.id = k.project ORDER BY 2, 3;
	SELECT 'crash', hex(c.sha256), hex(signature), k.number, has_input FROM
	    crash c JOIN bucket k ON k.id = c.bucket ORDER BY 2, 3;
	SELECT 'unit', hex(sha256), bytes FROM unit ORDER BY 2;"
}

report() { # FUNCTION: as AddressSanitizer writes it
	cat <<-END
	==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011 at pc 0x55 bp 0x7f sp 0x7f
	READ of size 1 at 0x602000000011 thread T0
	    #0 0x4f8a2b in $1 /src/$1.c:10:3
	    #1 0x4f8b3c in LLVMFuzzerTestOneInput /src/fuzz.c:5:3
	SUMMARY: AddressSanitizer: heap-buffer-overflow /src/$1.c:10:3 in $1
	END
}

# ---- a root with a row of everything ----

account local
start_master
mkdir "$work/out"
cat >"$work/read.c" <<'C'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{ (void)d; (void)n; return 0; }
C
clang -fsanitize=fuzzer "$work/read.c" -o "$work/out/read" || fail "no clang"
echo '"ab"' >"$work/out/read.dict"
adm build add "$work/out" --project png >/dev/null || fail "build add"
build=$(adm build list --json | jq -r '.items[0].id')
cp -r "$work/out" "$work/out-2"
echo '"cd"' >>"$work/out-2/read.dict"
adm build add "$work/out-2" --project png --revision r2 >/dev/null ||
	fail "build add"
second=$(adm build list --json | jq -r '.items[].id' | grep -v "$build")
job=$(adm job create png/read --parsable) || fail "job create"
send corpus 1 --target png/read --unit "$(unit one)" --unit "$(unit two)"
report first >"$work/report-1"
report second >"$work/report-2"
send crash 2 --target png/read --crash "$(unit boom)" \
    --report "$work/report-1" || fail "seal"
send crash 3 --target png/read --crash "$(unit bang)" \
    --report "$work/report-2" || fail "seal"
send crash 4 --target png/read --crash "$(unit boom)" \
    --report "$work/report-2" || fail "seal"
wait_empty
# Killed before it had the time: nothing is missed.
stop_master KILL
start_master
check "metadata/ is written" wait_until 20 all_written
is "a copy of each row" "$(sql "SELECT (SELECT count(*) FROM crash) + (SELECT
    count(*) FROM bucket) + (SELECT count(*) FROM job) + (SELECT count(*) FROM
    build) + (SELECT count(*) FROM target) + (SELECT count(*) FROM project) +
    (SELECT count(*) FROM bot)")" "$(find "$root/metadata" -type f | wc -l)"
is "no debris in stage/" "" "$(find "$root/stage" -type f)"
stop_master || fail "the master ends with $?"
facts >"$work/before"
is "three crashes in two buckets" "3 2" "$(grep -c ^crash "$work/before") $(
    grep -c ^bucket "$work/before")"
cp -a "$root" "$work/whole"

again() { # the whole root
	chmod -R u+rwX "$root"
	rm -rf "$root"
	cp -a "$work/whole" "$root"
}

same() { # SENTENCE
	facts >"$work/after"
	diff "$work/before" "$work/after" >"$work/diff" ||
		fail "$1: $(cat "$work/diff")"
	ok "$1"
}

rebuild 0
says "the old one is kept as data/pandafuzz.db.before-rebuild-20"
same "the same facts"
facts "$root"/data/pandafuzz.db.before-rebuild-* | diff "$work/before" - ||
	fail "the old database is not kept"
ok "the old one is kept"

# ---- damage, each named ----

again
echo 'no copy' >"$root/metadata/jobs/$job.json.x"
chmod u+w "$root/metadata/jobs/$job.json"
echo '{"job":' >"$root/metadata/jobs/$job.json"
echo x >"$root/metadata/buckets/png/readme"
mkdir -p "$root/corpus/png/read/zz" "$root/corpus/png/Bad!/aa"
echo x >"$root/corpus/png/read/zz/short"
echo x >"$root/corpus/png/Bad!/aa/$(printf 'aa%062d' 1)"
mkdir "$root/crashes/png/read/odd"
manifest=$root/builds/$second.manifest
chmod u+w "$manifest"
echo >>"$manifest"
one=$(sum "$work/unit-one")
one=$root/corpus/png/read/${one:0:2}/$one
chmod u+w "$one"
echo changed >"$one"
rebuild 10 --verify
says "metadata/jobs/$job.json.x: is no copy of a row"
says "metadata/jobs/$job.json: is no JSON"
says "metadata/buckets/png/readme: is no copy of a row"
says "corpus/png/read/zz/short: is no unit by its name"
says "corpus/png/Bad!/aa/aa0"
says "crashes/png/read/odd: is no crash by its name"
says "builds/$second.manifest: has not the content that its name says"
says "corpus/png/read/${one#"$root/corpus/png/read/"}: has not the content"
is "what is not whole is not used" "removed" "$(sql "SELECT state FROM build
    WHERE lower(hex(sha256)) = '$second'")"
is "all else is there" "1|1|3|2" "$(sql "SELECT (SELECT count(*) FROM build
    WHERE state <> 'removed'), (SELECT count(*) FROM unit), (SELECT count(*)
    FROM crash), (SELECT count(*) FROM bucket)")"
check "what could not be read stays" test -f "$one"

# ---- metadata/ is lost, too: what the store itself says ----

again
rm -rf "$root/metadata" "$root/data"
rebuild 10
says "builds/$build.manifest: whose build it is, is written nowhere"
is "units, and bugs with their numbers" \
    "$(grep -E '^(unit|bucket)' "$work/before" | sort)" \
    "$(facts | grep -E '^(unit|bucket)' | sort)"
# Each crash of a folder has a file of its own beside its report.
is "every crash" 3 "$(sql "SELECT count(*) FROM crash")"

again
rm -rf "$root/metadata" "$root/data" "$root"/crashes/png/read/*/meta-*.json
rebuild 10
is "a crash of each input" 2 "$(sql "SELECT count(DISTINCT sha256) FROM crash")"
says "its crash is written nowhere; the file stays"
start_master
check "metadata/ is written anew" wait_until 20 all_written
send crash 9 --target png/read --crash "$(unit bong)"
wait_empty
check "numbers go on above" test "$(sql "SELECT max(number) FROM bucket")" = 3
stop_master || fail "the master ends with $?"

# ---- killed ----

killed_at() { # N: fails when it came to its end before
	again
	"$B/tests/fault/killat" -n "$1" "$root" "$masterd" --root "$root" \
	    $options --rebuild >"$work/killed" 2>&1
	grep -q ^killed "$work/killed"
}

rebuilt() {
	sql "SELECT count(*) FROM event WHERE what = 'database.rebuilt'"
}

killed_at 0
calls=$(sed -n 's/^calls //p' "$work/killed")
[ "$calls" -gt 50 ] || fail "only $calls calls: $(cat "$work/killed")"
step=17
[ -n "${TORTURE-}" ] && step=1
news=0
# The last ones are those around the rename.
for n in $(seq 1 $step "$calls") $(seq $((calls - 12)) "$calls"); do
	killed_at "$n" || continue
	facts >"$work/after" || fail "killed at $n: no database"
	diff "$work/before" "$work/after" >"$work/diff" ||
		fail "killed at $n: $(head -5 "$work/diff")"
	news=$((news + $(rebuilt)))
	$masterd --root "$root" $options --rebuild >"$work/said" 2>&1 ||
		fail "killed at $n, then: $(cat "$work/said")"
	facts | diff "$work/before" - >"$work/diff" ||
		fail "killed at $n, done again: $(head -5 "$work/diff")"
	[ "$(rebuilt)" = 1 ] || fail "killed at $n: not rebuilt"
	[ ! -e "$root/data/pandafuzz.db.new" ] ||
		fail "killed at $n: a new one is left"
done
[ $news -gt 0 ] || fail "never killed after the rename"
ok "killed at each ${step}th of $calls calls and the last, $news times with \
the new one in place"

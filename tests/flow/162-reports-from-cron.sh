#!/bin/bash
# Goal: pf-report text tells what is new and wrong in lines of at most 72
# columns, nothing with -q when there is nothing, and exits 10 with --check;
# pf-report prom puts metrics that promtool has nothing to say about in their
# place by rename; without a master both exit 5; a reader of the group may run
# them, somebody else may not; two at once wait for each other.
. "$(dirname "$0")/lib-master.sh"

report() { # CODE OPTION...
	local wanted=$1 got
	shift
	pf-report --root "$root" "$@" >"$work/out" 2>"$work/err"
	got=$?
	[ $got = "$wanted" ] || fail "pf-report $*: exit $got, not $wanted:" \
	    "$(cat "$work/out" "$work/err")"
	ok "pf-report $*: exit $wanted"
}
says() {
	grep -qF -- "$1" "$work/out" "$work/err" ||
		fail "no '$1' in: $(cat "$work/out" "$work/err")"
	ok "it says: $1"
}
narrow() {
	awk 'length($0) > 72 { print; bad = 1 } END { exit bad }' "$work/out" ||
		fail "wider than 72"
	ok "no line is wider than 72"
}
judge() { # FILE
	local tool
	tool=$(command -v promtool || echo build/tools/prometheus/promtool)
	[ -x "$tool" ] || fail "no promtool: tools/install-deps check"
	"$tool" check metrics <"$1" >"$work/judged" 2>&1 ||
		fail "promtool: $(cat "$work/judged")"
	[ ! -s "$work/judged" ] || fail "promtool: $(cat "$work/judged")"
	ok "promtool has nothing to say"
}

# -- no master
mkdir -p "$root/run"
report 5 text
says "no master"
report 5 prom "$work/x.prom"
[ -e "$work/x.prom" ] && fail "it wrote a file"
report 2 text more
report 2 prom
report 2 text --since never
report 2 nonsense
report 0 --help
report 0 --version

# -- nothing new
account local
start_master --heartbeat 200ms --bots-late 50 --bots-lost 100
report 0 text
says "PandaFuzz: 0 new buckets, 0 problems in 24h"
narrow
report 0 text -q --check
[ ! -s "$work/out" ] || fail "not quiet: $(cat "$work/out")"
ok "and quiet with -q"

# -- a bug, and a bot that is lost
cat >"$work/report" <<'EOR'
==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011 at pc 0x1 bp 0x2 sp 0x3
WRITE of size 1 at 0x602000000011 thread T0
    #0 0x4f7d30 in a_function_with_a_name_that_is_much_longer_than_any_line_of_a_mail_should_be /src/inflate.c:12:3
    #1 0x4f7d31 in main /src/main.c:1:1
SUMMARY: AddressSanitizer: heap-buffer-overflow /src/inflate.c:12:3 in f
EOR
seal_lines bad.pfb <<'EOL'
{"rec":"nonsense"}
EOL
push bad.pfb "$(name_of 9)"
send crash 1 --target png/read --crash "$(unit boom)" --report "$work/report"
send corpus 2 --target png/read --unit "$(unit x)"
wait_empty
bucket=$(sql "SELECT subject FROM event WHERE what = 'bucket.new'")
report 10 text -q --check --since 1h
says "PandaFuzz: 1 new bucket, "
says "  $bucket "
says "fix: "
says "The farm"
narrow
report 0 text --since 2d
says "in 2d"

# -- each thing once
told=$work/told
report 10 text --state "$told" --check
says "1 new bucket"
report 0 text --state "$told" --check
[ ! -s "$work/out" ] || fail "told twice: $(cat "$work/out")"
ok "what lasts is told once"
sed -i '/bucket.new/d' "$told"
report 0 text --state "$told"
says "  $bucket "
sed -i 's/^[0-9]*/1/' "$told"
report 0 text -q --state "$told"
says "fix: "
report 1 text --state "$work/none/told"
says "$work/none"
rm "$told"
pf-report --root "$root" text --state "$told" >/dev/full 2>"$work/err"
is "a full disk is a failure" 1 $?
grep -q "cannot write the report" "$work/err" || fail "$(cat "$work/err")"
[ ! -e "$told" ] || fail "it says that it was told"
ok "and what was not printed is told the next time"

# -- metrics
mkdir "$work/textfile"
umask 077
report 0 prom "$work/textfile/pandafuzz.prom"
umask 022
file=$work/textfile/pandafuzz.prom
is "anybody may read it" 644 "$(stat -c %a "$file")"
is "and it is alone" pandafuzz.prom "$(ls "$work/textfile")"
judge "$file"
for name in build_info bots jobs spool_bundles spool_oldest_seconds \
    ingest_bundles_total ingest_duration_seconds edges_found corpus_files \
    corpus_bytes crashes_total crash_buckets db_checkpoint_seconds \
    db_size_bytes; do
	grep -q "^# TYPE pandafuzz_$name " "$file" || case $name in
	bots | jobs) : ;; # none yet
	*) fail "no pandafuzz_$name" ;;
	esac
done
ok "the names are those of pandafuzz-metrics(7)"
is "three bundles were timed, and the damaged one" 1 "$(grep -c \
    '^pandafuzz_ingest_duration_seconds_count [34]$' "$file")"
old=$(stat -c %i "$file")
report 0 prom "$file"
check "the next one takes its place" [ "$old" != "$(stat -c %i "$file")" ]
echo whole >"$file"
stop_master
report 5 prom "$file"
is "without a master the file stays" whole "$(cat "$file")"
start_master
report 1 prom "$work/none/x.prom"
says "/none/x.prom.tmp"

# -- two at once
exec 8<"$root/run"
flock -x 8
pf-report --root "$root" text >"$work/waited" 2>&1 8<&- &
waiting=$!
sleep 0.3
[ ! -s "$work/waited" ] || fail "it did not wait"
exec 8<&-
wait $waiting || fail "the second one failed: $(cat "$work/waited")"
grep -q '^PandaFuzz: ' "$work/waited" || fail "$(cat "$work/waited")"
ok "the second waits for the first"

# -- a pipe that nobody reads
pf-report --root "$root" text | :
is "a broken pipe is quiet" 0 "${PIPESTATUS[1]}"

# -- who may
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$work" "$root" "$root/run"
	chmod 666 "$root/run/admin.sock"
	install -m 755 "$B/bin/pf-report" "$work/pf-report"
	(cd / && setpriv --reuid 65534 --regid 65534 --clear-groups \
	    "$work/pf-report" --root "$root" text) >"$work/out" 2>&1
	is "who is in no group may not" 4 $?
else
	ok "skipped: only root can become somebody else"
fi
stop_master || fail "the master's exit code"

#!/bin/bash
# Goal: the master, or one of its children, killed at any file-system call of
# the ingest of a crash, a corpus of several units, statistics, a bundle that
# is refused and a beat; after a restart ledger, files and check equal those of
# a run that nobody killed (DESIGN 1, PROTOCOL 13, 17-20).  TORTURE=1 also
# kills at each call that only reads.
# timeout: 900
fast=1
. "$(dirname "$0")/../flow/lib-master.sh"

killat="$B/tests/fault/killat"
as_root=
[ "$(id -u)" != 0 ] || as_root=--as-root
all=
[ -z "${TORTURE-}" ] || all=-a

# ---- what is compared ---------------------------------------------------

# Every row of it, without times and row numbers.  How far hooks have looked
# at events is written when there is nothing else to do (masterd/hooks); up to
# which crash links were made is noted at each start.
facts() {
	sql "SELECT 'ledger', b.name, e.epoch, l.seq, l.copy, hex(l.digest),
	    l.kind, l.outcome, l.reason, l.noted, l.bytes, l.records, l.trace,
	    l.file FROM ledger l JOIN epoch e ON e.id = l.epoch JOIN bot b ON
	    b.id = e.bot ORDER BY 2, 3, 4, 5;
	SELECT 'epoch', b.name, e.epoch, e.state, e.highest, e.oldest,
	    e.max_seen, e.beat, e.named, r.fate, r.first, r.last FROM epoch e
	    JOIN bot b ON b.id = e.bot LEFT JOIN epoch_range r ON r.epoch =
	    e.id ORDER BY 2, 3, 10, 11;
	SELECT 'count', kind, outcome, count FROM epoch_count WHERE outcome <>
	    'duplicate' AND count > 0 ORDER BY 2, 3;
	SELECT 'unit', t.name, hex(u.sha256), u.bytes, u.features FROM unit u
	    JOIN target t ON t.id = u.target ORDER BY 2, 3;
	SELECT 'target', p.name, t.name, t.units, t.unit_bytes, p.next_bucket
	    FROM target t JOIN project p ON p.id = t.project ORDER BY 2, 3;
	SELECT 'crash', hex(c.sha256), hex(c.signature), b.number, c.type,
	    c.state, c.bytes, c.has_input, c.tries, c.reproduced FROM crash c
	    JOIN bucket b ON b.id = c.bucket ORDER BY 2, 3;
	SELECT 'observation', epoch, seq, record, exit FROM observation
	    ORDER BY 2, 3, 4;
	SELECT 'bucket', b.number, b.type, b.state, b.class, b.severity,
	    hex(s.signature), s.hits, s.counted, s.rule FROM bucket b JOIN
	    signature s ON s.bucket = b.id ORDER BY 2, 7;
	SELECT 'tried', hex(c.sha256), r.tries, r.reproduced, below, above FROM
	    reproduction r JOIN crash c ON c.id = r.crash ORDER BY 2;
	SELECT 'stack', hex(digest) FROM stack ORDER BY 2;
	SELECT 'lease', lease, state, execs, seconds FROM lease;
	SELECT 'attempt', * FROM attempt;
	SELECT 'event', who, what, subject, detail FROM event ORDER BY 2, 3, 4;
	SELECT 'setting', key, value FROM setting WHERE key NOT IN
	    ('hooks_event', 'linked_crash')
	    ORDER BY 2;
	SELECT 'bot', name, state, new_epoch, free FROM bot ORDER BY 2;
	PRAGMA quick_check; PRAGMA foreign_key_check;"
}

# Names and contents.  Hidden names are debris of a kill, swept by age.
files() {
	(cd "$root" && find corpus crashes buckets rejected held stage builds \
	    jobs segments spool/local/incoming -name '.*' -prune -o \
	    \( -type f ! -name meta.json -exec sha256sum {} + \) -o \
	    -type l -printf 'link %p -> %l\n' | sort)
	sed 's/,"first_seen":"[^"]*"//' "$root"/crashes/*/*/*/meta.json
	sed 's/"serial":[0-9]*//' "$(status_file)"
}

# The recovery: a start without anybody killing, the check, a stop.
recover() {
	start_master
	wait_empty
	api ledger/check | sed 's/"duplicate":[0-9]*,//' >"$work/check"
	stop_master || fail "after the kill the master ends with $?"
	{
		cat "$work/check"
		echo
		facts
		files
	} >"$work/all"
}

# Point N in a folder of its own.
point() {
	cp -a "$template/." "$work"
	"$killat" $all -n "$1" "$(incoming)/new" "$masterd" --root "$root" \
	    $as_root >"$work/killed" 2>>"$work/master.log" ||
		fail "killat: $(cat "$work/killed")"
	recover
	cat "$work/killed"
	cmp -s "$wanted" "$work/all" || {
		diff "$wanted" "$work/all" | head -n 20
		fail "point $1 ($(head -n 1 "$work/killed")) differs"
	}
}

if [ "${1-}" = point ]; then
	template=$2 wanted=$2/all
	for n in $(seq "$3" "$4" "$5"); do
		point "$n" >"$2/points/$n" 2>&1
		rm -rf "$root"
		grep -q ^killed "$2/points/$n" || break
	done
	exit 0
fi

# ---- a farm that has seen something, and four bundles that wait ---------

report() { # FUNCTION: a report of its own signature
	cat <<-END
	==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011
	READ of size 1 at 0x602000000011 thread T0
	    #0 0x4f1a2b in $1 /src/$1.c:12:3
	    #1 0x4f1a2c in parse /src/parse.c:40:9
	    #2 0x4f1a2d in LLVMFuzzerTestOneInput /src/fuzz.c:7:2

	SUMMARY: AddressSanitizer: heap-buffer-overflow /src/$1.c:12:3 in $1
	END
}

account local
report old_bug >"$work/report-old"
report new_bug >"$work/report-new"
start_master
generation="\"$(sql "SELECT value FROM setting WHERE key = 'generation'")\""
send corpus 1 --target png/read --unit "$(unit known)"
send crash 2 --target png/read --crash "$(unit old)" \
    --report "$work/report-old"
beat 1 0 2 "$generation"
wait_empty
stop_master || fail "the master ends with $?"

send crash 3 --target png/read --crash "$(unit new)" \
    --report "$work/report-new" --crash "$(unit old)" \
    --report "$work/report-old"
send corpus 4 --target png/read --unit "$(unit known)" \
    --unit "$(unit alpha)" --unit "$(unit beta)" --unit "$(unit gamma)"
send stats 5 --record "{\"rec\":\"stats\",\"lease\":\"0123456789abcdef\",$(
    printf '"%s":1,' seconds execs execs_per_second edges features units \
    unit_bytes rss_mb crashes dict seeds)\"restarts\":0}"
{ header corpus 6; echo '{"rec":"poem"}'; } | seal_lines "$(name_of 6)"
push "$(name_of 6)"
beat 2 3 6 "$generation"

# ---- the run that nobody kills ------------------------------------------

mkdir "$work/template" "$work/template/points"
cp -a "$root" "$work/template/root"
template=$work/template
"$killat" $all -l "$(incoming)/new" "$masterd" --root "$root" $as_root \
    >"$work/calls" 2>>"$work/master.log" || fail "killat does not count"
calls=$(sed -n 's/^calls //p' "$work/calls")
[ "${calls:-0}" -gt 100 ] || fail "only '$calls' calls were counted"
recover
cp "$work/all" "$template/all"
grep -q '"missing":0' "$template/all" || fail "the ledger does not balance"
for word in 'bucket|2|' 'link buckets/lost+found/2/' 'ledger|b1|.*|refused|' \
    'rejected/local/.*6-b.pfb.reason' '"below":6'; do
	grep -q "$word" "$template/all" || fail "no '$word' in the result"
done
awk '/ of / { print $2 " of " ($4 == "master" ? $4 : "children") }' \
    "$work/calls" | sort | uniq -c | sort -rn |
    awk '{ printf "%s%s %s", n++ ? ", " : "  ", $1, $2 " of " $4 } END { print "" }'
ok "unkilled: $calls calls, $(grep -c 'child' "$work/calls") of children"

# ---- every point, two at a time, until one is not reached ---------------

began=$SECONDS
workers=
for n in 1 2; do
	TMPDIR=$work "$0" point "$template" $n 2 $((calls * 2)) \
	    >"$work/worker-$n" 2>&1 &
	workers="$workers $!"
done
bad=0
for pid in $workers; do
	wait "$pid" || bad=1
done
[ $bad = 0 ] || {
	cat "$work"/worker-* $(grep -l ^FAIL "$template"/points/*) |
		head -n 80
	fail "a kill changed the outcome"
}
swept=$(grep -l ^killed "$template"/points/* | wc -l)
in_child=$(grep -l "^killed .* of child" "$template"/points/* | wc -l)
[ "$swept" -ge $((calls * 9 / 10)) ] || fail "only $swept points were reached"
[ "$in_child" -ge 5 ] || fail "only $in_child kills hit a child"
ok "$swept points swept, $in_child of them in children, in $((SECONDS -
    began)) s; each ends as the unkilled run does"

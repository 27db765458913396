#!/bin/bash
# Goal: a week of nightly builds in minutes, over a real farm: a good one, a
# better one, a bad one, one too early and its late forerunner, one without a
# target, one with it again and a new one.  Jobs follow what passed, leases in
# hand end their slice, nothing is lost.
# timeout: 420
. "$(dirname "$0")/lib-local.sh"

out=$work/out
mkdir -p "$ROOT/local/masterd.d" "$ROOT/templates" "$out"
echo "templates: $ROOT/templates" >"$ROOT/local/masterd.d/week.yaml"
cat >"$ROOT/templates/week.yaml" <<'Y'
base: {slice: 4s}
projects:
  week: {start: yes, weight: 30}
Y
tests/targets/build.sh "$work/t" jsmn chunks crashstart >/dev/null || fail "no targets"
local_up --bots 2 --slots 2 --link dir

ok() {
	echo "ok: $*"
}

is() { # WHAT WANTED GOT
	[ "$2" = "$3" ] || fail "$1: '$3', not '$2'"
	ok "$1"
}

sql() {
	sqlite3 -readonly "$ROOT/data/pandafuzz.db" "$1"
}

night() { # NAME: a folder with jsmn and chunks of that night
	rm -rf "$out"
	mkdir "$out"
	cp "$work"/t/jsmn/* "$work"/t/chunks/* "$out"
	echo "$1" >"$out/revision.txt"
}

deliver() { # REVISION ORDER EXIT
	local code
	adm build add "$out" --project week --revision "$1" --order "$2" \
	    --wait --timeout 60s >"$work/said" 2>&1
	code=$?
	[ $code = "$3" ] ||
		fail "build $1: exit $code, not $3: $(cat "$work/said")"
	ok "build $1 is delivered, exit $3"
}

job_of() { # TARGET COLUMN
	sql "SELECT j.$2 FROM job j JOIN target t ON t.id = j.target
		WHERE t.name = '$1'"
}

follows() { # TARGET REVISION
	[ "$(sql "SELECT b.revision FROM job j JOIN target t ON t.id = j.target
		JOIN build b ON b.id = j.current WHERE t.name = '$1'")" = "$2" ]
}

leases_use() { # TARGET REVISION: a lease with that build has run
	[ "$(sql "SELECT count(*) > 0 FROM lease l JOIN task k ON k.id = l.task
		JOIN target t ON t.id = k.target JOIN build b ON b.id = l.build
		WHERE k.kind = 'fuzz' AND t.name = '$1' AND b.revision = '$2'
		AND l.state IN ('running', 'done')")" = 1 ]
}

# ---- Monday: the first; its targets start by the project's template
night monday
deliver monday 1 0
for t in jsmn_fuzzer chunks_fuzzer; do
	wait_until 20 leases_use $t monday || fail "nobody fuzzes $t"
	is "$t has its job" 1 "$(sql "SELECT count(*) FROM job j JOIN target t
		ON t.id = j.target WHERE t.name = '$t'")"
done
is "by the project's template" 30 "$(job_of jsmn_fuzzer weight)"

# ---- Tuesday: a newer one is taken over
night tuesday
deliver tuesday 2 0
for t in jsmn_fuzzer chunks_fuzzer; do
	wait_until 10 follows $t tuesday || fail "$t does not follow"
	wait_until 30 leases_use $t tuesday || fail "$t has no lease of it"
done
is "leases in hand ended their slice" 0 "$(sql "SELECT count(*) FROM lease l
	JOIN task k ON k.id = l.task WHERE k.kind = 'fuzz'
	AND l.state IN ('cancelled', 'expired')
	AND l.reason NOT LIKE '%slot%'")"

# ---- Wednesday: targets that do not run
night wednesday
cp "$work/t/crashstart/initialize_fuzzer" "$out/jsmn_fuzzer"
cp "$work/t/crashstart/empty_fuzzer" "$out/chunks_fuzzer"
deliver wednesday 3 10
grep -q 'chunks_fuzzer' "$work/said" || fail "no reason: $(cat "$work/said")"
ok "the bad one is refused with its reasons"
is "two hosts said so" 2 "$(sql "SELECT min(n) FROM (SELECT count(*) AS n
	FROM build_verdict v JOIN build b ON b.id = v.build WHERE
	b.revision = 'wednesday' AND v.verdict = 'bad' GROUP BY v.target)")"
follows jsmn_fuzzer tuesday || fail "a bad build is followed"
ok "jobs stay with Tuesday's"

# ---- Friday's comes first, then Thursday's
night friday
deliver friday 5 0
wait_until 10 follows chunks_fuzzer friday || fail "Friday is not followed"
night thursday
deliver thursday 4 0
sleep 3
follows chunks_fuzzer friday || fail "an older build is followed"
ok "the late one is checked and not followed"

# ---- Saturday: chunks_fuzzer is gone
units=$(sql "SELECT units FROM target WHERE name = 'chunks_fuzzer'")
night saturday
rm "$out"/chunks_fuzzer*
deliver saturday 6 0
parked() {
	[ "$(job_of chunks_fuzzer status)" = paused ]
}
wait_until 10 parked || fail "a job without target is not parked"
case $(job_of chunks_fuzzer reason) in
*chunks_fuzzer*vanished*main*) ok "its job is parked, and says why" ;;
*) fail "parked, because: $(job_of chunks_fuzzer reason)" ;;
esac
[ "$(sql "SELECT units FROM target WHERE name = 'chunks_fuzzer'")" -ge \
    "$units" ] || fail "units of a vanished target are gone"
ok "what it found stays"
follows jsmn_fuzzer saturday || fail "jsmn_fuzzer does not follow"

# ---- Sunday: it is back, and there is a new one
night sunday
cp "$work/t/jsmn/jsmn_fuzzer" "$out/fresh_fuzzer"
deliver sunday 7 0
back() {
	case $(job_of chunks_fuzzer status) in
	pending | running) ;;
	*) return 1 ;;
	esac
	follows chunks_fuzzer sunday
}
wait_until 10 back || fail "its job does not go on"
ok "the target is back, its job goes on"
wait_until 30 leases_use fresh_fuzzer sunday || fail "the new one has no job"
ok "a new target starts by itself"
is "and nothing starts twice" 3 "$(sql "SELECT count(*) FROM job")"

# ---- and nothing was lost
adm job list --json | jq -r '.items[].id' | while read -r id; do
	adm job cancel "$id" >/dev/null || fail "cannot cancel $id"
done
balanced() {
	adm ledger check >"$work/said"
}
wait_until 30 balanced || fail "$(cat "$work/said")"
ok "the ledger balances"

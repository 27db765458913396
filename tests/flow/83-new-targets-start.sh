#!/bin/bash
# Goal: a target that a later build brings starts by itself where its project's
# template says start: yes, once; a job follows its line, a pinned one does not.
# timeout: 400
. "$(dirname "$0")/lib-local.sh"
. "$(dirname "$0")/lib-pfadm.sh"

cat >"$work/templates.yaml" <<'Y'
projects:
  zlib: {start: yes, slots: 1, memory: 1GiB}
  png: {slots: 1}
Y
local_up --link dir --slots 4
pf-local down "$ROOT" >/dev/null || fail "down"
echo "templates: $work/templates.yaml" >>"$ROOT/local/masterd.yaml"
local_up

jobs_of() { # TARGET: how many jobs it has or had
	adm job list --target "$1" --json 2>/dev/null | jq '.items | length'
}
has_job() { [ "$(jobs_of "$1")" = 1 ]; }

# The first good build of a line: all its targets are new.
make_target "$work/one/inflate"
code 0 build add "$work/one" --project zlib --revision r1 --wait --timeout 120s
first=$(adm build list --project zlib --json | jq -r '.items[-1].id')
wait_until 20 has_job zlib/inflate || fail "zlib/inflate did not start"
code 0 job list --target zlib/inflate --json
job=$(json '.items[0].id')
same "by the template of its project" "template project zlib" \
    "$(json '.items[0].created_by')"
same "with its values" 1 "$(json '.items[0].slots')"
runs_with() { # JOB BUILD
	[ "$(adm job show "$1" --json | jq -r '.item |
	    "\(.status) \(.build)"')" = "running $2" ]
}
wait_until 60 runs_with "$job" "$first" || fail "it does not run"
echo "ok: it runs"

# A second build with one target more: that one starts, the other goes on.
code 0 job create inflate@r1 --slots 1 --parsable
pinned=$(cat "$work/out")
mkdir "$work/two"
make_target "$work/two/inflate"
make_target "$work/two/deflate"
echo two >"$work/two/VERSION.txt"
code 0 build add "$work/two" --project zlib --revision r2 --wait --timeout 120s
second=$(adm build list --project zlib --json | jq -r '.items[-1].id')
[ "$first" != "$second" ] || fail "the builds are one"
wait_until 20 has_job zlib/deflate || fail "zlib/deflate did not start"
same "the first target got no second job" 2 "$(jobs_of zlib/inflate)"
follows() { [ "$(adm job show "$1" --json | jq -r .item.build)" = "$2" ]; }
wait_until 20 follows "$job" "$second" || fail "it does not follow"
echo "ok: a job follows its line"
same "a pinned one does not" "$first" \
    "$(adm job show "$pinned" --json | jq -r .item.build)"

# Paused: its session ends, what it found counts, its time stands still.
code 0 job pause "$job" --reason lunch
open_leases() { adm job show "$job" --json | jq '[.item.leases[] |
    select(.state == "offered" or .state == "running")] | length'; }
same "its leases are taken back" 0 "$(open_leases)"
used() { adm job show "$job" --json | jq .item.used_ms; }
before=$(used)
some_units() { [ "$(adm target show zlib/inflate --json |
    jq .item.units)" -gt 0 ]; }
wait_until 30 some_units || fail "what it found does not count"
sleep 3
same "its time stands still" "$before" "$(used)"
code 0 job resume "$job"
wait_until 60 runs_with "$job" "$second" || fail "it does not go on"
more_used() { [ "$(used)" -gt "$before" ]; }
wait_until 20 more_used || fail "its time does not go on"
echo "ok: paused and resumed"

# Cancelled by a person: it is not started again behind his back.
code 0 job cancel "$(adm job list --target zlib/deflate --json |
    jq -r '.items[0].id')"
echo three >"$work/two/VERSION.txt"
code 0 build add "$work/two" --project zlib --revision r3 --wait --timeout 120s
sleep 3
same "what was cancelled stays so" 1 "$(jobs_of zlib/deflate)"

# Another project says nothing of it.
echo png >"$work/one/VERSION.txt"
code 0 build add "$work/one" --project png --revision r1 --wait --timeout 120s
sleep 2
same "no start without start: yes" 0 "$(jobs_of png/inflate)"

# Vanished: parked with a reason, and everything kept.
mkdir "$work/four"
make_target "$work/four/deflate"
echo four >"$work/four/VERSION.txt"
code 0 build add "$work/four" --project zlib --revision r4 --wait --timeout 120s
parked() { [ "$(adm job show "$job" --json | jq -r '.item |
    "\(.status) \(.paused_by)"')" = "paused master" ]; }
wait_until 20 parked || fail "its target vanished, and it goes on"
code 0 job show "$job"
says "vanished"
code 0 target show zlib/inflate --json
same "the target says so, too" true "$(json .item.vanished)"
[ "$(json .item.units)" -gt 0 ] || fail "its units are gone"
echo "ok: its units are kept"
code 0 job cancel "$pinned"
echo "ok: new targets start"

#!/bin/bash
# Goal: a job through every verb of its life: made, changed, paused, resumed,
# boosted, cloned, cancelled, tried again, waited for; each change is an event
# with who, before and after, and why; what no status allows is refused twice.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

make_target "$work/out-1/inflate"
make_target "$work/out-1/deflate"
start_master
code 0 build add "$work/out-1" --project zlib --revision r1 --parsable
build=$(cat "$work/out")

# Made, before its build has passed its check.
code 0 job create inflate --for 10m --slots 2 --weight 33 --set tags=big \
    --set 'environment=MODE=a b' --json
job=$(json .item.id)
same "pending, and why" true "$(json '.item.status == "pending" and
    (.item.reason | test("check"))')"
same "its time" 600000 "$(json .item.for_ms)"
same "its slots" 2 "$(json .item.slots)"
same "its weight" 33 "$(json .item.weight)"
same "its tags" big "$(json '.item.tags | join(" ")')"
same "its own settings" "a b" "$(json '.item.settings["environment.MODE"]')"
code 0 job create inflate@r1:address --parsable
pinned=$(cat "$work/out")
same "a revision pins" "true $build" "$(adm job show "$pinned" --json |
    jq -r '.item | "\(.pinned) \(.build)"')"

# What is not there.
code 3 job create zlib/inflaet
says "target zlib/inflaet: not found"
says "did you mean zlib/inflate"
code 3 job create zilb --all-targets
says "did you mean zlib?"
code 7 job create inflate --engine afl
says "has no build to run for engine 'afl'"
code 1 job create inflate --set wieght=7
says "unknown key 'wieght', nearest is 'weight'"
code 1 job create inflate --set weight=70000
says "weight: '70000'"
code 2 job create inflate --set weight
says "is no KEY=VALUE"
code 3 job create inflate --template nightly
says "there is no template 'nightly'"
code 3 target show infalte
says "did you mean zlib/inflate"

# Found by project, tag and status.
code 0 job list --project zlib --tag big --json
same "one with that tag" 1 "$(json '.items | length')"
code 0 job list --tag gib --json
same "none with another" 0 "$(json '.items | length')"
code 0 job list --status pending --target inflate --no-header
same "two wait" 2 "$(wc -l <"$work/out")"

# Paused and resumed, each with its reason.
code 0 job pause "$job" --reason 'until the fix is in'
says "paused on zlib/inflate: paused by user:$(id -un): until the fix is in"
code 7 job pause "$job"
says "is paused already: job.paused by user:$(id -un) at 20"
code 7 job resume "$job" --expect pending
says "is paused, not pending as expected"
code 0 job resume "$job" --expect paused
says "pending on zlib/inflate"
code 7 job resume "$job"
code 7 job retry "$job"
code 0 events -n 0 --json
same "before and after, and why" "pending -> paused: until the fix is in" \
    "$(json '.items[] | select(.what == "job.paused").detail')"

# Boosted; it ends by itself.
code 0 job boost "$job" --by 2.5 --for 1s --reason release --json
same "two and a half times" 2500 "$(json .item.boost)"
code 2 job boost "$job" --by many
code 1 job boost "$job" --by 1000
boost_is() { [ "$(adm job show "$job" --json | jq .item.boost)" = "$1" ]; }
check "the boost ends by itself" wait_until 15 boost_is 1000
code 0 job boost "$job"
same "4 times for two hours" 4000 \
    "$(adm job show "$job" --json | jq .item.boost)"
code 0 job boost "$job" --by 1
boost_is 1000 || fail "it was to end"
code 0 events -n 0
says "job.boost_ended"
says "1 -> 2.500 until"

# Set and unset.
code 0 job set "$job" weight=44 slots=1 memory=4GiB --reason "more memory"
code 0 job set "$job" --unset slots
code 1 job set "$job" wieght=1
code 2 job set "$job"
code 7 job set "$job" corpus=own
says "is settled when a job is made"
code 0 job show "$job" --json
same "as it was set" "44 0 4GiB" \
    "$(json '.item | "\(.weight) \(.slots) \(.settings.memory)"')"
code 0 events -n 0
says "slots 2 -> 1"
says "weight 33 -> 44: more memory"

# Cloned.
code 0 job clone "$job" --set corpus=own --set weight=5 --json
clone=$(json .item.id)
same "the clone has what the first had, and its own" \
    "5 4GiB zlib/inflate@own-${clone:0:8}" \
    "$(json '.item | "\(.weight) \(.settings.memory) \(.corpus)"')"
code 0 target list --no-header
same "its corpus is not listed" 2 "$(wc -l <"$work/out")"
code 0 target list --all --no-header
same "unless asked for" 3 "$(wc -l <"$work/out")"
code 0 target show zlib/inflate
says "newest builds"
says "jobs (newest first)"

# Its log.
code 0 job logs "$job"
says "nothing yet"
seq -f 'line %g' 1 60 >"$work/lines"
mkdir -p "$root/jobs/$job" && cp "$work/lines" "$root/jobs/$job/log"
code 0 job logs "$job" -n 3
same "its last lines" "line 58 line 59 line 60" "$(tr '\n' ' ' <"$work/out" |
    sed 's/ $//')"
pfadm --root "$root" job logs "$job" -f -n 1 </dev/null >"$work/followed" &
follower=$!
followed() { grep -q "$1" "$work/followed"; }
check "the tail first" wait_until 10 followed "line 60"
echo "line 61" >>"$root/jobs/$job/log"
check "then what comes" wait_until 10 followed "line 61"
mv "$root/jobs/$job/log" "$root/jobs/$job/log.1"
echo "line 62" >>"$root/jobs/$job/log.1"
echo "line 63" >"$root/jobs/$job/log"
check "and from the log that starts anew" wait_until 10 followed "line 63"
kill $follower
wait $follower 2>/dev/null
same "no line twice, none left out" "60 61 62 63" \
    "$(sed 's/line //' "$work/followed" | tr '\n' ' ' | sed 's/ $//')"

# The table of those that are not over.
code 0 job top
says "3 jobs, 0 slots"
code 0 job top --json
same "for scripts" 3 "$(json '.items | length')"

# Waited for.
code 6 job wait "$job" "$clone" --timeout 1s
says "2 of 2 jobs are not over"
code 0 job cancel "$clone" --reason "was a test"
code 7 job boost "$clone"
says "is cancelled already: job.cancelled by user:$(id -un)"
code 1 job wait "$clone"
says "job $clone: cancelled on zlib/inflate: was a test"
code 3 job wait 0000
adm job wait "$job" "$pinned" >"$work/waited" &
waiter=$!
sleep 0.3
code 0 job cancel "$job"
stop_master || fail "the master's exit code"
start_master
code 0 job cancel "$pinned"
wait $waiter
same "a wait outlives the master's restart" 1 $?
same "and told each end" 2 "$(wc -l <"$work/waited")"

# Tried again; completed ones stay so.
code 0 job retry "$job" --expect cancelled
says "pending on"
code 7 job retry "$job"
stop_master || fail "the master's exit code"
write() { sqlite3 "$root/data/pandafuzz.db" "$1" >"$work/out" 2>&1; }
check "a legal way" write \
    "UPDATE job SET status = 'completed' WHERE job = '$job'"
write "UPDATE job SET status = 'running' WHERE job = '$job'" &&
	fail "the table let a completed job run"
ok "the table itself refuses what no status allows"
says "a job cannot go this way"
check "another legal way" write \
    "UPDATE job SET status = 'pending' WHERE job = '$clone';
     UPDATE job SET status = 'failed', reason = 'it fell' WHERE job = '$clone'"
start_master
code 7 job cancel "$job"
says "is completed already"
code 7 job retry "$job"
code 0 job wait "$job"
code 10 job wait "$job" "$clone"
says "failed on zlib/inflate: it fell"

# Nothing of all this troubled the ledger, and readers may not change.
balanced
stop_master || fail "the master's exit code"
ok "the life of a job"

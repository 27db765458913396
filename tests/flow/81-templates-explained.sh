#!/bin/bash
# Goal: templates of several layers decide what a job is told, each value names
# its source, those that the bot forces are marked; a wrong file stops a start
# with all complaints, and at a reload changes nothing.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

folder=$work/templates.d
mkdir "$folder"
cat >"$folder/10-farm.yaml" <<'Y'
base:
  memory: 1GiB
  timeout: 5s
engines:
  libfuzzer:
    timeout: 6s
    arguments: {-max_len: 4096}
sanitizers:
  address:
    weight: 70
    asan_options: {redzone: 64}
templates:
  slow: {timeout: 60s, tags: [big]}
  nightly: {inherits: slow, slots: 5, weight: 90}
Y
cat >"$folder/20-zlib.yaml" <<'Y'
projects:
  zlib:
    floor: 2
    weight: 80
    environment: {MODE: fast}
Y
make_target "$work/out-1/inflate"

# A wrong file: nothing starts, and all complaints come at once.
cat >"$folder/90-wrong.yaml" <<'Y'
base: {memroy: 1GiB, timeout: soon}
templates: {loop: {inherits: loop}}
engines: {libfuzer: {slots: 1}}
Y
as_root=$([ "$(id -u)" = 0 ] && echo --as-root)
"$masterd" --root "$root" $as_root --templates "$folder" 2>"$work/err"
is "a wrong template is exit 2" 2 $?
for text in "90-wrong.yaml:1:8: unknown key 'memroy', nearest is 'memory'" \
    "90-wrong.yaml:1:" "timeout: 'soon'" "inherits: a circle" \
    "unknown engine 'libfuzer'"; do
	grep -qF -- "$text" "$work/err" || fail "no '$text' in $(cat "$work/err")"
	ok "it says: $text"
done
rm "$folder/90-wrong.yaml"

start_master --templates "$folder"
code 0 build add "$work/out-1" --project zlib --revision r1
code 0 job create inflate --template nightly --set slots=3 --json
job=$(json .item.id)

# value KEY: what it is, and who says so.
value() {
	adm job show "$job" --explain --json | jq -r --arg key "$1" \
	    '.item.values[] | select(.key == $key) |
	    "\(.value) \(.source)\(if .forced then " FORCED" else "" end)"'
}
same "base" "1GiB base (10-farm.yaml:2)" "$(value memory)"
same "engine" "4096 engine libfuzzer (10-farm.yaml:7)" \
    "$(value arguments.-max_len)"
same "sanitizer" "64 sanitizer address (10-farm.yaml:11)" \
    "$(value asan_options.redzone)"
same "project" "2 project zlib (20-zlib.yaml:3)" "$(value floor)"
same "what a template inherits" "1m template slow (10-farm.yaml:13)" \
    "$(value timeout)"
same "the job's own template wins over the project's" \
    "90 template nightly (10-farm.yaml:14)" "$(value weight)"
same "the job's own value wins over all" "3 job" "$(value slots)"
same "what nobody said" "main built in" "$(value follow)"
value asan_options.exitcode | grep -q "FORCED" || fail "exitcode is not forced"
code 0 job set "$job" asan_options.exitcode=1
value asan_options.exitcode | grep -q "^77 .*FORCED" ||
	fail "a job undid what the bot forces: $(value asan_options.exitcode)"
ok "what the bot forces is marked, and wins"
code 0 job show "$job" --explain
says "template nightly (10-farm.yaml:14)"
says "forced by the bot"

# Other templates: live jobs follow, an event each, and only where it matters.
code 0 job create inflate --parsable
plain=$(cat "$work/out")
resolved() { [ "$(adm events -n 0 --json |
    jq '[.items[] | select(.what == "job.resolved")] | length')" = "$1" ]; }
sed -i 's/memory: 1GiB/memory: 3GiB/' "$folder/10-farm.yaml"
kill -HUP "$master"
check "an event for each job" wait_until 10 resolved 2
same "the new value" "3GiB base (10-farm.yaml:2)" "$(value memory)"
code 0 events -n 0
says "memory 1GiB -> 3GiB"
sed -i 's/weight: 80/weight: 81/' "$folder/20-zlib.yaml"
kill -HUP "$master"
check "only the job that it concerns" wait_until 10 resolved 3
same "its mirror, too" 81 "$(adm job show "$plain" --json | jq .item.weight)"

# A bad file at a reload: the old templates stay in force, and it is said.
echo 'base: {memroy: 4GiB}' >"$folder/95-wrong.yaml"
kill -HUP "$master"
refused() { grep -q 'templates.refused.*memroy' "$work/master.log"; }
check "it is refused" wait_until 10 refused
code 0 job create inflate --template nightly --parsable
job=$(cat "$work/out")
same "the old ones stay" "3GiB base (10-farm.yaml:2)" "$(value memory)"
status_says() { adm status | grep -q "memroy"; }
check "status says so" wait_until 5 status_says
rm "$folder/95-wrong.yaml"
kill -HUP "$master"
gone() { ! status_says; }
check "until it is put right" wait_until 10 gone

# A template that is gone: its jobs keep what they had.
sed -i '/nightly:/d' "$folder/10-farm.yaml"
kill -HUP "$master"
kept() { grep -q 'job.values_kept.*nightly' "$work/master.log"; }
check "its values are kept" wait_until 10 kept
same "they are as they were" 5 "$(adm job show "$job" --json | jq .item.slots)"

# The same after a restart.
stop_master || fail "the master's exit code"
start_master --templates "$folder"
same "after a restart, too" 5 "$(adm job show "$job" --json | jq .item.slots)"
check "no other event" resolved 3
stop_master || fail "the master's exit code"
ok "templates explained"

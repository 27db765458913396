#!/bin/bash
# Goal: defaults, file, folder beside it in order of names, environment and
# options: the later wins, --print-config says from where each value is, and
# what it prints gives the same settings again, for both daemons.
. "$(dirname "$0")/lib-master.sh"
botd=$B/bin/pandafuzz-botd
mkdir "$work/etc" "$work/etc/m.d" "$work/etc/b.d"
cd "$work/etc" || exit 1

cat >m.yaml <<'END'
root: ${PF_TEST_ROOT:-/srv/farm}
heartbeat: 1s
leases: {slice: 10m, lost: 1m, gap: 20s}
templates: "$${HOME}/a b: c"
END
printf 'leases:\n  lost: 2m\n  gap: 21s\n' >m.d/10-first.yaml
printf 'leases.gap: 22s\nheartbeat: 2s\n' >m.d/20-second.yaml
printf 'heartbeat: 99s\n' >m.d/30-no.yml
export PANDAFUZZ_HEARTBEAT=3s PANDAFUZZ_BOTS_LATE=4 \
    PANDAFUZZ_MASTERD_BOTS_LATE=5 PANDAFUZZ_BOTD_BOTS_LATE=6 \
    PANDAFUZZ_SOCKET=

line() { # KEY: its line of the print, blanks squeezed
	sed -n "s/^ *$1: *//p" print | tr -s ' '
}

"$masterd" --config m.yaml --heartbeat 4s --print-config >print 2>err ||
	fail "no print: $(cat err)"
is "nothing on standard error" "" "$(cat err)"
is "default" "info # default" "$(line log_level)"
is "file" "/srv/farm # m.yaml:1" "$(line root)"
is "file, in a section" "10m # m.yaml:3" "$(line slice)"
is "folder" "2m # m.d/10-first.yaml:2" "$(line lost | head -n 1)"
is "folder, the later name" "22s # m.d/20-second.yaml:1" "$(line gap)"
is "environment, for this daemon alone" "5 # PANDAFUZZ_MASTERD_BOTS_LATE" \
    "$(line late)"
is "an empty variable is none" '"" # default' "$(line socket)"
is "option" "4s # --heartbeat" "$(line heartbeat)"
is "a literal \${" '"$${HOME}/a b: c" # m.yaml:4' "$(line templates)"
"$masterd" --config m.yaml --print-config >print
is "environment" "3s # PANDAFUZZ_HEARTBEAT" "$(line heartbeat)"
PF_TEST_ROOT=/else "$masterd" --config m.yaml --print-config >print
is "a variable in the file" "/else # m.yaml:1" "$(line root)"

# -- round trip
values() { # FILE: without origins
	sed 's/  *# .*//' "$1"
}
"$masterd" --config m.yaml --tasks-retry-multiplier 1.25 \
    --tasks-retry-max-retries unlimited --disk-hard 7%/512MiB \
    --nosync --builds-keep-all 36h --print-config >print || fail "no print"
unset PANDAFUZZ_HEARTBEAT PANDAFUZZ_BOTS_LATE PANDAFUZZ_MASTERD_BOTS_LATE
"$masterd" --config print --print-config >again || fail "it is no file"
is "what masterd prints gives the same again" "$(values print)" \
    "$(values again)"
grep -q '# default' again && fail "something was left to its default"
is "and says more than defaults" 1 "$(values again | grep -c 'multiplier: 1\.25$')"

printf 'name: b1\nretry: {retryable_errors: [again]}\n' >b.yaml
printf 'cache: 3GiB\n' >b.d/x.yaml
PANDAFUZZ_BOTD_SLOTS=3 "$botd" --config b.yaml --link dir:/a/local \
    --print-config >print || fail "no print"
is "file of a bot" "[again] # b.yaml:2" "$(line retryable_errors)"
is "folder of a bot" "3GiB # b.d/x.yaml:1" "$(line cache)"
is "environment of a bot" "3 # PANDAFUZZ_BOTD_SLOTS" "$(line slots)"
is "option of a bot" '"dir:/a/local" # --link' "$(line link)"
"$botd" --config print --print-config >again || fail "it is no file"
is "what botd prints gives the same again" "$(values print)" \
    "$(values again)"

# -- a master and a bot that really run with them
printf 'heartbeat: 7s\n' >m.yaml
rm -r m.d
mkdir m.d
printf 'heartbeat: 250ms\n' >m.d/a.yaml
account local
start_master --config m.yaml
beat 1 0 0
wait_empty
heard() {
	[ "$(status '$.heartbeat_ms')" = 250 ]
}
check "the master works with what was set" wait_until 10 heard
exit 0

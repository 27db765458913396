#!/bin/bash
# Goal: an executable in hooks.d/<event>/ runs for each such event, with the
# event and what it is about on its standard input; its issue=URL is kept with
# the bucket; one that fails is tried three times and is in status with its
# fix; one that hangs is ended, and the master goes on meanwhile; what others
# may write is not run, and status says so.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"
hooks=$work/hooks.d
config=$work/m.yaml

hook() { # EVENT/NAME: the script on standard input
	mkdir -p -m 755 "$hooks" "$hooks/${1%/*}"
	{ echo '#!/bin/sh'; echo "work=$work"; cat; } >"$hooks/$1"
	chmod 755 "$hooks/$1"
}

runs() { # STATE HOOK
	sql "SELECT count(*) FROM hook_run WHERE state = '$1' AND hook = '$2'"
}
ran() { # COUNT STATE HOOK
	[ "$(runs "$2" "$3")" = "$1" ]
}
wait_ran() {
	wait_until 30 ran "$@" || fail "$3 is not $2 $1 times:" \
	    "$(sql "SELECT * FROM hook_run")"
	ok "$3 is $2 $1 times"
}

cat >"$config" <<EOC
heartbeat: 200ms
bots: {late: 2, lost: 4}
hooks:
  folder: $hooks
  timeout: 4s
  retry: {initial_delay: 50ms, max_delay: 100ms}
EOC
hook bucket.new/10-file <<'EOS'
cat >>$work/new.json
echo "$PANDAFUZZ_EVENT in $(pwd)" >>$work/said
env | grep -c . >>$work/said
echo "filed"; echo "issue=https://bugs.example/PF-7"
EOS
hook bucket.new/20-mail <<'EOS'
echo try >>$work/tries
echo "no mail server" >&2
exit 75
EOS
hook bot.lost/slow <<'EOS'
trap '' TERM
echo started >>$work/slow
while :; do sleep 0.1; done
EOS
chmod 755 "$work"
account local
start_master --config "$config"

# -- a new bucket
cat >"$work/report" <<'EOR'
==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011 at pc 0x1 bp 0x2 sp 0x3
READ of size 1 at 0x602000000011 thread T0
    #0 0x4f7d30 in inflate_fast /src/inflate.c:12:3
    #1 0x4f7d31 in main /src/main.c:1:1
SUMMARY: AddressSanitizer: heap-buffer-overflow /src/inflate.c:12:3 in inflate_fast
EOR
send crash 1 --target png/read --crash "$(unit boom)" --report "$work/report"
wait_empty
bucket=$(sql "SELECT subject FROM event WHERE what = 'bucket.new'")
wait_ran 1 done bucket.new/10-file
same "it got the event" "bucket.new $bucket" \
    "$(jq -r '.what + " " + .subject' "$work/new.json")"
same "and the bucket" "$bucket" "$(jq -r .bucket.id "$work/new.json")"
same "in /" "bucket.new in /" "$(head -n 1 "$work/said")"
check "with next to no environment" [ "$(tail -n 1 "$work/said")" -le 8 ]
code 0 bucket show "$bucket" --json
same "its issue is the bucket's" https://bugs.example/PF-7 \
    "$(json .item.issue)"
code 0 log --json
same "and that was noted" "hook:bucket.new/10-file bucket.issue" \
    "$(json '.items[] | select(.what == "bucket.issue") |
	.who + " " + .what' | head -n 1)"

# -- one that fails
wait_ran 1 failed bucket.new/20-mail
is "it was tried three times" 3 "$(wc -l <"$work/tries")"
code 0 status
says "hook bucket.new/20-mail failed 3 times: exit 75: no mail server"
says "run it by hand"
is "it is an event" 1 "$(sql "SELECT count(*) FROM event WHERE
    what = 'hook.failed' AND subject = 'bucket.new/20-mail'")"

# -- one that hangs, while the master works
beat 2 0 0
wait_empty
wait_until 20 [ -s "$work/slow" ] || fail "nobody told that b1 is lost"
BOT=b2 send corpus 1 --target png/read --unit "$(unit y)"
wait_empty
ok "bundles come in while a hook runs"
code 0 status
wait_until 30 grep -q 'hook.delayed.*took longer than 4000 ms' \
    "$work/master.log" || fail "it was not ended"
ok "it was ended"

# -- one that others may write
rm -r "$hooks/bot.lost"
hook bucket.new/30-open <<'EOS'
echo open >>$work/open
EOS
chmod 777 "$hooks/bucket.new/30-open"
sed 's/inflate/deflate/g' "$work/report" >"$work/report2"
send crash 3 --target png/read --crash "$(unit bang)" --report "$work/report2"
wait_empty
wait_ran 1 failed bucket.new/30-open
[ -e "$work/open" ] && fail "it was run"
ok "it was not run"
stop_master
start_master --config "$config"
open_said() { adm status | grep -q "30-open' may be written by others"; }
check "status says so" wait_until 20 open_said

# -- what the master notices itself
hook disk.low/note <<'EOS'
cat >>$work/disk.json
EOS
echo 'disk: {soft: 100%}' >>"$config"
kill -HUP "$master"
wait_ran 1 done disk.low/note
case $(jq -r .detail "$work/disk.json") in
"soft: "*" are free") ok "the hook knows how low" ;;
*) fail "$(cat "$work/disk.json")" ;;
esac
stop_master || fail "the master's exit code"

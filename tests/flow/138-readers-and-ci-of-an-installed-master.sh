#!/bin/bash
# Goal: over root's sshd and packaging's snippet a reader pulls what the
# unprivileged master has stored of its project, and CI adds a build of its
# project with pfadm -H; neither gets anything else, and nobody else gets in by
# their way.
. "$(dirname "$0")/lib-unix-accounts.sh"
. tests/flow/lib-master.sh
. tests/flow/lib-pfadm.sh
before_end() { accounts_end; }
chmod 755 "$work"
root=$SITE

accounts_start || fail "no accounts: $(cat "$own/setup.log")"
for n in bot team ci; do key $n; done
pf-account add office --key "$own/bot.pub" >/dev/null &&
    pf-account add team --kind reader >/dev/null &&
    pf-account add ci-png --kind ci >/dev/null || fail "no accounts"
pf-account watch 2>"$own/watch.log" &
accounts_pids=$!
as="setpriv --reuid=pandafuzz --regid=pandafuzz --init-groups"
masterd=/usr/local/bin/pandafuzz-masterd
start_master
adm() { pfadm --root $SITE "$@" </dev/null >"$own/out" 2>&1 ||
	fail "pfadm $*: $(cat "$own/out")"; }
adm account list
grep -q office "$own/out" || fail "a key that root gave is not known"
ok "the master takes over what pf-account add --key was given"
adm account add team --kind reader --project png --key "$own/team.pub"
adm account add ci-png --kind ci --project png --key "$own/ci.pub"

# ---- CI ------------------------------------------------------------------
cat >/etc/ssh/ssh_config <<TEXT
Host 127.0.0.1
	IdentityFile $own/ci
	UserKnownHostsFile $SSHD_HOSTS
	IdentityAgent none
	BatchMode yes
TEXT
ci() { pfadm -H "ssh://ci-png@127.0.0.1:$SSHD_PORT" "$@" </dev/null \
    >"$own/out" 2>&1; }
check "CI reads the builds of its project" wait_until 20 ci build list
make_target "$own/build/read"
ci build add "$own/build" --project png || fail "build: $(cat "$own/out")"
ok "and adds one"
ci build add "$own/build" --project zlib && fail "one of another project"
ci account list && fail "it reads accounts"
is "a refusal is exit 4" 4 "$(ci account list; echo $?)"
# Another user of the machine at its socket.
is "its socket is nobody else's" 403 "$(setpriv --reuid=office --regid=office \
    --init-groups curl -s -o /dev/null -w '%{http_code}' --unix-socket \
    $SITE/run/accounts/ci-png.sock http://m/api/v1/builds)"

# ---- a reader ------------------------------------------------------------
pf-spool seal --kind corpus --bot b1 --epoch $epoch --account office --seq 1 \
    --target png/read --unit "$own/bot.pub" -o "$own" >/dev/null || fail "seal"
bundle=b1-$epoch-1-b.pfb
sftp_as office bot >"$own/out" <<TEXT || fail "push: $(cat "$own/out")"
put $own/$bundle incoming/tmp/$bundle
rename incoming/tmp/$bundle incoming/new/$bundle
TEXT
pf-spool seal --kind crash --bot b1 --epoch $epoch --account office --seq 2 \
    --target png/read --crash "$own/team.pub" -o "$own" >/dev/null || fail "seal"
crash=b1-$epoch-2-c.pfb
sftp_as office bot >"$own/out" <<TEXT || fail "push: $(cat "$own/out")"
put $own/$crash incoming/tmp/$crash
rename incoming/tmp/$crash incoming/new/$crash
TEXT
unit=$(sum "$own/bot.pub")
stored() { [ -f "$SITE/corpus/png/read/${unit:0:2}/$unit" ]; }
wait_until 20 stored || fail "the unit is not stored"
pull() {
	rsync -a -e "ssh $(ssh_options team) -p $SSHD_PORT" \
	    "team@127.0.0.1:$1" "$own/pulled" 2>"$own/out"
}
wait_until 20 pull corpus/png || fail "no pull: $(cat "$own/out"; find $SITE/corpus -ls)"
ok "a reader pulls what the master stored"
is "whole" "$unit" "$(sum "$own/pulled/png/read/${unit:0:2}/$unit")"
found() { [ -n "$(ls $SITE/crashes/png/read 2>/dev/null)" ]; }
wait_until 20 found || fail "no crash is stored"
# Its files come one by one.
files() { (cd "$1" && find png/read -path "png/read/$input*" -type f | sort); }
input=$(sum "$own/team.pub")
same_crash() {
	pull crashes/png && [ "$(files $SITE/crashes)" = "$(files "$own/pulled")" ]
}
wait_until 20 same_crash || fail "no crash: $(cat "$own/out"
    find $SITE/crashes -ls)"
ok "and its crashes, each file of them"
pull corpus/zlib && fail "and another project"
pull data && fail "and the database"
# ---- removed, and over its limits ----------------------------------------
adm account remove team --yes
pulls_not() { ! pull corpus/png; }
check "an account that pfadm removes is out" wait_until 20 pulls_not
curl -sf -X PUT -d '{"max_files":2}' --unix-socket $SITE/run/admin.sock \
    http://m/api/v1/accounts/office/settings >"$own/out" || fail "no limit"
for n in 1 2 3 4 5 6; do
	echo "put $own/bot.pub incoming/tmp/heap$n"
done | sftp_as office bot >"$own/out" || fail "push: $(cat "$own/out")"
shut() { ! { echo ls | sftp_as office bot >/dev/null; }; }
check "one that is far over its limits, too" wait_until 30 shut
rm $SITE/spool/office/incoming/tmp/heap*
back() { echo ls | sftp_as office bot >/dev/null; }
check "and is back with room" wait_until 30 back
kill -0 "$accounts_pids" || fail "the watch ended"
exit 0

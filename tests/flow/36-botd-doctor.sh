#!/bin/bash
# Goal: "pandafuzz-botd doctor" says ok and exits 0 where all is well, and
# otherwise names each failing point with its fix and exits 1.
. "$(dirname "$0")/lib-courier.sh"

sshd_start "$work/sshd" "$account" || fail "no sshd"
publish 0

look() { # CODE OPTION...: output in $work/out
	local want=$1 code=0
	shift
	pandafuzz-botd $(options) "$@" doctor >"$work/out" 2>&1 || code=$?
	[ $code = "$want" ] || fail "exit $code, not $want: $(cat "$work/out")"
}

says() { # PATTERN
	grep -q "$1" "$work/out" || fail "no '$1' in: $(cat "$work/out")"
}

look 0 --sandbox none
says '^ok   link: .*knows this bot$'
says '^ok   key: '
says '^ok   known_hosts: '
says '^ok   disk: '
grep -q FAIL "$work/out" && fail "FAIL and exit 0"

chmod 644 "$SSHD_KEY"
look 1 --sandbox none
says '^FAIL key: .*chmod 600'
chmod 600 "$SSHD_KEY"

echo "other $(cut -d' ' -f1,2 "$SSHD_DIR/host.pub")" >"$work/other-hosts"
look 1 --sandbox none --known-hosts "$work/other-hosts"
says '^FAIL known_hosts: .*has no ed25519 key'
says '^FAIL link: '

touch -d '+1 day' "$account/outgoing/b1/status.json"
look 1 --sandbox none
says '^FAIL link: .*hour ahead'
publish 0

rmdir "$account/incoming/new"
look 1 --sandbox none
says "^FAIL link: .*incoming/new"
mkdir "$account/incoming/new"

sshd_stop
look 1 --sandbox none --timeout 2s
says '^FAIL link: cannot connect'

# Before there is a master, too.
code=0
pandafuzz-botd --root "$work/fresh" --sandbox none doctor \
    >"$work/out" 2>&1 || code=$?
[ $code = 1 ] || fail "exit $code without a link: $(cat "$work/out")"
says '^ok   disk: '
says '^FAIL link: no master is known yet: .*pandafuzz-botd enroll LINE'
[ "$(grep -c '^FAIL' "$work/out")" = 1 ] || fail "$(cat "$work/out")"

PATH=$B/bin look 1
says '^FAIL bwrap: .*apt-get install bubblewrap'
says '^FAIL llvm-symbolizer: .*apt-get install llvm'
exit 0

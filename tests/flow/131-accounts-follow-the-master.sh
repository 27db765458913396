#!/bin/bash
# Goal: what the master writes into ROOT/accounts is in force within 5 s, live
# sessions included; nothing but keys, kinds and projects passes, whatever a
# master that was broken into writes there; what was killed is completed.
. "$(dirname "$0")/lib-unix-accounts.sh"
. tests/flow/lib-master.sh
. tests/flow/lib-soon.sh
before_end() { exec 8>&- 9>&-; accounts_end; }

accounts_start || fail "no accounts: $(cat "$own/setup.log")"
for n in one two; do key $n; done
pf-account add office >/dev/null || fail "no account"
is "an account without keys lets nobody in" refused \
    "$(echo ls | sftp_as office one >/dev/null || echo refused)"

print() { # KEY: its fingerprint
	ssh-keygen -lf "$own/$1.pub" | cut -d' ' -f2
}
line() { # KEY: as the master writes it
	echo "$(cut -d' ' -f1,2 "$own/$1.pub") $(print "$1")"
}
wants() { # ACCOUNT LINE...: the master's file, whole by rename, as the master
	local account=$1
	shift
	printf '%s\n' "$@" | setpriv --reuid=pandafuzz --regid=pandafuzz \
	    --clear-groups sh -c "umask 027; cat >$SITE/accounts/.new &&
		mv $SITE/accounts/.new $SITE/accounts/$account.keys"
}
enters() { echo ls | sftp_as "$1" "$2" >/dev/null; }
shut_out() { ! enters "$@"; }
keys_of() { grep -c '^restrict ssh-ed25519 ' /etc/pandafuzz/keys/"$1"; }

pf-account watch 2>"$own/watch.log" &
accounts_pids=$!
wait_until 20 grep -q accounts.watched "$own/watch.log" || fail "no watch"

wants office '# kind=bot state=active' "$(line one)" "$(line two)"
check "a key of the master's is in force within 5 s" within_5s enters office one
enters office two || fail "the other is not"

# ---- live sessions -------------------------------------------------------
session() { # KEY FD: an sftp that stays; its words go to $own/KEY.session
	mkfifo "$own/$1.fifo"
	sftp -q $(ssh_options "$1") -P "$SSHD_PORT" -b - office@127.0.0.1 \
	    <"$own/$1.fifo" >"$own/$1.session" 2>&1 &
	eval "exec $2>'$own/$1.fifo'"
	eval "echo 'ls outgoing' >&$2"
	eval "echo 'ls incoming' >&$2"
	wait_until 20 grep -q "ls incoming" "$own/$1.session"
}
processes() { ps -o pid= -u office | wc -l; }
session one 8 || fail "no session"
[ "$(processes)" -gt 0 ] || fail "it runs as somebody else"
wants office '# kind=bot state=active' "$(line two)"
gone() { [ "$(processes)" = 0 ]; }
check "a session ends within 5 s of its key" within_5s gone
is "the key is out" "" "$(enters office one && echo in)"
# While sessions are being ended, those that just log in go with them.
ended() { grep -q 'account.sessions_ended .*account=office' "$own/watch.log"; }
wait_until 20 ended || fail "no end of sessions is logged"
enters office two || fail "the other key is out, too"
session two 9 || fail "no second session"
wants office '# kind=bot state=disabled' "$(line two)"
check "a session ends within 5 s when its account is disabled" \
    within_5s gone
is "a disabled account lets nobody in" 0 "$(keys_of office)"

# ---- what a master may not say -------------------------------------------
wants office '# kind=bot state=active' "$(line one)" \
    "command=\"/bin/sh\" $(line two)" "restrict $(line two)" \
    "$(cut -d' ' -f1,2 "$own/two.pub")" \
    "$(cut -d' ' -f1,2 "$own/two.pub") $(print one)" \
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== SHA256:x" \
    "AuthorizedKeysFile /etc/passwd" "* $(line two)"
check "of odd lines only the good one counts" wait_until 20 enters office one
is "and nothing else is written" 1 "$(keys_of office)"
grep -qv '^# \|^restrict ssh-ed25519 [A-Za-z0-9+/]*=*$' \
    /etc/pandafuzz/keys/office && fail "$(cat /etc/pandafuzz/keys/office)"
grep -q account.line_refused "$own/watch.log" || fail "nothing was said"

kill "$accounts_pids"; wait "$accounts_pids"; accounts_pids=
same() { # SENTENCE: sync complains, and the keys stay
	local before
	before=$(cat /etc/pandafuzz/keys/*)
	pf-account sync 2>"$own/sync.log" && fail "$1: sync is content"
	[ "$before" = "$(cat /etc/pandafuzz/keys/*)" ] || fail "$1: taken"
	grep -q account.not_synced "$own/sync.log" || fail "$1: nothing said"
	ok "$1: refused and said"
}
f=$SITE/accounts/office.keys
rm $f; ln -s /etc/shadow $f; same "a symbolic link"
rm $f; mkfifo $f; same "a FIFO"
rm $f; head -c 3000000 /dev/zero | tr '\0' '#' >$f; same "a huge file"
wants office 'kind=bot state=active' "$(line two)"; same "no first line"
wants office '# kind=bot state=making' "$(line two)"; same "a state of root's"
wants office '# kind=bot state=active projects=../..' "$(line two)"
same "a project that is a path"
wants root '# kind=bot state=active' "$(line two)"
wants nobody '# kind=bot state=active' "$(line two)"
wants office '# kind=bot state=active' "$(line one)"
check "names that are no accounts are named" pf-account sync
for word in full removed; do
	wants office "# kind=bot state=$word" "$(line one)"
	check "an account that is $word is shut" pf-account sync
	is "it has no keys when $word" 0 "$(keys_of office)"
	wants office '# kind=bot state=active' "$(line one)"
	pf-account sync 2>/dev/null
	is "and comes back from $word" 1 "$(keys_of office)"
done
wants office '# kind=reader state=active projects=zlib' "$(line two)"
pf-account sync 2>"$own/sync.log" && fail "another kind: sync is content"
grep -q account.not_synced "$own/sync.log" || fail "another kind: nothing said"
is "another kind: no key is in force" 0 "$(keys_of office)"
wants office '# kind=bot state=active' "$(line one)"
pf-account sync 2>/dev/null
pf-account add enroll --kind bot 2>/dev/null && fail "enroll was added"
[ ! -e /etc/pandafuzz/keys/root ] && [ ! -e /etc/pandafuzz/keys/nobody ] ||
	fail "they got keys"
rm $SITE/accounts/root.keys $SITE/accounts/nobody.keys

# ---- killed between the keys and the sessions ----------------------------
rm -f "$own/one.fifo"; session one 8 || fail "no session"
sed -i 's/^# kind=bot state=active.*/& ending=1/' /etc/pandafuzz/keys/office
check "a kill before the sessions ended is made good" pf-account sync
check "they are ended" within_5s gone
grep -q ending /etc/pandafuzz/keys/office && fail "for ever ending"
rm $f
check "an account that the master forgot is shut" pf-account sync
is "it has no keys" 0 "$(keys_of office)"

# ---- readers and CI ------------------------------------------------------
mkdir -p $SITE/corpus/{zlib,png}/read $SITE/data
echo unit >$SITE/corpus/zlib/read/u1
echo other >$SITE/corpus/png/read/u2
chown -R pandafuzz:pandafuzz-read $SITE/corpus
chmod -R o-rwx,g+rX $SITE/corpus
pf-account add team --kind reader >/dev/null || fail "no reader"
wants team '# kind=reader state=active projects=zlib' "$(line one)"
pf-account sync 2>/dev/null
pull() { # PATH OPTION...
	local path=$1
	shift
	rsync -e "ssh $(ssh_options one) -p $SSHD_PORT" "$@" \
	    "team@127.0.0.1:$path" "$own/pulled/" 2>"$own/out"
}
mkdir "$own/pulled"
check "a reader pulls its project" pull corpus/zlib -a
is "whole" unit "$(cat "$own/pulled/zlib/read/u1")"
check "or a part of it, packed and limited" \
    pull corpus/zlib/read/ -rtz --timeout=20 --bwlimit=9999
for path in corpus/png corpus corpus/zlib/../png data /etc/passwd . \
    corpus/zlib/.. 'corpus/zlib/*' 'corpus/*' 'corpus/zlib/.?/png' corpus/zlib/./../png; do
	rm -rf "$own/pulled"; mkdir "$own/pulled"
	pull "$path" -a && fail "a reader pulled $path"
	[ -z "$(ls "$own/pulled")" ] || fail "a reader got $path"
done
ok "and nothing else"
rsync -a -e "ssh $(ssh_options one) -p $SSHD_PORT" "$own/one.pub" \
    team@127.0.0.1:corpus/zlib/ 2>"$own/out" && fail "a reader wrote"
pull corpus/zlib -a --secluded-args && fail "paths came past the check"
for words in id 'rsync --server --sender -e.Lx;id . corpus/zlib' \
    'rsync --server --daemon .' ''; do
	ssh $(ssh_options one) -p "$SSHD_PORT" team@127.0.0.1 "$words" \
	    </dev/null >"$own/said" 2>"$own/out" && fail "ran: $words"
	grep -q 'uid=' "$own/said" && fail "ran: $words"
done
echo ls | sftp_as team one >/dev/null && fail "a reader has SFTP"
ok "no shell, no SFTP, no writing for a reader"

pf-account add ci-zlib --kind ci >/dev/null || fail "no CI account"
wants ci-zlib '# kind=ci state=active projects=zlib' "$(line two)"
pf-account sync 2>/dev/null
printf '#!/bin/sh\necho "$@"\n' >/usr/local/bin/pfadm
is "CI gets pfadm on its own socket, whatever it asks for" \
    "--socket $SITE/run/accounts/ci-zlib.sock system stdio" \
    "$(ssh $(ssh_options two) -p "$SSHD_PORT" ci-zlib@127.0.0.1 'sh -c id' \
    </dev/null 2>"$own/out")"
exit 0

#!/bin/bash
# Goal: a database of an hour ago, and one made anew by --rebuild, lock nobody
# out and let nobody back in: keys, states, kinds, projects and limits are as
# they were last; an invitation that was used since is none.
. "$(dirname "$0")/lib-master.sh"

db=$root/data/pandafuzz.db
for n in 1 2 3; do
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/k$n"
done
post() { # METHOD ADDRESS BODY
	api "$2" -X "$1" -d "$3" >"$work/answer" &&
	    ! grep -q '"error"' "$work/answer" ||
	    fail "$2: $(cat "$work/answer")"
}
key() { cut -d' ' -f1,2 "$work/k$1.pub"; }
print() { ssh-keygen -lf "$work/k$1.pub" | cut -d' ' -f2; }
keys() { cat "$root/accounts/"*.keys; }
start() {
	start_master --accounts-user "$(id -un)" --accounts-url \
	    sftp://127.0.0.1:2222 --accounts-host-key "$work/k1.pub"
}

start
post POST accounts "{\"name\":\"office\",\"key\":\"$(key 1)\"}"
post POST accounts '{"name":"lab","max_bytes":1000000}'
post POST accounts "{\"name\":\"ci-1\",\"kind\":\"ci\",\"projects\":[\"png\"]}"
post PUT accounts/office/invite '{"count":2,"auto":true}'
stop_master || fail "the master ends with $?"
cp "$db" "$work/older.db"

start
post POST accounts/office/keys "{\"key\":\"$(key 2)\"}"
post PUT accounts/office/disable "{\"key\":\"$(print 1)\"}"
post PUT accounts/lab/disable '{"reason":"sold"}'
post PUT accounts/ci-1/settings '{"projects":["png","zlib"],"max_files":9}'
post POST accounts "{\"name\":\"team\",\"kind\":\"reader\",
    \"projects\":[\"png\"],\"key\":\"$(key 3)\"}"
# One was used meanwhile: its answer is there.
invite=$(sqlite3 "$db" "SELECT invite FROM invite ORDER BY id LIMIT 1")
used=$(sqlite3 "$db" "SELECT key FROM invite ORDER BY id LIMIT 1")
[ -n "$used" ] || fail "no invitation"
mkdir -p "$root/spool/enroll/outgoing/$invite"
echo '{}' >"$root/spool/enroll/outgoing/$invite/answer.json"
stop_master || fail "the master ends with $?"
keys | grep -v '^# kind=enroll' | sort >"$work/wanted"

same() { # SENTENCE
	keys | grep -v '^# kind=enroll' | sort >"$work/have"
	cmp -s "$work/wanted" "$work/have" ||
	    fail "$1: $(diff "$work/wanted" "$work/have")"
	ok "$1"
}
rm -f "$db"-*; cp "$work/older.db" "$db"
start
grep -vF "$used" "$work/wanted" >"$work/left"
mv "$work/left" "$work/wanted"
same "after a restore everybody is what he was last"
is "a used invitation is over" withdrawn \
    "$(sql "SELECT state FROM invite WHERE invite = '$invite'")"
is "the other one is not" 1 \
    "$(sql "SELECT count(*) FROM invite WHERE state = 'open'")"
is "a key that was taken back stays out" disabled \
    "$(sql "SELECT state FROM account_key WHERE fingerprint = '$(print 1)'")"
is "and it is said" 1 "$(grep -c key.ended "$work/master.log")"
stop_master; start
same "and after another start"
is "which is none of a restore" 1 "$(grep -c accounts.newer "$work/master.log")"
stop_master || fail "the master ends with $?"

grep -v ' SHA256:' "$work/wanted" >"$work/heads"
rm -rf "$root/data"
as_root=
[ "$(id -u)" = 0 ] && as_root=--as-root
$masterd $as_root --root "$root" --rebuild >"$work/out" 2>&1 ||
    fail "rebuild: $(cat "$work/out")"
start
keys | grep '^# ' | grep -v kind=enroll | sort | cmp - "$work/heads" ||
    fail "other headers: $(keys)"
ok "a new database has kinds, states, projects and limits"
is "keys" 2 "$(cat "$root"/accounts/[!e]*.keys | grep -c ' SHA256:')"
is "and no invitation" 0 "$(grep -c SHA256 "$root/accounts/enroll.keys")"
stop_master || fail "the master ends with $?"
exit 0

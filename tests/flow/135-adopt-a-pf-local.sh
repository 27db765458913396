#!/bin/bash
# Goal: a ROOT of pf-local becomes an installed master, killed again and again
# half-way, and a bot that ran against it goes on without anybody touching it:
# same key, same host key, same port; what it found before is still there.
. "$(dirname "$0")/lib-unix-accounts.sh"
. tests/flow/lib-master.sh
bot=
before_end() {
	[ -z "$bot" ] || { kill "$bot"; wait "$bot"; } 2>/dev/null
	[ ! -d "$own/root/local" ] || pf-local down "$own/root" >/dev/null 2>&1
	accounts_end
}
chmod 755 "$work"

# ---- a pf-local with a machine -------------------------------------------
FROM=$own/root
port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
up() { "$PF_BIN/pf-local" up "$FROM" --bots 1 --slots 1 \
    --listen "127.0.0.1:$port" >"$own/out" 2>&1; }
for try in 1 2 3; do
	up && break
	port=$((port + 7))
done
[ -S "$FROM/run/admin.sock" ] || fail "pf-local: $(cat "$own/out")"
pf() { "$PF_BIN/pfadm" --root "$FROM" "$@" </dev/null; }
key team
pf account add office >"$own/out" 2>&1 || fail "$(cat "$own/out")"
pf account add team --kind reader --project zlib --key "$own/team.pub" \
    >"$own/out" 2>&1 || fail "$(cat "$own/out")"
pf account invite office --auto >"$own/lines" 2>"$own/out" ||
	fail "$(cat "$own/out")"
pandafuzz-botd enroll "$(grep ^sftp: "$own/lines")" --name m1 \
    --config-dir "$own/m1" --root "$own/m1/root" >"$own/out" 2>&1 ||
	fail "enroll: $(cat "$own/out")"
ok "a machine is enrolled in a pf-local"
cp -a "$own/m1" "$own/m1.before"
pandafuzz-botd --config "$own/m1/botd.yaml" --sandbox none --slots 1 \
    --retry-max-delay 1s --breaker-reset 1s --stats-after 1s --seal-after 1s \
    2>"$own/bot.log" &
bot=$!
root=$FROM
count() { sql "SELECT count(*) FROM ledger l JOIN epoch e ON e.id = l.epoch
    JOIN bot b ON b.id = e.bot WHERE b.name = 'm1'"; }
some() { [ "$(count)" -gt 0 ]; }
wait_until 30 some || fail "the machine is not there: $(tail -n 5 "$own/bot.log")"
mkdir -p "$FROM/corpus/zlib/read/aa" && echo unit >"$FROM/corpus/zlib/read/aa/u"
chmod 444 "$FROM/corpus/zlib/read/aa/u"

refused() { # WORDS ARGUMENT...
	local words=$1
	shift
	pf-account adopt "$@" >"$own/out" 2>&1 && fail "was adopted: $*"
	grep -q -- "$words" "$own/out" || fail "$*: $(cat "$own/out")"
	ok "refused: $words"
}
refused 'pf-local down' "$FROM"
[ ! -e $SITE/data ] || fail "something was made"
"$PF_BIN/pf-local" down "$FROM" >/dev/null
kill -0 "$bot" || fail "the machine ended"
before=$(count)
refused 'no ROOT of pf-local' "$own"
useradd -r office
refused 'has not made' "$FROM"
userdel office
[ ! -e $SITE/adopting ] || fail "it was begun"

# ---- adopted, with kills -------------------------------------------------
for n in $(seq 40); do
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o /dev/null \
	    -e inject=renameat,renameat2,fchown,fchownat:signal=KILL:when="$((n * 3))" \
	    pf-account adopt "$FROM" >"$own/out" 2>&1
	code=$?
	[ $code = 0 ] && break
	[ $code = 137 ] || fail "after kill $n: $(cat "$own/out")"
done
[ $code = 0 ] && [ "$n" -gt 5 ] || fail "the sweep took $n: $(cat "$own/out")"
ok "killed $((n - 1)) times, run again, and complete"
grep -q "account 'office' is a Unix user" "$own/out" || ok "(users by an earlier run)"
refused 'was adopted already' "$FROM"
is "data is the master's" "pandafuzz" "$(stat -c %U $SITE/data/pandafuzz.db)"
is "units may be read by readers" "pandafuzz pandafuzz-read 2750" \
    "$(stat -c '%U %G %a' $SITE/corpus/zlib/read/aa)"
is "the host key is the machine's" \
    "$(cut -d' ' -f2,3 "$own/m1/known_hosts")" \
    "$(cut -d' ' -f1,2 /etc/pandafuzz/sshd/host_ed25519.pub)"
find $SITE ! -user pandafuzz ! -user root ! -user local ! -user office ! -user enroll |
	grep . && fail "that is somebody else's"

is "a reader is a reader" pfreaders \
    "$(id -nG team | tr ' ' '\n' | grep pfreaders)"

# ---- and the machine goes on ---------------------------------------------
root=$SITE
SSHD_PORT=$port SSHD_DIR=$own/sshd
mkdir -p "$SSHD_DIR"
sed -i "s|^PidFile.*|PidFile $SSHD_DIR/pid|" /etc/pandafuzz/sshd/sshd_config
"$(sshd_program)" -t -f /etc/pandafuzz/sshd/sshd_config || fail "a bad config"
"$(sshd_program)" -D -f /etc/pandafuzz/sshd/sshd_config -E "$SSHD_DIR/log" &
SSHD_JOB=$!
as="setpriv --reuid=pandafuzz --regid=pandafuzz --init-groups"
masterd=/usr/local/bin/pandafuzz-masterd
start_master
check "what it found before is still known" [ "$(count)" -ge "$before" ]
before=$(count)
pf-account watch 2>"$own/watch.log" &
accounts_pids=$!
logged_in() { grep -q "Accepted publickey for office " "$SSHD_DIR/log"; }
wait_until 60 logged_in || fail "it does not come: $(tail -n 5 "$own/bot.log" "$SSHD_DIR/log")"
ok "the machine logs in as its account, by itself"
more() { [ "$(count)" -gt "$before" ]; }
wait_until 60 more || fail "nothing more comes: $(tail -n 5 "$own/bot.log")"
ok "and its bundles come in"
seqs() { sql "SELECT count(DISTINCT e.epoch) FROM epoch e JOIN bot b ON
    b.id = e.bot WHERE b.name = 'm1'"; }
is "in the epoch that it had" 1 "$(seqs)"
grep -q not_synced "$own/watch.log" && fail "$(cat "$own/watch.log")"
keys_good() { grep -qF "$(cut -d' ' -f2 "$1")" "$2"; }
check "pf-local's own bot has its key still" keys_good \
    "$FROM/local/keys/b1.pub" /etc/pandafuzz/keys/local
for f in bot.key known_hosts botd.d/enrolled.yaml; do
	cmp -s "$own/m1/$f" "$own/m1.before/$f" || fail "$f has changed"
done
ok "nothing of the machine's was touched"
line=$(pfadm --root $SITE account invite office --auto | grep ^sftp:)
case $line in sftp://enroll@127.0.0.1:$port#*) ;; *) fail "invites: $line" ;; esac
ok "new invitations lead to the same port"
kill "$bot"; wait "$bot"; bot=
exit 0

#!/bin/bash
# Goal: packaging/sshd/pandafuzz.conf as it is, in a real root sshd: pf-account
# sets up the machine, adds an account, and a real bot reaches an unprivileged
# master through it; what is odd is refused and leaves nothing behind.
. "$(dirname "$0")/lib-unix-accounts.sh"
. tests/flow/lib-master.sh
before_end() { [ -z "${bot-}" ] || { kill "$bot"; wait "$bot"; } 2>/dev/null; accounts_end; }
chmod 755 "$work"
root=$SITE

# ---- setup ---------------------------------------------------------------
accounts_start || fail "setup: $(cat "$own/setup.log" "$SSHD_DIR/log")"
ok "setup is content with the snippet and Debian's own sshd_config"
check "a second setup is content, too" pf-account setup \
    --sshd "$(sshd_program)" --snippet packaging/sshd/pandafuzz.conf
cmp -s packaging/sshd/pandafuzz.conf /etc/ssh/sshd_config.d/pandafuzz.conf ||
	fail "the snippet in force is not the one of packaging/"
ok "the snippet in force is the one of packaging/"
is "ROOT is root's" "root 755" "$(stat -c '%U %a' $SITE)"
is "data is the master's" "pandafuzz 750" "$(stat -c '%U %a' $SITE/data)"

# What hardened machines do silently is said.
cp /etc/ssh/sshd_config "$own/hard"
sed -i '1i MACs hmac-sha2-256-etm@openssh.com' "$own/hard"
pf-account setup --sshd "$(sshd_program)" --sshd-config "$own/hard" \
    --snippet packaging/sshd/pandafuzz.conf >"$own/out" 2>&1 &&
	fail "an sshd that libssh2 cannot talk to is fine"
grep -q 'MACs has neither' "$own/out" || fail "it says: $(cat "$own/out")"
sed -i '/^Include/d; /^MACs/d' "$own/hard"
pf-account setup --sshd "$(sshd_program)" --sshd-config "$own/hard" \
    --snippet packaging/sshd/pandafuzz.conf >"$own/out" 2>&1 &&
	fail "an sshd without the snippet is fine"
grep -q 'the snippet is not in force' "$own/out" ||
	fail "it says: $(cat "$own/out")"
ok "an sshd that would keep bots out is named, with the fix"

# ---- add -----------------------------------------------------------------
key bot1
check "an account is added" pf-account add office --key "$own/bot1.pub"
is "its user has no password that fits" '*' \
    "$(getent shadow office | cut -d: -f2)"
is "its folder is root's" "root root 755" "$(stat -c '%U %G %a' $SITE/spool/office)"
is "incoming/ is root's" "root root 755" \
    "$(stat -c '%U %G %a' $SITE/spool/office/incoming)"
is "new/ is the account's and the master's" "office pandafuzz 2770" \
    "$(stat -c '%U %G %a' $SITE/spool/office/incoming/new)"
is "outgoing/ is the master's" "pandafuzz office 2750" \
    "$(stat -c '%U %G %a' $SITE/spool/office/outgoing)"
refused() { # WORDS COMMAND...: fails with these words, and adds no user
	local users words=$1
	users=$(sort /etc/passwd /etc/group | sha256sum)
	shift
	"$@" >"$own/out" 2>&1 && fail "was allowed: $*"
	grep -q -- "$words" "$own/out" || fail "$*: $(cat "$own/out")"
	[ "$users" = "$(sort /etc/passwd /etc/group | sha256sum)" ] ||
		fail "$*: left a user"
	ok "refused: $*"
}
refused 'exists already' pf-account add office
refused 'has not made' pf-account add games
refused "master's own" pf-account add pandafuzz
refused 'is a number' pf-account add 1000
refused 'account' pf-account add ../x
refused 'no kind' pf-account add other --kind king
ssh-keygen -q -t rsa -b 2048 -N '' -f "$own/rsa"
refused 'rsa' pf-account add other --key "$own/rsa.pub"
# A step that fails takes the others back.
mv $SITE/spool $SITE/spool.away && : >$SITE/spool
refused 'spool' pf-account add other
rm $SITE/spool && mv $SITE/spool.away $SITE/spool
[ ! -e /etc/pandafuzz/keys/other ] || fail "a trace of 'other' is left"

# Killed at each step, and completed by the same words.
people() { getent passwd | grep -c 'PandaFuzz account'; }
had=$(people)
# LeakSanitizer cannot work under strace.
killed_at() { # CALL NTH COMMAND...: 0 when it was not that many
	local call=$1 nth=$2
	shift 2
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o /dev/null \
	    -e inject="$call:signal=KILL:when=$nth" \
	    "$@" >"$own/out" 2>&1
}
is_whole() {
	[ "$(stat -c %U:%G:%a $SITE/spool/lab/incoming/new)" = \
	    lab:pandafuzz:2770 ] && [ "$(people)" = $((had + 1)) ] &&
		grep -q 'state=active' /etc/pandafuzz/keys/lab
}
steps=0
for call in fchmod renameat wait4; do
	for n in $(seq 20); do
		killed_at $call "$n" pf-account add lab && break
		steps=$((steps + 1))
		pf-account add lab >"$own/out" 2>&1 ||
			grep -q 'exists already' "$own/out" ||
			fail "killed at $call $n: $(cat "$own/out")"
		is_whole || fail "add killed at $call $n: not whole"
		pf-account remove lab >"$own/out" 2>&1 || fail "$(cat "$own/out")"
	done
	pf-account remove lab >/dev/null
done 2>/dev/null
[ "$steps" -gt 8 ] || fail "only $steps steps"
for call in renameat wait4; do
	for n in $(seq 20); do
		pf-account add lab >"$own/out" 2>&1 || fail "$(cat "$own/out")"
		killed_at $call "$n" pf-account remove lab && break
		steps=$((steps + 1))
		pf-account remove lab >"$own/out" 2>&1 ||
			grep -q 'there is no account' "$own/out" ||
			fail "killed at $call $n: $(cat "$own/out")"
		[ "$(people)" = "$had" ] && [ ! -e $SITE/spool/lab ] &&
			[ ! -e /etc/pandafuzz/keys/lab ] ||
			fail "remove killed at $call $n: something is left"
	done
done 2>/dev/null
ok "add and remove, killed at each of $steps steps, are completed"

# ---- a bot ---------------------------------------------------------------
as="setpriv --reuid=pandafuzz --regid=pandafuzz --init-groups"
masterd=/usr/local/bin/pandafuzz-masterd
start_master
mkdir "$own/bot"
pandafuzz-botd --root "$own/bot" --name b1 --account office \
    --link "sftp://office@127.0.0.1:$SSHD_PORT" --key "$own/bot1" \
    --known-hosts "$SSHD_HOSTS" --sandbox none --slots 1 2>"$own/bot.log" &
bot=$!
registered() { [ "$(sql "SELECT count(*) FROM ledger" 2>/dev/null)" -gt 0 ]; }
wait_until 30 registered ||
	fail "no bundle came in: $(tail -n 5 "$own/bot.log" "$SSHD_DIR/log")"
acknowledged() { [ -n "$(ls "$own"/bot/outbox/acked 2>/dev/null)" ]; }
wait_until 30 acknowledged || fail "nothing was acknowledged"
ok "a bot registered over sshd, and its bundle was acknowledged"
is "status.json is for the account's eyes" "pandafuzz office 640" \
    "$(stat -c '%U %G %a' $SITE/spool/office/outgoing/b1/status.json)"
kill "$bot"; wait "$bot"; bot=

# ---- list, remove --------------------------------------------------------
is "list shows it" "office bot active 1" \
    "$(pf-account list --plain | awk '$1 == "office" { print $1, $2, $3, $4 }')"
wait_empty
stop_master
echo x >$SITE/spool/office/incoming/new/left
pf-account remove office >"$own/out" 2>&1 && fail "bundles were thrown away"
grep -q 'wait in' "$own/out" || fail "remove says: $(cat "$own/out")"
echo ls | sftp_as office bot1 >/dev/null && fail "its key is still good"
check "it is removed" pf-account remove office --drop
getent passwd office && fail "the user is still there"
getent group office && fail "the group is still there"
[ ! -e $SITE/spool/office ] || fail "its folders are still there"
exit 0

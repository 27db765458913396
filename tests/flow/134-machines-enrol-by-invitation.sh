#!/bin/bash
# Goal: with one line a machine makes its own key, is let in at once or after
# somebody said so, and runs; killed anywhere and run again it goes on with the
# same key; lines that are broken, used, expired or lead to another host are
# refused in a sentence, and nothing is sent or kept.
. "$(dirname "$0")/lib-unix-accounts.sh"
. tests/flow/lib-master.sh
. tests/flow/lib-soon.sh
bot=
before_end() { [ -z "$bot" ] || { kill "$bot"; wait "$bot"; } 2>/dev/null; accounts_end; }
chmod 755 "$work"
root=$SITE

accounts_start || fail "no accounts: $(cat "$own/setup.log")"
pf-account add office >/dev/null || fail "no account"
pf-account watch 2>"$own/watch.log" &
accounts_pids=$!
as="setpriv --reuid=pandafuzz --regid=pandafuzz --init-groups"
masterd=/usr/local/bin/pandafuzz-masterd
start_master --accounts-url "sftp://127.0.0.1:$SSHD_PORT" \
    --accounts-host-key "$SSHD_DIR/host.pub"

ask() { # METHOD PATH BODY
	api "$2" -X "$1" -H 'Content-Type: application/json' -d "$3"
}
invite() { # BODY: the line
	ask PUT accounts/office/invite "$1" | jq -r '.items[0].line'
}
enroll() { # MACHINE LINE OPTION...
	local machine=$1
	shift
	timeout 60 pandafuzz-botd enroll "$@" --name "$machine" \
	    --config-dir "$own/$machine" --root "$own/$machine/root" \
	    >"$own/out" 2>&1
}
refused() { # MACHINE CODE WORDS LINE
	local code
	enroll "$1" "$4"
	code=$?
	[ $code = "$2" ] && grep -q -- "$3" "$own/out" ||
		fail "exit $code, not $2 with '$3': $(cat "$own/out")"
	[ -z "$(find "$own/$1" -type f 2>/dev/null)" ] ||
		fail "kept: $(find "$own/$1" -type f)"
	ok "refused: $3"
}
ask POST accounts '{"name":"office","kind":"bot"}' >"$own/out"
line=$(invite '{"count":1,"auto":true}')
case $line in sftp://enroll@127.0.0.1:$SSHD_PORT#SHA256:*#office#*) ;;
*) fail "no invitation: '$line' $(cat "$own/out")" ;; esac
doors() { grep -c '^restrict' /etc/pandafuzz/keys/enroll; }
opened() { [ "$(doors)" = "$1" ]; }
check "its door is open within 5 s" within_5s opened 1

# ---- what is no invitation -----------------------------------------------
secret=${line##*#}
refused bad 2 'four parts' "${line%#*}"
refused bad 2 'no invitation' "ftp${line#sftp}"
refused bad 2 'no invitation' "${line%?}"
refused bad 2 'no invitation' "${line/office/..}"
refused bad 2 'no invitation' "${line/enroll@/}"
grep -qi "$secret" "$own/out" && fail "the secret is shown"
ssh-keygen -q -t ed25519 -N '' -f "$own/stranger"
other=$(ssh-keygen -lf "$own/stranger.pub" | cut -d' ' -f2)
mine=$(ssh-keygen -lf "$SSHD_DIR/host.pub" | cut -d' ' -f2)
logged=$(grep -c publickey "$SSHD_DIR/log")
refused bad 1 "$other" "${line/$mine/$other}"
grep -qF "$mine" "$own/out" || fail "it does not say what it saw"
is "to a wrong host no key was offered" "$logged" \
    "$(grep -c publickey "$SSHD_DIR/log")"
refused bad 1 'cannot connect' "${line/:$SSHD_PORT/:1}"

# ---- at once -------------------------------------------------------------
enroll m1 "$line" || fail "m1: $(cat "$own/out")"
ok "a machine is enrolled at once"
is "its key is its own" 600 "$(stat -c %a "$own/m1/bot.key")"
ssh-keygen -y -f "$own/m1/bot.key" >"$own/m1.pub" || fail "no key"
is "only its key, settings and the host's key are kept" \
    "bot.key bot.key.pub botd.d botd.yaml known_hosts" \
    "$(ls -A "$own/m1" | tr '\n' ' ' | sed 's/ $//')"
check "the settings are good" pandafuzz-botd --config "$own/m1/botd.yaml" \
    --check-config
pandafuzz-botd --config "$own/m1/botd.yaml" --sandbox none --slots 1 \
    2>"$own/bot.log" &
bot=$!
registered() { [ "$(sql "SELECT count(*) FROM ledger l JOIN epoch e ON
    e.id = l.epoch JOIN bot b ON b.id = e.bot WHERE b.name = 'm1'")" -gt 0 ]; }
wait_until 30 registered || fail "no bundle: $(tail -n 5 "$own/bot.log")"
ok "and the plain bot runs with them"
kill "$bot"; wait "$bot"; bot=
enroll m1 "$line"
is "a machine that has a key is left alone" 1 $?
grep -q "there is a key" "$own/out" || fail "it says: $(cat "$own/out")"
refused m2 1 'used already' "$line"
enroll m1 "$line" --key "$own/m1/second.key"
is "nor does a second key of one machine get in" 1 $?

# ---- when somebody says so, and killed meanwhile -------------------------
line=$(invite '{"count":1}')
wait_until 5 opened 1 || wait_until 5 opened 2
enroll m3 "$line" --no-wait || fail "m3: $(cat "$own/out")"
grep -q 'pfadm account approve office' "$own/out" || fail "$(cat "$own/out")"
[ ! -e "$own/m3/bot.key" ] || fail "it has a key before it is let in"
print=$(ssh-keygen -lf "$own"/m3/.enrol-*/key.pub | cut -d' ' -f2)
timeout 60 pandafuzz-botd enroll "$line" --name m3 --config-dir "$own/m3" \
    >"$own/wait.out" 2>&1 &
job=$!
waits() { grep -q Waiting "$own/wait.out"; }
wait_until 20 waits || fail "it does not wait: $(cat "$own/wait.out")"
kill -KILL "$(pgrep -P "$job")"; wait "$job" 2>/dev/null
# The list names it: host, bot, fingerprint.
api accounts/office | jq -e --arg p "$print" '.item.key_list[] |
    select(.fingerprint == $p and .state == "pending" and .bot == "m3")' \
    >/dev/null || fail "not listed: $(api accounts/office)"
ask PUT accounts/office/approve "{\"key\":\"$print\"}" >"$own/out"
enroll m3 "$line" || fail "m3 again: $(cat "$own/out")"
is "killed, approved and run again: the same key" "$print" \
    "$(ssh-keygen -lf "$own/m3/bot.key.pub" | cut -d' ' -f2)"
active() { grep -qF "$(cut -d' ' -f2 "$own/m3/bot.key.pub")" \
    /etc/pandafuzz/keys/office; }
check "it is let in" wait_until 20 active

# ---- killed at each rename -----------------------------------------------
for n in $(seq 9); do
	line=$(invite '{"count":1,"auto":true}')
	door() { # its key may come in
		[ "$(sed -n '/^ssh/p' $SITE/accounts/enroll.keys | wc -l)" = \
		    "$(doors)" ]; }
	wait_until 20 door || fail "no door"
	ASAN_OPTIONS=detect_leaks=0 timeout 60 strace -f -qq -o /dev/null \
	    -e inject=rename,renameat,renameat2:signal=KILL:when="$n" \
	    pandafuzz-botd enroll "$line" --name "k$n" \
	    --config-dir "$own/k$n" >"$own/out" 2>&1
	killed=$?
	print=$(cat "$own/k$n"/.enrol-*/key.pub 2>/dev/null)
	[ $killed = 0 ] || enroll "k$n" "$line" ||
		grep -q 'there is a key' "$own/out" ||
		fail "killed at $n: $(cat "$own/out")"
	[ -s "$own/k$n/bot.key" ] && [ -s "$own/k$n/botd.d/enrolled.yaml" ] &&
		[ -s "$own/k$n/known_hosts" ] || fail "killed at $n: not whole"
	[ -z "$print" ] || [ "$print" = "$(cat "$own/k$n/bot.key.pub")" ] ||
		fail "killed at $n: another key"
	[ $killed = 0 ] && break
done
[ "$killed" = 0 ] && [ "$n" -gt 4 ] || fail "the sweep did not end: $n"
ok "killed at each of $((n - 1)) renames it goes on with the same key"

# ---- too late, taken back ------------------------------------------------
line=$(invite '{"count":1,"auto":true,"expires_ms":1000}')
sleep 1.1
# Its door may shut before or after it comes, or while it waits for an answer.
enroll m4 "$line"
is "expired" 1 $?
grep -q expired "$own/out" || fail "it says: $(cat "$own/out")"
[ ! -e "$own/m4/bot.key" ] || fail "it has a key all the same"
exit 0

#!/bin/bash
# Goal: over a real sshd two machines come in with invitations: one is
# approved, one is let in at once; a used, an expired, a forged and an unknown
# invitation are refused with a reason, and what is written there by whoever
# has one does not stop the next.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh
. tests/flow/lib-accounts.sh

listen_up --bots 0
api POST accounts '{"name":"office"}' >/dev/null ||
    fail "$(cat "$work/answer")"
[ -d "$ROOT/spool/office/incoming/new" ] || fail "the account has no folder"
lines=$(invitations office 2)
[ "$(wc -l <<<"$lines")" = 2 ] || fail "not two lines: $lines"
first=$(sed -n 1p <<<"$lines")
case $first in
"sftp://$me@$host:$port#SHA256:"*"#office#"*) ;;
*) fail "an odd line: $first" ;;
esac
grep -q "$(ssh-keygen -lf "$ROOT/local/keys/host_ed25519.pub" |
    cut -d' ' -f2)" <<<"$first" || fail "not the host's fingerprint"
grep -rqF "${first##*#}" "$ROOT/data" "$ROOT/accounts" "$ROOT/local" &&
    fail "the master keeps the secret"

# The one that somebody has to approve.
knock "$first" one pc-1
wait_until 20 answer_is one "$invite" waiting || fail "one: no answer"
may_enter one && fail "one is in before it was approved"
[ "$(api GET accounts/office | jq -c '.item | [.keys, .pending]')" = "[0,1]" ] ||
    fail "$(cat "$work/answer")"
api GET status | grep -q 'wait to be let in' || fail "no word in status"
api PUT accounts/office/approve '{"key":"pc-1"}' >/dev/null || fail "approve"
wait_until 20 answer_is one "$invite" admitted || fail "one is not admitted"
[ "$(jq -r .user "$work/read")" = "$me" ] || fail "as whom?"
may_enter one || fail "one may not come in"
# The same invitation again: with the same key it is answered, with another
# refused.
deliver one "$invite" "$work/one/$invite.enrol" >/dev/null
wait_until 20 answer_is one "$invite" admitted || fail "asked again"
knock "$first" thief pc-2
wait_until 20 answer_is thief "$invite" refused || fail "used twice"
grep -q 'used already' "$work/read" || fail "why: $(cat "$work/read")"
may_enter thief && fail "a thief is in"

# A data bundle of the new machine arrives under its account.
pf-spool seal --kind corpus --bot pc-1 --epoch 5f3c9a01d2e4b677 \
    --account office --seq 1 --target png/read --unit "$work/hosts" \
    -o "$work" >/dev/null || fail "seal"
bundle=pc-1-5f3c9a01d2e4b677-1-b.pfb
talk "$work/one/own" <<TEXT || fail "push"
put $work/$bundle incoming/tmp/$bundle
rename incoming/tmp/$bundle incoming/new/$bundle
TEXT
bots() {
	[ "$(api GET accounts/office | jq .item.bots)" = 1 ]
}
wait_until 20 bots || fail "its bundle is not taken in"

# The one that is let in at once; rubbish lies in its way.
second=$(invitations office 1 '"auto":true')
"$B/tests/fault/knock" "$second" "$work/two" pc-3 >"$work/knocked" || fail
read -r invite _ <"$work/knocked"
head -c 100000 /dev/zero >"$work/large"
talk "$work/two/invited" <<TEXT >"$work/out"
-put $work/large incoming/tmp/large
put $work/hosts incoming/tmp/a
rename incoming/tmp/a incoming/new/passwd
put $work/hosts incoming/tmp/b
rename incoming/tmp/b incoming/new/$invite.enrol
TEXT
# Who has not signed it may have put it in another's way: no answer to him.
removed() { [ -z "$(ls -A "$ROOT/spool/enroll/incoming/new")" ]; }
wait_until 20 removed || fail "rubbish is a request"
[ ! -e "$ROOT/spool/enroll/outgoing/$invite" ] || fail "rubbish is answered"
deliver two "$invite" "$work/two/$invite.enrol" >/dev/null
wait_until 20 answer_is two "$invite" admitted || fail "two is not admitted"
may_enter two || fail "two may not come in"
[ -z "$(ls -A "$ROOT/spool/enroll/incoming/new")" ] || fail "rubbish stays"

# Expired; withdrawn with its account.
third=$(invitations office 1 '"expires_ms":1000')
fourth=$(invitations office 1)
sleep 1.1
"$B/tests/fault/knock" "$third" "$work/late" pc-4 >"$work/knocked" || fail
read -r invite _ <"$work/knocked"
cp "$work/late/$invite.enrol" "$ROOT/spool/enroll/incoming/tmp/late"
mv "$ROOT/spool/enroll/incoming/tmp/late" \
    "$ROOT/spool/enroll/incoming/new/$invite.enrol"
late() {
	grep -q expired "$ROOT/spool/enroll/outgoing/$invite/answer.json"
}
wait_until 20 late || fail "an expired invitation"
shut() {
	deliver late "$invite" "$work/late/$invite.enrol" >/dev/null && return 1
	return 0
}
wait_until 15 shut || fail "its key still opens the door"
api PUT accounts/office/disable '{"reason":"holidays"}' >/dev/null || fail
may_not_enter one || fail "disabled, and still in"
api PUT accounts/office/invite '{}' >/dev/null && fail "invited to a closed one"
"$B/tests/fault/knock" "$fourth" "$work/four" pc-5 >"$work/knocked" || fail
read -r invite _ <"$work/knocked"
deliver four "$invite" "$work/four/$invite.enrol" >/dev/null &&
    fail "a withdrawn invitation opens the door"
api GET log/check | jq -e .item.intact >/dev/null 2>&1 ||
    api GET log/check | jq -e .intact >/dev/null || fail "the log of changes"
exit 0

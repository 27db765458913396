#!/bin/bash
# Goal: rules test says what rules in a file would change over all crashes, and
# with which mistakes they are refused; it changes nothing.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"
. "$(dirname "$0")/lib-crashes.sh"

account local
start_master
for top in one two three; do
	asan heap-buffer-overflow "READ of size 4" "check_$top" fatal run |
		crash png/read $top
done
adm bucket list --json >"$work/before"

cat >"$work/bad.rules" <<'R'
ignore driver function fatal
ignore runtim function check_*
R
code 10 rules test "$work/bad.rules"
says "line 2, column 8"
code 10 rules test "$work/bad.rules" --json
same "and as JSON" false "$(json .item.good)"

echo 'ignore driver function check_*' >"$work/good.rules"
code 0 rules test "$work/good.rules"
grep -q '^would change  *3$' "$work/out" || fail "$(cat "$work/out")"
ok "it says how many crashes it would name anew"
says "for example"
code 0 rules test "$work/good.rules" --json
same "and as JSON" 3 "$(json .item.changed)"
same "nothing was changed" "$(jq -c .items "$work/before")" \
    "$(adm bucket list --json | jq -c .items)"
code 0 rules test /dev/null
code 3 rules test "$work/nowhere"
code 2 rules test
code 2 rules tets "$work/good.rules"
says "did you mean 'rules test'"
stop_master || fail "the master's exit code"

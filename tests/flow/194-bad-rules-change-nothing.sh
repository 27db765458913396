#!/bin/bash
# Goal: a rules file is read at start and on reload; one with errors is refused
# with line and column, the one before stays in force, over a restart too, and
# status says so; what other rules would do is told without doing it.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

mkdir -p "$root/rules"
rules=$root/rules/triage.rules
reload() { # FILTER: of its answer; exit 1 when a file is wrong
	adm system reload --json >"$work/out" 2>"$work/err"
	jq -r "$1" "$work/out" ||
		fail "reload: $(cat "$work/out" "$work/err")"
}

cat >"$rules" <<'R'
[all]
ignore libc function my_wrapper
R
start_master
first=$(reload '.item.rules.name')
same "read at start" "true false" \
    "$(jq -r '.item.rules | "\(.good) \(.changed)"' "$work/out")"
case $first in
2-*) echo "ok: its name is $first" ;;
*) fail "its name is '$first'" ;;
esac

# -- one with errors
printf '[all]\nignore runtim function x\n' >"$rules"
same "it is refused" "false false $first" \
    "$(reload '.item.rules | "\(.good) \(.changed) \(.name)"')"
problem=$(jq -r .item.rules.problem "$work/out")
case $problem in
*triage.rules:*"line 2, column 8"*) echo "ok: it says where: $problem" ;;
*) fail "no line and column: $problem" ;;
esac
adm status --json >"$work/out" || fail "no status"
jq -e '[.item.problems[].text | select(contains("line 2, column 8"))] |
    length == 1' "$work/out" >/dev/null || fail "status does not say so"
echo "ok: status says so"
same "an event tells it" 1 "$(sql "SELECT count(*) FROM event
    WHERE what = 'rules.refused'")"

# -- nothing else over a restart
stop_master
start_master
same "the old ones are in force after a restart" "false $first" \
    "$(reload '.item.rules | "\(.good) \(.name)"')"

# -- what others would do
printf '[all]\nstate 2\n' >"$work/other"
code 0 rules test "$work/other" --json
same "they are good" true "$(json .item.good)"
same "nothing is there to change" 0 "$(json .item.changed)"
code 10 rules test "$rules" --json
says "line 2, column 8"

# -- mended
printf '[all]\nstate 2\n' >"$rules"
same "taken again" "true true" \
    "$(reload '.item.rules | "\(.good) \(.changed)"')"
[ "$(jq -r .item.rules.name "$work/out")" != "$first" ] ||
	fail "by the same name"
adm status --json | jq -e '[.item.problems[].text |
    select(contains("rules of triage"))] | length == 0' >/dev/null ||
	fail "status complains still"
echo "ok: and status is content"
same "who did it is written down" 1 "$(sql "SELECT count(*) FROM audit
    WHERE what = 'rules.loaded'")"

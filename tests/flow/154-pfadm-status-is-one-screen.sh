#!/bin/bash
# Goal: pfadm status fits a terminal of 24 lines and 80 columns, whatever is
# wrong: what is wrong comes first, each a sentence with what helps, --all has
# the rest; piped it has everything, a sentence a line.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

account local
start_master
code 0 status
same "nothing is wrong" "problems  none" "$(grep -A9 ^problems "$work/out")"
mkdir "$work/out-1"
make_target "$work/out-1/read"
adm build add "$work/out-1" --project png -q >/dev/null 2>&1 || fail "build"
for bot in b1 b2; do
	BOT=$bot beat 1 0 0
done
seen() {
	[ "$(adm bot list --no-header 2>/dev/null | wc -l)" = 2 ]
}
check "two bots" wait_until 20 seen
adm bot drain b2 >/dev/null || fail "drain"

screen() { # COMMAND-LINE
	env -u PAGER -u NO_COLOR TERM=xterm PAGER=cat \
	    script -qec "stty rows 24 cols 80; $1" /dev/null </dev/null |
		tr -d '\r' | sed "s/$(printf '\033')\[[0-9;]*m//g" \
		>"$work/screen"
	wide=$(awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }' \
	    "$work/screen")
	tall=$(wc -l <"$work/screen")
}
fits() {
	[ "$tall" -le 24 ] && [ "$wide" -le 80 ] ||
		fail "$tall lines of $wide columns: $(cat "$work/screen")"
	ok "it fits: $tall lines, $wide columns"
}
shows() {
	grep -q -- "$1" "$work/screen" ||
		fail "no '$1' on the screen: $(cat "$work/screen")"
	ok "the screen shows '$1'"
}
screen "pfadm --root $root status"
fits
shows "^bots      2 up; 1 drained"
shows "^corpus    0 units"

# Six hundred bots, of which many are lost; forty bugs; refused bundles.
header nonsense 2 | seal_lines "$(name_of 2)"
push "$(name_of 2)"
wait_empty
stop_master || fail "the master's exit code"
sqlite3 "$root/data/pandafuzz.db" "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
    INSERT INTO bot (account, name, owner, state, added_ms, said, slots)
    SELECT (SELECT min(id) FROM account), 'c' || i, i % 40 <> 5,
    CASE i % 40 WHEN 0 THEN 'lost' WHEN 1 THEN 'left' WHEN 2 THEN 'clashed'
    ELSE 'up' END, 1, '', 4 FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO bucket (project, number, security, type, state, first_ms,
    last_ms) SELECT (SELECT min(id) FROM project), 100 + i, 1, 'Heap-buffer-overflow READ 8', 'a_function_of_' ||
    'a_very_long_name_' || i || char(10) || 'another', 1, 1 FROM n" || fail "rows"
start_master
screen "pfadm --root $root status"
fits
shows "^problems"
shows 'bot c\[2,42,82,122,162,202,242,282,322,362,402,442,482,522,562\] is'
shows 'two live bots use its name, and it gets no work'
shows "fix: stop one of them"
shows "more: pfadm status --all"
screen "pfadm --root $root status --all"
[ "$tall" -gt 24 ] || fail "--all is no longer"
shows "bot c\\[40,80,120,.*,600\\] is lost"
shows "fix: look after its machine"
shows "refused bundles: 1"
shows "^newest buckets"
shows "^most seen besides"
shows "^  png-140 .*Heap-buffer-overflow READ 8"
shows "^dead bots"
shows "^c1  *local *left"
[ "$wide" -le 80 ] || fail "--all is $wide columns wide"
code 0 status
grep -q 'is clashed: two live bots use its name, .* of them stops$' \
    "$work/out" || fail "$(cat "$work/out")"
ok "in a pipe a sentence is a line"

# What helps can be typed as it stands, for all of them.
fix=$(sed -n "s/^    fix: .*\(pfadm bot forget .*\)/\1/p" "$work/out")
eval "${fix/pfadm/adm} --yes" >"$work/forgotten" || fail "$fix"
same "fifteen bots are forgotten with one line" 15 \
    "$(grep -c forgotten "$work/forgotten")"
code 0 status --json
same "as JSON they have their fix and weight" error \
    "$(json '.item.problems[0].severity')"

# The colour says nothing that the words do not.
same "words carry it" "$(adm status --color never | grep -v 'free of\|ago')" \
    "$(adm status --color always | sed "s/$(printf '\033')\[[0-9;]*m//g" |
    grep -v 'free of\|ago')"
stop_master || fail "the master's exit code"

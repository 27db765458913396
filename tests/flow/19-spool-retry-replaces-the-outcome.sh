#!/bin/bash
# Goal: a refused bundle that is taken again gets a new outcome in place of the
# old, once; a held one likewise after the upgrade, whatever is killed between
# (PROTOCOL 14).
. "$(dirname "$0")/lib-master.sh"

retry() { # FILE
	api spool/retry -d "{\"entry\":\"local/$1\"}"
}

outcome_is() { # SEQ OUTCOME
	[ "$(outcome "$1")" = "$2" ]
}

counts() {
	sql "SELECT group_concat(kind || ' ' || outcome || ' ' || count, ', ')
	    FROM (SELECT * FROM epoch_count WHERE count > 0 ORDER BY 1, 2, 3)"
}

account local
start_master

# Refused because it was in the wrong place: a copy with the right bytes is
# what an administrator puts in its place.
good=$(seal corpus 1 --target png/read --unit "$(unit one)")
cp "$work/$good" "$work/right"
ACCOUNT=other seal corpus 1 --target png/read --unit "$(unit one)" >/dev/null
push "$(name_of 1)" "$(name_of 1)" local
wait_empty
is "it is refused" refused "$(outcome 1)"
is "and counted so" "corpus refused 1" "$(counts)"
cp "$work/right" "$root/rejected/local/$(name_of 1)"
is "retry is taken" '{"api":1}' "$(retry "$(name_of 1)")"
check "its outcome is replaced" wait_until 10 outcome_is 1 ingested
is "and its count" "corpus ingested 1" "$(counts)"
gone() {
	[ ! -e "$root/rejected/local/$(name_of 1)" ]
}
check "its copy is gone" wait_until 5 gone
[ ! -e "$root/rejected/local/$(name_of 1).reason" ] ||
	fail "its reason is still there"
is "the bot is told of no refusal" "[]" "$(status '$.epochs[0].refused')"
is "but that it is in" 1 "$(status '$.epochs[0].below')"
check "its unit is there" test -n \
    "$(find "$root/corpus" -name "$(sum "$work/unit-one")")"

# -- still bad: stays as it is
{ header corpus 2; echo '{"rec":"poem"}'; } | seal_lines "$(name_of 2)"
push "$(name_of 2)"
wait_empty
retry "$(name_of 2)" >/dev/null
sleep 0.5
is "a bad one stays refused" refused "$(outcome 2)"
check "and is kept" test -f "$root/rejected/local/$(name_of 2)"
is "what is not there is said so" not_found \
    "$(retry b1-5f3c9a01d2e4b677-99-b.pfb | grep -o not_found)"
retry "../../etc/passwd" | grep -q '"error"' || fail "a path was opened"
ok "a path is refused"

# -- held, and then an upgrade
echo '{"pfb":2,"colour":"green"}' | seal_lines "$(name_of 3)"
push "$(name_of 3)"
wait_empty
is "a newer version is held" held "$(outcome 3)"
stop_master || fail "the master ends with $?"
start_master
wait_until 5 outcome_is 3 held
is "a restart without the upgrade: still held, once" held "$(outcome 3)"
stop_master || fail "the master ends with $?"
# The upgrade: what this version would read in it.
seal crash 3 --target png/read --crash "$(unit three)" >/dev/null
cp "$work/$(name_of 3 c)" "$root/held/local/$(name_of 3 c)"
rm "$root/held/local/$(name_of 3)" "$root/held/local/$(name_of 3).reason"
start_master
check "after the upgrade it is ingested" wait_until 10 outcome_is 3 ingested
stop_master || fail "the master ends with $?"
# Killed between the COMMIT and the unlink: it lies there once more.
cp "$work/$(name_of 3 c)" "$root/held/local/$(name_of 3 c)"
start_master
unheld() {
	[ ! -e "$root/held/local/$(name_of 3 c)" ]
}
check "found once more it goes" wait_until 10 unheld
is "and counts once" ingested "$(outcome 3)"
is "one crash, seen once" "1|1" "$(sql "SELECT (SELECT count(*) FROM crash),
    (SELECT count(*) FROM observation)")"
beat 1 0 3
wait_empty
balanced
stop_master || fail "the master ends with $?"

#!/bin/bash
# Goal: a database that schema 1 or 2 left is taken over with all it says, the
# copy of before can be put back, what is lost by that is said, and bots bring again
# what they keep, under a new generation; never beside a running master.
. "$(dirname "$0")/lib-master.sh"

options=
[ "$(id -u)" = 0 ] && options=--as-root
BOT=x1

back() { # OPTION...: what it says into $work/said, its exit code
	$masterd --root "$root" $options "$@" >"$work/said" 2>&1
}

says() { # SENTENCE
	grep -qF -- "$1" "$work/said" || fail "no '$1' in: $(cat "$work/said")"
	ok "it says: $1"
}

version() { # FILE
	sqlite3 "$root/data/$1" 'PRAGMA user_version'
}

generation() {
	status '$.generation' local/x1
}

account local
mkdir -p "$root/data"
sqlite3 "$root/data/pandafuzz.db" <tests/unit/masterd/db/schema-1.sql ||
	fail "the fixture"
units=$(sqlite3 "$root/data/pandafuzz.db" "SELECT count(*) FROM unit")

back --downgrade-to 1
is "without a copy it is refused" 1 $?
says "there is no copy of schema 1"

start_master
is "the schema is today's" 4 "$(version pandafuzz.db)"
is "the copy has the one of before" 1 "$(version pandafuzz.db.before-2)"
is "and there is one of the step between" 2 "$(version pandafuzz.db.before-3)"
is "its units are there" "$units" "$(sql "SELECT count(*) FROM unit")"
is "its jobs are there" 5 "$(api jobs | grep -o '"trace"' | wc -l)"
is "a job's time goes on from where it was" 15970 "$(sql "SELECT used_ms FROM
    job WHERE status = 'completed'")"
check "its bugs have their numbers" test "$(sql "SELECT group_concat(number)
    FROM (SELECT number FROM bucket k JOIN project p ON p.id = k.project WHERE
    p.name = 'chunks' ORDER BY 1)")" = 1,2,3,4,5,6,7,8,9,10
balanced

# What comes in now is known to the new database only.
for seq in 1 2 3; do
	send corpus $seq --target png/read --unit "$(unit "text-$seq")"
done
send crash 4 --target png/second --crash "$(unit boom)"
wait_empty
is "all is acknowledged" 4 "$(status '$.epochs[0].below' local/x1)"
old=$(generation)
is "a new bug has the next number" 2 "$(sql "SELECT max(number) FROM bucket k
    JOIN project p ON p.id = k.project WHERE p.name = 'lost+found'")"

back --downgrade-to 1
is "not while a master runs" 3 $?
back --rebuild
is "nor is it rebuilt" 3 $?
stop_master || fail "the master ends with $?"

back --downgrade-to 1
is "the copy is put back" 0 $?
says "is the copy of schema 1 again, made at 20"
says "all that came into the database since then is lost to it"
says "a new generation is drawn"
is "it has the schema of before" 1 "$(version pandafuzz.db)"
kept=$(cd "$root/data" && ls -d pandafuzz.db.schema-4-*)
is "the present one is kept" 4 "$(version "$kept")"
is "with what came in" 4 "$(sqlite3 "$root/data/$kept" "SELECT count(*) FROM
    ledger l JOIN epoch e ON e.id = l.epoch JOIN bot b ON b.id = e.bot WHERE
    b.name = 'x1'")"
back --downgrade-to 1
is "twice is once" 0 $?
says "nothing to do"
is "and keeps nothing more" 1 "$(ls -d "$root"/data/pandafuzz.db.schema-4-* |
    wc -l)"
back --downgrade-to 2
is "there is no way forward by it" 1 $?
says "is older than 2"
back --downgrade-to 4
is "nor to what is no older schema" 2 $?

# The files of the store stay, and bots were told more than it knows.
hash=$(sum "$work/unit-text-1")
check "the unit lies in the store" \
    test -f "$root/corpus/lost+found/read/${hash:0:2}/$hash"
start_master
[ "$(generation)" != "$old" ] || fail "the generation is the old one"
ok "bots are told a new generation"
is "nothing of theirs is acknowledged" "" \
    "$(status '$.epochs[0].below' local/x1 | grep -v '^0$')"

# They push again what they keep in acked/, and numbers are not given twice.
for seq in 1 2 3; do
	push "$(name_of $seq)"
done
push "$(name_of 4 c)"
BOT=x2 send crash 1 --target png/third --crash "$(unit bang)"
wait_empty
is "all is known again" 4 "$(status '$.epochs[0].below' local/x1)"
is "each once" "4|3" "$(sql "SELECT (SELECT count(*) FROM ledger l JOIN epoch
    e ON e.id = l.epoch JOIN bot b ON b.id = e.bot WHERE b.name = 'x1'),
    (SELECT count(*) FROM unit u JOIN bot b ON b.id = u.bot WHERE b.name =
    'x1')")"
is "no bucket number is given twice" 1,3,4 "$(sql "SELECT
    group_concat(number) FROM (SELECT number FROM bucket k JOIN project p ON
    p.id = k.project WHERE p.name = 'lost+found' ORDER BY 1)")"
balanced
stop_master || fail "the master ends with $?"

# The same of schema 2, one step back and forth.
root=$work/root-2
account local
mkdir -p "$root/data"
sqlite3 "$root/data/pandafuzz.db" <tests/unit/masterd/db/schema-2.sql ||
	fail "the fixture of schema 2"
start_master
is "schema 2 becomes today's" 4 "$(version pandafuzz.db)"
is "its jobs are as they were" "cancelled completed paused pending running" \
    "$(sql "SELECT group_concat(status, ' ') FROM (SELECT status FROM job
    ORDER BY 1)")"
is "its bots know what they did" 1 "$(sql "SELECT count(*) = 3 AND
    max(execs) > 100000 AND min(drained) = 0 FROM bot")"
check "its bots are listed" test "$(api bots | grep -o '"name":"b[127]"' |
    wc -l)" = 3
check "and its jobs" test "$(api jobs | grep -o '"trace"' | wc -l)" = 5
stop_master || fail "the master ends with $?"
back --downgrade-to 2
is "schema 2 is put back" 0 $?
is "as it was" 2 "$(version pandafuzz.db)"
start_master
is "and taken over again" 4 "$(version pandafuzz.db)"
stop_master || fail "the master ends with $?"

# And of schema 3: signatures become rows, hits are counted.
root=$work/root-3
account local
mkdir -p "$root/data"
sqlite3 "$root/data/pandafuzz.db" <tests/unit/masterd/db/schema-3.sql ||
	fail "the fixture of schema 3"
start_master
is "schema 3 becomes today's" 4 "$(version pandafuzz.db)"
is "its bugs know how often they were hit" 1 "$(sql "SELECT (SELECT sum(hits)
    FROM signature) = (SELECT count(*) FROM observation) + (SELECT sum(count)
    FROM observation_day)")"
check "they are listed" test "$(api 'buckets?all=1' | grep -o '"number"' |
    wc -l)" = 9
check "but those that wait for nobody only when asked for" test \
    "$(api buckets | grep -o '"hidden":{[^}]*}')" = \
    '"hidden":{"timeout":1,"memory":1,"muted":1,"closed":0,"fixed":1}'
stop_master || fail "the master ends with $?"
back --downgrade-to 3
is "schema 3 is put back" 3 "$(version pandafuzz.db)"

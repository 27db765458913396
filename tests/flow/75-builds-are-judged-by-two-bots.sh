#!/bin/bash
# Goal: over a real farm a build is judged in seconds: a good one by one bot; a
# bad one by two, and its job fails with their reason; one that no host can run
# with what it lacks; a bad target among good ones is bad for itself.  Nothing
# of that costs a failure, and a fuzz lease is given only after the check.
. "$(dirname "$0")/lib-local.sh"

ok() {
	echo "ok: $*"
}

is() { # SENTENCE WANTED GOT
	[ "$2" = "$3" ] || fail "$1: '$3', not '$2'"
	ok "$1"
}

sql() {
	sqlite3 -readonly -cmd ".timeout 5000" "$ROOT/data/pandafuzz.db" "$1"
}

# add EXIT FOLDER REVISION: within 15 s; what it said is in "said".
add() {
	local from=$SECONDS code
	adm build add "$2" --project png --revision "$3" --wait \
	    --timeout 60s </dev/null >"$work/said" 2>&1
	code=$?
	[ $code = "$1" ] || fail "$3: exit $code, not $1: $(cat "$work/said")"
	[ $((SECONDS - from)) -lt 15 ] || fail "$3: took $((SECONDS - from)) s"
	ok "$3 is judged in seconds, exit $1"
}

of() { # REVISION COLUMN: of its build
	sql "SELECT $2 FROM build WHERE revision = '$1'"
}

target_of() { # REVISION TARGET COLUMN
	sql "SELECT bt.$3 FROM build_target bt JOIN build b ON b.id = bt.build
	    JOIN target t ON t.id = bt.target
	    WHERE b.revision = '$1' AND t.name = '$2'"
}

sh tests/targets/build.sh "$work/t" chunks crashstart oddstart ||
	fail "no targets"
odd=$work/t/oddstart
pick() { # NAME SOURCE...: a folder with these files
	local name=$1
	shift
	mkdir "$work/$name"
	cp -a "$@" "$work/$name"
}
pick good "$work"/t/chunks/*
pick bad "$work/t/crashstart/initialize_fuzzer" "$odd/exits_fuzzer"
pick alien "$odd/missing_fuzzer"
pick mixed "$odd/sound_fuzzer" "$odd/exits_fuzzer" "$odd/bare_fuzzer"

local_up --bots 2 --slots 2 --link dir

# -- good: one word is enough, and says what is in it
add 0 "$work/good" good
is "by one bot" 1 "$(sql "SELECT count(*) FROM build_verdict")"
[ "$(target_of good chunks_fuzzer edges)" -gt 100 ] || fail "no edges"
[ "$(target_of good chunks_fuzzer dict)" -gt 5 ] || fail "no dict"
[ "$(target_of good chunks_fuzzer seeds)" -gt 5 ] || fail "no seeds"
ok "with its counts"

# -- bad: a verdict of two; a job of it fails with their reason
add 10 "$work/bad" bad
is "each of its targets by two bots" "2 2" "$(sql "SELECT group_concat(n, ' ')
    FROM (SELECT count(DISTINCT v.bot) AS n FROM build_verdict v JOIN build b
    ON b.id = v.build WHERE b.revision = 'bad' AND v.verdict = 'bad' GROUP BY
    v.target)")"
case $(of bad reason) in
"2 of 2 targets are bad: exits_fuzzer: it does not run (exit 3): "*)
	ok "with its reason: $(of bad reason)" ;;
*) fail "reason: $(of bad reason)" ;;
esac
is "nobody failed" 0 "$(sql "SELECT sum(failures + lost) FROM task")"

# -- incompatible with every kind of host there is
add 10 "$work/alien" alien
case $(of alien reason) in
"missing_fuzzer: no kind of host here can run it: "*libpf-odd.so.1*)
	ok "with what it lacks: $(of alien reason)" ;;
*) fail "reason: $(of alien reason)" ;;
esac

# -- a bad one among good ones, and warnings
add 0 "$work/mixed" mixed
is "a bad target is bad" bad "$(target_of mixed exits_fuzzer state)"
is "its neighbour is good" good "$(target_of mixed sound_fuzzer state)"
case $(target_of mixed bare_fuzzer warnings) in
*"only 4 edges"*) ok "few edges only warn" ;;
*) fail "warnings: $(target_of mixed bare_fuzzer warnings)" ;;
esac

# -- a job on each
job() { # TARGET OPTION...: and its row's status and reason when it is over
	local id
	id=$(adm job create "png/$1" --for 4s --parsable </dev/null)
	echo "$id"
}
good=$(job sound_fuzzer)
adm job wait "$good" --timeout 60s >/dev/null </dev/null ||
	fail "the job does not end: $(adm job show "$good")"
is "a job on the good target completes" completed \
    "$(sql "SELECT status FROM job WHERE job = '$good'")"
is "no fuzz lease before its check" 0 "$(sql "SELECT count(*) FROM lease l
    JOIN task k ON k.id = l.task JOIN build_target bt ON bt.build = l.build
    AND bt.target = k.target WHERE k.kind = 'fuzz' AND bt.state <> 'good'")"
is "each check ended done" 0 "$(sql "SELECT count(*) FROM task
    WHERE kind = 'check' AND state <> 'done'")"
balanced() {
	adm ledger check >"$work/said" </dev/null
}
wait_until 20 balanced || fail "$(cat "$work/said")"
ok "the ledger balances"

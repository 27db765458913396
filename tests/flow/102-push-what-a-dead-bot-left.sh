#!/bin/bash
# Goal: `push` delivers what a dead bot left and waits until the master has
# taken it: from its root, its outbox, or an outbox that was copied elsewhere,
# with bundles of several bots and epochs.  Not while a bot or a relay is at
# work there; a master that is away, a wrong account and no outbox are told
# apart by exit codes.
. "$(dirname "$0")/lib-master.sh"

account local
start_master --heartbeat 500ms
link="dir:$root/spool/local"

# left BOT EPOCH SEQ FOLDER: a corpus bundle, not yet delivered.
left() {
	mkdir -p "$4"/{new,tmp}
	BOT=$1 EPOCH=$2 seal corpus "$3" --target png/read \
	    --unit "$(unit "$1-$2-$3")" >/dev/null
	cp "$work/$(BOT=$1 EPOCH=$2 name_of "$3")" "$4/new/"
}

deliver() { # FOLDER OPTION...
	local folder=$1
	shift
	pandafuzz-botd --link "${LINK-$link}" --poll 50ms "$@" push \
	    --outbox "$folder" --timeout "${TIMEOUT-30s}" 2>>"$work/push.log"
}

exits() { # SENTENCE CODE FOLDER OPTION...
	local what=$1 code=$2 got=0
	shift 2
	deliver "$@" || got=$?
	is "$what" "$code" "$got"
}

taken() { # BOT EPOCH SEQ
	is "$1-$2-$3 is taken" ingested "$(BOT=$1 EPOCH=$2 outcome "$3")"
}

# A root, as a dead bot leaves it: a beat, too, that must not be sent.
e1=00000000000000e1 e2=00000000000000e2
mkdir -p "$work/b7"
echo b7 >"$work/b7/identity"
for seq in 1 2 3; do left b7 $e1 $seq "$work/b7/outbox"; done
left b7 $e2 1 "$work/b7/outbox"
BOT=b7 EPOCH=$e2 beat 9 1 1
wait_empty
sql "SELECT count(*) FROM bot WHERE name = 'b7'" >/dev/null
touch "$work/b7/outbox/new/b7-$e2-99-h.pfb"
: >"$work/b7/lock"
exits "a root is delivered" 0 "$work/b7"
for seq in 1 2 3; do taken b7 $e1 $seq; done
taken b7 $e2 1
[ -z "$(ls "$work/b7/outbox/new")" ] || fail "something is left in new/"
is "they wait in acked/" 4 "$(ls "$work/b7/outbox/acked" | wc -l)"
is "the beat was not sent" 9 "$(sql "SELECT max(beat) FROM epoch")"

# The same once more: there is nothing to do.
exits "an empty one is done" 0 "$work/b7"

# The folder itself, and one that was copied, of two bots.
left b7 $e2 2 "$work/b7/outbox"
exits "the outbox of a root is delivered" 0 "$work/b7/outbox"
taken b7 $e2 2
left b8 00000000000000e8 1 "$work/copied"
left b9 00000000000000e9 1 "$work/copied"
exits "a copied outbox is delivered" 0 "$work/copied"
taken b8 00000000000000e8 1
taken b9 00000000000000e9 1
is "nothing of ours stays in it" "acked held new noted tmp" \
    "$(ls "$work/copied" | tr '\n' ' ' | sed 's/ $//')"

# Somebody is at work there.
left b7 $e2 3 "$work/b7/outbox"
exec 8>"$work/b7/lock"
flock 8
exits "not while the bot lives" 3 "$work/b7"
exec 8>&-
exec 8>"$work/b7/courier.lock"
flock 8
exits "not while a relay carries" 3 "$work/b7"
exec 8>&-

# What cannot be.
exits "no folder" 2 "$work/nowhere"
mkdir "$work/empty"
exits "no outbox" 2 "$work/empty"
exits "another account" 2 "$work/b7" --account other
pandafuzz-botd --link "$link" push 2>"$work/said"
is "without --outbox it says what it wants" 2 $?
grep -q -- '--outbox DIR' "$work/said" || fail "$(cat "$work/said")"
LINK=dir:$work/gone/local TIMEOUT=1s exits "the master is away" 6 "$work/b7"
[ -e "$work/b7/outbox/new/b7-$e2-3-b.pfb" ] || fail "it is gone"

# Late: the master is not there to take it, and then it is.
stop_master || fail "the master ends with $?"
TIMEOUT=1s exits "nobody takes it in" 6 "$work/b7"
start_master --heartbeat 500ms
exits "the master is back" 0 "$work/b7"
taken b7 $e2 3
is "everything came once" 0 "$(sql "SELECT count(*) FROM ledger WHERE
    outcome <> 'ingested'")"
store_sound
stop_master || fail "the master ends with $?"

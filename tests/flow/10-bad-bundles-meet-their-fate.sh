#!/bin/bash
# Goal: each kind of bad bundle ends in its fate with a reason, and the rest
# flows on (PROTOCOL 3, 6, 7, 14, 15, 24).
. "$(dirname "$0")/lib-master.sh"

account local
start_master
noise 5000 "$work/noise"

# Row, reason, copy with reason, told to the bot.
refused() { # SEQ REASON-PART [NAME]
	local name=${3-$(name_of "$1")}
	is "$2: refused" refused "$(outcome "$1")"
	case $(reason "$1") in
	*"$2"*) ;;
	*) fail "reason of $1: '$(reason "$1")', not '$2'" ;;
	esac
	[ -f "$root/rejected/local/$name" ] || fail "no copy of $name is kept"
	grep -q "$2" "$root/rejected/local/$name.reason" ||
		fail "$name.reason does not say '$2'"
	[ "$(status '$.epochs[0].refused' | grep -c "\"seq\":$1,")" = 1 ] ||
		fail "the bot is not told that $1 is refused"
}

# No row, no word to the bot, a copy with its reason.
damaged() { # SEQ REASON-PART
	local name=$(name_of "$1")
	is "$2: damaged, no row" "" "$(outcome "$1")"
	grep -q "$2" "$root/rejected/local/$name".damaged-*.reason ||
		fail "$name.damaged-N.reason does not say '$2'"
	[ "$(sql "SELECT count(*) FROM epoch_range WHERE first <= $1 AND
	    last >= $1")" = 0 ] || fail "a damaged bundle is covered"
}

send corpus 1 --target png/read --unit "$work/noise"
wait_empty
is "a good one is ingested" ingested "$(outcome 1)"
is "and acknowledged" 1 "$(status '$.epochs[0].below')"

# ---- not what was sealed
good=$(seal corpus 2 --target png/read --unit "$(unit two)")
head -c 200 "$work/$good" >"$work/cut"
push cut "$good"
wait_empty
damaged 2 "cut short"

good=$(seal corpus 3 --target png/read --unit "$work/noise")
cp "$work/$good" "$work/flipped"
printf '\377' | dd of="$work/flipped" bs=1 seek=3000 conv=notrunc status=none
push flipped "$good"
wait_empty
damaged 3 "the bundle"

good=$(seal corpus 4 --target png/read --unit "$(unit four)")
{ cat "$work/$good"; echo more; } >"$work/longer"
push longer "$good"
wait_empty
damaged 4 "bytes after the end"

good=$(seal corpus 5 --target png/read --unit "$(unit five)")
: >"$work/nothing"
push nothing "$good"
wait_empty
damaged 5 "cut short"
push "$good"
wait_empty
is "pushed again whole, it is ingested" ingested "$(outcome 5)"

# The third time with the same content it is refused.
push cut "$(name_of 2)"
wait_empty
is "damaged for the second time" "" "$(outcome 2)"
push cut "$(name_of 2)"
wait_empty
refused 2 "arrived damaged 3 times"

# ---- what was sealed, and against the rules
{ header poem 6; echo '{"rec":"unit"}'; } | seal_lines "$(name_of 6)"
push "$(name_of 6)"
wait_empty
refused 6 "kind"

{ header corpus 7; echo '{"rec":"poem"}'; } | seal_lines "$(name_of 7)"
push "$(name_of 7)"
wait_empty
refused 7 "unknown type"

{ header corpus 8; printf '{"rec":%s\n' "$(printf '[%.0s' {1..2000})"; } |
	seal_lines "$(name_of 8)"
push "$(name_of 8)"
wait_empty
refused 8 "nested deeper"

{ header corpus 9; echo '{"rec":"unit","rec":"unit"}'; } |
	seal_lines "$(name_of 9)"
push "$(name_of 9)"
wait_empty
refused 9 "given twice"

{ header corpus 10; echo '{"rec":}'; } | seal_lines "$(name_of 10)"
push "$(name_of 10)"
wait_empty
refused 10 "a value is missing"

{ header corpus 11; printf '{"rec":"un\377it"}\n'; } |
	seal_lines "$(name_of 11)"
push "$(name_of 11)"
wait_empty
refused 11 "not UTF-8"

{ header corpus 12; printf '{"rec":"%s"}\n' "$(head -c 5000 /dev/zero |
	tr '\0' a)"; } | seal_lines "$(name_of 12)"
push "$(name_of 12)"
wait_empty
refused 12 "longer than 4096"

printf poem >"$work/poem"
{
	header corpus 13
	printf '{"rec":"unit","sha256":"%064d","features":1,"size":4}\n' 0
	printf 'poem\n'
} | seal_lines "$(name_of 13)"
push "$(name_of 13)"
wait_empty
refused 13 "digest"

for what in bomb:24:inflates long:25:payload many:26:records; do
	IFS=: read -r shape seq why <<<"$what"
	"$B/tests/fault/craft" $shape "$work/$(name_of $seq)" $seq ||
		fail "cannot craft a $shape bundle"
	push "$(name_of $seq)"
	wait_empty 60
	refused $seq "$why"
done
[ -z "$(find "$root/stage" -type f)" ] || fail "stage/ holds debris"

# ---- whole, and not where it belongs
ACCOUNT=other seal corpus 14 --target png/read --unit "$(unit x)" >/dev/null
push "$(name_of 14)" "$(name_of 14)" local
wait_empty
refused 14 "another account"

name=$(seal corpus 15 --target png/read --unit "$(unit x)")
push "$name" "$(name_of 16)"
wait_empty
refused 16 "its name disagree"

name=$(seal corpus 17 --target png/read --unit "$(unit x)")
push "$name" "$(name_of 17 c)"
wait_empty
refused 17 "letter" "$(name_of 17 c)"

# ---- of a newer version: held, acknowledged
echo '{"pfb":2,"colour":"green"}' | seal_lines "$(name_of 18)"
push "$(name_of 18)"
wait_empty
is "a newer version is held" held "$(outcome 18)"
check "its bytes are kept in held/" cmp "$work/$(name_of 18)" \
    "$root/held/local/$(name_of 18)"
check "with the reason" grep -q "wire version 2" \
    "$root/held/local/$(name_of 18).reason"
case $(status '$.epochs[0].above') in
*18*) ok "and it is acknowledged" ;;
*) fail "18 is not acknowledged: $(cat "$(status_file)")" ;;
esac

# ---- the same id with other content
send corpus 19 --target png/read --unit "$(unit first)"
wait_empty
is "new_epoch is not asked for" 0 "$(status '$.new_epoch')"
send corpus 19 --target png/read --unit "$(unit second)"
wait_empty
is "both are ingested" ingested,conflict "$(outcome 19)"
is "the bot is told to draw a new epoch" 1 "$(status '$.new_epoch')"
is "and the administrator" 1 \
    "$(sql "SELECT count(*) FROM event WHERE what = 'bundle.conflict'")"
for text in first second; do
	check "unit $text arrived" test -n "$(find "$root/corpus" -name \
	    "$(sum "$work/unit-$text")")"
done
push "$(name_of 19)"
wait_empty
is "a third time it is a duplicate" ingested,conflict "$(outcome 19)"

# ---- nothing is refused for what it refers to
ghost=0123456789abcdef
send crash 20 --target no-such/thing --crash "$work/poem" --lease $ghost \
    --job $ghost --build "$(printf '%064d' 7)"
wait_empty
is "unknown job, lease, build and target: ingested" ingested "$(outcome 20)"
check "into lost+found" test -f \
    "$root/crashes/lost+found/thing/$(sum "$work/poem")/input"
send complete 21 --lease $ghost --complete done
send stats 22 --record "{\"rec\":\"stats\",\"lease\":\"$ghost\",$(printf \
    '"%s":1,' seconds execs execs_per_second edges features units unit_bytes \
    rss_mb crashes dict seeds)\"restarts\":0}"
wait_empty
is "a complete of an unknown lease" ingested "$(outcome 21)"
is "statistics of an unknown lease" ingested "$(outcome 22)"

# ---- the flow goes on
send corpus 23 --target png/read --unit "$(unit last)"
wait_empty
is "a good one after all that" ingested "$(outcome 23)"
beat 1 3 26
wait_empty
balanced
store_sound
is "what is missing is in the bot's outbox" 3 "$(ledger under_way)"
stop_master || fail "the master ends with $?"

# ---- one id under two names, in one batch
seal crash 30 --target png/read --crash "$(unit x)" >/dev/null
push "$(name_of 30 c)"
seal corpus 30 --target png/read --unit "$(unit y)" >/dev/null
push "$(name_of 30)"
start_master
wait_empty
is "the same id twice in a batch is a conflict" ingested,conflict \
    "$(outcome 30)"
stop_master || fail "the master ends with $?"

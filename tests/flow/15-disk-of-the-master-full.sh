#!/bin/bash
# Goal: past the hard mark crashes are still taken and nothing else, bots are
# told to hold; a reserve file is given up when next to nothing is left; then
# nothing is taken and the admin socket lives; a full disk discards the batch
# and costs no attempt; with room again it all goes on and nothing is lost.
# Past the soft mark spare inputs go (PROTOCOL 18, DESIGN 11).
if [ "${1-}" != inside ]; then
	# A mount namespace of our own, so that nothing stays mounted.
	own=--mount
	[ "$(id -u)" = 0 ] || own="--user --map-root-user --mount"
	if ! unshare $own true 2>/dev/null; then
		echo "SKIPPED: needs root or user namespaces to mount a tmpfs"
		exit 77
	fi
	exec unshare $own "$0" inside
fi
. "$(dirname "$0")/lib-master.sh"

before_end() {
	umount -l "$(incoming)" "$root" 2>/dev/null
}

mkdir "$root"
mount -t tmpfs -o size=64m,mode=755 tmpfs "$root" || exit 77
mkdir -p "$(incoming)"
mount -t tmpfs -o size=256m,mode=755 tmpfs "$(incoming)" || exit 77
account local

left() { # MiB: fill the disk up to that
	local free
	rm -f "$root/filler"
	free=$(df --output=avail -B 4096 "$root" | tail -n 1)
	head -c $(((free - $1 * 256) * 4096)) /dev/zero >"$root/filler"
}

logged() { # WORD
	grep -q "$1" "$work/master.log"
}

hold_is() { # 0|1
	[ "$(status '$.hold')" = "$1" ]
}

outcome_is() { # SEQ OUTCOME
	[ "$(outcome "$1")" = "$2" ]
}

start_master --crashes-keep 8
send corpus 1 --target png/read --unit "$(unit one)"
beat 1 0 1
wait_empty
is "no hold while there is room" 0 "$(status '$.hold')"

check "a reserve file is there" test -s "$root/data/reserve"

# ---- past the soft mark: spare inputs of a bucket go
for seq in $(seq 1 14); do
	text=same$seq
	[ $seq != 3 ] || text=x # the smallest
	BOT=b3 send crash $seq --target png/write --crash "$(unit "$text")"
done
wait_empty 15
inputs() {
	find "$root"/crashes/*/write -name input | wc -l
}
is "all inputs of a bucket are kept" 14 "$(inputs)"
left 5
level_is() {
	[ "$(api status | jq_text '.item.disk_level')" = "$1" ]
}
jq_text() { # PATH, of JSON on standard input
	sqlite3 :memory: "SELECT json_extract('$(sed "s/'/''/g")', '\$$1')"
}
check "past the soft mark status says so" wait_until 10 level_is soft
is "and nobody holds yet" 0 "$(status '$.hold')"
ten_left() {
	[ "$(inputs)" = 10 ]
}
# The first, the smallest, the newest eight.
check "all but ten inputs go" wait_until 30 ten_left
is "their crashes are still counted" 14 \
    "$(sql "SELECT count(*) FROM crash WHERE bytes > 0 AND target =
	(SELECT id FROM target WHERE name = 'write')")"

# ---- past the hard mark: crashes alone
left 2
check "past the hard mark bots are told to hold" wait_until 10 hold_is 1
case $(status '$.reason') in
*disk*) ok "because of the disk" ;;
*) fail "the reason is '$(status '$.reason')'" ;;
esac
send corpus 7 --target png/read --unit "$(unit seven)"
send crash 2 --target png/read --crash "$(unit two)"
crash_in() {
	[ "$(outcome 2)" = ingested ]
}
check "a crash is still taken" wait_until 10 crash_in
check "units wait" test -f "$(incoming)/new/$(name_of 7)"
check "the admin socket lives" test -n "$(api status)"
check "and says why" grep -q "hard mark" <<<"$(api status)"

# ---- next to nothing left
left 1
given_up() {
	[ ! -e "$root/data/reserve" ]
}
check "the reserve is given up" wait_until 10 given_up
left 1
check "then it is full" wait_until 10 level_is full
send crash 8 --target png/read --crash "$(unit eight)"
sleep 1
check "nothing is taken in" test -f "$(incoming)/new/$(name_of 8 c)"
check "the admin socket lives on" test -n "$(api status)"
rm "$root/filler"
check "with room again the hold is lifted" wait_until 10 hold_is 0
wait_empty 15
is "and what waited is taken" ingested "$(outcome 7)"
is "crashes too" ingested "$(outcome 8)"
check "and there is a reserve again" wait_until 10 test -s "$root/data/reserve"

# ---- full in the middle of a bundle
left 12
noise 30000000 "$work/noise"
send corpus 3 --target png/read --unit "$work/noise"
check "a bundle that does not fit is postponed" \
    wait_until 10 logged ingest.postponed
is "it costs no attempt" 0 "$(sql "SELECT count(*) FROM attempt")"
check "it waits in incoming/" test -f "$(incoming)/new/$(name_of 3)"
BOT=b2 send crash 1 --target png/read --crash "$(unit small)"
check "a small one of another bot is taken meanwhile" wait_until 15 \
    eval 'BOT=b2 outcome_is 1 ingested'
rm "$root/filler"
check "with room again it is taken" wait_until 15 outcome_is 3 ingested

# ---- the last page gone: not even the database can grow
free=$(df --output=avail -B 4096 "$root" | tail -n 1)
cat /dev/zero >"$root/filler" 2>/dev/null
is "the disk is full" 0 "$(df --output=avail -B 4096 "$root" | tail -n 1 |
	tr -d ' ')"
for seq in 4 5 6; do
	send corpus $seq --target png/read --unit "$(unit full$seq)"
done
beat 2 4 6
sleep 3
check "the master lives" running
check "the admin socket lives" test -n "$(api status)"
rm "$root/filler"
wait_empty 30
for seq in 4 5 6; do
	[ "$(outcome $seq)" = ingested ] || fail "$seq is '$(outcome $seq)'"
done
ok "afterwards all is ingested"
beat 3 0 6
wait_empty
check "and nobody holds" wait_until 10 hold_is 0
balanced
store_sound
stop_master || fail "the master ends with $?"
start_master
balanced
stop_master || fail "the master ends with $?"

#!/bin/bash
# Goal: the power fails at any instant, and no bundle that was acknowledged is
# lost, and no row points to bytes that are not there (DESIGN 1, PROTOCOL 18);
# with syncing off the same harness must be seen to find losses.
#
# A cut is a reflinked copy of the file system's image in mid-run: all blocks
# that it submitted so far, and nothing that was only in memory.  What lay in
# incoming/ is thrown away before the copy is started: only what is in the
# store and the database counts.  20 cuts each of ext4, xfs and btrfs; 200 with
# TORTURE=1.
# timeout: 5400
# alone
if [ "$(id -u)" != 0 ]; then
	if ! sudo -n true 2>/dev/null; then
		echo "SKIPPED: power cuts were NOT tried: that needs root or" \
		    "sudo without a password, to mount file systems"
		exit 77
	fi
	exec sudo -n env B="${B-}" TMPDIR="${TMPDIR-/tmp}" \
	    TORTURE="${TORTURE-}" "$0" "$@"
fi
if [ "${1-}" != inside ]; then
	# A mount namespace of our own: whatever happens, nothing stays mounted.
	exec unshare --mount "$0" inside "$@"
fi
shift
fast=1
[ "$(df --output=avail -B 1M /dev/shm 2>/dev/null | tail -n 1)" -gt 4000 ] ||
	fast=
. "$(dirname "$0")/../flow/lib-master.sh"

cuts=20
rounds=1
[ -z "${TORTURE-}" ] || rounds=10
feed="$B/tests/fault/feed"
feeder=
host=$work/host

before_end() {
	[ -z "$feeder" ] || kill -KILL "$feeder" 2>/dev/null
	umount -l "$work/cut" "$work/disk" "$host" 2>/dev/null
}

make_fs() { # FS IMAGE
	case $1 in
	ext4) truncate -s 320M "$2" && mkfs.ext4 -q -F "$2" ;;
	xfs) truncate -s 400M "$2" && mkfs.xfs -q -f "$2" ;;
	btrfs) truncate -s 400M "$2" && mkfs.btrfs -q -f "$2" ;;
	esac >/dev/null 2>"$work/mkfs.log" || fail "mkfs: $(cat "$work/mkfs.log")"
}

mount_image() { # IMAGE FOLDER
	mkdir -p "$2"
	mount -o loop "$1" "$2" 2>"$work/mount.log" ||
		fail "mount: $(cat "$work/mount.log")"
}

# A sync child may be in its syncfs(2) still.
unmount() { # FOLDER
	wait_until 30 umount "$1" 2>/dev/null || fail "cannot unmount $1"
}

# A copy has the id of its original: the kernel must not mix them up.
forget() {
	sync -f "$work"
	btrfs device scan --forget >/dev/null 2>&1
}

lines() {
	wc -l <"$1"
}

# Feed a master on a fresh file system and cut the power many times.
run_and_cut() { # FS CUTS MASTER-OPTION...
	local fs=$1 n
	cuts_now=$2
	shift 2
	rm -rf "$work/outbox" "$work/logs"
	mkdir -p "$work/outbox" "$work/logs"
	rm -f "$host"/*.img
	make_fs "$fs" "$host/disk.img"
	mount_image "$host/disk.img" "$work/disk"
	root=$work/disk/root
	account local
	start_master "$@"
	"$feed" "$root/spool/local" "$work/outbox" "$work/logs" \
	    2>>"$work/master.log" &
	feeder=$!
	wait_until 20 test -s "$work/logs/acked" || fail "nothing is acknowledged"
	for n in $(seq "$cuts_now"); do
		sleep "0.$((RANDOM % 300 + 50))"
		# Acknowledged now, so to be found in the copy.
		lines "$work/logs/acked" >"$work/logs/acked-$n"
		cp --reflink=always "$host/disk.img" "$host/cut-$n.img" ||
			fail "no reflink"
		lines "$work/logs/made" >"$work/logs/made-$n"
		kill -0 $feeder || fail "the feeder died"
	done
	kill $feeder
	wait $feeder
	feeder=
	stop_master KILL
	unmount "$work/disk"
	rm "$host/disk.img"
	forget
}

# Seqs that have a row, sorted as text.
rows() {
	sql "SELECT seq FROM ledger WHERE outcome = 'ingested'" | sort
}

# Units and inputs whose row points to no file, or to other bytes.
phantoms() {
	sql "SELECT lower(hex(u.sha256)) || '  corpus/' || p.name || '/' ||
	    t.name || '/' || substr(lower(hex(u.sha256)), 1, 2) || '/' ||
	    lower(hex(u.sha256)) FROM unit u JOIN target t ON t.id = u.target
	    JOIN project p ON p.id = t.project UNION ALL SELECT
	    lower(hex(c.sha256)) || '  crashes/' || p.name || '/' || t.name ||
	    '/' || lower(hex(c.sha256)) || '/input' FROM crash c JOIN target t
	    ON t.id = c.target JOIN project p ON p.id = t.project" \
	    >"$work/sums"
	(cd "$root" && sha256sum -c --quiet "$work/sums" 2>/dev/null |
		grep -c FAILED)
}

# What the copy lacks of what was promised: adds to lost and phantom.
judge() { # N
	local n=$1 promised have
	promised=$(cat "$work/logs/acked-$n")
	head -n "$promised" "$work/logs/acked" | sort >"$work/promised"
	rows >"$work/have"
	have=$(comm -23 "$work/promised" "$work/have" | wc -l)
	lost=$((lost + have))
	# Their units, by what the bot has sealed.
	join "$work/promised" <(sort "$work/logs/made") | cut -d' ' -f3- |
		tr ' ' '\n' | sort >"$work/units-promised"
	sql "SELECT lower(hex(sha256)) FROM unit UNION SELECT
	    lower(hex(sha256)) FROM crash" | sort >"$work/units-have"
	lost_units=$((lost_units + $(comm -23 "$work/units-promised" \
	    "$work/units-have" | wc -l)))
	phantom=$((phantom + $(phantoms)))
	seen=$((seen + promised))
}

repush() { # N: everything that was made before the cut and is not covered
	local seq name rest
	comm -13 "$work/have" <(head -n "$(cat "$work/logs/made-$1")" \
	    "$work/logs/made" | cut -d' ' -f1 | sort) >"$work/again"
	join "$work/again" <(sort "$work/logs/made") |
	while read -r seq name rest; do
		cp "$work/outbox/$name" "$(incoming)/tmp/$name" &&
			mv "$(incoming)/tmp/$name" "$(incoming)/new/$name"
	done
}

# The machine comes up again from copy N.
check_cut() { # N
	local n=$1
	mount_image "$host/cut-$n.img" "$work/cut"
	root=$work/cut/root
	rm -f "$(incoming)"/tmp/* "$(incoming)"/new/*
	start_master
	judge "$n"
	repush "$n"
	wait_empty
	[ "$(rows | wc -l)" = "$(cat "$work/logs/made-$n")" ] ||
		fail "after pushing again not every bundle has its row"
	[ "$(ledger missing)" = 0 ] || fail "the ledger does not balance"
	[ "$(phantoms)" = 0 ] || fail "a row points to no file after pushing"
	stop_master || fail "the master ends with $?"
	[ "$(sql "PRAGMA quick_check")" = ok ] || fail "quick_check"
	unmount "$work/cut"
	rm "$host/cut-$n.img"
	forget
}

# ---- a file system that can copy images in no time ----------------------

truncate -s 8G "$work/host.img"
mkfs.btrfs -q "$work/host.img" >/dev/null || fail "mkfs.btrfs"
mount_image "$work/host.img" "$host"

for fs in ${FILE_SYSTEMS-ext4 xfs btrfs}; do
	lost=0 lost_units=0 phantom=0 seen=0 began=$SECONDS
	for round in $(seq $rounds); do
		run_and_cut $fs $cuts
		made=$(lines "$work/logs/made")
		for n in $(seq $cuts); do
			check_cut "$n"
			[ $((lost + lost_units + phantom)) = 0 ] ||
				fail "$fs, cut $n: $lost acknowledged bundles" \
				    "and $lost_units units lost, $phantom" \
				    "rows without their bytes"
		done
	done
	ok "$fs: $((cuts * rounds)) cuts in runs of $made bundles, $seen" \
	    "acknowledged ones checked, 0 lost, $((SECONDS - began)) s"
done

# ---- the same without syncs: the harness must see it --------------------

lost=0 lost_units=0 phantom=0 seen=0 broken=0
run_and_cut ext4 5 --nosync
for n in 1 2 3 4 5; do
	mount_image "$host/cut-$n.img" "$work/cut"
	root=$work/cut/root
	promised=$(cat "$work/logs/acked-$n")
	if [ -s "$root/data/pandafuzz.db" ] && [ "$(sql \
	    "SELECT count(*) FROM ledger" 2>/dev/null || echo x)" != x ]; then
		judge "$n"
	else
		broken=$((broken + 1)) lost=$((lost + promised))
		seen=$((seen + promised))
	fi
	unmount "$work/cut"
	forget
done
[ $((lost + phantom)) -gt 0 ] ||
	fail "without syncs nothing was lost of $seen: the harness is blind"
ok "without syncs: $lost of $seen acknowledged bundles lost, $phantom rows" \
    "without their bytes, $broken of 5 databases gone"

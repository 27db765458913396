#!/bin/bash
# Goal: from a machine with the programs installed to two fuzzing machines on a
# network, in at most 8 commands that a person types; each is printed and
# counted.  Master and machines are network namespaces, between them is what is
# there in the field: an address, and port 22.
export PF_NAMESPACES=--net
. "$(dirname "$0")/lib-unix-accounts.sh"
. tests/flow/lib-master.sh
. tests/flow/lib-pfadm.sh
before_end() {
	local pid
	for pid in ${machine_pids-}; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	for m in m1 m2; do ip netns del $m 2>/dev/null; done
	accounts_end
}
chmod 755 "$work"
root=$SITE
ADDRESS=10.77.0.1

# ---- the field -----------------------------------------------------------
ip link set lo up && ip addr add $ADDRESS/32 dev lo || fail "no address"
echo 1 >/proc/sys/net/ipv4/ip_forward 2>/dev/null
for i in 1 2; do
	ip netns add m$i &&
	    ip link add v$i type veth peer name eth0 netns m$i &&
	    ip addr add 10.77.$i.1/30 dev v$i && ip link set v$i up &&
	    ip -n m$i addr add 10.77.$i.2/30 dev eth0 &&
	    ip -n m$i link set eth0 up && ip -n m$i link set lo up &&
	    ip -n m$i route add default via 10.77.$i.1 ||
		fail "no network for machine $i"
	mkdir -p "$own/m$i/etc" "$own/m$i/lib"
done
mkdir -p /etc/pandafuzz /var/lib/pandafuzz-bot

# on MACHINE COMMAND...: its own network, settings and state.  become does not
# come back.
on() { (become "$@"); }
become() {
	local machine=$1
	shift
	exec ip netns exec "$machine" unshare -m sh -c '
		mount --bind "$0/etc" /etc/pandafuzz &&
		mount --bind "$0/lib" /var/lib/pandafuzz-bot && exec "$@"' \
	    "$own/$machine" "$@"
}

# What the package would have done: a running sshd, and units.
SSHD_PORT=22 SSHD_LISTEN=0.0.0.0 SSHD_DIR=$own/sshd
mkdir "$SSHD_DIR"
sshd_keys && sshd_config
mkdir -p /usr/local/share 2>/dev/null
start_unit() { # MACHINE UNIT: what its ExecStart= says
	case $2 in
	pandafuzz-masterd)
		mkdir -p /run/pandafuzz && chown pandafuzz: /run/pandafuzz
		as="setpriv --reuid=pandafuzz --regid=pandafuzz --init-groups"
		masterd=/usr/local/bin/pandafuzz-masterd
		start_master ;;
	pandafuzz-accounts)
		command pf-account watch 2>"$own/watch.log" &
		accounts_pids=$! ;;
	ssh)	sshd_launch
		wait_until 20 sshd_listens ;;
	pandafuzz-botd)
		become "$1" pandafuzz-botd >"$own/$1.log" 2>&1 &
		machine_pids="${machine_pids-} $!" ;;
	esac
}
sshd_listens() { (exec 3<>/dev/tcp/$ADDRESS/22) 2>/dev/null; }
systemctl() { # MACHINE enable --now UNIT... | MACHINE reload-or-restart ssh
	local machine=$1 unit
	shift 2
	[ "$1" = --now ] && shift
	for unit; do start_unit "$machine" "$unit"; done
}

commands=0
person() { # MACHINE COMMAND...: what somebody types there
	local machine=$1 shown
	shift
	commands=$((commands + 1))
	shown=${*//$secret/...}
	printf '%d. %s# %s\n' "$commands" "$machine" "$shown"
	case $1 in
	systemctl) shift; systemctl "$machine" "$@" ;;
	*) [ "$machine" = master ] && "$@" || on "$machine" "$@" ;;
	esac >"$own/typed" 2>&1 || fail "$shown: $(cat "$own/typed")"
}
secret=none

# ---- what is typed -------------------------------------------------------
# Where no package put them: sshd and the snippet.
pf-account() {
	[ "$1" = setup ] || { command pf-account "$@"; return; }
	command pf-account "$@" --sshd "$(sshd_program)" \
	    --snippet "$PF_SOURCE/packaging/sshd/pandafuzz.conf"
}
pfadm() { command pfadm --root "$SITE" "$@"; }

person master pf-account setup office --url sftp://$ADDRESS:22
person master systemctl enable --now ssh pandafuzz-masterd pandafuzz-accounts
person master pfadm account add office
person master pfadm account invite --account office --count 2 --auto
mapfile -t lines < <(grep '^sftp://' "$own/typed")
is "there is a line for each machine" 2 ${#lines[@]}
for i in 1 2; do
	secret=${lines[$((i - 1))]##*#}
	person m$i pandafuzz-botd enroll "${lines[$((i - 1))]}" --name m$i
	person m$i systemctl enable --now pandafuzz-botd
done
check "that were at most 8 commands" [ "$commands" -le 8 ]

# ---- and they fuzz -------------------------------------------------------
up() { [ "$(sql "SELECT count(*) FROM bot WHERE name IN ('m1', 'm2')")" = 2 ]; }
wait_until 30 up || fail "they are not there: $(tail -n 3 "$own"/m?.log)"
ok "both machines are registered"
make_target "$own/build/read"
adm run "$own/build" --project zlib --for 10s >"$own/run.log" 2>&1 &
run=$!
worked() { [ "$(sql "SELECT count(DISTINCT b.name) FROM lease l JOIN bot b ON
    b.id = l.bot WHERE l.state IN ('running', 'done')")" = 2 ]; }
wait_until 90 worked || fail "no leases: $(tail -n 5 "$own"/m?.log "$own/run.log")"
ok "both have had a lease"
done_one() { [ "$(sql "SELECT count(*) FROM lease WHERE state = 'done'")" -gt 0 ]; }
wait_until 90 done_one || fail "no lease is done: $(tail -n 5 "$own"/m?.log)"
ok "and a lease is done"
kill "$run" 2>/dev/null
wait "$run" 2>/dev/null
units() { [ "$(sql "SELECT count(*) FROM unit")" -gt 0 ]; }
check "units came in" wait_until 30 units
find $SITE/corpus $SITE/crashes -type d ! \( -group pandafuzz-read -perm 2750 \) |
	grep . && fail "that is not for readers"
ok "and are for readers' eyes"
exit 0

#!/bin/bash
# Goal: `make install` lays out exactly what belongs to an installed PandaFuzz,
# twice the same, leaves settings alone that are there, and `make uninstall`
# takes its own away again.  Units, users and folders are what systemd's own
# tools take without a complaint; the master's unit is fenced to 2.5 at most.
set -u
cd "$(dirname "$0")/../.."
B=$(realpath -m "${B:-build}")
work=$(mktemp -d) || exit 1
dest=$work/dest
trap 'rm -rf --one-file-system "$work"' EXIT

fail() {
	echo "FAIL: $*"
	exit 1
}

ok() {
	echo "ok: $*"
}

make_it() { # TARGET VARIABLE...: built it is already
	make -s -o all B="$B" "$@" >"$work/said" 2>&1 ||
		fail "make $*: $(cat "$work/said")"
}

installed() {
	(cd "$dest" && find . -type f | sed 's/^\.//' | sort)
}

expected() {
	local file
	printf '/usr/sbin/%s\n' pandafuzz-botd pandafuzz-masterd pf-account
	printf '/usr/bin/%s\n' pf-local pf-report pf-spool pf-triage pfadm
	for file in $(find botd lib masterd spool tools packaging \
	    -name '*.[1-8]'); do
		echo "/usr/share/man/man${file##*.}/${file##*/}"
	done
	for file in packaging/systemd/* packaging/sshd/*.service; do
		echo "/usr/lib/systemd/system/${file##*/}"
	done
	(cd packaging/examples && find . -type f) |
		sed 's|^\.|/usr/share/doc/pandafuzz/examples|'
	for file in $(find packaging/sshd packaging/etc packaging/cron \
	    -type f 2>/dev/null); do
		echo "/usr/share/doc/pandafuzz/examples/${file#packaging/}"
	done
	cat <<-TEXT
	/etc/pandafuzz/botd.yaml
	/etc/pandafuzz/masterd.yaml
	/usr/lib/sysusers.d/pandafuzz.conf
	/usr/lib/tmpfiles.d/pandafuzz.conf
	/usr/share/bash-completion/completions/pfadm
	/usr/share/doc/pandafuzz/README.md
	/usr/share/pandafuzz/sshd/pandafuzz.conf
	/usr/share/zsh/vendor-completions/_pfadm
	TEXT
}

# ---- files ------------------------------------------------------------------
make_it install DESTDIR="$dest"
expected | sort >"$work/expected"
installed >"$work/installed"
diff "$work/expected" "$work/installed" ||
	fail "what was installed is not what is expected (<)"
ok "$(wc -l <"$work/installed") files, each of them expected"

for name in "$dest"/usr/sbin/* "$dest"/usr/bin/*; do
	"$name" --version >"$work/said" 2>&1 &&
		grep -q "^${name##*/} " "$work/said" ||
		fail "${name##*/} --version: $(cat "$work/said")"
done
ok "each program says its version"

for name in masterd botd; do
	"$dest/usr/sbin/pandafuzz-$name" --config "$dest/etc/pandafuzz/$name.yaml" \
	    --check-config >"$work/said" 2>&1
	code=$?
	# A bot that has not been enrolled lacks its account; nothing else.
	[ $code = 0 ] || { [ $name = botd ] &&
	    ! grep -v "'account'\|'link'\|'name'" "$work/said" | grep -q .; } ||
		fail "shipped $name.yaml: $(cat "$work/said")"
done
ok "the shipped settings are understood"

echo "# mine" >"$dest/etc/pandafuzz/masterd.yaml"
make_it install DESTDIR="$dest"
installed | diff "$work/installed" - || fail "a second time there is more"
[ "$(cat "$dest/etc/pandafuzz/masterd.yaml")" = "# mine" ] ||
	fail "somebody's settings were overwritten"
ok "a second time nothing changes, settings least of all"

make_it uninstall DESTDIR="$dest"
[ "$(installed)" = "/etc/pandafuzz/botd.yaml
/etc/pandafuzz/masterd.yaml" ] || fail "left behind: $(installed)"
ok "uninstall leaves the settings, and says so: $(grep -c ^left "$work/said")"

# ---- what systemd's tools say -------------------------------------------------
if ! command -v systemd-analyze >/dev/null; then
	echo "skipped: no systemd-analyze"
	exit 77
fi
at=$work/at
make_it install DESTDIR= PREFIX="$at" SYSCONFDIR="$work/etc"
grep -q "^ExecStart=$at/sbin/pandafuzz-masterd" \
    "$at/lib/systemd/system/pandafuzz-masterd.service" ||
	fail "a unit does not follow PREFIX"
units=$(ls "$at"/lib/systemd/system/*)
[ -x /usr/sbin/sshd ] || units=$(echo "$units" | grep -v pandafuzz-sshd)
said=$(systemd-analyze verify --man=no --no-pager $units 2>&1 |
    grep "pandafuzz")
[ -z "$said" ] || fail "systemd-analyze verify: $said"
ok "systemd-analyze verify has nothing to say of $(echo "$units" | wc -l) units"

for unit in "masterd 25" "accounts 25" "report 25" "botd 50"; do
	set -- $unit
	systemd-analyze security --offline=true --no-pager --threshold="$2" \
	    "$at/lib/systemd/system/pandafuzz-$1.service" >"$work/said" 2>&1 ||
		fail "pandafuzz-$1: $(tail -n 1 "$work/said")"
	ok "$(tail -n 1 "$work/said")"
done
# With the network that hooks may want it is still one.
mkdir -p "$work/unit"
cat "$at/lib/systemd/system/pandafuzz-masterd.service" >"$work/unit/m.service"
sed -n '/^\[Service\]/,$p' packaging/examples/systemd/hooks-with-network.conf \
    >>"$work/unit/m.service"
systemd-analyze security --offline=true --no-pager --threshold=25 \
    "$work/unit/m.service" >"$work/said" 2>&1 ||
	fail "hooks with network: $(tail -n 1 "$work/said")"
ok "with hooks' network: $(tail -n 1 "$work/said")"

# ---- users and folders -----------------------------------------------------------
"$at/sbin/pf-account" folders >"$work/folders" || fail "pf-account folders"
grep '/var/lib/pandafuzz\( \|/\)' "$at/lib/tmpfiles.d/pandafuzz.conf" |
    grep -v '^#' | diff - "$work/folders" ||
	fail "tmpfiles.d and pf-account do not say the same"
ok "tmpfiles.d has the folders that pf-account makes"

mkdir -p "$work/root/etc"
echo 'root:x:0:0:root:/root:/bin/sh' >"$work/root/etc/passwd"
echo 'root:x:0:' >"$work/root/etc/group"
systemd-sysusers --dry-run --root="$work/root" \
    "$at/lib/sysusers.d/pandafuzz.conf" >"$work/said" 2>&1 ||
	fail "sysusers: $(cat "$work/said")"
ok "systemd-sysusers takes the users"
[ "$(id -u)" = 0 ] || exit 0

systemd-sysusers --root="$work/root" "$at/lib/sysusers.d/pandafuzz.conf" \
    >"$work/said" 2>&1 || fail "sysusers: $(cat "$work/said")"
for twice in 1 2; do
	systemd-tmpfiles --root="$work/root" --create \
	    "$at/lib/tmpfiles.d/pandafuzz.conf" >"$work/said" 2>&1 ||
		fail "tmpfiles: $(cat "$work/said")"
done
id_of() { # FILE NAME
	awk -F: -v name="$2" '$1 == name { print $3 }' "$work/root/etc/$1"
}
while read -r kind path mode user group _; do
	[ "$mode" = "${mode#0}" ] || mode=${mode#0}
	have=$(stat -c '%a %u %g' "$work/root$path")
	[ "$have" = "$mode $(id_of passwd "$user") $(id_of group "$group")" ] ||
		fail "$path is '$have', not $mode $user $group"
done <"$work/folders"
ok "systemd-tmpfiles makes them, owned as they should be"

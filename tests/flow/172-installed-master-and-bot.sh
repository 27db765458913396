#!/bin/bash
# Goal: master and bot run from an installed tree with the settings that are
# shipped, each behind the filters of its own unit: the bot's cage holds a
# target, its bundles are decoded and taken in, and pfadm shows the crash.
#
# As root in a mount namespace, as the users that sysusers.d makes, in ROOT as
# tmpfiles.d makes it, the rest of the system read-only and without a network
# for the master; as a plain user below a folder of one's own.
set -u
if [ "$(id -u)" = 0 ] && [ -z "${IN_NAMESPACE-}" ]; then
	IN_NAMESPACE=1 exec unshare --mount --propagation private bash "$0"
fi
cd "$(dirname "$0")/../.."
B=$(realpath -m "${B:-build}")
work=$(mktemp -d) || exit 1
at=$work/at
master=
bot=

finish() {
	local code=$? pid
	trap - EXIT
	for pid in $bot $master; do
		kill -TERM "$pid" 2>/dev/null
	done
	for pid in $bot $master; do
		wait "$pid" 2>/dev/null
	done
	cd / && umount /etc /var/lib /run 2>/dev/null
	chmod -R u+rwX "$work" 2>/dev/null
	rm -rf --one-file-system "$work"
	exit $code
}
trap finish EXIT
trap 'exit 1' INT TERM

fail() {
	echo "FAIL: $*"
	tail -n 20 "$work"/*.log 2>/dev/null
	exit 1
}

ok() {
	echo "ok: $*"
}

wait_until() { # SECONDS COMMAND...
	local until=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.1
	done
}

command -v systemd-analyze >/dev/null || {
	echo "skipped: no systemd-analyze, which knows the filters"
	exit 77
}
# The sanitizers' search for leaks is a debugger's work, which the filters
# forbid; a child that cannot do it ends as if it had failed.
[ -z "${SANITIZED-}" ] || export ASAN_OPTIONS=detect_leaks=0
chmod 755 "$work"
cp "$B/tests/fault/fence" "$work/fence"
master_unit=$at/lib/systemd/system/pandafuzz-masterd.service
bot_unit=$at/lib/systemd/system/pandafuzz-botd.service
make -s -o all B="$B" install PREFIX="$at" SYSCONFDIR="$work/new-etc" \
    >"$work/install.log" 2>&1 || fail "make install"

# ---- a system ------------------------------------------------------------------
as_root() {
	local sys=$work/sys
	mkdir -p "$sys"
	cp -a /etc "$sys/etc"
	rm -rf "$sys/etc/pandafuzz"
	cp -r "$work/new-etc/pandafuzz" "$sys/etc/pandafuzz"
	systemd-sysusers --root="$sys" "$at/lib/sysusers.d/pandafuzz.conf" \
	    >"$work/sysusers.log" 2>&1 || fail "sysusers"
	systemd-tmpfiles --root="$sys" --create \
	    "$at/lib/tmpfiles.d/pandafuzz.conf" \
	    >"$work/tmpfiles.log" 2>&1 || fail "tmpfiles"
	mount --bind "$sys/etc" /etc && mount --bind "$sys/var/lib" /var/lib &&
		mount --bind "$sys/run" /run || fail "mounts"
	root=/var/lib/pandafuzz
	"$at/sbin/pf-account" setup --no-sshd >"$work/setup.log" 2>&1 ||
		fail "pf-account setup"
	"$at/sbin/pf-account" add office >>"$work/setup.log" 2>&1 ||
		fail "pf-account add"
	master_config=/etc/pandafuzz/masterd.yaml
	bot_config=/etc/pandafuzz/botd.yaml
	# What of a unit is no filter.
	run_master() {
		exec unshare --mount --net sh -c '
			mount -o remount,bind,ro / &&
			mount -t proc -o subset=pid,hidepid=invisible proc /proc
			exec "$@"' sh \
		    setpriv --reuid=pandafuzz --regid=pandafuzz \
		    --groups pandafuzz-admin,pandafuzz-read \
		    --inh-caps=-all --bounding-set=-all "$@"
	}
	# For a dir: link of the account's folder.
	run_bot() {
		exec setpriv --reuid=pandafuzz-bot --regid=pandafuzz-bot \
		    --groups office,pandafuzz --inh-caps=-all \
		    --bounding-set=-all "$@"
	}
	adm() {
		setpriv --reuid=pandafuzz --regid=pandafuzz --clear-groups \
		    "$at/bin/pfadm" "$@" </dev/null
	}
}

as_user() {
	root=$work/root
	mkdir -p "$root/spool/office"/incoming/{tmp,new} \
	    "$root/spool/office/outgoing"
	master_config=$work/new-etc/pandafuzz/masterd.yaml
	bot_config=$work/new-etc/pandafuzz/botd.yaml
	sed -i "s|/var/lib/pandafuzz$|$root|; s|/run/pandafuzz|$root/run|" \
	    "$master_config"
	mkdir -p "$root/run"
	sed -i "s|/var/lib/pandafuzz-bot|$work/bot|" "$bot_config"
	run_master() { exec "$@"; }
	run_bot() { exec "$@"; }
	adm() { "$at/bin/pfadm" --root "$root" "$@" </dev/null; }
}

if [ "$(id -u)" = 0 ]; then as_root; else as_user; fi
mkdir -p "${bot_config%.yaml}.d"
cat >"${bot_config%.yaml}.d/enrolled.yaml" <<TEXT
name: desk-1
account: office
link: dir:$root/spool/office
TEXT
echo "slots: 1" >"${bot_config%.yaml}.d/slots.yaml"

# ---- the master ------------------------------------------------------------------
# Both are called in the background, and become what they start.
run_master "$work/fence" "$master_unit" "$at/sbin/pandafuzz-masterd" \
    --config "$master_config" 2>"$work/masterd.log" &
master=$!
ready() {
	grep -q masterd.ready "$work/masterd.log"
}
wait_until 20 ready || fail "the master does not start"
grep -q '^Seccomp:[[:space:]]*2' "/proc/$master/status" ||
	fail "there is no filter"
ok "the master runs behind the filters of its unit"
adm status >"$work/status.log" 2>&1 || fail "pfadm status"
if [ "$(id -u)" = 0 ]; then
	[ "$(stat -c %U:%G:%a "$root")" = root:root:755 ] || fail "ROOT's owner"
	[ "$(stat -c %U:%G /run/pandafuzz/admin.sock)" = \
	    pandafuzz:pandafuzz-admin ] ||
		fail "the socket is $(stat -c %U:%G /run/pandafuzz/admin.sock)"
	ok "ROOT is root's, the socket its group's"
fi

# ---- a bot -----------------------------------------------------------------------
cat >"$work/read.c" <<'C'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{ return n > 1 && d[0] == 'a' && d[1] == 'b' ? __builtin_trap(), 0 : 0; }
C
mkdir "$work/out"
clang -g -fsanitize=fuzzer,address "$work/read.c" -o "$work/out/read" ||
	fail "no clang"
printf '"ab"\n' >"$work/out/read.dict"
run_bot "$work/fence" "$bot_unit" "$at/sbin/pandafuzz-botd" \
    --config "$bot_config" 2>"$work/botd.log" &
bot=$!
adm build add "$work/out" --project png >"$work/build.log" 2>&1 ||
	fail "build add"
adm job create png/read >"$work/job.log" 2>&1 || fail "job create"

crashed() {
	adm crash list --json 2>/dev/null | jq -e '.items | length > 0' >/dev/null
}
wait_until 60 crashed || fail "no crash is seen"
ok "a target ran in its cage behind the bot's filters, and its crash came"
grep -q 'sandbox=none' "$work/botd.log" && fail "without a cage"
adm bot list --json | jq -e '.items[0].sandbox == "bwrap"' >/dev/null ||
	fail "the bot has no cage: $(adm bot list --json)"
ok "the bot's cage is bubblewrap's"
if grep -q 'decode.died\|decode.failed' "$work/masterd.log"; then
	fail "decode children died behind the filters"
fi
grep -q 'bundle.ingested .*kind=crash' "$work/masterd.log" ||
	fail "no crash bundle was taken in"
ok "decode children worked behind the master's filters"

# ---- both stop -------------------------------------------------------------------
kill -TERM "$bot"
wait "$bot" || fail "the bot's exit code is $?"
bot=
kill -TERM "$master"
wait "$master" || fail "the master's exit code is $?"
master=
ok "both stop clean"

#!/bin/sh
# Goal: a farm fuzzes while anything of it is killed: master, its children, sshd,
# supervisors, couriers, runners, engines.  After each kill `pf-local up` puts
# back what is down.  At the end nothing may be missing: `ledger check` is 0.
#
# STORM_KILLS (default 8; 40 with TORTURE=1), DEMO-like targets of tests/targets.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
B=${B:-$top/build}
case $B in /*) ;; *) B=$top/$B ;; esac
kills=${STORM_KILLS:-8}
[ -z "${TORTURE:-}" ] || kills=${STORM_KILLS:-40}
root=$(mktemp -d)/farm
targets=$(mktemp -d)

stop()
{
	"$B/bin/pf-local" down "$root" >/dev/null 2>&1
	rm -rf "$(dirname "$root")" "$targets"
}
trap stop EXIT
trap 'exit 1' INT TERM

fail()
{
	echo "FAIL: $*"
	tail -n 20 "$root"/local/logs/master.log
	exit 1
}

pfadm()
{
	"$B/bin/pfadm" --root "$root" "$@"
}

# Every process of this farm: those pf-local started, and all below them.
processes()
{
	ps -e -o pid= -o ppid= -o args= | awk -v root="$root" '
		{ parent[$1] = $2; line[$1] = $0 }
		END {
			for (p in parent) {
				q = p
				while (q > 1 && index(line[q], root) == 0)
					q = parent[q]
				if (q > 1 && line[p] !~ /pf-local|awk|ps -e/)
					print p
			}
		}'
}

# Engines and their helpers are most of them; every second time it is one of
# our own, or of sshd's.
victim()
{
	if [ $((n % 2)) = 0 ]; then
		for p in $(processes); do
			case $(cat "/proc/$p/comm" 2>/dev/null) in
			pandafuzz* | sshd* | sftp*) echo "$p" ;;
			esac
		done | shuf -n 1
	else
		processes | shuf -n 1
	fi
}

sh "$top/tests/targets/build.sh" "$targets" chunks >/dev/null || fail "targets"
"$B/bin/pf-local" up "$root" --bots 2 --slots 1 >/dev/null || fail "up"
pfadm build add "$targets/chunks" --project chunks >/dev/null || fail "build"
pfadm job create chunks/chunks_fuzzer >/dev/null || fail "job"
sleep 3

n=0
while [ "$n" -lt "$kills" ]; do
	pid=$(victim)
	what=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-60)
	kill -9 "$pid" 2>/dev/null && n=$((n + 1))
	echo "kill $n: $pid $what"
	sleep "0.$(shuf -i 1-9 -n 1)"
	"$B/bin/pf-local" up "$root" >/dev/null || fail "up after kill $n"
	sleep "1.$(shuf -i 0-9 -n 1)"
done

# Quiet: no more work, everything sealed has come in.
job=$(pfadm job list --json | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/')
pfadm job cancel "$job" >/dev/null || fail "cancel"
i=0
while [ "$i" -lt 90 ]; do
	pfadm ledger check --json >"$targets/check" 2>/dev/null
	grep -q '"under_way":0,' "$targets/check" && break
	i=$((i + 1))
	sleep 1
done
pfadm ledger check || fail "the ledger does not balance"
grep -q '"under_way":0,' "$targets/check" || fail "something stays under way"
[ "$(pfadm crash list --json | grep -o '"bucket":' | wc -l)" -gt 0 ] ||
	fail "no crash was found"

# Each unit and input is what its name says.
bad=$(find "$root/corpus" -type f -path '*/[0-9a-f][0-9a-f]/*' |
    while read -r f; do
	[ "$(sha256sum <"$f" | cut -c1-64)" = "$(basename "$f")" ] || echo "$f"
    done)
[ -z "$bad" ] || fail "not what their names say: $bad"
echo "ok: $kills kills, nothing missing"

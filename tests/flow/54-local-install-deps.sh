#!/bin/bash
# Goal: tools/install-deps is silent and quick when all is there; else it
# installs as root, or by sudo without asking where nobody can answer, or
# prints the command; and no package that starts a daemon is ever installed.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh

said=$(tools/install-deps check 2>&1) || fail "not all is installed: $said"
[ -z "$said" ] || fail "not silent: $said"
began=$(date +%s%N)
tools/install-deps check
took=$((($(date +%s%N) - began) / 1000000))
[ $took -lt 300 ] || fail "took $took ms"

# A machine on which nothing is installed, and what would be done there.
mkdir "$work/bin"
for tool in awk cat dirname env sh; do
	ln -s "$(command -v $tool)" "$work/bin/$tool"
done
stub() { # NAME, body on standard input
	{ echo "#!/bin/sh"; cat; } >"$work/bin/$1" && chmod +x "$work/bin/$1"
}
stub dpkg-query <<<'exit 1'
stub apt-get <<<"echo apt-get \"\$@\" >>$work/log"
run() {
	rm -f "$work/log"
	PATH=$work/bin tools/install-deps check >"$work/out" 2>&1 </dev/null
}

stub id <<<'echo 0'
run || fail "as root: $(cat "$work/out")"
grep -q '^apt-get .*-y .*install --no-install-recommends .*clang' \
    "$work/log" || fail "as root: $(cat "$work/log")"
grep -qE ' (openssh-server|prometheus|slurm[a-z-]*)( |$)' "$work/log" &&
    fail "a daemon would be installed: $(cat "$work/log")"

stub id <<<'echo 1000'
run && fail "as a user without sudo it passed"
grep -q 'as root, run:' "$work/out" || fail "said: $(cat "$work/out")"
grep -q 'apt-get install -y .*clang' "$work/out" || fail "no command"
[ ! -e "$work/log" ] || fail "ran apt-get as a user"

stub sudo <<<'echo sudo "$1" >&2; shift; exec "$@"'
run || fail "with sudo: $(cat "$work/out")"
grep -q '^sudo -n$' "$work/out" || fail "sudo may have asked"
grep -q 'install' "$work/log" || fail "sudo was not used"
exit 0

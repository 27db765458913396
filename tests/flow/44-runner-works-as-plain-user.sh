#!/bin/bash
# Goal: what the runner does as root it does as a plain user as well: the
# flows of its sessions and the tests of its cage, run as nobody.
AS_NOBODY=1
. "$(dirname "$0")/lib-runner.sh"

[ "$(id -u)" = 0 ] || exit 0	# then all other flows have shown it
here=$(dirname "$0")
for flow in 40 41 42 47; do
	AS_NOBODY=1 B=$B TMPDIR=/tmp bash "$here"/$flow-runner-*.sh ||
	    fail "flow $flow as nobody"
done
cage=$B/tests/unit/botd/cage/cage_test
if [ -x "$cage" ]; then
	cp "$cage" "$work/cage_test"
	cd /tmp && setpriv --reuid=65534 --regid=65534 --clear-groups \
	    "$work/cage_test" >"$work/log" 2>&1 || fail "the cage as nobody"
fi
exit 0

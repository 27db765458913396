#!/bin/bash
# Goal: 420 days of two bots, made by the functions that make rows in life,
# stay within their share of the gibibyte of a hundred bots; every rule of
# retention has something to take; references, views and ledger hold.
# timeout: 240
set -u
cd "$(dirname "$0")/../.." || exit 1
B=$(realpath -m "${B:-build}")
export B

said=$("$B/tests/bench/year" -b 2 -d 420) || exit 1
echo "$said"
for figure in year.size year.ledger-check; do
	grep "\"$figure\"" <<<"$said" | grep -q '"met":true' || {
		echo "FAIL: $figure misses its bar"
		exit 1
	}
done

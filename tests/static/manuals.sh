#!/bin/sh
# Goal: every manual page passes mandoc's lint; only that other pages are not
# installed on this machine is no fault of one.
set -u
cd "$(dirname "$0")/../.." || exit 1

command -v mandoc >/dev/null || { echo "no mandoc"; exit 77; }
pages=$(find botd lib masterd spool tools packaging -name '*.[1-8]' 2>/dev/null)
[ -n "$pages" ] || { echo "FAIL: no manual page"; exit 1; }
faults=$(mandoc -Tlint -Wstyle $pages |
	grep -v 'STYLE: referenced manual not found')
[ -z "$faults" ] && exit 0
echo "$faults"
exit 1

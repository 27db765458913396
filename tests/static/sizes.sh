#!/bin/bash
# Goal: files stay at 600 lines, functions at 100 (STYLE 21), and functions
# are short on the whole: the median is at most 20 lines.
set -u
cd "$(dirname "$0")/../.." || exit 1

files() {
	find lib spool masterd botd tools tests -name '*.[ch]' | sort
}

long=$(files | xargs wc -l | awk '$2 != "total" && $1 > 600 {
	print $2 ": " $1 " lines" }')

# KNF: a function's name starts a line, its body is between "{" and "}" that
# stand alone in the first column.
functions() {
	xargs awk '
		FNR == 1 { start = 0 }
		/^[a-z_A-Z0-9]+\(/ { name = $0; sub(/\(.*/, "", name) }
		/^\{/ { start = FNR }
		/^\}$/ && start {
			print FNR - start + 1, FILENAME ":" start ": " name
			start = 0
		}'
}
# One switch over messages may be longer, if its file says why.
tall=$(files | grep -v '^tests/' | functions | awk '$1 > 100')
median=$(files | grep -v '^tests/' | functions | sort -n |
    awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }')
echo "median function: $median lines"
[ -z "$long" ] || echo "$long"
[ -z "$tall" ] || echo "$tall"
[ -z "$long$tall" ] && [ "$median" -le 20 ]

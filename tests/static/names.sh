#!/bin/bash
# Goal: habits of the tree that a grep can keep: what is listed in the
# Makefile is there and what is there is listed; scripts can be run and open
# with their goal; no typedefs but for functions; no marks of unfinished work.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0

complain() {
	echo "$*"
	bad=1
}

# Every .c file is in the Makefile, or its folder builds it itself.
while read -r file; do
	case $file in tests/targets/* | tests/unit/lib/triage/bugs.c) continue ;; esac
	grep -q "^[[:space:]]*$file\\( \\\\\\)\\{0,1\\}\$" Makefile ||
	    complain "$file: not in the Makefile"
done < <(find lib spool masterd botd tools tests -name '*.c' | sort)
while read -r file; do
	[ -f "$file" ] || complain "$file: in the Makefile, not there"
done < <(sed -n 's/^\t\([a-z0-9_/-]*\.c\)\( \\\)\{0,1\}$/\1/p' Makefile)

for script in tests/flow/*.sh tests/fault/*.sh tests/static/*.sh; do
	[ -f "$script" ] || continue
	case $script in */lib-*.sh | */lib.sh) continue ;; esac
	[ -x "$script" ] || complain "$script: not executable"
	head -n 3 "$script" | grep -qi '^# goal' ||
	    complain "$script: does not open with its goal"
done

grep -rnE '^typedef' --include='*.[ch]' lib spool masterd botd tools |
    grep -v '_fn(' && complain "typedefs are for function types, named _fn"
grep -rnwE '(TODO|FIXME|XXX|HACK)' --include='*.[ch]' --include='*.sh' \
    lib spool masterd botd tools tests | grep -v '^tests/static/names.sh' &&
    complain "unfinished"
grep -rnE '[[:space:]]+$' --include='*.[ch]' --include='*.sh' \
    lib spool masterd botd tools tests | grep -v 'reports/' &&
    complain "blanks at the end of a line"
exit $bad

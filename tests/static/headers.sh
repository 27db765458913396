#!/bin/bash
# Goal: each header compiles alone and twice.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0
flags="-std=c11 -Wall -Wextra -Werror -I. -D_GNU_SOURCE -fsyntax-only"
for header in $(find lib spool masterd botd tools tests -name '*.h' | sort); do
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
	    ${CC:-cc} $flags -x c - || { echo "$header: not alone"; bad=1; }
done
exit $bad

#!/bin/bash
# Goal: every event of the log, with its level and fields, and every event and
# change of the tables is in the manual of its daemon, and the manuals name no
# other; no call uses a key that is not in the list of lib/base/log.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0
list=$(mktemp -d) || exit 1
trap 'rm -rf "$list"' EXIT

facts() { # FOLDER: views only show events
	find "$1" -name '*.c' ! -name 'views*' | sort |
	    xargs perl tests/static/lib-events.pl || echo "bad: no perl"
}

# "NAME LEVEL,... KEY,...", sorted and merged.
merge() {
	awk '{
		n = split($2, l, "|")
		for (i = 1; i <= n; i++) levels[$1] = levels[$1] " " l[i]
		n = split($3, k, ",")
		for (i = 1; i <= n; i++) keys[$1] = keys[$1] " " k[i]
		names[$1] = 1
	}
	function once(words,   w, n, i, j, t, out) {
		n = split(words, w, " ")
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && w[j - 1] > w[j]; j--) {
				t = w[j]; w[j] = w[j - 1]; w[j - 1] = t
			}
		for (i = 1; i <= n; i++)
			if (i == 1 || w[i] != w[i - 1])
				out = out "," w[i]
		return substr(out, 2)
	}
	END {
		for (n in names)
			print n, once(levels[n]), once(keys[n])
	}' | sort
}

section() { # PAGE TITLE: its items
	awk -v title=".Sh $2" '$0 == title { on = 1; next }
		/^\.Sh/ { on = 0 } on && /^\.It Ic/' "$1"
}

compare() { # WHAT SOURCES PAGE
	diff "$2" "$3" >"$list/diff" && return
	echo "$1: the sources (<) and the manual (>) differ"
	cat "$list/diff"
	bad=1
}

daemon() { # FOLDER PAGE
	facts "$1" >"$list/facts"
	if grep '^bad' "$list/facts"; then
		bad=1
	fi
	sed -n 's/^log //p' "$list/facts" | merge >"$list/logged"
	[ -s "$list/logged" ] || { echo "$1 logs nothing"; bad=1; }
	section "$2" "EVENTS OF THE LOG" |
	    sed 's/^\.It Ic \([^ ]*\) No \([^:]*\): */\1 \2|/
		s/ or /;/g' |
	    awk -F'|' '{ split($1, a, " "); gsub(";", "|", a[2])
		gsub(" ", ",", $2); print a[1], a[2], $2 }' |
	    merge >"$list/manual"
	compare "events of the log of $1" "$list/logged" "$list/manual"
}

daemon masterd masterd/pandafuzz-masterd.8
sed -n 's/^noted //p' "$list/facts" | sort -u >"$list/noted"
section masterd/pandafuzz-masterd.8 "EVENTS AND CHANGES" |
    sed 's/^\.It Ic //' | sort -u >"$list/manual"
compare "events and changes" "$list/noted" "$list/manual"
daemon botd botd/pandafuzz-botd.8

# Keys.
sed -n '/log_keys\[\] = {/,/^};/s/"\([a-z0-9_]*\)"/\n\1\n/gp' \
    lib/base/log.c | grep -E '^[a-z0-9_]+$' | sort -u >"$list/keys"
grep -rhoE 'LOG_[TN]\("[a-z0-9_]*"' --include='*.c' masterd botd tools |
    sed 's/.*"\(.*\)"/\1/' | sort -u >"$list/used"
if comm -13 "$list/keys" "$list/used" | grep .; then
	echo "^ keys that lib/base/log.c does not list"
	bad=1
fi
if comm -23 "$list/keys" "$list/used" | grep .; then
	echo "^ keys that nobody uses"
	bad=1
fi
exit $bad

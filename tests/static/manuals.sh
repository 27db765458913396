#!/bin/sh
# Goal: every manual page passes mandoc's lint (only that other pages are not
# installed on this machine is no fault of one), is installed, and has the
# options of its program: all of them and no others.  pfadm's are compared by a
# test of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1

command -v mandoc >/dev/null || { echo "no mandoc"; exit 77; }
pages=$(find botd lib masterd spool tools packaging -name '*.[1-8]' 2>/dev/null)
[ -n "$pages" ] || { echo "FAIL: no manual page"; exit 1; }
faults=$(mandoc -Tlint -Wstyle $pages |
	grep -v 'STYLE: referenced manual not found')
[ -z "$faults" ] || { echo "$faults"; exit 1; }

failed=0
for page in $pages; do
	grep -qF "	$page" Makefile && continue
	echo "FAIL: MANUALS in the Makefile lacks $page"
	failed=1
done

# ---- options: ".Fl -name", and ".Fl -one , -other" ---------------------------
in_page() { # PAGE
	grep '\(^\.\| \)Fl ' "$1" | grep -o ' -[a-z][a-z-]*' | sed 's/^ -//' |
		grep -v '^$' | sort -u
}

in_program() { # SOURCE...: rows of getopt_long(3)'s table, and of pf-spool's
	sed -n -e 's/^.*{ *"\([a-z-]*\)",[[:space:]]*\(no\|required\)_arg.*/\1/p' \
	    -e '/rules\[\] = {/,/^};/s/^	{ "\([a-z-]*\)".*/\1/p' "$@" | sort -u
}

same() { # PAGE SOURCE...
	page=$1
	shift
	options=$(in_program "$@")
	[ -n "$options" ] || { echo "FAIL: no options in $*"; failed=1; }
	for option in $options; do
		in_page "$page" | grep -qx -- "$option" && continue
		echo "FAIL: $page lacks --$option"
		failed=1
	done
	for option in $(in_page "$page"); do
		case $option in
		help | version) continue ;;
		esac
		echo "$options" | grep -qx -- "$option" && continue
		grep -q -- "\"--$option\"" "$@" && continue
		echo "FAIL: --$option of $page is none of its program's"
		failed=1
	done
}

same tools/pf-account/pf-account.8 tools/pf-account/main.c
same tools/pf-local/pf-local.1 tools/pf-local/main.c
same tools/pf-report/pf-report.1 tools/pf-report/main.c
same tools/pf-spool/pf-spool.1 tools/pf-spool/main.c tools/pf-spool/seal.c \
    tools/pf-spool/show.c
same tools/pf-triage/pf-triage.1 tools/pf-triage/main.c
exit $failed

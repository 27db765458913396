#!/bin/bash
# Goal: each folder includes only what the table of DESIGN 9 allows, and each
# foreign library has one door (DESIGN 10).
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0

complain() {
	echo "$*"
	bad=1
}

sources() { # FOLDER: its C files and headers, folders below it too
	[ -d "$1" ] && find "$1" -name '*.[ch]' | sort
}

# allow FOLDER PREFIX...: what the files of FOLDER may include of ours.
allow() {
	local folder=$1 file line path prefix ok
	shift
	while read -r file; do
		while IFS=: read -r line path; do
			ok=0
			for prefix; do
				case $path in "$prefix"*) ok=1 ;; esac
			done
			[ $ok = 1 ] || complain \
			    "$file:$line: $folder may not include \"$path\""
		done < <(grep -n '^[[:space:]]*#[[:space:]]*include "' "$file" |
		    sed 's/^\([0-9]*\):[^"]*"\([^"]*\)".*/\1:\2/')
	done < <(sources "$folder")
}

allow lib/base		lib/base/
allow lib/archive	lib/base/ lib/archive/
allow lib/wire		lib/base/ lib/wire/
allow lib/triage	lib/base/ lib/triage/
allow spool		lib/base/ spool/
allow masterd/store	lib/ masterd/store/
allow masterd/plan	lib/ masterd/plan/
allow masterd/db	lib/ masterd/db/
allow masterd/intake	lib/ spool/ masterd/intake/ masterd/store/ \
			masterd/db/ masterd/plan/
allow masterd/publish	lib/ spool/ masterd/publish/ masterd/store/ \
			masterd/db/ masterd/plan/
allow masterd/accounts	lib/ spool/ masterd/accounts/ masterd/db/
allow masterd/admin	lib/ spool/ masterd/admin/ masterd/db/ \
			masterd/plan/ masterd/store/
allow masterd/hooks	lib/ masterd/hooks/ masterd/db/
allow botd/engine	lib/ botd/engine/
allow botd/cage		lib/ botd/cage/
allow botd/courier	lib/ spool/ botd/courier/
allow botd/runner	lib/ spool/ botd/runner/ botd/engine/ botd/cage/
for tool in tools/*/; do
	allow "${tool%/}" lib/ spool/ tools/
done
# The files of a daemon's own folder wire it together: all of their own
# program, nothing of the other.
for daemon in masterd botd; do
	while read -r file; do
		grep -n '^[[:space:]]*#[[:space:]]*include "' "$file" |
		    grep -v "\"\(lib\|spool\|$daemon\)/" |
		    while read -r line; do
			echo "$file:$line"
		    done
	done < <(find $daemon -maxdepth 1 -name '*.[ch]') | grep . && bad=1
done

# Every folder that has code is in the table above.
known="lib/base lib/archive lib/wire lib/triage spool masterd botd tools"
known="$known masterd/store masterd/plan masterd/db masterd/intake"
known="$known masterd/publish masterd/accounts masterd/admin masterd/hooks botd/engine botd/cage"
known="$known botd/courier botd/runner tests"
while read -r folder; do
	case " $known " in *" $folder "*) continue ;; esac
	case $folder in tools/* | tests/*) continue ;; esac
	complain "$folder: a folder that the include table does not know"
done < <(find lib spool masterd botd tools -name '*.[ch]' -printf '%h\n' |
    sort -u)

# Relative includes would hide from the table.
grep -rn '^[[:space:]]*#[[:space:]]*include "\.' --include='*.[ch]' \
    lib spool masterd botd tools tests && bad=1

# door HEADER FILE...: only these files and folders (ending in /) include it.
door() {
	local header=$1 file place ok
	shift
	while IFS=: read -r file line _; do
		ok=0
		for place; do
			case $file in "$place"*) ok=1 ;; esac
		done
		[ $ok = 1 ] || complain \
		    "$file:$line: <$header> is behind the door $*"
	done < <(grep -rn "^[[:space:]]*#[[:space:]]*include <$header" \
	    --include='*.[ch]' lib spool masterd botd tools)
}

door 'sqlite3'			masterd/db/
door 'libssh2'			botd/courier/link_sftp
door 'jsmn'			lib/base/json
door 'zlib'			lib/wire/
door 'openssl/'			lib/base/digest.c lib/base/sshkey.c
door 'systemd/'			lib/base/loop.c lib/base/log_journal.c
door 'microhttpd'		masterd/admin/
door 'curl/'			tools/pfadm/
door 'libsmartcols/'		tools/pfadm/
door 'yaml'			lib/base/config
door 'archive'			lib/archive/
door 'seccomp'			botd/cage/ masterd/intake/
door 'linux/landlock'		botd/cage/ masterd/intake/ lib/base/

# Deciders are pure (STYLE 12): no clock, file or database.
grep -nE '"(lib/base/(clock|fs|log|loop|random|spawn)|masterd/(db|store))' \
    masterd/plan/*.[ch] 2>/dev/null && complain "masterd/plan is pure"
grep -nE '"lib/base/(clock|fs|log|loop|random|spawn)' lib/triage/*.[ch] &&
    complain "lib/triage is pure"

exit $bad

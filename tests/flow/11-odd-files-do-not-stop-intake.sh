#!/bin/bash
# Goal: what cannot be a bundle leaves a reason and goes, whatever it is, and
# the rest flows on (PROTOCOL 13, 17).  Mode 000 stops nobody who is root, so
# root runs this master as nobody.
. "$(dirname "$0")/lib-master.sh"

account local
if [ "$(id -u)" = 0 ]; then
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	chown -R 65534:65534 "$root"
	chmod 711 "$work"
fi
new=$(incoming)/new

# A reason in rejected/ that holds both texts.
reason_for() { # NAME TEXT
	grep -l "'$1'" "$root"/rejected/local/*.reason 2>/dev/null |
		xargs -r grep -lq "$2"
}

gone() {
	[ ! -e "$new/$1" ] && [ ! -L "$new/$1" ]
}

put_odd() { # N: one of each
	local n=$1 new=$(incoming)/tmp
	mkfifo "$new/$(name_of ${n}1)"
	ln -s /etc/passwd "$new/$(name_of ${n}2)"
	mkdir "$new/$(name_of ${n}3)"
	echo in >"$new/$(name_of ${n}3)/file"
	echo secret >"$new/$(name_of ${n}4)"
	chmod 000 "$new/$(name_of ${n}4)"
	ln -s nowhere "$new/$(name_of ${n}5)"
	: >"$new/no-bundle-$n"
	: >"$new/b1-5f3c9a01d2e4b677-0-b.pfb$n"
	printf x >"$new/$(printf 'line\nbreak\033[31m-%d' "$n")"
	mkdir "$new/folder-$n"
	[ "$(id -u)" != 0 ] || chown -hR 65534:65534 "$new"
	mv "$new"/* "$(incoming)/new"
}

all_odd_gone() { # N
	local name
	for name in "$(name_of ${1}1)" "$(name_of ${1}2)" "$(name_of ${1}3)" \
	    "$(name_of ${1}4)" "$(name_of ${1}5)" "no-bundle-$1" "folder-$1" \
	    "b1-5f3c9a01d2e4b677-0-b.pfb$1"; do
		gone "$name" || return 1
	done
}

odd_explained() { # N
	check "a FIFO has its reason" reason_for "$(name_of ${1}1)" \
	    "not a regular file"
	check "a symbolic link has its reason" reason_for "$(name_of ${1}2)" \
	    "not a regular file"
	check "a folder has its reason" reason_for "$(name_of ${1}3)" \
	    "not a regular file"
	check "a file of mode 000 has its reason" reason_for "$(name_of ${1}4)" \
	    "Permission denied"
	check "a dangling link has its reason" reason_for "$(name_of ${1}5)" \
	    "not a regular file"
	check "a name that is no bundle's has its reason" reason_for \
	    "no-bundle-$1" "not that of a bundle"
	check "control characters are made visible" grep -qF \
	    "line\\x0abreak\\x1b[31m-$1" "$root"/rejected/local/*.reason
	check "a folder is kept, not walked" test -n \
	    "$(find "$root/rejected/local" -name file)"
}

put_odd 10
good=$(seal corpus 1 --target png/read --unit "$(unit one)")
push "$good"
start_master
wait_empty
check "they are gone at the start" all_odd_gone 10
odd_explained 10
is "the good one among them is ingested" ingested "$(outcome 1)"

put_odd 20
push "$(seal crash 2 --target png/read --crash "$(unit two)")"
wait_empty
check "they are gone while it runs" all_odd_gone 20
odd_explained 20
is "and the good one is ingested" ingested "$(outcome 2)"
is "none of them has a row" 2 "$(sql "SELECT count(*) FROM ledger")"
is "/etc/passwd is not in rejected/" "" \
    "$(grep -rl root: "$root/rejected" "$root/held")"

# A socket, as only somebody on this machine can make one.
"$B/tests/fault/craft" socket "$new" "$(name_of 30)" || fail "no socket"
wait_empty
check "a socket has its reason" reason_for "$(name_of 30)" "not a regular file"

# Debris of a kill under the names of the store is replaced, not trusted.
hash=$(sum "$(unit three)")
mkdir -p "$root/corpus/lost+found/read/${hash:0:2}"
echo wrong >"$root/corpus/lost+found/read/${hash:0:2}/$hash"
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$root/corpus"
push "$(seal corpus 3 --target png/read --unit "$work/unit-three")"
wait_empty
check "a name without a row is replaced" cmp "$work/unit-three" \
    "$root/corpus/lost+found/read/${hash:0:2}/$hash"

# The folder itself is moved away and made anew.
mv "$new" "$(incoming)/old"
mkdir "$new"
[ "$(id -u)" != 0 ] || chown 65534:65534 "$new"
push "$(seal corpus 4 --target png/read --unit "$(unit four)")"
wait_empty
is "a folder that was replaced is found again" ingested "$(outcome 4)"
[ "$(ls "$(incoming)/old" | wc -l)" = 0 ] || fail "old/ was not emptied"
store_sound
stop_master || fail "the master ends with $?"

#!/bin/bash
# Goal: a reader's key gets corpora, crashes and buckets of its projects by
# rsync and nothing else: no other project, no writing, no other program, no
# way out by '..', links or patterns.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh
. tests/flow/lib-accounts.sh

command -v rsync >/dev/null || { echo "no rsync here"; exit 77; }
listen_up --bots 0
for project in png zlib; do
	mkdir -p "$ROOT/corpus/$project/read/aa" "$ROOT/crashes/$project/read/c" \
	    "$ROOT/buckets/$project/1"
	echo "unit of $project" >"$ROOT/corpus/$project/read/aa/unit"
	echo "crash of $project" >"$ROOT/crashes/$project/read/c/input"
	ln -s ../../../crashes/$project/read/c "$ROOT/buckets/$project/1/c"
	ln -s /etc/passwd "$ROOT/corpus/$project/read/passwd"
	ln -s ../../zlib "$ROOT/corpus/$project/read/neighbour"
done
ssh-keygen -q -t ed25519 -N '' -f "$work/reader"
api POST accounts "{\"name\":\"lab\",\"kind\":\"reader\",\"projects\":[\"png\"],
    \"key\":\"$(cat "$work/reader.pub")\"}" >/dev/null ||
    fail "add: $(cat "$work/answer")"

fetch() { # FROM TO [OPTION...]
	local from=$1 to=$2
	shift 2
	rsync -a "$@" -e "ssh $(echo $options) -i $work/reader -p $port" \
	    "$me@$host:$from" "$to" >"$work/out" 2>&1
}

fetch corpus/png/ "$work/png" || fail "fetch: $(cat "$work/out")"
[ "$(cat "$work/png/read/aa/unit")" = "unit of png" ] || fail "no unit"
fetch buckets/png "$work/b" --copy-links || fail "buckets: $(cat "$work/out")"
[ "$(cat "$work/b/png/1/c/input")" = "crash of png" ] || fail "no bucket"
fetch corpus/png/ "$work/links" --copy-links
[ ! -s "$work/links/read/passwd" ] ||
    grep -q root: "$work/links/read/passwd" && ! grep -q ":/:/bin/sh" \
	"$work/links/read/passwd" && fail "a file of the machine"
[ ! -e "$work/links/read/neighbour/read/aa/unit" ] || fail "a neighbour"

while read -r path; do
	fetch "$path" "$work/stolen" && fail "was allowed: $path"
	[ ! -e "$work/stolen" ] || fail "came: $path"
done <<TEXT
corpus/zlib/
corpus/
corpus/png/../zlib/
data/pandafuzz.db
/etc/passwd
../local/keys/host_ed25519
corpus/p*/
builds/
TEXT
grep -q 'only corpus/' "$work/out" || fail "said: $(cat "$work/out")"
rsync -a -e "ssh $(echo $options) -i $work/reader -p $port" "$work/hosts" \
    "$me@$host:corpus/png/" >"$work/out" 2>&1 && fail "was written to"
grep -q 'does nothing else' "$work/out" || fail "said: $(cat "$work/out")"
[ ! -e "$ROOT/corpus/png/hosts" ] || fail "written"
while read -r command; do
	ssh $options -i "$work/reader" -p "$port" "$me@$host" "$command" \
	    </dev/null >"$work/out" 2>&1
	grep -q leaked "$work/out" && fail "ran: $command"
done <<'TEXT'
echo leaked
rsync --server --sender -logDtpr . corpus/png/; echo leaked
rsync --server --daemon .
rsync --server --sender -e.L --rsh=sh . corpus/png/
TEXT
echo ls | talk "$work/reader" >/dev/null && fail "sftp for a reader"
exit 0

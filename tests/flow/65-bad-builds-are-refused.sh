#!/bin/bash
# Goal: each bad build is refused with a sentence and exit 1, as a folder or as
# an archive, leaves nothing behind at either side, and the master lives.
. "$(dirname "$0")/lib-master.sh"

mkdir "$work/tmp"
export TMPDIR=$work/tmp

refused() { # SENTENCE FILE [OPTION...]
	local sentence=$1 got
	shift
	pfadm --root "$root" build add "$@" --project png </dev/null \
	    >"$work/out" 2>"$work/err"
	got=$?
	is "$1: exit" 1 $got
	grep -qF -- "$sentence" "$work/err" ||
		fail "no '$sentence' in: $(cat "$work/err")"
	is "one sentence" 1 "$(grep -c '^pfadm: ' "$work/err")"
	is "nothing is left of it" "" "$(ls -A "$work/tmp")"
	ok "$(sed -n 's/^pfadm: //p' "$work/err")"
}

# A tar of one file whose name is changed on its way in: NAME FILE.tar
tar_as() {
	tar -b1 -P -cf "$2" -C "$work" --transform="s,^read\$,$1," read
}

cat >"$work/read.c" <<'C'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{ return d[0] + n == 0; }
C
clang -g -fsanitize=fuzzer "$work/read.c" -o "$work/read" || fail "no clang"
cd "$work" || exit 1
start_master

# Names.
tar_as ../read dotdot.tar
refused "leads out of it" dotdot.tar
tar_as a/../../read dotdot-deep.tar
refused "leads out of it" dotdot-deep.tar
tar_as /tmp/read absolute.tar
refused "holds the absolute name '/tmp/read'" absolute.tar
tar -b1 -cf twice.tar read read
refused "names 'read' twice" twice.tar
printf x >"$(printf 'a\nb')"
tar -b1 -cf newline.tar "$(printf 'a\nb')"
refused "no name that a file of a build may have" newline.tar

# Links.
ln -s ../../etc/passwd up
tar -b1 -cf link-up.tar up
refused "'up' is a link that leaves the archive" link-up.tar
zip -qy link-up.zip up
refused "'up' is a link that leaves the archive" link-up.zip
ln -s /etc/passwd absolute
tar -b1 -cf link-absolute.tar absolute
refused "is a link that leaves the archive" link-absolute.tar
mkdir -p sly/a/b sly/c
echo x >sly/c/x
ln -s ../../c sly/a/b/deep
ln -s deep/../../read sly/a/b/out
tar -b1 -cf link-sly.tar -C sly .
refused "is a link that leaves the build folder" link-sly.tar
refused "is a link that leaves the build folder" sly
mkdir loop
ln -s . loop/again
refused "is a link to a folder that holds it" loop
ln -s nothing dangling
tar -b1 -cf link-dangling.tar read dangling
refused "'dangling' is a link to nothing" link-dangling.tar
ln read hard
tar -b1 -cf hard.tar read hard
tar -b1 --delete -f hard.tar read
refused "which is no file before it" hard.tar

# What is no file.
mkfifo fifo
tar -b1 -cf fifo.tar fifo
refused "'fifo' in the archive is a FIFO" fifo.tar
if mknod null c 1 3 2>/dev/null; then
	tar -b1 -cf device.tar null
	refused "'null' in the archive is a device" device.tar
else
	cp "$OLDPWD/tests/fuzz/seeds/archive/device.tar" device.tar
	refused "in the archive is a device" device.tar
fi
refused "'fifo' is no folder and no archive" fifo
zip -qX -P secret encrypted.zip read
refused "'read' in the archive is encrypted" encrypted.zip

# Too much of it.
truncate -s 2200M zeros
tar -cf - zeros | gzip -1 >bomb.tar.gz
ok "a bomb of $(stat -c %s bomb.tar.gz) bytes"
refused "over 2.0 GiB, the most a file may have" bomb.tar.gz
tar -czSf bomb-sparse.tar.gz zeros
refused "over 2.0 GiB, the most a file may have" bomb-sparse.tar.gz
mkdir zeros.d
mv zeros zeros.d/
refused "'zeros' has 2.1 GiB, limit is 2.0 GiB" zeros.d
mkdir many
(cd many && seq 100000 | xargs touch)
tar -czf many.tar.gz many
refused "over 20000 files, the most a build may have" many.tar.gz
refused "over 20000 files, the most a build may have" many
rm -rf many zeros.d

# What is no archive, or none that we read.
: >empty.tar
refused "it is no zip, tar or tar.gz archive" empty.tar
cp read program.zip
refused "it is no zip, tar or tar.gz archive" program.zip
tar -cJf xz.tar.xz read 2>/dev/null &&
	refused "it is no zip, tar or tar.gz archive" xz.tar.xz
gzip -c many.tar.gz >twice.gz
refused "packed more than once" twice.gz
head -c 200000 many.tar.gz >cut.tar.gz
refused "the archive is damaged" cut.tar.gz
tar -cf cut.tar read && truncate -s 20000 cut.tar
refused "the archive is damaged" cut.tar
zip -q cut.zip read && truncate -s 20000 cut.zip
refused "archive" cut.zip

# No target, and why.
mkdir none
cp /bin/true none/tool
echo x >none/x
chmod -x none/x
refused "no fuzz target in this build: 'tool' has no LLVMFuzzerTestOneInput; 1 file is not executable" none
cp read none/read && chmod 644 none/read
refused "'read' is not executable" none
tar -cf none.tar none
refused "no fuzz target in this build" none.tar
mkdir empty
refused "there is no file" empty
tar -cf folder.tar empty
refused "there is no file in the archive" folder.tar

# Nobody believes pfadm: the master asks for itself.
is "a manifest with '..' is refused" 400 "$(api builds/missing -o /dev/null \
    -w '%{http_code}' --data-binary "$(printf '%064d 0755 1 ../x\n' 0)
")"
is "and one of 20,001 files" 400 "$(seq -f "$(printf '%064d' 0) 0755 1 %08g" \
    20001 | api builds/missing -o "$work/out" -w '%{http_code}' \
    --data-binary @-)"
grep -q "20000 files" "$work/out" || fail "$(cat "$work/out")"
is "the master has no build" '{"api":1,"items":[],"next":null}' \
    "$(api builds)"
cp read good && mkdir good.d && mv good good.d/
pfadm --root "$root" build add good.d --project png >/dev/null ||
	fail "a good one is not taken"
rm -f "$work"/*.tar* "$work"/*.gz
stop_master || fail "the master's exit code"
ok "bad builds are refused"

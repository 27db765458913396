#!/bin/sh
# Builds fuzz targets in OSS-Fuzz layout: OUTDIR/PROJECT/TARGET with its
# .dict, .options and _seed_corpus.zip beside it.  The same sources and the
# same compiler give the same files.
#
#	build.sh OUTDIR [PROJECT...]	default: jsmn chunks
#
# jsmn		Debian's JSON parser: three modes, no known bugs
# chunks	our image parser, with the bugs of planted.txt
# crashstart	targets that crash before they fuzz: a bad build
# oddstart	targets that a check of their build has to name: each says by its
#		name what is wrong with it
# escape	a target that tries to leave its cage and says what it managed,
#		and OUTDIR/bin/escape, the same without libFuzzer
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# -ge 1 ] || {
	echo "usage: build.sh OUTDIR [PROJECT...]" >&2
	exit 2
}
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- jsmn chunks
cc=$(command -v clang || command -v clang-14) || {
	echo "build.sh: no clang; apt-get install clang" >&2
	exit 1
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
umask 022

# Frames stay in the stack: no frame pointer and no call is optimised away.
flags="-std=c11 -D_GNU_SOURCE -g -O1 -fno-omit-frame-pointer \
	-fno-optimize-sibling-calls -ffile-prefix-map=$root=/src \
	-ffile-compilation-dir=/src -I$root"
sanitize="address,undefined -fno-sanitize-recover=undefined"

compile()		# object, source, flags...
{
	object=$1
	source=$2
	shift 2
	# shellcheck disable=SC2086
	"$cc" $flags -fsanitize=fuzzer-no-link,$sanitize "$@" \
	    -c -o "$tmp/$object" "$here/$source"
}

link()			# program, objects...
{
	program=$1
	shift
	# shellcheck disable=SC2086
	(cd "$tmp" && "$cc" -fsanitize=fuzzer,$sanitize -o "$program.new" "$@")
	mv "$program.new" "$program"
}

side_files()		# project, target
{
	cp "$here/$2.dict" "$here/$2.options" "$out/$1/"
	[ -d "$tmp/$2" ] || return 0
	# One time for all: a zip holds times, and these are no news.
	find "$tmp/$2" -exec touch -d 2020-01-01T00:00:00Z {} +
	rm -f "$out/$1/$2_seed_corpus.zip"
	(cd "$tmp/$2" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort |
	    TZ=UTC zip -q -X -9 "$out/$1/$2_seed_corpus.zip" -@)
}

build_jsmn()
{
	compile loose.o jsmn_mode.c -DMODE=loose
	compile strict.o jsmn_mode.c -DMODE=strict -DJSMN_STRICT
	compile linked.o jsmn_mode.c -DMODE=linked -DJSMN_PARENT_LINKS
	compile jsmn.o jsmn_fuzzer.c
	link "$out/jsmn/jsmn_fuzzer" jsmn.o loose.o strict.o linked.o
	mkdir "$tmp/jsmn_fuzzer"
	cp "$here"/jsmn_seeds/* "$tmp/jsmn_fuzzer/"
	side_files jsmn jsmn_fuzzer
}

build_chunks()
{
	compile chunks.o chunks.c
	compile fuzzer.o chunks_fuzzer.c
	link "$out/chunks/chunks_fuzzer" fuzzer.o chunks.o
	mkdir "$tmp/chunks_fuzzer"
	"$cc" -std=c11 -o "$tmp/chunks_seeds" "$here/chunks_seeds.c"
	"$tmp/chunks_seeds" "$tmp/chunks_fuzzer"
	side_files chunks chunks_fuzzer
}

build_crashstart()
{
	compile init.o crash_at_start.c -DCRASH_IN_INITIALIZE
	compile empty.o crash_at_start.c
	link "$out/crashstart/initialize_fuzzer" init.o
	link "$out/crashstart/empty_fuzzer" empty.o
}

odd()			# name, then flags of compile
{
	name=$1
	shift
	compile "$name.o" odd_start.c "$@"
	link "$out/oddstart/${name}_fuzzer" "$name.o"
}

odd_library()		# name, soname, flags of the library's link
{
	name=$1
	soname=$2
	shift 2
	"$cc" -shared -fPIC -nostdlib -Wl,-soname,"$soname" "$@" \
	    -o "$tmp/lib$name.so" "$here/odd_library.c"
	compile "$name.o" odd_start.c -DODD_LIBRARY
	link "$out/oddstart/${name}_fuzzer" "$name.o" "$tmp/lib$name.so"
}

build_oddstart()
{
	odd exits -DODD_EXIT
	odd hangs -DODD_HANG
	odd illegal -DODD_ILL
	odd traps -DODD_TRAP
	odd sound
	# No library of that name; the right name without that version.
	odd_library missing libpf-odd.so.1
	printf 'GLIBC_2.99 { global: odd_start_of; };\n' >"$tmp/odd.map"
	odd_library future libdl.so.2 -Wl,--version-script="$tmp/odd.map"
	link "$out/oddstart/loaderless_fuzzer" sound.o \
	    -Wl,--dynamic-linker=/lib/ld-pf-odd.so.1
	# Nothing is instrumented, and no sanitizer is there.
	# shellcheck disable=SC2086
	"$cc" $flags -c -o "$tmp/plain.o" "$here/odd_start.c"
	"$cc" -fsanitize=fuzzer -o "$out/oddstart/plain_fuzzer" "$tmp/plain.o"
	# Built with coverage, and without the sanitizer it is said to have.
	# shellcheck disable=SC2086
	"$cc" $flags -fsanitize=fuzzer-no-link -c -o "$tmp/bare.o" \
	    "$here/odd_start.c"
	"$cc" -fsanitize=fuzzer -o "$out/oddstart/bare_fuzzer" "$tmp/bare.o"
	# The head of a program for another machine: 0xf3 is RISC-V's number.
	cp "$out/oddstart/sound_fuzzer" "$out/oddstart/foreign_fuzzer"
	printf '\363\000' | dd of="$out/oddstart/foreign_fuzzer" bs=1 seek=18 \
	    conv=notrunc 2>/dev/null
}

build_escape()
{
	compile escape.o escape.c
	link "$out/escape/escape_fuzzer" escape.o
	mkdir -p "$out/bin"
	"$cc" -std=c11 -D_GNU_SOURCE -g -O1 -Wall -DESCAPE_MAIN \
	    -o "$out/bin/escape" "$here/escape.c"
}

for project in "$@"; do
	case $project in
	jsmn | chunks | crashstart | oddstart | escape) ;;
	*)
		echo "build.sh: no project '$project'" >&2
		exit 2
		;;
	esac
	mkdir -p "$out/$project"
	"build_$project"
done

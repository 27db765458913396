#!/bin/sh
# Makes the fixtures in reports/ again from bugs.c.  They are committed: run
# this only to see what another compiler prints.  Addresses are those of one
# run without address space randomisation; pids and paths are made equal.
#
#	make-reports.sh [FOLDER]		default: reports/ beside it
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/reports}
cc=$(command -v clang || command -v clang-14)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$out" "$tmp/in"

build()			# name, flags...
{
	name=$1
	shift
	"$cc" -w -g -O0 -fno-omit-frame-pointer "-ffile-prefix-map=$here=/src" \
	    "$@" -o "$tmp/$name" "$here/bugs.c" -lpthread
}

# shellcheck disable=SC2015
report()		# fixture, program, arguments...
{
	fixture=$1
	program=$2
	shift 2
	(cd "$tmp/in" && setarch -R "$tmp/$program" "$@" </dev/null 2>&1 || :) |
	    sed -e "s,$tmp/in/,/in/,g" -e "s,$tmp/,/out/,g" \
	    -e "s,$here/,/src/,g" -e 's/^==[0-9][0-9]*==/==4242==/' \
	    -e 's/^\(INFO: Seed: \).*/\11/' -e 's/(pid=[0-9]*)/(pid=4242)/' \
	    -e 's/in [0-9]* ms$/in 1 ms/' -e 's/in [0-9]* ms:/in 1 ms:/' \
	    -e 's/used: [0-9]*Mb/used: 68Mb/' >"$out/$fixture.txt"
}

build asan -fsanitize=fuzzer,address
build ubsan -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
build plain -fsanitize=fuzzer
build recover -fsanitize=fuzzer,undefined
build msan -fsanitize=fuzzer,memory
build tsan -fsanitize=fuzzer,thread
build driver -DDRIVER -fsanitize=address

for bug in uaf hbo hbo40 sbo gbo dynstack scope dfree badfree negative overlap \
    poison nullw nullr callnull wild noncanon rec mutual fpe abort assert \
    raise trap exit hang hog toobig leak ring intovf shift divzero ubnull \
    ubindex misaligned uninit race overwrites gibibyte none; do
	printf %s $bug >"$tmp/in/$bug"
done

export ASAN_OPTIONS='' UBSAN_OPTIONS='' MSAN_OPTIONS='' TSAN_OPTIONS=''
for bug in uaf hbo hbo40 sbo gbo dynstack scope dfree badfree negative overlap \
    poison nullw nullr callnull wild noncanon rec mutual fpe abort assert \
    raise trap exit toobig overwrites none; do
	report asan-$bug asan $bug
done
# Twice and more: the first run leaves a copy of the pointer on the stack.
for bug in leak ring; do
	report asan-$bug asan -runs=10 $bug
done
report asan-hang asan -timeout=1 hang
report asan-hog asan -rss_limit_mb=64 hog
report asan-hog-malloc asan -malloc_limit_mb=64 gibibyte
ASAN_OPTIONS=handle_abort=1:handle_sigill=1
report asan-abort-handled asan abort
report asan-assert-handled asan assert
report asan-trap-handled asan trap
ASAN_OPTIONS=symbolize=0
report asan-uaf-unsymbolised asan uaf
ASAN_OPTIONS=dedup_token_length=3:print_scariness=1
report asan-hbo-dedup asan hbo
ASAN_OPTIONS=detect_leaks=0
report driver-hbo driver hbo
# While fuzzing: with the trailer that names the artifact.
for bug in hbo hang; do
	mkdir "$tmp/in/$bug-corpus"
	cp "$tmp/in/$bug" "$tmp/in/$bug-corpus/"
	report fuzzing-$bug asan -seed=1 -timeout=1 $bug-corpus
done
report driver-exit driver none
ASAN_OPTIONS=

UBSAN_OPTIONS=print_stacktrace=1
for bug in intovf shift divzero ubnull ubindex misaligned nullw; do
	report ubsan-$bug ubsan $bug
done
UBSAN_OPTIONS=
for bug in intovf shift; do
	report ubsan-$bug-nostack ubsan $bug
done
report recover-intovf recover intovf
report recover-intovf-then-wild recover intovf wild
for bug in wild noncanon nullw rec abort dfree; do
	report plain-$bug plain $bug
done
report msan-uninit msan uninit
report msan-noncanon msan noncanon
report tsan-race tsan race
TSAN_OPTIONS=stack_trace_format=DEFAULT
report tsan-race-default tsan race

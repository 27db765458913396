#!/bin/sh
# Makes the fixtures of facts_test again from bugs.cc and bugs.rs, with every
# compiler that is there: clang-14 and gcc-12; CLANG19 (a clang++ of that
# version), RUSTC and AFL (an afl-clang-fast++) name those that are not
# installed.  They are committed: run this only to see what another compiler
# prints.
#
#	make-more-reports.sh [FOLDER]		default: reports/ beside it
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/reports}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$out" "$tmp/in"
clang14=$(command -v clang++-14)
gcc=$(command -v g++)
symbolizer=$(command -v llvm-symbolizer || command -v llvm-symbolizer-14)
export ASAN_SYMBOLIZER_PATH="$symbolizer" UBSAN_SYMBOLIZER_PATH="$symbolizer" \
    MSAN_SYMBOLIZER_PATH="$symbolizer" TSAN_SYMBOLIZER_PATH="$symbolizer" \
    HWASAN_SYMBOLIZER_PATH="$symbolizer" LSAN_SYMBOLIZER_PATH="$symbolizer"

build()			# name, compiler, flags...
{
	name=$1
	compiler=$2
	shift 2
	"$compiler" -w -g -fno-omit-frame-pointer \
	    "-ffile-prefix-map=$here=/src" "$@" -o "$tmp/$name" \
	    "$here/bugs.cc" -lpthread
}

clean()
{
	sed -e "s,$tmp/in/,/in/,g" -e "s,$tmp/,/out/,g" \
	    -e "s,$here/,/src/,g" -e 's/^==[0-9][0-9]*==/==4242==/' \
	    -e 's/^\(INFO: Seed: \).*/\11/' -e 's/(pid=[0-9]*)/(pid=4242)/' \
	    -e 's/in [0-9]* ms$/in 1 ms/' -e 's/process [0-9]*/process 4242/' \
	    -e 's/(tid=[0-9]*/(tid=4242/g' -e 's/LWP [0-9]*/LWP 4242/g'
}

report()		# fixture, program, arguments...
{
	fixture=$1
	program=$2
	shift 2
	(cd "$tmp/in" && ulimit -c 0 &&
	    setarch -R "$tmp/$program" "$@" </dev/null 2>&1 || :) |
	    clean >"$out/$fixture.txt"
}

backtrace()		# fixture, program, argument
{
	(cd "$tmp/in" && gdb -nx -batch -ex "set debuginfod enabled off" \
	    -ex run -ex bt -ex 'p $_siginfo.si_signo' \
	    -ex 'p $_siginfo.si_code' \
	    -ex 'p/x $_siginfo._sifields._sigfault.si_addr' -ex 'x/i $pc' \
	    --args "$tmp/$2" "$3" </dev/null 2>&1 || :) |
	    clean >"$out/$1.txt"
}

# ---- the same bugs, optimised or not, old and new, clang and gcc ----
build c14o0 "$clang14" -DMAIN -O0 -fsanitize=address
build c14o2 "$clang14" -DMAIN -O2 -fsanitize=address
build g12o0 "$gcc" -DMAIN -O0 -fsanitize=address
build g12o2 "$gcc" -DMAIN -O2 -fsanitize=address
export ASAN_OPTIONS=print_scariness=1
for bug in inline template lambda delete; do
	report c14o2-$bug c14o2 $bug
	report g12o2-$bug g12o2 $bug
done
report c14o2-mismatch c14o2 mismatch
for bug in inline lambda; do
	report c14o0-$bug c14o0 $bug
	report g12o0-$bug g12o0 $bug
done
for bug in threaduaf nearr wildw highr marker wildcall raise; do
	report c14o2-$bug c14o2 $bug
done
report g12o2-calloc g12o2 calloc
report g12o2-leak g12o2 leak
ASAN_OPTIONS=detect_stack_use_after_return=1
report c14o2-uar c14o2 uar
ASAN_OPTIONS=color=always
report c14o0-colour c14o0 inline
ASAN_OPTIONS="stack_trace_format='    #%n %p in %f %s:%l:%c (%m+%o)'"
report c14o2-format c14o2 inline
strip -o "$tmp/stripped" "$tmp/c14o2"
ASAN_OPTIONS=
report c14o2-stripped stripped inline
ASAN_OPTIONS=symbolize=0
report c14o2-unsymbolised c14o2 delete
ASAN_OPTIONS=

# ---- undefined behaviour ----
build u14 "$clang14" -DMAIN -O1 -fsanitize=undefined,vptr \
    -fno-sanitize-recover=all
build ug12 "$gcc" -DMAIN -O1 -fsanitize=undefined -fno-sanitize-recover=all
build cfi14 "$clang14" -DMAIN -O1 -flto -fuse-ld="${LLD:-lld}" \
    -fvisibility=hidden -fsanitize=cfi -fno-sanitize-trap=all \
    -fno-sanitize-recover=all || echo "no lld: cfi left out"
export UBSAN_OPTIONS=print_stacktrace=1
for bug in badcast baddown badvptr enum index; do
	report u14-$bug u14 $bug
done
for bug in badcast badvptr index overflow; do
	report ug12-$bug ug12 $bug
done
[ ! -x "$tmp/cfi14" ] || for bug in badcast baddown badvptr; do
	report cfi14-$bug cfi14 $bug
done

# ---- memory that was never written, threads ----
build m14 "$clang14" -DMAIN -O0 -fsanitize=memory \
    -fsanitize-memory-track-origins=2
report m14-uninit m14 uninit
build t14 "$clang14" -DMAIN -O1 -fsanitize=thread
build tg12 "$gcc" -DMAIN -O1 -fsanitize=thread
export TSAN_OPTIONS=
for bug in race threaduaf inversion; do
	report t14-$bug t14 $bug
	report tg12-$bug tg12 $bug
done
TSAN_OPTIONS=stack_trace_format=DEFAULT:halt_on_error=1
report t14-race-default t14 race

# ---- no sanitizer: glibc, C++, signals under gdb ----
build plain "$gcc" -DMAIN -O1 -fstack-protector-all -D_FORTIFY_SOURCE=2
build static "$gcc" -DMAIN -O1 -static
for bug in throw throwint bounds terminate fortify dfree badfree assert; do
	report plain-cc-$bug plain $bug
done
build unfortified "$gcc" -DMAIN -O1 -fstack-protector-all -U_FORTIFY_SOURCE
report plain-cc-smash unfortified smash
report plain-cc-topsize unfortified topsize
backtrace gdb-smash unfortified smash
for bug in nullw wildw highr raise abort throw dfree nullcall wildcall \
    divide trap assert; do
	backtrace gdb-$bug plain $bug
done
backtrace gdb-static-dfree static dfree
strip -o "$tmp/bare" "$tmp/plain"
backtrace gdb-stripped-nullw bare nullw

# ---- a library that is not there ----
printf 'int gone(void) { return 1; }\n' | cc -shared -fPIC -x c - \
    -o "$tmp/libgone.so.7" -Wl,-soname,libgone.so.7
printf 'int gone(void); int main(void) { return gone(); }\n' |
    cc -o "$tmp/library" -x c - -x none "$tmp/libgone.so.7"
rm "$tmp/libgone.so.7"
report plain-library library

# ---- libFuzzer ----
build fuzz14 "$clang14" -O1 -fsanitize=fuzzer,address
for bug in throw check assert dfree inline; do
	printf %s $bug >"$tmp/in/$bug"
	report fuzz14-cc-$bug fuzz14 $bug
done

# ---- a newer clang ----
if [ -n "${CLANG19-}" ]; then
	build c19o0 "$CLANG19" -DMAIN -O0 -fsanitize=address
	build c19o2 "$CLANG19" -DMAIN -O2 -fsanitize=address
	for bug in inline template lambda mismatch sized rec huge calloc; do
		report c19o2-$bug c19o2 $bug
	done
	for bug in inline wildcall nullcall; do
		report c19o0-$bug c19o0 $bug
	done
	build fuzz19 "$CLANG19" -O1 -fsanitize=fuzzer,address
	for bug in throw trap leak; do
		printf %s $bug >"$tmp/in/$bug"
		report fuzz19-$bug fuzz19 $bug
	done
	build hwasan "$CLANG19" -DMAIN -O0 -fsanitize=hwaddress \
	    -fsanitize-hwaddress-experimental-aliasing
	for bug in inline delete dfree; do
		report hwasan-$bug hwasan $bug
	done
	build m19 "$CLANG19" -DMAIN -O1 -fsanitize=memory
	report m19-uninit m19 uninit
	build t19 "$CLANG19" -DMAIN -O1 -fsanitize=thread
	report t19-race t19 race
	build u19 "$CLANG19" -DMAIN -O1 -fsanitize=undefined,vptr \
	    -fno-sanitize-recover=all
	report u19-badcast u19 badcast
	report u19-overflow u19 overflow
fi

# ---- AFL++'s driver, Rust ----
if [ -n "${AFL-}" ]; then
	AFL_QUIET=1 AFL_USE_ASAN=1 "$AFL" -w -g -O1 \
	    "-ffile-prefix-map=$here=/src" -fsanitize=fuzzer \
	    -o "$tmp/afl" "$here/bugs.cc"
	for bug in inline template wildw; do
		printf %s $bug >"$tmp/in/$bug"
		report afl-$bug afl $bug
	done
fi
if [ -n "${RUSTC-}" ]; then
	# shellcheck disable=SC2086
	"$RUSTC" ${RUSTFLAGS-} -g --remap-path-prefix "$here=/src" \
	    -o "$tmp/rust" "$here/bugs.rs"
	export RUST_BACKTRACE=1
	for bug in index unwrap overflow; do
		report rust-$bug rust $bug
	done
	RUST_BACKTRACE=full
	report rust-closure rust closure
	RUST_BACKTRACE=0
	report rust-silent rust index
fi

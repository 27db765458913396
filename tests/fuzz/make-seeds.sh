#!/bin/sh
# Makes tests/fuzz/seeds again, from the programs as they are.  Run it after a
# change of the format:  tests/fuzz/make-seeds.sh build
set -eu

bin=$(cd "${1:-build}/bin" && pwd)
seeds=$(cd "$(dirname "$0")/seeds" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

printf 'hello' >unit
printf 'A%.0s' 1 2 3 4 5 6 7 8 >crash
printf '==1==ERROR: AddressSanitizer: heap-buffer-overflow\n' >report
: >empty

seal() {	# name kind option...
	name=$1 kind=$2
	shift 2
	"$bin/pf-spool" seal --kind "$kind" --bot b-1 --seq 7 \
	    --epoch 5f3c9a01d2e4b677 --sealed 1795352981746 "$@" \
	    -o "$name.pfb" >/dev/null
	{ printf '\000'; cat "$name.pfb"; } >"$seeds/bundle/$name-file"
	{ printf '\001'; zcat "$name.pfb"; } >"$seeds/bundle/$name-text"
	{ printf '\002'; zcat "$name.pfb" | sed '$d'; } \
	    >"$seeds/bundle/$name-lines"
}

lease=00000000000000aa
seal corpus corpus --target png/read --lease $lease --unit unit --unit empty
seal crash crash --target png/read --lease $lease --job $lease \
    --crash crash --report report --minimised unit
seal complete complete --lease $lease --complete done --needs 1-6
printf 'it does not run\nonly 3 edges' >lines
seal check complete --lease $lease --complete done --check bad --payload lines
seal beat heartbeat \
    --record '{"rec":"beat","generation":null,"slots":1,"free":1,"load":0,"disk_free":1,"hold":1,"outbox_bytes":0,"outbox_files":0,"off":1,"off_seconds":60}' \
    --record '{"rec":"holding","lease":"'$lease'","seconds":9,"execs":77}' \
    --record '{"rec":"epoch","epoch":"5f3c9a01d2e4b677","oldest":1,"highest":7}' \
    --record '{"rec":"drop","epoch":"5f3c9a01d2e4b677","first":2,"last":3}' \
    --record '{"rec":"noted","epoch":"5f3c9a01d2e4b677","seq":5}' \
    --record '{"rec":"why"}' --payload report
seal register register \
    --record '{"rec":"host","cores":2,"memory":4096,"slots":1,"sandbox":"bwrap","arch":"x86_64"}' \
    --record '{"rec":"os"}' --payload unit \
    --record '{"rec":"cpu"}' --payload unit \
    --record '{"rec":"wire","version":1}' \
    --record '{"rec":"program"}' --payload unit \
    --record '{"rec":"pool"}' --payload unit \
    --record '{"rec":"sanitizers"}' --payload lines
seal stats stats --record '{"rec":"bot_log"}' --payload report
{ printf '\002'; printf '{"pfb":2,"new":"key"}\nanything\n'; } \
    >"$seeds/bundle/newer-lines"

# Programs with three calls to a sanitizer's run-time, which is in them or in a
# library, for both machines.  They need lld: without it they stay as they are.
command -v ld.lld >/dev/null || exit 0
cat >inside.c <<'END'
void __asan_report_load8(void *p) { *(volatile int *)p = 1; }
void __asan_report_store4(void *p) { *(volatile int *)p = 2; }
END
cat >program.c <<'END'
void __asan_report_load8(void *), __asan_report_store4(void *);
int x;
void _start(void)
{
	__asan_report_load8(&x);
	__asan_report_load8(&x);
	__asan_report_store4(&x);
}
END
for m in x86_64 aarch64; do
	cc="clang --target=$m-linux-gnu -O0 -nostdlib -fuse-ld=lld
	    -fno-unwind-tables -fno-asynchronous-unwind-tables
	    -Wl,--build-id=none,--hash-style=sysv,-z,norelro"
	$cc -Wl,-n program.c inside.c -o "$seeds/elf/$m-static"
	$cc -shared -fPIC inside.c -o library.so
	$cc -Wl,-z,max-page-size=4096 -fPIE -pie program.c ./library.so \
	    -o "$seeds/elf/$m-library"
	llvm-strip "$seeds/elf/$m-library"
	chmod 644 "$seeds/elf/$m"-*
done
head -c 700 "$seeds/elf/x86_64-static" >"$seeds/elf/cut"

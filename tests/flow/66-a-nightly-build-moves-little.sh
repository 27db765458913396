#!/bin/bash
# Goal: a second nightly build with one of fifteen targets changed moves that
# target's files and no more: from pfadm to the master, and from the master to
# a bot that checks all fifteen and fuzzes on.
cd "$(dirname "$0")/../.." && . tests/flow/lib-local.sh

ok() {
	echo "ok: $*"
}

cat >"$work/target.c" <<'C'
#include <stddef.h>
#include <stdint.h>
const char name[] = "target " NAME " night " NIGHT;
int shared(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{ return n > 2 && d[0] == name[7] ? shared(d, n) & 0 : 0; }
C
cat >"$work/shared.c" <<'C'
#include <stddef.h>
#include <stdint.h>
int shared(const uint8_t *d, size_t n);
int shared(const uint8_t *d, size_t n)
{ return n > 3 && d[1] == 'x' ? d[2] == 'y' : 0; }
C

make_target() { # NUMBER NIGHT
	clang -O1 -fsanitize=fuzzer -DNAME="\"$1\"" -DNIGHT="\"$2\"" \
	    "$work/target.c" -o "$out/t$1" -L"$out/lib" -lshared \
	    -Wl,-rpath,'$ORIGIN/lib' || fail "no clang"
	printf '"word%d-%d"\n' "$1" "$2" >"$out/t$1.dict"
}

out=$work/out
mkdir -p "$out/lib"
clang -O1 -fsanitize=fuzzer-no-link -fPIC -shared "$work/shared.c" \
    -o "$out/lib/libshared.so" || fail "no clang"
head -c 300000 /dev/urandom >"$out/shared.bin"
for i in $(seq 15); do
	make_target "$i" 1
done

# Bytes of files, each content once.
bytes_of() { # FILE...
	sha256sum "$@" | sort | awk '!seen[$1]++ { print $2 }' |
	    xargs stat -c %s | awk '{ n += $1 } END { print n + 0 }'
}

bot_bytes() { # what the courier has fetched; nothing is evicted here
	find "$bot/builds" -type f -path '*/??/*' -printf '%s\n' |
	    awk '{ n += $1 } END { print n + 0 }'
}

sent_bytes() {
	find "$ROOT/builds/files" -type f -printf '%s\n' |
	    awk '{ n += $1 } END { print n + 0 }'
}

local_up --bots 1 --slots 2 --link dir
bot=$(dirname "$(find "$ROOT/local" -type d -name builds | head -n 1)")
[ -d "$bot" ] || fail "no bot's folder in $ROOT/local"

adm build add "$out" --project nightly --sanitizer none --order 1 \
    --wait --timeout 3m >"$work/said" ||
    fail "the first night is not good"
all=$(bytes_of $(find "$out" -type f))
[ "$(sent_bytes)" -le "$all" ] || fail "more than all of it was sent"
first=$(bot_bytes)
[ "$first" -gt 0 ] && [ "$first" -le "$all" ] ||
    fail "the bot has $first bytes, the build $all"
ok "the first night: $all bytes, $first at the bot"

fuzz_on() { # on two targets, to the end
	for i in 7 8; do
		adm job create "nightly/t$i" --for 4s >/dev/null ||
			fail "no job for t$i"
	done
	wait_until 90 all_over || fail "the jobs do not end"
}

all_over() {
	! adm job list --json | grep -qE '"status":"(pending|running)"'
}
fuzz_on

sent=$(sent_bytes)
held=$(bot_bytes)
make_target 7 2
changed=$(bytes_of "$out/t7" "$out/t7.dict")
most=$((changed + changed / 20))
adm build add "$out" --project nightly --sanitizer none --order 2 \
    --wait --timeout 3m >"$work/said" ||
    fail "the second night is not good"
fuzz_on

now=$(sent_bytes)
[ $((now - sent)) -le $most ] && [ $((now - sent)) -gt 0 ] ||
    fail "$((now - sent)) bytes were sent, t7 has $changed"
ok "to the master: $((now - sent)) bytes, t7 has $changed"
now=$(bot_bytes)
[ $((now - held)) -le $most ] && [ $((now - held)) -gt 0 ] ||
    fail "$((now - held)) bytes were fetched, t7 has $changed"
ok "to the bot: $((now - held)) bytes, t7 has $changed"
[ "$(adm job show "$(adm job list --json | jq -r '.items[-1].id')" --json |
    jq -r .item.status)" = completed ] || fail "the last job did not complete"
ok "a nightly build moves little"

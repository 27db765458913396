# Sourced, after lib-runner.sh, by flow tests of inputs that are run again:
# small targets of the test's own, and what the outbox says of their crashes.

CC=$(command -v clang || command -v clang-14) || fail "no clang"

# make_target NAME [FLAG...]: from standard input, into $targets/NAME/.  What
# every target has is put before it.
make_target() {
	local name=$1
	shift
	mkdir -p "$targets/$name"
	{
		cat <<-END
		#define _GNU_SOURCE
		#include <stddef.h>
		#include <stdint.h>
		#include <stdlib.h>
		#include <string.h>
		#include <time.h>
		#include <unistd.h>
		#define APART __attribute__((noinline, optnone))
		int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
		END
		cat
	} >"$work/$name.c"
	"$CC" -g -O1 -fsanitize=fuzzer,address "$@" \
	    -o "$targets/$name/$name" "$work/$name.c" || fail "no target $name"
	chmod 755 "$targets" "$targets/$name"
}

# blob FILE: into builds/, as the courier does; prints its digest.
blob() {
	local sha dir
	sha=$(sha256sum "$1" | cut -d' ' -f1)
	dir=$bot/builds/$(printf %.2s "$sha")
	mkdir -p "$dir"
	[ -f "$dir/$sha" ] || install -m 0444 "$1" "$dir/$sha"
	give "$dir"
	echo "$sha"
}

# Payloads of the records of one type, of all bundles with a crash.
payloads() { # TYPE
	outbox '*-c.pfb' | awk -v type="\"rec\":\"$1\"" '
	    /^{"rec":/ { on = index($0, type) > 0; next }
	    /^{"end":/ { on = 0; next }
	    on && length { print }'
}

records() { # TYPE
	outbox '*-c.pfb' | grep -a "\"rec\":\"$1\""
}

over() { # LEASE: and all is said of it
	grep -q "lease.over lease=$1" "$work/log"
}

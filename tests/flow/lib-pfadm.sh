# Sourced after lib-master.sh or lib-local.sh: pfadm with its exit code and what
# it said, targets to fuzz.

adm() {
	pfadm --root "${root-${ROOT-}}" "$@" </dev/null
}

# code WANTED COMMAND...: and keep what it said in out and err.
code() {
	local wanted=$1 got
	shift
	adm "$@" >"$work/out" 2>"$work/err"
	got=$?
	[ $got = "$wanted" ] || fail "pfadm $*: exit $got, not $wanted:" \
	    "$(cat "$work/out" "$work/err")"
	echo "ok: pfadm $*: exit $wanted"
}

says() { # SENTENCE: in what the last one said
	grep -qF -- "$1" "$work/out" "$work/err" ||
		fail "no '$1' in: $(cat "$work/out" "$work/err")"
	echo "ok: it says: $1"
}

json() { # FILTER: of what the last one said
	jq -r "$1" "$work/out"
}

same() { # SENTENCE WANTED GOT
	[ "$2" = "$3" ] || fail "$1: '$3', not '$2'"
	echo "ok: $1"
}

# job_is JOB STATUS
job_is() {
	[ "$(adm job show "$1" --json | jq -r .item.status)" = "$2" ]
}

# A libFuzzer program that finds something new for a while.
make_target() { # FILE
	mkdir -p "$(dirname "$1")"
	if [ ! -x "$work/target" ]; then
		cat >"$work/target.c" <<'C'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
volatile int seen;
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n > 0 && d[0] == 'P') {
		seen++;
		if (n > 1 && d[1] == 'N') {
			seen++;
			if (n > 2 && d[2] == 'G')
				seen++;
		}
	}
	if (n > 4 && d[4] > 128)
		seen++;
	return 0;
}
C
		clang -g -fsanitize=fuzzer,address "$work/target.c" \
		    -o "$work/target" || fail "no clang"
	fi
	cp "$work/target" "$1"
}

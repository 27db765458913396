#!/bin/bash
# Goal: pf-triage tells anybody's reports apart: files, standard input, JSON a
# line and file, a folder in groups that no order of files changes; rules of a
# user hold and bad ones are refused with line and column; hostile bytes come
# out harmless; the exit status is the one of the page.
set -u
cd "$(dirname "$0")/../.."
B=$(realpath -m "${B:-build}")
reports=$PWD/tests/unit/lib/triage/reports
work=$(mktemp -d) || exit 1
trap 'rm -rf --one-file-system "$work"' EXIT
cd "$work" || exit 1

fail() {
	echo "FAIL: $*"
	exit 1
}

ok() {
	echo "ok: $*"
}

triage() { # STATUS ARGUMENT...: into "said" and "errors"
	local want=$1 got
	shift
	"$B/bin/pf-triage" "$@" >said 2>errors
	got=$?
	[ $got = "$want" ] ||
		fail "pf-triage $*: status $got, not $want: $(cat errors)"
}

has() { # FILE TEXT
	grep -qF -- "$2" "$1" || fail "no '$2' in: $(cat "$1")"
}

# ---- one report --------------------------------------------------------------
triage 0 "$reports/asan-uaf.txt"
has said "asan-uaf.txt: Heap-use-after-free WRITE 1 (AddressSanitizer)"
has said "state      uaf | bugs.c"
has said "security   yes"
has said "severity   high"
triage 0 --target png <"$reports/asan-hang.txt"
has said "-: Timeout (libFuzzer)"
has said "state      png"
ok "a file and standard input, for people"

triage 0 --json "$reports/asan-uaf.txt" "$reports/asan-nullw.txt"
[ "$(wc -l <said)" = 2 ] || fail "not one line a file"
python3 - <<'PY' || fail "the JSON is not as the page says"
import json
a, b = [json.loads(line) for line in open("said")]
for o in a, b:
    for key in ("file tool type access size address address_class class state"
                " frames stacks security security_rule severity severity_rule"
                " casr_class signature rules crash").split():
        assert key in o, key
assert a["type"] == "Heap-use-after-free" and a["access"] == "WRITE", a
assert a["size"] == 1 and a["state"] == ["uaf", "bugs.c"], a
assert a["security"] is True and a["severity"] == "high", a
assert a["casr_class"] == "EXPLOITABLE" and len(a["signature"]) == 64, a
assert a["frames"][0]["function"] == "uaf" and a["frames"][0]["state"], a
assert any(f.get("role") == "engine" for f in a["frames"]), a
assert a["stacks"]["freed"] and a["stacks"]["allocated"], a
assert b["type"] == "Null-dereference" and b["address"] == "0x0", b
assert b["address_class"] == "null" and b["security"] is False, b
PY
ok "one JSON object a line and file"

# ---- no crash, no file, wrong options ----------------------------------------
echo "Done 1000 runs in 1 second(s)" >clean
triage 1 clean "$reports/asan-hbo.txt"
has said "clean: no crash"
has said "Heap-buffer-overflow READ 1"
: | "$B/bin/pf-triage" >said 2>errors && fail "nothing is a crash"
triage 2 missing "$reports/asan-hbo.txt"
has errors "cannot read 'missing': No such file"
has said "Heap-buffer-overflow READ 1"
triage 2 --colour
triage 2 --cluster . clean
has errors "takes a folder and no files"
triage 2 --cluster nowhere
triage 0 --help
triage 0 --version
ok "exit status 1 without a crash, 2 for what cannot be read"

# ---- a folder ----------------------------------------------------------------
mkdir logs
frames() { # FUNCTION...
	local n=0 f
	for f in "$@"; do
		echo "    #$n 0x5 in $f /src/a.c:$n:1"
		n=$((n + 1))
	done
}
log() { # NAME TYPE FUNCTION...
	{
		echo "==$RANDOM==ERROR: AddressSanitizer: $2 on address 0x602000000053 at pc 0x1 bp 0x2 sp 0x3"
		echo "READ of size 1 at 0x602000000053 thread T0"
		shift 2
		frames "$@"
	} >"logs/$1"
}
log a1 heap-buffer-overflow row_read image_read decode_png LLVMFuzzerTestOneInput
log a2 heap-buffer-overflow row_read image_read decode_png LLVMFuzzerTestOneInput
log b1 heap-buffer-overflow peek hist_load chunks_walk LLVMFuzzerTestOneInput
log c1 heap-use-after-free tint palette_done chunks_walk LLVMFuzzerTestOneInput
cp clean logs/d1
mkdir logs/below
triage 1 --cluster logs
has said "cluster 1: Heap-buffer-overflow READ 1, 2 reports, security"
has said "3 clusters of 3 signatures, 1 without a crash"
triage 1 --json --cluster logs
cp said first
for name in a1 a2 b1 c1 d1; do	# the same files, made in another order
	cp "logs/$name" "kept.$name"
done
rm logs/a1 logs/a2 logs/b1 logs/c1 logs/d1
for name in c1 d1 a2 b1 a1; do
	cp "kept.$name" "logs/$name"
done
triage 1 --json --cluster logs
cmp -s first said || fail "the order of files changes the groups"
python3 - <<'PY' || fail "groups are not those of the signatures"
import json
of = {o["file"]: o for o in map(json.loads, open("first"))}
a1, a2, b1, c1, d1 = [of["logs/" + n] for n in ("a1", "a2", "b1", "c1", "d1")]
assert a1["cluster"] == a2["cluster"] and a1["signature"] == a2["signature"]
assert len({a1["cluster"], b1["cluster"], c1["cluster"]}) == 3
assert "cluster" not in d1 and d1["crash"] is False
PY
mkdir hangs
cp "$reports/asan-hang.txt" hangs/1
cp "$reports/fuzzing-hang.txt" hangs/2
triage 0 --cluster hangs
has said "cluster 1: Timeout, 2 reports"
ok "a folder in groups, in any order"

# ---- rules -------------------------------------------------------------------
printf 'ignore allocator function row_*\n[project png]\nstate 1\n' >rules
triage 0 --rules rules logs/a1
has said "state      image_read | decode_png | a.c"
triage 0 --rules rules --project png logs/a1
grep -qx "  state      image_read" said || fail "no rule of the project"
printf 'keep function f\nignore runtim function f*\nstate 9\n' >bad
triage 2 --rules bad logs/a1
has errors "line 2, column 8: role 'runtim' is unknown"
has errors "line 3, column 7: '9' is no whole number from 1 to 5"
[ ! -s said ] || fail "it went on with bad rules"
ok "rules of a user hold, bad ones are refused with line and column"

# ---- hostile -----------------------------------------------------------------
hostile=$(printf 'evil\033[2J\n\377.txt')
{
	printf '\033]0;owned\007\033[31m==1==ERROR: AddressSanitizer: heap-'
	printf 'buffer-overflow on address 0x1 at pc 0x1\n'
	printf 'READ of size 1 at 0x1 thread T0\n'
	printf '    #0 0x5 in \033[2J<script>$(reboot)\202\000x /src/`id`.c:1\n'
	printf "    #1 0x5 in f'; DROP TABLE crash;-- /src/\033[31m.c:2\n"
} >"$hostile"
for form in --json --target=x; do
	triage 0 $form "$hostile"
	[ -s said ] || fail "nothing was said"
	LC_ALL=C grep -q '[^ -~]' said &&
		fail "bytes came through: $(od -c said | head -20)"
done
has said 'evil\x1b[2J\x0a\xff.txt: Heap-buffer-overflow'
head -c 3000000 /dev/urandom >noise
triage 1 --json noise
ok "hostile bytes come out harmless"

#!/bin/bash
# Goal: reports whose functions, files, assertions and variables look like
# shell, SQL, HTML, formats, escapes of a terminal and half of UTF-8 come over
# the real path and are looked at everywhere: tables, pages, JSON, CSV, SARIF,
# events, hooks, logs, names of files, kits.  Nothing is executed, nothing
# reaches a terminal but text, every document is whole.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"
hooks=$work/hooks.d
pwned=$work/pwned
mkdir -p -m 755 "$hooks" "$hooks/bucket.new"
cat >"$hooks/bucket.new/10-look" <<E
#!/bin/sh
env >>"$work/hook.env"
cat >>"$work/hook.json"
echo >>"$work/hook.json"
E
chmod 755 "$work" "$hooks/bucket.new/10-look"
cat >"$work/m.yaml" <<E
hooks: {folder: $hooks}
E
account local
start_master --config "$work/m.yaml"
# A build with a program of that name: nobody runs it here.
mkdir "$work/build"
printf '#!/bin/sh\n# LLVMFuzzerTestOneInput\nexit 1\n' >"$work/build/read_fuzzer"
chmod 755 "$work/build/read_fuzzer"
code 0 build add "$work/build" --project png --engine libfuzzer \
    --sanitizer address --parsable
build=$(tail -n 1 "$work/out")

# ---- what bots could say ------------------------------------------------
esc=$(printf '\033')
nasty=(
	"\$(touch $pwned)" "\`touch $pwned\`" "x;touch $pwned;" "|touch $pwned"
	"'; DROP TABLE crash; --" "\" OR \"1\"=\"1" "Robert'); DROP TABLE bucket"
	"<script>alert(1)</script>" "<img src=x onerror=alert(1)>" "&lt;b&amp;"
	"${esc}]0;title$(printf '\007')" "${esc}[2J${esc}[31mred" "$(printf '\233')31m"
	"%s%n%999999d" "../../../../etc/passwd" "{\"json\":[" "=cmd|'/C calc'!A0"
	"$(printf '\303\050\377\376')" "$(printf '\342\200\256evil')"
	"a$(printf '\r')b$(printf '\b\b')c" "-rf" "--help" "~root/*"
)

report() { # KIND TEXT: as tools of that kind write it
	case $1 in
	asan)
		printf '==1==ERROR: AddressSanitizer: heap-use-after-free on'
		printf ' address 0x602000000011 at pc 0x1 bp 0x2 sp 0x3\n'
		printf 'READ of size 1 at 0x602000000011 thread T0\n'
		printf '    #0 0x55aa in %s /src/%s.c:7:3 (/w/%s+0x1f)\n' \
		    "$2" "$2" "$2"
		printf '    #1 0x55ab in read_%s /src/a.c:1\n' "$2" ;;
	assert)
		printf 'read_fuzzer: %s.c:10: void %s(): Assertion `%s'"'"' failed.\n' \
		    "$2" "$2" "$2"
		printf '==1== ERROR: libFuzzer: deadly signal\n'
		printf '    #0 0x55aa in raise (/lib/libc.so.6+0x1)\n'
		printf '    #1 0x55ab in %s %s:1:1\n' "$2" "$2" ;;
	ubsan)
		printf '%s:3:4: runtime error: %s is no %s\n' "$2" "$2" "$2"
		printf '    #0 0x55aa in %s %s:3:4\n' "$2" "$2" ;;
	panic)
		printf "thread '%s' panicked at '%s', src/%s.rs:5:6\n" \
		    "$2" "$2" "$2"
		printf '   0: %s\n             at ./%s.rs:5:6\n' "$2" "$2" ;;
	type)
		printf '==1==ERROR: AddressSanitizer: %s on address 0x1\n' "$2"
		printf '    #0 0x55aa in f %s\n' "$2" ;;
	esac
}

seq=0
for text in "${nasty[@]}"; do
	for kind in asan assert ubsan panic type; do
		seq=$((seq + 1))
		report $kind "$text" >"$work/report"
		printf '%s' "$seq" >"$work/input"
		printf './read_fuzzer\n-a=%s\nINPUT\n' "$text" >"$work/command"
		printf 'OUT=/work/build\nV=%s\n%s=1\n' "$text" "$text" \
		    >"$work/environment"
		seal crash $seq --target png/read_fuzzer --build "$build" \
		    --crash "$work/input" --report "$work/report" \
		    --record '{"rec":"command"}' --payload "$work/command" \
		    --record '{"rec":"environment"}' \
		    --payload "$work/environment" >/dev/null
		push "$(name_of $seq c)"
	done
done
wait_empty 30
is "each is a crash" $seq "$(adm crash list -n 0 --json | jq '.items | length')"
is "nothing was refused" 0 "$(adm spool list --json | jq '[.items[] |
    select(.queue != "incoming")] | length')"

# ---- looked at ----------------------------------------------------------
# Valid UTF-8 without a control character but newline and tab.
plain() { # WHAT FILE
	iconv -f UTF-8 -t UTF-8 "$2" >/dev/null 2>&1 ||
		fail "$1: no UTF-8"
	LC_ALL=C grep -naP '[\x00-\x08\x0b-\x1f\x7f]' "$2" |
		head -n 3 | cat -v | grep . && fail "$1: control characters"
	LC_ALL=C.UTF-8 grep -nP '[\x{80}-\x{9f}]' "$2" | head -n 3 |
		cat -v | grep . && fail "$1: C1 controls"
	ok "$1 is text"
}

json_ok() { # WHAT FILE
	jq -e . "$2" >/dev/null || fail "$1: no JSON"
	plain "$1" "$2"
}

look() { # WORDS...: as a pipe gets it, and a terminal
	adm "$@" >"$work/said" 2>&1 || fail "pfadm $*: $(cat "$work/said")"
	plain "pfadm $*" "$work/said"
	script -qec "pfadm --root '$root' --color never --no-pager $(
	    printf "'%s' " "$@")" /dev/null </dev/null 2>&1 |
	    tr -d '\r' >"$work/said"
	plain "pfadm $* on a terminal" "$work/said"
}

crashes=$(adm crash list -n 0 --json | jq -r '.items[].id')
buckets=$(adm bucket list --all -n 0 --json | jq -r '.items[].id')
look bucket list --all -n 0
look crash list -n 0 --wide
look events -n 0
look log -n 0
look status
look ledger show b1
for words in "bucket list --all" "crash list" "events" "log"; do
	# shellcheck disable=SC2086
	adm $words -n 0 --json >"$work/said" || fail "$words --json"
	json_ok "$words --json" "$work/said"
	# shellcheck disable=SC2086
	adm $words -n 0 --csv >"$work/said" || fail "$words --csv"
	sed -i 's/\r$//' "$work/said" # its lines end as RFC 4180 wants it
	plain "$words --csv" "$work/said"
done
# Texts and kinds in turn: 3 and 11 share no factor with five kinds.
n=0
for id in $crashes; do
	n=$((n + 1))
	[ $((n % 3)) = 0 ] || [ $((n % 11)) = 0 ] || continue
	adm crash show "$id" --json >>"$work/crashes.json" || fail "crash show"
	[ $((n % 11)) = 0 ] || continue
	adm crash show "$id" >>"$work/pages" 2>&1 || fail "crash show $id"
	script -qec "pfadm --root '$root' --color never --no-pager crash show \
	    $id" /dev/null </dev/null | tr -d '\r' >>"$work/pages"
done
json_ok "every crash as JSON" "$work/crashes.json"
plain "pages of crashes" "$work/pages"
: >"$work/pages"
for id in $buckets; do
	adm bucket show "$id" >>"$work/pages" || fail "bucket show"
done
plain "pages of buckets" "$work/pages"
adm bucket list --all -n 0 --sarif "$work/all.sarif" >/dev/null ||
	fail "bucket list --sarif"
json_ok "SARIF" "$work/all.sarif"
look bucket why "$(head -n 1 <<<"$buckets")"

# ---- logs, hooks, files -------------------------------------------------
plain "the master's log" "$work/master.log"
hooks_ran() {
	[ "$(sql "SELECT count(*) FROM hook_run WHERE state <> 'done'")" = 0 ]
}
wait_until 30 hooks_ran || fail "hooks do not end"
json_ok "what hooks read" "$work/hook.json"
plain "their environment" "$work/hook.env"
find "$root" -name spool -prune -o -print | LC_ALL=C grep -avE \
    "^$root(/[A-Za-z0-9][A-Za-z0-9._+@-]*)*\$" | head -n 3 | cat -v |
    grep . && fail "odd names of files"
ok "files have names of ours"
find "$root/crashes" -name meta.json | while read -r file; do
	jq -e . "$file" >/dev/null || echo "$file"
done | grep . && fail "a meta.json is no JSON"
is "the tables are all there" $seq "$(sql "SELECT count(*) FROM crash")"
code 0 system check

# ---- kits: words stay words, also when they are run ---------------------
n=0
for id in $crashes; do
	n=$((n + 1))
	[ $((n % 11)) = 0 ] || continue
	rm -rf "$work/kit" && mkdir "$work/kit"
	code 0 crash kit "$id" --n 1 -o "$work/kit.tar" >/dev/null
	tar -C "$work/kit" -xf "$work/kit.tar" --strip-components 1
	plain "README.txt of a kit" "$work/kit/README.txt" >/dev/null
	plain "expected of a kit" "$work/kit/expected" >/dev/null
	cmp -s "$work/kit/repro.sh" tools/pfadm/kit_repro.sh ||
		fail "the script is not as ever"
	grep -q '^frame\|^status' "$work/kit/expected" || fail "no facts"
	sh "$work/kit/repro.sh" >"$work/said" 2>&1 </dev/null
	plain "what repro.sh says" "$work/said" >/dev/null
	grep -q '^reproduced' "$work/said" || fail "$(cat "$work/said")"
	code 0 crash kit "$id" --scrub -o "$work/kit.tar" >/dev/null
done
ok "kits of them are run"
ls "$pwned"* 2>/dev/null && fail "something was executed"
ok "nothing was executed"
stop_master || fail "the master's exit code"

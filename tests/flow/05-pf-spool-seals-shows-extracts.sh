#!/bin/sh
# Goal: what pf-spool seals it shows as ok and gives back byte for byte; a
# bundle that was cut, or sealed against the rules, is judged so; and
# --into leaves whole bundles in new/ and nothing in tmp/.
set -eu

cd "$(dirname "$0")/../.."
pf_spool=$(realpath -m "${B:-build}")/bin/pf-spool
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# Exit code and last line of "pf-spool show".
judged() {	# code line-prefix file
	code=0
	last=$("$pf_spool" show "$3" | tail -n 1) || true
	"$pf_spool" show "$3" >/dev/null || code=$?
	[ "$code" = "$1" ] || fail "show $3: exit $code, not $1"
	case $last in
	"$2"*) ;;
	*) fail "show $3: '$last', not '$2...'" ;;
	esac
}

# Lines as they are, sealed as if a bot had written them.
seal_lines() {	# lines-file out
	{
		cat "$1"
		printf '{"end":true,"records":%d,"sha256":"%s"}\n' \
		    "$(wc -l <"$1")" "$(sha256sum <"$1" | cut -d' ' -f1)"
	} | gzip -n >"$2"
}

id="--bot b-1 --epoch 5f3c9a01d2e4b677"
head -c 70000 /dev/urandom >unit
printf 'crash\000me' >crash
: >empty

# -- seal, show, extract
name=$("$pf_spool" seal --kind corpus $id --seq 1 --target png/read \
    --unit unit --unit empty -o .)
[ "$name" = ./b-1-5f3c9a01d2e4b677-1-b.pfb ] || fail "named '$name'"
judged 0 "verdict: ok" "$name"
zcat "$name" | head -n 1 | grep -q '^{"pfb":1,"kind":"corpus"' ||
	fail "zcat does not tell what it is"
"$pf_spool" extract "$name" out >listed
[ "$(wc -l <listed)" = 2 ] || fail "extract lists $(cat listed)"
sum=$(sha256sum <unit | cut -d' ' -f1)
cmp unit "out/$sum" || fail "a unit changed on its way"
(cd out && for f in *; do echo "$f  $f"; done | sha256sum -c --quiet) ||
	fail "a payload has not the digest that it is named by"
"$pf_spool" show --json "$name" | grep -q '"verdict":"ok","reason":""}$' ||
	fail "show --json does not end in its verdict"

# -- cut, changed, not against the rules only
head -c 300 "$name" >cut.pfb
judged 1 "verdict: damaged: " cut.pfb
judged 1 "verdict: damaged: " empty
code=0
"$pf_spool" extract cut.pfb partly >/dev/null 2>&1 || code=$?
[ "$code" = 1 ] || fail "extract of a damaged bundle: exit $code"
[ -z "$(ls -A partly)" ] || fail "half a payload was left: $(ls -A partly)"
zcat "$name" | head -n 1 >lines
seal_lines lines ok.pfb
judged 0 "verdict: ok" ok.pfb
echo '{"rec":"poem"}' >>lines
seal_lines lines rules.pfb
judged 1 "verdict: refused: a record of unknown type 'poem'" rules.pfb
echo '{"pfb":2,"colour":"green"}' >lines
seal_lines lines newer.pfb
judged 1 "verdict: held: " newer.pfb

# -- into a spool
mkdir -p in/tmp in/new
"$pf_spool" seal --kind crash $id --seq 2 --target png/read --crash crash \
    --report unit --into in >/dev/null
judged 0 "verdict: ok" in/new/b-1-5f3c9a01d2e4b677-2-c.pfb
cp in/new/b-1-5f3c9a01d2e4b677-2-c.pfb before
code=0
"$pf_spool" seal --kind crash $id --seq 2 --target png/read --crash unit \
    --into in >/dev/null 2>said || code=$?
[ "$code" = 1 ] || fail "the same name twice: exit $code"
cmp -s before in/new/b-1-5f3c9a01d2e4b677-2-c.pfb || fail "it was replaced"
"$pf_spool" seal --kind corpus $id --seq 3 --unit missing --into in \
    >/dev/null 2>&1 && fail "a unit that is not there was sealed"
[ -z "$(ls -A in/tmp)" ] || fail "tmp/ holds $(ls -A in/tmp)"
[ "$(ls in/new | wc -l)" = 1 ] || fail "new/ holds $(ls in/new)"

# -- usage
for args in "" "poem" "show" "seal --kind poem" "extract $name"; do
	code=0
	"$pf_spool" $args >/dev/null 2>&1 || code=$?
	[ "$code" = 2 ] || fail "pf-spool $args: exit $code, not 2"
done
for command in show extract seal; do
	[ "$("$pf_spool" $command --help | grep -c '^  pf-spool')" = 2 ] ||
		fail "pf-spool $command --help has not two examples"
done

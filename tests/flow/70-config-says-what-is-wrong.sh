#!/bin/bash
# Goal: --check-config of both daemons is quiet about what is right, also an
# empty file, and names everything that is wrong at once, each with file, line,
# column and what would be accepted; a bomb is refused in no time; a daemon
# with wrong settings does not start.
. "$(dirname "$0")/lib-master.sh"
botd=$B/bin/pandafuzz-botd
folder=$work/etc
mkdir "$folder"
cd "$folder" || exit 1

both() { # OPTION...: of both daemons; out-masterd, out-botd; codes together
	local codes
	"$masterd" "$@" >out-masterd 2>&1
	codes=$?
	"$botd" "$@" >out-botd 2>&1
	echo "$codes $?"
}

has() { # FILE LINE
	grep -qxF -- "$2" "$1" || fail "no '$2' in $1: $(cat "$1")"
	ok "$2"
}

: >empty.yaml
is "an empty file is fine" "0 0" "$(both --config empty.yaml --check-config)"
is "and said in one line each" "1 1" \
    "$(wc -l <out-masterd) $(wc -l <out-botd)"
printf '# nothing\n' >comment.yaml
is "so is a comment" "0 0" "$(both --config comment.yaml --check-config)"
is "a file that is not there is not" "2 2" \
    "$(both --config none.yaml --check-config)"

cat >m.yaml <<'END'
hartbeat: 5s
leases:
  lost: soon
  slice: 2h
log_level: loud
nosync: [maybe]
socket: ${PF_TEST_NOT_SET}
heartbeat: 1s
heartbeat: 2s
disk: 10%
colour: red
END
mkdir m.d
echo 'bots: {late: 3, lost: 3}' >m.d/10.yaml
printf 'tasks:\n\tretry: 5\n' >m.d/20.yaml
PANDAFUZZ_METADATA=perhaps "$masterd" --config m.yaml \
    --builds-grace 1y --check-config >out 2>&1
is "wrong settings are exit 2" 2 $?
has out "m.yaml:1:1: unknown key 'hartbeat', nearest is 'heartbeat'"
has out "m.yaml:3:9: key 'leases.lost': 'soon' is not a duration such as \
250ms, 30s, 5m, 1h or 7d; expected 100ms to 7d"
has out "m.yaml:4:10: key 'leases.slice': '2h' is too large; expected 1s to 1h"
has out "m.yaml:5:12: key 'log_level': 'loud' is none of debug, info, warn, \
error"
has out "m.yaml:6:9: key 'nosync' takes a plain value"
has out "m.yaml:7:9: '\${PF_TEST_NOT_SET}' is not set"
has out "m.yaml:9:1: key 'heartbeat' is given twice"
has out "m.yaml:10:7: 'disk' is a section, its keys belong below it"
has out "m.yaml:11:1: unknown key 'colour'"
has out "m.d/20.yaml:2:1: found character that cannot start any token"
has out "PANDAFUZZ_METADATA: 'perhaps' is not true, false, yes or no"
has out "--builds-grace: '1y' is not a duration such as 250ms, 30s, 5m, 1h \
or 7d; expected 0s to 36500d"
has out "keys 'bots.late' and 'bots.lost': a bot is late before it is lost, \
so 'bots.lost' must be the larger one"
is "and nothing else is said" 13 "$(wc -l <out)"
"$masterd" --config m.yaml --root "$root" --as-root >out 2>&1
is "it does not start" 2 $?
[ ! -e "$root" ] || fail "it made its root"

cat >b.yaml <<'END'
retry: {retryable_errors: [again, refuse], multiplier: 0.5, max_delay: 1ms}
breaker: {failures: 0}
link: http://master
END
"$botd" --config b.yaml --check-config >out 2>&1
is "wrong settings of a bot are exit 2" 2 $?
has out "b.yaml:1:27: key 'retry.retryable_errors': 'refuse' is none of \
again, refused, not_found, denied, conflict, bug; nearest is 'refused'"
has out "b.yaml:1:56: key 'retry.multiplier': '0.5' is too small; expected 1 \
to 100"
has out "b.yaml:2:21: key 'breaker.failures': '0' is too small; expected 1 to \
1000"
has out "key 'retry.max_delay': is shorter than 'retry.initial_delay'"
has out "key 'link': link 'http://master' is neither sftp://user@host:port \
nor dir:/path"
"$botd" --config b.yaml run >out2 2>&1
is "it does not start either" 2 $?
cmp -s out out2 || fail "and says something else: $(cat out2)"

# -- bombs
{
	echo 'a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]'
	for n in b:a c:b d:c e:d f:e g:f h:g i:h; do
		l=*${n#*:}
		echo "${n%:*}: &${n%:*} [$l,$l,$l,$l,$l,$l,$l,$l,$l]"
	done
	echo 'root: *i'
} >bomb.yaml
printf 'root: %s\n' "$(printf '[%.0s' {1..60000})" >deep.yaml
head -c 100000000 /dev/zero | tr '\0' '#' >long.yaml
for bomb in bomb deep long; do
	began=$(date +%s%N)
	is "$bomb.yaml is refused" "2 2" \
	    "$(both --config $bomb.yaml --check-config)"
	took=$((($(date +%s%N) - began) / 1000000))
	[ $took -lt 4000 ] || fail "that took $took ms"
	ok "in $took ms"
	[ -s out-masterd ] && [ "$(wc -c <out-masterd)" -lt 20000 ] ||
		fail "and said $(wc -c <out-masterd) bytes"
done
grep -q 'bomb.yaml:1:4: an anchor (&a) is not allowed' out-masterd &&
	fail "stale"
"$masterd" --config bomb.yaml --check-config 2>&1 |
	grep -q 'bomb.yaml:10:7: an alias (\*i) is not allowed' ||
	fail "an alias is not named"

# -- templates are part of it
printf 'base: {memroy: 1GiB}\nprojects: {png: {inherits: none}}\n' >t.yaml
echo "templates: $PWD/t.yaml" >with.yaml
"$masterd" --config with.yaml --check-config >out 2>&1
is "templates that are wrong are no configuration" 2 $?
grep -q "t.yaml:1:8: unknown key 'memroy'" out ||
	fail "the template is not named: $(cat out)"
! grep -q fine out || fail "wrong and fine: $(cat out)"
echo 'base: {memory: 1GiB}' >t.yaml
"$masterd" --config with.yaml --check-config >out 2>&1
is "and fine when they are right" 0 $?

# -- typing errors in the environment
env PANDAFUZZ_HEARTBAET=1s PANDAFUZZ_HART=1s PANDAFUZZ_SLTOS=3 \
    "$masterd" --config empty.yaml --check-config >out 2>&1
is "an odd variable is no failure" 0 $?
has out "PANDAFUZZ_HEARTBAET: sets nothing, nearest is 'PANDAFUZZ_HEARTBEAT'"
is "and no more is said of others" 2 "$(wc -l <out)"
exit 0

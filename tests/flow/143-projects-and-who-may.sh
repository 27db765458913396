#!/bin/bash
# Goal: admins of a project change what is of it and nothing else; what is
# private is not there for others; a reload changes who may; every "no" says
# who may and is a line of the log.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

[ "$(id -u)" = 0 ] || { echo "only root can become somebody else"; exit 77; }

# Two users of the system who are in no group of ours.
alice=nobody
bob=$(getent passwd games daemon bin | head -n 1 | cut -d: -f1)
[ -n "$bob" ] || fail "no second user on this machine"
chmod 755 "$work"
mkdir -p "$root"
chmod 755 "$root"

from() { # USER PATH [CURL-OPTION...]
	local user=$1
	shift
	(cd / && setpriv --reuid "$user" --regid nogroup --clear-groups \
	    curl -sS --max-time 20 --unix-socket "$root/run/admin.sock" \
	    "${@:2}" "http://master/api/v1/$1")
}

status_of() { # USER PATH [CURL-OPTION...]
	from "$@" -w '\n%{http_code}' >"$work/said"
	tail -n 1 "$work/said"
}

rules() { # YAML
	printf '%s\n' "$1" >"$work/rules.yaml"
	[ -z "$master" ] || api system/reload -d '{}' |
		jq -e .item.templates.good >/dev/null || fail "reload"
}

rules "projects: {zlib: {admins: [$alice]}, png: {admins: [$bob]}}"
account local
start_master --templates "$work/rules.yaml"
chmod 755 "$root/run"
chmod 666 "$root/run/admin.sock"
make_target "$work/one/read"
code 0 build add "$work/one" --project zlib
printf x >>"$work/target"
make_target "$work/two/load"
code 0 build add "$work/two" --project png
ours=$(api jobs -d '{"target":"zlib/read"}' | jq -r .item.id)
theirs=$(api jobs -d '{"target":"png/load"}' | jq -r .item.id)
build=$(api 'builds?project=zlib' | jq -r '.items[0].id')

is "alice changes her project" 200 \
    "$(status_of $alice "jobs/$ours/pause" -X PUT -d '{}')"
is "and is named for it" "user:$alice" \
    "$(api 'log?order=newest&limit=1' | jq -r '.items[0].who')"
is "makes jobs there" 200 \
    "$(status_of $alice jobs -d '{"target":"zlib/read"}')"
is "not elsewhere" 404 "$(status_of $alice jobs -d '{"target":"png/load"}')"
is "nor changes what is there" 404 \
    "$(status_of $alice "jobs/$theirs/pause" -X PUT -d '{}')"
is "nor bots" 403 \
    "$(status_of $alice "bots/b1/drain" -X PUT -d '{}')"
is "and sees her project alone" zlib \
    "$(from $alice builds | jq -r '[.items[].project] | unique | join(",")')"
is "in counts, too" 1 "$(from $alice status | jq .item.targets)"
grep -q "request.denied who=user:$alice.*reason=" "$work/master.log" ||
	fail "no line request.denied"
ok "a no is a line of the log"
is "the sentence says who may" true "$(jq '.error.message |
    contains("pandafuzz-admin may")' <(from $alice bots/b1/drain -X PUT \
    -d '{}'))"

# Bob reads zlib, then it is private, then he is its reader.
rules "projects: {zlib: {admins: [$alice], readers: [$bob]},
    png: {admins: [$bob]}}"
is "bob reads zlib now" 200 "$(status_of "$bob" "jobs/$ours")"
is "but may not change it" 403 \
    "$(status_of "$bob" "jobs/$ours/resume" -X PUT -d '{}')"
grep -q "its admins ($alice)" "$work/said" ||
	fail "it does not say who may: $(cat "$work/said")"
ok "he is told who may"
rules "projects: {zlib: {admins: [$alice], security: private},
    png: {admins: [$bob]}}"
is "private: the job is not there" 404 "$(status_of "$bob" "jobs/$ours")"
is "nor the build" 404 "$(status_of "$bob" "builds/$build")"
is "nor the target" 404 "$(status_of "$bob" targets/zlib/read)"
is "nor its corpus" 404 "$(status_of "$bob" 'corpus?target=zlib/read')"
is "nor anything in lists" "" "$(for list in builds targets jobs buckets \
    crashes status; do from "$bob" $list; done | grep -o zlib | head -n 1)"
is "nor a hint" "" "$(from "$bob" targets/zlib/rea | grep -o 'zlib/read')"
is "alice still sees it" 200 "$(status_of $alice "jobs/$ours")"
is "and all admins" 200 "$(api "jobs/$ours" -o /dev/null -w '%{http_code}')"
rules "projects: {zlib: {admins: [$bob]}}"
is "who is taken out sees nothing" 403 "$(status_of $alice status)"
is "a file that is wrong leaves it so" false "$(
    echo 'projects: {zlib: {admins: [-]}}' >"$work/rules.yaml"
    api system/reload -d '{}' | jq .item.templates.good)"
is "bob still may" 200 "$(status_of "$bob" "jobs/$ours/resume" -X PUT -d '{}')"
stop_master || fail "the master's exit code"

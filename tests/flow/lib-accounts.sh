# Sourced by flow tests of accounts, after lib-local.sh: a ROOT that takes
# further machines, requests to its master, and machines made by hand.
host=127.0.0.1
options="-oBatchMode=yes -oUserKnownHostsFile=$work/hosts
    -oStrictHostKeyChecking=yes -oIdentitiesOnly=yes -oIdentityAgent=none
    -F none"
me=$(id -un)

free_port() {
	local port
	while port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null ||
		    { echo "$port" && return; }
	done
}

# listen_up OPTION...: with --listen on a free port, $port afterwards.
listen_up() {
	local try
	for try in 1 2 3 4 5; do
		port=$(free_port)
		pf-local up "$ROOT" --listen $host:$port "$@" && break
	done
	printf '[%s]:%s %s\n' $host "$port" \
	    "$(cut -d' ' -f1,2 "$ROOT/local/keys/host_ed25519.pub")" \
	    >"$work/hosts"
	(exec 3<>"/dev/tcp/$host/$port") || fail "nobody listens on $port"
}

# api METHOD PATH [BODY]: the answer's body; $? tells 2xx from all else.
api() {
	local code
	code=$(curl -sS -o "$work/answer" -w '%{http_code}' --max-time 20 \
	    -X "$1" ${3+-d "$3"} --unix-socket "$ROOT/run/admin.sock" \
	    "http://master/api/v1/$2") || return
	cat "$work/answer"
	case $code in 2*) return 0 ;; esac
	return 1
}

# invitations ACCOUNT COUNT [MORE-JSON]: a line each.
invitations() {
	api PUT "accounts/$1/invite" "{\"count\":$2${3+,$3}}" >/dev/null ||
	    fail "invite: $(cat "$work/answer")"
	jq -r '.items[].line' "$work/answer"
}

# knock LINE NAME [BOT [KEY]]: a machine in work/NAME; sets $invite.
knock() {
	local line=$1 name=$2
	shift 2
	"$B/tests/fault/knock" "$line" "$work/$name" "$@" >"$work/knocked" ||
	    fail "knock"
	read -r invite user _ _ <"$work/knocked"
	[ "$user" = "$me" ] || fail "the line says user $user"
	deliver "$name" "$invite" "$work/$name/$invite.enrol"
}

# talk KEYFILE: sftp's batch on standard input.
talk() {
	sftp -q $options -i "$1" -P "$port" -b - "$me@$host" 2>&1
}

deliver() { # NAME INVITE FILE
	talk "$work/$1/invited" <<-TEXT
		put $3 incoming/tmp/$2.enrol
		rename incoming/tmp/$2.enrol incoming/new/$2.enrol
	TEXT
}

# answer NAME INVITE: its state, as the machine reads it.
answer() {
	rm -f "$work/read"
	echo "get outgoing/$2/answer.json $work/read" |
	    talk "$work/$1/invited" >/dev/null
	[ -s "$work/read" ] && jq -r .state "$work/read"
}

answer_is() { # NAME INVITE STATE
	[ "$(answer "$1" "$2")" = "$3" ]
}

may_enter() { # NAME
	echo 'ls incoming' | talk "$work/$1/own" >/dev/null
}

may_not_enter() {
	! may_enter "$1"
}

# Sourced after lib-master.sh by tests that play bots: they register, beat and
# complete by hand, so that any word of any of them can be had at any time.

declare -A bot_epoch bot_seq bot_beats

# bot_up NAME [SYSTEM [SLOTS]]: a host of its own kind, alive, for libfuzzer.
bot_up() {
	local record
	bot_epoch[$1]=$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n')
	bot_seq[$1]=0
	bot_beats[$1]=0
	printf '%s' "${2-linux}" >"$work/os"
	printf 14 >"$work/version"
	record='{"rec":"host","cores":2,"memory":4096,"slots":'${3-1}','
	record=$record'"sandbox":"bwrap","arch":"x86_64"}'
	bot_sends "$1" register --record "$record" --record '{"rec":"os"}' \
	    --payload "$work/os" --record \
	    '{"rec":"engine","engine":"libfuzzer"}' --payload "$work/version" \
	    --record '{"rec":"wire","version":1}'
	bot_slots=${3-1} bot_beats "$1"
}

# bot_sends NAME KIND OPTION...: its next bundle.
bot_sends() {
	local name=$1 kind=$2
	shift 2
	bot_seq[$name]=$((bot_seq[$name] + 1))
	BOT=$name EPOCH=${bot_epoch[$name]} send "$kind" "${bot_seq[$name]}" "$@"
}

# bot_beats NAME [LEASE...]: alive, with these in hand.
bot_beats() {
	local name=$1 lease record options=()
	shift
	bot_beats[$name]=$((bot_beats[$name] + 1))
	record='{"rec":"beat","generation":null,"slots":'${bot_slots-1}
	record=$record',"free":1,"load":0,"disk_free":1,"hold":0,'
	record=$record'"outbox_bytes":0,"outbox_files":0,"off":0,"off_seconds":0}'
	for lease; do
		options+=(--record '{"rec":"holding","lease":"'"$lease"'",
		"seconds":1,"execs":10}')
	done
	record2='{"rec":"epoch","epoch":"'${bot_epoch[$name]}'","oldest":0,'
	record2=$record2'"highest":'${bot_seq[$name]}'}'
	BOT=$name EPOCH=${bot_epoch[$name]} seal heartbeat \
	    "${bot_beats[$name]}" --record "$record" "${options[@]}" \
	    --record "$record2" >/dev/null
	BOT=$name EPOCH=${bot_epoch[$name]} push "$(BOT=$name \
	    EPOCH=${bot_epoch[$name]} name_of "${bot_beats[$name]}" h)"
	wait_empty
}

# The open lease of a bot, "" if none: [NAME].
lease_of() {
	sql "SELECT l.lease FROM lease l JOIN bot b ON b.id = l.bot WHERE
	    b.name = '$1' AND l.state IN ('offered', 'running')
	    ORDER BY l.id LIMIT 1"
}

has_lease() {
	[ -n "$(lease_of "$1")" ]
}

# got NAME: waits for its next lease, sets $lease.
got() {
	wait_until 30 has_lease "$1" || fail "$1 is not given a lease"
	lease=$(lease_of "$1")
	wait_until 20 grep -q "$lease" "$(status_file "local/$1")" ||
		fail "the status of $1 does not list $lease"
}

# completes NAME RESULT [VERDICT [SENTENCES]]: $lease.
completes() {
	local options=()
	if [ -n "${3-}" ]; then
		options=(--check "$3")
		printf '%s' "${4-}" >"$work/said"
		[ -z "${4-}" ] || options+=(--payload "$work/said")
	fi
	bot_sends "$1" complete --lease "$lease" --complete "$2" \
	    "${options[@]}"
	wait_empty
}

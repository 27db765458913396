#!/bin/bash
# Goal: pandafuzz-botd starts a courier and a runner, starts a dead one again,
# takes both with it when it is killed itself, refuses a root that another has
# locked with exit 3, and on SIGTERM ends both, the courier last, with what was
# sealed pushed, in less than 30 s.
LINK=
. "$(dirname "$0")/lib-courier.sh"
LINK=dir:$account SSHD_KEY=/none SSHD_HOSTS=/none
bot=

# Children of the supervisor by their last argument.
child() { # courier, runner
	local pid
	for pid in $(sshd_below "$bot"); do
		[ "$( (tr '\0' '\n' <"/proc/$pid/cmdline" | tail -n 1) \
		    2>/dev/null)" = "$1" ] && echo "$pid" && return
	done
	return 1
}

bot_start() {
	pandafuzz-botd $(options) --sandbox none 2>>"$work/courier.log" &
	bot=$!
	courier=$bot # ended with us, whatever happens
	wait_until 10 child courier >/dev/null || fail "no courier"
	wait_until 10 child runner >/dev/null || fail "no runner"
}

gone() { # PID...
	local pid
	for pid; do
		case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in
		'' | Z* | X*) ;;
		*) return 1 ;;
		esac
	done
}

another() { # NAME OLD-PID
	local now
	now=$(child "$1") && [ "$now" != "$2" ]
}

publish 0
bot_start
[ "$(cat "$root/identity")" = b1 ] || fail "no identity"
for name in courier runner courier; do
	old=$(child $name)
	kill -KILL "$old"
	wait_until 15 another $name "$old" || fail "$name was not restarted"
done

# The lock.
pandafuzz-botd $(options) 2>"$work/second.log"
[ $? = 3 ] || fail "a second one on the same root was not refused"

# Killed itself: nobody is left, and the next one starts at once.
children="$(child courier) $(child runner)"
kill -KILL "$bot"
{ wait "$bot"; } 2>/dev/null
wait_until 5 gone $children || fail "children were left behind"
bot_start

# SIGTERM.
noise 1000 "$work/unit"
wait_until 10 logged link.up
kill -STOP "$(child courier)"
name=$(seal crash 9 "$work/unit")
stopped=$(child courier)
began=$SECONDS
kill -TERM "$bot"
sleep 0.5
kill -CONT "$stopped"
wait "$bot"
code=$?
courier=
[ $code = 0 ] || fail "it left with code $code"
[ $((SECONDS - began)) -lt 30 ] || fail "it took $((SECONDS - began)) s"
arrived "$name" || fail "the crash was not pushed on leaving"

# A command line or link that means nothing: exit 2, with a sentence.
for wrong in "--link nonsense" "--slots many" "--no-such-option" "frobnicate" \
    "--name Not-Ok"; do
	pandafuzz-botd $(options) $wrong >"$work/out" 2>&1
	[ $? = 2 ] || fail "'$wrong' was not refused: $(cat "$work/out")"
	[ -s "$work/out" ] || fail "'$wrong' was refused without a word"
done
exit 0

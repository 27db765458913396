#!/bin/bash
# Goal: bash completes pfadm's words, options, values and the names of things,
# asking the master that the line names; without a master it is quiet.  zsh
# reads its own form without a complaint and completes with it.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

account local
start_master
mkdir "$work/out-1"
make_target "$work/out-1/read"
adm build add "$work/out-1" --project png -q >/dev/null 2>&1 || fail "build"
code 0 job create png/read -q
job=$(cat "$work/out")
BOT=b07 beat 1 0 0
bot_is_there() {
	adm bot show b07 >/dev/null 2>&1
}
check "a bot" wait_until 20 bot_is_there

complete -p pfadm >/dev/null 2>&1 && fail "completed already"
. <(pfadm completion bash)
tab() { # LINE: what Tab would offer, one line
	COMP_LINE=$1
	COMP_POINT=${#COMP_LINE}
	read -ra COMP_WORDS <<<"$COMP_LINE"
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_pfadm 2>"$work/err"
	[ ! -s "$work/err" ] || fail "completion said: $(cat "$work/err")"
	echo "${COMPREPLY[*]}"
}
PANDAFUZZ_ROOT=$root
export PANDAFUZZ_ROOT
same "nouns" "build bot bucket" "$(tab 'pfadm b')"
same "verbs" "cancel clone create" \
    "$(tab 'pfadm job c' | tr ' ' '\n' | sort | paste -sd' ')"
same "options of this command only" "--columns --csv" \
    "$(tab 'pfadm job list --c' | tr ' ' '\n' | grep -v color | paste -sd' ')"
same "no others" "" "$(tab 'pfadm job list --slo')"
same "values" "address" "$(tab 'pfadm job create x --sanitizer a')"
same "after =, too, by the shell" "always auto" \
    "$(tab 'pfadm status --color a' | tr ' ' '\n' | sort | paste -sd' ')"
same "a job" "$job" "$(tab "pfadm job show ${job:0:3}")"
same "a second one" "$job" "$(tab "pfadm job cancel x ${job:0:3}")"
same "a bot, by an alias' verb" "b07" "$(tab 'pfadm bot drain ')"
same "a target" "png/read" "$(tab 'pfadm target show p')"
same "a project" "png" "$(tab 'pfadm job list --project p')"
same "a build, by its alias" "$(adm build list -o id --no-header)" \
    "$(tab 'pfadm build rm ')"
same "log is a command and a noun" "check" "$(tab 'pfadm log ')"
same "help has the nouns" "target" "$(tab 'pfadm help ta')"
same "shells" "zsh" "$(tab 'pfadm completion z')"
(cd "$work" && same "files" "out-1" "$(tab 'pfadm run out-')") || exit 1
unset PANDAFUZZ_ROOT
same "the master of the line" "b07" "$(tab "pfadm --root $root bot show ")"
same "no master, no names, no noise" "" "$(tab 'pfadm --root /none bot show ')"
same "nor through ssh" "" "$(tab 'pfadm -H ssh://x.invalid bot show ')"

pfadm completion zsh >"$work/_pfadm"
command -v zsh >/dev/null || fail "no zsh"
zsh -n "$work/_pfadm" || fail "zsh cannot read it"
# compadd stands for the menu.
cat >"$work/try" <<'ZSH'
compdef() { }
compadd() { shift; print -r -- "$@"; }
_files() { print files; }
. $1
words=("${(@)argv[2,-1]}")
CURRENT=$#words
_pfadm
ZSH
same "zsh: verbs" "drain" "$(zsh -f "$work/try" "$work/_pfadm" pfadm bot d |
    tr ' ' '\n' | grep '^d')"
same "zsh: names" "b07" "$(zsh -f "$work/try" "$work/_pfadm" pfadm \
    --root "$root" bot show b)"
same "zsh: files" "files" "$(zsh -f "$work/try" "$work/_pfadm" pfadm run '')"
stop_master || fail "the master's exit code"

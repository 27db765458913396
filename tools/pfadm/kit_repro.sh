#!/bin/sh
# Runs the input of this kit and says whether it shows the same bug.
#
#	sh repro.sh [-n TIMES] [-m] [-k FILE] [-i FILE]
#
#	-n TIMES	run it so often (the number in the file "runs")
#	-m		the smaller input.min, if there is one
#	-i FILE		another input
#	-k FILE		keep what the last run said
#
# The last line is "reproduced K of N: same bucket", "...: other crash" or
# "...: did not crash".  Exit: 0 the same at least once, 1 never, 2 trouble.
#
# Needs a shell, awk, env and mkdir, and /proc for sanitizers.  All that came
# from elsewhere stands in files beside this one, and is read line by line as
# data: nothing of it is ever taken as a command.
set -u

trouble() {
	printf 'repro.sh: %s\n' "$*" >&2
	exit 2
}

case $0 in
*/*) kit=${0%/*} ;;
*) kit=. ;;
esac
kit=$(cd -- "$kit" && pwd) || trouble "cannot enter its own folder"
[ -r "$kit/expected" ] || trouble "this folder is no kit: $kit"

times=10
[ -r "$kit/runs" ] && IFS= read -r times <"$kit/runs"
input=$kit/input keep=
while getopts n:mi:k: option; do
	case $option in
	n) times=$OPTARG ;;
	m) input=$kit/input.min ;;
	i) input=$OPTARG ;;
	k) keep=$OPTARG ;;
	*) trouble "usage: repro.sh [-n TIMES] [-m] [-i FILE] [-k FILE]" ;;
	esac
done
case $times in
'' | 0* | *[!0-9]* | ??????*) trouble "-n wants a number, not '$times'" ;;
esac
[ -r "$input" ] || trouble "there is no input '$input'"
here=$(pwd)
case $input in
/*) ;;
*) input=$here/$input ;;
esac
case $keep in
'' | /*) ;;
*) keep=$here/$keep ;;
esac

# ---- a folder to work in ---------------------------------------------------
umask 077
work=''
n=0
while [ -z "$work" ]; do
	n=$((n + 1))
	[ $n -le 100 ] || trouble "cannot make a folder in ${TMPDIR:-/tmp}"
	if mkdir "${TMPDIR:-/tmp}/pf-repro.$$.$n" 2>/dev/null; then
		work=${TMPDIR:-/tmp}/pf-repro.$$.$n
	fi
done
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
work=$(cd -- "$work" && pwd)
mkdir "$work/side" "$work/home" || exit 2
log=$work/log
# shellcheck disable=SC3045
ulimit -c 0 2>/dev/null # where it is known

# ---- words from files ------------------------------------------------------
# The kit's own places for those of the machine that found the crash.
place() { # WORD -> $placed
	placed=''
	rest=$1
	while :; do
		case $rest in
		*@KIT_*@*) ;;
		*) break ;;
		esac
		placed=$placed${rest%%@KIT_*}
		rest=@KIT_${rest#*@KIT_}
		case $rest in
		@KIT_BUILD@*) placed=$placed$kit/build ;;
		@KIT_INPUT@*) placed=$placed$input ;;
		@KIT_SERIES@*) placed=$placed$kit/series ;;
		@KIT_WORK@*) placed=$placed$work/side ;;
		@KIT_HOME@*) placed=$placed$work/home ;;
		*)
			placed=${placed}@KIT_
			rest=${rest#@KIT_}
			continue
			;;
		esac
		rest=${rest#@KIT_}
		rest=${rest#*@}
	done
	placed=$placed$rest
}

IFS= read -r program <"$kit/program" || trouble "the file 'program' is empty"
IFS= read -r loader <"$kit/loader" || loader=
program=$kit/build/$program
[ -x "$program" ] || trouble "cannot run $program (noexec?)"

# ---- whose libraries? ------------------------------------------------------
# Those of this machine when they have all that the program asks for.
libraries=$kit/build/lib
bundled=
if [ -n "$loader" ]; then
	own=$kit/lib/${loader##*/}
	said=missing
	if [ -x "$loader" ]; then
		said=$(LD_LIBRARY_PATH=$libraries "$loader" --list "$program" \
		    2>&1) || said=missing
	fi
	case $said in
	*'not found'* | missing)
		[ -x "$own" ] || trouble "this machine's libraries do not" \
		    "fit, and the kit brings none"
		bundled=$own
		libraries=$libraries:$kit/lib
		;;
	esac
fi

# ---- who names functions? --------------------------------------------------
# Nobody under a loader of ours: sanitizers take it for the program.
symbolizer=
[ -n "$bundled" ] || for found in "$kit/build/llvm-symbolizer" /usr/bin/llvm-symbolizer \
    /usr/bin/llvm-symbolizer-[1-9]* /usr/lib/llvm-[1-9]*/bin/llvm-symbolizer \
    /usr/local/bin/llvm-symbolizer; do
	[ -x "$found" ] || continue
	case $found in *[:\'\"]*) continue ;; esac
	symbolizer=$found
	break
done
format="stack_trace_format='    #%n %p %F %L (%m+%o)'"
if [ -n "$symbolizer" ]; then
	last="$format:symbolize=1:external_symbolizer_path=$symbolizer"
else
	last="$format:symbolize=0"
fi

# ---- the command -----------------------------------------------------------
limit=300
set --
while IFS= read -r line || [ -n "$line" ]; do
	place "$line"
	case $placed in
	[ALMTU]*SAN_OPTIONS=) placed=$placed$last ;;
	[ALMTU]*SAN_OPTIONS=*) placed=$placed:$last ;;
	esac
	set -- "$@" "$placed"
done <"$kit/environment"
if [ -n "$bundled" ]; then
	set -- "$@" "$bundled" --library-path "$libraries" "$program"
else
	set -- "$@" "$program"
fi
while IFS= read -r line || [ -n "$line" ]; do
	place "$line"
	case $line in
	-timeout=*[!0-9]* | -timeout= | -timeout=0*) ;;
	-timeout=?????*) ;;
	-timeout=*) limit=$((3 * ${line#-timeout=} + 60)) ;;
	esac
	set -- "$@" "$placed"
done <"$kit/arguments"
guard=
for found in /usr/bin/timeout /bin/timeout; do
	[ -x "$found" ] && guard=$found && break
done

# ---- is it the same? -------------------------------------------------------
# Reads "expected", the report of then, what the program said now.  Says
# same, type, other or none.  Functions are compared where both have names,
# else the place in the module: it is the same file.  "type": neither is known.
judge_text='
function base(path) { sub(/.*\//, "", path); return path }

# "ns::f<int>(char*) const" -> "ns::f<int>"
function plain(f) {
	gsub(/\(anonymous namespace\)/, "{anonymous}", f)
	gsub(/operator\(\)/, "operator{}", f)
	if (index(f, "(") > 1)
		f = substr(f, 1, index(f, "(") - 1)
	sub(/ +$/, "", f)
	return f
}

# The report, line by line, into key, access, depth, fn, module, offset.
function start(w) { key[w] = access[w] = ""; depth[w] = 0; over[w] = 0 }

function words(text, n,    part, i, out) {
	split(text, part, / +/)
	for (i = 1; i <= n; i++) {
		gsub(/[^A-Za-z_-]/, "", part[i])
		out = out " " part[i]
	}
	return substr(out, 2)
}

function head(w, line,    rest) {
	if (line ~ /(ERROR|WARNING): [A-Za-z]*Sanitizer: /) {
		rest = line
		sub(/.*(ERROR|WARNING): [A-Za-z]*Sanitizer: /, "", rest)
		key[w] = words(rest, rest ~ /^(attempting|failed|detected) / \
		    ? 2 : 1)
	} else if (line ~ /ERROR: libFuzzer: /) {
		rest = line
		sub(/.*ERROR: libFuzzer: /, "", rest)
		key[w] = "libFuzzer " words(rest, 1)
	} else if (line ~ /: runtime error: /) {
		rest = line
		sub(/.*: runtime error: /, "", rest)
		key[w] = "runtime error " words(rest, 2)
	}
}

function frame(w, line,    number, f, m, o, n) {
	number = line
	sub(/^ *#/, "", number)
	number = number + 0
	if (depth[w] > 0 && number < last_number[w]) {
		over[w] = 1
		return
	}
	last_number[w] = number
	sub(/^ *#[0-9]+ +/, "", line)
	sub(/^0x[0-9a-fA-F]+ */, "", line)
	m = o = ""
	while (match(line, /\([^()]*\+0x[0-9a-fA-F]+\)/)) {
		m = substr(line, RSTART + 1, RLENGTH - 2)
		line = substr(line, 1, RSTART - 1) \
		    substr(line, RSTART + RLENGTH)
	}
	if (m != "") {
		o = m
		sub(/.*\+0x/, "", o)
		sub(/^0+/, "", o)
		sub(/\+0x[0-9a-fA-F]+$/, "", m)
	}
	gsub(/\(BuildId: [^()]*\)/, "", line)
	sub(/ +$/, "", line)
	f = ""
	if (line ~ /^in /) {
		f = substr(line, 4)
		sub(/ +[^ ]+:[0-9]+(:[0-9]+)?$/, "", f)
		sub(/ +\/[^ ]*$/, "", f)
		if (f ~ /^[^ ]*\+0x[0-9a-f]+$/)
			sub(/\+0x[0-9a-f]+$/, "", f)
	}
	n = ++depth[w]
	fn[w, n] = plain(f)
	module[w, n] = base(m)
	offset[w, n] = tolower(o)
}

function line_of(w, line) {
	if (key[w] == "") {
		head(w, line)
		return
	}
	if (over[w])
		return
	if (line ~ /^ *#[0-9]+ /)
		frame(w, line)
	else if (depth[w] > 0)
		over[w] = 1
	else if (line ~ /^(READ|WRITE) of size [0-9]+/) {
		split(line, part, " ")
		access[w] = part[1] " " (part[4] > 16 ? "*" : part[4])
	} else if (line ~ /signal is caused by a (READ|WRITE) /)
		access[w] = line ~ / READ / ? "READ" : "WRITE"
	else if (line ~ /^(Direct|Indirect) leak of /)
		key[w] = key[w] " " words(line, 1)
}

# ---- the frames that made the state
function expect(line,    part) {
	split(line, part, "\t")
	if (part[1] == "status")
		status = part[2]
	if (part[1] == "placeless")
		placeless = 1
	if (part[1] != "frame")
		return
	frames++
	state[frames] = part[2] == "state"
	efn[frames] = plain(part[3])
	emodule[frames] = base(part[4])
	eoffset[frames] = part[5]
}

# The kit knows none: the first three of the report that are not a run-time.
function guess(    i, n) {
	for (i = 1; i <= depth["then"] && n < 3; i++) {
		frames++
		efn[frames] = fn["then", i]
		emodule[frames] = module["then", i]
		eoffset[frames] = offset["then", i]
		state[frames] = !(efn[frames] ~ /^(__|free$|malloc$|calloc$)/)
		n += state[frames]
	}
}

function same_place(i, j) {
	return eoffset[i] != "" && eoffset[i] == offset["now", j] && \
	    (emodule[i] == module["now", j] || module["now", j] == loader)
}

function equal(i, j) {
	if (efn[i] != "" && fn["now", j] != "")
		return efn[i] == fn["now", j]
	return same_place(i, j)
}

# Frames between those of the state that say nothing.
function passed_over(j,    i) {
	for (i = 1; i <= frames; i++)
		if (equal(i, j) && (!state[i] || key["now"] ~ /stack-overflow/))
			return 1
	if (fn["now", j] ~ /^__/)
		return 1
	return module["now", j] != program && module["now", j] != loader
}

# Names then, none now, and not all places either.
function is_dumb(    i, j) {
	for (i = 1; i <= frames; i++)
		if (state[i] && eoffset[i] == "")
			break
	if (i > frames)
		return 0
	for (j = 1; j <= depth["now"]; j++)
		if (fn["now", j] != "")
			return 0
	return depth["now"] > 0
}

function same_frames(    i, j, named) {
	i = 1
	for (j = 1; j <= depth["now"]; j++) {
		named = named || fn["now", j] != ""
		while (i <= frames && !state[i])
			i++
		if (i > frames)
			return 1
		if (equal(i, j)) {
			# Without names what was inlined has one frame.
			do
				i++
			while (i <= frames && fn["now", j] == "" && \
			    same_place(i, j))
		} else if (!passed_over(j))
			return 0
	}
	while (i <= frames && !state[i])
		i++
	return i > frames
}

BEGIN {
	start("then")
	start("now")
	code = ENVIRON["KIT_CODE"]
	program = ENVIRON["KIT_PROGRAM"]
	loader = ENVIRON["KIT_LOADER"]
}
{ sub(/\r$/, "") }
FILENAME == ARGV[1] { expect($0); next }
FILENAME == ARGV[2] || FILENAME == "" { line_of("then", $0); next }
{ line_of("now", $0) }
END {
	if (code == 0)
		print "none"
	else if (key["now"] == "" && code == 124 && key["then"] ~ /timeout/)
		print "same"
	else if (key["now"] != key["then"])
		print "other"
	else if (key["now"] == "")
		print (status == code ? "same" : "other")
	else if (access["now"] != access["then"])
		print "other"
	else {
		if (frames == 0)
			guess()
		if (placeless)
			print "same"
		else if (is_dumb())
			print "type"
		else
			print (same_frames() ? "same" : "other")
	}
}
'

judge() { # CODE
	# By the environment: awk reads backslashes in what -v brings.
	KIT_PROGRAM=${program##*/} KIT_LOADER=${bundled##*/} KIT_CODE=$1 \
	    awk "$judge_text" "$kit/expected" - "$log" <"$kit/report.txt"
}

# ---- run -------------------------------------------------------------------
cd -- "$kit/build" || trouble "the kit has no build"
n=0 same=0 other=0 dumb=0
while [ $n -lt "$times" ]; do
	n=$((n + 1))
	if [ -n "$guard" ]; then
		"$guard" -k 5 "$limit" env -i "$@" >"$log" 2>&1 </dev/null
	else
		env -i "$@" >"$log" 2>&1 </dev/null
	fi
	code=$?
	case $code in
	126 | 127) trouble "cannot run it: $(cat "$log")" ;;
	esac
	verdict=$(LC_ALL=C judge $code) || trouble "awk failed"
	case $verdict in
	same) same=$((same + 1)) ;;
	type) same=$((same + 1)) dumb=$((dumb + 1)) ;;
	other) other=$((other + 1)) ;;
	none) ;;
	*) trouble "awk failed" ;;
	esac
done
if [ -n "$keep" ]; then
	cat "$log" >"$keep" || trouble "cannot write '$keep'"
fi
if [ $same -gt 0 ]; then
	[ $other -eq 0 ] || echo "other crash: $other of $n"
	[ $dumb -eq 0 ] || echo "compared by type alone, for want of" \
	    "llvm-symbolizer: $dumb of $n"
	echo "reproduced $same of $n: same bucket"
	exit 0
elif [ $other -gt 0 ]; then
	echo "reproduced 0 of $n: other crash ($other of $n)"
else
	echo "reproduced 0 of $n: did not crash"
fi
exit 1

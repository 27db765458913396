# Sourced after lib-master.sh and lib-pfadm.sh: crashes with reports of one's
# own, as bundles of a bot.

# asan TYPE ACCESS FRAME...: a report of AddressSanitizer, frames from the top;
# "function" or "function file:line".
asan() {
	local type=$1 access=$2 n=0 frame function place
	shift 2
	echo "==7==ERROR: AddressSanitizer: $type on address" \
	    "0x602000000014 at pc 0x51 bp 0x7f sp 0x7e"
	echo "$access at 0x602000000014 thread T0"
	for frame; do
		function=${frame%% *} place=${frame#* }
		[ "$function" = "$frame" ] && place=/src/$function.c:10
		printf '    #%d 0x%012x in %s %s:3\n' $n $((n + 0x400000)) \
		    "$function" "$place"
		n=$((n + 1))
	done
	echo
	echo "SUMMARY: AddressSanitizer: $type"
}

# crash TARGET INPUT [OPTION...]: its report is standard input.
crash() {
	local target=$1 input=$2
	shift 2
	cat >"$work/report"
	# It may stand at the end of a pipe: what it counts is in a file.
	echo >>"$work/crashes"
	send crash "$(wc -l <"$work/crashes")" --target "$target" --crash "$(unit "$input")" \
	    --report "$work/report" "$@" || fail "cannot seal a crash"
	wait_empty
}

# The bucket of the only crash that has this input.
bucket_of() { # INPUT
	adm crash show "$(printf %s "$1" | sha256sum | cut -c1-16)" --json |
		jq -r .item.bucket
}

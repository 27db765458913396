# Sourced by tests of what has to happen within 5 s, after wait_until().
#
# within_5s COMMAND...: on a machine that has more than two programs ready to
# run a core all the time, 30 s: it is not the machine that is tested.
within_5s() {
	local began load
	began=$(date +%s%3N)
	wait_until 30 "$@" || return 1
	began=$(($(date +%s%3N) - began))
	[ $began -gt 5000 ] || return 0
	read -r load _ </proc/loadavg
	echo "after $began ms, with a load of $load"
	[ "${load%.*}" -ge $((2 * $(nproc))) ]
}

#!/bin/bash
# Goal: a bundle that is rewritten through a handle still open after its
# rename changes nothing that is stored; crashing inputs of 64 KiB, 1 MiB and
# 64 MiB of one byte arrive (DESIGN 4: bytes cross a boundary by being copied
# and hashed in one pass).
. "$(dirname "$0")/lib-master.sh"

account local
start_master

noise 3000000 "$work/noise"
noise 3000000 "$work/other"
for seq in $(seq 1 12); do
	printf '%s' "$seq" >>"$work/noise"
	name=$(seal corpus "$seq" --target png/read --unit "$work/noise")
	cp "$work/$name" "$(incoming)/tmp/$name"
	exec 7<>"$(incoming)/tmp/$name"
	mv "$(incoming)/tmp/$name" "$(incoming)/new/$name"
	# In place, at another instant each time: other bytes, or a cut.
	sleep "0.0$((seq * 7 % 4))"
	if [ $((seq % 3)) = 0 ]; then
		: >/proc/self/fd/7
	else
		dd if="$work/other" of=/dev/fd/7 bs=4096 count=$((seq * 50)) \
		    conv=notrunc status=none
	fi
	exec 7>&-
	wait_empty
	fate=$(outcome "$seq")
	case $fate in
	ingested | "") ;;
	*) fail "a rewritten bundle is '$fate'" ;;
	esac
	echo "ok: rewritten in place: ${fate:-damaged}"
	push "$name"
	wait_empty
	[ "$(outcome "$seq")" = ingested ] ||
		fail "pushed again it is '$(outcome "$seq")'"
	[ -f "$root/corpus/lost+found/read/$(sum "$work/noise" |
		sed 's|^\(..\)|\1/\1|')" ] || fail "its unit is not there"
done
store_sound

# ---- large inputs of one byte
seq=13
for size in 65536 1048576 67108864; do
	head -c $size /dev/zero | tr '\0' A >"$work/input"
	send crash $seq --target png/read --crash "$work/input"
	wait_empty 60
	is "a crash with an input of $size bytes" ingested "$(outcome $seq)"
	check "is stored whole" cmp "$work/input" \
	    "$root/crashes/lost+found/read/$(sum "$work/input")/input"
	seq=$((seq + 1))
done

# One byte more travels as digest and size only (PROTOCOL 8).
hash=$(printf '%064d' 5)
send crash $seq --target png/read --record "{\"rec\":\"crash\",$(:
    )\"sha256\":\"$hash\",\"engine\":\"libfuzzer\",$(:
    )\"sanitizer\":\"address\",\"input_size\":67108865,\"exit\":77,$(:
    )\"signal\":0,\"tries\":3,\"reproduced\":3,\"found\":1,$(:
    )\"below\":0,\"above\":0}"
wait_empty
is "a crash without its input" ingested "$(outcome $seq)"
is "says so" 0 "$(sql "SELECT has_input FROM crash WHERE bytes = 67108865")"
store_sound
beat 1 0 $seq
wait_empty
balanced
stop_master || fail "the master ends with $?"

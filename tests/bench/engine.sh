#!/bin/bash
# Executions per second of a libFuzzer job under botd and its cage against the
# same command by hand, and what everything that is not the engine costs.
#
# Rounds alternate: by hand, under the bot.  Each starts from the seeds alone,
# with a fixed seed and a fixed number of runs; under the bot each is a project
# of its own, so that no corpus is carried over.  The fastest of each counts.
set -u
rounds=${ROUNDS:-15}
runs=${RUNS:-150000}
B=$(realpath "${B:-build}")
PATH=$B/bin:$PATH
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$B/bench"
work=$(mktemp -d "$B/bench/engine.XXXXXX")
farm=$work/farm
log=$farm/local/logs/b1.log

stop()
{
	pf-local down "$farm" >/dev/null 2>&1
	chmod -R u+rwX "$work"
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

die()
{
	echo "engine: $*" >&2
	exit 1
}

figure()	# name value unit reference ratio bar met
{
	printf '{"name":"%s","value":%s,"unit":"%s","reference":%s,' \
	    "$1" "$2" "$3" "$4"
	printf '"ratio":%s,"bar":%s,"met":%s}\n' "$5" "$6" "$7"
}

now_ms()
{
	echo $(($(date +%s%N) / 1000000))
}

"$top/tests/targets/build.sh" "$work/targets" jsmn >/dev/null || die "no target"
sed -i "/^\[libfuzzer\]/a seed = 1\nruns = $runs" \
    "$work/targets/jsmn/jsmn_fuzzer.options"
mkdir "$work/seeds"
(cd "$work/seeds" && unzip -q "$work/targets/jsmn/jsmn_fuzzer_seed_corpus.zip")
pf-local up "$farm" --bots 1 --slots 1 --link dir >/dev/null || die "no farm"

by_hand()
{
	local began
	rm -rf "$work/corpus"
	mkdir "$work/corpus" "$work/artifacts" 2>/dev/null
	began=$(now_ms)
	(cd "$work/targets/jsmn" && ./jsmn_fuzzer -seed=1 -runs="$runs" \
	    -timeout=5 -max_len=2048 -rss_limit_mb=2560 -reload=1 \
	    -dict=jsmn_fuzzer.dict -max_total_time=60 -print_final_stats=1 \
	    -artifact_prefix="$work/artifacts/" "$work/corpus" "$work/seeds") \
	    >"$work/hand.log" 2>&1 || die "by hand: $(tail -n 1 "$work/hand.log")"
	echo $(($(now_ms) - began))
}

ended()
{
	grep -c 'engine.ended' "$log"
}

under_the_bot()	# round
{
	local before job i
	cp -r "$work/targets/jsmn" "$work/targets/r$1"
	echo "$1" >"$work/targets/r$1/round"
	before=$(ended)
	pfadm --root "$farm" build add "$work/targets/r$1" --project "r$1" \
	    >/dev/null || die "build add"
	job=$(pfadm --root "$farm" job create "r$1/jsmn_fuzzer" --slots 1 \
	    --parsable) || die "job create"
	for ((i = 0; i < 600; i++)); do
		[ "$(ended)" -gt "$before" ] && break
		sleep 0.1
	done
	pfadm --root "$farm" job cancel "$job" >/dev/null || die "job cancel"
	sed -n 's/.*engine\.ended.* ms=\([0-9]*\).*/\1/p' "$log" |
	    sed -n "$((before + 1))p"
	sleep 1
}

# User and system milliseconds of every process of the farm.
cpu_ms()
{
	local hz sum=0 pid n
	hz=$(getconf CLK_TCK)
	for pid in $(grep -ls "$farm" /proc/[0-9]*/cmdline | cut -d/ -f3); do
		n=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null |
		    awk '{ print $12 + $13 + $14 + $15 }')
		case $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in
		*jsmn_fuzzer* | bwrap*) ;;
		*) sum=$((sum + ${n:-0})) ;;
		esac
	done
	echo $((sum * 1000 / hz))
}

hand=0 bot=0
for ((r = 1; r <= rounds; r++)); do
	h=$(by_hand) || exit 1
	b=$(under_the_bot "$r") || exit 1
	[ -n "$b" ] || die "round $r did not end"
	[ "$hand" = 0 ] || [ "$h" -ge "$hand" ] || hand=$h
	[ "$bot" = 0 ] || [ "$b" -ge "$bot" ] || bot=$b
	[ "$hand" != 0 ] || hand=$h
	[ "$bot" != 0 ] || bot=$b
done
echo "engine: $rounds rounds of $runs runs, fastest $bot ms and $hand ms" >&2
ratio=$(awk "BEGIN { printf \"%.3f\", $hand / $bot }")
figure engine.execs "$(awk "BEGIN { printf \"%d\", $runs * 1000 / $bot }")" \
    "execs/s" "$(awk "BEGIN { printf \"%d\", $runs * 1000 / $hand }")" \
    "$ratio" 0.95 \
    "$(awk "BEGIN { print ($ratio >= 0.95) ? \"true\" : \"false\" }")"

# ---- the cost of all else ----
sed -i '/^runs = /d; /^seed = /d' "$work/targets/jsmn/jsmn_fuzzer.options"
pfadm --root "$farm" build add "$work/targets/jsmn" --project cost >/dev/null ||
    die "build add"
before=$(cpu_ms)
job=$(pfadm --root "$farm" job create cost/jsmn_fuzzer --slots 1 \
    --for "${SECONDS_OF_COST:-40}s" --parsable) || die "job create"
for ((i = 0; i < 90; i++)); do
	pfadm --root "$farm" job show "$job" --json |
	    grep -q '"status":"completed"' && break
	sleep 1
done
ours=$(($(cpu_ms) - before))
sleep 2
engine=$(pfadm --root "$farm" job show "$job" --json |
    grep -o '"cpu_ms":[0-9]*' | awk -F: '{ s += $2 } END { print s + 0 }')
[ "$engine" -gt 0 ] || die "the lease tells no processor time"
share=$(awk "BEGIN { printf \"%.4f\", $ours / $engine }")
figure engine.overhead "$ours" "ms" "$engine" "$share" 0.02 \
    "$(awk "BEGIN { print ($share <= 0.02) ? \"true\" : \"false\" }")"

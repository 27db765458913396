#!/bin/bash
# Goal: kills of the master at any moment lose no run of a hook and make no
# second row of one: each event has run at least once, and exactly one row.
. "$(dirname "$0")/lib-master.sh"
hooks=$work/hooks.d

mkdir -p -m 755 "$hooks" "$hooks/bucket.new"
cat >"$hooks/bucket.new/note" <<EOS
#!/bin/sh
sleep 0.05
sed 's/.*"subject":"\([^"]*\)".*/\1/' >>$work/noted
EOS
chmod 755 "$hooks/bucket.new/note"
chmod 755 "$work"
account local
start() {
	start_master --hooks-folder "$hooks" --hooks-retry-initial-delay 10ms
}

report() { # NUMBER
	cat >"$work/report" <<EOR
==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011 at pc 0x1 bp 0x2 sp 0x3
READ of size 1 at 0x602000000011 thread T0
    #0 0x4f7d30 in function_$1 /src/inflate.c:12:3
    #1 0x4f7d31 in main_$1 /src/main.c:1:1
SUMMARY: AddressSanitizer: heap-buffer-overflow /src/inflate.c:12:3 in function_$1
EOR
}

# -- killed while one runs
start
cat >"$hooks/bucket.new/slow" <<EOS
#!/bin/sh
echo run >>$work/slow
[ -e $work/go ] || exec sleep 1000
EOS
chmod 755 "$hooks/bucket.new/slow"
report 0
send crash 1 --target png/read --crash "$(unit 0)" --report "$work/report"
wait_until 20 [ -s "$work/slow" ] || fail "it does not run"
stop_master KILL
is "its row waits" waiting \
    "$(sql "SELECT state FROM hook_run WHERE hook = 'bucket.new/slow'")"
touch "$work/go"
start
slow_done() {
	[ "$(sql "SELECT state FROM hook_run
	    WHERE hook = 'bucket.new/slow'")" = done ]
}
check "it runs again" wait_until 20 slow_done
is "twice in all" 2 "$(wc -l <"$work/slow")"
rm "$hooks/bucket.new/slow"

# -- killed anywhere
for n in 1 2 3 4 5 6 7 8 9 10; do
	report $n
	send crash $((n + 1)) --target png/read --crash "$(unit $n)" \
	    --report "$work/report"
	sleep "0.$((n * 37 % 40 + 10))"
	stop_master KILL
	start
done
wait_empty
all_done() {
	[ "$(sql "SELECT count(*) FROM hook_run WHERE state = 'done' AND
	    hook = 'bucket.new/note'")" = 11 ]
}
wait_until 60 all_done || fail "not all are done: $(sql "SELECT * FROM hook_run")"
ok "all 11 are done"
is "one row for each event" 11 "$(sql "SELECT count(*) FROM event e JOIN
    hook_run r ON r.event = e.id WHERE e.what = 'bucket.new' AND
    r.hook = 'bucket.new/note'")"
is "and each ran" 11 "$(sort -u "$work/noted" | wc -l)"
stop_master || fail "the master's exit code"

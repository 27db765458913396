#!/bin/bash
# Goal: after a real farm has lost its data/ folder, --rebuild brings back its
# jobs, builds, units, crashes, and bugs with their numbers and statuses, from
# files alone; fuzzing goes on, bots push again what they keep, and the ledger
# balances.
# timeout: 240
. "$(dirname "$0")/lib-local.sh"

options=
[ "$(id -u)" = 0 ] && options=--as-root
db=$ROOT/data/pandafuzz.db

ok() {
	echo "ok: $*"
}

is() { # SENTENCE WANTED GOT
	[ "$2" = "$3" ] || fail "$1: '$3', not '$2'"
	ok "$1"
}

sql() {
	sqlite3 -readonly -cmd ".timeout 5000" "$db" "$1"
}

balanced() {
	adm ledger check >"$work/said"
}

all_written() {
	[ "$(sql "SELECT count(*) FROM dirty")" = 0 ]
}

job_is() { # JOB STATUS
	[ "$(adm job show "$1" --json | jq -r .item.status)" = "$2" ]
}

job_runs() { # JOB
	[ "$(adm job show "$1" --json | jq .item.running)" -gt 0 ]
}

rows_at_least() { # NUMBER TABLE
	[ "$(sql "SELECT count(*) FROM $2")" -ge "$1" ]
}

# What has to come back, a line each.
facts() {
	sql "SELECT 'project', name, next_bucket FROM project ORDER BY name;
	SELECT 'target', p.name, t.name FROM target t JOIN project p ON p.id =
	    t.project ORDER BY 2, 3;
	SELECT 'build', hex(b.sha256), p.name, branch, revision, engine,
	    sanitizer, arch, state, files, bytes, added_by, b.added_ms,
	    judged_ms, (SELECT group_concat(name || state || program || seeds ||
	    dict || x.edges) FROM (SELECT * FROM build_target bt JOIN target t
	    ON t.id = bt.target WHERE bt.build = b.id ORDER BY t.name) x),
	    (SELECT count(*) FROM build_use u WHERE u.build = b.id) FROM build b
	    JOIN project p ON p.id = b.project ORDER BY 2;
	SELECT 'file', hex(sha256), bytes, traits FROM build_file ORDER BY 2;
	SELECT 'job', j.job, t.name, hex(b.sha256), hex(c.sha256), j.branch,
	    status, slots, weight, for_ms, created_by, created_ms, started_ms,
	    ended_ms, trace, (SELECT group_concat(key || '=' || value) FROM
	    (SELECT * FROM job_setting WHERE job = j.id ORDER BY key)), (SELECT
	    group_concat(key || '=' || value) FROM (SELECT * FROM job_value
	    WHERE job = j.id ORDER BY key)) FROM job j JOIN target t ON t.id =
	    j.target LEFT JOIN build b ON b.id = j.build LEFT JOIN build c ON
	    c.id = j.current ORDER BY 2;
	SELECT 'bucket', p.name, k.number, k.status, k.reason, k.muted_until_ms,
	    k.class, k.type, k.state, k.security, k.severity, k.owner, k.issue,
	    k.first_ms, a.number, (SELECT group_concat(label) FROM (SELECT
	    label FROM bucket_label l WHERE l.bucket = k.id ORDER BY 1)),
	    (SELECT group_concat(who || at_ms || text) FROM (SELECT * FROM
	    bucket_note n WHERE n.bucket = k.id ORDER BY id)), (SELECT
	    group_concat(verb || who || at_ms || d.reason || detail ||
	    coalesce(other, '') || coalesce(undone, '')) FROM (SELECT * FROM
	    decision d WHERE d.bucket = k.id ORDER BY id) d) FROM bucket k
	    JOIN project p ON p.id = k.project LEFT JOIN bucket a ON a.id =
	    k.alias ORDER BY 2, 3;
	SELECT 'signature', s.id, hex(s.signature), s.security, k.number,
	    s.class, s.type, s.family, s.state, s.stack, s.placeless, s.apart,
	    s.rule, s.severity, s.first_ms, (SELECT group_concat(band) FROM (SELECT band
	    FROM signature_band b WHERE b.signature = s.id ORDER BY 1)) FROM
	    signature s JOIN bucket k ON k.id = s.bucket ORDER BY 3, 4;
	SELECT 'link', a, b, rule, distance FROM signature_link ORDER BY 2, 3;
	SELECT 'join', a, b, decision FROM signature_join ORDER BY 2, 3;
	SELECT 'tried', hex(c.sha256), b.name, hex(r.build), r.tries,
	    r.reproduced, r.below, r.above FROM reproduction r JOIN crash c ON
	    c.id = r.crash JOIN bot b ON b.id = r.bot ORDER BY 2, 3, 4;
	SELECT 'crash', p.name, t.name, hex(c.sha256), hex(c.signature), k.number,
	    c.type, c.access, access_size, address, c.state, tool, c.security,
	    c.engine, sanitizer, bytes, has_input, tries, reproduced, rules,
	    c.class, c.severity, severity_rule, security_rule, casr,
	    hex(x.digest), x.text, r.name, hex(min_sha256), min_bytes, series,
	    parents, hex(s.signature)
	    FROM crash c LEFT JOIN stack x ON x.id = c.stack LEFT JOIN ruleset
	    r ON r.id = c.ruleset LEFT JOIN signature s ON s.id = c.sig JOIN bucket k ON k.id = c.bucket JOIN target t ON
	    t.id = c.target JOIN project p ON p.id = t.project ORDER BY 4, 5;
	SELECT 'unit', t.name, hex(sha256), bytes FROM unit u JOIN target t ON
	    t.id = u.target ORDER BY 2, 3;
	SELECT 'bot', a.name, b.name, owner, drained, drain_reason, drained_by,
	    drained_ms, pool, b.state = 'forgotten' FROM bot b JOIN account a ON a.id =
	    b.account WHERE b.name <> 'rebuilt' ORDER BY 2, 3"
}

tests/targets/build.sh "$work/targets" >/dev/null || fail "the targets"
mkdir -p "$ROOT/local" && chmod 700 "$ROOT/local"
echo "heartbeat: 1s" >"$ROOT/local/masterd.yaml"
local_up --bots 1 --slots 2 --link dir

# ---- a farm with a past ----

adm build add "$work/targets/chunks" --project chunks --revision c1 \
    >/dev/null || fail "build add"
adm build add "$work/targets/jsmn" --project jsmn >/dev/null || fail "build add"
runs=$(adm job create chunks/chunks_fuzzer --slots 1 --parsable) ||
	fail "job create"
ends=$(adm job create jsmn/jsmn_fuzzer --for 5s --parsable) ||
	fail "job create"
gone=$(adm job create jsmn/jsmn_fuzzer --parsable) || fail "job create"
adm job cancel "$gone" >/dev/null || fail "job cancel"
wait_until 60 job_is "$ends" completed || fail "the short job does not end"
wait_until 60 rows_at_least 3 bucket || fail "no bugs were found"
pf-local down "$ROOT" || fail "down"
# What a person decided on a bug.
sqlite3 "$db" "UPDATE bucket SET status = 'muted', issue = 'https://x/7', owner
    = 'ann', muted_until_ms = 4102444800000 WHERE id = 2;
    INSERT INTO bucket_label VALUES (2, 'parser'), (2, 'old');
    INSERT INTO bucket_note (bucket, at_ms, who, text) VALUES (2, 5,
    'user:ann', 'seen before');
    INSERT INTO decision (project, at_ms, who, verb, bucket, other, detail,
    reason) SELECT project, 6, 'user:ann', 'mute', 2, 1, '{}', 'known' FROM
    bucket WHERE id = 2;
    INSERT INTO decision (project, at_ms, who, verb, bucket, detail, undone)
    SELECT project, 7, 'user:ann', 'note', 1, '{}', (SELECT max(id) FROM
    decision) FROM bucket WHERE id = 1;
    INSERT INTO bot (account, name, owner, state, added_ms, drained,
    drain_reason, drained_by, drained_ms, pool) SELECT account, 'x' || n, 1,
    iif(n = 1, 'left', 'forgotten'), 7, n = 1, 'old', 'user:x', 9, 'night'
    FROM bot, (SELECT 1 AS n UNION SELECT 2) LIMIT 2"
local_up
wait_until 30 job_runs "$runs" || fail "the job does not go on"
wait_until 60 all_written || fail "metadata/ is not written"
wait_until 60 balanced || fail "$(cat "$work/said")"
pf-local down "$ROOT" || fail "down"
all_written || {
	# What came in during the last second; a master without bots.
	pandafuzz-masterd --root "$ROOT" $options 2>/dev/null &
	master=$!
	wait_until 30 all_written || fail "metadata/ is not written"
	kill $master
	wait $master
}
facts >"$work/before"
generation=$(sql "SELECT value FROM setting WHERE key = 'generation'")
highest=$(sql "SELECT max(number) FROM bucket")
for what in project target build file job bucket signature crash unit bot
do
	grep -q "^$what|" "$work/before" || fail "the farm has no $what"
done
ok "a farm: $(wc -l <"$work/before") facts"

# ---- data/ is lost ----

rm -rf "$ROOT/data"
# One that was handed in has nothing beside it; of another the bytes are gone.
lone=$(printf 'by hand' | sha256sum | cut -d' ' -f1)
other=$(printf 'other' | sha256sum | cut -d' ' -f1)
mkdir "$ROOT/crashes/chunks/chunks_fuzzer/$lone" \
    "$ROOT/crashes/chunks/chunks_fuzzer/$other" || fail "no folder of crashes"
printf 'by hand' >"$ROOT/crashes/chunks/chunks_fuzzer/$lone/input"
pandafuzz-masterd --root "$ROOT" $options --rebuild --verify >"$work/said" 2>&1
is "all could be read" 0 $?
cat "$work/said"
facts >"$work/after"
diff "$work/before" "$work/after" >"$work/diff" ||
	fail "not the same facts: $(head -20 "$work/diff")"
ok "the same jobs, builds, units, crashes and bugs"
[ "$(sql "SELECT value FROM setting WHERE key = 'generation'")" != \
    "$generation" ] || fail "the generation is the old one"
ok "a new generation"
is "what was handed in waits again" "waiting|7" "$(sql "SELECT state, bytes FROM
    submission WHERE lower(hex(sha256)) = '$lone'")"
is "an empty folder is nothing" 1 "$(sql "SELECT count(*) FROM submission")"
is "a muted bug is muted" 1 \
    "$(sql "SELECT count(*) FROM bucket WHERE status = 'muted'")"

# ---- and all goes on ----

local_up
check=$(adm ledger check --json)
is "nothing looks missing" 0 "$(jq .missing <<<"$check")"
wait_until 60 job_runs "$runs" || fail "the job does not go on"
ok "the job runs on"
before=$(sql "SELECT execs FROM job WHERE job = '$runs'")
pushed_again() {
	[ "$(sql "SELECT count(*) FROM ledger l JOIN epoch_before b ON b.epoch
	    = l.epoch WHERE l.seq <= b.last AND l.kind IN ('crash',
	    'corpus')")" -gt 0 ]
}
wait_until 60 pushed_again || fail "bots push nothing again"
ok "what bots kept came again"
more() {
	[ "$(adm job show "$runs" --json | jq .item.execs)" -gt "$before" ]
}
wait_until 60 more || fail "nothing is executed"
settled() {
	balanced && [ "$(adm ledger check --json | jq .sealed)" -gt 5 ] &&
	    [ -z "$(ls "$ROOT/spool/local/incoming/new")" ]
}
wait_until 60 settled || fail "$(cat "$work/said")"
ok "the ledger balances"
is "ended jobs have ended" "cancelled,completed" "$(sql "SELECT
    group_concat(status) FROM (SELECT status FROM job WHERE ended_ms > 0 ORDER
    BY 1)")"
pf-local down "$ROOT" || fail "down"
twice=$(sql "SELECT count(*) FROM (SELECT 1 FROM bucket GROUP BY project,
    number HAVING count(*) > 1)")
is "no number was given twice" 0 "$twice"
is "old bugs kept theirs" "$(grep -c '^bucket' "$work/before")" "$(sql "SELECT
    count(*) FROM bucket WHERE number <= $highest AND first_ms <= (SELECT
    at_ms FROM event WHERE what = 'database.rebuilt')")"

#!/bin/bash
# Goal: limits of the link and of the admin socket are those that were set:
# a bot that has used up its retries leaves and keeps what it found; the
# breaker rests as long as it was told; a transfer that only just moves is
# given up; so are a request that falls silent and a database that is locked.
LINK=
. "$(dirname "$0")/lib-courier.sh"
LINK=dir:$work/nowhere SSHD_KEY=/none SSHD_HOSTS=/none
noise 1000 "$work/unit"

# -- retries
name=$(seal crash 1 "$work/unit")
began=$SECONDS
pandafuzz-botd $(options) --sandbox none --retry-max-retries 3 \
    --retry-initial-delay 10ms --retry-jitter=no 2>>"$work/courier.log" &
courier=$!
wait "$courier"
code=$?
courier=
[ $code = 1 ] || fail "it left with $code"
[ $((SECONDS - began)) -lt 20 ] || fail "it took $((SECONDS - began)) s"
logged courier.gave_up || fail "it does not say that it gave up"
[ -e "$root/outbox/new/$name" ] || fail "the crash is gone"
echo "ok: three retries, then it leaves"

courier_start --retry-retryable-errors again
wait "$courier"
code=$?
courier=
[ $code = 4 ] || fail "not_found was tried again: $code"
echo "ok: what is not worth a retry is not retried"

# -- breaker: opens after 2 failures, rests 3 s
: >"$work/courier.log"
courier_start --breaker-failures 2 --breaker-reset 3s \
    --retry-initial-delay 10ms --retry-max-delay 10ms
wait_until 5 logged link.down || fail "no failure"
sleep 0.5 # the second one; it is open now
mkdir "$work/nowhere"
cp -r "$account"/* "$work/nowhere"
began=$(date +%s%N)
wait_until 10 logged link.up || fail "it never tries again"
took=$((($(date +%s%N) - began) / 1000000))
[ $took -gt 1000 ] && [ $took -lt 5000 ] || fail "it rested $took ms"
echo "ok: the breaker rested ${took} ms"
courier_kill
rm -r "$work/nowhere"

# -- a link that only just moves: some KiB a second, never silent
sshd_start "$work/sshd" "$account" || fail "no sshd"
LINK=$SSHD_LINK
cat >"$work/slow" <<END
#!/bin/sh
perl -e 'while (sysread(STDIN, \$b, 2048)) { syswrite(STDOUT, \$b);
    select(undef, undef, undef, 0.1) if length \$b > 2000 }' |
    $(sshd_sftp_server) -u 027
END
chmod 755 "$work/slow"
sed -i "s|exec [^\"]*|exec $work/slow|" "$work/sshd/authorized_keys"
noise 3000000 "$work/unit"
name=$(seal corpus 2 "$work/unit")
publish 0
: >"$work/courier.log"
courier_start --operation-timeout 3s --timeout 60s
wait_until 30 logged 'link.down.*operation_timeout' ||
    fail "it goes on for ever"
courier_kill
echo "ok: a slow transfer is given up"
sed -i "s|exec [^\"]*|exec $(sshd_sftp_server) -u 027|" \
    "$work/sshd/authorized_keys"
courier_start --operation-timeout 3s
wait_until 30 arrived "$name" || fail "it did not arrive afterwards"
courier_kill

# -- the admin socket
: >"$work/master.log"
[ "$(id -u)" = 0 ] && as_root=--as-root || as_root=
pandafuzz-masterd --root "$work/farm" $as_root --admin-request-timeout 1s \
    --database-busy-timeout 100ms \
    2>"$work/master.log" &
master=$!
trap 'code=$?; kill -KILL $master 2>/dev/null; (exit $code); courier_end' EXIT
up() {
	grep -q masterd.ready "$work/master.log"
}
wait_until 10 up || fail "no master"
began=$(date +%s%N)
perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or
    die; print $s "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n" .
    "Content-Length: 100\r\n\r\n{"; $s->flush; $SIG{ALRM} = sub { exit 3 };
    alarm 8; while (sysread($s, $b, 100)) {}' "$work/farm/run/admin.sock"
code=$?
took=$((($(date +%s%N) - began) / 1000000))
[ $code = 0 ] && [ $took -lt 6000 ] ||
    fail "a silent request was held for $took ms"
echo "ok: a silent request ended after $took ms"

# -- the database, while a person's sqlite3 holds its lock
ready_in() { # the code of readyz, and how long it took in ms
	local from code
	from=$(date +%s%N)
	code=$(curl -sS -o "$work/ready" -w '%{http_code}' --max-time 20 \
	    --unix-socket "$work/farm/run/admin.sock" http://master/readyz)
	echo "$code $((($(date +%s%N) - from) / 1000000))"
}

locked() { # SECONDS
	{
		echo 'BEGIN IMMEDIATE;'
		sleep "$1"
	} | sqlite3 "$work/farm/data/pandafuzz.db" &
	locker=$!
	sleep 0.3
}

locked 6
read -r code took < <(ready_in)
[ "$code" = 503 ] && [ "$took" -lt 4000 ] ||
    fail "locked: $code after $took ms: $(cat "$work/ready")"
echo "ok: a locked database is given up after $took ms"
wait $locker
kill -0 $master || fail "the master is gone"
read -r code took < <(ready_in)
[ "$code" = 200 ] || fail "not ready afterwards: $(cat "$work/ready")"
kill -TERM $master
wait $master || fail "the master ends with $?"
trap courier_end EXIT
exit 0

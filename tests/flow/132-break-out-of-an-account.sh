#!/bin/bash
# Goal: with the key of a bot of an installed master (deployment A: root's sshd,
# packaging/sshd/pandafuzz.conf) one gets nowhere but into one's own incoming/.
. "$(dirname "$0")/lib-unix-accounts.sh"
. tests/flow/lib-master.sh
. tests/flow/lib-breakout.sh
before_end() { bo_leave; accounts_end; }
chmod 755 "$work"
root=$SITE

accounts_start || fail "no accounts: $(cat "$own/setup.log")"
key bot
pf-account add office --key "$own/bot.pub" >/dev/null &&
    pf-account add lab >/dev/null || fail "no account"
as="setpriv --reuid=pandafuzz --regid=pandafuzz --init-groups"
masterd=/usr/local/bin/pandafuzz-masterd
start_master
$as sh -c "umask 027; cd $SITE; echo bytes >builds/published
    chmod 444 builds/published
    mkdir spool/office/outgoing/b1
    ln builds/published spool/office/outgoing/b1/published
    echo secret >spool/lab/outgoing/secret" || fail "nothing is published"

BO_USER=office BO_KEY=$own/bot BO_PORT=$SSHD_PORT BO_HOSTS=$SSHD_HOSTS
BO_SPOOL=$SITE/spool/office BO_OTHER=lab BO_DIR=$own/bo
BO_STORED=$SITE/builds/published BO_SOCKET=$SITE/run/admin.sock
BO_SECRETS="$SSHD_DIR/host /etc/pandafuzz/keys/office /etc/passwd
    $SITE/data/pandafuzz.db"
mkdir "$BO_DIR"
breakout

# Were the chroot not there, the folders alone hold, too.
printf '%s\n' "cd $SITE/spool/office" "mv incoming/new incoming/old" \
    "echo x >outgoing/b1/published" "cat ../lab/outgoing/secret" \
    "cat $SITE/data/pandafuzz.db" "rm outgoing/b1/published" |
    while read -r line; do
	[ "${line#cd }" = "$line" ] || continue
	(cd $SITE/spool/office && setpriv --reuid=office --regid=office \
	    --init-groups sh -c "$line" >/dev/null 2>&1) && echo "$line"
done | grep . && fail "Unix lets an account do that"
ok "owners and modes alone refuse it, too"
exit 0

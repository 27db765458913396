#!/bin/bash
# Goal: accounts from pfadm: added, shown, invited to (standard output is one
# line a machine and nothing else), limited, disabled, opened, removed; the
# master checks itself and reads its settings again when it is told to.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"

mkdir -p "$root"
ssh-keygen -q -t ed25519 -N '' -C host -f "$work/host" || fail "no ssh-keygen"
ssh-keygen -q -t ed25519 -N '' -C ci@example -f "$work/ci" || fail "no key"
cat >"$work/masterd.yaml" <<TEXT
accounts:
  url: sftp://master.example:2222
  user: fuzz
  host_key: $work/host.pub
  authorized_keys: $work/authorized_keys
  command: /bin/true
TEXT
master_options="--config $work/masterd.yaml"
start_master

code 0 account add office --max-bytes 20GiB --reason "forty PCs"
says "account office: added"
code 7 account add office
says "is there already"
code 1 account add 'Off ice'
code 1 account add ci-zlib --kind ci --key "$work/ci"
says "is a private key: the public one is beside it"
code 0 account add ci-zlib --kind ci --project zlib,png --key "$work/ci.pub" -q
same "-q prints the name" ci-zlib "$(cat "$work/out")"
code 0 account show ci-zlib --json
same "its projects" "zlib png" "$(json '.item.projects | join(" ")')"
same "its key" "$(ssh-keygen -lf "$work/ci.pub" | cut -d' ' -f2)" \
    "$(json '.item.key_list[0].fingerprint')"
code 0 account list -o name,kind,keys,max_bytes --csv
says "office,bot,0,21474836480"
code 0 account list -o name,fingerprint,key_age_days,added_by --csv
says "ci-zlib,$(ssh-keygen -lf "$work/ci.pub" | cut -d' ' -f2),0,user:"
says "office,,,user:"

code 0 account invite --count 3 --expires 7d --account office
same "three lines and nothing else" 3 \
    "$(grep -c '^sftp://fuzz@master.example:2222#SHA256:.*#office#[a-z2-7]*$' \
    "$work/out")"
same "really nothing else" 3 "$(wc -l <"$work/out")"
grep -q "pandafuzz-botd enroll LINE" "$work/err" || fail "$(cat "$work/err")"
code 0 account invite office --auto
same "one, where nobody says how many" 1 "$(wc -l <"$work/out")"
code 2 account invite
says "to which account?"
code 2 account invite office --account other
code 3 account invite nowhere
code 7 account invite ci-zlib
says "only machines with bots enrol"
code 0 account show office
says "INVITATION"
same "four are open" 4 "$(adm account show office --json |
    jq '[.item.invitation_list[] | select(.state == "open")] | length')"

code 0 account set office --max-files 10 --reason "too many"
same "a limit was changed, the other stays" "10 21474836480" \
    "$(adm account show office --json |
    jq -r '.item | "\(.max_files) \(.max_bytes)"')"
code 2 account set office
code 0 account disable office --reason "moving house"
says "account office: disabled"
code 0 account list --filter state=disabled -o name --no-header
same "it is shut" office "$(tr -d ' ' <"$work/out")"
code 7 account disable office
code 7 account invite office
code 0 account approve office
same "it is open again" active \
    "$(adm account show office --json | jq -r .item.state)"
code 3 account approve office SHA256:nothing
ssh-keygen -q -t ed25519 -N '' -f "$work/ci2" || fail "no key"
code 0 account rotate ci-zlib --key "$work/ci2.pub"
same "another key is its only active one" \
    "$(ssh-keygen -lf "$work/ci2.pub" | cut -d' ' -f2)" \
    "$(adm account show ci-zlib --json | jq -r '.item.key_list[] |
    select(.state == "active").fingerprint')"
code 2 account remove office
code 0 account remove office --dry-run
says "would remove account office"
code 0 account rm office ci-zlib --yes
same "two lines" 2 "$(grep -c '^account .*: removed$' "$work/out")"
code 0 log --what account.removed -o subject --no-header --json
same "and two rows of the log" "account:ci-zlib account:office" \
    "$(json '[.items[].subject] | sort | join(" ")')"

# The master itself.
code 0 system check
says "ok"
code 0 system check --json
same "all is good" 0 "$(json '[.items[] | select(.good | not)] | length')"
code 0 system check --nagios
says "PANDAFUZZ OK - all is well"
code 0 system reload --reason "to see"
says "settings: read again"
echo "  invitation: 3d" >>"$work/masterd.yaml"
code 0 system reload
says "settings: read again; changed: accounts.invitation"
echo "  usr: x" >>"$work/masterd.yaml"
code 1 system reload
says "settings: the old ones are in force"
says "unknown key 'accounts.usr', nearest is 'accounts.user'"
stop_master || fail "the master's exit code"
code 2 system check --nagios
says "PANDAFUZZ CRITICAL - no master at"
code 5 system check

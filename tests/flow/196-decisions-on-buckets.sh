#!/bin/bash
# Goal: buckets are merged, split, muted, closed, named and written on; each
# decision says who, when and why, is shown with the bucket, and is taken back;
# why says which frames matched, or the first that differ.
. "$(dirname "$0")/lib-master.sh"
. "$(dirname "$0")/lib-pfadm.sh"
. "$(dirname "$0")/lib-crashes.sh"

account local
start_master
asan heap-buffer-overflow "READ of size 4" alpha first second |
	crash png/read one
asan heap-buffer-overflow "READ of size 4" omega other place |
	crash png/read two
asan heap-use-after-free "WRITE of size 1" gamma third | crash png/read three
a=$(bucket_of one) b=$(bucket_of two) c=$(bucket_of three)
status() { # BUCKET KEY
	adm bucket show "$1" --json | jq -r ".item.$2"
}

# Why.
code 0 bucket why "$a"
says alpha
code 0 bucket why "$a" "$b"
says apart
says omega
code 3 bucket why "$a" png-99

# Together, and back.
code 2 bucket merge "$a"
code 0 bucket merge "$a" "$b" --dry-run
same "a dry run does nothing" "$b" "$(bucket_of two)"
code 0 bucket merge "$a" "$b" --reason 'one missing check'
says "pfadm bucket undo $a"
same "they are one" "$a" "$(bucket_of two)"
code 0 bucket show "$b"
says "$b leads to $a now"
says "one missing check"
code 0 bucket why "$a"
says "one missing check"
code 0 bucket undo "$a" --reason 'no, two'
same "and two again" "$b" "$(bucket_of two)"

# Apart.
code 2 bucket split "$a"
code 0 bucket merge "$a" "$b"
code 0 bucket split "$a" "$(printf two | sha256sum | cut -c1-16)" \
    --reason 'another field'
[ "$(bucket_of two)" != "$a" ] || fail "it is still there"
ok "a crash was taken out"

# Muted, for a while.
code 2 bucket mute "$c" --until yesterday
says "--until wants a time to come"
code 0 bucket mute "$c" --until 30d --reason 'fix is on its way'
same "it is muted" muted "$(status "$c" status)"
code 0 bucket list
says "1 muted hidden: --all"
grep -q "^$c " "$work/out" && fail "it is listed"
code 0 bucket list --status muted -o id --no-header
same "or asked for" "$c" "$(cat "$work/out")"
code 0 __complete BUCKET
says "$c"
code 0 bucket unmute "$c"
code 7 bucket unmute "$c"
says "bucket $c: it is not muted"
same "it is open" open "$(status "$c" status)"

# How it stands, and whose it is.
code 2 bucket set "$c"
code 2 bucket set "$c" --status closed
says "as what?"
code 2 bucket set "$c" --status clsoed
says "did you mean closed?"
code 2 bucket set "$c" --as wontfxi
says "did you mean wontfix?"
code 0 bucket set "$c" --as wontfix --owner ann --issue '#812' \
    --label +parser --label -new
same "closed" "closed wontfix ann #812 parser" \
    "$(adm bucket show "$c" --json | jq -r '.item |
	"\(.status) \(.reason) \(.owner) \(.issue) \(.labels | join(","))"')"
says "changed $c: closed as wontfix, owner ann, issue #812, +parser, -new"
code 0 bucket show "$c"
says "status closed, reason wontfix, owner ann, issue #812, +parser"
code 0 bucket set "$c" --status open --label -parser
same "open again, without the label" "open 0" \
    "$(adm bucket show "$c" --json | jq -r '.item |
	"\(.status) \(.labels | length)"')"
code 0 bucket note "$c" only with a large input
code 2 bucket note "$c"
code 0 bucket show "$c"
says "only with a large input"

# All anew: nothing changes by itself.
code 0 bucket regroup --dry-run
code 0 bucket regroup --dry-run --json
code 2 bucket regroup
says "give --yes"
code 0 bucket regroup --yes --reason 'to see'
[ "$(bucket_of two)" != "$a" ] || fail "a decision was forgotten"
ok "decisions hold over a regroup"
code 2 bucket mreg "$a" "$b"
says "did you mean 'bucket merge'?"
stop_master || fail "the master's exit code"

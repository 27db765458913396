#ifndef BOTD_ENROLL_H
#define BOTD_ENROLL_H

/*
 * "pandafuzz-botd enroll LINE": a machine comes to an account by an invitation
 * (lib/wire/invitation.h).  In this order:
 *
 *	the host's key is compared with the invitation's fingerprint: with any
 *	other, nothing is sent and nothing is kept;
 *	a key is made, which never leaves the machine;
 *	a request for it is left, signed with the invitation's secret;
 *	the answer is waited for;
 *	known_hosts, botd.d/enrolled.yaml and, last, the key get their names.
 *
 * Until then all of it lies in ".enrol-<invite>" beside the key: killed and
 * run again with the same line, it goes on with the same key.  A machine that
 * has a key is left alone.
 *
 * argv[0] is "enroll".  Returns the exit code.
 */
int enroll_main(int argc, char **argv);

#endif

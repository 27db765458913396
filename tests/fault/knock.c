/*
 * What a machine with an invitation prepares, by hand:
 *
 *	knock LINE FOLDER [BOT [KEY]]
 *
 * FOLDER gets "invited" (the private key to knock with), "own" (the machine's
 * private key; KEY is one that is there, to be used again), and
 * "<invite>.enrol", the request.  Prints invite, user, host and port.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/wire/invitation.h"

static int
complain(const struct err *e)
{
	fprintf(stderr, "knock: %s\n", e->text);
	return 1;
}

/* The seed is the last 52 characters of a line of our own, so another's key
 * comes as an invitation's line, too. */
static int
own_key(struct sshkey *k, const char *line, struct err *e)
{
	struct invitation i;

	if (line == NULL)
		return sshkey_new(k, e);
	if (invitation_parse(&i, line, e) == -1)
		return -1;
	return sshkey_from_seed(k, i.secret, e);
}

int
main(int argc, char **argv)
{
	struct sshkey invited, own;
	struct enrol_request r = {.host = "pc.example"};
	struct buf text = BUF_INIT;
	struct invitation i;
	char name[40];
	struct err e;
	int dir;

	if (argc < 3)
		return 2;
	if (invitation_parse(&i, argv[1], &e) == -1 ||
	    sshkey_from_seed(&invited, i.secret, &e) == -1 ||
	    own_key(&own, argc > 4 ? argv[4] : NULL, &e) == -1 ||
	    (dir = fs_make_dir_open(AT_FDCWD, argv[2], 0700, &e)) == -1)
		return complain(&e);
	r.account = i.account;
	if (argc > 3)
		text_copy(r.bot.text, sizeof(r.bot.text), argv[3]);
	memcpy(r.key, own.pub, sizeof(r.key));
	snprintf(name, sizeof(name), "%s" ENROL_SUFFIX,
	    text_hex64(invitation_id(invited.pub)).text);
	unlinkat(dir, "invited", 0);
	unlinkat(dir, "own", 0);
	if (sshkey_write(dir, "invited", &invited, "invited", &e) == -1 ||
	    sshkey_write(dir, "own", &own, "own", &e) == -1 ||
	    enrol_request_format(&text, &r, &invited, &e) == -1 ||
	    fs_replace(dir, name, text.data, text.len, 0600, false, &e) == -1)
		return complain(&e);
	printf("%.16s %s %s %u\n", name, i.user, i.host, i.port);
	buf_release(&text);
	return 0;
}

#ifndef TOOLS_PF_LOCAL_LOCAL_H
#define TOOLS_PF_LOCAL_LOCAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * One embedded installation: a master, a private sshd and bots below ROOT.
 *
 *	ROOT/			the master's root (DESIGN 4)
 *	ROOT/spool/local/	the account of its own bots
 *	ROOT/accounts/		keys of all accounts, by the master
 *	ROOT/local/		everything that is pf-local's own:
 *	  config.json		what `up` was told, and sshd's port
 *	  masterd.yaml, botd.yaml
 *				further settings, for you to write
 *	  masterd.d/		those that follow from config.json
 *	  lock			held by `up` and `down`
 *	  keys/			host key and one key per bot
 *	  sshd_config, known_hosts
 *	  authorized_keys	by the master, from its accounts
 *	  etc/			passwd and group for sshd and sftp-server
 *	  pids/<name>.json	process id and start time
 *	  logs/<name>.log
 *	  bots/<name>/		the bots' roots
 */
#define LOCAL_ACCOUNT  "local"
#define LOCAL_BOTS_MAX 64

struct local_config {
	unsigned bots;
	unsigned slots;   /* per bot; 0: the bot's own default */
	bool sftp;        /* else dir: */
	unsigned port;    /* of sshd, 0: none chosen yet */
	char listen[280]; /* ADDR:PORT for further machines; "": none */
};

struct local {
	char root[PATH_MAX];     /* absolute, no links in it */
	char programs[PATH_MAX]; /* folder of pf-local itself */
	char user[64];           /* whom sshd lets in: who runs us */
	int dir;                 /* ROOT */
	int own;                 /* ROOT/local */
	struct local_config config;
};

#endif

#ifndef TOOLS_PFADM_TUNNEL_H
#define TOOLS_PFADM_TUNNEL_H

#include <stdbool.h>

#include "lib/base/err.h"

/*
 * A connection to a master on another machine: the user's own ssh, with its
 * agent, config and known_hosts, runs `pfadm system stdio` there, and we hold
 * the other end of its standard input and output.  One child a connection.
 */
struct remote {
	char user[64];    /* "": ssh's own choice */
	char host[256];   /* without brackets */
	char port[8];     /* "": ssh's own choice */
	char socket[256]; /* the master's there; "": what pfadm there takes */
};

/*
 * "ssh://[user@]host[:port][/path/of/the/socket]".  REFUSED with a sentence on
 * anything that ssh or the shell at the other end could take for more than a
 * name.
 */
int remote_parse(struct remote *r, const char *url, struct err *e);

struct tunnel;

/* "batch": never ask anybody for anything, and give up soon. */
struct tunnel *tunnel_new(const struct remote *r, bool batch);
void tunnel_free(struct tunnel *t); /* ends its child; NULL is fine */

/* The address of a socket of ours, which nobody else can reach. */
const char *tunnel_path(const struct tunnel *t);

/* If somebody has connected to it, start an ssh for them, after the end of an
 * older one.  -1 when it cannot be started. */
int tunnel_start(struct tunnel *t, struct err *e);

/*
 * The connection broke: how ssh ended, as a sentence, and what could help as
 * *hint (NULL: nothing).  Always -1.  What ssh itself said is on standard
 * error already.
 */
int tunnel_why(struct tunnel *t, const char **hint, struct err *e);

#endif

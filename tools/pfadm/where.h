#ifndef TOOLS_PFADM_WHERE_H
#define TOOLS_PFADM_WHERE_H

#include <stdbool.h>

#include "lib/base/err.h"
#include "tools/pfadm/options.h"
#include "tools/pfadm/tunnel.h"

/*
 * Which master.  Options come before the environment (PANDAFUZZ_HOST,
 * PANDAFUZZ_SOCKET, PANDAFUZZ_ROOT, in this order), that before the user's
 * $XDG_CONFIG_HOME/pandafuzz/pfadm.yaml, that before the default socket.
 */
struct where {
	bool far; /* by ssh, to "remote" */
	struct remote remote;
	char *url;    /* as given, for messages; NULL: near */
	char *socket; /* NULL: far */
	char *color;  /* the user's wish, or NULL */
};

/* "near": never another machine's.  0, or the exit code after a complaint. */
int where_find(struct where *w, const struct options *o, bool near);
void where_release(struct where *w);

#endif

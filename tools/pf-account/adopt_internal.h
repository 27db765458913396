#ifndef TOOLS_PF_ACCOUNT_ADOPT_INTERNAL_H
#define TOOLS_PF_ACCOUNT_ADOPT_INTERNAL_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

#include "lib/base/err.h"
#include "tools/pf-account/site.h"
#include "tools/pf-account/sshd.h"

struct adoption {
	struct site *site;
	const struct sshd *sshd;
	char from[PATH_MAX];
	int dir; /* "from" */
	uid_t was;
	bool again;
	struct err *e;
};

/* ETC/sshd: host key, where it listens, the snippet.  Nothing for one that
 * never had an sshd (--link dir). */
int adopt_take_sshd(const struct adoption *a);

/* ETC/masterd.yaml, unless there is one, and masterd.d/adopted.yaml. */
int adopt_take_settings(const struct adoption *a);

#endif

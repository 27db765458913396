#ifndef TOOLS_PF_LOCAL_RSYNC_H
#define TOOLS_PF_LOCAL_RSYNC_H

#include <stddef.h>

#include "lib/base/err.h"

/*
 * What a reader may ask of sshd: that rsync sends it files of its projects,
 *
 *	rsync --server --sender -logDtpre.iLsfxCIvu . corpus/png/read
 *
 * and nothing else: no receiving, no daemon, no other program, no path that
 * could leave corpus/, crashes/ and buckets/ of those projects, no pattern.
 * Everything that is not known is refused.
 */
#define RSYNC_WORDS 64
#define RSYNC_BYTES 8192

struct rsync_ask {
	const char *words[RSYNC_WORDS + 1]; /* NULL-terminated */
	size_t count;
	char text[RSYNC_BYTES]; /* in which they point */
};

/* "projects" with commas between.  REFUSED with what is wrong. */
int rsync_parse(struct rsync_ask *ask, const char *command,
    const char *projects, struct err *e);

#endif

#ifndef TESTS_BENCH_FARM_H
#define TESTS_BENCH_FARM_H

#include <limits.h>

#include "lib/base/buf.h"

/*
 * A whole installation below a folder of the bench: master, private sshd and
 * one bot with one slot over SFTP, brought up by pf-local and stopped when the
 * bench ends.  One at a time.
 */
struct farm {
	char root[PATH_MAX];
};

void farm_up(struct farm *f, const char *folder);

/* Run pfadm with these words (NULL ends them); its first line in "said". */
void farm_adm(struct farm *f, const char *const *words, struct buf *said);

/* Process of local/pids/<name>.json: "master", "sshd", "b1". */
int farm_pid(const struct farm *f, const char *name);

#endif

#ifndef MASTERD_PUBLISH_WRITTEN_H
#define MASTERD_PUBLISH_WRITTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"

/*
 * What was written where, so that a file is not written again as it is: a new
 * file costs more than all else that is published.  In memory only: after a
 * start everything is written once more.
 */
struct written;

struct written *written_new(void);
void written_free(struct written *w); /* NULL is fine */

/* The job's file in the folder of this bot; bot 0: the view for people. */
bool written_same(
    const struct written *w, int64_t bot, uint64_t job, const struct buf *text);
void written_note(
    struct written *w, int64_t bot, uint64_t job, const struct buf *text);

#endif

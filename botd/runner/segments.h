#ifndef BOTD_RUNNER_SEGMENTS_H
#define BOTD_RUNNER_SEGMENTS_H

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/wire/ticket.h"

/*
 * Segments of a job (P.33): bundles of kind corpus in builds/, listed by
 * inbox/jobs/<job>.json, unpacked into the bot's copy of the target's units.
 * state/serial/<job> says how far that went, "<generation> <serial>".
 */
struct segments {
	int root;  /* the bot's folder */
	int cache; /* units/<project>/<corpus> */
	const struct ticket *ticket;
	int also;       /* folder that gets units after "from" too, or -1 */
	uint64_t from;  /* serial */
	uint64_t last;  /* out: last serial that is unpacked */
	uint64_t given; /* out: bytes of units that "also" got */
};

/* A job without a file or segments is fine. */
int segments_unpack(struct segments *g, struct err *e);

#endif

#ifndef MASTERD_INTAKE_APPLY_H
#define MASTERD_INTAKE_APPLY_H

#include "masterd/intake/batch.h"

/* After the sync: facts into the database, in one transaction. */
struct apply {
	struct db *db;
	uint64_t now_ms; /* wall */
	uint64_t up_ms;  /* observed */
	/* A bot whose status.json must be published after the commit. */
	void (*touched)(void *arg, int64_t bot);
	/* Slots came free, or of use: plan soon. */
	void (*moved)(void *arg);
	void *arg;
};

/*
 * Record one bundle.  CONFLICT: the database's own rules refuse what is in it;
 * the caller undoes it and has it refused.  Other errors as in db.h.
 */
int apply_taken(const struct apply *a, struct taken *t, struct err *e);

#endif

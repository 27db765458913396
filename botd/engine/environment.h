#ifndef BOTD_ENGINE_ENVIRONMENT_H
#define BOTD_ENGINE_ENVIRONMENT_H

#include <stdbool.h>

#include "botd/engine/engine.h"
#include "botd/engine/options.h"

/*
 * Fill p->env.  For each sanitizer: what the job says to it (or, if that is
 * nothing, our defaults), its section of .options, what a check wants, what is
 * forced.  Of the job's other variables each replaces ours of the same name;
 * what cannot be used is left out with a note.
 */
void environment_add(struct engine_plan *p, const struct options *o,
    const struct engine_target *t, bool check);

#endif

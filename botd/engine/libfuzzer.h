#ifndef BOTD_ENGINE_LIBFUZZER_H
#define BOTD_ENGINE_LIBFUZZER_H

#include <stdbool.h>
#include <stddef.h>

#include "botd/engine/engine.h"

/* What libFuzzer says of a crashing input; engine.h has what they are for. */
void libfuzzer_parents(struct buf *out, const char *output, size_t len);
void libfuzzer_strategies(struct buf *out, const struct engine_plan *p);
bool libfuzzer_came_to(const char *output, size_t len, const char *input);

#endif

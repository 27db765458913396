#ifndef TESTS_UNIT_MASTERD_HANDED_IN_H
#define TESTS_UNIT_MASTERD_HANDED_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "tests/unit/masterd/farm.h"

/* Inputs that people hand in, over a farm with work in it. */
struct scene {
	struct farm *f;
	int64_t target, build;
};

/* Target inflate with a good build of main, and 64 slots of b1. */
struct scene scene_of(void **state);

struct digest input_of(int n);

/* Input "n"; its row. */
int64_t hand_in(struct scene *s, int n, bool *fresh);

#endif

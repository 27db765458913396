#ifndef MASTERD_PLAN_TEMPLATES_INTERNAL_H
#define MASTERD_PLAN_TEMPLATES_INTERNAL_H

#include "masterd/plan/templates.h"

/* Between templates.c (what files say) and templates_resolve.c (what comes of
 * it) only. */

enum layer_kind {
	LAYER_BASE,
	LAYER_ENGINE,
	LAYER_SANITIZER,
	LAYER_TEMPLATE,
	LAYER_PROJECT
};

struct parent {
	char *name;
	char *place;         /* "FILE:LINE:COLUMN" */
	struct layer *layer; /* of templates_check(); NULL: none */
};

/* What files say under one name. */
struct layer {
	enum layer_kind kind;
	char *name; /* "" of the base */
	int number; /* in order of making */
	struct values own;
	struct parent *parents;
	int parent_count;
};

struct templates {
	struct layer **layers; /* by kind, then name */
	int count;
};

/* NULL when no file named it. */
struct layer *layer_find(
    const struct templates *t, enum layer_kind kind, const char *name);

/* ", nearest is 'nightly'" or "", appended. */
void templates_nearest(
    const struct templates *t, const char *typed, struct buf *out);

#endif

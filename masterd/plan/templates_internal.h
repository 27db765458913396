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
	struct project_access *access; /* of a project; NULL: not told */
};

struct templates {
	struct layer **layers; /* by kind, then name */
	int count;
};

/* NULL when no file named it. */
struct layer *layer_find(
    const struct templates *t, enum layer_kind kind, const char *name);

/* Keys that say who may do what (templates_access.c). */
bool access_key(const char *key);
void access_set(struct project_access **a, struct config_tree *tree,
    const struct config_node *n, const char *key);
void access_free(struct project_access *a); /* NULL is fine */

/* ", nearest is 'nightly'" or "", appended. */
void templates_nearest(
    const struct templates *t, const char *typed, struct buf *out);

#endif

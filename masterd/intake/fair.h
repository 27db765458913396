#ifndef MASTERD_INTAKE_FAIR_H
#define MASTERD_INTAKE_FAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/wire/ids.h"

/*
 * Turns among the bots of one account.  Names are borrowed; a bot's own come
 * out in the order they went in.
 */
struct fair;

#define FAIR_CLASSES 3 /* 0: h, 1: c, 2: b */

struct fair *fair_new(void);
void fair_free(struct fair *f);
int fair_class(const struct bundle_id *id);
void fair_add(struct fair *f, const struct bundle_id *id, const char *name);
/* Next of that class, or NULL. */
const char *fair_next(struct fair *f, int cls);
bool fair_has(const struct fair *f, int cls);
size_t fair_count(const struct fair *f);

#endif

#ifndef MASTERD_PLAN_VALUES_INTERNAL_H
#define MASTERD_PLAN_VALUES_INTERNAL_H

#include "masterd/plan/values.h"

/* Between values.c (the list), values_keys.c (single values) and
 * values_items.c (lists in values) only. */

/* A text from outside as a sentence may quote it: clean, and cut. */
struct value_shown {
	char text[72];
};
struct value_shown value_shown(const char *text);

/* Check a single value; its one spelling is put into "out". */
int value_parse(struct buf *out, const struct value_key *key, const char *text,
    struct err *e);

/* No checks: the texts are ours, or were checked. */
void values_put(
    struct values *v, const char *key, const char *text, const char *source);

/* One item "list.name", or a text with several. */
int values_set_item(struct values *v, const struct value_key *list,
    const char *name, const char *text, const char *source, struct err *e);
int values_set_items(struct values *v, const struct value_key *list,
    const char *text, const char *source, struct err *e);

#endif

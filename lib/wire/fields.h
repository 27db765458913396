#ifndef LIB_WIRE_FIELDS_H
#define LIB_WIRE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/json.h"

/*
 * 64-bit ids in JSON, in every format of this folder: 16 hex digits in a
 * string, never 0; null where there is none (PROTOCOL 7).
 */
void field_put_id(struct buf *out, const char *key, uint64_t id);

/* 0 and *id (0 for null), or -1. */
int field_id(const struct json_value *v, uint64_t *id, bool may_be_null);

#endif

#ifndef LIB_WIRE_FIELDS_H
#define LIB_WIRE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/base/json.h"

/*
 * 64-bit ids in JSON, in every format of this folder: 16 hex digits in a
 * string, never 0; null where there is none (PROTOCOL 7).
 */
void field_put_id(struct buf *out, const char *key, uint64_t id);

/* 0 and *id (0 for null), or -1. */
int field_id(const struct json_value *v, uint64_t *id, bool may_be_null);

/* Plain numbers, decimal: what a double holds exactly. */
#define FIELD_NUMBER_MAX (1ull << 53)
int field_number(const struct json_value *v, uint64_t *number); /* or -1 */

/* 64 hex digits. */
int field_digest(const struct json_value *v, struct digest *d); /* or -1 */

/* A line of a bundle, which is a JSON object; REFUSED, and NULL, otherwise. */
struct json *field_line(const char *line, size_t len, struct err *e);

#endif

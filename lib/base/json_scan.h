#ifndef LIB_BASE_JSON_SCAN_H
#define LIB_BASE_JSON_SCAN_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/json.h"

/* Between json.c and json_scan.c only. */

#define JSON_DEPTH_MAX  64 /* of any limits */
#define JSON_NUMBER_MAX 64 /* characters of a number */

/*
 * Check the whole grammar and the limits in one pass without recursion, time
 * and memory linear in "len".  Returns the number of tokens (values and keys)
 * or -1 with REFUSED.  Keys may still be given twice.
 */
int json_scan(const void *bytes, size_t len, const struct json_limits *limits,
    struct err *e);

/* A number whose grammar is right as a double; -1 when it does not fit. */
int json_scan_double(const char *number, size_t len, double *value);

#endif

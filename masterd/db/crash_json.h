#ifndef MASTERD_DB_CRASH_JSON_H
#define MASTERD_DB_CRASH_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/triage/rules.h"

/*
 * What the API, meta.json and copies say of a crash in the same words.  Values
 * are appended under "key" to an open JSON object.
 */

/* Lines of a text as an array of strings. */
void crash_json_lines(struct buf *out, const char *key, const char *text);

/* Of NAME=value lines those that are options of sanitizers: an object. */
void crash_json_options(
    struct buf *out, const char *key, const char *environment);

/* k of n, with the 95 % interval of Wilson: "low" and "high". */
void crash_json_rate(struct buf *out, uint64_t tries, uint64_t reproduced);
/* Its bounds; of no tries 0 and 1. */
void crash_rate(uint64_t tries, uint64_t reproduced, double *low, double *high);

/*
 * The frames of a normalised report, each with what the rules say of it:
 * {"stack":"crash","n":0,"function":..,"file":..,"line":..,"module":..,
 * "offset":..,"inlined":false,"role":"","state":true}; "state": it made a line
 * of the state.  Nothing but the array when the text is none.
 */
void crash_json_frames(struct buf *out, const char *key, const char *text,
    size_t len, const struct rules_named *rules, const char *target);

#endif

#ifndef BOTD_ENGINE_DICT_H
#define BOTD_ENGINE_DICT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"

/*
 * A dictionary in the form that AFL and libFuzzer share: one entry a line,
 * [name=]"value", with \\, \" and \xNN in the value; '#' starts a comment.
 * libFuzzer ends with exit 1 on the first line that it cannot read, so a
 * dictionary is checked, and repaired where that can be done, before use.
 */
#define DICT_MAX_BYTES (8u * 1024 * 1024)

struct dict_count {
	uint64_t entries;  /* that the engine will read */
	uint64_t repaired; /* of these: quoted or escaped by us */
	uint64_t dropped;  /* lines that gave no entry */
};

/*
 * Total over any bytes.  "out" gets a dictionary that every engine reads:
 * the lines as they were where nothing was wrong.
 */
void dict_check(
    struct buf *out, const void *bytes, size_t len, struct dict_count *count);

#endif

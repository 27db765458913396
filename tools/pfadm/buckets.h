#ifndef TOOLS_PFADM_BUCKETS_H
#define TOOLS_PFADM_BUCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/pfadm/pfadm.h"

/* What the commands about buckets share. */

/* What was done, and how to take it back: "png-7: merged png-7 into png-3". */
void bucket_tell(struct pfadm *pf, const struct json_value *item);

/* "30d" from now, or a day or instant in UTC.  False: it is neither, or past.
 */
bool bucket_until(const char *text, uint64_t now_ms, uint64_t *until_ms);

/* "7 timeouts, 2 OOM, 1 muted hidden: --all"; nothing when nothing is.
 * "command": what --all is for, with a blank behind it, where that is another
 * one. */
void bucket_hidden(
    struct buf *out, const struct json_value *hidden, const char *command);

/* Numbers as a line of a picture: blocks, or where the screen has none of them
 * 0 to 9, and "." for nothing. */
void bucket_spark(
    struct buf *out, const uint64_t *numbers, size_t count, bool utf8);

/* Lines of "now" and "then" that a change of rules would make of buckets: the
 * answers of regroup and of rules test. */
void bucket_print_effect(
    struct pfadm *pf, const struct json_value *item, bool done);

#endif

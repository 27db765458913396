#ifndef TOOLS_PFADM_REPORT_H
#define TOOLS_PFADM_REPORT_H

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/json.h"
#include "tools/pfadm/table.h"

/*
 * A report with its frames marked: ">" before those that made the state (bold
 * where there is colour), and after those that rules leave out their role in
 * brackets (dim).  "frames" is that of the master's crash; a line of the report
 * is a frame when it begins with "#N" and names what the frame names, in order.
 * Lines are made harmless and cut; at most "most" of them, 0 for all.  Returns
 * how many lines were left out.
 */
size_t report_mark(struct buf *out, const char *text, size_t len,
    const struct json_value *frames, size_t most, const struct look *look);

/* The same frames without a report. */
void report_frames(
    struct buf *out, const struct json_value *frames, const struct look *look);

#endif

#ifndef TOOLS_PF_LOCAL_API_H
#define TOOLS_PF_LOCAL_API_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "tools/pf-local/local.h"

/*
 * The master's socket, for the few things that `up` tells it.  One request a
 * connection.
 *
 * api() returns the status of the answer, or -1; *answer is its body (NULL:
 * none is wanted; json_free() it), and with a status of 400 or more "e" has
 * its message.
 */
int api(const struct local *l, const char *method, const char *path,
    const struct buf *body, struct json **answer, struct err *e);

/* A connected socket, or -1. */
int api_connect(const struct local *l);

#endif

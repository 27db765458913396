#ifndef MASTERD_ADMIN_JOB_BODY_H
#define MASTERD_ADMIN_JOB_BODY_H

#include "lib/base/json.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/plan/values.h"

/*
 * The JSON bodies of requests about jobs.  A key that is not known is refused:
 * a misspelt limit must not make an endless job.  On -1 the request's "field"
 * and "hint" are set where there is something to say.
 */

/* The body's object; an empty body is an empty object.  NULL after "e"; free
 * with json_free() after the last use of its strings.  "known" ends with
 * NULL. */
struct json *job_body(
    struct request *r, const char *const *known, struct err *e);

/* REFUSED with the field's name. */
int job_body_wrong(
    struct request *r, const char *field, const char *what, struct err *e);

/* "" when it is not there; -1 when it is no text. */
int job_body_text(struct request *r, const struct json_value *o,
    const char *key, const char **text, struct err *e);

/* "set" (an object of texts, numbers and booleans, or a list of "KEY=VALUE"),
 * "slots", "for_ms", "weight" and "branch" as values of the job's own. */
int job_body_values(struct request *r, const struct json_value *o,
    struct values *own, struct err *e);

#endif

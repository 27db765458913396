#ifndef MASTERD_ADMIN_CHANGE_H
#define MASTERD_ADMIN_CHANGE_H

#include "lib/base/json.h"
#include "masterd/admin/request.h"

/*
 * What a request changes, told to the log of changes (masterd/db/audit.h) in
 * the change's own transaction, that is, in a function that admin_change()
 * calls.  Who and trace are the request's.
 */
int change_note(struct request *r, const char *what, const char *subject,
    const char *before, const char *after, const char *reason, struct err *e);

/*
 * For a row that a view shows: remember it, change it, note what is different
 * now, if anything is.  Lists of rows, as a job's leases, are left out.
 * change_end() without a begin notes all that the new row says.
 */
struct change {
	struct buf before;
};
#define CHANGE_INIT      \
	{                \
		BUF_INIT \
	}

int change_begin(struct change *c, struct request *r, enum view v, int64_t id,
    struct err *e);
/* "what" is the state reached, "job.paused"; the subject is the noun and the
 * key of the row: "job:7f3...". */
int change_end(struct change *c, struct request *r, enum view v, int64_t id,
    const char *what, const char *reason, struct err *e);
void change_release(struct change *c);

/* The reason of a body ("reason"), of the query when the body has none, or
 * "".  Lives as long as those. */
int change_reason(struct request *r, const struct json_value *body,
    const char **reason, struct err *e);

#endif

#ifndef MASTERD_ADMIN_RULES_TEST_H
#define MASTERD_ADMIN_RULES_TEST_H

#include "lib/base/buf.h"
#include "masterd/db/db.h"

/* The read child's part of `rules test`: rules on standard input, the answer
 * of the route into "out". */
int rules_test_tell(struct db *db, struct buf *out, struct err *e);

#endif

#ifndef MASTERD_ADMIN_CHECKS_H
#define MASTERD_ADMIN_CHECKS_H

#include "masterd/admin/admin.h"

/* Each thing that `system check` looks at, as it is now: ours, then those of
 * the hooks. */
int checks_each(struct admin *a, admin_check_fn *fn, void *to, struct err *e);

#endif

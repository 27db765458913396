#ifndef MASTERD_TIMES_H
#define MASTERD_TIMES_H

#include "masterd/db/leases.h"
#include "masterd/settings.h"

/* What settings say of time and failure, as leases_set_times() wants it; what
 * has no key is as LEASE_TIMES. */
void times_take(struct lease_times *times, const struct settings *s);

#endif

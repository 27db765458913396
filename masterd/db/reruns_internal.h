#ifndef MASTERD_DB_RERUNS_INTERNAL_H
#define MASTERD_DB_RERUNS_INTERNAL_H

#include "lib/wire/ticket.h"

/* Between reruns.c and reruns_make.c: the digests of crash.series, a line
 * each.  How many, -1 when they are too many or no digests. */
int reruns_series(const char *lines, struct digest series[TICKET_MAX_SERIES]);

#endif

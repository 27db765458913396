#ifndef TOOLS_PF_LOCAL_STATUS_H
#define TOOLS_PF_LOCAL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/pf-local/local.h"

/* Does the master answer GET /api/v1/status on ROOT/run/admin.sock? */
bool status_master_answers(const struct local *l);

/*
 * A number that changes with each status.json that the master publishes for a
 * bot, which it does when it has taken in a beat of a new epoch; 0: none yet.
 */
uint64_t status_bot_mark(const struct local *l, const char *bot);

/* The table of processes; true when all are up. */
bool status_print(const struct local *l);

#endif

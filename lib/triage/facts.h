#ifndef LIB_TRIAGE_FACTS_H
#define LIB_TRIAGE_FACTS_H

#include <stdbool.h>

#include "lib/triage/triage.h"

/* May an attacker profit?  A rule of thumb over type and address. */
bool triage_security(const struct triage *t, bool pc_null);

/* SHA-256("1\n" type text "\n" state lines joined by "\n"). */
void triage_signature(struct triage *t);

#endif

#ifndef LIB_TRIAGE_FACTS_TEXT_H
#define LIB_TRIAGE_FACTS_TEXT_H

#include "lib/triage/facts.h"

#define FACTS_WHAT_MAX 240
#define FACTS_NOTE_MAX 500

/* Leave out the deepest frames that facts_write() would have no room for, so
 * that facts as read and facts as parsed are the same. */
void facts_fit(struct facts *f);

#endif

#ifndef LIB_TRIAGE_CLEAN_H
#define LIB_TRIAGE_CLEAN_H

#include <stdbool.h>

#include "lib/triage/facts.h"

/*
 * Text of facts is printable ASCII.  Where a report is not, because of
 * colours, binary bytes or other alphabets, or where the facts differ from
 * what is printed, they are made in the scratch of the facts.
 */
bool clean_is(struct span s); /* nothing to do */

/* "s" without colours and what cannot be printed; itself when clean.  What
 * does not fit any more is cut before its first odd byte. */
struct span clean_text(struct facts *f, struct span s);

/* Numbers become NUMBER and ADDRESS; at most "max" bytes. */
struct span clean_mask(struct facts *f, struct span s, size_t max);

/* "a from b" */
struct span clean_from(struct facts *f, struct span a, struct span b);

/* Give back what was made since "used" was f->scratch_used. */
void clean_forget(struct facts *f, size_t used);

#endif

#ifndef MASTERD_INTAKE_JUDGE_H
#define MASTERD_INTAKE_JUDGE_H

#include "masterd/intake/batch.h"

/*
 * What bug does the crash at "at" of a bundle show?  By the facts that the
 * decode child found in its report, and the rules in force; without a report,
 * by how it ended.  Fills its item's triage, rules and facts; once.
 */
void judge_crash(const struct db *db, struct taken *t, int at);

/* meta.json of a judged crash; "report": its file, or "". */
void meta_format(struct buf *out, struct db *db, struct taken *t, int at,
    const char *report);

#endif

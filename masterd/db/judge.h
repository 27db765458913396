#ifndef MASTERD_DB_JUDGE_H
#define MASTERD_DB_JUDGE_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/triage/rules.h"
#include "masterd/db/db.h"

/*
 * The rules by which crashes are judged from now on, and shown.  What was
 * judged before keeps the name of the rules of its time.
 */

/* "rules" is borrowed until the next call, "text" (of the file, without the
 * built-in rules) is copied.  NULL, NULL: the built-in ones alone. */
void judge_use(struct db *db, const struct rules *rules, const char *text);

const struct rules *judge_rules(const struct db *db); /* never NULL */

/* The same, for work of many turns: those in force may be freed meanwhile.
 * rules_free() them. */
int judge_copy(const struct db *db, struct rules **copy, struct err *e);

/* The row of the rules of this name; made when there is none. */
int judge_ruleset(struct db *db, const char *name, uint64_t now_ms, int64_t *id,
    struct err *e);

/* The text of the rules of this name: 0, 1 when it is not known, -1. */
int judge_text(
    struct db *db, const char *name, struct buf *text, struct err *e);

#endif

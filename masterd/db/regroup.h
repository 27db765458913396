#ifndef MASTERD_DB_REGROUP_H
#define MASTERD_DB_REGROUP_H

#include <stdint.h>

#include "lib/triage/rules.h"
#include "masterd/db/buckets.h"

/*
 * All crashes judged anew, by other rules, from their normalised reports: what
 * would be different, and, if that is wanted, made so.  Neither an upgrade nor
 * another file of rules does this by itself.
 *
 *	r = regroup_new(db, rules, "");
 *	while (regroup_read(r, 20, e) == 1) ...		outside of transactions
 *	regroup_tell(r, out);				what would change
 *	while (regroup_apply(r, act, 20, e) == 1) ...	each in one of its own
 *
 * What was read is kept in memory; crashes that come meanwhile are judged by
 * the rules in force anyhow.  Each step of applying leaves all in order; a kill
 * between two leaves a decision with the part that was done, which can be taken
 * back, or gone on with by another regroup.  Crashes without a normalised
 * report stay as they are, and what people decided stays decided.
 */
struct regroup;

/* "rules" are borrowed; "project": "" for all. */
struct regroup *regroup_new(
    struct db *db, const struct rules *rules, const char *project);
void regroup_free(struct regroup *r); /* NULL is fine */

/* At most about "ms" of it: 1 there is more, 0 all is read, -1. */
int regroup_read(struct regroup *r, uint64_t ms, struct err *e);

/* Called once for each report and project, while it is read. */
typedef void regroup_watch_fn(
    void *arg, const struct rules_named *rules, const struct facts *facts);
void regroup_watch(struct regroup *r, regroup_watch_fn *fn, void *arg);

/* Once all is read: members of an open JSON object. */
int regroup_tell(struct regroup *r, struct buf *out, struct err *e);
/* Crashes that would have another state: "examples", a list. */
int regroup_examples(
    struct regroup *r, int most, struct buf *out, struct err *e);

/* In a transaction of its own each time: 1 there is more, 0 done, -1.
 * act->bucket is not used. */
int regroup_apply(struct regroup *r, const struct bucket_act *act, uint64_t ms,
    struct err *e);
int64_t regroup_decision(const struct regroup *r); /* one of them; 0: none */

/* Crashes that other rules judged than those in force, and their buckets, of
 * the first ten thousand: what a regroup may change. */
struct regroup_due {
	uint64_t crashes, buckets;
};
int regroup_due(struct db *db, struct regroup_due *due, struct err *e);

#endif

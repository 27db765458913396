#ifndef TESTS_UNIT_MASTERD_BUGS_H
#define TESTS_UNIT_MASTERD_BUGS_H

#include "lib/triage/triage.h"
#include "masterd/db/buckets.h"
#include "tests/unit/masterd/farm.h"

/*
 * Bugs and their crashes without reports: stacks in words, over a farm with
 * projects p1, p2, ... (their number is their row) that have a target "t" each.
 */
#define BUG_TEST(test) \
	cmocka_unit_test_setup_teardown(test, bug_setup, farm_teardown)
#define BUG_PROJECTS 60

int bug_setup(void **state);

/* "READ 4", "aa|bb|cc|dd": a Heap-buffer-overflow whose state is the first
 * three frames. */
void bug_make(struct triage *t, const char *access, const char *stack);
void bug_place(struct farm *f, int project, const char *access,
    const char *stack, struct bucket_answer *a);
void bug_place_triage(struct farm *f, int project, const struct triage *t,
    int64_t stack, struct bucket_answer *a);
/* A crash that has its row already. */
void bug_place_seen(struct farm *f, int project, const struct triage *t,
    struct bucket_answer *a);

/* A crash of a signature, with a stack's row or 0; its row. */
int64_t bug_crash(
    struct farm *f, int project, int64_t signature, int64_t stack);

/* A crash of project p1 with a report of these frames, "aa|bb" from the top, as
 * it was judged by "rules" when it came; they are in force then. */
void bug_report(struct farm *f, const struct rules *rules, const char *frames,
    struct bucket_answer *a);

/* As a split would. */
void bug_sql_apart(struct farm *f, int64_t signature);

/* Many of them: families, mutations, floods. */
void bugs_make(struct triage *all, int count, unsigned *seed);

/* The test fails when the groups of a project are not those of lib/triage
 * over all of them, or not those of project 1. */
void bugs_same_as_batch(
    struct farm *f, int project, const struct triage *all, int count);
void bugs_same_as_first(struct farm *f, int project);

#endif

/*
 * Machine time goes where it finds something: less of it to targets that do
 * not get to work, more to those that nobody has looked at yet.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "masterd/plan/multiplier.h"

#define NEW  5000
#define FLAT 750

static const struct rule {
	size_t count; /* where in the facts */
	unsigned permille;
	const char *what;
} rules[] = {
    {offsetof(struct multiplier_facts, startup_crashes), 100,
	"crashed at start"},
    {offsetof(struct multiplier_facts, slow), 250, "met slow inputs"},
    {offsetof(struct multiplier_facts, timeouts), 250, "timed out"},
    {offsetof(struct multiplier_facts, memory), 250, "ran out of memory"},
    {offsetof(struct multiplier_facts, crashes), 500, "crashed"},
};

static void
rule_of(const struct rule *r, const struct multiplier_facts *f,
    struct multiplier *m)
{
	unsigned count = *(const unsigned *)((const char *)f + r->count);
	unsigned permille;

	if (count > f->sessions)
		count = f->sessions;
	permille = MULTIPLIER_ONE -
	    (unsigned)((uint64_t)(MULTIPLIER_ONE - r->permille) * count /
		f->sessions);
	if (permille >= m->permille)
		return;
	m->permille = permille;
	snprintf(m->why, sizeof(m->why), "%u of %u sessions of the last day %s",
	    count, f->sessions, r->what);
}

bool
multiplier_of(const struct multiplier_facts *f, struct multiplier *m)
{
	size_t i;

	*m = (struct multiplier){.permille = MULTIPLIER_ONE};
	if (f->target_age_ms < MULTIPLIER_NEW_MS) {
		m->permille = NEW;
		snprintf(m->why, sizeof(m->why),
		    "its target is new (less than 7 days)");
		return true;
	}
	if (f->sessions == 0)
		return false;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rule_of(&rules[i], f, m);
	/* By rate does not apply: there is one corpus, not many sessions. */
	if (f->edges > 0 && f->edges_before > 0 && m->permille > FLAT &&
	    (f->edges <= f->edges_before ||
		(f->edges - f->edges_before) * 100 < f->edges_before)) {
		m->permille = FLAT;
		snprintf(m->why, sizeof(m->why),
		    "coverage grew by less than 1 %% in a week (%" PRIu64
		    " to %" PRIu64 " edges)",
		    f->edges_before, f->edges);
	}
	return true;
}

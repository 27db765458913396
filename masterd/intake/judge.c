/*
 * The second step of triage, in masterd: facts came from the caged child, the
 * rules are people's.
 */
#include <stdlib.h>
#include <string.h>

#include "masterd/db/judge.h"
#include "masterd/intake/judge.h"

/* Nothing was recognised: the signal, as far as the bot saw one. */
static void
add_signal(struct facts *f, struct item *crash)
{
	struct buf with = BUF_INIT;

	if (f->kind != FACTS_NONE || f->signal != 0 ||
	    crash->r.n[CRASH_SIGNAL] > 64)
		return;
	f->signal = (int)crash->r.n[CRASH_SIGNAL];
	if (f->signal == 0)
		return;
	/* What there is borrows the text that is replaced. */
	facts_write(&with, f);
	buf_release(&crash->facts);
	crash->facts = with;
	if (facts_parse(f, with.data, with.len, NULL) == -1)
		memset(f, 0, sizeof(*f));
}

void
judge_crash(const struct db *db, struct taken *t, int at)
{
	static struct facts facts; /* large, and there is one thread */
	const struct rules *rules = judge_rules(db);
	struct item *crash = &t->items[at];
	struct item *report = taken_part(t, at, REC_REPORT);

	if (crash->triage != NULL)
		return;
	if (report != NULL) {
		crash->facts = report->facts;
		memset(&report->facts, 0, sizeof(report->facts));
	}
	if (crash->facts.len == 0 ||
	    facts_parse(&facts, crash->facts.data, crash->facts.len, NULL) ==
		-1) {
		memset(&facts, 0, sizeof(facts));
		buf_reset(&crash->facts);
		facts_write(&crash->facts, &facts);
	}
	add_signal(&facts, crash);
	crash->triage = mem_alloc(sizeof(*crash->triage));
	triage_settle(crash->triage, &facts,
	    rules_of(rules, t->place.project.text), t->place.name.text);
	crash->triage->has_address = report != NULL && report->has_address;
	if (crash->triage->has_address)
		crash->triage->address = report->address;
	crash->rules = rules_name(rules);
}

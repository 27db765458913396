/*
 * What runs of an input show: a report has a signature by the rules that hold
 * for the project, and each signature of an input is a crash of its own.  Of
 * one signature a lease seals a few inputs; what is known to the master, and
 * what would be too many, is left out and only counted.
 */
#include <string.h>

#include "botd/runner/session.h"

/* Inputs sealed for one signature and lease; more would only drown us. */
#define SAME_MOST 5
/* All timeouts of a target have one signature, and each run takes its time. */
#define LIMITS_MOST 1
#define REPORT_MOST (256u * 1024)

bool shown_is_limit(enum triage_class class)
{
	return class == CLASS_TIMEOUT || class == CLASS_MEMORY;
}

void
shown_judge(struct session *s, struct shown *shown, const struct buf *report)
{
	const struct rules *rules = s->rules == NULL ? rules_base() : s->rules;
	struct facts facts;
	struct triage t;

	facts_read(&facts, buf_text(report), report->len);
	triage_settle(&t, &facts, rules_of(rules, s->ticket.project.text),
	    s->ticket.target.text);
	shown->signature = t.signature;
	shown->security = t.security;
	shown->class = t.class;
}

static struct shown *
same_as(struct find *f, const struct shown *one)
{
	int i;

	for (i = 0; i < f->shown_count; i++)
		if (f->shown[i].security == one->security &&
		    digest_equal(&f->shown[i].signature, &one->signature))
			return &f->shown[i];
	return NULL;
}

struct shown *
shown_add(
    struct session *s, struct find *f, const struct outcome *o, bool again)
{
	struct shown one = {.code = o->code, .signo = o->signo}, *have = NULL;

	if (o->report.len == 0 && f->shown_count > 0) {
		have = &f->shown[0];
	} else {
		shown_judge(s, &one, &o->report);
		have = same_as(f, &one);
	}
	if (have == NULL && f->shown_count == SHOWN_MOST)
		have = &f->shown[SHOWN_MOST - 1];
	if (have == NULL) {
		have = &f->shown[f->shown_count++];
		*have = one;
	}
	/* The first run of its own has it better than the session's output. */
	if (have->report.len == 0 || (again && have->reproduced == 0)) {
		have->code = o->code;
		have->signo = o->signo;
		if (o->report.len > 0) {
			buf_reset(&have->report);
			buf_add(&have->report, o->report.data,
			    o->report.len < REPORT_MOST ? o->report.len
							: REPORT_MOST);
		}
	}
	have->reproduced += again;
	return have;
}

/* ---- how often has it been seen? ------------------------------------- */

static struct seen *
seen_of(struct session *s, const struct shown *shown)
{
	struct seen *seen;
	int i;

	for (i = 0; i < s->seen_count; i++)
		if (s->seen[i].security == shown->security &&
		    digest_equal(&s->seen[i].signature, &shown->signature))
			return &s->seen[i];
	s->seen =
	    mem_resize(s->seen, (size_t)s->seen_count + 1, sizeof(s->seen[0]));
	seen = &s->seen[s->seen_count++];
	*seen = (struct seen){shown->signature, shown->security, 0};
	return seen;
}

static bool
is_too_many(struct session *s, struct shown *shown)
{
	unsigned most = shown_is_limit(shown->class) ? LIMITS_MOST : SAME_MOST;
	struct seen *seen;

	/* Without a report nothing can be said of it. */
	if (shown->counted || shown->report.len == 0)
		return false;
	seen = seen_of(s, shown);
	if (seen->count >= most)
		return true;
	seen->count++;
	shown->counted = true;
	return false;
}

bool
shown_sift(struct session *s, struct find *f)
{
	bool all = f->shown_count > 0;
	struct shown *shown;
	int i;

	if (f->input != NULL)
		return false; /* the master has asked for it */
	for (i = 0; i < f->shown_count; i++) {
		shown = &f->shown[i];
		shown->left_out =
		    known_is_known(s, &shown->signature, shown->security) ||
		    f->same_bytes || is_too_many(s, shown);
		all &= shown->left_out;
	}
	return all;
}

/*
 * Verdicts: on the build that a check has run, and on a host where a session's
 * target does not even start.  What a run's end means is botd/engine/check.c's
 * knowledge; here is what becomes of the session.
 */
#include <sys/utsname.h>

#include <string.h>

#include "botd/engine/check.h"
#include "botd/runner/session.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define NOTES_BYTES 16384 /* that travel; honest builds have a few lines */

void
check_note(struct session *s, const char *note)
{
	log_info("target.noted", LOG_T("lease", s->lease),
	    LOG_T("target", s->ticket.target.text), LOG_T("note", note));
	if (s->check && s->notes.len + strlen(note) < NOTES_BYTES)
		buf_printf(&s->notes, "%s\n", note);
}

static void
fill_run(struct check_run *r, const struct session *s, struct utsname *host)
{
	if (uname(host) == -1)
		host->machine[0] = '\0';
	*r = (struct check_run){.output = buf_text(&s->run.text),
	    .len = s->run.text.len,
	    .code = s->run.end.code,
	    .signo = s->run.end.signo,
	    .killed_for = s->killed_for,
	    .elf = &s->elf,
	    .machine = host->machine};
}

static void
give_verdict(struct session *s, enum check_verdict v)
{
	struct buf *lines = &s->verdict_lines, first = BUF_INIT;

	while (lines->len > 0 && lines->data[lines->len - 1] == '\n')
		lines->data[--lines->len] = '\0';
	s->has_verdict = true;
	s->verdict = v;
	buf_add(&first, buf_text(lines), strcspn(buf_text(lines), "\n"));
	log_info("build.checked", LOG_T("lease", s->lease),
	    LOG_T("target", s->ticket.target.text),
	    LOG_T("verdict", check_verdict_name(v)),
	    LOG_N("edges", s->now.instrumented), LOG_N("calls", s->elf.calls),
	    LOG_N("dict", s->dict), LOG_N("seeds", s->seeds),
	    LOG_T("note", buf_text(&first)));
	buf_release(&first);
}

void
check_judge_end(struct session *s)
{
	struct check_ask ask = {.engine = s->engine,
	    .sanitizer = s->ticket.sanitizer,
	    .edges = s->now.instrumented};
	struct utsname host;
	enum check_verdict v;
	struct err e;

	fill_run(&ask.run, s, &host);
	if (check_judge(&v, &s->verdict_lines, &ask, &e) == -1) {
		session_stop_for(s, STOP_FAILED, e.text);
		return;
	}
	buf_adds(&s->verdict_lines, buf_text(&s->notes));
	give_verdict(s, v);
	session_stop_for(s, STOP_DONE, NULL);
}

bool
check_host_failed(struct session *s)
{
	struct check_run run;
	struct utsname host;

	fill_run(&run, s, &host);
	if (!check_host_lacks(&s->verdict_lines, &run))
		return false;
	session_stop_for(s, STOP_FAILED, s->verdict_lines.data);
	give_verdict(s, CHECK_INCOMPATIBLE);
	return true;
}

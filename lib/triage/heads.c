/*
 * Which line opens a report.  Nearly every head holds a colon and a blank, so
 * a line is walked from one to the next, and what stands before it decides;
 * everything else begins its line.  Most lines of a log are let go after a
 * look at a few bytes.
 */
#include <string.h>

#include "lib/triage/heads.h"

/* Does "==PID==", maybe with a blank, stand right before "at"? */
static bool
after_pid(struct span line, size_t at)
{
	size_t digits = 0;

	if (at > 0 && line.p[at - 1] == ' ')
		at--;
	if (at < 5 || line.p[at - 1] != '=' || line.p[at - 2] != '=')
		return false;
	for (at -= 2; at > 0 && digits < 20; at--, digits++)
		if (line.p[at - 1] < '0' || line.p[at - 1] > '9')
			break;
	return digits > 0 && at >= 2 && line.p[at - 1] == '=' &&
	    line.p[at - 2] == '=';
}

/*
 * "==PID==ERROR: " anywhere in the line, because a target may have printed
 * half a line before; but with the pid, because a log also quotes inputs.
 */
static bool
error_head(struct head *h, struct span line, size_t colon)
{
	return colon >= 5 && after_pid(line, colon - 5) &&
	    head_sanitizer(h, span_from(line, colon + 2));
}

/* MemorySanitizer and ThreadSanitizer call their reports warnings, and what
 * AddressSanitizer warns of is no crash. */
static bool
warning_head(struct head *h, struct span line, size_t colon)
{
	struct span text = span_from(line, colon + 2);

	if (!span_starts(text, "MemorySanitizer: ") &&
	    !span_starts(text, "ThreadSanitizer: "))
		return false;
	return !span_ends(text, " suppressions") &&
	    !span_ends(text, " warnings") && head_sanitizer(h, text);
}

/*
 * The sanitizer stumbled over itself; what it did so far is lost:
 * "==7==AddressSanitizer: CHECK failed: a.cpp:67 "((0)) != (0)" (0x0, 0x0)",
 * older "==7==AddressSanitizer CHECK failed: /src/a.cpp:67 "...
 */
static bool
self_check(struct head *h, struct span line, size_t colon)
{
	struct span before = span_until(line, colon), text;
	size_t at;

	if (!span_ends(before, " CHECK failed") ||
	    (!span_starts(line, "==") && !span_eat(&before, "FATAL: ")))
		return false;
	before = span_until(before, before.n - strlen(" CHECK failed"));
	if (span_ends(before, ":"))
		before.n--;
	if (!span_ends(before, "Sanitizer"))
		return false;
	while (before.n > 0 &&
	    (before.p[0] == '=' || (before.p[0] >= '0' && before.p[0] <= '9')))
		before = span_from(before, 1);
	text = span_from(line, colon + 2);
	h->kind = FACTS_ERROR;
	h->tool = before;
	h->what = span_literal("CHECK failed");
	h->place = span_place(span_upto(text, " "));
	if (span_find(text, "\"", &at)) {
		text = span_from(text, at + 1);
		h->note = span_upto(text, "\"");
	}
	return true;
}

/* "==7==AddressSanitizer: hard rss limit exhausted (64Mb vs 90Mb)" */
static bool
rss_limit(struct head *h, struct span line, size_t colon)
{
	struct span before = span_until(line, colon);

	if (!span_starts(line, "==") || !span_ends(before, "Sanitizer") ||
	    !span_starts(
		span_from(line, colon + 2), "hard rss limit exhausted"))
		return false;
	h->kind = FACTS_MEMORY;
	h->tool = span_literal("AddressSanitizer");
	h->what = span_literal("rss-limit-exceeded");
	return true;
}

/* A colon and a blank stand at "colon": is it one that opens a report? */
static bool
at_colon(struct head *h, struct span line, size_t colon)
{
	struct span before = span_until(line, colon);

	if (line.p[colon + 2] == 'A' && head_assert_at(h, line, colon))
		return true;
	switch (before.n > 0 ? before.p[before.n - 1] : '\0') {
	case 'R':
		return span_ends(before, "ERROR") && error_head(h, line, colon);
	case 'G':
		return span_ends(before, "WARNING") &&
		    warning_head(h, line, colon);
	case 'r':
		/* Go's panics are called so, too. */
		if (span_ends(before, ": runtime error") &&
		    !span_starts(line, "panic: "))
			return head_ubsan(h, line, colon + 2);
		return rss_limit(h, line, colon);
	case 'd':
	case 'D':
		return self_check(h, line, colon) ||
		    head_failed_at(h, line, colon);
	case 's':
		return head_library_at(h, line, colon);
	default:
		return false;
	}
}

static bool
anywhere(struct head *h, struct span line)
{
	size_t at = 0;
	const char *colon;

	while (at + 2 < line.n) {
		colon = memchr(line.p + at, ':', line.n - at - 2);
		if (colon == NULL)
			return false;
		at = (size_t)(colon - line.p);
		if (line.p[at + 1] == ' ' && at_colon(h, line, at))
			return true;
		at++;
	}
	return false;
}

/* The shortest: "malloc: x". */
#define HEAD_LEAST 8

bool
head_find(struct head *h, struct span line)
{
	if (line.n < HEAD_LEAST)
		return false;
	memset(h, 0, sizeof(*h));
	return anywhere(h, line) || head_process(h, line) ||
	    head_signal(h, line) || head_assert(h, line);
}

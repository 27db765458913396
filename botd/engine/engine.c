/*
 * The table of engines, and what all of them share: string lists and where a
 * sanitizer's or engine's report begins.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "botd/engine/engine.h"
#include "lib/base/text.h"

#define TELLING_MOST 300

static const struct engine *const engines[] = {
    &ENGINE_LIBFUZZER,
    NULL,
};

const struct engine *
engine_at(int i)
{
	return engines[i];
}

const struct engine *
engine_find(const char *name)
{
	int i;

	for (i = 0; engines[i] != NULL; i++)
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	return NULL;
}

void
strv_add(struct strv *v, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		abort();
	va_end(ap);
	v->list = mem_resize(v->list, (size_t)v->count + 2, sizeof(v->list[0]));
	v->list[v->count++] = text;
	v->list[v->count] = NULL;
}

void
strv_release(struct strv *v)
{
	int i;

	for (i = 0; i < v->count; i++)
		free(v->list[i]);
	free(v->list);
	*v = (struct strv)STRV_INIT;
}

void
engine_plan_release(struct engine_plan *p)
{
	strv_release(&p->argv);
	strv_release(&p->env);
	buf_release(&p->notes);
}

/* Facts 1.2: first lines of the reports that are known. */
static const char *const report_marks[] = {
    "ERROR: AddressSanitizer",
    "ERROR: LeakSanitizer",
    "ERROR: MemorySanitizer",
    "WARNING: MemorySanitizer",
    "WARNING: ThreadSanitizer",
    "ERROR: ThreadSanitizer",
    "ERROR: HWAddressSanitizer",
    "ERROR: UndefinedBehaviorSanitizer",
    "ERROR: libFuzzer",
    "runtime error: ",
    "Sanitizer CHECK failed",
};

static bool
begins_report(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(report_marks) / sizeof(report_marks[0]); i++)
		if (memmem(line, len, report_marks[i],
			strlen(report_marks[i])) != NULL)
			return true;
	return false;
}

size_t
engine_report_start(const char *output, size_t len)
{
	const char *p = output, *end = output + len, *newline;

	while (p < end) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		if (begins_report(p, (size_t)(newline - p)))
			return (size_t)(p - output);
		p = newline + 1;
	}
	return len;
}

/* "==4711==" changes with each run. */
static const char *
skip_number(const char *p, const char *end)
{
	const char *digit = p + 2;

	if (end - p < 4 || p[0] != '=' || p[1] != '=')
		return p;
	while (digit < end && isdigit((unsigned char)*digit))
		digit++;
	if (digit == p + 2 || end - digit < 2 || digit[0] != '=' ||
	    digit[1] != '=')
		return p;
	return digit + 2;
}

void
engine_telling_line(struct buf *out, const char *output, size_t len)
{
	size_t at = engine_report_start(output, len), end;
	const char *p;

	if (at == len) {
		while (len > 0 && output[len - 1] == '\n')
			len--;
		for (at = len; at > 0 && output[at - 1] != '\n'; at--)
			;
	}
	for (end = at; end < len && output[end] != '\n'; end++)
		;
	p = skip_number(output + at, output + end);
	text_clean_line(out, p, (size_t)(output + end - p), TELLING_MOST);
}

/*
 * Any bytes are hours, rates by the hour or the template of a name, or none.
 * The first byte says which.  What is taken holds now or not, says when that
 * changes, and what a template makes is one folder's name.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "botd/hours.h"
#include "botd/rates.h"
#include "botd/template.h"

#define WEEK_S (7 * 24 * 3600)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const time_t moments[] = {0, 1774744200 /* near a change of clocks */,
    1792891800 /* and near the other */, 1795352981};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return 0;
}

static void
refused(const struct err *e)
{
	assert(e->cls == ERR_REFUSED && e->text[0] != '\0');
}

static void
try_hours(const char *text)
{
	struct hours h = {.count = 0};
	struct err e = {0};
	uint64_t until;
	size_t i;
	bool on;

	if (hours_parse(&h, text, &e) == -1) {
		refused(&e);
		assert(h.count == 0);
		return;
	}
	assert(h.count >= 0 && h.count <= HOURS_MOST);
	for (i = 0; i < (size_t)h.count; i++)
		assert(h.list[i].from >= 0 && h.list[i].from < HOURS_WEEK &&
		    h.list[i].minutes >= 1 && h.list[i].minutes <= HOURS_WEEK);
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		on = hours_have(&h, moments[i]);
		until = hours_until_change(&h, moments[i]);
		/* What the clocks leave out may put it off by a week. */
		assert(until <= 2 * WEEK_S + 7200);
		if (until != 0)
			assert(
			    hours_have(&h, moments[i] + (time_t)until) != on);
	}
}

/* A line is an entry. */
static void
try_rates(char *text)
{
	struct rates r;
	struct err e = {0};
	char *list[RATES_MOST + 3], *rest = NULL, *line;
	int n = 0;
	size_t i;

	for (line = strtok_r(text, "\n", &rest);
	     line != NULL && n < RATES_MOST + 2;
	     line = strtok_r(NULL, "\n", &rest))
		list[n++] = line;
	list[n] = NULL;
	if (rates_parse(&r, 77, list, &e) == -1) {
		refused(&e);
		return;
	}
	assert(r.count == n && n <= RATES_MOST);
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		(void)rates_at(&r, moments[i]);
}

/* What the environment says is as foreign as the text. */
static const char *
variable(void *arg, const char *name)
{
	return strstr(name, "TASK") != NULL ? arg : NULL;
}

static void
try_template(const char *text)
{
	const struct template_world w = {
	    text, "5f3c9a01-d2e4", 4711, variable, (void *)(uintptr_t)text};
	struct buf out = BUF_INIT, again = BUF_INIT;
	struct name name = template_name(text);
	struct err e = {0};

	assert(name_ok(name.text));
	if (template_expand(&out, text, &w, &e) == -1)
		refused(&e);
	buf_reset(&out);
	template_escape(&out, text);
	if (template_expand(&again, buf_text(&out), &w, &e) == -1)
		abort();
	assert(strcmp(buf_text(&again), text) == 0);
	buf_release(&out);
	buf_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT;

	if (size == 0)
		return 0;
	buf_add(&text, data + 1, size - 1);
	buf_add(&text, "", 1);
	switch (data[0] % 3) {
	case 0:
		try_hours(text.data);
		break;
	case 1:
		try_rates(text.data);
		break;
	default:
		try_template(text.data);
	}
	buf_release(&text);
	return 0;
}

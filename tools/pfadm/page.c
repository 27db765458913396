/*
 * What pages have in common.  A page is printed as it is made, in the order in
 * which somebody reads it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/pfadm/page.h"
#include "tools/pfadm/plain.h"

static void
print_lines(const char *name, int width, const char *text)
{
	struct buf line = BUF_INIT;
	size_t len;

	if (text == NULL || *text == '\0')
		return;
	for (;; name = "", text += len + 1) {
		len = strcspn(text, "\n");
		buf_reset(&line);
		plain_add_line(&line, text, len, PLAIN_LINE_MAX);
		printf("%-*s %s\n", width, name, buf_text(&line));
		if (text[len] == '\0')
			break;
	}
	buf_release(&line);
}

void
page_field(const char *name, const char *text)
{
	print_lines(name, 14, text);
}

void
page_item(const char *text)
{
	print_lines("", 1, text);
}

void
page_fieldf(const char *name, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	page_field(name, text);
}

void
page_section(struct pfadm *pf, const char *title)
{
	printf("\n%s%s%s\n", pf->look.color ? "\033[1m" : "", title,
	    color_end(&pf->look));
}

void
page_table(struct pfadm *pf, const char *title, const struct json_value *list,
    const struct column *columns)
{
	struct rows rows = {NULL, 0, 0, NULL, 0};
	const struct json_value *v;

	for (v = json_first(list); v != NULL; v = json_next(v))
		rows_add(&rows, v);
	if (rows.count > 0)
		page_section(pf, title);
	table_print(&rows, columns, &pf->look);
	rows_release(&rows);
}

void
page_next(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("  %s\n", text);
}

/* A share from 0 to 1, as whole percents. */
static bool
percent(const struct json_value *r, const char *key, int *value)
{
	double share;

	if (json_double(json_get(r, key), &share) == -1 || share < 0 ||
	    share > 1)
		return false;
	*value = (int)(share * 100 + 0.5);
	return true;
}

void
page_tries(struct buf *out, const struct json_value *r)
{
	uint64_t tries = json_get_u64(r, "tries", 0);
	int low, high;

	if (tries == 0)
		return;
	buf_printf(out, "%ju of %ju",
	    (uintmax_t)json_get_u64(r, "reproduced", 0), (uintmax_t)tries);
	if (percent(r, "low", &low) && percent(r, "high", &high))
		buf_printf(out, " (%d-%d %%)", low, high);
}

void
page_judged(const char *name, const char *word, const char *rule)
{
	if (word != NULL && rule != NULL && *rule != '\0')
		page_fieldf(name, "%s: %s", word, rule);
	else
		page_field(name, word);
}

const char *
page_word(const struct json_value *item, const char *key)
{
	const char *text = json_get_string(item, key, "");

	return *text != '\0' &&
		strspn(text,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789-_./+") == strlen(text) &&
		*text != '-'
	    ? text
	    : NULL;
}

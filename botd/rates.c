/*
 * Rates by the hour: hours (hours.h) and a size a second, in one line each.
 */
#include <string.h>

#include "botd/rates.h"
#include "lib/base/text.h"

#define LINE_MOST 160
/* Slower than this a beat would not get through in its time. */
#define RATE_LEAST 1024

static int
parse_bytes(uint64_t *bytes, const char *word, struct err *e)
{
	char size[32];
	size_t len = strlen(word);

	if (len > 2 && strcmp(word + len - 2, "/s") == 0)
		len -= 2;
	if (len >= sizeof(size))
		len = sizeof(size) - 1;
	memcpy(size, word, len);
	size[len] = '\0';
	if (text_to_size(bytes, size, NULL) == -1)
		return err_set(e, ERR_REFUSED,
		    "'%.40s' is no rate: a size such as 200KiB/s, or 0 for no "
		    "limit",
		    word);
	if (*bytes != 0 && *bytes < RATE_LEAST)
		return err_set(
		    e, ERR_REFUSED, "'%.40s' is slower than 1KiB/s", word);
	return 0;
}

static int
parse_line(struct rates *r, const char *line, struct err *e)
{
	char hours[LINE_MOST], *word;
	size_t len = strlen(line);

	while (len > 0 && line[len - 1] == ' ')
		len--;
	if (len >= sizeof(hours))
		return err_set(e, ERR_REFUSED, "'%.40s...' is too long", line);
	memcpy(hours, line, len);
	hours[len] = '\0';
	word = strrchr(hours, ' ');
	if (word == NULL)
		return err_set(e, ERR_REFUSED,
		    "'%.40s' is not hours and a rate, as in "
		    "'Mon-Fri 08:00-18:00 200KiB/s'",
		    line);
	*word++ = '\0';
	if (r->count == RATES_MOST)
		return err_set(
		    e, ERR_REFUSED, "more than %d rates are given", RATES_MOST);
	if (parse_bytes(&r->list[r->count].bytes, word, e) == -1 ||
	    hours_parse(&r->list[r->count].when, hours, e) == -1)
		return -1;
	r->count++;
	return 0;
}

int
rates_parse(struct rates *r, uint64_t base, char *const *list, struct err *e)
{
	struct rates all = {.base = base};
	int i;

	if (base != 0 && base < RATE_LEAST)
		return err_set(
		    e, ERR_REFUSED, "the rate is slower than 1KiB/s");
	for (i = 0; list != NULL && list[i] != NULL; i++)
		if (parse_line(&all, list[i], e) == -1)
			return -1;
	*r = all;
	return 0;
}

uint64_t
rates_at(const struct rates *r, time_t now)
{
	int i;

	for (i = 0; i < r->count; i++)
		if (hours_have(&r->list[i].when, now))
			return r->list[i].bytes;
	return r->base;
}

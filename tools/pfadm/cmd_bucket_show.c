/*
 * Buckets: the list, which says what it leaves out, and the page of one: what
 * it is, why its crashes are together, when they came, who decided what.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "tools/pfadm/buckets.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/export_sarif.h"
#include "tools/pfadm/page.h"
#include "tools/pfadm/plain.h"

#define HOURS 48
#define DAYS  60

void
bucket_hidden(
    struct buf *out, const struct json_value *hidden, const char *command)
{
	static const struct {
		const char *key, *one, *many;
	} kinds[] = {{"timeout", "timeout", "timeouts"},
	    {"memory", "OOM", "OOM"}, {"muted", "muted", "muted"},
	    {"fixed", "fixed", "fixed"}, {"closed", "closed", "closed"}};
	uint64_t n;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		n = json_get_u64(hidden, kinds[i].key, 0);
		if (n > 0)
			buf_printf(out, "%s%ju %s", out->len > 0 ? ", " : "",
			    (uintmax_t)n,
			    n == 1 ? kinds[i].one : kinds[i].many);
	}
	if (out->len > 0)
		buf_printf(out, " hidden: %s--all", command);
}

void
buckets_tell_hidden(struct pfadm *pf, const struct json_value *root)
{
	struct buf line = BUF_INIT;

	if (!pf->o.all)
		bucket_hidden(&line, json_get(root, "hidden"), "");
	if (line.len > 0)
		fprintf(stderr, "%s\n", line.data);
	buf_release(&line);
}

int
cmd_bucket_list(struct pfadm *pf)
{
	return show_list(pf);
}

/* ---- when ------------------------------------------------------------ */

void
bucket_spark(struct buf *out, const uint64_t *numbers, size_t count, bool utf8)
{
	static const char *const blocks[] = {"\u2581", "\u2582", "\u2583",
	    "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
	uint64_t most = 1;
	size_t i;

	for (i = 0; i < count; i++)
		if (numbers[i] > most)
			most = numbers[i];
	for (i = 0; i < count; i++) {
		if (numbers[i] == 0)
			buf_addc(out, '.');
		else if (utf8)
			buf_adds(out,
			    blocks[(size_t)((double)numbers[i] / (double)most *
				7.99)]);
		else
			buf_addc(out,
			    (char)('1' +
				(int)((double)numbers[i] / (double)most *
				    8.99)));
	}
}

/* Numbers by the hour or day up to now, the newest last. */
static uint64_t
gather(const struct json_value *list, const char *key, const char *form,
    uint64_t unit_ms, uint64_t *numbers, size_t count)
{
	uint64_t now = clock_wall_ms() / unit_ms, at, most = 0;
	const struct json_value *v;
	struct tm tm;

	memset(numbers, 0, count * sizeof(*numbers));
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		memset(&tm, 0, sizeof(tm));
		if (strptime(json_get_string(v, key, ""), form, &tm) == NULL)
			continue;
		at = (uint64_t)timegm(&tm) * 1000 / unit_ms;
		if (at > now || now - at >= count)
			continue;
		numbers[count - 1 - (now - at)] += json_get_u64(v, "hits", 0);
	}
	for (at = 0; at < count; at++)
		if (numbers[at] > most)
			most = numbers[at];
	return most;
}

static void
print_picture(struct pfadm *pf, const char *name, const uint64_t *numbers,
    size_t count, uint64_t most, const char *of)
{
	struct buf line = BUF_INIT;

	if (most == 0)
		return;
	bucket_spark(&line, numbers, count, pf->tty && pf->look.utf8);
	printf(
	    "%-14s %s  at most %ju %s\n", name, line.data, (uintmax_t)most, of);
	buf_release(&line);
}

static void
print_times(struct pfadm *pf, const struct json_value *item)
{
	uint64_t hours[HOURS], days[DAYS], most;

	most = gather(json_get(item, "hours"), "hour", "%Y-%m-%dT%H", 3600000,
	    hours, HOURS);
	print_picture(pf, "last 48 h", hours, HOURS, most, "an hour");
	most = gather(
	    json_get(item, "days"), "day", "%Y-%m-%d", 86400000, days, DAYS);
	print_picture(pf, "last 60 days", days, DAYS, most, "a day");
}

/* ---- what ------------------------------------------------------------ */

static void
print_head(struct pfadm *pf, const struct json_value *item)
{
	const struct json_value *r = json_get(item, "reproduction");
	struct buf tries = BUF_INIT;

	table_fields(item, sheet_bucket.fields, &pf->look);
	page_tries(&tries, r);
	page_field("reproduced", buf_text(&tries));
	print_times(pf, item);
	buf_release(&tries);
}

static void
print_notes(struct pfadm *pf, const struct json_value *notes)
{
	const struct json_value *v;
	struct buf name = BUF_INIT;

	if (json_count(notes) > 0)
		page_section(pf, "notes");
	for (v = json_first(notes); v != NULL; v = json_next(v)) {
		buf_reset(&name);
		buf_adds(&name, json_get_string(v, "at", ""));
		buf_printf(&name, " %s", json_get_string(v, "who", ""));
		page_item(buf_text(&name));
		page_item(json_get_string(v, "text", ""));
	}
	buf_release(&name);
}

/* The newest decision that stands; 0: none. */
static uint64_t
newest_decision(const struct json_value *list)
{
	const struct json_value *v;
	uint64_t newest = 0, id, undone;

	for (v = json_first(list); v != NULL; v = json_next(v)) {
		id = json_get_u64(v, "id", 0);
		if (json_u64(json_get(v, "undone"), &undone) == 0 ||
		    strcmp(json_get_string(v, "verb", ""), "undo") == 0)
			continue;
		if (id > newest)
			newest = id;
	}
	return newest;
}

static void
print_next(struct pfadm *pf, const struct json_value *item)
{
	const char *id = page_word(item, "id");
	const char *crash = page_word(item, "crash");
	uint64_t decision = newest_decision(json_get(item, "decisions"));

	if (id == NULL)
		return;
	page_section(pf, "next");
	if (crash != NULL) {
		page_next("pfadm crash show %s", crash);
		page_next("pfadm crash get %s -o crash.bin", crash);
	}
	page_next("pfadm bucket why %s", id);
	page_next("pfadm crash list --bucket %s", id);
	if (strcmp(json_get_string(item, "status", ""), "muted") == 0)
		page_next("pfadm bucket unmute %s", id);
	else
		page_next("pfadm bucket mute %s --until 30d", id);
	if (decision != 0)
		page_next("pfadm bucket undo %s --decision %ju", id,
		    (uintmax_t)decision);
}

static void
print_bucket(struct pfadm *pf, const struct json_value *root)
{
	const struct json_value *item = json_get(root, "item");
	const char *asked = json_get_string(item, "asked", NULL);
	const struct section *s = sheet_bucket.sections;

	if (asked != NULL &&
	    strcmp(asked, json_get_string(item, "id", "")) != 0)
		fprintf(stderr, "note: %.80s leads to %.80s now\n", asked,
		    json_get_string(item, "id", ""));
	print_head(pf, item);
	for (; s->title != NULL; s++)
		page_table(pf, s->title, json_get(item, s->key), s->columns);
	print_notes(pf, json_get(item, "notes"));
	print_next(pf, item);
}

int
cmd_bucket_show(struct pfadm *pf)
{
	const char *address = client_path(pf->client, "buckets/%s", pf->arg);

	if (pf->o.sarif != NULL)
		return export_sarif_of(pf, "buckets", address);
	return show_reply(pf, address, print_bucket);
}

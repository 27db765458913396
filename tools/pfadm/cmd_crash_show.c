/*
 * The page of a crash: what it is and who says so, how sure it is, its report
 * with the frames that named it, where it was seen, what else is of the bug,
 * and what to do next.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/page.h"
#include "tools/pfadm/plain.h"
#include "tools/pfadm/report.h"

#define REPORT_LINES 300
#define REPORT_MOST  (1024 * 1024) /* bytes that are looked at */

/* ---- heads ----------------------------------------------------------- */

/* A text, or a list of lines. */
static void
add_text(struct buf *out, const struct json_value *item, const char *key)
{
	struct column c = {"", key, CELL_TEXT};

	table_cell(out, item, &c, false);
}

static void
print_one(const struct json_value *item, const char *name, const char *key)
{
	struct buf text = BUF_INIT;

	add_text(&text, item, key);
	page_field(name, buf_text(&text));
	buf_release(&text);
}

static void
print_build(const struct json_value *item)
{
	const char *build = json_get_string(item, "build", "");
	const char *revision = json_get_string(item, "revision", "");

	if (*build != '\0')
		page_fieldf("build", "%.16s", build);
	page_field("revision", revision);
}

static void
print_minimised(const struct json_value *item)
{
	const struct json_value *m = json_get(item, "minimised");
	uint64_t bytes;

	if (json_u64(json_get(m, "bytes"), &bytes) == 0)
		page_fieldf("minimised", "%s (%.16s)", text_size(bytes).text,
		    json_get_string(m, "hash", ""));
}

/* At 0.8 and 1.5 times the limit of time or memory. */
static void
add_limits(struct buf *line, const struct json_value *r)
{
	static const char *const words[] = {"no", "yes"};
	int64_t below = -1, above = -1;
	bool yes;

	if (json_bool(json_get(r, "below"), &yes) == 0)
		below = yes;
	else
		json_i64(json_get(r, "below"), &below);
	if (json_bool(json_get(r, "above"), &yes) == 0)
		above = yes;
	else
		json_i64(json_get(r, "above"), &above);
	if (below >= 0)
		buf_printf(line, ", at 0.8 of the limit: %s", words[below > 0]);
	if (above >= 0)
		buf_printf(
		    line, ", at 1.5 times the limit: %s", words[above > 0]);
}

static void
print_reproduction(const struct json_value *item)
{
	const struct json_value *list = json_get(item, "reproduction"), *r;
	const char *name = "reproduced", *build;
	struct buf line = BUF_INIT;

	if (json_first(list) == NULL)
		page_tries(&line, item);
	if (line.len > 0)
		page_field(name, line.data);
	for (r = json_first(list); r != NULL; r = json_next(r)) {
		buf_reset(&line);
		page_tries(&line, r);
		if (line.len == 0)
			continue;
		buf_printf(&line, " on %s", json_get_string(r, "bot", "?"));
		build = json_get_string(r, "build", "");
		if (*build != '\0')
			buf_printf(&line, ", build %.16s", build);
		add_limits(&line, r);
		page_field(name, line.data);
		name = "";
	}
	buf_release(&line);
}

static bool
is_in(const struct json_value *list, const char *word)
{
	const struct json_value *v;

	for (v = json_first(list); v != NULL; v = json_next(v))
		if (json_string(v) != NULL && strcmp(json_string(v), word) == 0)
			return true;
	return false;
}

/* Below, under "environment" or "options", in full. */
static bool
is_said_below(const struct json_value *item, const char *key, const char *word)
{
	const struct json_value *options = json_get(item, "sanitizer_options");
	const char *equals = strchr(word, '=');
	char name[64];

	if (strcmp(key, "command") == 0)
		return strcmp(word, "env") == 0 ||
		    is_in(json_get(item, "environment"), word);
	if (equals == NULL || json_type(options) != JSON_OBJECT)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(equals - word), word);
	return json_get(options, name) != NULL;
}

/* Words as they were given to a program; the page cannot be typed from. */
static void
print_words(const struct json_value *item, const char *name, const char *key)
{
	const struct json_value *v;
	struct buf line = BUF_INIT;

	for (v = json_first(json_get(item, key)); v != NULL; v = json_next(v)) {
		if (json_string(v) == NULL ||
		    is_said_below(item, key, json_string(v)))
			continue;
		buf_printf(
		    &line, "%s%s", line.len == 0 ? "" : " ", json_string(v));
	}
	page_field(name, buf_text(&line));
	buf_release(&line);
}

static void
print_options(const struct json_value *item)
{
	const struct json_value *o = json_get(item, "sanitizer_options"), *v;
	struct buf line = BUF_INIT;
	const char *name = "options";

	if (json_type(o) == JSON_STRING)
		page_field(name, json_string(o));
	if (json_type(o) == JSON_OBJECT)
		for (v = json_first(o); v != NULL; v = json_next(v)) {
			buf_reset(&line);
			buf_printf(&line, "%s=%s", json_key_of(v),
			    json_string(v) == NULL ? "" : json_string(v));
			page_field(name, line.data);
			name = "";
		}
	buf_release(&line);
}

static void
print_head(struct pfadm *pf, const struct json_value *item)
{
	bool security = false;

	page_field("crash", json_get_string(item, "id", ""));
	print_one(item, "type", "type");
	print_one(item, "at", "state");
	page_field("bucket", json_get_string(item, "bucket", ""));
	page_field("target", json_get_string(item, "target", ""));
	print_build(item);
	json_bool(json_get(item, "security"), &security);
	page_judged("security", security ? "yes" : "no",
	    json_get_string(item, "security_rule", ""));
	page_judged("severity", json_get_string(item, "severity", NULL),
	    json_get_string(item, "severity_rule", ""));
	print_one(item, "casr", "casr");
	print_reproduction(item);
	print_minimised(item);
	table_fields(item, sheet_crash.fields, &pf->look);
	print_words(item, "command", "command");
	print_words(item, "environment", "environment");
	print_options(item);
}

/* ---- report ---------------------------------------------------------- */

/* What of it is at hand; a master that has none is no failure of the page. */
static bool
fetch_report(struct pfadm *pf, struct reply *r)
{
	struct buf address = BUF_INIT;
	struct err ignored;
	int got;

	buf_adds(
	    &address, client_path(pf->client, "crashes/%s/report", pf->arg));
	if (pf->o.target != NULL)
		buf_adds(&address,
		    client_path(pf->client, "?target=%s", pf->o.target));
	got = client_get(pf->client, address.data, r, &ignored);
	buf_release(&address);
	return got == 0 && r->body.len > 0;
}

static void
print_report(struct pfadm *pf, const struct json_value *item)
{
	const struct json_value *frames = json_get(item, "frames");
	struct buf text = BUF_INIT;
	struct reply r;
	size_t left = 0, len;

	if (fetch_report(pf, &r)) {
		len = r.body.len < REPORT_MOST ? r.body.len : REPORT_MOST;
		left = report_mark(
		    &text, r.body.data, len, frames, REPORT_LINES, &pf->look);
		page_section(pf, "report (> made the state, [..] is left out)");
	} else if (json_first(frames) != NULL) {
		report_frames(&text, frames, &pf->look);
		page_section(pf, "frames (> made the state, [..] is left out)");
	}
	fputs(buf_text(&text), stdout);
	if (left > 0 || r.body.len > REPORT_MOST)
		printf("  ... and %zu lines more%s\n", left,
		    r.body.len > REPORT_MOST ? " and more" : "");
	buf_release(&text);
	reply_release(&r);
}

/* ---- the rest -------------------------------------------------------- */

/* Siblings are rows, or ids alone. */
static void
print_siblings(struct pfadm *pf, const struct json_value *list)
{
	const struct json_value *v = json_first(list);

	if (json_type(v) == JSON_OBJECT) {
		page_table(pf, "siblings", list, sibling_columns);
		return;
	}
	if (v != NULL)
		page_section(pf, "siblings");
	for (; v != NULL; v = json_next(v))
		page_item(json_string(v));
}

static void
print_next(struct pfadm *pf, const struct json_value *item)
{
	const char *id = page_word(item, "id");
	const char *bucket = page_word(item, "bucket");
	char of[300] = "";

	if (id == NULL)
		return;
	if (pf->o.target != NULL && page_word(item, "target") != NULL)
		snprintf(
		    of, sizeof(of), " --target %s", page_word(item, "target"));
	page_section(pf, "next");
	page_next("pfadm crash get %s%s -o crash.bin", id, of);
	page_next("pfadm crash get %s%s --report", id, of);
	page_next("pfadm crash kit %s%s", id, of);
	page_next("pfadm crash repro %s%s", id, of);
	if (bucket == NULL)
		return;
	page_next("pfadm bucket show %s", bucket);
	page_next("pfadm bucket why %s", bucket);
	page_next("pfadm bucket split %s %s", bucket, id);
}

static void
print_crash(struct pfadm *pf, const struct json_value *root)
{
	const struct json_value *item = json_get(root, "item");
	const struct section *s = sheet_crash.sections;

	print_head(pf, item);
	print_report(pf, item);
	for (; s->title != NULL; s++)
		page_table(pf, s->title, json_get(item, s->key), s->columns);
	print_siblings(pf, json_get(item, "siblings"));
	print_next(pf, item);
}

int
cmd_crash_show(struct pfadm *pf)
{
	struct buf address = BUF_INIT;
	int code;

	buf_adds(&address, client_path(pf->client, "crashes/%s", pf->arg));
	if (pf->o.target != NULL)
		buf_adds(&address,
		    client_path(pf->client, "?target=%s", pf->o.target));
	code = show_reply(pf, address.data, print_crash);
	buf_release(&address);
	return code;
}

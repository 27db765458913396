/*
 * bucket why: the master's reasons, for people: which frames named a bug, what
 * joined its signatures one to the next, and for two buckets what they have in
 * common and what first differs.
 */
#include <stdio.h>
#include <string.h>

#include "tools/pfadm/commands.h"
#include "tools/pfadm/page.h"

static const char *
text_of(const struct json_value *item, const char *key)
{
	return json_get_string(item, key, "");
}

/* 0.2345 as "0.23", nothing when there is none. */
static void
add_distance(struct buf *out, const struct json_value *item)
{
	double d;

	if (json_double(json_get(item, "distance"), &d) == 0)
		buf_printf(out, ", distance %.2f", d);
}

static void
print_parts(struct pfadm *pf, const struct json_value *list)
{
	const struct json_value *v;
	const char *frame, *why;
	struct buf line = BUF_INIT;
	uint64_t n;

	if (json_first(list) != NULL)
		page_section(pf, "its name comes from");
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		buf_reset(&line);
		frame = text_of(v, "frame");
		why = text_of(v, "why");
		buf_adds(&line, text_of(v, "line"));
		if (*frame != '\0')
			buf_printf(&line, "  (frame %s)", frame);
		else if (json_u64(json_get(v, "frame"), &n) == 0)
			buf_printf(&line, "  (frame #%ju)", (uintmax_t)n);
		if (*why != '\0')
			buf_printf(&line, "  %s", why);
		page_item(buf_text(&line));
	}
	buf_release(&line);
}

static void
print_chain(struct pfadm *pf, const struct json_value *list)
{
	const struct json_value *v;
	struct buf line = BUF_INIT;

	if (json_first(list) != NULL)
		page_section(pf, "joined by");
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		buf_reset(&line);
		buf_printf(&line, "%.8s - %.8s: %s", text_of(v, "a"),
		    text_of(v, "b"), text_of(v, "rule"));
		add_distance(&line, v);
		if (*text_of(v, "who") != '\0')
			buf_printf(&line, ", by %s at %s", text_of(v, "who"),
			    text_of(v, "at"));
		if (*text_of(v, "reason") != '\0')
			buf_printf(&line, ": %s", text_of(v, "reason"));
		page_item(line.data);
	}
	buf_release(&line);
}

/* What both have, and the first lines in which they are not alike. */
static void
print_compared(struct pfadm *pf, const struct json_value *item)
{
	const struct json_value *common = json_get(item, "common"), *v;
	const struct json_value *differs = json_get(item, "differs");
	uint64_t n;

	if (json_first(common) != NULL)
		page_section(pf, "in common");
	for (v = json_first(common); v != NULL; v = json_next(v))
		page_item(json_string(v));
	if (json_type(differs) != JSON_OBJECT ||
	    (*text_of(differs, "a") == '\0' && *text_of(differs, "b") == '\0'))
		return;
	if (json_u64(json_get(differs, "line"), &n) == 0) {
		char title[60];

		snprintf(title, sizeof(title), "first differs (frame %ju)",
		    (uintmax_t)n);
		page_section(pf, title);
	} else {
		page_section(pf, "first differs");
	}
	page_field(text_of(item, "a"), text_of(differs, "a"));
	page_field(text_of(item, "b"), text_of(differs, "b"));
}

static void
print_verdict(const struct json_value *item)
{
	struct buf line = BUF_INIT;
	bool same = false;

	page_field(*text_of(item, "b") != '\0' ? "buckets" : "bucket",
	    text_of(item, "a"));
	page_field("", text_of(item, "b"));
	if (json_bool(json_get(item, "same"), &same) == 0 &&
	    *text_of(item, "b") != '\0')
		page_field("are", same ? "one" : "apart");
	if (*text_of(item, "rule") != '\0') {
		buf_adds(&line, text_of(item, "rule"));
		add_distance(&line, item);
		page_field("rule", line.data);
	}
	page_field("because", text_of(item, "reason"));
	page_field("rules", text_of(item, "rules"));
	buf_release(&line);
}

static void
print_why(struct pfadm *pf, const struct json_value *root)
{
	const struct json_value *item = json_get(root, "item");
	const struct json_value *parts = json_get(item, "parts");

	print_verdict(item);
	if (*text_of(item, "b") == '\0')
		print_parts(pf, parts);
	print_chain(pf, json_get(item, "chain"));
	print_compared(pf, item);
}

/* With several others each is compared with the first. */
int
cmd_bucket_why(struct pfadm *pf)
{
	struct buf address = BUF_INIT;
	int i, code, worst = 0;

	for (i = 1; i < pf->arg_count || i == 1; i++) {
		buf_reset(&address);
		buf_adds(&address,
		    client_path(pf->client, "buckets/%s/why", pf->arg));
		if (i < pf->arg_count)
			buf_adds(&address,
			    client_path(pf->client, "?other=%s", pf->args[i]));
		if (i > 1 && !pf->o.json)
			putchar('\n');
		code = show_reply(pf, address.data, print_why);
		if (code > worst)
			worst = code;
		if (code == EXIT_NO_MASTER)
			break;
	}
	buf_release(&address);
	return worst;
}

/*
 * Who did what when: the last events, and with -f those that come, as the
 * master's stream has them.
 */
#include <stdio.h>
#include <string.h>

#include "tools/pfadm/commands.h"
#include "tools/pfadm/interrupt.h"
#include "tools/pfadm/plain.h"

#define PAUSE_MS   500
#define LAST       20
#define LINE_PARTS "at", "who", "what", "subject", "detail"

/* One event, one line; JSON as JSON lines, for there is no last one. */
static void
print_event(struct pfadm *pf, const struct json_value *event)
{
	static const char *const keys[] = {LINE_PARTS, NULL};
	const char *text;
	size_t len;
	int i;

	if (pf->o.json || pf->o.jsonl) {
		text = json_raw(event, &len);
		plain_put_json(stdout, text, len);
		putchar('\n');
		return;
	}
	for (i = 0; keys[i] != NULL; i++) {
		text = json_get_string(event, keys[i], "");
		if (*text == '\0')
			continue;
		if (i > 0)
			putchar(' ');
		plain_put_line(stdout, text);
	}
	putchar('\n');
}

/* The master filters pages; a stream is filtered here. */
static bool
wanted(const struct options *o, const struct json_value *event)
{
	const char *const pairs[][2] = {
	    {"who", o->who}, {"what", o->what}, {"subject", o->subject}};
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i][1] != NULL &&
		    strcmp(json_get_string(event, pairs[i][0], ""),
			pairs[i][1]) != 0)
			return false;
	return true;
}

/* The newest, printed oldest first; *last is the newest one's id. */
static int
print_last(struct pfadm *pf, uint64_t count, uint64_t *last)
{
	const struct json_value *items;
	char address[64];
	struct reply r;
	struct err e;
	int code = 0, i;

	snprintf(address, sizeof(address), "events?order=newest&limit=%ju",
	    (uintmax_t)count);
	if (client_get(pf->client, address, &r, &e) == -1) {
		code = complain(pf, &e, &r);
	} else {
		items = json_get(json_root(r.json), "items");
		for (i = json_count(items) - 1; i >= 0; i--)
			if (wanted(&pf->o, json_item(items, i)))
				print_event(pf, json_item(items, i));
		*last = json_get_u64(json_item(items, 0), "id", 0);
	}
	reply_release(&r);
	return code;
}

struct following {
	struct pfadm *pf;
	uint64_t last; /* id of the newest that was printed */
	bool full;     /* standard output takes no more */
};

static int
on_line(void *arg, const char *line, size_t len)
{
	struct following *f = arg;
	struct err ignored;
	struct json *j = json_parse(line, len, &JSON_FILE, &ignored);
	uint64_t id = json_get_u64(json_root(j), "id", 0);

	/* Blank objects keep the connection alive. */
	if (id > f->last) {
		f->last = id;
		if (wanted(&f->pf->o, json_root(j)))
			print_event(f->pf, json_root(j));
		f->full = fflush(stdout) == EOF;
	}
	json_free(j);
	return f->full ? -1 : 0;
}

/* A stream that ends is taken up again where it stood. */
static int
follow(struct pfadm *pf, uint64_t last)
{
	struct following f = {.pf = pf, .last = last};
	struct buf address = BUF_INIT;
	struct reply r;
	struct err e;
	int code = 0;

	while (code == 0 && !f.full && !interrupted()) {
		buf_reset(&address);
		buf_printf(
		    &address, "events?follow=1&after=%ju", (uintmax_t)f.last);
		if (client_follow(
			pf->client, address.data, on_line, &f, &r, &e) == -1)
			code = complain(pf, &e, &r);
		reply_release(&r);
		if (code == 0 && !f.full)
			interrupt_rest(PAUSE_MS);
	}
	buf_release(&address);
	if (interrupted())
		return EXIT_INTERRUPTED;
	return f.full ? EXIT_FAILED : code;
}

int
cmd_events(struct pfadm *pf)
{
	static const struct listing events = {
	    "events", event_columns, "no events", true, false, NULL};
	uint64_t last = 0;
	int code;

	if (!pf->o.follow)
		return show_list_of(pf, &events);
	interrupt_catch();
	code = print_last(
	    pf, pf->o.has_lines && pf->o.lines > 0 ? pf->o.lines : LAST, &last);
	if (fflush(stdout) == EOF)
		code = EXIT_FAILED;
	return code != 0 ? code : follow(pf, last);
}

/*
 * Who did what when: the last events, and with -f those that come.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/pfadm/commands.h"

#define POLL_NS    (500 * 1000 * 1000)
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

	if (pf->o.json) {
		text = json_raw(event, &len);
		fwrite(text, 1, len, stdout);
		putchar('\n');
		return;
	}
	for (i = 0; keys[i] != NULL; i++) {
		text = json_get_string(event, keys[i], "");
		if (*text != '\0')
			printf("%s%s", i > 0 ? " " : "", text);
	}
	putchar('\n');
}

/* Print what comes after *last; 0 or the exit code. */
static int
print_after(struct pfadm *pf, uint64_t *last)
{
	const struct json_value *v;
	char address[64];
	struct reply r;
	struct err e;
	int code = 0;

	snprintf(
	    address, sizeof(address), "events?after=%ju", (uintmax_t)*last);
	if (client_get(pf->client, address, &r, &e) == -1)
		code = complain(pf, &e, &r);
	else
		for (v = json_first(json_get(json_root(r.json), "items"));
		     v != NULL; v = json_next(v)) {
			print_event(pf, v);
			*last = json_get_u64(v, "id", *last);
		}
	reply_release(&r);
	return code;
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
			print_event(pf, json_item(items, i));
		*last = json_get_u64(json_item(items, 0), "id", 0);
	}
	reply_release(&r);
	return code;
}

static int
follow(struct pfadm *pf, uint64_t last)
{
	static const struct timespec pause = {0, POLL_NS};
	int code;

	for (;;) {
		if (fflush(stdout) == EOF)
			return EXIT_FAILED;
		if ((code = print_after(pf, &last)) != 0)
			return code;
		nanosleep(&pause, NULL);
	}
}

int
cmd_events(struct pfadm *pf)
{
	static const struct column columns[] = {{"AT", "at", CELL_TIME},
	    {"WHO", "who", CELL_TEXT}, {"WHAT", "what", CELL_TEXT},
	    {"SUBJECT", "subject", CELL_TEXT}, {"DETAIL", "detail", CELL_LINE},
	    {NULL, NULL, CELL_TEXT}};
	static const struct listing events = {
	    "events", columns, "no events", true};
	uint64_t last = 0;
	int code;

	if (!pf->o.follow)
		return show_listing(pf, &events, "events");
	code = print_last(
	    pf, pf->o.has_lines && pf->o.lines > 0 ? pf->o.lines : LAST, &last);
	return code != 0 ? code : follow(pf, last);
}

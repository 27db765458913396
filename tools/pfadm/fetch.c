/*
 * Pages from the master, rows for people.  With --json the one page goes out
 * as it came; several are joined to one document of the same form.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tools/pfadm/export_sarif.h"
#include "tools/pfadm/fetch.h"
#include "tools/pfadm/pick.h"
#include "tools/pfadm/plain.h"

#define ON_A_TERMINAL 50
#define PAGE          1000

/* The filters of the command line as a query, "" when there are none. */
static void
add_filters(struct pfadm *pf, struct buf *address)
{
	const struct options *o = &pf->o;
	const struct {
		const char *key, *value;
	} filters[] = {{"project", o->project}, {"target", o->target},
	    {"bucket", o->bucket}, {"status", state_long(o->status)},
	    {"epoch", o->epoch}, {"tag", o->tag}, {"who", o->who},
	    {"what", o->what}, {"subject", o->subject}, {"account", o->account},
	    {"pool", o->pool}, {"all", o->all ? "1" : NULL}};
	size_t i;

	for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (filters[i].value != NULL) {
			buf_addc(address,
			    strchr(buf_text(address), '?') == NULL ? '?' : '&');
			buf_adds(address,
			    client_path(pf->client, "%s=%s", filters[i].key,
				filters[i].value));
		}
}

static void
keep_page(struct rows *rows, struct reply *r)
{
	const struct json_value *v;

	rows->pages =
	    mem_resize(rows->pages, rows->page_count + 1, sizeof(*rows->pages));
	rows->pages[rows->page_count++] = r->json;
	v = json_get(json_root(r->json), "items");
	for (v = json_first(v); v != NULL; v = json_next(v))
		rows_add(rows, v);
}

/* ---- since when ------------------------------------------------------ */

/* "1h" ago, a day, or an instant, as the times of the master's rows. */
static int
parse_since(const char *text, char since[24])
{
	uint64_t ms, now = clock_wall_ms();
	struct err e;

	if (text_to_duration(&ms, text, &e) == 0) {
		text_copy(
		    since, 24, clock_rfc3339(now > ms ? now - ms : 0).text);
		return 0;
	}
	if (strlen(text) < 24 &&
	    strspn(text, "0123456789-:TZ") == strlen(text) &&
	    strlen(text) >= 10 && text[4] == '-') {
		text_copy(since, 24, text);
		return 0;
	}
	return complain_usage("--since wants a time like 1h or 7d, or "
			      "2026-11-22, not '%.40s'",
	    text);
}

/* Newest first: drop what is too old.  True when there was some. */
static bool
cut_old(struct rows *rows, const char *since)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		if (strcmp(json_get_string(rows->list[i], "at", "9"), since) <
		    0) {
			rows->count = i;
			return true;
		}
	return false;
}

/* ---- pages ----------------------------------------------------------- */

struct wanted {
	uint64_t limit;    /* the newest so many; 0: all, oldest first */
	const char *since; /* newest first, and none older; or NULL */
	bool whole;        /* there are no pages */
	bool more;         /* out: older ones were left out */
};

static void
page_address(struct buf *path, const char *address, const struct wanted *w,
    size_t have, const char *next)
{
	uint64_t left = w->limit - have;

	buf_reset(path);
	buf_adds(path, address);
	if (w->whole)
		return;
	buf_printf(path, "%climit=%ju",
	    strchr(address, '?') == NULL ? '?' : '&',
	    w->limit == 0 || left > PAGE ? (uintmax_t)PAGE : (uintmax_t)left);
	if (w->limit != 0 || w->since != NULL)
		buf_adds(path, "&order=newest");
	if (*next != '\0')
		buf_printf(path, "&after=%s", next);
}

/* 0, or the exit code after a complaint. */
static int
fetch(
    struct pfadm *pf, const char *address, struct wanted *w, struct rows *rows)
{
	struct buf path = BUF_INIT, next = BUF_INIT;
	bool old = false;
	struct reply r;
	struct err e;
	int code = 0;

	w->more = false;
	do {
		page_address(&path, address, w, rows->count, buf_text(&next));
		if (client_get(pf->client, path.data, &r, &e) == -1) {
			code = complain(pf, &e, &r);
			reply_release(&r);
			break;
		}
		buf_reset(&next);
		buf_adds(&next, json_get_string(json_root(r.json), "next", ""));
		keep_page(rows, &r);
		buf_release(&r.body);
		old = w->since != NULL && cut_old(rows, w->since);
		w->more =
		    w->limit != 0 && next.len > 0 && rows->count >= w->limit;
	} while (next.len > 0 && !w->more && !old);
	buf_release(&path);
	buf_release(&next);
	return code;
}

static void
oldest_first(struct rows *rows)
{
	const struct json_value *v;
	size_t i;

	for (i = 0; i < rows->count / 2; i++) {
		v = rows->list[i];
		rows->list[i] = rows->list[rows->count - 1 - i];
		rows->list[rows->count - 1 - i] = v;
	}
}

int
fetch_rows(struct pfadm *pf, const char *address, struct rows *rows)
{
	struct wanted w = {0, NULL, false, false};

	return fetch(pf, address, &w, rows);
}

/* What the first page says besides its rows stays. */
static void
print_besides(const struct rows *rows)
{
	const struct json_value *v;
	const char *raw, *key;
	size_t len;

	v = rows->page_count == 0 ? NULL
				  : json_first(json_root(rows->pages[0]));
	for (; v != NULL; v = json_next(v)) {
		key = json_key_of(v);
		if (strcmp(key, "api") == 0 || strcmp(key, "items") == 0 ||
		    strcmp(key, "next") == 0)
			continue;
		raw = json_raw(v, &len);
		printf(",\"%s\":", key);
		plain_put_json(stdout, raw, len);
	}
}

void
print_rows_json(const struct rows *rows)
{
	const char *raw;
	size_t i, len;

	fputs("{\"api\":1,\"items\":[", stdout);
	for (i = 0; i < rows->count; i++) {
		raw = json_raw(rows->list[i], &len);
		if (i > 0)
			putchar(',');
		plain_put_json(stdout, raw, len);
	}
	fputs("],\"next\":null", stdout);
	print_besides(rows);
	puts("}");
}

/* ---- printed --------------------------------------------------------- */

static uint64_t
limit_of(const struct pfadm *pf, const struct listing *l)
{
	const struct options *o = &pf->o;

	if (o->has_lines)
		return o->lines;
	return l->limited && pf->tty && !o->json && !o->csv && !o->jsonl &&
		o->sarif == NULL
	    ? ON_A_TERMINAL
	    : 0;
}

/* 0, or the exit code after a complaint. */
static int
print_listing(struct pfadm *pf, const struct listing *l,
    const struct rows *rows, const struct column *columns)
{
	if (pf->o.sarif != NULL)
		return export_sarif(pf, l->path, rows);
	if (pf->o.json)
		print_rows_json(rows);
	else if (pf->o.jsonl)
		print_jsonl(rows);
	else if (pf->o.csv)
		print_csv(rows, columns, pf->o.no_header);
	else if (rows->count == 0)
		fprintf(stderr, "%s\n",
		    (pf->o.given & O_CHOOSE) != 0 ? "none of these" : l->none);
	else {
		screen_page(pf);
		table_print(rows, columns, &pf->look);
	}
	return 0;
}

/* Which rows, in which order; *left of them are too many. */
static void
arrange(struct pfadm *pf, const struct listing *l, const struct wanted *w,
    struct rows *rows, size_t *left)
{
	uint64_t limit = limit_of(pf, l);

	*left = 0;
	if (w->limit != 0 || w->since != NULL)
		oldest_first(rows);
	pick_rows(pf, l->columns, rows);
	if (limit == 0 || rows->count <= limit)
		return;
	*left = rows->count - limit;
	/* Sorted: the first ones; else the newest, which are last. */
	if (pf->o.sort == NULL)
		memmove(rows->list, rows->list + *left,
		    limit * sizeof(*rows->list));
	rows->count = limit;
}

/* How many of all were left out, where that is known. */
static void
tell_left(struct pfadm *pf, const struct wanted *w, size_t left)
{
	if (pf->o.has_lines)
		return;
	if (left > 0)
		fprintf(stderr, "%s%zu more: -n 0 shows all\n",
		    w->more ? "over " : "", left);
}

static void
tell_rest(struct pfadm *pf, const struct listing *l, const struct rows *rows)
{
	if (l->tell == NULL || rows->page_count == 0 || pf->o.json ||
	    pf->o.jsonl || pf->o.csv || pf->o.sarif != NULL)
		return;
	fflush(stdout);
	l->tell(pf, json_root(rows->pages[0]));
}

int
show_listing(struct pfadm *pf, const struct listing *l, const char *address)
{
	struct rows rows = {NULL, 0, 0, NULL, 0};
	struct wanted w = {0, NULL, l->whole, false};
	struct column *columns;
	char since[24];
	size_t left;
	int code = 0;

	if (pf->o.since != NULL &&
	    (code = parse_since(pf->o.since, since)) != 0)
		return code;
	if ((columns = pick_columns(pf, l->columns)) == NULL)
		return EXIT_USAGE;
	w.since = pf->o.since != NULL ? since : NULL;
	/* A page tells how many more there are. */
	w.limit = limit_of(pf, l);
	if (pick_needs_all(pf))
		w.limit = 0;
	else if (!pf->o.has_lines && w.limit != 0)
		w.limit = PAGE;
	code = fetch(pf, address, &w, &rows);
	if (code == 0) {
		arrange(pf, l, &w, &rows, &left);
		code = print_listing(pf, l, &rows, columns);
		tell_left(pf, &w, left);
		tell_rest(pf, l, &rows);
	}
	rows_release(&rows);
	free(columns);
	return code;
}

int
show_list(struct pfadm *pf)
{
	return show_list_of(pf, pf->command->data);
}

int
show_list_of(struct pfadm *pf, const struct listing *l)
{
	struct buf address = BUF_INIT;
	int code;

	buf_adds(&address, l->path);
	add_filters(pf, &address);
	code = show_listing(pf, l, address.data);
	buf_release(&address);
	return code;
}

/* ---- one ------------------------------------------------------------- */

void
print_reply_json(const struct reply *r)
{
	plain_put_json(stdout, buf_text(&r->body), r->body.len);
	putchar('\n');
}

int
show_reply(struct pfadm *pf, const char *address,
    void (*print)(struct pfadm *pf, const struct json_value *root))
{
	struct reply r;
	struct err e;
	int code = 0;

	if (client_get(pf->client, address, &r, &e) == -1)
		code = complain(pf, &e, &r);
	else if (pf->o.json)
		print_reply_json(&r);
	else {
		screen_page(pf);
		print(pf, json_root(r.json));
	}
	reply_release(&r);
	return code;
}

void
print_sheet(
    struct pfadm *pf, const struct sheet *s, const struct json_value *item)
{
	const struct section *section = s->sections;
	const struct json_value *v;
	struct rows rows;

	table_fields(item, s->fields, &pf->look);
	for (; section != NULL && section->title != NULL; section++) {
		memset(&rows, 0, sizeof(rows));
		v = json_get(item, section->key);
		for (v = json_first(v); v != NULL; v = json_next(v))
			rows_add(&rows, v);
		if (rows.count > 0)
			printf("\n%s\n", section->title);
		table_print(&rows, section->columns, &pf->look);
		rows_release(&rows);
	}
}

static void
print_item(struct pfadm *pf, const struct json_value *root)
{
	const struct json_value *item = json_get(root, "item");

	if (item == NULL)
		fputs(
		    "pfadm: the master answered with something else\n", stderr);
	else
		print_sheet(pf, pf->command->data, item);
}

int
show_sheet(struct pfadm *pf)
{
	const struct sheet *s = pf->command->data;
	struct buf address = BUF_INIT;
	int code;

	buf_printf(&address, "%s/", s->path);
	buf_adds(&address, client_path(pf->client, "%s", pf->arg));
	if (pf->o.target != NULL)
		buf_adds(&address,
		    client_path(pf->client, "?target=%s", pf->o.target));
	code = show_reply(pf, address.data, print_item);
	buf_release(&address);
	return code;
}

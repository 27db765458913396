/*
 * Pages from the master, rows for people.  With --json the one page goes out
 * as it came; several are joined to one document of the same form.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/pfadm/fetch.h"

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
	    {"bucket", o->bucket}, {"status", o->status}, {"epoch", o->epoch},
	    {"tag", o->tag}, {"all", o->all ? "1" : NULL}};
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

/*
 * All pages, or the newest "limit" rows.  *more says that older ones were
 * left out.  0, or the exit code after a complaint.
 */
static int
fetch(struct pfadm *pf, const char *address, uint64_t limit, struct rows *rows,
    bool *more)
{
	char sign = strchr(address, '?') == NULL ? '?' : '&';
	struct buf path = BUF_INIT, next = BUF_INIT;
	struct reply r;
	struct err e;
	int code = 0;
	const char *cursor;

	*more = false;
	do {
		buf_reset(&path);
		buf_printf(&path, "%s%climit=%ju", address, sign,
		    limit == 0 || limit - rows->count > PAGE
			? (uintmax_t)PAGE
			: (uintmax_t)(limit - rows->count));
		if (limit != 0)
			buf_adds(&path, "&order=newest");
		if (next.len > 0)
			buf_printf(&path, "&after=%s", next.data);
		if (client_get(pf->client, path.data, &r, &e) == -1) {
			code = complain(pf, &e, &r);
			reply_release(&r);
			break;
		}
		cursor = json_get_string(json_root(r.json), "next", "");
		buf_reset(&next);
		buf_adds(&next, cursor);
		keep_page(rows, &r);
		buf_release(&r.body);
		*more = limit != 0 && next.len > 0 && rows->count >= limit;
	} while (next.len > 0 && !*more);
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
	bool more;

	return fetch(pf, address, 0, rows, &more);
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
		fwrite(raw, 1, len, stdout);
	}
	puts("],\"next\":null}");
}

int
show_listing(struct pfadm *pf, const struct listing *l, const char *address)
{
	struct rows rows = {NULL, 0, 0, NULL, 0};
	uint64_t limit = 0;
	bool more;
	int code;

	if (pf->o.has_lines)
		limit = pf->o.lines;
	else if (l->limited && pf->tty && !pf->o.json)
		limit = ON_A_TERMINAL;
	code = fetch(pf, address, limit, &rows, &more);
	if (limit != 0)
		oldest_first(&rows);
	if (code == 0 && pf->o.json)
		print_rows_json(&rows);
	else if (code == 0)
		table_print(&rows, l->columns, pf->tty, pf->o.no_header);
	if (code == 0 && rows.count == 0 && !pf->o.json)
		fprintf(stderr, "%s\n", l->none);
	if (code == 0 && more && !pf->o.has_lines)
		fprintf(stderr, "older ones are left out: -n 0 shows all\n");
	rows_release(&rows);
	return code;
}

int
show_list(struct pfadm *pf)
{
	const struct listing *l = pf->command->data;
	struct buf address = BUF_INIT;
	int code;

	buf_adds(&address, l->path);
	add_filters(pf, &address);
	code = show_listing(pf, l, address.data);
	buf_release(&address);
	return code;
}

/* ---- one ------------------------------------------------------------- */

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
		printf("%s\n", buf_text(&r.body));
	else
		print(pf, json_root(r.json));
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

	table_fields(item, s->fields, pf->tty);
	for (; section != NULL && section->title != NULL; section++) {
		memset(&rows, 0, sizeof(rows));
		v = json_get(item, section->key);
		for (v = json_first(v); v != NULL; v = json_next(v))
			rows_add(&rows, v);
		if (rows.count > 0)
			printf("\n%s\n", section->title);
		table_print(&rows, section->columns, pf->tty, pf->o.no_header);
		rows_release(&rows);
	}
}

static void
print_item(struct pfadm *pf, const struct json_value *root)
{
	print_sheet(pf, pf->command->data, json_get(root, "item"));
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

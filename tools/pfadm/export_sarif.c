/*
 * From rows of a list to a file in SARIF: row, crash, result, one by one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/fs.h"
#include "lib/base/version.h"
#include "tools/pfadm/export_sarif.h"
#include "tools/pfadm/fetch.h"
#include "tools/pfadm/sarif.h"

static int
write_out(struct pfadm *pf, const struct buf *text)
{
	struct err e;

	if (strcmp(pf->o.sarif, "-") == 0) {
		fwrite(text->data, 1, text->len, stdout);
		return 0;
	}
	if (fs_replace(AT_FDCWD, pf->o.sarif, text->data, text->len, 0644,
		false, &e) == -1)
		return complain(pf, &e, NULL);
	return 0;
}

static const struct json_value *
item_of(const struct reply *r)
{
	return json_get(json_root(r->json), "item");
}

/* A row that has gone since the list was made is left as it stands in it. */
static void
ask(struct pfadm *pf, const char *path, const char *id, const char *target,
    struct reply *r)
{
	struct buf address = BUF_INIT;
	struct err ignored;

	memset(r, 0, sizeof(*r));
	buf_printf(&address, "%s/", path);
	buf_adds(&address, client_path(pf->client, "%s", id));
	if (target != NULL)
		buf_adds(
		    &address, client_path(pf->client, "?target=%s", target));
	if (*id != '\0' &&
	    client_get(pf->client, address.data, r, &ignored) == -1) {
		json_free(r->json);
		r->json = NULL;
	}
	buf_release(&address);
}

static void
add_crash(struct pfadm *pf, struct sarif *s, const struct json_value *row)
{
	struct reply r;

	ask(pf, "crashes", json_get_string(row, "id", ""),
	    json_get_string(row, "target", NULL), &r);
	sarif_add(s, NULL, item_of(&r) != NULL ? item_of(&r) : row);
	reply_release(&r);
}

/* A bucket is its best crash, with what is known of all. */
static void
add_bucket(struct pfadm *pf, struct sarif *s, const struct json_value *row)
{
	const struct json_value *bucket;
	struct reply whole, crash;

	ask(pf, "buckets", json_get_string(row, "id", ""), NULL, &whole);
	bucket = item_of(&whole) != NULL ? item_of(&whole) : row;
	ask(pf, "crashes", json_get_string(bucket, "crash", ""), NULL, &crash);
	sarif_add(s, bucket, item_of(&crash));
	reply_release(&crash);
	reply_release(&whole);
}

int
export_sarif(struct pfadm *pf, const char *path, const struct rows *rows)
{
	bool buckets = strcmp(path, "buckets") == 0;
	struct buf out = BUF_INIT;
	struct sarif s;
	size_t i;
	int code;

	sarif_init(&s);
	for (i = 0; i < rows->count; i++)
		if (buckets)
			add_bucket(pf, &s, rows->list[i]);
		else
			add_crash(pf, &s, rows->list[i]);
	sarif_finish(&s, PANDAFUZZ_VERSION, &out);
	code = write_out(pf, &out);
	buf_release(&out);
	sarif_release(&s);
	return code;
}

int
export_sarif_of(struct pfadm *pf, const char *path, const char *address)
{
	struct rows rows = {NULL, 0, 0, NULL, 0};
	struct reply r;
	struct err e;
	int code;

	if (client_get(pf->client, address, &r, &e) == -1) {
		code = complain(pf, &e, &r);
	} else {
		rows_add(&rows, item_of(&r));
		code = export_sarif(pf, path, &rows);
	}
	rows_release(&rows);
	reply_release(&r);
	return code;
}

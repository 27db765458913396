/*
 * Before and after: the row as its view shows it, parsed twice, and the keys
 * whose values differ.
 */
#include <stdio.h>
#include <string.h>

#include "masterd/admin/admin_internal.h"
#include "masterd/admin/change.h"
#include "masterd/admin/job_body.h"
#include "masterd/db/audit.h"

int
change_note(struct request *r, const char *what, const char *subject,
    const char *before, const char *after, const char *reason, struct err *e)
{
	const struct audit_entry a = {.who = r->peer.name,
	    .what = what,
	    .subject = subject,
	    .before = before,
	    .after = after,
	    .reason = reason,
	    .trace = r->trace.id};

	return audit_add(r->admin->db, &a, e);
}

int
change_begin(
    struct change *c, struct request *r, enum view v, int64_t id, struct err *e)
{
	return view_item(r->admin->db, v, id, &c->before, e);
}

void
change_release(struct change *c)
{
	buf_release(&c->before);
}

/* ---- what differs ---------------------------------------------------- */

/* A list of rows: what happens to them is told where it happens. */
static bool
is_rows(const struct json_value *v)
{
	return json_type(v) == JSON_ARRAY && json_count(v) > 0 &&
	    json_type(json_item(v, 0)) == JSON_OBJECT;
}

static bool
is_nothing(const struct json_value *v)
{
	const char *text = json_string(v);
	uint64_t n;

	return json_type(v) == JSON_NULL || (text != NULL && *text == '\0') ||
	    (json_u64(v, &n) == 0 && n == 0) ||
	    ((json_type(v) == JSON_ARRAY || json_type(v) == JSON_OBJECT) &&
		json_count(v) == 0);
}

static bool
is_same(const struct json_value *a, const struct json_value *b)
{
	size_t n, m;
	const char *s = json_raw(a, &n), *t = json_raw(b, &m);

	return n == m && memcmp(s, t, n) == 0;
}

static void
put(struct buf *out, const char *key, const struct json_value *v)
{
	size_t len;
	const char *text = json_raw(v, &len);

	json_put_raw(out, key, text, len);
}

/* Keys of the new row; the old one, if there was one, has the same. */
static void
compare(const struct json_value *old, const struct json_value *new,
    struct buf *before, struct buf *after)
{
	const struct json_value *was;
	const struct json_value *is;
	const char *key;
	int i;

	json_open(before, NULL, '{');
	json_open(after, NULL, '{');
	for (i = 0; i < json_count(new); i++) {
		key = json_key(new, i);
		is = json_get(new, key);
		was = json_get(old, key);
		if (is_rows(is) || is_rows(was))
			continue;
		if (old == NULL ? is_nothing(is)
				: was != NULL && is_same(was, is))
			continue;
		if (was != NULL)
			put(before, key, was);
		put(after, key, is);
	}
	json_close(before, '}');
	json_close(after, '}');
}

static int
parse(const struct buf *text, struct json **j, struct err *e)
{
	*j = text->len == 0 ? NULL
			    : json_parse(text->data, text->len, &JSON_REPLY, e);
	return text->len == 0 || *j != NULL ? 0 : -1;
}

static void
subject_of(enum view v, const struct json_value *item, char *out, size_t size)
{
	static const char *const keys[] = {"id", "target", "name", NULL};
	const char *id = NULL;
	int i;

	for (i = 0; keys[i] != NULL && id == NULL; i++)
		id = json_string(json_get(item, keys[i]));
	snprintf(out, size, "%s:%s", view_noun(v), id == NULL ? "" : id);
}

int
change_end(struct change *c, struct request *r, enum view v, int64_t id,
    const char *what, const char *reason, struct err *e)
{
	struct buf now = BUF_INIT, before = BUF_INIT, after = BUF_INIT;
	struct json *old = NULL, *new = NULL;
	char subject[VIEW_KEY_MAX + 32];
	int got = -1;

	if (view_item(r->admin->db, v, id, &now, e) == 0 &&
	    parse(&c->before, &old, e) == 0 && parse(&now, &new, e) == 0) {
		compare(json_get(json_root(old), "item"),
		    json_get(json_root(new), "item"), &before, &after);
		subject_of(v, json_get(json_root(new), "item"), subject,
		    sizeof(subject));
		/* What was so before is no change. */
		got = old != NULL && strcmp(after.data, "{}") == 0
		    ? 0
		    : change_note(r, what, subject,
			  old == NULL ? "" : before.data, after.data, reason,
			  e);
	}
	json_free(old);
	json_free(new);
	buf_release(&now);
	buf_release(&before);
	buf_release(&after);
	return got;
}

int
change_reason(struct request *r, const struct json_value *body,
    const char **reason, struct err *e)
{
	if (job_body_text(r, body, "reason", reason, e) == -1)
		return -1;
	if (**reason == '\0')
		*reason = request_query(r, "reason");
	return 0;
}

/*
 * What a request about a job says in its body.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/admin/job_body.h"
#include "masterd/admin/job_make.h"

#define TEXT_MOST 1000

int
job_body_wrong(
    struct request *r, const char *field, const char *what, struct err *e)
{
	r->field = field;
	return err_set(e, ERR_REFUSED, "%s: %s", field, what);
}

static void
name_unknown(struct request *r, const char *key)
{
	struct buf shown = BUF_INIT;

	text_clean_line(&shown, key, strlen(key), sizeof(r->key) - 4);
	text_copy(r->key, sizeof(r->key), buf_text(&shown));
	buf_release(&shown);
	r->field = r->key;
}

static int
check_keys(struct request *r, const struct json_value *o,
    const char *const *known, struct err *e)
{
	struct buf list = BUF_INIT;
	int i, k;

	if (json_type(o) != JSON_OBJECT)
		return job_body_wrong(r, "body", "is no JSON object", e);
	for (i = 0; i < json_count(o); i++) {
		for (k = 0; known[k] != NULL; k++)
			if (strcmp(json_key(o, i), known[k]) == 0)
				break;
		if (known[k] != NULL)
			continue;
		for (k = 0; known[k] != NULL; k++)
			buf_printf(&list, "%s%s", k == 0 ? "" : ", ", known[k]);
		snprintf(
		    r->said, sizeof(r->said), "known are %s", buf_text(&list));
		r->hint = r->said;
		buf_release(&list);
		name_unknown(r, json_key(o, i));
		return err_set(e, ERR_REFUSED, "%s: unknown key", r->key);
	}
	return 0;
}

struct json *
job_body(struct request *r, const char *const *known, struct err *e)
{
	const char *text = r->body.len == 0 ? "{}" : buf_text(&r->body);
	struct json *body =
	    json_parse(text, r->body.len == 0 ? 2 : r->body.len, &JSON_FILE, e);

	if (body == NULL)
		r->field = "body";
	else if (check_keys(r, json_root(body), known, e) == -1) {
		json_free(body);
		return NULL;
	}
	return body;
}

int
job_body_text(struct request *r, const struct json_value *o, const char *key,
    const char **text, struct err *e)
{
	const struct json_value *v = json_get(o, key);

	*text = "";
	if (v == NULL || json_type(v) == JSON_NULL)
		return 0;
	if ((*text = json_string(v)) == NULL)
		return job_body_wrong(r, key, "not a text", e);
	if (strlen(*text) > TEXT_MOST)
		return job_body_wrong(r, key, "longer than 1000 bytes", e);
	if (!request_is_line(*text))
		return job_body_wrong(r, key, "has control characters", e);
	return 0;
}

static int
set(struct request *r, struct values *own, const char *key, const char *text,
    struct err *e)
{
	if (values_set(own, key, text, JOB_SOURCE, e) == 0)
		return 0;
	r->field = "set";
	r->hint = "pandafuzz-templates(5) has all keys and what they take";
	return -1;
}

/* One member of "set": its text as a person would write it. */
static int
set_member(struct request *r, struct values *own, const char *key,
    const struct json_value *v, struct err *e)
{
	const char *text = json_string(v);
	char number[68];
	size_t len;
	bool yes;

	if (json_bool(v, &yes) == 0) {
		text = yes ? "yes" : "no";
	} else if (json_type(v) == JSON_NUMBER) {
		text = json_raw(v, &len);
		snprintf(number, sizeof(number), "%.*s", (int)len, text);
		text = number;
	}
	if (text == NULL)
		return job_body_wrong(
		    r, "set", "takes texts, numbers and booleans", e);
	return set(r, own, key, text, e);
}

/* "KEY=VALUE": a list may name one key several times, an object may not. */
static int
set_pair(struct request *r, struct values *own, const struct json_value *v,
    struct err *e)
{
	const char *pair = json_string(v);
	const char *equals = pair == NULL ? NULL : strchr(pair, '=');
	char key[VALUE_KEY_MAX + 2];

	if (equals == NULL)
		return job_body_wrong(r, "set", "an item is no KEY=VALUE", e);
	snprintf(key, sizeof(key), "%.*s", (int)(equals - pair), pair);
	return set(r, own, key, equals + 1, e);
}

static int
set_all(struct request *r, struct values *own, const struct json_value *s,
    struct err *e)
{
	const struct json_value *v;
	int got = 0;

	if (s != NULL && json_type(s) != JSON_OBJECT &&
	    json_type(s) != JSON_ARRAY)
		return job_body_wrong(r, "set", "not an object or a list", e);
	for (v = json_first(s); v != NULL && got == 0; v = json_next(v))
		got = json_type(s) == JSON_ARRAY
		    ? set_pair(r, own, v, e)
		    : set_member(r, own, json_key_of(v), v, e);
	return got;
}

static int
set_number(struct request *r, struct values *own, const struct json_value *o,
    const char *field, const char *key, const char *unit, struct err *e)
{
	const struct json_value *v = json_get(o, field);
	char text[32];
	uint64_t n;

	if (v == NULL)
		return 0;
	if (json_u64(v, &n) == -1)
		return job_body_wrong(r, field, "not a number", e);
	snprintf(text, sizeof(text), "%ju%s", (uintmax_t)n, unit);
	if (set(r, own, key, text, e) == 0)
		return 0;
	r->field = field;
	return -1;
}

int
job_body_values(struct request *r, const struct json_value *o,
    struct values *own, struct err *e)
{
	const char *branch;

	if (set_all(r, own, json_get(o, "set"), e) == -1)
		return -1;
	if (job_body_text(r, o, "branch", &branch, e) == -1 ||
	    (*branch != '\0' && set(r, own, "follow", branch, e) == -1))
		return -1;
	if (set_number(r, own, o, "slots", "slots", "", e) == -1 ||
	    set_number(r, own, o, "for_ms", "for", "ms", e) == -1)
		return -1;
	return set_number(r, own, o, "weight", "weight", "", e);
}

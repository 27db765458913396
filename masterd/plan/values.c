/*
 * A sorted list of values, and the one way in: text and key are clean, the key
 * is in the table, its text is what the key takes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/plan/values_internal.h"

/* ---- the list -------------------------------------------------------- */

void
values_release(struct values *v)
{
	size_t i;

	for (i = 0; i < v->count; i++) {
		free(v->list[i].key);
		free(v->list[i].text);
		free(v->list[i].source);
	}
	free(v->list);
	*v = (struct values)VALUES_INIT;
}

/* Where the key stands, or would. */
static size_t
find(const struct values *v, const char *key, bool *found)
{
	size_t low = 0, high = v->count, middle;
	int order;

	*found = false;
	while (low < high) {
		middle = low + (high - low) / 2;
		order = strcmp(key, v->list[middle].key);
		*found = order == 0;
		if (*found)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct value *
values_get(const struct values *v, const char *key)
{
	bool found;
	size_t i = find(v, key, &found);

	return found ? &v->list[i] : NULL;
}

static void
replace(char **old, const char *text)
{
	char *copy = mem_strdup(text); /* "text" may be the old one */

	free(*old);
	*old = copy;
}

static struct value *
insert(struct values *v, size_t i, const char *key)
{
	struct value *at;

	if ((v->count & (v->count - 1)) == 0)
		v->list = mem_resize(v->list, v->count == 0 ? 1 : v->count * 2,
		    sizeof(*v->list));
	at = &v->list[i];
	memmove(at + 1, at, (v->count - i) * sizeof(*at));
	*at = (struct value){mem_strdup(key), NULL, NULL};
	v->count++;
	return at;
}

void
values_put(
    struct values *v, const char *key, const char *text, const char *source)
{
	bool found;
	size_t i = find(v, key, &found);
	struct value *at = found ? &v->list[i] : insert(v, i, key);

	assert(at != NULL);
	replace(&at->text, text);
	replace(&at->source, source);
}

void
values_merge(struct values *into, const struct values *from)
{
	const struct value *w;
	size_t i;

	for (i = 0; i < from->count; i++) {
		w = &from->list[i];
		values_put(into, w->key, w->text, w->source);
	}
}

/* ---- the way in ------------------------------------------------------ */

struct value_shown
value_shown(const char *text)
{
	struct value_shown s;
	struct buf out = BUF_INIT;

	text_clean_line(
	    &out, text, strnlen(text, sizeof(s.text)), sizeof(s.text) - 1);
	text_copy(s.text, sizeof(s.text), buf_text(&out));
	buf_release(&out);
	return s;
}

/* UTF-8 on one line, without control characters, of some length. */
static int
check_text(const char *key, const char *text, struct err *e)
{
	size_t len = strlen(text);
	const char *p;

	if (len > VALUE_TEXT_MAX)
		return err_set(e, ERR_REFUSED,
		    "%s: longer than %d bytes, which is the most", key,
		    VALUE_TEXT_MAX);
	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			break;
	if (*p != '\0' || !text_is_utf8(text, len))
		return err_set(e, ERR_REFUSED,
		    "%s: '%s' holds a character that no value may hold", key,
		    value_shown(text).text);
	return 0;
}

static bool
key_ok(const char *key)
{
	size_t len = strlen(key);
	const char *p;

	if (len == 0 || len > VALUE_KEY_MAX)
		return false;
	for (p = key; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return true;
}

static int
unknown(const char *key, struct err *e)
{
	struct buf hint = BUF_INIT;

	values_nearest(&hint, key);
	err_set(e, ERR_REFUSED, "unknown key '%s'%s", value_shown(key).text,
	    buf_text(&hint));
	buf_release(&hint);
	return -1;
}

static int
set_single(struct values *v, const struct value_key *key, const char *text,
    const char *source, struct err *e)
{
	struct buf spelling = BUF_INIT;
	int rc = value_parse(&spelling, key, text, e);

	if (rc == 0)
		values_put(v, key->name, buf_text(&spelling), source);
	buf_release(&spelling);
	return rc;
}

int
values_set(struct values *v, const char *key, const char *text,
    const char *source, struct err *e)
{
	struct values some = VALUES_INIT;
	const struct value_key *k;
	size_t len = strcspn(key, ".");
	int rc;

	k = key_ok(key) ? value_key_find(key) : NULL;
	if (k == NULL || (k->kind != VALUE_LIST && key[len] != '\0'))
		return unknown(key, e);
	if (check_text(key, text, e) == -1)
		return -1;
	if (k->kind != VALUE_LIST)
		rc = set_single(&some, k, text, source, e);
	else if (key[len] == '\0')
		rc = values_set_items(&some, k, text, source, e);
	else
		rc = values_set_item(&some, k, key + len + 1, text, source, e);
	if (rc == 0 && v->count + some.count > VALUES_MAX)
		rc = err_set(e, ERR_REFUSED,
		    "%s: more than %d values, which is the most", key,
		    VALUES_MAX);
	if (rc == 0)
		values_merge(v, &some);
	values_release(&some);
	return rc;
}

/* ---- single values out ----------------------------------------------- */

const char *
values_word(const struct values *v, const char *key)
{
	const struct value *set = values_get(v, key);
	const struct value_key *k;

	if (set != NULL)
		return set->text;
	k = value_key_find(key);
	assert(k != NULL);
	return k->fallback;
}

uint64_t
values_number(const struct values *v, const char *key)
{
	const struct value_key *k = value_key_find(key);
	const char *text = values_word(v, key);
	uint64_t n = 0;
	int rc = -1;

	assert(k != NULL);
	if (k->kind == VALUE_NUMBER)
		rc = text_to_u64(&n, text);
	else if (k->kind == VALUE_DURATION)
		rc = text_to_duration(&n, text, NULL);
	else if (k->kind == VALUE_SIZE)
		rc = text_to_size(&n, text, NULL);
	assert(rc == 0);
	(void)rc;
	return n;
}

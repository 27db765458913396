/*
 * JSON in: scan (json_scan.c), then jsmn for the tokens, then one array of
 * values in the order of the text, each with its decoded string and key.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define JSMN_STRICT
#define JSMN_STATIC
#define JSMN_PARENT_LINKS
#include <jsmn.h>

#include "lib/base/json.h"
#include "lib/base/json_scan.h"
#include "lib/base/text.h"

/* clang-format off */
const struct json_limits JSON_LINE =  {             4096,              64, 1 };
const struct json_limits JSON_FILE =  {        64 * 1024,            8192, 8 };
const struct json_limits JSON_REPLY = { 64 * 1024 * 1024, 4 * 1024 * 1024, 8 };
/* clang-format on */

#define FEW_KEYS 16 /* compared with each other rather than sorted */

struct json_value {
	const char *raw; /* in the document's text */
	const char *key; /* decoded; NULL when no member of an object */
	const char *string;
	uint32_t raw_len;
	int count; /* members or items; the first is the next in the array */
	int next;  /* this far behind is the next sibling, 0: none */
	enum json_type type;
};

struct json {
	char *text;
	char *strings; /* decoded, each with its NUL */
	struct json_value *values;
};

/* ---- building -------------------------------------------------------- */

struct frame {
	int value; /* an open object or array */
	int end;   /* where its text ends */
	int last;  /* its latest child, -1: none */
};

struct build {
	struct json *doc;
	const jsmntok_t *tokens;
	char *free_string; /* where the next decoded string goes */
	const char *key;   /* waiting for its value */
	int values;
	struct frame open[JSON_DEPTH_MAX];
	int depth;
};

static unsigned
hex4(const char *p)
{
	char digits[5] = {p[0], p[1], p[2], p[3], '\0'};

	return (unsigned)strtoul(digits, NULL, 16);
}

static char *
put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		*out++ = (char)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*out++ = (char)(0xe0 | c >> 12);
		} else {
			*out++ = (char)(0xf0 | c >> 18);
			*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (c & 0x3f));
	return out;
}

/* One escape, "*in" at the backslash; it is valid, the scan has seen it. */
static char *
put_escape(char *out, const char **in)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p = *in + 1;
	unsigned c;

	if (*p != 'u') {
		*out++ = to[strchr(from, *p) - from];
		*in = p + 1;
		return out;
	}
	c = hex4(p + 1);
	p += 5;
	if (c >= 0xd800 && c <= 0xdbff) {
		c = 0x10000 + ((c - 0xd800) << 10) + (hex4(p + 2) - 0xdc00);
		p += 6;
	}
	*in = p;
	return put_utf8(out, c);
}

/* A decoded string is never longer than its text, and its NUL has the place
 * of a quote: "strings" as long as the text is enough. */
static const char *
decode(struct build *b, const jsmntok_t *t)
{
	const char *in = b->doc->text + t->start;
	const char *end = b->doc->text + t->end;
	char *start = b->free_string, *out = start;

	while (in < end) {
		if (*in == '\\')
			out = put_escape(out, &in);
		else
			*out++ = *in++;
	}
	*out++ = '\0';
	b->free_string = out;
	return start;
}

static enum json_type
type_of(const struct build *b, const jsmntok_t *t)
{
	switch (t->type) {
	case JSMN_OBJECT:
		return JSON_OBJECT;
	case JSMN_ARRAY:
		return JSON_ARRAY;
	case JSMN_STRING:
		return JSON_STRING;
	default:
		break;
	}
	switch (b->doc->text[t->start]) {
	case 'n':
		return JSON_NULL;
	case 't':
	case 'f':
		return JSON_BOOL;
	default:
		return JSON_NUMBER;
	}
}

static void
add_value(struct build *b, const jsmntok_t *t)
{
	struct json_value *v = &b->doc->values[b->values];
	struct frame *parent;
	int quote = t->type == JSMN_STRING;

	v->type = type_of(b, t);
	v->raw = b->doc->text + t->start - quote;
	v->raw_len = (uint32_t)(t->end - t->start + 2 * quote);
	v->key = b->key;
	b->key = NULL;
	if (v->type == JSON_STRING)
		v->string = decode(b, t);
	if (b->depth > 0) {
		parent = &b->open[b->depth - 1];
		b->doc->values[parent->value].count++;
		if (parent->last != -1)
			b->doc->values[parent->last].next =
			    b->values - parent->last;
		parent->last = b->values;
	}
	if (v->type == JSON_OBJECT || v->type == JSON_ARRAY) {
		assert(b->depth < JSON_DEPTH_MAX);
		b->open[b->depth++] = (struct frame){b->values, t->end, -1};
	}
	b->values++;
}

static void
add_token(struct build *b, const jsmntok_t *t)
{
	const struct frame *top;

	while (b->depth > 0 && t->start >= b->open[b->depth - 1].end)
		b->depth--;
	top = b->depth > 0 ? &b->open[b->depth - 1] : NULL;
	if (top != NULL && b->key == NULL &&
	    b->doc->values[top->value].type == JSON_OBJECT)
		b->key = decode(b, t);
	else
		add_value(b, t);
}

/* ---- keys are unique ------------------------------------------------- */

static int
by_key(const void *a, const void *b)
{
	return strcmp((*(const struct json_value *const *)a)->key,
	    (*(const struct json_value *const *)b)->key);
}

static const struct json_value *
find_twice_sorted(const struct json_value *object)
{
	const struct json_value **all, *m, *twice = NULL;
	int n = 0, i;

	all = mem_array((size_t)object->count, sizeof(*all));
	for (m = json_first(object); m != NULL; m = json_next(m))
		all[n++] = m;
	qsort(all, (size_t)n, sizeof(*all), by_key);
	for (i = 1; i < n && twice == NULL; i++)
		if (strcmp(all[i - 1]->key, all[i]->key) == 0)
			twice = all[i];
	free(all);
	return twice;
}

/* A member whose key another member has too, or NULL. */
static const struct json_value *
find_twice(const struct json_value *object)
{
	const struct json_value *m, *other;

	if (object->count > FEW_KEYS)
		return find_twice_sorted(object);
	for (m = json_first(object); m != NULL; m = json_next(m))
		for (other = json_first(object); other != m;
		     other = json_next(other))
			if (strcmp(other->key, m->key) == 0)
				return m;
	return NULL;
}

static int
check_keys(const struct json *j, int count, struct err *e)
{
	const struct json_value *m;
	char key[64];
	int i;

	for (i = 0; i < count; i++) {
		if (j->values[i].type != JSON_OBJECT ||
		    (m = find_twice(&j->values[i])) == NULL)
			continue;
		text_copy(key, sizeof(key), m->key);
		return err_set(e, ERR_REFUSED,
		    "not valid JSON at byte %zu: key '%s' is given twice",
		    (size_t)(m->raw - j->text), key);
	}
	return 0;
}

/* ---- parsing --------------------------------------------------------- */

static int
build(struct json *j, size_t len, int count, struct err *e)
{
	struct build b = {.doc = j};
	jsmn_parser parser;
	jsmntok_t *tokens;
	int n, i;

	tokens = mem_array((size_t)count, sizeof(*tokens));
	jsmn_init(&parser);
	n = jsmn_parse(&parser, j->text, len, tokens, (unsigned)count);
	if (n != count) {
		/* The scan and jsmn must agree on what is valid. */
		free(tokens);
		return err_set(
		    e, ERR_BUG, "jsmn found %d tokens instead of %d", n, count);
	}
	j->values = mem_array((size_t)count, sizeof(*j->values));
	b.tokens = tokens;
	b.free_string = j->strings;
	for (i = 0; i < count; i++)
		add_token(&b, &tokens[i]);
	free(tokens);
	return check_keys(j, b.values, e);
}

struct json *
json_parse(const void *bytes, size_t len, const struct json_limits *limits,
    struct err *e)
{
	struct json *j;
	int count;

	count = json_scan(bytes, len, limits, e);
	if (count == -1)
		return NULL;
	j = mem_alloc(sizeof(*j));
	j->text = mem_alloc(len + 1);
	memcpy(j->text, bytes, len);
	j->strings = mem_alloc(len + 1);
	if (build(j, len, count, e) == -1) {
		json_free(j);
		return NULL;
	}
	return j;
}

void
json_free(struct json *j)
{
	if (j == NULL)
		return;
	free(j->values);
	free(j->strings);
	free(j->text);
	free(j);
}

/* ---- reading --------------------------------------------------------- */

const struct json_value *
json_root(const struct json *j)
{
	return j == NULL ? NULL : &j->values[0];
}

enum json_type
json_type(const struct json_value *v)
{
	return v == NULL ? JSON_NULL : v->type;
}

int
json_count(const struct json_value *v)
{
	return v == NULL ? 0 : v->count;
}

const struct json_value *
json_first(const struct json_value *v)
{
	return v == NULL || v->count == 0 ? NULL : v + 1;
}

const struct json_value *
json_next(const struct json_value *v)
{
	return v == NULL || v->next == 0 ? NULL : v + v->next;
}

const char *
json_key_of(const struct json_value *member)
{
	return member == NULL ? NULL : member->key;
}

const struct json_value *
json_item(const struct json_value *v, int i)
{
	const struct json_value *item;

	if (i < 0)
		return NULL;
	for (item = json_first(v); item != NULL && i > 0; i--)
		item = json_next(item);
	return item;
}

const char *
json_key(const struct json_value *object, int i)
{
	return json_key_of(json_item(object, i));
}

const struct json_value *
json_get(const struct json_value *object, const char *key)
{
	const struct json_value *m;

	if (json_type(object) != JSON_OBJECT)
		return NULL;
	for (m = json_first(object); m != NULL; m = json_next(m))
		if (strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

const char *
json_string(const struct json_value *v)
{
	return v == NULL ? NULL : v->string;
}

int
json_u64(const struct json_value *v, uint64_t *value)
{
	char text[JSON_NUMBER_MAX + 1];

	if (json_type(v) != JSON_NUMBER)
		return -1;
	memcpy(text, v->raw, v->raw_len);
	text[v->raw_len] = '\0';
	return text_to_u64(value, text);
}

int
json_i64(const struct json_value *v, int64_t *value)
{
	char text[JSON_NUMBER_MAX + 1];
	bool negative;
	uint64_t n;

	if (json_type(v) != JSON_NUMBER)
		return -1;
	memcpy(text, v->raw, v->raw_len);
	text[v->raw_len] = '\0';
	negative = text[0] == '-';
	if (text_to_u64(&n, text + negative) == -1 ||
	    n > (uint64_t)INT64_MAX + negative)
		return -1;
	/* -1 - (n - 1) so that INT64_MIN never is a positive number. */
	*value = negative && n > 0 ? -1 - (int64_t)(n - 1) : (int64_t)n;
	return 0;
}

int
json_double(const struct json_value *v, double *value)
{
	if (json_type(v) != JSON_NUMBER)
		return -1;
	return json_scan_double(v->raw, v->raw_len, value);
}

int
json_bool(const struct json_value *v, bool *value)
{
	if (json_type(v) != JSON_BOOL)
		return -1;
	*value = v->raw[0] == 't';
	return 0;
}

const char *
json_raw(const struct json_value *v, size_t *len)
{
	*len = v == NULL ? 0 : v->raw_len;
	return v == NULL ? NULL : v->raw;
}

const char *
json_get_string(
    const struct json_value *object, const char *key, const char *otherwise)
{
	const char *text = json_string(json_get(object, key));

	return text == NULL ? otherwise : text;
}

uint64_t
json_get_u64(
    const struct json_value *object, const char *key, uint64_t otherwise)
{
	uint64_t value;

	return json_u64(json_get(object, key), &value) == 0 ? value : otherwise;
}

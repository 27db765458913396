#ifndef LIB_BASE_JSON_H
#define LIB_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * JSON in: jsmn behind a strict grammar check of our own (jsmn accepts
 * {"a":}, [1 2], nul, --5, duplicate keys ...).  The only door to jsmn.
 * Total over any bytes; REFUSED with a sentence and a byte offset.
 *
 * A document is either all valid or not there at all: after json_parse()
 * every key is a string and unique in its object, every string is valid
 * UTF-8 with valid escapes and holds no NUL, every number is well formed,
 * the root is an object or an array, nothing follows it, and the limits hold.
 * Numbers fit in a double and have at most 64 characters.
 *
 * All functions on values take NULL and then say: no such thing.
 */
struct json_limits {
	size_t bytes; /* longest document */
	int tokens;   /* values and keys together */
	int depth;    /* 1: a flat object or array */
};

extern const struct json_limits JSON_LINE;  /* 4 KiB, 64 tokens, depth 1 */
extern const struct json_limits JSON_FILE;  /* 64 KiB, 8,192, depth 8 */
extern const struct json_limits JSON_REPLY; /* 64 MiB, 4 Mi, depth 8: from
						   our own master's socket */

struct json;       /* a parsed document; owns a copy of the text */
struct json_value; /* one value in it; lives as long as it does */

struct json *json_parse(const void *bytes, size_t len,
    const struct json_limits *limits, struct err *e);
void json_free(struct json *j); /* NULL is fine */

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

const struct json_value *json_root(const struct json *j); /* NULL: NULL */
enum json_type json_type(const struct json_value *v);

/* Members of an object or items of an array, in order. */
int json_count(const struct json_value *v);
const struct json_value *json_item(const struct json_value *v, int i);
const char *json_key(const struct json_value *object, int i);

/* Walk without cost per step: first child, then next sibling, or NULL. */
const struct json_value *json_first(const struct json_value *v);
const struct json_value *json_next(const struct json_value *v);
/* Key of a member that json_first() and json_next() of an object gave. */
const char *json_key_of(const struct json_value *member);

/* Value of a key, NULL when the object has none or "object" is NULL. */
const struct json_value *json_get(
    const struct json_value *object, const char *key);

/* Decoded string ('\0'-terminated, UTF-8), NULL when it is not a string. */
const char *json_string(const struct json_value *v);
/* 0 and the value when it is a whole number in range (or a boolean for
 * json_bool), else -1.  NULL "v" is -1. */
int json_u64(const struct json_value *v, uint64_t *value);
int json_i64(const struct json_value *v, int64_t *value);
int json_double(const struct json_value *v, double *value);
int json_bool(const struct json_value *v, bool *value);

/* The text of a value as it stood in the document; *len bytes. */
const char *json_raw(const struct json_value *v, size_t *len);

/*
 * Shorthands for "string under this key" and "number under this key" with a
 * default, for readers of our own replies.
 */
const char *json_get_string(
    const struct json_value *object, const char *key, const char *otherwise);
uint64_t json_get_u64(
    const struct json_value *object, const char *key, uint64_t otherwise);

/*
 * JSON out, appended to a buffer; commas are put where they belong.  "key"
 * is NULL inside arrays and for the root, which starts in an empty buffer or
 * after a newline.  Strings must be valid UTF-8 (text_clean() first); what is
 * not is written as U+FFFD.  A NULL string is null.
 */
void json_open(struct buf *b, const char *key, char bracket); /* '{' '[' */
void json_close(struct buf *b, char bracket);                 /* '}' ']' */
void json_put_string(struct buf *b, const char *key, const char *text);
void json_put_u64(struct buf *b, const char *key, uint64_t value);
void json_put_bool(struct buf *b, const char *key, bool value);
void json_put_null(struct buf *b, const char *key);
/* A value that already is JSON; blanks after it are left out. */
void json_put_raw(struct buf *b, const char *key, const char *json, size_t len);

#endif

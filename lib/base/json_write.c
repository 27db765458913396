/*
 * JSON out.  The buffer itself is the state: its last byte tells whether a
 * comma is due.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"

static void
add_string(struct buf *b, const char *text)
{
	size_t len = strlen(text), n;

	buf_addc(b, '"');
	for (; len > 0; text += n, len -= n) {
		n = text_char(text, len);
		if (n == 0) {
			buf_adds(b, "\xef\xbf\xbd");
			n = 1;
		} else if (*text == '"' || *text == '\\') {
			buf_addc(b, '\\');
			buf_addc(b, *text);
		} else if (*text == '\n') {
			buf_adds(b, "\\n");
		} else if (*text == '\t') {
			buf_adds(b, "\\t");
		} else if (n == 1 && (unsigned char)*text < 0x20) {
			buf_printf(b, "\\u%04x", (unsigned)*text);
		} else {
			buf_add(b, text, n);
		}
	}
	buf_addc(b, '"');
}

/* Comma and key before a value.  No value ends in one of these bytes. */
static void
lead_in(struct buf *b, const char *key)
{
	if (b->len > 0 && strchr("{[\n", b->data[b->len - 1]) == NULL)
		buf_addc(b, ',');
	if (key != NULL) {
		add_string(b, key);
		buf_addc(b, ':');
	}
}

void
json_open(struct buf *b, const char *key, char bracket)
{
	lead_in(b, key);
	buf_addc(b, bracket);
}

void
json_close(struct buf *b, char bracket)
{
	buf_addc(b, bracket);
}

void
json_put_string(struct buf *b, const char *key, const char *text)
{
	lead_in(b, key);
	if (text == NULL)
		buf_adds(b, "null");
	else
		add_string(b, text);
}

void
json_put_u64(struct buf *b, const char *key, uint64_t value)
{
	lead_in(b, key);
	buf_printf(b, "%" PRIu64, value);
}

void
json_put_bool(struct buf *b, const char *key, bool value)
{
	lead_in(b, key);
	buf_adds(b, value ? "true" : "false");
}

void
json_put_null(struct buf *b, const char *key)
{
	lead_in(b, key);
	buf_adds(b, "null");
}

void
json_put_raw(struct buf *b, const char *key, const char *json, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", json[len - 1]) != NULL)
		len--;
	if (len == 0) {
		json_put_null(b, key);
		return;
	}
	lead_in(b, key);
	buf_add(b, json, len);
}

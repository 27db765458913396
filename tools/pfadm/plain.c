/*
 * The last gate before a screen: letter by letter, each looked up among those
 * that do something to the letters around it.
 */
#include <string.h>

#include "lib/base/text.h"
#include "tools/pfadm/plain.h"

/* Ranges of letters that are not shown as they are; in order. */
static const struct {
	uint32_t from, to;
} hidden[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f},
    {0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
    {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

static uint32_t
letter(const unsigned char *p, size_t n)
{
	static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t value = p[0] & mask[n];
	size_t i;

	for (i = 1; i < n; i++)
		value = value << 6 | (p[i] & 0x3f);
	return value;
}

static bool
is_hidden(uint32_t c)
{
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (c >= hidden[i].from && c <= hidden[i].to)
			return true;
	return false;
}

static void
add_letter(struct buf *out, const char *text, size_t n, uint32_t c)
{
	if (!is_hidden(c))
		buf_add(out, text, n);
	else if (c < 0x80)
		buf_printf(out, "\\x%02x", c);
	else
		buf_printf(out, "\\u%04x", c);
}

static void
add(struct buf *out, const char *text, size_t len, bool line, size_t most)
{
	size_t i, n, start = out->len;

	for (i = 0; i < len; i += n) {
		if (most != 0 && out->len - start >= most) {
			buf_adds(out, "...");
			return;
		}
		n = text_char(text + i, len - i);
		if (n == 0) {
			n = 1;
			buf_printf(out, "\\x%02x", (unsigned char)text[i]);
		} else if (!line && (text[i] == '\n' || text[i] == '\t')) {
			buf_addc(out, text[i]);
		} else {
			add_letter(out, text + i, n,
			    letter((const unsigned char *)text + i, n));
		}
	}
}

void
plain_add(struct buf *out, const char *text, size_t len)
{
	add(out, text, len, false, 0);
}

void
plain_add_line(struct buf *out, const char *text, size_t len, size_t most)
{
	add(out, text, len, true, most);
}

void
plain_put(FILE *out, const char *text)
{
	struct buf plain = BUF_INIT;

	plain_add(&plain, text, strlen(text));
	fwrite(buf_text(&plain), 1, plain.len, out);
	buf_release(&plain);
}

void
plain_put_line(FILE *out, const char *text)
{
	struct buf plain = BUF_INIT;

	plain_add_line(&plain, text, strlen(text), 0);
	fwrite(buf_text(&plain), 1, plain.len, out);
	buf_release(&plain);
}

/* Outside of strings JSON is ASCII, and control characters are escaped in
 * them already but DEL. */
void
plain_put_json(FILE *out, const char *json, size_t len)
{
	size_t i, n, from = 0;
	uint32_t c;

	for (i = 0; i < len; i += n) {
		n = text_char(json + i, len - i);
		if (n == 0)
			n = 1;
		c = letter((const unsigned char *)json + i, n);
		if (c < 0x7f || !is_hidden(c))
			continue;
		fwrite(json + from, 1, i - from, out);
		from = i + n;
		if (c > 0xffff)
			fprintf(out, "\\u%04x\\u%04x",
			    0xd800 + ((c - 0x10000) >> 10),
			    0xdc00 + ((c - 0x10000) & 0x3ff));
		else
			fprintf(out, "\\u%04x", c);
	}
	fwrite(json + from, 1, len - from, out);
}

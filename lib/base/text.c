/*
 * The one cleaner of foreign text, and numbers in and out.  Everything here
 * is total: any bytes give a result or a refusal, never an assertion.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

size_t
text_char(const void *in, size_t len)
{
	const uint8_t *p = in;
	uint8_t low = 0x80, high = 0xbf;
	size_t need, i;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	need = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (len < need)
		return 0;
	/* The second byte keeps out long forms, surrogates and what lies
	 * above U+10FFFF. */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < need; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return need;
}

bool
text_is_utf8(const void *in, size_t len)
{
	const uint8_t *p = in;
	size_t n;

	for (; len > 0; p += n, len -= n)
		if ((n = text_char(p, len)) == 0)
			return false;
	return true;
}

/* C0, DEL and C1: what can move a cursor or start an escape sequence. */
static bool
is_control(const uint8_t *p, size_t n)
{
	return (n == 1 && (p[0] < 0x20 || p[0] == 0x7f)) ||
	    (n == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

/* Put the first character of "in", made clean, into "piece"; returns how many
 * bytes of "in" it took. */
static size_t
clean_char(
    const uint8_t *in, size_t len, bool one_line, char piece[16], size_t *size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = text_char(in, len), i;

	if (n > 0 &&
	    (!is_control(in, n) ||
		(!one_line && (in[0] == '\n' || in[0] == '\t')))) {
		memcpy(piece, in, n);
		*size = n;
		return n;
	}
	if (n == 0)
		n = 1;
	for (i = 0; i < n; i++) {
		piece[4 * i] = '\\';
		piece[4 * i + 1] = 'x';
		piece[4 * i + 2] = digits[in[i] >> 4];
		piece[4 * i + 3] = digits[in[i] & 15];
	}
	*size = 4 * n;
	return n;
}

static void
clean(struct buf *out, const uint8_t *in, size_t len, size_t cap, bool one_line)
{
	size_t start = out->len, used = 0, cut = 0, size, n;
	char piece[16];

	for (; len > 0; in += n, len -= n) {
		n = clean_char(in, len, one_line, piece, &size);
		if (used + size > cap) {
			/* "cut" is where "..." still fits behind. */
			out->len = start + cut;
			buf_add(out, "...", cap < 3 ? cap : 3);
			return;
		}
		buf_add(out, piece, size);
		used += size;
		if (used + 3 <= cap)
			cut = used;
	}
}

void
text_clean(struct buf *out, const void *in, size_t len, size_t cap)
{
	clean(out, in, len, cap, false);
}

void
text_clean_line(struct buf *out, const void *in, size_t len, size_t cap)
{
	clean(out, in, len, cap, true);
}

bool
text_copy(char *dst, size_t size, const char *src)
{
	size_t len = strnlen(src, size);

	if (size == 0)
		return false;
	if (len == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return false;
	}
	memcpy(dst, src, len + 1);
	return true;
}

/* The digits that "text" starts with; returns what follows them, or NULL. */
static const char *
take_number(uint64_t *value, const char *text)
{
	const char *p = text;
	uint64_t v = 0, digit;

	for (; *p >= '0' && *p <= '9'; p++) {
		digit = (uint64_t)(*p - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return NULL;
		v = v * 10 + digit;
	}
	if (p == text || (text[0] == '0' && p - text > 1))
		return NULL;
	*value = v;
	return p;
}

int
text_to_u64(uint64_t *value, const char *text)
{
	const char *rest;
	uint64_t v;

	rest = take_number(&v, text);
	if (rest == NULL || *rest != '\0')
		return -1;
	*value = v;
	return 0;
}

int
text_to_hex64(uint64_t *value, const char *text)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < 16; i++) {
		if (text[i] >= '0' && text[i] <= '9')
			v = v << 4 | (uint64_t)(text[i] - '0');
		else if (text[i] >= 'a' && text[i] <= 'f')
			v = v << 4 | (uint64_t)(text[i] - 'a' + 10);
		else
			return -1;
	}
	if (text[16] != '\0')
		return -1;
	*value = v;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* A number and one of the units, which end with a NULL name. */
static int
to_amount(uint64_t *amount, const char *text, const struct unit *units)
{
	const char *rest;
	uint64_t v;

	rest = take_number(&v, text);
	if (rest == NULL)
		return -1;
	for (; units->name != NULL; units++)
		if (strcmp(rest, units->name) == 0)
			break;
	if (units->name == NULL || v > UINT64_MAX / units->factor)
		return -1;
	*amount = v * units->factor;
	return 0;
}

int
text_to_duration(uint64_t *ms, const char *text, struct err *e)
{
	static const struct unit units[] = {
	    {"ms", 1},
	    {"", 1000},
	    {"s", 1000},
	    {"m", 60 * 1000},
	    {"h", 3600 * 1000},
	    {"d", 86400 * 1000},
	    {NULL, 0},
	};

	if (to_amount(ms, text, units) == -1)
		return err_set(e, ERR_REFUSED,
		    "'%.40s' is not a duration such as 250ms, 30s, 5m, 1h "
		    "or 7d",
		    text);
	return 0;
}

int
text_to_size(uint64_t *bytes, const char *text, struct err *e)
{
	static const struct unit units[] = {
	    {"", 1},
	    {"B", 1},
	    {"KiB", UINT64_C(1) << 10},
	    {"MiB", UINT64_C(1) << 20},
	    {"GiB", UINT64_C(1) << 30},
	    {"TiB", UINT64_C(1) << 40},
	    {NULL, 0},
	};

	if (to_amount(bytes, text, units) == -1)
		return err_set(e, ERR_REFUSED,
		    "'%.40s' is not a size such as 4096, 64KiB, 10MiB or 2GiB",
		    text);
	return 0;
}

struct text_short
text_size(uint64_t bytes)
{
	static const char *const names[] = {
	    "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	struct text_short out;
	uint64_t tenths;
	int i = 0;

	if (bytes < 1024) {
		snprintf(out.text, sizeof(out.text), "%" PRIu64 " B", bytes);
		return out;
	}
	while (i < 5 && bytes >= UINT64_C(1024) * 1024) {
		bytes >>= 10;
		i++;
	}
	tenths = bytes * 10 / 1024;
	snprintf(out.text, sizeof(out.text), "%" PRIu64 ".%" PRIu64 " %s",
	    tenths / 10, tenths % 10, names[i + 1]);
	return out;
}

struct text_short
text_ago(uint64_t ms)
{
	static const struct unit units[] = {
	    {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}, {NULL, 0}};
	struct text_short out = {"now"};
	const struct unit *u;

	for (u = units; u->name != NULL; u++) {
		if (ms / 1000 < u->factor)
			continue;
		snprintf(out.text, sizeof(out.text), "%" PRIu64 "%s",
		    ms / 1000 / u->factor, u->name);
		break;
	}
	return out;
}

struct text_short
text_hex64(uint64_t value)
{
	struct text_short out;

	snprintf(out.text, sizeof(out.text), "%016" PRIx64, value);
	return out;
}

/*
 * The strict half of reading JSON: everything is checked here before jsmn sees
 * a byte, because jsmn takes too much for valid and is quadratic in nesting.
 */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json_scan.h"
#include "lib/base/text.h"

struct scan {
	const unsigned char *text;
	size_t len, at;
	const struct json_limits *limits;
	int tokens, depth;
	char kind[JSON_DEPTH_MAX]; /* '{' or '[' of each open one */
	bool used[JSON_DEPTH_MAX]; /* it has a member already */
	struct err *e;
};

static int
refuse(struct scan *s, const char *what)
{
	return err_set(
	    s->e, ERR_REFUSED, "not valid JSON at byte %zu: %s", s->at, what);
}

/* The next byte, -1 at the end. */
static int
peek(const struct scan *s)
{
	return s->at < s->len ? s->text[s->at] : -1;
}

static void
skip_blanks(struct scan *s)
{
	while (s->at < s->len && s->text[s->at] != '\0' &&
	    strchr(" \t\r\n", s->text[s->at]) != NULL)
		s->at++;
}

static int
count_token(struct scan *s)
{
	if (s->tokens == s->limits->tokens)
		return refuse(s, "more values than allowed");
	s->tokens++;
	return 0;
}

/* Four hex digits, or -1. */
static int
scan_hex4(struct scan *s)
{
	int value = 0, i, c;

	for (i = 0; i < 4; i++, s->at++) {
		c = peek(s);
		if (c >= '0' && c <= '9')
			value = value * 16 + c - '0';
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			value = value * 16 + c - 'A' + 10;
		else
			return refuse(s, "four hex digits are missing");
	}
	return value;
}

/* After "\u".  UTF-16 halves come in pairs or not at all. */
static int
scan_unicode(struct scan *s)
{
	int high, low;

	if ((high = scan_hex4(s)) == -1)
		return -1;
	if (high == 0)
		return refuse(s, "a string holds \\u0000");
	if (high >= 0xdc00 && high <= 0xdfff)
		return refuse(s, "second half of a character alone");
	if (high < 0xd800 || high > 0xdbff)
		return 0;
	if (s->len - s->at < 2 || memcmp(s->text + s->at, "\\u", 2) != 0)
		return refuse(s, "first half of a character alone");
	s->at += 2;
	if ((low = scan_hex4(s)) == -1)
		return -1;
	if (low < 0xdc00 || low > 0xdfff)
		return refuse(s, "first half of a character alone");
	return 0;
}

static int
scan_escape(struct scan *s)
{
	int c;

	s->at++;
	c = peek(s);
	if (c <= 0 || strchr("\"\\/bfnrtu", c) == NULL)
		return refuse(s, "unknown escape");
	s->at++;
	return c == 'u' ? scan_unicode(s) : 0;
}

static int
scan_string(struct scan *s)
{
	size_t n;
	int c;

	if (count_token(s) == -1)
		return -1;
	s->at++;
	while ((c = peek(s)) != '"') {
		if (c == -1)
			return refuse(s, "a string does not end");
		if (c < 0x20)
			return refuse(s, "a control character in a string");
		if (c == '\\') {
			if (scan_escape(s) == -1)
				return -1;
			continue;
		}
		n = text_char(s->text + s->at, s->len - s->at);
		if (n == 0)
			return refuse(s, "a string is not UTF-8");
		s->at += n;
	}
	s->at++;
	return 0;
}

static size_t
scan_digits(struct scan *s)
{
	size_t start = s->at;

	while (s->at < s->len && s->text[s->at] >= '0' && s->text[s->at] <= '9')
		s->at++;
	return s->at - start;
}

int
json_scan_double(const char *number, size_t len, double *value)
{
	static locale_t plain; /* strtod() would want the user's comma */
	char text[JSON_NUMBER_MAX + 1];

	if (plain == (locale_t)0)
		plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
	if (plain == (locale_t)0 || len > JSON_NUMBER_MAX)
		return -1;
	memcpy(text, number, len);
	text[len] = '\0';
	*value = strtod_l(text, NULL, plain);
	return isfinite(*value) ? 0 : -1;
}

static int
scan_number(struct scan *s)
{
	size_t start = s->at;
	double value;

	if (count_token(s) == -1)
		return -1;
	if (peek(s) == '-')
		s->at++;
	if (peek(s) == '0')
		s->at++;
	else if (scan_digits(s) == 0)
		return refuse(s, "a digit is missing");
	if (peek(s) == '.') {
		s->at++;
		if (scan_digits(s) == 0)
			return refuse(s, "a digit is missing");
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (scan_digits(s) == 0)
			return refuse(s, "a digit is missing");
	}
	if (json_scan_double(
		(const char *)s->text + start, s->at - start, &value) == -1)
		return refuse(s, "a number is too large");
	return 0;
}

static int
scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if (s->len - s->at < len || memcmp(s->text + s->at, word, len) != 0)
		return refuse(s, "a value is missing");
	s->at += len;
	return count_token(s);
}

static int
scan_open(struct scan *s, char bracket)
{
	if (s->depth == s->limits->depth || s->depth == JSON_DEPTH_MAX)
		return refuse(s, "nested deeper than allowed");
	if (count_token(s) == -1)
		return -1;
	s->kind[s->depth] = bracket;
	s->used[s->depth] = false;
	s->depth++;
	s->at++;
	return 0;
}

static int
scan_value(struct scan *s)
{
	switch (peek(s)) {
	case '{':
		return scan_open(s, '{');
	case '[':
		return scan_open(s, '[');
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		break;
	}
	if (peek(s) == '-' || (peek(s) >= '0' && peek(s) <= '9'))
		return scan_number(s);
	return refuse(s, "a value is missing");
}

/* The closing bracket of the innermost object or array, or its next member;
 * when that is an object or array, only its opening. */
static int
scan_member(struct scan *s)
{
	char kind = s->kind[s->depth - 1];

	skip_blanks(s);
	if (peek(s) == (kind == '{' ? '}' : ']')) {
		s->depth--;
		s->at++;
		return 0;
	}
	if (s->used[s->depth - 1]) {
		if (peek(s) != ',')
			return refuse(s, "a comma or bracket is missing");
		s->at++;
		skip_blanks(s);
	}
	s->used[s->depth - 1] = true;
	if (kind == '{') {
		if (peek(s) != '"')
			return refuse(s, "a key is missing");
		if (scan_string(s) == -1)
			return -1;
		skip_blanks(s);
		if (peek(s) != ':')
			return refuse(s, "a colon is missing");
		s->at++;
		skip_blanks(s);
	}
	return scan_value(s);
}

int
json_scan(const void *bytes, size_t len, const struct json_limits *limits,
    struct err *e)
{
	struct scan s = {.text = bytes, .len = len, .limits = limits, .e = e};

	if (len > limits->bytes)
		return err_set(e, ERR_REFUSED,
		    "JSON of %zu bytes is longer than the allowed %zu", len,
		    limits->bytes);
	skip_blanks(&s);
	if (peek(&s) != '{' && peek(&s) != '[')
		return refuse(&s, "no object and no array");
	if (scan_value(&s) == -1)
		return -1;
	while (s.depth > 0)
		if (scan_member(&s) == -1)
			return -1;
	skip_blanks(&s);
	if (s.at != len)
		return refuse(&s, "something follows the end");
	return s.tokens;
}

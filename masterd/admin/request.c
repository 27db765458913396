/*
 * What a request is judged by before any route sees it, and how failure is
 * told.
 */
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/admin/request.h"

#define VALUE_MAX   1000
#define HEADERS_MAX 64
#define HEAD_MAX    (16 * 1024) /* bytes of all headers */
#define URL_MAX     4096

static int
status_of(enum err_class cls)
{
	switch (cls) {
	case ERR_REFUSED:
		return 400;
	case ERR_DENIED:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_CONFLICT:
		return 409;
	case ERR_AGAIN:
		return 503;
	default:
		return 500;
	}
}

void
request_failed(struct request *r, const struct err *e)
{
	struct buf *out = &r->out;

	buf_reset(out);
	json_open(out, NULL, '{');
	json_open(out, "error", '{');
	json_put_string(
	    out, "code", r->code != NULL ? r->code : err_class_name(e->cls));
	json_put_string(out, "message", e->text);
	json_put_string(out, "field", r->field);
	json_put_string(out, "hint", r->hint);
	json_close(out, '}');
	json_close(out, '}');
	r->type = NULL;
	if (r->status == 0)
		r->status = status_of(e->cls);
	if (r->status == 500)
		log_error("admin.failed", LOG_T("reason", e->text),
		    LOG_T("who", r->peer.name));
}

/* The route's own word for "key", which lives as long as the table; NULL. */
static const char *
known_key(const struct route *route, const char *key, struct request *r)
{
	const char *word = route->query;
	size_t len, want = strlen(key);

	for (; *word != '\0'; word += len) {
		word += strspn(word, " ");
		len = strcspn(word, " ");
		if (len != want || strncmp(word, key, len) != 0)
			continue;
		text_copy(r->key, sizeof(r->key), key);
		return r->key;
	}
	return NULL;
}

bool
request_is_line(const char *text)
{
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return text_is_utf8(text, len);
}

/* Those that are yes or no wherever they are known. */
static bool
is_flag(const char *key)
{
	static const char *const flags[] = {"all", "explain", "follow"};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(flags[i], key) == 0)
			return true;
	return false;
}

int
request_check_query(struct request *r, const char *key, const char *value,
    bool again, struct err *e)
{
	struct buf shown = BUF_INIT;

	if ((r->field = known_key(r->route, key, r)) == NULL) {
		text_clean_line(&shown, key, strlen(key), 40);
		text_copy(r->key, sizeof(r->key), buf_text(&shown));
		buf_release(&shown);
		r->field = r->key;
		r->hint = *r->route->query == '\0' ? "it takes none" : NULL;
		return err_set(e, ERR_REFUSED, "%s: unknown parameter", r->key);
	}
	if (again)
		return err_set(e, ERR_REFUSED, "%s: came twice", key);
	if (value == NULL || strlen(value) > VALUE_MAX)
		return err_set(e, ERR_REFUSED,
		    "%s: takes a text of at most "
		    "%d bytes",
		    key, VALUE_MAX);
	if (!request_is_line(value))
		return err_set(
		    e, ERR_REFUSED, "%s: is not a line of UTF-8", key);
	if (is_flag(key) && *value != '\0' && strcmp(value, "0") != 0 &&
	    strcmp(value, "1") != 0)
		return err_set(e, ERR_REFUSED, "%s: takes 0 or 1", key);
	r->field = NULL;
	return 0;
}

int
request_check_head(struct request *r, const struct request_head *h,
    const char *url, struct err *e)
{
	if (h->headers > HEADERS_MAX || h->bytes > HEAD_MAX) {
		r->status = 431;
		return err_set(e, ERR_REFUSED,
		    "%zu headers of %zu bytes, limits are %d and %d",
		    h->headers, h->bytes, HEADERS_MAX, HEAD_MAX);
	}
	if (strlen(url) > URL_MAX) {
		r->status = 414;
		return err_set(e, ERR_REFUSED,
		    "an address of more than %d bytes", URL_MAX);
	}
	if (request_is_line(url))
		return 0;
	r->field = "path";
	return err_set(e, ERR_REFUSED, "path: is not a line of UTF-8");
}

int
request_check_length(struct request *r, uint64_t length, struct err *e)
{
	uint64_t most = r->route->body_max;

	if (length == UINT64_MAX || length <= most)
		return 0;
	r->status = 413;
	return err_set(e, ERR_REFUSED, "a body of %ju bytes, limit is %ju",
	    (uintmax_t)length, (uintmax_t)most);
}

int
request_no_route(
    struct request *r, const char *method, const char *url, struct err *e)
{
	r->hint = "pandafuzz-api(7) has all addresses";
	return err_set(
	    e, ERR_NOT_FOUND, "%.10s %.80s: no such address", method, url);
}

int
request_number(struct request *r, const char *key, uint64_t otherwise,
    uint64_t max, uint64_t *value, struct err *e)
{
	const char *text = request_query(r, key);

	*value = otherwise;
	if (*text == '\0')
		return 0;
	if (text_to_u64(value, text) == 0 && *value <= max)
		return 0;
	r->field = key;
	return err_set(e, ERR_REFUSED, "%s: not a number up to %ju: '%.40s'",
	    key, (uintmax_t)max, text);
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c | 0x20);
	at = c == '\0' ? NULL : strchr(digits, c);
	return at == NULL ? -1 : (int)(at - digits);
}

size_t
request_unescape(char *text)
{
	const char *from;
	char *to = text;
	int high, low;

	for (from = text; *from != '\0'; from++) {
		high = *from == '%' ? hex_digit(from[1]) : -1;
		low = high == -1 ? -1 : hex_digit(from[2]);
		if (low == -1 || (high == 0 && low == 0)) {
			*to++ = *from;
			continue;
		}
		*to++ = (char)(high * 16 + low);
		from += 2;
	}
	*to = '\0';
	return (size_t)(to - text);
}

/*
 * lib/base/json over any bytes: it parses or refuses, and what it parsed can
 * be walked, keeps what the header promises, and can be written again.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_scalar(const struct json_value *v, struct buf *out)
{
	const char *raw, *text = json_string(v);
	uint64_t u;
	int64_t i;
	double d;
	size_t len;
	bool b;

	if (json_type(v) == JSON_NUMBER) {
		assert(json_double(v, &d) == 0);
		if (json_u64(v, &u) == 0 && u <= INT64_MAX)
			assert(json_i64(v, &i) == 0 && (uint64_t)i == u);
	}
	assert((json_type(v) == JSON_BOOL) == (json_bool(v, &b) == 0));
	assert((json_type(v) == JSON_STRING) == (text != NULL));
	if (text != NULL) {
		assert(text_is_utf8(text, strlen(text)));
		json_put_string(out, json_key_of(v), text);
		return;
	}
	raw = json_raw(v, &len);
	json_put_raw(out, json_key_of(v), raw, len);
}

static void
write_value(const struct json_value *v, struct buf *out)
{
	bool object = json_type(v) == JSON_OBJECT;
	const struct json_value *m;
	int n = 0;

	if (!object && json_type(v) != JSON_ARRAY) {
		write_scalar(v, out);
		return;
	}
	json_open(out, json_key_of(v), object ? '{' : '[');
	for (m = json_first(v); m != NULL; m = json_next(m)) {
		assert(object == (json_key_of(m) != NULL));
		if (object)
			assert(json_get(v, json_key_of(m)) == m);
		if (n < 100)
			assert(json_item(v, n) == m);
		write_value(m, out);
		n++;
	}
	assert(n == json_count(v));
	json_close(out, object ? '}' : ']');
}

static void
try_limits(const void *data, size_t size, const struct json_limits *limits)
{
	/* Escapes may make the copy longer than the original. */
	const struct json_limits wide = {
	    64 << 20, limits->tokens, limits->depth};
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct json *j, *again;
	struct err e;

	err_clear(&e);
	j = json_parse(data, size, limits, &e);
	if (j == NULL) {
		assert(e.cls == ERR_REFUSED && e.text[0] != '\0');
		return;
	}
	write_value(json_root(j), &once);
	again = json_parse(once.data, once.len, &wide, &e);
	assert(again != NULL);
	write_value(json_root(again), &twice);
	assert(once.len == twice.len);
	assert(memcmp(once.data, twice.data, once.len) == 0);
	json_free(again);
	json_free(j);
	buf_release(&once);
	buf_release(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_limits(data, size, &JSON_LINE);
	try_limits(data, size, &JSON_FILE);
	return 0;
}

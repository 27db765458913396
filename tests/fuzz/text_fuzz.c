/*
 * lib/base/text over any bytes: what was cleaned is valid, without controls
 * and within its cap; numbers that are taken read back the same.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_clean(const uint8_t *data, size_t size, size_t cap)
{
	struct buf all = BUF_INIT, line = BUF_INIT, again = BUF_INIT;
	size_t i;

	text_clean(&all, data, size, cap);
	text_clean_line(&line, data, size, cap);
	assert(all.len <= cap && line.len <= cap);
	assert(text_is_utf8(buf_text(&all), all.len));
	assert(text_is_utf8(buf_text(&line), line.len));
	for (i = 0; i < line.len; i++)
		assert((uint8_t)line.data[i] >= 0x20 && line.data[i] != 0x7f);
	/* Clean text is left alone. */
	text_clean(&again, buf_text(&all), all.len, cap);
	assert(again.len == all.len);
	assert(all.len == 0 || memcmp(again.data, all.data, all.len) == 0);
	buf_release(&all);
	buf_release(&line);
	buf_release(&again);
}

static void
try_numbers(const char *text)
{
	char back[32];
	struct err e;
	uint64_t v;

	if (text_to_u64(&v, text) == 0) {
		snprintf(back, sizeof(back), "%" PRIu64, v);
		assert(strcmp(back, text) == 0);
	}
	if (text_to_hex64(&v, text) == 0)
		assert(strcmp(text_hex64(v).text, text) == 0);
	if (text_to_duration(&v, text, &e) == -1)
		assert(e.cls == ERR_REFUSED);
	else
		text_ago(v);
	if (text_to_size(&v, text, &e) == -1)
		assert(e.cls == ERR_REFUSED);
	else
		text_size(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char small[8], *text = malloc(size + 1);

	try_clean(data, size, size > 0 ? data[0] : 0);
	try_clean(data, size, SIZE_MAX / 4);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	try_numbers(text);
	if (text_copy(small, sizeof(small), text))
		assert(strcmp(small, text) == 0);
	else
		assert(strncmp(small, text, sizeof(small) - 1) == 0);
	free(text);
	return 0;
}

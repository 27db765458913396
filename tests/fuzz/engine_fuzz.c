/*
 * botd/engine over any bytes: .options, dictionaries and engine output.  What
 * a dictionary comes out as is read by every engine, so it comes out the same
 * a second time.  What is said of an output's host or build is clean text.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "botd/engine/check.h"
#include "botd/engine/dict.h"
#include "botd/engine/engine.h"
#include "botd/engine/options.h"
#include "lib/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_options(const void *data, size_t size)
{
	struct options o;
	struct err e;
	int i;

	err_clear(&e);
	if (options_parse(&o, data, size, &e) == -1)
		assert(e.cls == ERR_REFUSED && o.count == 0);
	for (i = 0; i < o.count; i++)
		assert(
		    options_get(&o, o.list[i].section, o.list[i].key) != NULL);
	options_release(&o);
}

static void
try_dict(const void *data, size_t size)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct dict_count n, m;

	dict_check(&once, data, size, &n);
	dict_check(&twice, buf_text(&once), once.len, &m);
	assert(m.entries == n.entries && m.repaired == 0 && m.dropped == 0);
	assert(strcmp(buf_text(&once), buf_text(&twice)) == 0);
	buf_release(&once);
	buf_release(&twice);
}

static void
try_output(const char *data, size_t size)
{
	const char *p = data, *end = data + size, *newline;
	struct engine_stats s = {0};

	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		ENGINE_LIBFUZZER.line(&s, p, (size_t)(newline - p));
	}
	assert(engine_report_start(data, size) <= size);
	(void)ENGINE_LIBFUZZER.ended(1, 0, data, size);
}

static void
try_check(const char *data, size_t size)
{
	struct elf_facts elf = {.is_elf = true, .machine = "x86_64"};
	struct check_ask ask = {.run = {data, size, 1, 0, NULL, &elf, "x86_64"},
	    .engine = &ENGINE_LIBFUZZER,
	    .sanitizer = "address"};
	struct buf lines = BUF_INIT;
	enum check_verdict v;
	struct err e;

	if (check_judge(&v, &lines, &ask, &e) == 0)
		assert(v == CHECK_GOOD || lines.len > 0);
	assert(text_is_utf8(buf_text(&lines), lines.len));
	buf_release(&lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_options(data, size);
	try_dict(data, size);
	try_output((const char *)data, size);
	try_check((const char *)data, size);
	return 0;
}

/* lib/base/buf: bytes in, bytes out, always a NUL behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"

static void
an_empty_buffer_is_an_empty_text(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(buf_text(&b), "");
	buf_reset(&b);
	buf_consume(&b, 3);
	assert_string_equal(buf_text(&b), "");
	buf_release(&b);
}

static void
what_is_added_stands_in_order(void **state)
{
	struct buf b = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		buf_add(&b, "ab\0c", 4);
		buf_addc(&b, '-');
		buf_printf(&b, "%04d", i);
	}
	assert_int_equal(b.len, 9000);
	assert_memory_equal(b.data + 999 * 9, "ab\0c-0999", 10);
	buf_release(&b);
	assert_null(b.data);
}

static void
consume_drops_from_the_front(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "headbody");
	buf_consume(&b, 4);
	assert_string_equal(b.data, "body");
	assert_int_equal(b.len, 4);
	buf_consume(&b, 9);
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void
detach_hands_the_bytes_over(void **state)
{
	struct buf b = BUF_INIT;
	char *text;

	(void)state;
	text = buf_detach(&b);
	assert_string_equal(text, "");
	free(text);
	buf_adds(&b, "x");
	text = buf_detach(&b);
	assert_string_equal(text, "x");
	assert_null(b.data);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_buffer_is_an_empty_text),
	    cmocka_unit_test(what_is_added_stands_in_order),
	    cmocka_unit_test(consume_drops_from_the_front),
	    cmocka_unit_test(detach_hands_the_bytes_over),
	};

	return cmocka_run_group_tests_name("lib/base/buf", tests, NULL, NULL);
}

/* lib/base/err: class, sentence, and what is put before it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"

static void
err_set_fills_class_and_sentence(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(
	    err_set(&e, ERR_REFUSED, "bundle '%s' is odd", "x"), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_string_equal(e.text, "bundle 'x' is odd");
}

static void
err_sys_takes_its_class_from_errno(void **state)
{
	struct err e;

	(void)state;
	errno = ENOENT;
	err_sys(&e, "cannot open '%s'", "x");
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_string_equal(
	    e.text, "cannot open 'x': No such file or directory");
	errno = EACCES;
	err_sys(&e, "cannot open");
	assert_int_equal(e.cls, ERR_DENIED);
	errno = ENOSPC;
	err_sys(&e, "cannot write");
	assert_int_equal(e.cls, ERR_AGAIN);
	assert_int_equal(e.sys, ENOSPC);
}

static void
err_wrap_keeps_the_class(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_CONFLICT, "job is cancelled");
	err_wrap(&e, "cannot pause '%s'", "7f3");
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_string_equal(e.text, "cannot pause '7f3': job is cancelled");
}

static void
a_sentence_that_is_too_long_is_cut(void **state)
{
	char filler[2048];
	struct err e;

	(void)state;
	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	err_set(&e, ERR_BUG, "%s", filler);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	err_wrap(&e, "%s", filler);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(err_set_fills_class_and_sentence),
	    cmocka_unit_test(err_sys_takes_its_class_from_errno),
	    cmocka_unit_test(err_wrap_keeps_the_class),
	    cmocka_unit_test(a_sentence_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests_name("lib/base/err", tests, NULL, NULL);
}

/*
 * lib/triage/rules: the language with its complaints, what wins over what, and
 * the matcher of globs beside the C library's.
 */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/triage/rules.h"
#include "lib/triage/rules_internal.h"

static struct span
span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static struct frame
frame_of(const char *function, const char *file, const char *module)
{
	struct frame f;

	memset(&f, 0, sizeof(f));
	f.function = span_of(function);
	f.file = span_of(file);
	f.module = span_of(module);
	return f;
}

static struct rules *
parsed(const char *text)
{
	struct rules *r;
	struct err e;

	if (rules_parse(&r, text, strlen(text), &e) == -1)
		fail_msg("%s", e.text);
	return r;
}

static enum role
role_of(const struct rules *r, const char *project, const char *function)
{
	struct frame f = frame_of(function, "", "");

	return rules_frame(rules_of(r, project), &f).role;
}

/* ---- complaints --------------------------------------------------------- */

/* clang-format off */
static void
each_mistake_is_refused_with_line_and_column(void **state)
{
	static const struct {
		const char *text, *complaint;
	} table[] = {
	{ "# good\n\nignore runtim function f*",
	    "line 3, column 8: role 'runtim' is unknown: runtime, allocator, "
	    "interceptor, engine, driver, panic, libc, signal" },
	{ "ignore", "line 1, column 7: role '' is unknown" },
	{ "ignore none function f", "line 1, column 8: role 'none' is" },
	{ "ignore libc func f",
	    "line 1, column 13: 'func' is none of function, file, module, "
	    "unnamed" },
	{ "keep unnamed f",
	    "line 1, column 6: 'unnamed' is none of function, file, module" },
	{ "widen module f",
	    "line 1, column 7: 'module' is none of function, file" },
	{ "ignore libc function", "line 1, column 21: a glob is missing" },
	{ "ignore libc function   ", "a glob is missing" },
	{ "keep function [a-", "line 1, column 15: a '[' is not closed" },
	{ "keep function x[]", "line 1, column 16: a '[' is not closed" },
	{ "keep function [!]", "a '[' is not closed" },
	{ "keep function x\\", "line 1, column 16: a '\\' stands before" },
	{ "keep function [[:alpha:]]*", "classes as '[:alpha:]'" },
	{ "keep function f # why",
	    "line 1, column 17: a comment has a line of its own" },
	{ "keep function f\xc3\xa4",
	    "line 1, column 16: byte 0xc3 stands in no name" },
	{ "keep function f\x1b[2J", "byte 0x1b stands in no name" },
	{ "keep file /a\x01",	"byte 0x01 stands in no name" },
	{ "forget function f",
	    "line 1, column 1: 'forget' is unknown: ignore, keep, widen, "
	    "state, distance, lines, group, timeouts" },
	{ "state", "line 1, column 6: '' is no whole number from 1 to 5" },
	{ "state 0", "line 1, column 7: '0' is no whole number from 1 to 5" },
	{ "state 6", "'6' is no whole number" },
	{ "state 3x", "'3x' is no whole number" },
	{ "state 99999999999999999999999", "is no whole number" },
	{ "state 3 4", "line 1, column 9: '4' is too much" },
	{ "group 1001", "'1001' is no whole number from 1 to 1000" },
	{ "group -1", "'-1' is no whole number" },
	{ "distance 1.5", "line 1, column 10: '1.5' is no number from 0 to 1" },
	{ "distance .5", "'.5' is no number" },
	{ "distance 0,5", "'0,5' is no number" },
	{ "distance 1e-1", "'1e-1' is no number" },
	{ "distance nan", "'nan' is no number" },
	{ "lines 2", "line 1, column 7: '2' is no number" },
	{ "lines", "'' is no number" },
	{ "timeouts yes", "line 1, column 10: 'yes' is none of show, hide" },
	{ "[png]", "line 1, column 1: a heading is [all] or [project NAME]" },
	{ "[project png", "a heading ends in ']'" },
	{ "[project]", "'' is no name of a project" },
	{ "[project Png]", "line 1, column 10: 'Png' is no name of a" },
	{ "[project a b]", "'a b' is no name of a project" },
	{ "[all of it]", "a heading is [all]" },
	};
	struct buf all = BUF_INIT;
	struct rules *r;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		buf_reset(&all);
		assert_int_equal(rules_complaints(&all, table[i].text,
		    strlen(table[i].text)), 1);
		if (strstr(all.data, table[i].complaint) == NULL ||
		    strncmp(all.data, "line ", 5) != 0)
			fail_msg("'%s': %s", table[i].text, all.data);
		assert_int_equal(rules_parse(&r, table[i].text,
		    strlen(table[i].text), &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
		assert_non_null(strstr(e.text, table[i].complaint));
	}
	buf_release(&all);
}
/* clang-format on */

static void
all_complaints_of_a_file_are_told_up_to_twenty(void **state)
{
	struct buf text = BUF_INIT, all = BUF_INIT;
	const char *p;
	int i, lines = 0;

	(void)state;
	buf_adds(&text, "[what]\nignore libc function fine\n");
	for (i = 0; i < 24; i++)
		buf_adds(&text, "oops\n");
	assert_int_equal(rules_complaints(&all, text.data, text.len), 25);
	for (p = all.data; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, 21);
	assert_non_null(strstr(all.data, "line 21, column 1: 'oops'"));
	assert_null(strstr(all.data, "line 22,"));
	assert_non_null(strstr(all.data, "and 5 more\n"));
	buf_release(&text);
	buf_release(&all);
}

static void
large_files_and_nuls_are_refused(void **state)
{
	struct buf text = BUF_INIT, all = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i <= RULES_MAX; i++)
		buf_printf(&text, "keep function f%d\n", i);
	assert_int_equal(rules_complaints(&all, text.data, text.len), 1);
	assert_non_null(
	    strstr(all.data, "line 4097, column 6: more than 4096"));
	buf_reset(&all);
	while (text.len <= RULES_MAX_BYTES)
		buf_adds(&text, "# and a comment\n");
	assert_int_equal(rules_complaints(&all, text.data, text.len), 1);
	assert_non_null(strstr(all.data, "bytes of rules, the most are"));
	buf_reset(&all);
	assert_int_equal(rules_complaints(&all, "state 3\0", 8), 1);
	assert_non_null(strstr(all.data, "line 1, column 8: byte 0x00"));
	buf_reset(&all);
	buf_reset(&text);
	buf_adds(&text, "keep function ");
	for (i = 0; i < 257; i++)
		buf_addc(&text, 'a');
	assert_int_equal(rules_complaints(&all, text.data, text.len), 1);
	assert_non_null(strstr(all.data, "a glob of 257 letters"));
	buf_release(&text);
	buf_release(&all);
}

/* ---- what wins ---------------------------------------------------------- */

static void
later_rules_win_and_a_project_wins_over_all(void **state)
{
	struct rules *r = parsed("ignore panic function die*\n"
				 "keep function die_hard\n"
				 "[project png]\n"
				 "ignore libc function die_hard\r\n"
				 "keep function malloc\n"
				 "[all]\n"
				 "keep function die\n"
				 "ignore engine function di[e-f]\n"
				 "[project png]\n"
				 "ignore driver function last\n");

	(void)state;
	assert_int_equal(role_of(r, NULL, "diet"), ROLE_PANIC);
	assert_int_equal(role_of(r, NULL, "die_hard"), ROLE_NONE);
	assert_int_equal(role_of(r, "png", "die_hard"), ROLE_LIBC);
	assert_int_equal(role_of(r, "zlib", "die_hard"), ROLE_NONE);
	assert_int_equal(role_of(r, NULL, "die"), ROLE_ENGINE);
	assert_int_equal(role_of(r, NULL, "malloc"), ROLE_ALLOCATOR);
	assert_int_equal(role_of(r, "png", "malloc"), ROLE_NONE);
	assert_int_equal(role_of(r, "png", "last"), ROLE_DRIVER);
	assert_int_equal(role_of(r, NULL, "last"), ROLE_NONE);
	rules_free(r);
}

static void
function_file_and_module_are_matched_apart(void **state)
{
	struct rules *r = parsed("ignore libc file */raise.c\n"
				 "ignore runtime module */libx.so*\n"
				 "ignore engine unnamed */liby.so\n");
	const struct rules_named *n = rules_of(r, NULL);
	struct frame f;

	(void)state;
	f = frame_of("mine", "/src/raise.c", "");
	assert_int_equal(rules_frame(n, &f).role, ROLE_LIBC);
	f = frame_of("raise.c", "/src/mine.c", "");
	assert_int_equal(rules_frame(n, &f).role, ROLE_NONE);
	f = frame_of("mine", "", "/lib/libx.so.1");
	assert_int_equal(rules_frame(n, &f).role, ROLE_RUNTIME);
	f = frame_of("mine", "", "/lib/liby.so");
	assert_int_equal(rules_frame(n, &f).role, ROLE_NONE);
	f = frame_of("", "", "/lib/liby.so");
	assert_int_equal(rules_frame(n, &f).role, ROLE_ENGINE);
	rules_free(r);
}

static void
settings_hold_for_all_or_for_one_project(void **state)
{
	struct rules *r = parsed("state 4\ndistance 0.25\nlines 1\n"
				 "[project png]\nstate 2\ngroup 7\n"
				 "timeouts show\ndistance 0\n");
	struct rules_limits all = rules_limits(rules_of(r, "zlib"));
	struct rules_limits png = rules_limits(rules_of(r, "png"));
	struct rules_limits base = rules_limits(rules_of(rules_base(), NULL));

	(void)state;
	assert_int_equal(base.state, 3);
	assert_true(base.distance > 0.29 && base.distance < 0.31);
	assert_true(base.likeness > 0.79 && base.likeness < 0.81);
	assert_int_equal(base.group, 25);
	assert_false(base.show_timeouts);
	assert_int_equal(all.state, 4);
	assert_true(all.distance > 0.249 && all.distance < 0.251);
	assert_true(all.likeness == 1.0);
	assert_int_equal(all.group, 25);
	assert_int_equal(png.state, 2);
	assert_int_equal(png.group, 7);
	assert_true(png.distance == 0.0);
	assert_true(png.show_timeouts);
	rules_free(r);
}

static void
each_answer_names_its_rule(void **state)
{
	struct rules *r = parsed("# ours\n  ignore panic function die  \n"
				 "widen function at\n");
	const struct rules_named *n = rules_of(r, NULL);
	struct frame f = frame_of("die", "", "");
	struct rules_word w = rules_frame(n, &f);
	struct buf line = BUF_INIT;

	(void)state;
	assert_false(w.base);
	assert_int_equal(w.line, 2);
	rules_line(n, &w, &line);
	assert_string_equal(line.data, "  ignore panic function die  ");
	f = frame_of("at", "", "");
	w = rules_frame(n, &f);
	assert_true(w.widens);
	assert_int_equal(w.line, 3);
	f = frame_of("malloc", "", "");
	w = rules_frame(n, &f);
	assert_true(w.base);
	buf_reset(&line);
	rules_line(n, &w, &line);
	assert_string_equal(line.data, "ignore allocator function malloc");
	f = frame_of("mine", "", "");
	w = rules_frame(n, &f);
	buf_reset(&line);
	rules_line(n, &w, &line);
	assert_int_equal(line.len, 0);
	buf_release(&line);
	rules_free(r);
}

static void
a_set_of_rules_is_named_by_what_it_says(void **state)
{
	struct rules *none = parsed("# nothing\n\n[project png]\n");
	struct rules *one = parsed("state 4\n");
	struct rules *two = parsed("state 5\n");
	struct rules *null;
	struct err e;

	(void)state;
	assert_string_equal(rules_name(rules_base()).text, "2");
	assert_string_equal(rules_name(none).text, "2");
	/* printf 'state 4\n' | sha256sum */
	assert_string_equal(rules_name(one).text, "2-acc00a61");
	assert_string_not_equal(rules_name(one).text, rules_name(two).text);
	assert_int_equal(rules_parse(&null, NULL, 0, &e), 0);
	assert_string_equal(rules_name(null).text, "2");
	rules_free(none);
	rules_free(one);
	rules_free(two);
	rules_free(null);
	rules_free(NULL);
}

/* ---- names -------------------------------------------------------------- */

/* clang-format off */
static void
built_in_rules_know_the_roles(void **state)
{
	static const struct {
		const char *function, *file, *module;
		enum role role;
	} table[] = {
	{ "raise", "/build/glibc-2.36/signal/raise.c", "", ROLE_SIGNAL },
	{ "__pthread_kill_implementation", "./nptl/pthread_kill.c", "",
	    ROLE_SIGNAL },
	{ "__GI_raise", "", "", ROLE_SIGNAL },
	{ "abort", "./stdlib/abort.c", "", ROLE_LIBC },
	{ "anything", "", "/lib/x86_64-linux-gnu/libc.so.6", ROLE_LIBC },
	{ "", "", "[vdso]", ROLE_LIBC },
	{ "_int_free", "./malloc/malloc.c", "", ROLE_ALLOCATOR },
	{ "cfree", "", "", ROLE_ALLOCATOR },
	{ "malloc_printerr", "./malloc/malloc.c", "", ROLE_ALLOCATOR },
	{ "__libc_message", "./libio/libc_fatal.c", "", ROLE_PANIC },
	{ "operator new", "", "", ROLE_ALLOCATOR },
	{ "operator delete[]", "", "", ROLE_ALLOCATOR },
	{ "__asan_memcpy", "", "", ROLE_RUNTIME },
	{ "__interceptor_strlen", "", "", ROLE_INTERCEPTOR },
	{ "memcpy", "", "", ROLE_INTERCEPTOR },
	{ "__memmove_avx_unaligned_erms", "", "", ROLE_INTERCEPTOR },
	{ "std::mutex::lock()", "/usr/include/c++/12/bits/std_mutex.h", "",
	    ROLE_INTERCEPTOR },
	{ "std::lock_guard<std::mutex>::lock_guard(std::mutex&)", "", "",
	    ROLE_INTERCEPTOR },
	{ "std::__1::unique_lock<std::__1::mutex>::lock()", "", "",
	    ROLE_INTERCEPTOR },
	{ "std::char_traits<char>::copy(char*, char const*, unsigned long)",
	    "", "", ROLE_INTERCEPTOR },
	{ "fuzzer::Fuzzer::ExecuteCallback", "", "", ROLE_ENGINE },
	{ "ExecuteFilesOnyByOne", "aflpp_driver.o", "", ROLE_DRIVER },
	{ "LLVMFuzzerRunDriver", "", "", ROLE_DRIVER },
	{ "main", "/src/main.c", "", ROLE_DRIVER },
	{ "__assert_fail", "", "", ROLE_PANIC },
	{ "__cxa_throw", "", "", ROLE_PANIC },
	{ "std::terminate", "", "", ROLE_PANIC },
	{ "core::panicking::panic_bounds_check", "", "", ROLE_PANIC },
	{ "rust_begin_unwind", "", "", ROLE_PANIC },
	{ "std::__throw_out_of_range_fmt", "", "", ROLE_PANIC },
	{ "core::slice::index::slice_end_index_len_fail", "", "",
	    ROLE_PANIC },
	{ "f", "/rustc/90c541806f23a127002de5b4038be731ba1458ca/library/core/"
	    "src/ops/function.rs", "", ROLE_RUNTIME },
	/* honest names */
	{ "free_list", "/src/a.c", "/bin/a", ROLE_NONE },
	{ "gc::main", "", "", ROLE_NONE },
	{ "abort_job", "", "", ROLE_NONE },
	{ "memcpy_rows", "", "", ROLE_NONE },
	{ "raise_priority", "", "", ROLE_NONE },
	{ "g_logistic", "", "", ROLE_NONE },
	{ "unlink_chunk", "/src/chunks.c", "", ROLE_NONE },
	{ "f", "/src/gcc/cse.c", "", ROLE_NONE },
	{ "my::mutex::lock()", "/src/mutex.cc", "", ROLE_NONE },
	{ "std::__cxx11::basic_string<char, std::char_traits<char>, "
	    "std::allocator<char> >::operator[](unsigned long)", "", "",
	    ROLE_NONE },
	{ "f", "/src/rust/lib.rs", "", ROLE_NONE },
	{ "asan", "/src/a.c", "/bin/libasan_test", ROLE_NONE },
	{ "", "", "", ROLE_NONE },
	};
	const struct rules_named *n = rules_of(rules_base(), "any");
	struct frame f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		f = frame_of(table[i].function, table[i].file,
		    table[i].module);
		if (rules_frame(n, &f).role != table[i].role)
			fail_msg("%s %s %s: %s", table[i].function,
			    table[i].file, table[i].module,
			    rules_role(rules_frame(n, &f).role));
	}
}

static void
globs_match_as_the_c_library_does(void **state)
{
	static const char *const globs[] = {
		"", "*", "**", "a", "a*", "*a", "*a*", "a*b*c", "?", "a?c",
		"[abc]", "[a-c]x", "[!a-c]x", "[^a]*", "[]]x", "[!]]x",
		"[[]x", "\\*", "a\\?c", "*\\**", "[a\\]b]x", "*a*a*a*b",
		"[a-]x", "*[0-9]", "x[[]]",
	}, *const names[] = {
		"", "a", "ab", "abc", "ax", "dx", "]x", "[x", "*", "a?c",
		"x*y", "aaaa", "aaab", "a/b", "bx", "-x", "x9", "x[]",
		"axbxc", "\\",
	};
	size_t i, j, at;

	(void)state;
	for (i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
		assert_null(rules_glob_fault(globs[i], &at));
		for (j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			if (rules_glob(globs[i], names[j], strlen(names[j])) !=
			    (fnmatch(globs[i], names[j], 0) == 0))
				fail_msg("'%s' and '%s'", globs[i], names[j]);
	}
}
/* clang-format on */

static void
a_glob_of_many_stars_is_no_trap(void **state)
{
	static char name[100000];
	char glob[RULES_GLOB_MAX + 1];
	int i;

	(void)state;
	memset(name, 'a', sizeof(name));
	for (i = 0; i < RULES_GLOB_MAX; i++)
		glob[i] = i % 2 == 0 ? '*' : 'a';
	glob[RULES_GLOB_MAX - 1] = 'b';
	glob[RULES_GLOB_MAX] = '\0';
	assert_false(rules_glob(glob, name, sizeof(name)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_mistake_is_refused_with_line_and_column),
	    cmocka_unit_test(all_complaints_of_a_file_are_told_up_to_twenty),
	    cmocka_unit_test(large_files_and_nuls_are_refused),
	    cmocka_unit_test(later_rules_win_and_a_project_wins_over_all),
	    cmocka_unit_test(function_file_and_module_are_matched_apart),
	    cmocka_unit_test(settings_hold_for_all_or_for_one_project),
	    cmocka_unit_test(each_answer_names_its_rule),
	    cmocka_unit_test(a_set_of_rules_is_named_by_what_it_says),
	    cmocka_unit_test(built_in_rules_know_the_roles),
	    cmocka_unit_test(globs_match_as_the_c_library_does),
	    cmocka_unit_test(a_glob_of_many_stars_is_no_trap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* lib/triage/frames and ignore: every form of a stack line, and which frames
 * do not count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/triage/frames.h"

static struct span
span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static struct frame
parse(const char *line)
{
	struct frame f;

	assert_true(frame_parse(&f, span_of(line)));
	return f;
}

static const char *
text_of(const char *line)
{
	static char out[TRIAGE_LINE_MAX];
	struct frame f = parse(line);

	frame_text(&f, "my_target", out);
	return out;
}

static void
assert_span(struct span s, const char *text)
{
	assert_int_equal(s.n, strlen(text));
	assert_memory_equal(s.p, text, s.n);
}

static void
a_symbolised_frame_has_function_file_and_line(void **state)
{
	struct frame f = parse("    #12 0x55c2 in uaf /src/my dir/t.c:12:81");

	(void)state;
	assert_int_equal(f.number, 12);
	assert_span(f.function, "uaf");
	assert_span(f.file, "/src/my dir/t.c");
	assert_int_equal(f.line, 12);
	assert_int_equal(f.module.n, 0);
}

static void
a_frame_without_lines_has_function_and_module(void **state)
{
	struct frame f = parse("    #0 0x7f in raise "
			       "(/lib/x86_64/libc.so.6+0x3c04f) (BuildId: 9a)");

	(void)state;
	assert_span(f.function, "raise");
	assert_span(f.module, "/lib/x86_64/libc.so.6");
	assert_int_equal(f.offset, 0x3c04f);
	assert_int_equal(f.file.n, 0);
}

static void
a_frame_without_symbols_is_named_by_module_and_offset(void **state)
{
	(void)state;
	assert_string_equal(
	    text_of("    #0 0x560d  (/bin/g+0x119aad) (BuildId: 9312)"),
	    "g+0x119aad");
	assert_string_equal(
	    text_of("    #0 0x560d  (/bin/g+0x119aad)"), "g+0x119aad");
	assert_string_equal(text_of("    #3 0x560d  /src/t.c:17"), "t.c:17");
}

static void
a_frame_of_tsan_has_no_address(void **state)
{
	struct frame f =
	    parse("    #0 th /src/m.c:7:27 (bin+0x10aee4) (BuildId: ab)");

	(void)state;
	assert_span(f.function, "th");
	assert_span(f.file, "/src/m.c");
	assert_int_equal(f.line, 7);
	assert_span(f.module, "bin");
}

static void
names_of_cxx_lose_arguments_and_decoration(void **state)
{
	/* clang-format off */
	static const struct {
		const char *frame, *text;
	} table[] = {
		{ "ns::f(int, char const*) /src/a.cc:1:2", "ns::f" },
		{ "ns::(anonymous namespace)::f(int) const /a.cc:1", "ns::f" },
		{ "non-virtual thunk to A::run() /src/a.cc:1:2", "A::run" },
		{ "A::operator()(int) const /src/a.cc:1:2", "A::operator()" },
		{ "bool operator<(A, B) /src/a.cc:1:2", "bool operator<" },
		{ "void f<int, char>(int) /src/a.cc:1:2",
		    "void f<int, char>" },
		{ "operator new(unsigned long) (/lib/x.so+0x12)",
		    "operator new" },
		{ "f(void (*)(int), int) /src/a (b)/c.cc:1:2", "f" },
		{ "plain /src/a (b)/c.c:1:2", "plain" },
		{ "copy.llvm.123456 /src/a.c:1", "copy" },
		{ "copy.constprop.0 /src/a.c:1", "copy" },
		{ "copy [clone .isra.0] /src/a.c:1", "copy" },
		{ "inflate_2048 /src/a.c:1", "inflate_2048" },
	};
	/* clang-format on */
	char line[256] = "    #0 0x55 in ";
	size_t i, n = strlen(line);

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		strcpy(line + n, table[i].frame);
		assert_string_equal(text_of(line), table[i].text);
	}
}

static void
file_and_function_are_told_apart(void **state)
{
	struct frame f =
	    parse("#0 0x1 in ns::f(std::pair<int, int>) const /src/a b.cc:3:4");

	(void)state;
	assert_span(f.function, "ns::f(std::pair<int, int>) const");
	assert_span(f.file, "/src/a b.cc");
	assert_int_equal(f.line, 3);
	f = parse("#0 0x1 in __libc_start_main csu/../csu/libc-start.c:360:3");
	assert_span(f.function, "__libc_start_main");
	assert_span(f.file, "csu/../csu/libc-start.c");
}

static void
the_entry_is_named_by_its_file(void **state)
{
	(void)state;
	assert_string_equal(
	    text_of("#1 0x5 in LLVMFuzzerTestOneInput /src/t.c:29:13"), "t.c");
	assert_string_equal(
	    text_of("#1 0x5 in LLVMFuzzerTestOneInput (/bin/t+0x12)"),
	    "my_target");
	assert_string_equal(
	    text_of("#1 0x5 in LLVMFuzzerInitialize /src/t.c:29:13"),
	    "t.c:LLVMFuzzerInitialize");
}

static void
a_line_of_80_characters_is_kept_and_81_are_cut(void **state)
{
	char line[256] = "#0 0x1 in ";
	size_t n = strlen(line);

	(void)state;
	memset(line + n, 'f', 200);
	strcpy(line + n + 200, " /a.c:1");
	assert_int_equal(strlen(text_of(line)), 80);
}

static void
what_is_no_frame_is_not_taken_for_one(void **state)
{
	static const char *const lines[] = {"", "#", "#x", "#1", "#1x", "1 0x5",
	    "0x602 is located", "# 1 0x5 in f", "#1 "};
	struct frame f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(frame_parse(&f, span_of(lines[i])));
}

/* clang-format off */
static void
frames_of_tools_and_libc_are_ignored(void **state)
{
	static const char *const lines[] = {
		"#0 0x5 in raise signal/../sysdeps/posix/raise.c:26:13",
		"#0 0x5 in __interceptor_memcpy (/bin/t+0x12)",
		"#0 0x5 in __asan_memset (/bin/t+0x12)",
		"#0 0x5 in malloc (/bin/t+0x12)",
		"#0 0x5 in operator new(unsigned long) (/bin/t+0x12)",
		"#0 0x5 in fuzzer::Fuzzer::RunOne(unsigned char const*) (/t+0x1)",
		"#0 0x5 in main /src/t.c:3",
		"#0 0x5 in _int_free malloc/./malloc/malloc.c:4469:5",
		"#0 0x5 in __memcpy_avx_unaligned_erms (/lib/libc.so.6+0x1)",
		"#0 0x5 in anything /usr/include/c++/12/bits/libc++/x.h:3",
		"#0 0x5  (/lib/x86_64-linux-gnu/libc.so.6+0x3c04f)",
		"#0 0x0  (<unknown module>)",
		"#0 0x5 in ExecuteFilesOnyByOne aflpp_driver.o",
	};
	struct frame f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		f = parse(lines[i]);
		assert_true(frame_ignored(&f));
	}
}

static void
honest_names_that_begin_like_libc_ones_count(void **state)
{
	static const char *const lines[] = {
		"#0 0x5 in free_tree /src/t.c:3",
		"#0 0x5 in main_loop /src/t.c:3",
		"#0 0x5 in newline /src/t.c:3",
		"#0 0x5 in delete_node /src/t.c:3",
		"#0 0x5 in exit_state /src/t.c:3",
		"#0 0x5 in raise_event /src/t.c:3",
		"#0 0x5 in logger_open /src/t.c:3",
		"#0 0x5 in f /src/raise/t.c:3",
		"#0 0x5  (/out/target+0x12)",
	};
	struct frame f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		f = parse(lines[i]);
		assert_false(frame_ignored(&f));
	}
}
/* clang-format on */

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_symbolised_frame_has_function_file_and_line),
	    cmocka_unit_test(a_frame_without_lines_has_function_and_module),
	    cmocka_unit_test(
		a_frame_without_symbols_is_named_by_module_and_offset),
	    cmocka_unit_test(a_frame_of_tsan_has_no_address),
	    cmocka_unit_test(names_of_cxx_lose_arguments_and_decoration),
	    cmocka_unit_test(file_and_function_are_told_apart),
	    cmocka_unit_test(the_entry_is_named_by_its_file),
	    cmocka_unit_test(a_line_of_80_characters_is_kept_and_81_are_cut),
	    cmocka_unit_test(what_is_no_frame_is_not_taken_for_one),
	    cmocka_unit_test(frames_of_tools_and_libc_are_ignored),
	    cmocka_unit_test(honest_names_that_begin_like_libc_ones_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

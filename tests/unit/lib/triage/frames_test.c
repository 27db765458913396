/* lib/triage/frames and frame_name: every form of a stack line, and what a
 * function is called. */
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

	if (!frame_parse(&f, span_of(line)))
		fail_msg("no frame: %s", line);
	return f;
}

static void
assert_span(struct span s, const char *text)
{
	if (!span_is(s, text))
		fail_msg("'%.*s' is not '%s'", (int)s.n, s.p, text);
}

/* clang-format off */
static const struct form {
	const char *text, *function, *file;
	uint64_t number, line, column;
	const char *module;
	uint64_t offset;
	const char *build_id;
} forms[] = {
	/* the sanitizers of clang and gcc */
	{ "    #12 0x55c2 in uaf /src/my dir/t.c:12:81", "uaf",
	    "/src/my dir/t.c", 12, 12, 81, "", 0, "" },
	{ "    #0 0x55 in f /src/t.c:7", "f", "/src/t.c", 0, 7, 0, "", 0, "" },
	{ "    #0 0x55 in f /src/t.c", "f", "/src/t.c", 0, 0, 0, "", 0, "" },
	{ "    #0 0x7f in raise (/lib/x86_64/libc.so.6+0x3c04f) (BuildId: 9a)",
	    "raise", "", 0, 0, 0, "/lib/x86_64/libc.so.6", 0x3c04f, "9a" },
	{ "    #1 0x7f in raise (/work/lease-7/bin/t+0x3c04f)",
	    "raise", "", 1, 0, 0, "t", 0x3c04f, "" },
	{ "    #0 0x560d  (/bin/g+0x119aad) (BuildId: 9312)", "", "",
	    0, 0, 0, "g", 0x119aad, "9312" },
	{ "    #0 0x560d  (/bin/g+0x119aad)", "", "", 0, 0, 0, "g", 0x119aad,
	    "" },
	{ "    #3 0x560d  /src/t.c:17", "", "/src/t.c", 3, 17, 0, "", 0, "" },
	{ "    #0 0x0  (<unknown module>)", "", "", 0, 0, 0,
	    "<unknown module>", 0, "" },
	{ "    #0 0x55 in LLVMFuzzerRunDriver aflpp_driver.o",
	    "LLVMFuzzerRunDriver", "aflpp_driver.o", 0, 0, 0, "", 0, "" },
	{ "#4 0x55 in bad() (.cfi) /src/a.cc:3:4", "bad() (.cfi)",
	    "/src/a.cc", 4, 3, 4, "", 0, "" },
	{ "#4 0x55 in f [clone .isra.0] /src/a.c:3", "f [clone .isra.0]",
	    "/src/a.c", 4, 3, 0, "", 0, "" },
	{ "#4 0x55 in f /src/a (b)/c.c:3:1", "f", "/src/a (b)/c.c", 4, 3, 1,
	    "", 0, "" },
	{ "#4 0x55 in f(void (*)(int), int) /src/a (b)/c.cc:3:1",
	    "f(void (*)(int), int)", "/src/a (b)/c.cc", 4, 3, 1, "", 0, "" },
	{ "#4 0x55 in int g<int, h()::$_0&, int>(x<int, int>, h()::$_0&) "
	    "/usr/include/a.h:3:1",
	    "int g<int, h()::$_0&, int>(x<int, int>, h()::$_0&)",
	    "/usr/include/a.h", 4, 3, 1, "", 0, "" },
	{ "#4 0x55 in a::f(int) const /src/a.cc:3:1", "a::f(int) const",
	    "/src/a.cc", 4, 3, 1, "", 0, "" },
	{ "#4 0x55 in f() const::{lambda(int)#1}::operator()(int) const a.cc:3",
	    "f() const::{lambda(int)#1}::operator()(int) const", "a.cc",
	    4, 3, 0, "", 0, "" },
	{ "#4 0x55 in a::operator/(int) /src/a.cc:3:1", "a::operator/(int)",
	    "/src/a.cc", 4, 3, 1, "", 0, "" },
	{ "#4 0x55 in operator new(unsigned long) (/b/t+0x1)",
	    "operator new(unsigned long)", "", 4, 0, 0, "t", 1, "" },
	{ "#4 0x55 in typeinfo name for ns::a (/b/t+0x1)",
	    "typeinfo name for ns::a", "", 4, 0, 0, "t", 1, "" },
	/* asked for all: stack_trace_format */
	{ "    #1 0x55 in f /src/a.cc:3:1 (/x/t+0xe4878) (BuildId: ab)", "f",
	    "/src/a.cc", 1, 3, 1, "t", 0xe4878, "ab" },
	{ "    #1 0x55 in f <null>:0:0 (t+0xe4878)", "f", "", 1, 0, 0, "t",
	    0xe4878, "" },
	/* ThreadSanitizer */
	{ "    #0 th /src/m.c:7:27 (bin+0x10aee4) (BuildId: ab)", "th",
	    "/src/m.c", 0, 7, 27, "bin", 0x10aee4, "ab" },
	{ "    #0 pthread_create <null> (tsan+0x8cdad)", "pthread_create", "",
	    0, 0, 0, "tsan", 0x8cdad, "" },
	{ "    #0 a::f(b const*, c) <null> (tsan+0x8)", "a::f(b const*, c)",
	    "", 0, 0, 0, "tsan", 8, "" },
	{ "    #1 <null> <null> (libstdc++.so.6+0xd44a2)", "", "",
	    1, 0, 0, "libstdc++.so.6", 0xd44a2, "" },
	/* gdb */
	{ "#0  0x0000555555555139 in main () at nul.c:1", "main", "nul.c",
	    0, 1, 0, "", 0, "" },
	{ "#1  foo (x=1, s=0x5 \"a (b) at c\") at dir/file.c:12", "foo",
	    "dir/file.c", 1, 12, 0, "", 0, "" },
	{ "#2  0x00007ffff in raise () from /lib/x86_64-linux-gnu/libc.so.6",
	    "raise", "", 2, 0, 0, "/lib/x86_64-linux-gnu/libc.so.6", 0, "" },
	{ "#3  <signal handler called>", "<signal handler called>", "",
	    3, 0, 0, "", 0, "" },
	{ "#4  0x0000555555555139 in ?? ()", "", "", 4, 0, 0, "", 0, "" },
	{ "#5  0x0000555555555139 in ?? () from /x/libz.so", "", "",
	    5, 0, 0, "libz.so", 0, "" },
	{ "#10 0x0000555555555139 in a::f<int>(int) const (this=0x5, n=1) at "
	    "a.cc:3", "a::f<int>(int) const", "a.cc", 10, 3, 0, "", 0, "" },
	{ "#0  __pthread_kill_implementation (threadid=<optimized out>, "
	    "signo=signo@entry=6) at ./nptl/pthread_kill.c:44",
	    "__pthread_kill_implementation", "./nptl/pthread_kill.c",
	    0, 44, 0, "", 0, "" },
	/* Rust */
	{ "   4: main::f", "main::f", "", 4, 0, 0, "", 0, "" },
	{ "   4:     0x55d8f8 - main::f::h0123456789abcdef",
	    "main::f::h0123456789abcdef", "", 4, 0, 0, "", 0, "" },
	{ "   4:     0x55d8f8 - <unknown>", "", "", 4, 0, 0, "", 0, "" },
	/* honggfuzz */
	{ " <0x0000555555555139> [func:main file:nul.c line:1 module:/bin/n]",
	    "main", "nul.c", 0, 1, 0, "n", 0, "" },
	{ " <0x0000555555555139> [func:UNKNOWN file: line:0 module:/bin/n]",
	    "", "", 0, 0, 0, "n", 0, "" },
};
/* clang-format on */

static void
every_form_of_a_stack_line_is_read(void **state)
{
	const struct form *x = forms;
	size_t n = sizeof(forms) / sizeof(forms[0]);

	(void)state;
	for (; n > 0; n--, x++) {
		struct frame f = parse(x->text);

		print_message("%s\n", x->text);
		assert_span(f.function, x->function);
		assert_span(f.file, x->file);
		assert_span(f.module, x->module);
		assert_span(f.build_id, x->build_id);
		assert_int_equal(f.number, x->number);
		assert_int_equal(f.line, x->line);
		assert_int_equal(f.column, x->column);
		assert_int_equal(f.offset, x->offset);
	}
}

static void
lines_that_are_no_frames_are_told(void **state)
{
	static const char *const lines[] = {"", " ", "#", "#x", "#1", "#1 ",
	    "#258\tREDUCE cov: 9", "# Check failed: x", "0x602 is located",
	    "<0x5>", "<0x5> func", "4:", "4: ", "at /src/a.c:3", "WRITE of"};
	struct frame f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (frame_parse(&f, span_of(lines[i])))
			fail_msg("a frame: '%s'", lines[i]);
}

static void
paths_lose_the_home_they_were_built_in(void **state)
{
	(void)state;
	assert_span(frame_path(span_of("/home/joe/png/a.c")), "png/a.c");
	assert_span(frame_path(span_of("/tmp/build.x/png/a.c")), "png/a.c");
	assert_span(frame_path(span_of("/root/png/a.c")), "png/a.c");
	assert_span(frame_path(span_of("/home/joe")), "joe");
	assert_span(frame_path(span_of("/src/a.c")), "/src/a.c");
	assert_span(frame_path(span_of("a.c")), "a.c");
}

static void
long_names_are_cut_where_it_hurts_least(void **state)
{
	char line[4096];
	struct frame f;
	size_t n;

	(void)state;
	n = strlen(strcpy(line, "#0 0x5 in "));
	memset(line + n, 'f', 1000);
	strcpy(line + n + 1000, " /");
	memset(line + n + 1002, 'd', 1000);
	strcpy(line + n + 2002, "/name.c:3:4");
	f = parse(line);
	assert_int_equal(f.function.n, FRAME_FUNCTION_MAX);
	assert_int_equal(f.file.n, FRAME_FILE_MAX);
	assert_true(span_ends(f.file, "/name.c"));
	assert_int_equal(f.line, 3);
}

/* clang-format off */
static const struct {
	const char *printed, *name;
} names[] = {
	{ "uaf", "uaf" },
	{ "inflate_2048", "inflate_2048" },
	{ "ns::f(int, char const*)", "ns::f" },
	{ "ns::(anonymous namespace)::f(int) const", "ns::f" },
	{ "(anonymous namespace)::f(int)", "f" },
	{ "non-virtual thunk to A::run()", "A::run" },
	{ "virtual thunk to A::run()", "A::run" },
	{ "void f<int, char>(int)", "f" },
	{ "std::vector<int, std::allocator<int> >::at(unsigned long)",
	    "std::vector::at" },
	{ "std::enable_if<__and_<A, B>::value, int>::type "
	    "std::__invoke_r<int, h()::$_0&>(h()::$_0&, int&&)",
	    "std::__invoke_r" },
	{ "std::_Function_handler<int (int), h()::$_0>::_M_invoke("
	    "std::_Any_data const&, int&&)",
	    "std::_Function_handler::_M_invoke" },
	{ "std::function<void (int)>::operator()(int) const",
	    "std::function::operator()" },
	{ "h()::$_0::operator()(int) const", "h::$_::operator()" },
	{ "h()::$_12::__invoke(int)", "h::$_::__invoke" },
	{ "a$_b", "a$_b" }, { "$_7", "$_" },
	{ "h(int)::{lambda(int)#1}::operator()(int) const",
	    "h::{lambda#1}::operator()" },
	{ "A::f() const::{lambda()#2}::operator()() const",
	    "A::f::{lambda#2}::operator()" },
	{ "A::operator()(int) const", "A::operator()" },
	{ "A::operator[](int)", "A::operator[]" },
	{ "bool operator<(A, B)", "operator<" },
	{ "bool operator< <int>(A<int>, B)", "operator<" },
	{ "std::ostream& operator<<(std::ostream&, A)", "operator<<" },
	{ "A::operator->() const", "A::operator->" },
	{ "A::operator bool() const", "A::operator bool" },
	{ "operator new(unsigned long)", "operator new" },
	{ "operator new[](unsigned long)", "operator new[]" },
	{ "operator delete[](void*)", "operator delete[]" },
	{ "my_operator(int)", "my_operator" },
	{ "typeinfo name for ns::a", "typeinfo name for ns::a" },
	{ "vtable for ns::a", "vtable for ns::a" },
	{ "<signal handler called>", "<signal handler called>" },
	{ "copy.llvm.123456", "copy" },
	{ "copy.constprop.0", "copy" },
	{ "copy.isra.0.cold", "copy" },
	{ "copy [clone .isra.0]", "copy" },
	{ "copy(int) (.cold)", "copy" },
	{ "copy (.cfi)", "copy" },
	{ "std::f[abi:cxx11](int)", "std::f" },
	{ "memcpy@plt", "memcpy" },
	{ "malloc@@GLIBC_2.2.5", "malloc" },
	{ "main::f::h0123456789abcdef", "main::f" },
	{ "main::main::{{closure}}", "main::main::{{closure}}" },
	{ "<alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index",
	    "<alloc::vec::Vec as core::ops::index::Index>::index" },
	{ "", "" },
	{ "f(", "f" },
	{ "f<", "f" },
	{ "operator", "operator" },
	{ ")>]", ")>]" },
};
/* clang-format on */

static void
names_lose_what_differs_between_copies_and_compilers(void **state)
{
	struct frame f;
	size_t i;

	(void)state;
	memset(&f, 0, sizeof(f));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		f.function = span_of(names[i].printed);
		print_message("%s\n", names[i].printed);
		assert_string_equal(frame_function(&f).text, names[i].name);
	}
}

static void
a_name_fits_its_space(void **state)
{
	static char text[FRAME_FUNCTION_MAX + 1];
	struct frame f;

	(void)state;
	memset(&f, 0, sizeof(f));
	memset(text, 'x', sizeof(text) - 1);
	f.function = span_of(text);
	assert_int_equal(strlen(frame_function(&f).text), FRAME_NAME_MAX - 1);
	f.function.n = FRAME_NAME_MAX - 1;
	assert_int_equal(strlen(frame_function(&f).text), FRAME_NAME_MAX - 1);
	memset(text, '<', sizeof(text) - 1);
	f.function = span_of(text);
	assert_true(strlen(frame_function(&f).text) < FRAME_NAME_MAX);
}

static void
gdb_shows_inlining_by_an_address_that_is_missing(void **state)
{
	(void)state;
	assert_true(frame_calls_inlined(span_of("#1  outer (p=0x5) at a.c:3")));
	assert_true(frame_calls_inlined(span_of("#11 outer (p=0x5) at a.c:3")));
	assert_false(
	    frame_calls_inlined(span_of("#0  inner (p=0x5) at a.c:3")));
	assert_false(frame_calls_inlined(
	    span_of("#1  0x0000555555555139 in outer (p=0x5) at a.c:3")));
	assert_false(frame_calls_inlined(span_of("#3  <signal handler "
						 "called>")));
	assert_false(frame_calls_inlined(
	    span_of("    #1 race /src/bugs.c:376:2 (tsan+0x10da3e)")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_form_of_a_stack_line_is_read),
	    cmocka_unit_test(lines_that_are_no_frames_are_told),
	    cmocka_unit_test(paths_lose_the_home_they_were_built_in),
	    cmocka_unit_test(long_names_are_cut_where_it_hurts_least),
	    cmocka_unit_test(
		names_lose_what_differs_between_copies_and_compilers),
	    cmocka_unit_test(a_name_fits_its_space),
	    cmocka_unit_test(gdb_shows_inlining_by_an_address_that_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

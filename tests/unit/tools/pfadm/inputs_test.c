/*
 * Which files are crashing inputs, in the folders that fuzzers leave behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "lib/base/fs.h"
#include "tools/pfadm/inputs.h"

static char top[] = "/tmp/pf-inputs.XXXXXX";

static int
make_top(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/pf-inputs.XXXXXX");
	return mkdtemp(top) == NULL ? -1 : 0;
}

static int
remove_top(void **state)
{
	struct err e;

	(void)state;
	return fs_remove_tree(AT_FDCWD, top, &e);
}

/* A file, and the folders above it. */
static void
file(const char *name)
{
	char path[512], *slash;
	struct err e;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(fs_make_dirs(AT_FDCWD, path, 0755, &e), 0);
	*slash = '/';
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

/* "taken taken -left" below "name", in order, without top. */
static void
expect(const char *name, const char *wanted)
{
	struct inputs in = {NULL, 0, 0};
	struct buf path = BUF_INIT, got = BUF_INIT;
	struct err e;
	size_t i;

	buf_printf(&path, "%s/%s", top, name);
	if (inputs_add(&in, path.data, &e) == -1)
		fail_msg("%s", e.text);
	for (i = 0; i < in.count; i++)
		buf_printf(&got, "%s%s%s", i > 0 ? " " : "",
		    in.list[i].skipped != NULL ? "-" : "",
		    in.list[i].path + strlen(top) + 1);
	assert_string_equal(buf_text(&got), wanted);
	inputs_release(&in);
	buf_release(&path);
	buf_release(&got);
}

static void
a_named_file_is_taken_whatever_it_is_called(void **state)
{
	(void)state;
	file("README.txt");
	file(".hidden");
	expect("README.txt", "README.txt");
	expect(".hidden", ".hidden");
}

static void
artifacts_of_libfuzzer_and_nothing_beside_them(void **state)
{
	(void)state;
	file("a/crash-0a1b");
	file("a/leak-2");
	file("a/oom-3");
	file("a/timeout-4");
	file("a/slow-unit-5");
	file("a/fuzz.log");
	file("a/target");
	file("a/.crash-6");
	file("a/crash-7.part");
	expect("a",
	    "-a/.crash-6 a/crash-0a1b -a/crash-7.part -a/fuzz.log a/leak-2 "
	    "a/oom-3 -a/slow-unit-5 -a/target a/timeout-4");
}

static void
crashes_of_afl_with_its_note_left_out(void **state)
{
	(void)state;
	file("c/README.txt");
	file("c/id:000000,sig:06,src:000000,op:havoc,rep:2");
	file("c/id:000001,sig:11");
	expect("c",
	    "-c/README.txt c/id:000000,sig:06,src:000000,op:havoc,rep:2 "
	    "c/id:000001,sig:11");
}

static void
a_whole_output_of_afl_gives_its_crashes_alone(void **state)
{
	(void)state;
	file("out/main/fuzzer_stats");
	file("out/main/plot_data");
	file("out/main/queue/id:000000,orig:seed");
	file("out/main/queue/.state/x");
	file("out/main/crashes/README.txt");
	file("out/main/crashes/id:000000,sig:06");
	file("out/main/crashes.2026-11-22/id:000000,sig:11");
	file("out/main/hangs/id:000000,src:1");
	file("out/second/fuzzer_stats");
	file("out/second/crashes/id:000000,sig:06");
	expect("out",
	    "-out/main/crashes/README.txt out/main/crashes/id:000000,sig:06 "
	    "out/main/crashes.2026-11-22/id:000000,sig:11 -out/main/hangs "
	    "out/second/crashes/id:000000,sig:06");
	expect("out/main/hangs", "out/main/hangs/id:000000,src:1");
}

static void
honggfuzz_leaves_its_report_beside(void **state)
{
	(void)state;
	file("h/HONGGFUZZ.REPORT.TXT");
	file("h/SIGSEGV.PC.5555.STACK.1.CODE.1.ADDR.0.INSTR.mov.fuzz");
	file("h/cov.log");
	expect("h",
	    "-h/HONGGFUZZ.REPORT.TXT "
	    "h/SIGSEGV.PC.5555.STACK.1.CODE.1.ADDR.0.INSTR.mov.fuzz "
	    "-h/cov.log");
}

static void
other_folders_are_taken_whole(void **state)
{
	(void)state;
	file("f/one");
	file("f/two.png");
	file("f/below/three");
	file("f/.git/config");
	expect("f", "f/below/three f/one f/two.png");
}

static void
links_and_pipes_are_left_out(void **state)
{
	char path[512];

	(void)state;
	file("l/one");
	snprintf(path, sizeof(path), "%s/l/away", top);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/l/round", top);
	assert_int_equal(symlink(".", path), 0);
	snprintf(path, sizeof(path), "%s/l/pipe", top);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect("l", "-l/away l/one -l/pipe -l/round");
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct inputs in = {NULL, 0, 0};
	struct err e;

	(void)state;
	assert_int_equal(inputs_add(&in, "/nowhere/at/all", &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	inputs_release(&in);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_top, remove_top)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_named_file_is_taken_whatever_it_is_called),
	    TEST(artifacts_of_libfuzzer_and_nothing_beside_them),
	    TEST(crashes_of_afl_with_its_note_left_out),
	    TEST(a_whole_output_of_afl_gives_its_crashes_alone),
	    TEST(honggfuzz_leaves_its_report_beside),
	    TEST(other_folders_are_taken_whole),
	    TEST(links_and_pipes_are_left_out),
	    TEST(what_is_not_there_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

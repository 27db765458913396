/* botd/engine/elf_calls: real programs, and bytes that are none. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "botd/engine/elf_calls.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "tests/unit/scratch.h"

#define FILE_MOST (64u << 20)
/* Small programs with three calls to __asan_report_*: see make-seeds.sh. */
#define FIXTURES "tests/fuzz/seeds/elf/"

static const char source[] =
    "#include <stdio.h>\n#include <stdlib.h>\n"
    "int main(int c, char **v) { int i, *p = malloc(40);\n"
    "for (i = 0; i < c; i++) p[i] = c;\n"
    "printf(\"%d\", p[c] + v[0][1]); return 0; }\n";

static void
read_facts(struct elf_facts *f, int at, const char *name, const char *runtime)
{
	struct buf bytes = BUF_INIT;

	assert_int_equal(fs_read_file(at, name, &bytes, FILE_MOST, NULL), 0);
	elf_calls(f, bytes.data, bytes.len, runtime);
	buf_release(&bytes);
}

static int
run(const char *fmt, ...)
{
	char command[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	return system(command); /* NOLINT(cert-env33-c) */
}

static void
build(struct scratch *s, const char *flags, struct elf_facts *f)
{
	scratch_file(s->fd, "p.c", source, strlen(source));
	assert_int_equal(
	    run("cd %s && %s -o p p.c && objdump -d p | grep -c -E "
		"'call.*<(_ZNK?6)?__asan' >count",
		s->path, flags),
	    0);
	read_facts(f, s->fd, "p", "asan");
}

static uint64_t
objdump_says(struct scratch *s)
{
	struct buf text = BUF_INIT;
	uint64_t n;

	assert_int_equal(fs_read_file(s->fd, "count", &text, 32, NULL), 0);
	n = strtoull(text.data, NULL, 10);
	buf_release(&text);
	return n;
}

static void
a_program_with_its_run_time_is_counted_as_by_objdump(void **state)
{
	struct scratch *s = *state;
	struct elf_facts f;

	build(s, "clang -O0 -fsanitize=address", &f);
	assert_true(f.is_elf && f.counted && f.whole);
	assert_true(f.calls > 1000);
	assert_int_equal(f.calls, objdump_says(s));
	assert_string_equal(f.why_not, "");
	read_facts(&f, s->fd, "p", "msan");
	assert_true(f.counted);
	assert_int_equal(f.calls, 0);
}

static void
calls_to_a_run_time_in_a_library_are_counted(void **state)
{
	static const char *const flags[] = {"", "-fno-plt",
	    "-fcf-protection=full -Wl,-z,ibtplt", "-no-pie -fno-pie",
	    "-Wl,-z,now"};
	struct scratch *s = *state;
	char command[128];
	struct elf_facts f;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		snprintf(command, sizeof(command),
		    "gcc -O0 -fsanitize=address %s", flags[i]);
		build(s, command, &f);
		assert_true(f.counted && !f.whole);
		assert_true(f.calls > 0);
		assert_int_equal(f.calls, objdump_says(s));
	}
}

static void
both_machines_are_read_on_either(void **state)
{
	static const struct {
		const char *name, *machine;
		bool whole, loader;
	} all[] = {
	    {FIXTURES "x86_64-static", "x86_64", true, false},
	    {FIXTURES "x86_64-library", "x86_64", false, true},
	    {FIXTURES "aarch64-static", "aarch64", true, false},
	    {FIXTURES "aarch64-library", "aarch64", false, true},
	};
	struct elf_facts f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		read_facts(&f, AT_FDCWD, all[i].name, "asan");
		assert_string_equal(f.machine, all[i].machine);
		assert_true(f.counted);
		assert_int_equal(f.whole, all[i].whole);
		assert_int_equal(f.loader[0] == '/', all[i].loader);
		if (f.calls != 3)
			fail_msg(
			    "%s: %ju calls", all[i].name, (uintmax_t)f.calls);
	}
}

static void
a_stripped_program_is_not_counted_and_says_so(void **state)
{
	struct scratch *s = *state;
	struct elf_facts f;

	scratch_file(s->fd, "p.c", source, strlen(source));
	assert_int_equal(run("cd %s && gcc -o p p.c", s->path), 0);
	read_facts(&f, s->fd, "p", "asan");
	assert_true(f.counted); /* it has symbols, and none of these */
	assert_int_equal(f.calls, 0);
	assert_int_equal(run("strip %s/p", s->path), 0);
	read_facts(&f, s->fd, "p", "asan");
	assert_false(f.counted);
	assert_string_equal(f.why_not, "stripped");
}

static void
without_a_run_time_only_the_head_is_read(void **state)
{
	struct elf_facts f;

	(void)state;
	read_facts(&f, AT_FDCWD, FIXTURES "aarch64-library", NULL);
	assert_string_equal(f.machine, "aarch64");
	assert_string_equal(f.loader, "/lib/ld-linux-aarch64.so.1");
	assert_false(f.counted);
}

static void
set_head(unsigned char *head, int class, int order, unsigned machine)
{
	memset(head, 0, 64);
	memcpy(head, ELFMAG, SELFMAG);
	head[EI_CLASS] = (unsigned char)class;
	head[EI_DATA] = (unsigned char)order;
	head[order == ELFDATA2MSB ? 19 : 18] = (unsigned char)machine;
}

static void
what_is_no_such_program_is_named(void **state)
{
	unsigned char head[64];
	struct elf_facts f;

	(void)state;
	elf_calls(&f, "#!/bin/sh\necho I am a script\n", 27, "asan");
	assert_false(f.is_elf || f.counted);
	elf_calls(&f, "", 0, "asan");
	assert_false(f.is_elf);
	set_head(head, ELFCLASS32, ELFDATA2LSB, EM_386);
	elf_calls(&f, head, sizeof(head), "asan");
	assert_string_equal(f.machine, "i386");
	assert_false(f.counted);
	set_head(head, ELFCLASS64, ELFDATA2MSB, EM_S390);
	elf_calls(&f, head, sizeof(head), "asan");
	assert_string_equal(f.machine, "s390x");
	set_head(head, ELFCLASS64, ELFDATA2LSB, 77);
	elf_calls(&f, head, sizeof(head), "asan");
	assert_string_equal(f.machine, "machine-77");
	assert_true(strstr(f.why_not, "x86-64") != NULL);
}

static void
a_program_cut_anywhere_ends_well(void **state)
{
	static const char *const names[] = {
	    FIXTURES "x86_64-static", FIXTURES "aarch64-library"};
	struct buf bytes = BUF_INIT;
	struct elf_facts f;
	size_t i, len;
	char *copy;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(
		    fs_read_file(AT_FDCWD, names[i], &bytes, FILE_MOST, NULL),
		    0);
		for (len = 0; len <= bytes.len; len++) {
			/* Of its own, so that a byte too far is seen. */
			copy = malloc(len + 1);
			memcpy(copy, bytes.data, len);
			elf_calls(&f, copy, len, "asan");
			assert_true(f.calls <= 3);
			free(copy);
		}
		assert_int_equal(f.calls, 3);
	}
	buf_release(&bytes);
}

/* 65,000 sections, each of them all of the file. */
static void
sections_over_each_other_are_not_read_again_and_again(void **state)
{
	const size_t n = 65000, len = 64 + n * sizeof(Elf64_Shdr);
	unsigned char *bytes = calloc(1, len);
	Elf64_Ehdr *head = (Elf64_Ehdr *)(void *)bytes;
	Elf64_Shdr *s = (Elf64_Shdr *)(void *)(bytes + 64);
	uint64_t before = clock_up_ms();
	struct elf_facts f;
	size_t i;

	(void)state;
	set_head(bytes, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	head->e_shoff = 64;
	head->e_shentsize = sizeof(*s);
	head->e_shnum = (Elf64_Half)n;
	for (i = 0; i < n; i++) {
		s[i].sh_type = i % 3 == 0 ? SHT_SYMTAB
		    : i % 3 == 1          ? SHT_PROGBITS
					  : SHT_RELA;
		s[i].sh_flags = SHF_EXECINSTR;
		s[i].sh_entsize = sizeof(Elf64_Sym);
		s[i].sh_size = len;
	}
	elf_calls(&f, bytes, len, "asan");
	assert_true(clock_up_ms() - before < 5000);
	free(bytes);
}

int
main(void)
{
	/* clang-format off */
#define SCRATCH(t) \
	cmocka_unit_test_setup_teardown(t, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    SCRATCH(a_program_with_its_run_time_is_counted_as_by_objdump),
	    SCRATCH(calls_to_a_run_time_in_a_library_are_counted),
	    cmocka_unit_test(both_machines_are_read_on_either),
	    SCRATCH(a_stripped_program_is_not_counted_and_says_so),
	    cmocka_unit_test(without_a_run_time_only_the_head_is_read),
	    cmocka_unit_test(what_is_no_such_program_is_named),
	    cmocka_unit_test(a_program_cut_anywhere_ends_well),
	    cmocka_unit_test(
		sections_over_each_other_are_not_read_again_and_again),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/engine/elf_calls", tests, NULL, NULL);
}

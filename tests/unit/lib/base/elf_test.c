/*
 * lib/base/elf: this program's own file, whole and cut; heads that claim more
 * than there is.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/elf.h"
#include "lib/base/fs.h"

static int
setup(void **state)
{
	static struct buf self;
	char path[4096];
	struct err e;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	*state = &self;
	if (n <= 0)
		return -1;
	path[n] = '\0';
	return fs_read_file(AT_FDCWD, path, &self, (size_t)64 << 20, &e);
}

static int
teardown(void **state)
{
	buf_release(*state);
	return 0;
}

static void
a_program_names_its_loader(void **state)
{
	const struct buf *self = *state;
	char loader[64] = "";
	Elf64_Phdr p;
	struct elf e;
	unsigned i;

	assert_true(elf_open(&e, self->data, self->len));
	for (i = 0; elf_segment(&e, i, &p); i++)
		if (p.p_type == PT_INTERP)
			assert_true(
			    elf_text(&e, p.p_offset, loader, sizeof(loader)));
	assert_int_equal(i, e.head.e_phnum);
	assert_non_null(strstr(loader, "/ld-"));
	assert_false(elf_text(&e, 0, loader, 1));
}

static void
what_is_no_such_file_is_not_opened(void **state)
{
	const struct buf *self = *state;
	char head[sizeof(Elf64_Ehdr)];
	struct elf e;

	assert_false(elf_open(&e, NULL, 0));
	assert_false(elf_open(&e, self->data, sizeof(head) - 1));
	memcpy(head, self->data, sizeof(head));
	assert_true(elf_open(&e, head, sizeof(head)));
	head[EI_CLASS] = ELFCLASS32;
	assert_false(elf_open(&e, head, sizeof(head)));
	head[EI_CLASS] = ELFCLASS64;
	head[EI_DATA] = ELFDATA2MSB;
	assert_false(elf_open(&e, head, sizeof(head)));
	head[0] = 'x';
	assert_false(elf_open(&e, head, sizeof(head)));
}

static void
places_outside_of_the_file_are_not_there(void **state)
{
	const struct buf *self = *state;
	char text[8];
	Elf64_Ehdr head;
	Elf64_Phdr p;
	struct elf e;

	memcpy(&head, self->data, sizeof(head));
	assert_true(elf_open(&e, &head, sizeof(head)));
	assert_non_null(elf_at(&e, sizeof(head), 0));
	assert_null(elf_at(&e, sizeof(head), 1));
	assert_null(elf_at(&e, UINT64_MAX, 2));
	assert_null(elf_at(&e, 2, UINT64_MAX));
	assert_false(elf_segment(&e, 0, &p)); /* behind the end */
	e.head.e_phoff = UINT64_MAX - 8;
	assert_false(elf_segment(&e, 1, &p));
	e.head.e_phoff = 0;
	assert_true(elf_segment(&e, 0, &p));
	e.head.e_phentsize--;
	assert_false(elf_segment(&e, 0, &p));
	assert_false(elf_text(&e, sizeof(head), text, sizeof(text)));
	memset((char *)&head + 60, 'x', 4); /* a text that does not end */
	assert_false(elf_text(&e, 60, text, sizeof(text)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_program_names_its_loader),
	    cmocka_unit_test(what_is_no_such_file_is_not_opened),
	    cmocka_unit_test(places_outside_of_the_file_are_not_there),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/elf", tests, setup, teardown);
}

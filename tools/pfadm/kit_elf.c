/*
 * What the loader will look for: the dynamic section of an ELF file.  The
 * file comes from a build, and a build from anybody: see lib/base/elf.h.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <string.h>

#include "lib/base/elf.h"
#include "lib/base/text.h"
#include "tools/pfadm/kit_elf.h"

/* Those of real programs are dozens; each is looked for in the others. */
#define SEGMENTS_MOST 128
#define DYNAMIC_MOST  4096

/* Where in the file does the byte of this address stand? */
static bool
place_of(const struct elf *m, uint64_t address, uint64_t *offset)
{
	Elf64_Phdr p;
	unsigned i;

	for (i = 0; elf_segment(m, i, &p); i++)
		if (p.p_type == PT_LOAD && address >= p.p_vaddr &&
		    address - p.p_vaddr < p.p_filesz) {
			*offset = p.p_offset + (address - p.p_vaddr);
			return true;
		}
	return false;
}

static bool
get_dynamic(const struct elf *m, const Elf64_Phdr *p, uint64_t i, Elf64_Dyn *d)
{
	return i < p->p_filesz / sizeof(*d) && p->p_offset <= m->len &&
	    elf_get(m, p->p_offset + i * sizeof(*d), d, sizeof(*d)) &&
	    d->d_tag != DT_NULL;
}

static void
read_dynamic(struct kit_elf *elf, const struct elf *m, const Elf64_Phdr *p)
{
	uint64_t i, strings = 0;
	bool found = false;
	Elf64_Dyn d;

	for (i = 0; get_dynamic(m, p, i, &d); i++)
		if (d.d_tag == DT_STRTAB)
			found = place_of(m, d.d_un.d_ptr, &strings);
	if (!found)
		return;
	for (i = 0; get_dynamic(m, p, i, &d); i++) {
		if (d.d_un.d_val > m->len)
			continue;
		if (d.d_tag == DT_NEEDED && elf->count < KIT_NEEDS &&
		    elf_text(m, strings + d.d_un.d_val, elf->needs[elf->count],
			sizeof(elf->needs[0])))
			elf->count++;
		else if (d.d_tag == DT_RUNPATH ||
		    (d.d_tag == DT_RPATH && elf->path[0] == '\0'))
			(void)elf_text(m, strings + d.d_un.d_val, elf->path,
			    sizeof(elf->path));
	}
}

void
kit_elf_parse(struct kit_elf *elf, const void *bytes, size_t len)
{
	Elf64_Phdr p;
	struct elf m;
	unsigned i;

	memset(elf, 0, sizeof(*elf));
	if (!elf_open(&m, bytes, len))
		return;
	elf->is_elf = true;
	elf->machine = m.head.e_machine;
	for (i = 0; elf_segment(&m, i, &p); i++)
		if (p.p_type == PT_INTERP)
			(void)elf_text(
			    &m, p.p_offset, elf->loader, sizeof(elf->loader));
		else if (p.p_type == PT_DYNAMIC)
			read_dynamic(elf, &m, &p);
}

int
kit_elf_read(struct kit_elf *elf, int fd, struct err *e)
{
	struct stat st;
	void *map;

	memset(elf, 0, sizeof(*elf));
	if (fstat(fd, &st) == -1)
		return err_sys(e, "cannot read a program");
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return err_sys(e, "cannot read a program");
	kit_elf_parse(elf, map, (size_t)st.st_size);
	(void)munmap(map, (size_t)st.st_size);
	return 0;
}

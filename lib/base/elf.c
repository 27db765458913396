/* ELF files, bounded: see elf.h. */
#include <string.h>

#include "lib/base/elf.h"
#include "lib/base/text.h"

const unsigned char *
elf_at(const struct elf *e, uint64_t offset, uint64_t n)
{
	if (offset > e->len || n > e->len - offset)
		return NULL;
	return e->bytes + offset;
}

bool
elf_get(const struct elf *e, uint64_t offset, void *to, size_t n)
{
	const unsigned char *p = elf_at(e, offset, n);

	if (p != NULL)
		memcpy(to, p, n);
	return p != NULL;
}

bool
elf_open(struct elf *e, const void *bytes, size_t len)
{
	*e = (struct elf){.bytes = bytes, .len = len};
	return len >= sizeof(e->head) && memcmp(bytes, ELFMAG, SELFMAG) == 0 &&
	    e->bytes[EI_CLASS] == ELFCLASS64 &&
	    e->bytes[EI_DATA] == ELFDATA2LSB &&
	    elf_get(e, 0, &e->head, sizeof(e->head));
}

bool
elf_segment(const struct elf *e, unsigned i, Elf64_Phdr *p)
{
	return i < e->head.e_phnum && e->head.e_phentsize == sizeof(*p) &&
	    e->head.e_phoff <= e->len &&
	    elf_get(
		e, e->head.e_phoff + (uint64_t)i * sizeof(*p), p, sizeof(*p));
}

bool
elf_text(const struct elf *e, uint64_t offset, char *out, size_t size)
{
	const unsigned char *from = elf_at(e, offset, 1);

	return from != NULL && memchr(from, '\0', e->len - offset) != NULL &&
	    text_copy(out, size, (const char *)from);
}

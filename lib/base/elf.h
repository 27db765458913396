#ifndef LIB_BASE_ELF_H
#define LIB_BASE_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A program's file as bytes of a stranger's: 64 bits, little end first, as all
 * machines have it that fuzz.  Every offset in it is a claim, so everything is
 * read through elf_at() and elf_get(), and a place outside of the file is as if
 * it were not there.
 */
struct elf {
	const unsigned char *bytes;
	uint64_t len;
	Elf64_Ehdr head;
};

/* False when it is no such file; "e" borrows the bytes in any case, and has
 * no head then. */
bool elf_open(struct elf *e, const void *bytes, size_t len);

/* "n" bytes of the file, or NULL. */
const unsigned char *elf_at(const struct elf *e, uint64_t offset, uint64_t n);
bool elf_get(const struct elf *e, uint64_t offset, void *to, size_t n);

/* The i-th program header; false behind the last. */
bool elf_segment(const struct elf *e, unsigned i, Elf64_Phdr *p);

/* Copies a text that ends in the file; false when it does not, or is cut. */
bool elf_text(const struct elf *e, uint64_t offset, char *out, size_t size);

#endif

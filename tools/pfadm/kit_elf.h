#ifndef TOOLS_PFADM_KIT_ELF_H
#define TOOLS_PFADM_KIT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * Which libraries a program or library asks for, read from its file without
 * running it.  Total over any bytes.
 */
#define KIT_NEEDS 128

struct kit_elf {
	bool is_elf; /* of 64 bits, little end first: others are not read */
	uint16_t machine;
	char loader[256];           /* PT_INTERP; "" for libraries and static */
	char needs[KIT_NEEDS][256]; /* DT_NEEDED */
	int count;
	char path[1024]; /* DT_RUNPATH or DT_RPATH */
};

void kit_elf_parse(struct kit_elf *elf, const void *bytes, size_t len);

/* 0, or -1 when the file cannot be read; one that is no ELF is not an error. */
int kit_elf_read(struct kit_elf *elf, int fd, struct err *e);

#endif

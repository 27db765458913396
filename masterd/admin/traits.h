#ifndef MASTERD_ADMIN_TRAITS_H
#define MASTERD_ADMIN_TRAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wire/manifest.h"
#include "masterd/db/builds.h"

/*
 * What the bytes of a build's file tell: the master decides by them which
 * files are targets, and never runs one (PROTOCOL 34).  The numbers are kept
 * in the database (build_file.traits): they are added to, never changed.
 */
enum {
	TRAIT_SEEN = 1,      /* the file was looked at */
	TRAIT_ELF = 2,       /* begins as an ELF file */
	TRAIT_ENTRY = 4,     /* LLVMFuzzerTestOneInput, ...RunDriver */
	TRAIT_LIBFUZZER = 8, /* libFuzzer's runtime */
	TRAIT_AFL = 16,
	TRAIT_HONGGFUZZ = 32,
	TRAIT_ASAN = 64,
	TRAIT_MSAN = 128,
	TRAIT_TSAN = 256,
	TRAIT_UBSAN = 512,
	TRAIT_SCRIPT = 1024 /* begins with "#!" */
	/* From bit 16 on the machine of an ELF file, its e_machine. */
};
#define TRAIT_MACHINE 16

/*
 * Looks at a file as it passes by, in pieces of any size.  Words are only
 * looked for in programs and scripts: no other file can be a target.
 */
#define TRAITS_TAIL 63
#define TRAITS_HEAD 20
struct traits_scan {
	uint32_t traits;
	size_t tail_len;
	char tail[TRAITS_TAIL]; /* a word may lie across two pieces */
	uint8_t head[TRAITS_HEAD];
	uint64_t seen;
};

void traits_init(struct traits_scan *s);
void traits_add(struct traits_scan *s, const void *bytes, size_t len);

/*
 * NULL when "f" looks like a fuzz target, whatever its engine, and then "name"
 * is its name; else why it is none: "is no ELF program".
 */
const char *traits_verdict(const struct ticket_file *f, uint32_t traits,
    char name[TARGET_MAX_LEN + 1]);

/* Is "path" the dictionary, the options, the seeds ... of the target whose
 * program is "program"? */
bool traits_side_file(const char *path, const char *program);

const char *traits_engine(uint32_t traits);    /* "libfuzzer", or NULL */
const char *traits_sanitizer(uint32_t traits); /* "address", "none" ... */
const char *traits_arch(uint32_t traits);      /* as uname -m, or "" */

#endif

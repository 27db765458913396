#ifndef MASTERD_ADMIN_TRAITS_H
#define MASTERD_ADMIN_TRAITS_H

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
	TRAIT_UBSAN = 512
};

/* Looks at a file as it passes by, in pieces of any size. */
#define TRAITS_TAIL 63
struct traits_scan {
	uint32_t traits;
	size_t tail_len;
	char tail[TRAITS_TAIL]; /* a word may lie across two pieces */
	uint64_t seen;
};

void traits_init(struct traits_scan *s);
void traits_add(struct traits_scan *s, const void *bytes, size_t len);

/*
 * NULL when "f" is a fuzz target, and then "name" is its name; else why it is
 * not: "is no ELF program".
 */
const char *traits_verdict(const struct ticket_file *f, uint32_t traits,
    char name[TARGET_MAX_LEN + 1]);

const char *traits_engine(uint32_t traits);    /* "libfuzzer", or NULL */
const char *traits_sanitizer(uint32_t traits); /* "address", "none" ... */

#endif

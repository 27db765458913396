#ifndef BOTD_ENGINE_ELF_CALLS_H
#define BOTD_ENGINE_ELF_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a program's file says of itself, read without running it: for which
 * machine it is, by which loader it is started, and how often its code calls
 * a sanitizer's run-time, as OSS-Fuzz counts them in a disassembly.  Total
 * over any bytes; reads each of them a few times at most.
 */
struct elf_facts {
	bool is_elf;
	char machine[16]; /* as uname has it, "x86_64"; "machine-40" */
	char loader[256]; /* of a dynamic program, else "" */
	bool counted;
	uint64_t calls;
	bool whole;       /* with the run-time's own: thresholds hold */
	char why_not[48]; /* it was not counted; "" when it was */
};

/*
 * "runtime" is the name of the run-time, "asan", "msan" or "ubsan"; NULL: the
 * head of the file is read and nothing is counted.
 */
void elf_calls(
    struct elf_facts *f, const void *bytes, size_t len, const char *runtime);

#endif

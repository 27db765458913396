/*
 * A bad build: crashes before any fuzzing, in LLVMFuzzerInitialize() with
 * -DCRASH_IN_INITIALIZE, else on the empty input that libFuzzer tries first.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef CRASH_IN_INITIALIZE
int LLVMFuzzerInitialize(int *argc, char ***argv);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argv;
	if (*argc > 0)
		abort();
	return 0;
}
#endif

static volatile int touched;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
#ifndef CRASH_IN_INITIALIZE
	if (size == 0)
		abort();
#endif
	if (size > 0)
		touched = data[0];
	return 0;
}

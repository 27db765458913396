/*
 * botd/engine/elf_calls over any bytes: what a stranger's program says of
 * itself.  Counted twice it is the same, and never more calls than bytes.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "botd/engine/elf_calls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const runtimes[] = {"asan", "msan", "ubsan", NULL};
	struct elf_facts f, again;
	size_t i;

	for (i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		elf_calls(&f, data, size, runtimes[i]);
		elf_calls(&again, data, size, runtimes[i]);
		assert(f.calls == again.calls && f.calls <= size * 8);
		assert(memchr(f.loader, '\0', sizeof(f.loader)) != NULL);
		assert(f.counted == (f.why_not[0] == '\0'));
		assert(f.is_elf || (!f.counted && f.machine[0] == '\0'));
		assert(!f.whole || f.counted);
		assert(runtimes[i] != NULL || !f.counted);
	}
	return 0;
}

/*
 * botd/engine/elf_calls and tools/pfadm/kit_elf over any bytes: what a
 * stranger's program says of itself.  Counted twice it is the same, and never
 * more calls than bytes.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "botd/engine/elf_calls.h"
#include "tools/pfadm/kit_elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const runtimes[] = {"asan", "msan", "ubsan", NULL};
	struct elf_facts f, again;
	struct kit_elf kit;
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
	kit_elf_parse(&kit, data, size);
	assert(kit.count >= 0 && kit.count <= KIT_NEEDS);
	assert(memchr(kit.loader, '\0', sizeof(kit.loader)) != NULL);
	assert(memchr(kit.path, '\0', sizeof(kit.path)) != NULL);
	return 0;
}

/* Fuzz target over our chunked image parser (chunks.h). */
#include <stddef.h>
#include <stdint.h>

#include "tests/targets/chunks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chunks_summary s;

	chunks_parse(&s, data, size);
	return 0;
}

/* Fuzz target over Debian's jsmn: the same text through its three modes. */
#include <stddef.h>
#include <stdint.h>

int jsmn_loose(const char *text, size_t len);
int jsmn_strict(const char *text, size_t len);
int jsmn_linked(const char *text, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile int result;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	result = jsmn_loose(text, size);
	result += jsmn_strict(text, size);
	result += jsmn_linked(text, size);
	return 0;
}

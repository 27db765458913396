/*
 * Any bytes are what a hook wrote: an address comes out that can stand in a
 * page, a table and a log, or none.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/hooks/issue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT;
	char url[ISSUE_MAX + 1];
	size_t i;

	buf_add(&text, data, size);
	buf_add(&text, "", 1);
	if (issue_find(text.data, url)) {
		assert(strlen(url) <= ISSUE_MAX);
		assert(strncmp(url, "http://", 7) == 0 ||
		    strncmp(url, "https://", 8) == 0);
		for (i = 0; url[i] != '\0'; i++)
			assert(url[i] > ' ' && url[i] < 0x7f);
		assert(strpbrk(url, "\"'<>") == NULL);
		assert(strstr(text.data, url) != NULL);
	}
	buf_release(&text);
	return 0;
}

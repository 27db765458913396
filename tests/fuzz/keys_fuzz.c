/*
 * The list of keys that an unprivileged master leaves for root: whatever it
 * writes, what comes out is keys, words and names of projects.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/wire/ids.h"
#include "tools/pf-account/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_projects(const char *text)
{
	char name[NAME_MAX_LEN + 2];
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == ',')) {
		n = strcspn(text, ",");
		assert(n <= NAME_MAX_LEN);
		memcpy(name, text, n);
		name[n] = '\0';
		assert(name_ok(name));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf left_out = BUF_INIT;
	struct keys k;

	if (keys_parse(&k, (const char *)data, size, &left_out, NULL) == 0) {
		assert(k.kind < KIND_COUNT);
		assert(k.state == KEYS_ACTIVE || k.state == KEYS_DISABLED);
		assert(k.state == KEYS_ACTIVE || k.count == 0);
		assert(k.count <= KEYS_MAX && !k.master && !k.ending);
		check_projects(buf_text(&k.projects));
		keys_release(&k);
	}
	buf_release(&left_out);
	return 0;
}

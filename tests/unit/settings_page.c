/* Manual pages of settings against their tables of keys. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/config_internal.h"
#include "lib/base/fs.h"
#include "tests/unit/settings_page.h"

static void
add_accepted(struct buf *out, const struct config_key *key)
{
	size_t i;

	if (key->words != NULL && key->type != CONFIG_U64)
		buf_adds(out, ": one of");
	for (i = 0; key->words != NULL && key->words[i] != NULL; i++)
		if (key->type != CONFIG_U64)
			buf_printf(out, " %s", key->words[i]);
	if (key->min != 0 || key->max != 0) {
		buf_adds(out, key->max == 0 ? " from " : " ");
		config_number_text(key->type, key->min, out);
	}
	if (key->max != 0) {
		buf_adds(out, " to ");
		config_number_text(key->type, key->max, out);
	}
	if (key->words != NULL && key->type == CONFIG_U64)
		buf_printf(out, " or %s", key->words[0]);
}

/* ".It Ic leases.lost No duration 100ms to 7d, default Li 5m , reloadable" */
static void
add_item(struct buf *out, const struct config_key *key, const void *values)
{
	struct buf value = BUF_INIT;

	config_value_text(key, values, &value);
	buf_printf(
	    out, ".It Ic %s No %s", key->name, config_type_word(key->type));
	add_accepted(out, key);
	buf_printf(out, ", default Li %s , %s\n",
	    strcmp(value.data, "\"\"") == 0 ? "\\(dq\\(dq" : value.data,
	    key->restart ? "needs a restart" : "reloadable");
	buf_release(&value);
}

/* The page's items of keys, without what stands between. */
static void
keep_items(struct buf *page)
{
	struct buf items = BUF_INIT;
	const char *line = buf_text(page), *end;

	for (; *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		end += *end == '\n';
		if (strncmp(line, ".It Ic ", 7) == 0)
			buf_add(&items, line, (size_t)(end - line));
	}
	buf_release(page);
	*page = items;
}

void
assert_page_equals_table(const char *path, const struct config_table *table)
{
	void *values = mem_alloc(table->size);
	struct buf want = BUF_INIT, page = BUF_INIT;
	struct err e;
	size_t i;

	if (fs_read_file(AT_FDCWD, path, &page, 1 << 20, &e) == -1)
		fail_msg("%s", e.text);
	keep_items(&page);
	config_defaults(table, values);
	for (i = 0; i < table->count; i++)
		add_item(&want, &table->keys[i], values);
	assert_string_equal(buf_text(&page), buf_text(&want));
	config_release(table, values);
	free(values);
	buf_release(&want);
	buf_release(&page);
}

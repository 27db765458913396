/*
 * lib/base/config over any bytes: a tree keeps what the header promises, and
 * settings that were taken can be printed and read again.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/config.h"
#include "lib/base/config_retry.h"
#include "lib/base/config_tree.h"
#include "lib/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct settings {
	char *name;
	uint64_t slots, wait, size, factor;
	bool keep;
	int link;
	char **tags, **errors;
	struct config_share share;
	struct config_retry retry;
};

static const char *const links[] = {"sftp", "dir", NULL};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct config_key keys[] = {
	{ "name", CONFIG_STRING, AT(name), "b1", NULL, 0, 0, false },
	{ "slots", CONFIG_U64, AT(slots), "2", NULL, 1, 64, false },
	{ "a.wait", CONFIG_DURATION, AT(wait), "30s", NULL, 0, 0, false },
	{ "a.size", CONFIG_SIZE, AT(size), "1GiB", NULL, 0, 0, false },
	{ "a.b.factor", CONFIG_FACTOR, AT(factor), "1.5", NULL, 0, 0, false },
	{ "keep", CONFIG_BOOL, AT(keep), "yes", NULL, 0, 0, false },
	{ "link", CONFIG_ENUM, AT(link), "dir", links, 0, 0, false },
	{ "tags", CONFIG_LIST, AT(tags), "a, b", NULL, 0, 0, false },
	{ "share", CONFIG_SHARE, AT(share), "5%/1GiB", NULL, 0, 0, false },
	{ "errors", CONFIG_LIST, AT(errors), "again", config_retry_classes,
	    0, 0, false },
	CONFIG_RETRY_KEYS("retry", struct settings, retry, "3", "1s", "5m"),
};
/* clang-format on */

static const struct config_table table = {.program = "fuzz",
    .keys = keys,
    .count = sizeof(keys) / sizeof(keys[0]),
    .size = sizeof(struct settings)};

/* Returns the number of nodes. */
static int
walk(const struct config_node *n, int level)
{
	enum config_node_type type = config_node_type(n);
	const struct config_node *item;
	int i, nodes = 1;

	assert(level <= 9);
	assert((type == CONFIG_NODE_TEXT) == (config_node_text(n) != NULL));
	assert(type != CONFIG_NODE_TEXT || config_node_count(n) == 0);
	if (config_node_nothing(n))
		assert(config_node_text(n)[0] == '\0');
	for (i = 0; i < config_node_count(n); i++) {
		item = config_node_at(n, i);
		assert((type == CONFIG_NODE_MAP) ==
		    (config_node_key(n, i) != NULL));
		if (type == CONFIG_NODE_MAP)
			assert(
			    config_node_get(n, config_node_key(n, i)) == item);
		nodes += walk(item, level + 1);
	}
	assert(config_node_at(n, i) == NULL);
	return nodes;
}

static void
try_tree(const char *bytes, size_t size)
{
	struct config_tree *t = config_tree_parse("t.yaml", bytes, size);
	const struct config_node *root = config_tree_root(t);
	const char *says;

	if (root == NULL) {
		assert(config_tree_complaints(t) != NULL);
	} else {
		assert(config_node_type(root) == CONFIG_NODE_MAP);
		assert(walk(root, 1) <= 4096);
		config_tree_complain(t, root, 1, "%s", "here");
	}
	says = config_tree_complaints(t);
	assert(says != NULL && strncmp(says, "t.yaml:", 7) == 0);
	assert(text_is_utf8(says, strlen(says)));
	config_tree_free(t);
}

static void
try_settings(const char *bytes, size_t size)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct settings s, again;
	char *complaints;

	config_defaults(&table, &s);
	if (config_read_text("f.yaml", bytes, size, &table, &s, &complaints) ==
	    -1) {
		assert(complaints[0] != '\0');
		assert(text_is_utf8(complaints, strlen(complaints)));
		free(complaints);
		assert(s.slots == 2);
		config_release(&table, &s);
		return;
	}
	config_print(&table, &s, NULL, &once);
	config_defaults(&table, &again);
	/* Escapes may make it longer than what is read. */
	if (once.len <= 65536) {
		assert(config_read_text("p.yaml", once.data, once.len, &table,
			   &again, &complaints) == 0);
		config_print(&table, &again, NULL, &twice);
		assert(once.len == twice.len);
		assert(memcmp(once.data, twice.data, once.len) == 0);
	}
	config_release(&table, &again);
	config_release(&table, &s);
	buf_release(&once);
	buf_release(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_tree((const char *)data, size);
	try_settings((const char *)data, size);
	return 0;
}

#ifndef LIB_BASE_CONFIG_INTERNAL_H
#define LIB_BASE_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/config.h"
#include "lib/base/config_tree.h"
#include "lib/base/err.h"

/* Between config.c (keys and values) and config_yaml.c (files) only. */

/* A value on its way from text to the struct. */
struct config_value {
	bool set;
	bool flag;
	int word;
	uint64_t number;
	char *text;
	char **list;
};

/* Text to value; -1 with a sentence that does not name the key. */
int config_parse(const struct config_key *key, const char *text,
    struct config_value *v, struct err *e);
void config_value_release(struct config_value *v);

/* Append one item to a list value. */
void config_list_add(struct config_value *v, const char *text, size_t len);

/* Put the value into the struct, which takes what it points to. */
void config_store(
    const struct config_key *key, struct config_value *v, void *out);

/* Index of a key, -1: none. */
int config_find(const struct config_key *keys, size_t count, const char *name);

/* The key that somebody may have meant, or NULL. */
const char *config_nearest(
    const struct config_key *keys, size_t count, const char *name);

struct config_place {
	size_t line, column; /* from 1 */
};

struct config_node {
	enum config_node_type type;
	bool nothing;
	char *text; /* TEXT */
	char *key;  /* of a mapping's value */
	struct config_place at, key_at;
	struct config_node **items;
	int count;
};

/* Append "text" to "out" with ${VAR} and ${VAR:-default} replaced. */
int config_expand(struct buf *out, const char *text, struct err *e);

#endif

#ifndef LIB_BASE_CONFIG_INTERNAL_H
#define LIB_BASE_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/config.h"
#include "lib/base/config_tree.h"
#include "lib/base/err.h"

/* Between the files of lib/base/config*.c only. */

/* A value on its way from text to the struct. */
struct config_value {
	bool set;  /* it was said */
	bool good; /* and is worth storing */
	bool flag;
	int word;
	uint64_t number;
	struct config_share share;
	char *text;
	char **list;
	size_t line; /* of the file that says it */
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

/* A list may hold these items. */
int config_check_items(
    const struct config_key *key, const struct config_value *v, struct err *e);

/* From struct to struct; what "to" held is freed, "from" is left empty. */
void config_move(const struct config_key *key, void *from, void *to);

/* "1h", "64MiB", "17": in the largest unit that says it exactly. */
void config_number_text(enum config_type type, uint64_t value, struct buf *out);

/*
 * Judge a whole file or text: values[i].set tells which keys it has.  Adds
 * complaints; -1 when it cannot be read at all.
 */
int config_read_values(const char *path, const struct config_table *t,
    struct config_value *values, struct buf *complaints, struct err *e);

/* Index of a key, -1: none. */
int config_find(const struct config_table *t, const char *name);

/* The key that somebody may have meant, or NULL. */
const char *config_nearest(const struct config_table *t, const char *name);

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

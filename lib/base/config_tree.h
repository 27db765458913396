#ifndef LIB_BASE_CONFIG_TREE_H
#define LIB_BASE_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

/*
 * A YAML document whose keys are not known beforehand, as templates of jobs
 * are: mappings, lists and text, each with its place.  ${VAR} and
 * ${VAR:-default} are replaced as in config.h.  Aliases, anchors, tags, a key
 * twice, more than 64 KiB, 8 levels or 4,096 values are refused: no bomb fits.
 * A value with a complaint is left out of the tree, the others are in it.
 *
 * Whoever reads a tree adds its own complaints, so that a person sees them all
 * at once, each as "templates.yaml:3:7: ...".
 */
struct config_tree;
struct config_node;

enum config_node_type { CONFIG_NODE_TEXT, CONFIG_NODE_LIST, CONFIG_NODE_MAP };

/*
 * NULL when the file cannot be read at all (AGAIN, NOT_FOUND, DENIED ...).  A
 * file that is no sound YAML gives a tree without a root and with complaints;
 * an empty one gives an empty mapping.
 */
struct config_tree *config_tree_read(const char *path, struct err *e);
/* The same from memory; "name" stands in complaints. */
struct config_tree *config_tree_parse(
    const char *name, const char *bytes, size_t len);
void config_tree_free(struct config_tree *t); /* NULL is fine */

/* A mapping, or NULL. */
const struct config_node *config_tree_root(const struct config_tree *t);

enum config_node_type config_node_type(const struct config_node *n);
const char *config_node_text(const struct config_node *n); /* NULL: no text */
/* "key:" with nothing behind it, ~ or null; its type is TEXT, its text "". */
bool config_node_nothing(const struct config_node *n);
int config_node_count(const struct config_node *n); /* of list, map */
const struct config_node *config_node_at(const struct config_node *n, int i);
const char *config_node_key(const struct config_node *map, int i);
/* Of a mapping; NULL when it has no such key. */
const struct config_node *config_node_get(
    const struct config_node *map, const char *key);

/* For the sources of values: the tree's name as in complaints, and where "n"
 * stands, from 1; its key, when it has one and "at_key" is set. */
const char *config_tree_name(const struct config_tree *t);
void config_node_place(
    const struct config_node *n, int at_key, size_t *line, size_t *column);

/* Add a complaint at the place of "n"; at the key when "n" is a map's value
 * and "at_key" is set. */
void config_tree_complain(struct config_tree *t, const struct config_node *n,
    int at_key, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* All complaints, one a line (the first 100), or NULL when there are none; the
 * tree's. */
const char *config_tree_complaints(const struct config_tree *t);

#endif

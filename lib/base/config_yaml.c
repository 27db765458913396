/*
 * Settings from YAML.  A whole file is judged before anything is taken, so
 * that a person sees all complaints at once and a reload is all or nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/config_internal.h"

struct reading {
	const struct config_table *table;
	struct config_tree *tree;
	struct config_value *values; /* one per key */
};

/* ---- ${VAR} ---------------------------------------------------------- */

static size_t
name_length(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz_";
	static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz_0123456789";

	return strspn(text, letters) == 0 ? 0 : strspn(text, more);
}

/* "text" is behind "${"; returns what is behind "}", or NULL. */
static const char *
expand_one(struct buf *out, const char *text, struct err *e)
{
	size_t len = name_length(text);
	const char *end, *value;
	char *name;

	end = strchr(text, '}');
	if (len == 0 || end == NULL ||
	    (text[len] != '}' && strncmp(text + len, ":-", 2) != 0)) {
		err_set(e, ERR_REFUSED,
		    "'${%.40s' is not ${VAR} or "
		    "${VAR:-default}",
		    text);
		return NULL;
	}
	name = mem_strdup(text);
	name[len] = '\0';
	value = getenv(name);
	if (text[len] == ':' && (value == NULL || *value == '\0'))
		buf_add(out, text + len + 2, (size_t)(end - text) - len - 2);
	else if (value != NULL)
		buf_adds(out, value);
	else
		err_set(e, ERR_REFUSED, "'${%s}' is not set", name);
	free(name);
	return text[len] == '}' && value == NULL ? NULL : end + 1;
}

int
config_expand(struct buf *out, const char *text, struct err *e)
{
	const char *start;

	while ((start = strstr(text, "${")) != NULL) {
		if (start > text && start[-1] == '$') { /* "$${" */
			buf_add(out, text, (size_t)(start - text) - 1);
			buf_adds(out, "${");
			text = start + 2;
			continue;
		}
		buf_add(out, text, (size_t)(start - text));
		if ((text = expand_one(out, start + 2, e)) == NULL)
			return -1;
	}
	buf_adds(out, text);
	return 0;
}

/* ---- nodes ----------------------------------------------------------- */

static void
read_items(struct reading *r, const struct config_node *n, int index)
{
	const struct config_key *key = &r->table->keys[index];
	struct config_value *v = &r->values[index];
	const struct config_node *item;
	struct err e;
	int i;

	for (i = 0; i < config_node_count(n); i++) {
		item = config_node_at(n, i);
		if (item->type == CONFIG_NODE_TEXT)
			config_list_add(v, item->text, strlen(item->text));
		else
			config_tree_complain(r->tree, item, 0,
			    "key '%s' takes a list of words", key->name);
	}
	v->good = config_check_items(key, v, &e) == 0;
	if (!v->good)
		config_tree_complain(
		    r->tree, n, 0, "key '%s': %s", key->name, e.text);
}

static void
read_value(struct reading *r, const struct config_node *n, int index)
{
	const struct config_key *key = &r->table->keys[index];
	struct config_value *v = &r->values[index];
	struct err e;

	v->set = true;
	v->line = n->key_at.line;
	if (key->type == CONFIG_LIST && n->type == CONFIG_NODE_LIST)
		read_items(r, n, index);
	else if (n->type != CONFIG_NODE_TEXT)
		config_tree_complain(
		    r->tree, n, 0, "key '%s' takes a plain value", key->name);
	else if (key->type == CONFIG_LIST && n->nothing)
		v->good = true;
	else if (config_parse(key, n->text, v, &e) == -1)
		config_tree_complain(
		    r->tree, n, 0, "key '%s': %s", key->name, e.text);
}

static bool
is_section(const struct config_table *t, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < t->count; i++)
		if (strncmp(t->keys[i].name, name, len) == 0 &&
		    t->keys[i].name[len] == '.')
			return true;
	return false;
}

static void
complain_unknown(
    struct reading *r, const struct config_node *n, const char *name)
{
	const char *near = config_nearest(r->table, name);

	config_tree_complain(r->tree, n, 1, "unknown key '%s'%s%s%s", name,
	    near == NULL ? "" : ", nearest is '", near == NULL ? "" : near,
	    near == NULL ? "" : "'");
}

static void read_mapping(
    struct reading *r, const struct config_node *map, const char *prefix);

static void
read_pair(struct reading *r, const struct config_node *n, const char *prefix)
{
	struct buf name = BUF_INIT;
	int index;

	buf_adds(&name, prefix);
	buf_adds(&name, n->key);
	index = config_find(r->table, buf_text(&name));
	if (index != -1 && r->values[index].set) {
		config_tree_complain(
		    r->tree, n, 1, "key '%s' is given twice", name.data);
	} else if (index != -1) {
		read_value(r, n, index);
	} else if (!is_section(r->table, buf_text(&name))) {
		complain_unknown(r, n, buf_text(&name));
	} else if (n->type == CONFIG_NODE_MAP) {
		buf_addc(&name, '.');
		read_mapping(r, n, name.data);
	} else if (!n->nothing) {
		config_tree_complain(r->tree, n, 0,
		    "'%s' is a section, its keys belong below it", name.data);
	}
	buf_release(&name);
}

static void
read_mapping(
    struct reading *r, const struct config_node *map, const char *prefix)
{
	int i;

	for (i = 0; i < config_node_count(map); i++)
		read_pair(r, config_node_at(map, i), prefix);
}

/* ---- files ----------------------------------------------------------- */

/* Takes the tree. */
static void
read_tree(struct config_tree *tree, const struct config_table *t,
    struct config_value *values, struct buf *complaints)
{
	struct reading r = {t, tree, values};

	if (config_tree_root(tree) != NULL)
		read_mapping(&r, config_tree_root(tree), "");
	if (config_tree_complaints(tree) != NULL) {
		buf_adds(complaints, complaints->len == 0 ? "" : "\n");
		buf_adds(complaints, config_tree_complaints(tree));
	}
	config_tree_free(tree);
}

int
config_read_values(const char *path, const struct config_table *t,
    struct config_value *values, struct buf *complaints, struct err *e)
{
	struct config_tree *tree = config_tree_read(path, e);

	if (tree == NULL)
		return -1;
	read_tree(tree, t, values, complaints);
	return 0;
}

/* Into "out" when there was no complaint. */
static int
take(const struct config_table *t, struct config_value *values, void *out,
    struct buf *found, char **complaints)
{
	int rc = found->len > 0 ? -1 : 0;
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (rc == 0 && values[i].set)
			config_store(&t->keys[i], &values[i], out);
		config_value_release(&values[i]);
	}
	free(values);
	*complaints = rc == -1 ? buf_detach(found) : NULL;
	return rc;
}

int
config_read_text(const char *name, const char *bytes, size_t len,
    const struct config_table *t, void *out, char **complaints)
{
	struct config_value *values = mem_array(t->count, sizeof(*values));
	struct buf found = BUF_INIT;

	read_tree(config_tree_parse(name, bytes, len), t, values, &found);
	return take(t, values, out, &found, complaints);
}

int
config_read(const char *path, const struct config_table *t, void *out,
    char **complaints, struct err *e)
{
	struct config_value *values = mem_array(t->count, sizeof(*values));
	struct buf found = BUF_INIT;

	*complaints = NULL;
	if (config_read_values(path, t, values, &found, e) == -1) {
		free(values);
		return -1;
	}
	if (take(t, values, out, &found, complaints) == 0)
		return 0;
	return err_set(e, ERR_REFUSED, "%.*s", (int)strcspn(*complaints, "\n"),
	    *complaints);
}

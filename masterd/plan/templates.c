/*
 * Trees to layers: one layer for each name that files speak of, with the
 * values they gave it, each with its place as the source.  Every complaint is
 * made where its key or value stands, and the reading goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/nearest.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/plan/templates_internal.h"

static const char *const engines[] = {
    "libfuzzer", "afl", "honggfuzz", "command", NULL};
static const char *const sanitizers[] = {"address", "memory", "thread",
    "undefined", "leak", "coverage", "none", NULL};

/* clang-format off */
static const struct section {
	const char *name;        /* in files */
	const char *layer;       /* in sources */
	const char *const *words; /* NULL: any name of that kind */
} sections[] = {
	[LAYER_BASE] = { "base", "base", NULL },
	[LAYER_ENGINE] = { "engines", "engine", engines },
	[LAYER_SANITIZER] = { "sanitizers", "sanitizer", sanitizers },
	[LAYER_TEMPLATE] = { "templates", "template", NULL },
	[LAYER_PROJECT] = { "projects", "project", NULL },
};
/* clang-format on */
#define SECTIONS ((int)(sizeof(sections) / sizeof(sections[0])))

/* ---- layers ---------------------------------------------------------- */

struct templates *
templates_new(void)
{
	return mem_alloc(sizeof(struct templates));
}

static void
drop_parents(struct layer *l)
{
	int i;

	for (i = 0; i < l->parent_count; i++) {
		free(l->parents[i].name);
		free(l->parents[i].place);
	}
	free(l->parents);
	l->parents = NULL;
	l->parent_count = 0;
}

void
templates_free(struct templates *t)
{
	int i;

	if (t == NULL)
		return;
	for (i = 0; i < t->count; i++) {
		drop_parents(t->layers[i]);
		access_free(t->layers[i]->access);
		values_release(&t->layers[i]->own);
		free(t->layers[i]->name);
		free(t->layers[i]);
	}
	free(t->layers);
	free(t);
}

/* Where the layer stands, or would. */
static int
position(const struct templates *t, enum layer_kind kind, const char *name)
{
	int low = 0, high = t->count, middle, order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = (int)kind - (int)t->layers[middle]->kind;
		if (order == 0)
			order = strcmp(name, t->layers[middle]->name);
		if (order <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct layer *
layer_find(const struct templates *t, enum layer_kind kind, const char *name)
{
	int i = position(t, kind, name);
	struct layer *l = i < t->count ? t->layers[i] : NULL;

	return l != NULL && l->kind == kind && strcmp(l->name, name) == 0
	    ? l
	    : NULL;
}

static struct layer *
layer_make(struct templates *t, enum layer_kind kind, const char *name)
{
	struct layer *l = layer_find(t, kind, name);
	int i = position(t, kind, name);

	if (l != NULL || t->count == TEMPLATES_MAX)
		return l;
	l = mem_alloc(sizeof(*l));
	l->kind = kind;
	l->name = mem_strdup(name);
	l->number = t->count;
	if ((t->count & (t->count - 1)) == 0)
		t->layers = mem_resize(t->layers,
		    t->count == 0 ? 1 : (size_t)t->count * 2,
		    sizeof(*t->layers));
	memmove(&t->layers[i + 1], &t->layers[i],
	    (size_t)(t->count - i) * sizeof(struct layer *));
	t->layers[i] = l;
	t->count++;
	return l;
}

void
templates_nearest(const struct templates *t, const char *typed, struct buf *out)
{
	const char **names = mem_array((size_t)t->count + 1, sizeof(*names));
	const char *near;
	size_t count = 0;
	int i;

	for (i = 0; i < t->count; i++)
		if (t->layers[i]->kind == LAYER_TEMPLATE)
			names[count++] = t->layers[i]->name;
	near = nearest_word(typed, names, count);
	if (near != NULL)
		buf_printf(out, ", nearest is '%s'", near);
	free(names);
}

/* ---- values of a layer ----------------------------------------------- */

struct reading {
	struct templates *t;
	struct config_tree *tree;
	struct layer *layer;
};

/* "template nightly (50-nightly.yaml:3)" */
static void
make_source(
    struct buf *out, const struct reading *r, const struct config_node *n)
{
	const char *file = config_tree_name(r->tree);
	const char *slash = strrchr(file, '/');
	size_t line, column;

	if (slash != NULL)
		file = slash + 1;
	buf_adds(out, sections[r->layer->kind].layer);
	if (r->layer->name[0] != '\0')
		buf_printf(out, " %s", r->layer->name);
	buf_adds(out, " (");
	text_clean_line(out, file, strlen(file), 100);
	config_node_place(n, 1, &line, &column);
	buf_printf(out, ":%zu)", line);
}

/* "at_key": a wrong item of a map is shown where its name stands. */
static void
set(struct reading *r, const struct config_node *n, const char *key,
    const char *text, int at_key)
{
	struct buf source = BUF_INIT;
	struct err e;

	make_source(&source, r, n);
	if (values_set(&r->layer->own, key, text, source.data, &e) == -1)
		config_tree_complain(r->tree, n, at_key, "%s", e.text);
	buf_release(&source);
}

/* "key" holds the item's name, if it has one. */
static void
set_item(struct reading *r, const struct config_node *item, const char *key)
{
	if (config_node_type(item) == CONFIG_NODE_TEXT)
		set(r, item, key, config_node_text(item), 1);
	else
		config_tree_complain(
		    r->tree, item, 0, "%s: takes one text", key);
}

static void
set_items(struct reading *r, const struct config_node *n, const char *key)
{
	bool map = config_node_type(n) == CONFIG_NODE_MAP;
	struct buf name = BUF_INIT;
	int i;

	for (i = 0; i < config_node_count(n); i++) {
		buf_reset(&name);
		buf_adds(&name, key);
		if (map)
			buf_printf(&name, ".%s", config_node_key(n, i));
		set_item(r, config_node_at(n, i), name.data);
	}
	buf_release(&name);
}

static void
set_value(struct reading *r, const struct config_node *n, const char *key)
{
	const struct value_key *k = value_key_find(key);
	bool item = strchr(key, '.') != NULL;

	if (k == NULL || (item && k->kind != VALUE_LIST))
		set(r, n, key, "", 1);
	else if (item)
		set_item(r, n, key);
	else if (k->kind != VALUE_LIST &&
	    config_node_type(n) != CONFIG_NODE_TEXT)
		config_tree_complain(r->tree, n, 0, "%s: takes one value", key);
	else if (config_node_type(n) != CONFIG_NODE_TEXT)
		set_items(r, n, key);
	else if (k->kind != VALUE_LIST || !config_node_nothing(n))
		set(r, n, key, config_node_text(n), 0);
}

/* ---- inherits -------------------------------------------------------- */

static void
add_parent(struct reading *r, const struct config_node *n)
{
	struct layer *l = r->layer;
	struct buf place = BUF_INIT;
	const char *file = config_tree_name(r->tree);
	size_t line, column;

	if (config_node_type(n) != CONFIG_NODE_TEXT ||
	    !word_ok(config_node_text(n))) {
		config_tree_complain(
		    r->tree, n, 0, "inherits: takes names of templates");
		return;
	}
	config_node_place(n, 0, &line, &column);
	text_clean_line(&place, file, strlen(file), 1000);
	buf_printf(&place, ":%zu:%zu", line, column);
	l->parents = mem_resize(
	    l->parents, (size_t)l->parent_count + 1, sizeof(*l->parents));
	l->parents[l->parent_count++] = (struct parent){
	    mem_strdup(config_node_text(n)), buf_detach(&place), NULL};
}

static void
set_parents(struct reading *r, const struct config_node *n)
{
	int i;

	drop_parents(r->layer);
	if (config_node_nothing(n))
		return;
	if (config_node_type(n) != CONFIG_NODE_LIST) {
		add_parent(r, n);
		return;
	}
	for (i = 0; i < config_node_count(n); i++)
		add_parent(r, config_node_at(n, i));
}

/* ---- files ----------------------------------------------------------- */

/* A mapping, or nothing at all, which is an empty one. */
static bool
is_map(struct reading *r, const struct config_node *n, const char *what)
{
	if (config_node_type(n) == CONFIG_NODE_MAP || config_node_nothing(n))
		return true;
	config_tree_complain(
	    r->tree, n, 0, "'%s' takes 'key: value' lines", what);
	return false;
}

static void
read_layer(struct reading *r, const struct config_node *n, enum layer_kind kind,
    const char *name)
{
	const char *key;
	int i;

	if (!is_map(r, n, name[0] == '\0' ? sections[kind].name : name))
		return;
	r->layer = layer_make(r->t, kind, name);
	if (r->layer == NULL) {
		config_tree_complain(r->tree, n, 1,
		    "more than %d templates, which is the most", TEMPLATES_MAX);
		return;
	}
	for (i = 0; i < config_node_count(n); i++) {
		key = config_node_key(n, i);
		if (strcmp(key, "inherits") == 0)
			set_parents(r, config_node_at(n, i));
		else if (kind == LAYER_PROJECT && access_key(key))
			access_set(&r->layer->access, r->tree,
			    config_node_at(n, i), key);
		else
			set_value(r, config_node_at(n, i), key);
	}
}

static void
complain_of_word(struct reading *r, const struct config_node *n,
    const struct section *s, const char *name)
{
	struct buf all = BUF_INIT;
	const char *near;
	size_t count = 0;

	for (; s->words[count] != NULL; count++)
		buf_printf(
		    &all, "%s%s", count == 0 ? "" : ", ", s->words[count]);
	near = nearest_word(name, s->words, count);
	config_tree_complain(r->tree, n, 1, "unknown %s '%s', %s%s%s%s",
	    s->layer, name, near == NULL ? "" : "nearest is '",
	    near == NULL ? "" : near,
	    near == NULL ? "known are " : "'; known: ", all.data);
	buf_release(&all);
}

static bool
name_fits(struct reading *r, const struct config_node *n, enum layer_kind kind,
    const char *name)
{
	const struct section *s = &sections[kind];
	struct name parsed;
	struct err e;
	int i;

	for (i = 0; s->words != NULL && s->words[i] != NULL; i++)
		if (strcmp(s->words[i], name) == 0)
			return true;
	if (s->words != NULL) {
		complain_of_word(r, n, s, name);
		return false;
	}
	if (kind == LAYER_PROJECT) {
		if (name_parse(&parsed, "project", name, &e) == 0)
			return true;
		config_tree_complain(r->tree, n, 1, "%s", e.text);
		return false;
	}
	if (!word_ok(name))
		config_tree_complain(r->tree, n, 1,
		    "'%s' is no name of a template: small letters, digits and "
		    "+._-, at most %d",
		    name, WORD_MAX_LEN);
	return word_ok(name);
}

static void
read_section(
    struct reading *r, const struct config_node *n, enum layer_kind kind)
{
	const char *name;
	int i;

	if (kind == LAYER_BASE) {
		read_layer(r, n, kind, "");
		return;
	}
	if (!is_map(r, n, sections[kind].name))
		return;
	for (i = 0; i < config_node_count(n); i++) {
		name = config_node_key(n, i);
		if (name_fits(r, config_node_at(n, i), kind, name))
			read_layer(r, config_node_at(n, i), kind, name);
	}
}

static void
complain_of_section(
    struct reading *r, const struct config_node *n, const char *name)
{
	const char *names[SECTIONS], *near;
	struct buf hint = BUF_INIT;
	int i;

	for (i = 0; i < SECTIONS; i++)
		names[i] = sections[i].name;
	near = nearest_word(name, names, SECTIONS);
	if (near != NULL)
		buf_printf(&hint, ", nearest is '%s'", near);
	config_tree_complain(r->tree, n, 1,
	    "unknown key '%s'%s; here stand base, engines, sanitizers, "
	    "templates and projects",
	    name, buf_text(&hint));
	buf_release(&hint);
}

int
templates_add(struct templates *t, struct config_tree *tree)
{
	struct reading r = {t, tree, NULL};
	const struct config_node *root = config_tree_root(tree);
	int i, kind;

	if (root == NULL)
		return -1;
	for (i = 0; i < config_node_count(root); i++) {
		for (kind = 0; kind < SECTIONS; kind++)
			if (strcmp(sections[kind].name,
				config_node_key(root, i)) == 0)
				break;
		if (kind < SECTIONS)
			read_section(
			    &r, config_node_at(root, i), (enum layer_kind)kind);
		else
			complain_of_section(&r, config_node_at(root, i),
			    config_node_key(root, i));
	}
	return config_tree_complaints(tree) == NULL ? 0 : -1;
}

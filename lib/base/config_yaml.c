/*
 * Settings from YAML.  The whole file is judged before anything is taken, so
 * that a person sees all complaints at once and a reload is all or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yaml.h>

#include "lib/base/config_internal.h"
#include "lib/base/text.h"

#define FILE_MAX (1024 * 1024)

struct reading {
	const char *path;
	const struct config_key *keys;
	size_t count;
	struct config_value *values; /* one per key */
	yaml_document_t *doc;
	struct buf complaints;
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
		buf_add(out, text, (size_t)(start - text));
		if ((text = expand_one(out, start + 2, e)) == NULL)
			return -1;
	}
	buf_adds(out, text);
	return 0;
}

/* ---- complaints ------------------------------------------------------ */

static void complain(struct reading *r, yaml_mark_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
complain(struct reading *r, yaml_mark_t at, const char *fmt, ...)
{
	struct buf *out = &r->complaints;
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_printf(out, "%s%s:%zu:%zu: ", out->len == 0 ? "" : "\n", r->path,
	    at.line + 1, at.column + 1);
	text_clean_line(out, line, strlen(line), sizeof(line));
}

static void
complain_unknown(struct reading *r, yaml_mark_t at, const char *name)
{
	const char *near = config_nearest(r->keys, r->count, name);

	if (near == NULL)
		complain(r, at, "unknown key '%s'", name);
	else
		complain(
		    r, at, "unknown key '%s', nearest is '%s'", name, near);
}

/* ---- nodes ----------------------------------------------------------- */

static const char *
scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static bool
has_nul(const yaml_node_t *node)
{
	return strlen(scalar(node)) != node->data.scalar.length;
}

/* "key:" with nothing behind it, or "~". */
static bool
is_nothing(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE &&
	    node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (scalar(node)[0] == '\0' || strcmp(scalar(node), "~") == 0 ||
		strcmp(scalar(node), "null") == 0);
}

/* The text of a scalar with variables replaced; -1 after a complaint. */
static int
node_text(struct reading *r, const yaml_node_t *node, const char *name,
    struct buf *text)
{
	struct err e;

	if (node->type != YAML_SCALAR_NODE) {
		complain(
		    r, node->start_mark, "key '%s' takes a plain value", name);
		return -1;
	}
	if (has_nul(node)) {
		complain(
		    r, node->start_mark, "key '%s' holds a zero byte", name);
		return -1;
	}
	if (config_expand(text, scalar(node), &e) == -1) {
		complain(r, node->start_mark, "key '%s': %s", name, e.text);
		return -1;
	}
	return 0;
}

static void
read_items(struct reading *r, const yaml_node_t *node, int index)
{
	struct config_value *v = &r->values[index];
	const yaml_node_item_t *item;
	struct buf text = BUF_INIT;

	for (item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++) {
		buf_reset(&text);
		if (node_text(r, yaml_document_get_node(r->doc, *item),
			r->keys[index].name, &text) == 0)
			config_list_add(v, buf_text(&text), text.len);
	}
	buf_release(&text);
}

static void
read_value(struct reading *r, const yaml_node_t *node, int index)
{
	const struct config_key *key = &r->keys[index];
	struct config_value *v = &r->values[index];
	struct buf text = BUF_INIT;
	struct err e;

	v->set = true;
	if (key->type == CONFIG_LIST && node->type == YAML_SEQUENCE_NODE) {
		read_items(r, node, index);
		return;
	}
	if (key->type == CONFIG_LIST && is_nothing(node))
		return;
	if (node_text(r, node, key->name, &text) == 0 &&
	    config_parse(key, buf_text(&text), v, &e) == -1)
		complain(
		    r, node->start_mark, "key '%s': %s", key->name, e.text);
	buf_release(&text);
}

static bool
is_section(const struct reading *r, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < r->count; i++)
		if (strncmp(r->keys[i].name, name, len) == 0 &&
		    r->keys[i].name[len] == '.')
			return true;
	return false;
}

static void read_mapping(
    struct reading *r, const yaml_node_t *node, const char *prefix);

static void
read_pair(struct reading *r, const yaml_node_pair_t *pair, const char *prefix)
{
	const yaml_node_t *key = yaml_document_get_node(r->doc, pair->key);
	const yaml_node_t *value = yaml_document_get_node(r->doc, pair->value);
	struct buf name = BUF_INIT;
	int index;

	if (key->type != YAML_SCALAR_NODE || has_nul(key)) {
		complain(r, key->start_mark, "a key must be a word");
		return;
	}
	buf_adds(&name, prefix);
	buf_adds(&name, scalar(key));
	index = config_find(r->keys, r->count, buf_text(&name));
	if (index != -1 && r->values[index].set) {
		complain(
		    r, key->start_mark, "key '%s' is given twice", name.data);
	} else if (index != -1) {
		read_value(r, value, index);
	} else if (!is_section(r, buf_text(&name))) {
		complain_unknown(r, key->start_mark, buf_text(&name));
	} else if (value->type == YAML_MAPPING_NODE) {
		buf_addc(&name, '.');
		read_mapping(r, value, name.data);
	} else if (!is_nothing(value)) {
		complain(r, value->start_mark,
		    "'%s' is a section, its keys "
		    "belong below it",
		    name.data);
	}
	buf_release(&name);
}

/* An alias can make a mapping its own child, but no path is longer than the
 * longest key of the table. */
static void
read_mapping(struct reading *r, const yaml_node_t *node, const char *prefix)
{
	const yaml_node_pair_t *pair;

	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		read_pair(r, pair, prefix);
}

/* ---- files ----------------------------------------------------------- */

/* Not fs_read_file(): an administrator may well link to a settings file. */
static int
slurp(const char *path, struct buf *text, struct err *e)
{
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return err_sys(e, "cannot open '%s'", path);
	do {
		buf_grow(text, 65536);
		n = read(fd, text->data + text->len, 65536);
		if (n > 0)
			text->len += (size_t)n;
	} while (n > 0 && text->len <= FILE_MAX);
	if (n == -1)
		err_sys(e, "cannot read '%s'", path);
	else if (text->len > FILE_MAX)
		n = err_set(e, ERR_REFUSED, "'%s' is longer than %d bytes",
		    path, FILE_MAX);
	close(fd);
	return n == -1 ? -1 : 0;
}

/* libyaml knows line and column, but for bytes that are no text at all. */
static yaml_mark_t
problem_mark(const yaml_parser_t *parser, const struct buf *text)
{
	yaml_mark_t at = {0, 0, 0};
	size_t i;

	if (parser->error != YAML_READER_ERROR)
		return parser->problem_mark;
	for (i = 0; i < parser->problem_offset && i < text->len; i++) {
		at.column++;
		if (text->data[i] == '\n') {
			at.line++;
			at.column = 0;
		}
	}
	return at;
}

/* Load one document; false after a complaint. */
static bool
load(struct reading *r, yaml_parser_t *parser, const struct buf *text,
    yaml_document_t *doc)
{
	if (yaml_parser_load(parser, doc))
		return true;
	complain(r, problem_mark(parser, text), "%s",
	    parser->problem == NULL ? "not YAML" : parser->problem);
	return false;
}

static void
read_text(struct reading *r, const struct buf *text)
{
	yaml_document_t doc, second;
	yaml_parser_t parser;
	yaml_node_t *root;

	if (!yaml_parser_initialize(&parser))
		abort(); /* out of memory */
	yaml_parser_set_input_string(
	    &parser, (const unsigned char *)buf_text(text), text->len);
	if (!load(r, &parser, text, &doc))
		goto free_parser;
	r->doc = &doc;
	root = yaml_document_get_root_node(&doc);
	if (root != NULL && root->type == YAML_MAPPING_NODE)
		read_mapping(r, root, "");
	else if (root != NULL && !is_nothing(root))
		complain(r, root->start_mark,
		    "a list of 'key: value' lines "
		    "is expected");
	if (root != NULL && load(r, &parser, text, &second)) {
		if (yaml_document_get_root_node(&second) != NULL)
			complain(r, second.start_mark,
			    "only one document is allowed");
		yaml_document_delete(&second);
	}
	yaml_document_delete(&doc);
free_parser:
	r->doc = NULL;
	yaml_parser_delete(&parser);
}

int
config_read(const char *path, const struct config_key *keys, size_t count,
    void *out, char **complaints, struct err *e)
{
	struct reading r = {.path = path, .keys = keys, .count = count};
	struct buf text = BUF_INIT;
	size_t i;
	int rc = 0;

	*complaints = NULL;
	if (slurp(path, &text, e) == -1) {
		buf_release(&text);
		return -1;
	}
	r.values = mem_array(count, sizeof(*r.values));
	read_text(&r, &text);
	buf_release(&text);
	if (r.complaints.len > 0) {
		rc = err_set(e, ERR_REFUSED, "%.*s",
		    (int)strcspn(r.complaints.data, "\n"), r.complaints.data);
		*complaints = buf_detach(&r.complaints);
	}
	for (i = 0; i < count; i++) {
		if (rc == 0 && r.values[i].set)
			config_store(&keys[i], &r.values[i], out);
		config_value_release(&r.values[i]);
	}
	free(r.values);
	return rc;
}

/*
 * YAML to a tree, the only <yaml.h> here.  libyaml's events are read rather
 * than its documents: only there is an alias still an alias, and counting
 * stops at the first node too many, before anything was built of it.
 *
 * What is wrong with one value is noted and the value left out, so that the
 * rest is judged too; what breaks the whole text ends the reading.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yaml.h>

#include "lib/base/config_internal.h"
#include "lib/base/text.h"

#define BYTES_MAX      65536
#define LEVELS_MAX     8
#define NODES_MAX      4096
#define COMPLAINTS_MAX 100
#define WRITER_MS      5000 /* for one who writes into a pipe */

struct config_tree {
	char *name;
	struct config_node *root;
	struct buf complaints;
	int complaint_count;
};

struct reading {
	struct config_tree *tree;
	yaml_parser_t parser;
	const char *bytes;
	size_t len;
	int nodes, levels;
	bool broken; /* complained; nothing more is read */
};

/* ---- complaints ------------------------------------------------------ */

static void
add_line(struct config_tree *t, struct config_place at, const char *line)
{
	struct buf *out = &t->complaints;

	if (++t->complaint_count > COMPLAINTS_MAX + 1)
		return;
	if (out->len > 0)
		buf_addc(out, '\n');
	if (t->complaint_count > COMPLAINTS_MAX) {
		buf_printf(out, "%s: and more", t->name);
		return;
	}
	buf_printf(out, "%s:%zu:%zu: ", t->name, at.line, at.column);
	text_clean_line(out, line, strlen(line), 1000);
}

void
config_tree_complain(struct config_tree *t, const struct config_node *n,
    int at_key, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	add_line(t, at_key && n->key != NULL ? n->key_at : n->at, line);
}

static struct config_place
place(yaml_mark_t m)
{
	return (struct config_place){m.line + 1, m.column + 1};
}

static void complain(struct reading *r, yaml_mark_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
complain(struct reading *r, yaml_mark_t at, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	add_line(r->tree, place(at), line);
}

const char *
config_tree_complaints(const struct config_tree *t)
{
	return t->complaints.len == 0 ? NULL : t->complaints.data;
}

/* ---- nodes ----------------------------------------------------------- */

static void
node_free(struct config_node *n)
{
	int i;

	if (n == NULL)
		return;
	for (i = 0; i < n->count; i++)
		node_free(n->items[i]);
	free(n->items);
	free(n->text);
	free(n->key);
	free(n);
}

static struct config_node *
node_new(enum config_node_type type, yaml_mark_t at)
{
	struct config_node *n = mem_alloc(sizeof(*n));

	n->type = type;
	n->at = place(at);
	return n;
}

static void
node_add(struct config_node *n, struct config_node *item)
{
	if ((n->count & (n->count - 1)) == 0)
		n->items = mem_resize(n->items,
		    n->count == 0 ? 1 : (size_t)n->count * 2,
		    sizeof(struct config_node *));
	n->items[n->count++] = item;
}

enum config_node_type
config_node_type(const struct config_node *n)
{
	return n->type;
}

const char *
config_node_text(const struct config_node *n)
{
	return n->text;
}

bool
config_node_nothing(const struct config_node *n)
{
	return n->nothing;
}

int
config_node_count(const struct config_node *n)
{
	return n->count;
}

const struct config_node *
config_node_at(const struct config_node *n, int i)
{
	return i >= 0 && i < n->count ? n->items[i] : NULL;
}

const char *
config_node_key(const struct config_node *map, int i)
{
	return i >= 0 && i < map->count ? map->items[i]->key : NULL;
}

const struct config_node *
config_node_get(const struct config_node *map, const char *key)
{
	int i;

	for (i = 0; map->type == CONFIG_NODE_MAP && i < map->count; i++)
		if (strcmp(map->items[i]->key, key) == 0)
			return map->items[i];
	return NULL;
}

const char *
config_tree_name(const struct config_tree *t)
{
	return t->name;
}

void
config_node_place(
    const struct config_node *n, int at_key, size_t *line, size_t *column)
{
	struct config_place at = at_key && n->key != NULL ? n->key_at : n->at;

	*line = at.line;
	*column = at.column;
}

/* ---- events ---------------------------------------------------------- */

/* libyaml knows line and column, but for bytes that are no text at all. */
static yaml_mark_t
problem_mark(const struct reading *r)
{
	yaml_mark_t at = {0, 0, 0};
	size_t i;

	if (r->parser.error != YAML_READER_ERROR)
		return r->parser.problem_mark;
	for (i = 0; i < r->parser.problem_offset && i < r->len; i++) {
		at.column++;
		if (r->bytes[i] == '\n') {
			at.line++;
			at.column = 0;
		}
	}
	return at;
}

/* False after a complaint; else yaml_event_delete() is the caller's. */
static bool
next_event(struct reading *r, yaml_event_t *ev)
{
	if (r->broken)
		return false;
	if (yaml_parser_parse(&r->parser, ev))
		return true;
	complain(r, problem_mark(r), "%s",
	    r->parser.problem == NULL ? "not YAML" : r->parser.problem);
	r->broken = true;
	return false;
}

static struct config_node *read_node(struct reading *r, yaml_event_t *ev);

/* "key:" with nothing behind it, or "~". */
static bool
is_nothing(const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;

	return ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (text[0] == '\0' || strcmp(text, "~") == 0 ||
		strcmp(text, "null") == 0);
}

static bool
has_nul(struct reading *r, const yaml_event_t *ev)
{
	if (strlen((const char *)ev->data.scalar.value) ==
	    ev->data.scalar.length)
		return false;
	complain(r, ev->start_mark, "a text holds a zero byte");
	return true;
}

static struct config_node *
read_scalar(struct reading *r, const yaml_event_t *ev)
{
	struct buf text = BUF_INIT;
	struct config_node *n;
	struct err e;

	if (has_nul(r, ev))
		return NULL;
	n = node_new(CONFIG_NODE_TEXT, ev->start_mark);
	n->nothing = is_nothing(ev);
	if (!n->nothing &&
	    config_expand(&text, (const char *)ev->data.scalar.value, &e) ==
		-1) {
		complain(r, ev->start_mark, "%s", e.text);
		node_free(n);
		n = NULL;
	} else {
		n->text = mem_strdup(buf_text(&text));
	}
	buf_release(&text);
	return n;
}

/* Text of a key, or NULL after a complaint; what it was is read away. */
static char *
read_key(struct reading *r, yaml_event_t *ev)
{
	yaml_mark_t at = ev->start_mark;
	char *key = NULL;

	if (ev->type == YAML_SCALAR_EVENT && ev->data.scalar.anchor == NULL &&
	    ev->data.scalar.tag == NULL) {
		if (!has_nul(r, ev))
			key = mem_strdup((const char *)ev->data.scalar.value);
		return key;
	}
	complain(r, at, "a key must be a word");
	if (ev->type == YAML_MAPPING_START_EVENT ||
	    ev->type == YAML_SEQUENCE_START_EVENT)
		node_free(read_node(r, ev));
	return NULL;
}

static void
read_pair(struct reading *r, struct config_node *map, yaml_event_t *key_event)
{
	struct config_place at = place(key_event->start_mark);
	struct config_node *n = NULL;
	char *key = read_key(r, key_event);
	yaml_event_t ev;

	if (next_event(r, &ev)) {
		n = read_node(r, &ev);
		yaml_event_delete(&ev);
	}
	if (n == NULL || key == NULL) {
		node_free(n);
		free(key);
		return;
	}
	n->key = key;
	n->key_at = at;
	if (config_node_get(map, key) != NULL) {
		config_tree_complain(
		    r->tree, n, 1, "key '%s' is given twice", key);
		node_free(n);
		return;
	}
	node_add(map, n);
}

static struct config_node *
read_collection(struct reading *r, const yaml_event_t *start)
{
	bool map = start->type == YAML_MAPPING_START_EVENT, end = false;
	struct config_node *item, *n;
	yaml_event_t ev;

	if (r->levels == LEVELS_MAX) {
		complain(r, start->start_mark,
		    "more than %d levels are not read", LEVELS_MAX);
		r->broken = true;
		return NULL;
	}
	r->levels++;
	n = node_new(
	    map ? CONFIG_NODE_MAP : CONFIG_NODE_LIST, start->start_mark);
	while (!end && next_event(r, &ev)) {
		end = ev.type == YAML_MAPPING_END_EVENT ||
		    ev.type == YAML_SEQUENCE_END_EVENT;
		if (!end && map)
			read_pair(r, n, &ev);
		else if (!end && (item = read_node(r, &ev)) != NULL)
			node_add(n, item);
		yaml_event_delete(&ev);
	}
	r->levels--;
	return n;
}

/* Anchors and tags mean nothing here, and aliases are how bombs are made. */
static bool
is_odd(struct reading *r, const yaml_event_t *ev)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
	}
	if (ev->type == YAML_ALIAS_EVENT)
		complain(r, ev->start_mark,
		    "an alias (*%.40s) is not allowed: write the value again",
		    (const char *)ev->data.alias.anchor);
	else if (anchor != NULL)
		complain(r, ev->start_mark, "an anchor (&%.40s) is not allowed",
		    (const char *)anchor);
	else if (tag != NULL)
		complain(r, ev->start_mark, "a tag (%.40s) is not allowed",
		    (const char *)tag);
	else
		return false;
	return true;
}

/* NULL after a complaint. */
static struct config_node *
read_node(struct reading *r, yaml_event_t *ev)
{
	bool odd = is_odd(r, ev);
	struct config_node *n;

	if (++r->nodes > NODES_MAX) {
		complain(r, ev->start_mark, "more than %d values are not read",
		    NODES_MAX);
		r->broken = true;
	}
	if (r->broken || ev->type == YAML_ALIAS_EVENT)
		return NULL;
	n = ev->type == YAML_SCALAR_EVENT ? read_scalar(r, ev)
					  : read_collection(r, ev);
	if (!odd)
		return n;
	node_free(n);
	return NULL;
}

/* ---- texts ----------------------------------------------------------- */

static void
read_root(struct reading *r, yaml_event_t *ev)
{
	yaml_mark_t at = ev->start_mark;
	struct config_node *n = read_node(r, ev);

	if (n != NULL && n->nothing) {
		node_free(n);
		n = node_new(CONFIG_NODE_MAP, at);
	}
	if (n != NULL && n->type != CONFIG_NODE_MAP) {
		complain(r, at, "a list of 'key: value' lines is expected");
		node_free(n);
		n = NULL;
	}
	r->tree->root = n;
}

static void
read_stream(struct reading *r)
{
	bool end = false, more = false;
	yaml_event_t ev;

	while (!end && next_event(r, &ev)) {
		end = ev.type == YAML_STREAM_END_EVENT;
		if (ev.type == YAML_DOCUMENT_START_EVENT && more) {
			complain(
			    r, ev.start_mark, "only one document is allowed");
			end = true;
		} else if (ev.type == YAML_DOCUMENT_START_EVENT) {
			more = true;
		} else if (ev.type != YAML_DOCUMENT_END_EVENT &&
		    ev.type != YAML_STREAM_START_EVENT && !end) {
			read_root(r, &ev);
		}
		yaml_event_delete(&ev);
	}
	if (!more && !r->broken)
		r->tree->root =
		    node_new(CONFIG_NODE_MAP, (yaml_mark_t){0, 0, 0});
}

struct config_tree *
config_tree_parse(const char *name, const char *bytes, size_t len)
{
	struct config_tree *t = mem_alloc(sizeof(*t));
	struct reading r = {.tree = t, .bytes = bytes, .len = len};

	t->name = mem_strdup(name);
	if (len > BYTES_MAX) {
		add_line(t, (struct config_place){1, 1},
		    "longer than 64 KiB: not read");
		return t;
	}
	if (!yaml_parser_initialize(&r.parser))
		abort(); /* out of memory */
	yaml_parser_set_input_string(
	    &r.parser, (const unsigned char *)(len == 0 ? "" : bytes), len);
	read_stream(&r);
	yaml_parser_delete(&r.parser);
	if (r.broken) {
		node_free(t->root);
		t->root = NULL;
	}
	return t;
}

/* Read what there is, of a pipe too, but wait for nobody for ever. */
static ssize_t
read_some(int fd, struct buf *text)
{
	struct pollfd p = {fd, POLLIN, 0};
	ssize_t n;

	buf_grow(text, BYTES_MAX);
	while ((n = read(fd, text->data + text->len, BYTES_MAX)) == -1) {
		if (errno != EINTR &&
		    (errno != EAGAIN || poll(&p, 1, WRITER_MS) <= 0))
			return -1;
	}
	text->len += (size_t)n;
	return n;
}

/* Not fs_read_file(): an administrator may well link to a settings file. */
struct config_tree *
config_tree_read(const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	struct config_tree *t = NULL;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1) {
		err_sys(e, "cannot open '%s'", path);
		return NULL;
	}
	while ((n = read_some(fd, &text)) > 0 && text.len <= BYTES_MAX)
		;
	if (n == -1)
		err_sys(e, "cannot read '%s'", path);
	else
		t = config_tree_parse(path, buf_text(&text), text.len);
	close(fd);
	buf_release(&text);
	return t;
}

const struct config_node *
config_tree_root(const struct config_tree *t)
{
	return t->root;
}

void
config_tree_free(struct config_tree *t)
{
	if (t == NULL)
		return;
	node_free(t->root);
	buf_release(&t->complaints);
	free(t->name);
	free(t);
}

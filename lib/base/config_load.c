/*
 * All sources of settings, one over the other, each value with its origin.
 * Everything is judged, also what a later source replaces: a fault in a file
 * must not wait for the day the variable above it goes.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/config_internal.h"
#include "lib/base/nearest.h"
#include "lib/base/text.h"

#define PREFIX     "PANDAFUZZ_"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define NAME_ROOM  96
#define PARTS_MAX  256 /* files of the folder */
#define NEAR       2   /* letters that a mistyped variable may be off */

struct loading {
	const struct config_table *table;
	void *out;
	struct config_said *said;
	bool again;
	bool had_file; /* the table's own was there the last time */
};

/* ---- what is said ---------------------------------------------------- */

static void
add_line(struct buf *out, const char *fmt, const char *a, const char *b)
{
	struct buf line = BUF_INIT;

	buf_adds(out, out->len == 0 ? "" : "\n");
	buf_printf(&line, "%s: ", a);
	buf_printf(&line, fmt, b);
	text_clean_line(out, buf_text(&line), line.len, 2000);
	buf_release(&line);
}

static void
set_origin(struct loading *l, size_t index, char *origin) /* takes it */
{
	free(l->said->origins[index]);
	l->said->origins[index] = origin;
}

void
config_said_release(const struct config_table *t, struct config_said *s)
{
	size_t i;

	for (i = 0; s->origins != NULL && i < t->count; i++)
		free(s->origins[i]);
	free(s->origins);
	buf_release(&s->complaints);
	buf_release(&s->warnings);
	buf_release(&s->files);
	memset(s, 0, sizeof(*s));
}

/* ---- files ----------------------------------------------------------- */

/* A pipe gives its text once; read again it would be an empty file. */
static bool
may_read(struct loading *l, const char *path)
{
	struct stat st;

	if (!l->again || stat(path, &st) == -1 || S_ISREG(st.st_mode))
		return true;
	add_line(&l->said->complaints, "%s", path,
	    "is no regular file and cannot be read again");
	return false;
}

static void
read_file(struct loading *l, const char *path)
{
	const struct config_table *t = l->table;
	struct config_value *values;
	struct buf origin = BUF_INIT;
	struct err e;
	size_t i;

	if (!may_read(l, path))
		return;
	values = mem_array(t->count, sizeof(*values));
	buf_adds(&l->said->files, l->said->files.len == 0 ? "" : ", ");
	text_clean_line(&l->said->files, path, strlen(path), 1000);
	if (config_read_values(path, t, values, &l->said->complaints, &e) == -1)
		add_line(&l->said->complaints, "%s", path, e.text);
	for (i = 0; i < t->count; i++) {
		if (values[i].good) {
			config_store(&t->keys[i], &values[i], l->out);
			buf_printf(&origin, "%s:%zu", path, values[i].line);
			set_origin(l, i, buf_detach(&origin));
		}
		config_value_release(&values[i]);
	}
	free(values);
}

static int
is_part(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return d->d_name[0] != '.' && len > 5 &&
	    strcmp(d->d_name + len - 5, ".yaml") == 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* masterd.yaml -> masterd.d, others get ".d" behind. */
static void
folder_name(const char *file, struct buf *out)
{
	size_t len = strlen(file);

	if (len > 5 && strcmp(file + len - 5, ".yaml") == 0)
		len -= 5;
	else if (len > 4 && strcmp(file + len - 4, ".yml") == 0)
		len -= 4;
	buf_add(out, file, len);
	buf_adds(out, ".d");
}

static void
read_folder(struct loading *l, const char *file)
{
	struct buf folder = BUF_INIT, path = BUF_INIT;
	struct dirent **parts = NULL;
	int n, i;

	folder_name(file, &folder);
	n = scandir(folder.data, &parts, is_part, by_name);
	if (n == -1 && errno != ENOENT && errno != ENOTDIR)
		add_line(&l->said->complaints, "cannot be read: %s",
		    folder.data, strerror(errno));
	if (n > PARTS_MAX)
		add_line(&l->said->complaints, "%s", folder.data,
		    "holds more than 256 files");
	for (i = 0; i < n; i++) {
		buf_reset(&path);
		buf_printf(&path, "%s/%s", folder.data, parts[i]->d_name);
		if (n <= PARTS_MAX)
			read_file(l, path.data);
		free(parts[i]);
	}
	free(parts);
	buf_release(&folder);
	buf_release(&path);
}

static void
read_files(struct loading *l, const char *given)
{
	const char *file = given != NULL ? given : l->table->file;

	/* One that goes while we run is rather a mishap than a wish. */
	if (given != NULL || l->had_file || access(file, F_OK) == 0 ||
	    errno != ENOENT)
		read_file(l, file);
	read_folder(l, file);
}

/* ---- environment, options -------------------------------------------- */

static void
set_one(
    struct loading *l, const char *key, const char *text, const char *origin)
{
	const struct config_table *t = l->table;
	int i = config_find(t, key);
	struct config_value v = {0};
	struct err e;

	if (i == -1)
		err_set(&e, ERR_REFUSED, "unknown key '%s'", key);
	if (i == -1 || config_parse(&t->keys[i], text, &v, &e) == -1) {
		add_line(&l->said->complaints, "%s", origin, e.text);
	} else {
		config_store(&t->keys[i], &v, l->out);
		set_origin(l, (size_t)i, mem_strdup(origin));
	}
	config_value_release(&v);
}

/* "LEASES_LOST", behind "MASTERD_" when "program" is given. */
static void
variable_name(char name[NAME_ROOM], const char *program, const char *key)
{
	size_t len = 0;
	const char *p;

	for (p = program; p != NULL && *p != '\0' && len < NAME_ROOM / 2; p++)
		name[len++] = *p;
	if (program != NULL)
		name[len++] = '_';
	for (p = key; *p != '\0' && len < NAME_ROOM - 1; p++)
		name[len++] = *p == '.' ? '_' : *p;
	name[len] = '\0';
	for (len = 0; name[len] != '\0'; len++)
		if (name[len] >= 'a' && name[len] <= 'z')
			name[len] = (char)(name[len] - 'a' + 'A');
}

static void
set_from_variable(struct loading *l, const char *program, const char *key)
{
	char name[PREFIX_LEN + NAME_ROOM] = PREFIX;
	const char *value;

	variable_name(name + PREFIX_LEN, program, key);
	value = getenv(name);
	if (value != NULL && value[0] != '\0')
		set_one(l, key, value, name);
}

/* The key whose variable this one was probably meant to be. */
static const char *
near_variable(const struct config_table *t, const char *name, char *near)
{
	size_t i, d, best = NEAR + 1;
	const char *found = NULL;
	char candidate[NAME_ROOM];
	int both;

	for (i = 0; i < t->count * 2; i++) {
		both = i % 2 != 0;
		variable_name(
		    candidate, both ? t->program : NULL, t->keys[i / 2].name);
		d = nearest_distance(name, candidate);
		if (d == 0)
			return NULL; /* it is one */
		if (d < best && strlen(name) > 3) {
			best = d;
			found = near;
			memcpy(near, candidate, sizeof(candidate));
		}
	}
	return found;
}

/* Other programs have variables of this kind too: no more than a word. */
static void
warn_of_variable(struct loading *l, const char *variable)
{
	struct buf name = BUF_INIT, says = BUF_INIT;
	char near[NAME_ROOM];

	buf_add(&name, variable, strcspn(variable, "="));
	if (near_variable(l->table, buf_text(&name) + PREFIX_LEN, near) !=
	    NULL) {
		buf_printf(
		    &says, "sets nothing, nearest is '%s%s'", PREFIX, near);
		add_line(&l->said->warnings, "%s", name.data, says.data);
	}
	buf_release(&name);
	buf_release(&says);
}

static void
read_environment(struct loading *l)
{
	const struct config_table *t = l->table;
	char **variable;
	size_t i;

	for (i = 0; i < t->count; i++) {
		set_from_variable(l, NULL, t->keys[i].name);
		set_from_variable(l, t->program, t->keys[i].name);
	}
	for (variable = environ; variable != NULL && *variable != NULL;
	     variable++)
		if (strncmp(*variable, PREFIX, PREFIX_LEN) == 0)
			warn_of_variable(l, *variable);
}

/* ---- all of them ----------------------------------------------------- */

static int
load(struct loading *l, const struct config_sources *from, struct err *e)
{
	const struct config_table *t = l->table;
	struct buf *complaints = &l->said->complaints, more = BUF_INIT;
	size_t i;

	l->said->origins = mem_array(t->count, sizeof(char *));
	config_defaults(t, l->out);
	for (i = 0; i < t->count; i++)
		l->said->origins[i] = mem_strdup("default");
	read_files(l, from->file);
	read_environment(l);
	for (i = 0; i < from->option_count; i++)
		set_one(l, from->options[i].key, from->options[i].text,
		    from->options[i].origin);
	if (t->check != NULL)
		t->check(l->out, &more);
	buf_adds(complaints, complaints->len > 0 && more.len > 0 ? "\n" : "");
	buf_adds(complaints, buf_text(&more));
	buf_release(&more);
	if (complaints->len == 0)
		return 0;
	config_release(t, l->out);
	return err_set(e, ERR_REFUSED, "%.*s",
	    (int)strcspn(complaints->data, "\n"), complaints->data);
}

int
config_load(const struct config_table *t, const struct config_sources *from,
    void *out, struct config_said *said, struct err *e)
{
	struct loading l = {t, out, said, false, false};

	return load(&l, from, e);
}

static bool
same(const struct config_key *key, const void *a, const void *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool equal;

	config_value_text(key, a, &x);
	config_value_text(key, b, &y);
	equal = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	buf_release(&x);
	buf_release(&y);
	return equal;
}

static void
note(struct buf *keys, const char *name)
{
	buf_adds(keys, keys->len == 0 ? "" : " ");
	buf_adds(keys, name);
}

/* One key from "fresh", unless its change waits. */
static void
take_over(const struct config_key *key, void *fresh, void *out,
    struct config_changes *c, char **origins[2])
{
	char *origin = *origins[0];

	if (!same(key, fresh, out)) {
		note(key->restart ? &c->waiting : &c->taken, key->name);
		if (key->restart)
			return;
		config_move(key, fresh, out);
	}
	*origins[0] = *origins[1];
	*origins[1] = origin;
}

static void
exchange(struct buf *a, struct buf *b)
{
	struct buf spare = *a;

	*a = *b;
	*b = spare;
}

int
config_reload(const struct config_table *t, const struct config_sources *from,
    void *out, struct config_said *said, struct config_changes *changes,
    struct err *e)
{
	void *fresh = mem_alloc(t->size);
	struct config_said news = {0};
	struct loading l = {t, fresh, &news, true, false};
	size_t len = strlen(t->file), i;
	int rc;

	l.had_file = strncmp(buf_text(&said->files), t->file, len) == 0 &&
	    strchr(",", said->files.data[len]) != NULL;
	rc = load(&l, from, e);
	for (i = 0; rc == 0 && i < t->count; i++)
		take_over(&t->keys[i], fresh, out, changes,
		    (char **[2]){&said->origins[i], &news.origins[i]});
	exchange(&said->complaints, &news.complaints);
	exchange(&said->warnings, &news.warnings);
	exchange(&said->files, &news.files);
	config_said_release(t, &news);
	config_release(t, fresh);
	free(fresh);
	return rc;
}

void
config_changes_release(struct config_changes *c)
{
	buf_release(&c->taken);
	buf_release(&c->waiting);
}

/*
 * The files of templates: found, sorted, read, judged together.  What they
 * mean is masterd/plan/templates.h; here is only the way from a path to them.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/config_tree.h"
#include "lib/base/fs.h"
#include "masterd/templates.h"

/* ---- complaints ------------------------------------------------------ */

static void
add_lines(struct buf *complaints, const char *lines)
{
	if (lines == NULL || lines[0] == '\0')
		return;
	if (complaints->len > 0)
		buf_addc(complaints, '\n');
	buf_adds(complaints, lines);
}

/* The first line is what "e" says; the class stays when there is one. */
static void
first_line(struct err *e, const struct buf *complaints, enum err_class cls)
{
	const char *text = buf_text(complaints);

	err_set(e, cls == ERR_NONE ? ERR_REFUSED : cls, "%.*s",
	    (int)strcspn(text, "\n"), text);
}

/* ---- names ----------------------------------------------------------- */

struct names {
	char **list;
	size_t count;
};

static int
add_name(void *arg, int dirfd, const char *name)
{
	struct names *n = arg;
	size_t len = strlen(name);

	(void)dirfd;
	if (name[0] == '.' || len < 6 || strcmp(name + len - 5, ".yaml") != 0)
		return 0;
	n->list = mem_resize(n->list, n->count + 1, sizeof(*n->list));
	n->list[n->count++] = mem_strdup(name);
	return 0;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
names_release(struct names *n)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		free(n->list[i]);
	free(n->list);
}

/* ---- reading --------------------------------------------------------- */

struct reading {
	struct templates *t;
	struct buf *complaints;
	enum err_class cls; /* of the first that could not be read */
};

static void
read_file(struct reading *r, const char *path)
{
	struct err e;
	struct config_tree *tree = config_tree_read(path, &e);

	if (tree == NULL) {
		add_lines(r->complaints, e.text);
		if (r->cls == ERR_NONE)
			r->cls = e.cls;
		return;
	}
	if (templates_add(r->t, tree) == -1)
		add_lines(r->complaints, config_tree_complaints(tree));
	config_tree_free(tree);
}

static void
read_names(struct reading *r, const char *folder, const struct names *n)
{
	struct buf path = BUF_INIT;
	size_t i;

	if (n->count > TEMPLATES_FILES_MAX) {
		buf_printf(&path,
		    "'%s' holds %zu files of templates, at most %d are read",
		    folder, n->count, TEMPLATES_FILES_MAX);
		add_lines(r->complaints, path.data);
	}
	for (i = 0; i < n->count && i < TEMPLATES_FILES_MAX; i++) {
		buf_reset(&path);
		buf_printf(&path, "%s/%s", folder, n->list[i]);
		read_file(r, path.data);
	}
	buf_release(&path);
}

/* "folder/.": the folder itself may be a link. */
static void
read_folder(struct reading *r, const char *folder)
{
	struct names n = {NULL, 0};
	struct buf dot = BUF_INIT;
	struct err e;
	int fd;

	buf_printf(&dot, "%s/.", folder);
	fd = fs_open_dir(AT_FDCWD, dot.data, &e);
	if (fd == -1 || fs_each(fd, add_name, &n, &e) == -1) {
		add_lines(r->complaints, e.text);
		r->cls = e.cls;
	}
	if (n.count > 0)
		qsort(n.list, n.count, sizeof(*n.list), by_bytes);
	read_names(r, folder, &n);
	if (fd != -1)
		close(fd);
	buf_release(&dot);
	names_release(&n);
}

struct templates *
templates_read(const char *path, struct buf *complaints, struct err *e)
{
	struct reading r = {templates_new(), complaints, ERR_NONE};
	struct buf lines = BUF_INIT;
	struct stat st;

	buf_reset(complaints);
	if (path[0] != '\0' && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		read_folder(&r, path);
	else if (path[0] != '\0')
		read_file(&r, path);
	templates_check(r.t, &lines);
	add_lines(complaints, buf_text(&lines));
	buf_release(&lines);
	if (complaints->len == 0)
		return r.t;
	first_line(e, complaints, r.cls);
	templates_free(r.t);
	return NULL;
}

int
templates_reload(struct templates **now, const char *path,
    struct buf *complaints, struct err *e)
{
	struct templates *fresh = templates_read(path, complaints, e);

	if (fresh == NULL)
		return -1;
	templates_free(*now);
	*now = fresh;
	return 0;
}

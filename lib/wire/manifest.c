/*
 * A build's manifest: the one text from which its id is made, so there is
 * exactly one spelling of it, and everything else is refused.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/manifest.h"

/* <64 hex> <4 mode> <size> <path>\n: what stands before the size. */
#define MODE_AT      (DIGEST_HEX + 1)
#define SIZE_AT      (MODE_AT + 5)
#define LINE_MAX_LEN (SIZE_AT + 20 + 1 + TICKET_PATH_MAX)

_Static_assert(MANIFEST_MAX_FILES *(LINE_MAX_LEN + 1) < MANIFEST_MAX_BYTES,
    "what may be written may be read");

void
manifest_release(struct manifest *m)
{
	free(m->files);
	memset(m, 0, sizeof(*m));
}

void
manifest_add(struct manifest *m, const struct ticket_file *f)
{
	if (m->count == m->room) {
		m->room = m->room == 0 ? 64 : m->room * 2;
		m->files =
		    mem_resize(m->files, (size_t)m->room, sizeof(*m->files));
	}
	m->files[m->count++] = *f;
}

static int
by_path(const void *a, const void *b)
{
	const struct ticket_file *fa = a, *fb = b;

	return strcmp(fa->path, fb->path);
}

const struct ticket_file *
manifest_find(const struct manifest *m, const char *path)
{
	int low = 0, high = m->count, mid, order;

	while (low < high) {
		mid = low + (high - low) / 2;
		order = strcmp(path, m->files[mid].path);
		if (order == 0)
			return &m->files[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* "a" and "a/b" cannot both be files. */
static int
check_folders(const struct manifest *m, const char *path, struct err *e)
{
	char folder[TICKET_PATH_MAX + 1];
	char *slash;

	text_copy(folder, sizeof(folder), path);
	while ((slash = strrchr(folder, '/')) != NULL) {
		*slash = '\0';
		if (manifest_find(m, folder) != NULL)
			return err_set(e, ERR_REFUSED,
			    "'%s' is a file and a folder in a manifest",
			    folder);
	}
	return 0;
}

static int
check_file(const struct ticket_file *f, struct err *e)
{
	if (!ticket_path_ok(f->path))
		return err_set(
		    e, ERR_REFUSED, "'%s' is no path for a build", f->path);
	if (f->mode != 0755 && f->mode != 0644)
		return err_set(e, ERR_REFUSED,
		    "mode %o of '%s' is neither 0755 nor 0644", f->mode,
		    f->path);
	if (f->size > INT64_MAX)
		return err_set(
		    e, ERR_REFUSED, "the size of '%s' is no size", f->path);
	return 0;
}

/* Sorted and sound: what both sides ask of a manifest. */
static int
check(const struct manifest *m, struct err *e)
{
	int i;

	if (m->count == 0)
		return err_set(e, ERR_REFUSED, "a manifest without files");
	if (m->count > MANIFEST_MAX_FILES)
		return err_set(e, ERR_REFUSED,
		    "a manifest of %d files, limit is %d", m->count,
		    MANIFEST_MAX_FILES);
	for (i = 0; i < m->count; i++) {
		if (check_file(&m->files[i], e) == -1 ||
		    check_folders(m, m->files[i].path, e) == -1)
			return -1;
		if (i > 0 && by_path(&m->files[i - 1], &m->files[i]) == 0)
			return err_set(e, ERR_REFUSED,
			    "a manifest names '%s' twice", m->files[i].path);
		if (i > 0 && by_path(&m->files[i - 1], &m->files[i]) > 0)
			return err_set(e, ERR_REFUSED,
			    "a manifest is not sorted at '%s'",
			    m->files[i].path);
	}
	return 0;
}

int
manifest_sort(struct manifest *m, struct err *e)
{
	if (m->count > 0)
		qsort(m->files, (size_t)m->count, sizeof(*m->files), by_path);
	return check(m, e);
}

void
manifest_format(struct buf *out, const struct manifest *m)
{
	const struct ticket_file *f;
	int i;

	for (i = 0; i < m->count; i++) {
		f = &m->files[i];
		assert(ticket_path_ok(f->path));
		buf_printf(out, "%s %04o %ju %s\n", digest_hex(&f->sha256).text,
		    f->mode, (uintmax_t)f->size, f->path);
	}
}

/* "line" is NUL-terminated and ours to cut. */
static int
parse_line(struct ticket_file *f, char *line)
{
	char *size, *path;

	memset(f, 0, sizeof(*f));
	if (strlen(line) <= SIZE_AT || line[MODE_AT - 1] != ' ' ||
	    line[SIZE_AT - 1] != ' ')
		return -1;
	line[MODE_AT - 1] = line[SIZE_AT - 1] = '\0';
	size = line + SIZE_AT;
	if ((path = strchr(size, ' ')) == NULL)
		return -1;
	*path++ = '\0';
	if (digest_parse(&f->sha256, line) == -1 ||
	    text_to_u64(&f->size, size) == -1)
		return -1;
	if (strcmp(line + MODE_AT, "0755") == 0)
		f->mode = 0755;
	else if (strcmp(line + MODE_AT, "0644") == 0)
		f->mode = 0644;
	else
		return -1;
	return text_copy(f->path, sizeof(f->path), path) ? 0 : -1;
}

static int
parse_lines(struct manifest *m, const char *p, size_t len, struct err *e)
{
	char line[LINE_MAX_LEN + 1];
	const char *newline;
	struct ticket_file f;
	size_t n;

	while (len > 0) {
		newline = memchr(p, '\n', len);
		n = newline == NULL ? len : (size_t)(newline - p);
		if (newline == NULL || n >= sizeof(line) ||
		    memchr(p, '\0', n) != NULL)
			return err_set(e, ERR_REFUSED,
			    "line %d of a manifest is no line", m->count + 1);
		memcpy(line, p, n);
		line[n] = '\0';
		if (parse_line(&f, line) == -1)
			return err_set(e, ERR_REFUSED,
			    "line %d of a manifest is not "
			    "'<sha256> <mode> <size> <path>'",
			    m->count + 1);
		if (m->count == MANIFEST_MAX_FILES)
			return err_set(e, ERR_REFUSED,
			    "a manifest of over %d files", m->count);
		manifest_add(m, &f);
		p += n + 1;
		len -= n + 1;
	}
	return check(m, e);
}

int
manifest_parse(struct manifest *m, const void *bytes, size_t len, struct err *e)
{
	memset(m, 0, sizeof(*m));
	if (len > MANIFEST_MAX_BYTES)
		return err_set(e, ERR_REFUSED,
		    "a manifest of %zu bytes, limit is %d", len,
		    MANIFEST_MAX_BYTES);
	if (parse_lines(m, bytes, len, e) == -1) {
		manifest_release(m);
		return -1;
	}
	return 0;
}

/*
 * Logs that bots send, of jobs and of themselves: for people, no facts; never
 * synced.  One that is long is renamed to <name>.1 and starts anew.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "masterd/store/store_internal.h"

#define BOT_LOG_MAX_SIZE (1 << 20)

int
store_log_add(struct store *s, const struct store_log *l, const char *text,
    size_t len, struct err *e)
{
	int dir = fs_make_dir_open(s->root, l->folder, 0750, e), fd, result = 0;
	char old[sizeof(l->name) + 4];

	if (dir == -1)
		return -1;
	fd = openat(dir, l->name,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd == -1) {
		close(dir);
		return err_sys(e, "cannot open '%s/%s'", l->folder, l->name);
	}
	if (fs_write_all(fd, text, len) == -1)
		result = err_sys(e, "cannot write '%s/%s'", l->folder, l->name);
	snprintf(old, sizeof(old), "%s.1", l->name);
	if (lseek(fd, 0, SEEK_END) > l->max)
		(void)renameat(dir, l->name, dir, old);
	close(fd);
	close(dir);
	return result;
}

/* ---- reading --------------------------------------------------------- */

/* A log ("suffix" "", ".1") and its inode; -1 without "e" when there is none. */
static int
open_log(struct store *s, const struct store_log *l, const char *suffix,
    struct store_log_place *is, struct err *e)
{
	char path[sizeof(*l) + 8];
	struct stat st;
	int fd;

	err_clear(e);
	snprintf(path, sizeof(path), "%s/%s%s", l->folder, l->name, suffix);
	fd = openat(s->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 && errno != ENOENT)
		return err_sys(e, "cannot open '%s'", path);
	if (fd != -1 && fstat(fd, &st) == -1) {
		close(fd);
		return err_sys(e, "cannot read '%s'", path);
	}
	if (fd != -1) {
		is->file = (uint64_t)st.st_ino;
		is->at = (uint64_t)st.st_size;
	}
	return fd;
}

/* Up to "len" bytes from "at"; what is there of them. */
static int
read_piece(int fd, uint64_t at, size_t len, struct buf *out, struct err *e)
{
	ssize_t n;

	buf_grow(out, len);
	n = pread(fd, out->data + out->len, len, (off_t)at);
	if (n == -1)
		return err_sys(e, "cannot read a log");
	out->len += (size_t)n;
	out->data[out->len] = '\0';
	return 0;
}

/* A piece that was cut ends with its last whole line, if it has one. */
static void
cut_line(struct buf *out, size_t from)
{
	size_t len = out->len;

	while (len > from && out->data[len - 1] != '\n')
		len--;
	if (len > from)
		out->len = len;
	out->data[out->len] = '\0';
}

/* Only the last "lines" of what "out" holds. */
static void
keep_lines(struct buf *out, uint64_t lines)
{
	size_t at = out->len;

	if (at > 0 && out->data[at - 1] == '\n')
		at--;
	for (; at > 0; at--)
		if (out->data[at - 1] == '\n' && --lines == 0)
			break;
	buf_consume(out, at);
}

int
store_log_tail(struct store *s, const struct store_log *l, uint64_t lines,
    struct buf *out, struct store_log_place *next, struct err *e)
{
	uint64_t size, from;
	int fd, result;

	*next = (struct store_log_place){0, 0};
	fd = open_log(s, l, "", next, e);
	if (fd == -1)
		return e->cls == ERR_NONE ? 0 : -1;
	size = next->at;
	from = size > STORE_LOG_PIECE ? size - STORE_LOG_PIECE : 0;
	result = lines == 0
	    ? 0
	    : read_piece(fd, from, (size_t)(size - from), out, e);
	if (result == 0 && lines > 0 && out->len > 0)
		keep_lines(out, lines);
	close(fd);
	return result;
}

/*
 * The log that "place" is in, and its size: 1 found; 0 when it is another one
 * by now, *newest is that (file 0: there is none); -1.
 */
static int
find_log(struct store *s, const struct store_log *l,
    const struct store_log_place *place, int *fd,
    struct store_log_place *newest, struct err *e)
{
	static const char *const suffixes[] = {"", ".1"};
	struct store_log_place is = {0, 0};
	int i;

	*newest = is;
	for (i = 0; i < 2; i++) {
		*fd = open_log(s, l, suffixes[i], &is, e);
		if (*fd == -1 && e->cls != ERR_NONE)
			return -1;
		if (*fd == -1)
			continue;
		if (i == 0)
			*newest = is;
		/* What was read to its end goes on in the next. */
		if (is.file == place->file && (i == 0 || place->at < is.at)) {
			*newest = is;
			return 1;
		}
		close(*fd);
	}
	return 0;
}

int
store_log_after(struct store *s, const struct store_log *l,
    struct store_log_place *place, struct buf *out, struct err *e)
{
	struct store_log_place is;
	int fd, result = 0, got = find_log(s, l, place, &fd, &is, e);

	if (got == -1)
		return -1;
	if (got == 0) { /* another log by now, or the first one */
		*place = (struct store_log_place){is.file, 0};
		if (is.file == 0)
			return 0;
		if ((fd = open_log(s, l, "", &is, e)) == -1)
			return e->cls == ERR_NONE ? 0 : -1;
		place->file = is.file;
	}
	if (is.at > place->at) {
		result = read_piece(fd, place->at, STORE_LOG_PIECE, out, e);
		if (result == 0 && out->len == STORE_LOG_PIECE)
			cut_line(out, 0);
		place->at += out->len;
	}
	close(fd);
	return result;
}

/* ---- of bots --------------------------------------------------------- */

static struct store_log
log_of(const struct store_bot *bot)
{
	struct store_log l = {.max = BOT_LOG_MAX_SIZE};

	snprintf(l.folder, sizeof(l.folder), "logs/bots/%.40s", bot->account);
	snprintf(l.name, sizeof(l.name), "%.40s.log", bot->bot);
	return l;
}

int
store_bot_log(struct store *s, const struct store_bot *bot, const char *text,
    size_t len, struct err *e)
{
	const struct store_log l = log_of(bot);

	return store_log_add(s, &l, text, len, e);
}

int
store_bot_log_tail(struct store *s, const struct store_bot *bot, uint64_t lines,
    struct buf *out, struct store_log_place *next, struct err *e)
{
	const struct store_log l = log_of(bot);

	return store_log_tail(s, &l, lines, out, next, e);
}

int
store_bot_log_after(struct store *s, const struct store_bot *bot,
    struct store_log_place *place, struct buf *out, struct err *e)
{
	const struct store_log l = log_of(bot);

	return store_log_after(s, &l, place, out, e);
}

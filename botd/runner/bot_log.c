/*
 * The bot's own log, for `pfadm bot logs`: all three processes write to
 * ROOT/log, and the runner sends what has come since the last time with its
 * statistics.  Up to where is kept in state/log-sent, so that a restart sends
 * why it was needed; it is not synced: what is sent twice harms nobody.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/runner_internal.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/wire/record.h"

#define LOG_FILE "log"
#define LOG_OLD  "log.1" /* lib/base/log.h */
#define SENT     "state/log-sent"
/* Of one bundle; cleaning may make it longer. */
#define RAW_MOST (48u << 10)

/* From "from" on, or the last RAW_MOST bytes of it.  Returns the size. */
static uint64_t
add_rest(struct buf *raw, int fd, uint64_t from, uint64_t *skipped)
{
	struct stat st;
	uint64_t size, len;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return from;
	size = (uint64_t)st.st_size;
	if (from > size)
		from = 0;
	if (size - from > RAW_MOST) {
		*skipped += size - from - RAW_MOST;
		from = size - RAW_MOST;
	}
	len = size - from;
	buf_grow(raw, len + 1);
	n = fs_read_at(fd, raw->data + raw->len, len, from);
	raw->len += n > 0 ? (size_t)n : 0;
	return from + (n > 0 ? (uint64_t)n : 0);
}

static uint64_t
inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == -1 ? 0 : (uint64_t)st.st_ino;
}

static void
read_sent(const struct runner *r, uint64_t *inode, uint64_t *end)
{
	struct buf text = BUF_INIT;
	char *blank;

	*inode = *end = 0;
	if (fs_read_file(r->root, SENT, &text, 64, NULL) == 0 &&
	    (blank = strchr(text.data, ' ')) != NULL) {
		*inode = strtoull(text.data, NULL, 10);
		*end = strtoull(blank + 1, NULL, 10);
	}
	buf_release(&text);
}

/* True when a line says more than that bundles come and go, which sending it
 * makes true again. */
static bool
is_worth(const char *text)
{
	const char *line, *end, *bundle;

	for (line = text; *line != '\0'; line = end + (*end != '\0')) {
		end = line + strcspn(line, "\n");
		if (end == line)
			continue;
		bundle = strstr(line, "bundle.");
		if (bundle == NULL || bundle > end)
			return true;
	}
	return false;
}

/* What is longer than may travel loses its begin, line by line. */
static void
clean_tail(struct buf *out, const struct buf *raw, uint64_t skipped)
{
	const char *from = buf_text(raw), *newline;
	size_t len = raw->len;

	if (len > RAW_MOST) {
		skipped += len - RAW_MOST;
		from += len - RAW_MOST;
		len = RAW_MOST;
	}
	if (skipped > 0 && (newline = memchr(from, '\n', len)) != NULL) {
		skipped += (uint64_t)(newline + 1 - from);
		len -= (size_t)(newline + 1 - from);
		from = newline + 1;
	}
	if (skipped > 0)
		buf_printf(out, "... %ju bytes left out\n", (uintmax_t)skipped);
	text_clean(out, from, len, BOT_LOG_MAX - out->len);
}

static int
open_log(const struct runner *r, const char *name)
{
	return openat(r->root, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

void
bot_log_read(const struct runner *r, struct bot_log *l)
{
	struct buf raw = BUF_INIT;
	uint64_t inode, end, skipped = 0;
	int now = open_log(r, LOG_FILE), old;

	*l = (struct bot_log){.text = BUF_INIT};
	if (now == -1)
		return;
	read_sent(r, &inode, &end);
	l->inode = inode_of(now);
	if (inode != l->inode) {
		/* Put aside meanwhile: its rest first. */
		old = inode == 0 ? -1 : open_log(r, LOG_OLD);
		if (old != -1 && inode_of(old) == inode)
			(void)add_rest(&raw, old, end, &skipped);
		if (old != -1)
			close(old);
		end = 0;
	}
	l->end = add_rest(&raw, now, end, &skipped);
	close(now);
	if (raw.len > 0) {
		raw.data[raw.len] = '\0';
		l->worth = is_worth(raw.data);
		clean_tail(&l->text, &raw, skipped);
	}
	buf_release(&raw);
}

void
bot_log_sent(const struct runner *r, const struct bot_log *l)
{
	char line[64];

	if (l->inode == 0)
		return;
	snprintf(line, sizeof(line), "%ju %ju\n", (uintmax_t)l->inode,
	    (uintmax_t)l->end);
	(void)fs_replace(r->root, SENT, line, strlen(line), 0640, false, NULL);
}

void
bot_log_release(struct bot_log *l)
{
	buf_release(&l->text);
}

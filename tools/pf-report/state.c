/*
 * What was told already, so that a problem that lasts is not a mail every five
 * minutes: a file with a line for each thing, when it was told and what it is.
 * Each is told at most once in the time that a report looks back.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tools/pf-report/pf_report.h"

#define STATE_MAX (1 << 20)

/* Told again a little early: who comes daily does not come to the second. */
static bool
holds(uint64_t told_ms, const struct facts *f, uint64_t now_ms)
{
	return told_ms <= now_ms && now_ms - told_ms < f->since_ms / 10 * 9;
}

/* Without its numbers: that there are three now, not two, is not news. */
static void
add_key(struct buf *keys, const char *text)
{
	struct buf clean = BUF_INIT;
	const char *word;
	size_t len;

	text_clean_line(&clean, text, strlen(text), 400);
	for (word = buf_text(&clean); *word != '\0'; word += len) {
		word += strspn(word, " ");
		len = strcspn(word, " ");
		if (strspn(word, "0123456789.,:;%-TZ") < len) {
			buf_addc(keys, ' ');
			buf_add(keys, word, len);
		}
	}
	buf_addc(keys, '\n');
	buf_release(&clean);
}

static void
all_keys(const struct facts *f, struct buf *keys)
{
	const struct json_value *p = json_first(json_get(f->item, "problems"));

	buf_adds(keys, buf_text(&f->keys));
	for (; p != NULL && keys->len < STATE_MAX / 4; p = json_next(p))
		add_key(keys, json_get_string(p, "text", "?"));
}

/* The next line of "*at": its number, 0 without one, and the rest. */
static bool
next_line(const char **at, uint64_t *ms, const char **key, size_t *len)
{
	const char *line = *at;
	size_t n = strcspn(line, "\n"), digits = strspn(line, "0123456789");

	if (*line == '\0')
		return false;
	*ms = digits == 0 ? 0 : strtoumax(line, NULL, 10);
	*key = line + digits;
	*len = n - digits;
	*at = line + n + (line[n] == '\n');
	return true;
}

/* When the lines say that a key was told; 0: it is none of them. */
static uint64_t
told(const char *lines, const char *key, size_t len)
{
	const char *k;
	uint64_t ms;
	size_t n;

	while (next_line(&lines, &ms, &k, &n))
		if (n == len && memcmp(k, key, len) == 0)
			return ms == 0 ? 1 : ms;
	return 0;
}

/* Lines that hold, but for those of "keys"; those as told now. */
static void
keep(const struct facts *f, const char *state, uint64_t now_ms,
    const char *keys, struct buf *next)
{
	const char *at, *key;
	uint64_t ms;
	size_t len;

	for (at = state; next_line(&at, &ms, &key, &len);)
		if (holds(ms, f, now_ms) && told(keys, key, len) == 0)
			buf_printf(
			    next, "%ju%.*s\n", (uintmax_t)ms, (int)len, key);
	for (at = keys; next_line(&at, &ms, &key, &len);)
		buf_printf(next, "%ju%.*s\n", (uintmax_t)now_ms, (int)len, key);
}

int
state_compare(const struct facts *f, const char *file, uint64_t now_ms,
    struct buf *next, struct err *e)
{
	struct buf state = BUF_INIT, keys = BUF_INIT;
	const char *at, *key;
	int news = 0;
	uint64_t ms;
	size_t len;

	if (fs_read_file(AT_FDCWD, file, &state, STATE_MAX, e) == -1 &&
	    e->sys != ENOENT) {
		buf_release(&state);
		return -1;
	}
	all_keys(f, &keys);
	for (at = buf_text(&keys); next_line(&at, &ms, &key, &len);)
		if (!holds(told(buf_text(&state), key, len), f, now_ms))
			news = 1;
	/* All that there is is told with it. */
	keep(f, buf_text(&state), now_ms, news ? buf_text(&keys) : "", next);
	buf_release(&state);
	buf_release(&keys);
	return news;
}

int
state_save(const char *file, const struct buf *next, struct err *e)
{
	char *folder = mem_strdup(file), *slash = strrchr(folder, '/');
	const char *name = slash == NULL ? file : file + (slash - folder) + 1;
	int fd, rc;

	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	fd = fs_open_dir(AT_FDCWD, slash == NULL ? "." : folder, e);
	free(folder);
	if (fd == -1)
		return -1;
	rc = fs_replace(fd, name, buf_text(next), next->len, 0600, false, e);
	close(fd);
	return rc;
}

/*
 * The spool as people see it: what waits in incoming/, by account; and each
 * file in rejected/ and held/ with its reason.  Read from the folders, which
 * are the truth; names there were made by us, but are treated as foreign.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/change.h"
#include "masterd/admin/job_body.h"
#include "masterd/db/health.h"

#define SHOWN         1000 /* of each folder */
#define COUNTED       20000
#define REASON_LINE   300
#define REASON_MAX    (64 * 1024)
#define REASON_SUFFIX ".reason"

/* ---- a folder's names, sorted ---------------------------------------- */

struct names {
	char **list;
	size_t count, room, max;
	bool more;
};

static int
add_name(void *arg, int dirfd, const char *name)
{
	struct names *n = arg;

	(void)dirfd;
	if (name[0] == '.')
		return 0;
	if (n->count == n->max) {
		n->more = true;
		return 0;
	}
	if (n->count == n->room) {
		n->room = n->room == 0 ? 64 : n->room * 2;
		n->list = mem_resize(n->list, n->room, sizeof(*n->list));
	}
	n->list[n->count++] = mem_strdup(name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
names_release(struct names *n)
{
	while (n->count > 0)
		free(n->list[--n->count]);
	free(n->list);
}

/* A folder that is not there has no names. */
static int
names_read(struct names *n, int dir, size_t max, struct err *e)
{
	memset(n, 0, sizeof(*n));
	n->max = max;
	if (fs_each(dir, add_name, n, e) == -1) {
		names_release(n);
		return -1;
	}
	if (n->count > 0)
		qsort(n->list, n->count, sizeof(*n->list), by_name);
	return 0;
}

/* ---- incoming -------------------------------------------------------- */

static void
put_clean(struct buf *out, const char *key, const char *text, size_t cap)
{
	struct buf clean = BUF_INIT;

	text_clean_line(&clean, text, strlen(text), cap);
	json_put_string(out, key, buf_text(&clean));
	buf_release(&clean);
}

static void
put_time(struct buf *out, const char *key, const struct timespec *t)
{
	if (t->tv_sec <= 0)
		json_put_null(out, key);
	else
		json_put_string(
		    out, key, clock_rfc3339((uint64_t)t->tv_sec * 1000).text);
}

static int
list_incoming(struct request *r, const char *account, struct err *e)
{
	struct timespec oldest = {0, 0};
	uint64_t bytes = 0;
	struct names names;
	struct stat st;
	char path[80];
	size_t i;
	int dir;

	snprintf(path, sizeof(path), "spool/%s/incoming/new", account);
	if ((dir = fs_open_dir(store_root(r->admin->store), path, e)) == -1)
		return e->cls == ERR_NOT_FOUND ? 0 : -1;
	if (names_read(&names, dir, COUNTED, e) == -1) {
		close(dir);
		return -1;
	}
	for (i = 0; i < names.count; i++) {
		if (fstatat(dir, names.list[i], &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		bytes += (uint64_t)st.st_size;
		if (oldest.tv_sec == 0 || st.st_mtim.tv_sec < oldest.tv_sec)
			oldest = st.st_mtim;
	}
	close(dir);
	json_open(&r->out, NULL, '{');
	json_put_string(&r->out, "queue", "incoming");
	json_put_string(&r->out, "account", account);
	json_put_u64(&r->out, "files", names.count);
	json_put_bool(&r->out, "more", names.more);
	json_put_u64(&r->out, "bytes", bytes);
	put_time(&r->out, "oldest", &oldest);
	json_close(&r->out, '}');
	names_release(&names);
	return 0;
}

/* ---- rejected, held -------------------------------------------------- */

static bool
is_reason(const char *name, size_t *stem)
{
	size_t n = strlen(name), m = strlen(REASON_SUFFIX);

	*stem = n;
	if (n <= m || strcmp(name + n - m, REASON_SUFFIX) != 0)
		return false;
	*stem = n - m;
	return true;
}

static void
put_reason(struct buf *out, int dir, const char *file, bool short_one)
{
	char name[NAME_MAX + 1];
	struct buf text = BUF_INIT, clean = BUF_INIT;
	struct err e;

	if (snprintf(name, sizeof(name), "%s" REASON_SUFFIX, file) <
		(int)sizeof(name) &&
	    fs_read_file(dir, name, &text, REASON_MAX, &e) == 0) {
		while (text.len > 0 && text.data[text.len - 1] == '\n')
			text.len--;
		if (short_one)
			text_clean_line(
			    &clean, text.data, text.len, REASON_LINE);
		else
			text_clean(&clean, text.data, text.len, REASON_MAX);
	}
	json_put_string(out, "reason", buf_text(&clean));
	buf_release(&text);
	buf_release(&clean);
}

/* One entry, under "key" with its whole reason, in a list with the start of
 * it.  The file may be gone already, or never have been there: what
 * could not be opened has only left a reason. */
static void
put_entry(struct buf *out, const char *key, int dir, const char *queue,
    const char *account, const char *file)
{
	char id[NAME_MAX_LEN + NAME_MAX + 2], reason[NAME_MAX + 10];
	struct stat st;
	bool whole;

	snprintf(id, sizeof(id), "%s/%s", account, file);
	snprintf(reason, sizeof(reason), "%s" REASON_SUFFIX, file);
	whole = fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
	json_open(out, key, '{');
	json_put_string(out, "queue", queue);
	put_clean(out, "id", id, sizeof(id) * 4);
	json_put_string(out, "account", account);
	put_clean(out, "file", file, sizeof(id) * 4);
	if (whole)
		json_put_u64(out, "bytes", (uint64_t)st.st_size);
	else
		json_put_null(out, "bytes");
	put_reason(out, dir, file, key == NULL);
	if (whole || fstatat(dir, reason, &st, AT_SYMLINK_NOFOLLOW) == 0)
		put_time(out, "at", &st.st_mtim);
	else
		json_put_null(out, "at");
	json_close(out, '}');
}

/* A file and its reason are one entry. */
static void
put_entries(struct request *r, int dir, const char *queue, const char *account,
    const struct names *names)
{
	char stem[NAME_MAX + 1];
	struct stat st;
	size_t i, len;

	for (i = 0; i < names->count; i++) {
		if (is_reason(names->list[i], &len)) {
			snprintf(stem, sizeof(stem), "%.*s", (int)len,
			    names->list[i]);
			if (fstatat(dir, stem, &st, AT_SYMLINK_NOFOLLOW) == 0)
				continue;
			put_entry(&r->out, NULL, dir, queue, account, stem);
			continue;
		}
		put_entry(&r->out, NULL, dir, queue, account, names->list[i]);
	}
}

static int
open_queue(
    struct request *r, const char *queue, const char *account, struct err *e)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/%s", queue, account);
	return fs_open_dir(store_root(r->admin->store), path, e);
}

static int
list_kept(
    struct request *r, const char *queue, const char *account, struct err *e)
{
	struct names names;
	int dir = open_queue(r, queue, account, e);

	if (dir == -1)
		return e->cls == ERR_NOT_FOUND ? 0 : -1;
	if (names_read(&names, dir, 2 * SHOWN, e) == -1) {
		close(dir);
		return -1;
	}
	put_entries(r, dir, queue, account, &names);
	names_release(&names);
	close(dir);
	return 0;
}

/* ---- routes ---------------------------------------------------------- */

/* "fn" for each account that has a folder in "top" and is asked for. */
static int
each_account(struct request *r, const char *top,
    int (*fn)(struct request *r, const char *queue, const char *account,
	struct err *e),
    struct err *e)
{
	const char *only = request_query(r, "account");
	struct names names;
	int dir, got = 0;
	size_t i;

	dir = fs_open_dir(store_root(r->admin->store), top, e);
	if (dir == -1)
		return e->cls == ERR_NOT_FOUND ? 0 : -1;
	got = names_read(&names, dir, COUNTED, e);
	close(dir);
	if (got == -1)
		return -1;
	for (i = 0; i < names.count && got == 0; i++)
		if (name_ok(names.list[i]) &&
		    (*only == '\0' || strcmp(only, names.list[i]) == 0))
			got = fn(r, top, names.list[i], e);
	names_release(&names);
	return got;
}

static int
incoming_of(
    struct request *r, const char *top, const char *account, struct err *e)
{
	(void)top;
	return list_incoming(r, account, e);
}

int
spool_list(struct request *r, struct err *e)
{
	json_open(&r->out, NULL, '{');
	json_put_u64(&r->out, "api", 1);
	json_open(&r->out, "items", '[');
	if (each_account(r, "spool", incoming_of, e) == -1 ||
	    each_account(r, "rejected", list_kept, e) == -1 ||
	    each_account(r, "held", list_kept, e) == -1)
		return -1;
	json_close(&r->out, ']');
	json_put_null(&r->out, "next");
	json_close(&r->out, '}');
	return 0;
}

/* "account/file", both safe as names. */
static int
split_entry(
    const char *text, struct name *account, const char **file, struct err *e)
{
	const char *slash = strchr(text, '/');
	char first[NAME_MAX_LEN + 2];

	if (slash == NULL || slash[1] == '\0' || slash[1] == '.' ||
	    strchr(slash + 1, '/') != NULL || strlen(slash + 1) > 200)
		return err_set(
		    e, ERR_NOT_FOUND, "spool entry %.80s: not found", text);
	snprintf(first, sizeof(first), "%.*s",
	    (int)(slash - text > NAME_MAX_LEN ? NAME_MAX_LEN + 1
					      : slash - text),
	    text);
	*file = slash + 1;
	return name_parse(account, "account", first, e);
}

static bool
is_there(int dir, const char *file)
{
	char reason[NAME_MAX + 10];
	struct stat st;

	snprintf(reason, sizeof(reason), "%s" REASON_SUFFIX, file);
	return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    fstatat(dir, reason, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int
spool_show(struct request *r, struct err *e)
{
	static const char *const queues[] = {"rejected", "held", NULL};
	struct name account;
	const char *file;
	int i, dir;

	if (split_entry(r->part[0], &account, &file, e) == -1)
		return -1;
	for (i = 0; queues[i] != NULL; i++) {
		dir = open_queue(r, queues[i], account.text, e);
		if (dir == -1)
			continue;
		if (is_there(dir, file)) {
			json_open(&r->out, NULL, '{');
			json_put_u64(&r->out, "api", 1);
			put_entry(&r->out, "item", dir, queues[i], account.text,
			    file);
			json_close(&r->out, '}');
			close(dir);
			return 0;
		}
		close(dir);
	}
	return err_set(
	    e, ERR_NOT_FOUND, "spool entry %.80s: not found", r->part[0]);
}

/* ---- changes --------------------------------------------------------- */

struct spool_change {
	struct json *body;
	struct name account;
	const char *entry, *file, *reason;
	uint64_t bytes;
};

/* "entry" or "id", which are the same, and "reason". */
static int
read_change(struct request *r, struct spool_change *c, struct err *e)
{
	static const char *const known[] = {"entry", "id", "reason", NULL};
	const struct json_value *o;

	if ((c->body = job_body(r, known, e)) == NULL)
		return -1;
	o = json_root(c->body);
	if (job_body_text(r, o, "id", &c->entry, e) == -1 ||
	    (*c->entry == '\0' &&
		job_body_text(r, o, "entry", &c->entry, e) == -1) ||
	    change_reason(r, o, &c->reason, e) == -1)
		return -1;
	if (*c->entry == '\0')
		return job_body_wrong(
		    r, "entry", "which one? (account/file)", e);
	r->field = "entry";
	if (split_entry(c->entry, &c->account, &c->file, e) == -1)
		return -1;
	r->field = NULL;
	return 0;
}

static int
note(struct request *r, const struct spool_change *c, const char *what,
    struct err *e)
{
	char subject[256], before[64];

	snprintf(subject, sizeof(subject), "spool:%s", c->entry);
	snprintf(
	    before, sizeof(before), "{\"bytes\":%ju}", (uintmax_t)c->bytes);
	if (db_event(r->admin->db, r->peer.name, what, subject, c->reason, "",
		e) == -1)
		return -1;
	return change_note(r, what, subject, before, "{}", c->reason, e);
}

static int
note_retry(struct request *r, void *arg, struct err *e)
{
	return note(r, arg, "spool.retried", e);
}

static int
note_drop(struct request *r, void *arg, struct err *e)
{
	const struct spool_change *c = arg;

	if (health_dropped(r->admin->db, c->account.text, c->file, e) == -1)
		return -1;
	return note(r, arg, "spool.dropped", e);
}

static uint64_t
size_of(int dir, const char *file)
{
	struct stat st;

	return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0
	    ? (uint64_t)st.st_size
	    : 0;
}

static int
retry(struct request *r, struct spool_change *c, struct err *e)
{
	const struct admin_hooks *hooks = &r->admin->hooks;

	if (hooks->spool_retry == NULL)
		return err_set(e, ERR_AGAIN, "the master cannot do that now");
	if (hooks->spool_retry(hooks->arg, c->account.text, c->file, e) == -1)
		return -1;
	return admin_change(r, note_retry, c, e);
}

/* The note first: what goes without one would be gone without a word. */
static int
drop(struct request *r, struct spool_change *c, struct err *e)
{
	char reason[NAME_MAX + 10];
	int got, dir = open_queue(r, "rejected", c->account.text, e);

	if (dir == -1 && e->cls != ERR_NOT_FOUND)
		return -1;
	if (dir == -1 || !is_there(dir, c->file)) {
		if (dir != -1)
			close(dir);
		return err_set(e, ERR_NOT_FOUND,
		    "spool entry %.80s: is not among the refused", c->entry);
	}
	c->bytes = size_of(dir, c->file);
	got = admin_change(r, note_drop, c, e);
	snprintf(reason, sizeof(reason), "%s" REASON_SUFFIX, c->file);
	if (got == 0 &&
	    ((unlinkat(dir, c->file, 0) == -1 && errno != ENOENT) ||
		(unlinkat(dir, reason, 0) == -1 && errno != ENOENT)))
		got = err_sys(e, "cannot remove '%s'", c->entry);
	close(dir);
	return got;
}

static int
change(struct request *r,
    int (*fn)(struct request *r, struct spool_change *c, struct err *e),
    struct err *e)
{
	struct spool_change c = {.body = NULL};
	int got = read_change(r, &c, e);

	if (got == 0)
		got = fn(r, &c, e);
	json_free(c.body);
	if (got == 0)
		buf_adds(&r->out, "{\"api\":1}");
	return got;
}

int
spool_retry(struct request *r, struct err *e)
{
	return change(r, retry, e);
}

int
spool_drop(struct request *r, struct err *e)
{
	return change(r, drop, e);
}

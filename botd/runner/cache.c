/*
 * builds/ is a cache that the courier fills: what no ticket and no job file
 * names goes, least recently used first, when it has grown over its limit or
 * the disk is nearly full.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "botd/runner/names.h"
#include "botd/runner/runner_internal.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/wire/ticket.h"

#define FILE_BYTES (4u << 20)
/* The courier fetches files before it places the ticket that names them. */
#define YOUNG_S (10 * 60)

struct cached {
	char name[DIGEST_HEX + 1];
	uint64_t bytes;
	int64_t used; /* seconds */
};

struct cache {
	struct cached *list;
	int count;
	uint64_t bytes;
	struct names wanted;
};

/* ---- what is named --------------------------------------------------- */

static void
want_input(struct cache *c, const struct ticket_input *in)
{
	int i;

	names_add(&c->wanted, digest_hex(&in->sha256).text);
	for (i = 0; i < in->series_count; i++)
		names_add(&c->wanted, digest_hex(&in->series[i]).text);
}

static int
want_ticket(void *arg, int dirfd, const char *name)
{
	struct cache *c = arg;
	struct buf text = BUF_INIT;
	struct ticket t;
	int i;

	if (fs_read_file(dirfd, name, &text, FILE_BYTES, NULL) == 0 &&
	    ticket_parse(&t, text.data, text.len, NULL) == 0) {
		for (i = 0; i < t.file_count; i++)
			names_add(
			    &c->wanted, digest_hex(&t.files[i].sha256).text);
		for (i = 0; i < t.input_count; i++)
			want_input(c, &t.inputs[i]);
		ticket_release(&t);
	}
	buf_release(&text);
	return 0;
}

static int
want_job(void *arg, int dirfd, const char *name)
{
	struct cache *c = arg;
	struct buf text = BUF_INIT;
	struct job_file j;
	int i;

	if (fs_read_file(dirfd, name, &text, FILE_BYTES, NULL) == 0 &&
	    job_file_parse(&j, text.data, text.len, NULL) == 0) {
		for (i = 0; i < j.segment_count; i++)
			names_add(
			    &c->wanted, digest_hex(&j.segments[i].sha256).text);
		job_file_release(&j);
	}
	buf_release(&text);
	return 0;
}

/* ---- what is there --------------------------------------------------- */

static int
add_file(void *arg, int dirfd, const char *name)
{
	struct cache *c = arg;
	struct cached *new;
	struct digest d;
	struct stat st;

	if (digest_parse(&d, name) == -1 ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		return 0;
	c->bytes += (uint64_t)st.st_size;
	if (names_has(&c->wanted, name))
		return 0;
	c->list = mem_resize(c->list, (size_t)c->count + 1, sizeof(c->list[0]));
	new = &c->list[c->count++];
	memcpy(new->name, name, sizeof(new->name));
	new->bytes = (uint64_t)st.st_size;
	new->used = st.st_atim.tv_sec > st.st_mtim.tv_sec ? st.st_atim.tv_sec
							  : st.st_mtim.tv_sec;
	return 0;
}

static int
add_folder(void *arg, int dirfd, const char *name)
{
	int fd;

	if (strlen(name) != 2)
		return 0;
	fd = fs_open_dir(dirfd, name, NULL);
	if (fd == -1)
		return 0;
	fs_each(fd, add_file, arg, NULL);
	close(fd);
	return 0;
}

static int
by_use(const void *a, const void *b)
{
	const struct cached *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

/* Bytes that have to go: over the limit, or until 10 % of the disk is free. */
static uint64_t
too_many(const struct runner *r, const struct cache *c)
{
	uint64_t free_bytes, total, over = 0;

	if (c->bytes > r->config->cache_bytes)
		over = c->bytes - r->config->cache_bytes;
	if (fs_space(r->builds, &free_bytes, &total, NULL) == 0 &&
	    free_bytes < total / 10 && total / 10 - free_bytes > over)
		over = total / 10 - free_bytes;
	return over;
}

static void
evict(struct runner *r, const struct cache *c, uint64_t over)
{
	int64_t now = (int64_t)time(NULL);
	char path[80];
	int i;

	for (i = 0; i < c->count && over > 0; i++) {
		if (now - c->list[i].used < YOUNG_S)
			break; /* the rest is younger still */
		snprintf(path, sizeof(path), "%.2s/%s", c->list[i].name,
		    c->list[i].name);
		if (unlinkat(r->builds, path, 0) == -1)
			continue;
		log_info("cache.evicted", LOG_T("file", c->list[i].name),
		    LOG_N("bytes", c->list[i].bytes));
		over -= c->list[i].bytes < over ? c->list[i].bytes : over;
	}
}

void
cache_evict(struct runner *r)
{
	struct cache c = {.list = NULL};
	uint64_t over;

	fs_each(r->tickets, want_ticket, &c, NULL);
	fs_each(r->jobs, want_job, &c, NULL);
	fs_each(r->builds, add_folder, &c, NULL);
	over = too_many(r, &c);
	if (over > 0 && c.count > 0) {
		qsort(c.list, (size_t)c.count, sizeof(c.list[0]), by_use);
		evict(r, &c, over);
	}
	names_release(&c.wanted);
	free(c.list);
}

/*
 * What the outbox holds, and what has to go when its quota is used up (P.21):
 * statistics first, then coverage, then units; never a crash, a registration
 * or a `complete`.  Which seqs went is written and synced before the files go,
 * and declared in each beat until the master has confirmed it.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/runner_internal.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define DROPPED_BYTES (4u << 20)
/* Down to this part of the quota, so that it is not done for each bundle. */
#define ROOM(quota)   ((quota) / 100 * 95)
#define NEARLY(quota) ((quota) / 100 * 80)

/* ---- dropped/<epoch>: ranges, one "first last" a line ----------------- */

typedef int range_fn(void *arg, uint64_t epoch, const struct seq_range *r);

static int
parse_range(struct seq_range *r, char *line)
{
	char *blank = strchr(line, ' ');

	if (blank == NULL)
		return -1;
	*blank = '\0';
	if (text_to_u64(&r->first, line) == -1 ||
	    text_to_u64(&r->last, blank + 1) == -1)
		return -1;
	return r->first >= 1 && r->first <= r->last ? 0 : -1;
}

struct each_range {
	range_fn *fn;
	void *arg;
};

static int
each_range_of(void *arg, int dirfd, const char *name)
{
	struct each_range *each = arg;
	struct buf text = BUF_INIT;
	struct seq_range range;
	char *line, *next;
	uint64_t epoch;
	int rc = 0;

	if (text_to_hex64(&epoch, name) == 0 &&
	    fs_read_file(dirfd, name, &text, DROPPED_BYTES, NULL) == 0)
		for (line = text.data; line != NULL && rc == 0; line = next) {
			next = strchr(line, '\n');
			if (next != NULL)
				*next++ = '\0';
			if (parse_range(&range, line) == 0)
				rc = each->fn(each->arg, epoch, &range);
		}
	buf_release(&text);
	return rc;
}

static void
each_drop(const struct runner *r, range_fn *fn, void *arg)
{
	struct each_range each = {fn, arg};

	fs_each(r->dropped, each_range_of, &each, NULL);
}

/* ---- looking --------------------------------------------------------- */

void
outbox_release(struct outbox *o)
{
	free(o->epochs);
	free(o->drops);
	free(o->drop_epochs);
	*o = (struct outbox){0};
}

static struct outbox_epoch *
find_epoch(struct outbox *o, uint64_t epoch)
{
	int i;

	for (i = 0; i < o->epoch_count; i++)
		if (o->epochs[i].epoch == epoch)
			return &o->epochs[i];
	o->epochs = mem_resize(
	    o->epochs, (size_t)o->epoch_count + 1, sizeof(o->epochs[0]));
	o->epochs[o->epoch_count] = (struct outbox_epoch){epoch, 0, 0};
	return &o->epochs[o->epoch_count++];
}

static int
count_bundle(void *arg, int dirfd, const char *name)
{
	struct outbox_epoch *epoch;
	struct outbox *o = arg;
	struct bundle_id id;
	struct stat st;

	if (bundle_id_parse(&id, name, NULL) == -1 || id.cls == BUNDLE_BEAT ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	o->bytes += (uint64_t)st.st_size;
	o->files++;
	epoch = find_epoch(o, id.epoch);
	if (epoch->oldest == 0 || id.seq < epoch->oldest)
		epoch->oldest = id.seq;
	if (id.seq > epoch->highest)
		epoch->highest = id.seq;
	return 0;
}

static int
count_drop(void *arg, uint64_t epoch, const struct seq_range *range)
{
	struct outbox *o = arg;
	struct outbox_epoch *found = find_epoch(o, epoch);
	size_t n = (size_t)o->drop_count + 1;

	if (range->last > found->highest)
		found->highest = range->last;
	o->drops = mem_resize(o->drops, n, sizeof(o->drops[0]));
	o->drop_epochs =
	    mem_resize(o->drop_epochs, n, sizeof(o->drop_epochs[0]));
	o->drops[n - 1] = *range;
	o->drop_epochs[n - 1] = epoch;
	o->drop_count++;
	return 0;
}

void
outbox_scan(struct runner *r)
{
	struct outbox *o = &r->outbox;

	outbox_release(o);
	find_epoch(o, r->epoch)->highest = r->next_seq - 1;
	fs_each(spool_new_fd(r->spool), count_bundle, o, NULL);
	each_drop(r, count_drop, o);
}

bool
outbox_nearly_full(const struct runner *r)
{
	return r->outbox.bytes >= NEARLY(r->config->outbox_bytes);
}

/* ---- dropping -------------------------------------------------------- */

struct victim {
	struct bundle_id id;
	char name[BUNDLE_NAME_MAX];
	enum bundle_kind kind;
	uint64_t bytes;
};

struct victims {
	struct victim *list;
	int count;
};

/* The kind stands in the first line, and nowhere else. */
static int
kind_of(int dirfd, const char *name, enum bundle_kind *kind)
{
	struct bundle_reader *reader;
	struct bundle_item item;
	int fd, rc = -1;

	fd = fs_open_foreign(dirfd, name, NULL, NULL);
	if (fd == -1)
		return -1;
	reader = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	if (bundle_read(reader, &item, NULL) == 0 && item.step == STEP_HEADER) {
		*kind = item.header.kind;
		rc = 0;
	}
	bundle_reader_free(reader);
	close(fd);
	return rc;
}

static int
add_victim(void *arg, int dirfd, const char *name)
{
	struct victims *all = arg;
	struct victim v;
	struct stat st;

	if (bundle_id_parse(&v.id, name, NULL) == -1 ||
	    v.id.cls != BUNDLE_BULK ||
	    !text_copy(v.name, sizeof(v.name), name) ||
	    kind_of(dirfd, name, &v.kind) == -1 ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if (v.kind != KIND_STATS && v.kind != KIND_COVERAGE &&
	    v.kind != KIND_CORPUS)
		return 0;
	v.bytes = (uint64_t)st.st_size;
	all->list =
	    mem_resize(all->list, (size_t)all->count + 1, sizeof(all->list[0]));
	all->list[all->count++] = v;
	return 0;
}

static int
dropping_rank(enum bundle_kind kind)
{
	return kind == KIND_STATS ? 0 : kind == KIND_COVERAGE ? 1 : 2;
}

static int
by_rank(const void *a, const void *b)
{
	const struct victim *x = a, *y = b;

	if (x->kind != y->kind)
		return dropping_rank(x->kind) - dropping_rank(y->kind);
	return bundle_id_order(&x->id, &y->id);
}

/* Written and synced before any of the files goes. */
static int
declare(const struct runner *r, const struct victim *v, int n, struct err *e)
{
	struct text_short file = text_hex64(v[0].id.epoch);
	struct buf text = BUF_INIT;
	int i, rc;

	(void)fs_read_file(r->dropped, file.text, &text, DROPPED_BYTES, NULL);
	for (i = 0; i < n; i++)
		buf_printf(&text, "%ju %ju\n", (uintmax_t)v[i].id.seq,
		    (uintmax_t)v[i].id.seq);
	rc = fs_replace(
	    r->dropped, file.text, text.data, text.len, 0640, true, e);
	buf_release(&text);
	return rc;
}

/* "n" victims of one epoch. */
static void
drop(struct runner *r, const struct victim *v, int n)
{
	struct err e;
	int i;

	if (declare(r, v, n, &e) == -1)
		runner_die("drop.undeclared", &e);
	for (i = 0; i < n; i++) {
		(void)unlinkat(spool_new_fd(r->spool), v[i].name, 0);
		log_warn("bundle.dropped", LOG_T("bundle", v[i].name),
		    LOG_T("kind", bundle_kind_name(v[i].kind)),
		    LOG_N("bytes", v[i].bytes));
	}
}

/* The first of them that are enough. */
static int
enough(const struct victims *all, uint64_t bytes, uint64_t most)
{
	int i;

	for (i = 0; i < all->count && bytes > most; i++)
		bytes -= all->list[i].bytes;
	return i;
}

void
outbox_make_room(struct runner *r)
{
	uint64_t quota = r->config->outbox_bytes;
	struct victims all = {NULL, 0};
	int i, j, n;

	if (r->outbox.bytes <= quota)
		return;
	outbox_scan(r); /* the courier may have made room */
	if (r->outbox.bytes <= quota)
		return;
	fs_each(spool_new_fd(r->spool), add_victim, &all, NULL);
	if (all.count > 0)
		qsort(
		    all.list, (size_t)all.count, sizeof(all.list[0]), by_rank);
	n = enough(&all, r->outbox.bytes, ROOM(quota));
	for (i = 0; i < n; i = j) {
		for (j = i + 1; j < n; j++)
			if (all.list[j].id.epoch != all.list[i].id.epoch)
				break;
		drop(r, &all.list[i], j - i);
	}
	free(all.list);
	outbox_scan(r);
}

/* ---- start and confirmation ------------------------------------------ */

static int
remove_file(void *arg, int dirfd, const char *name)
{
	(void)arg;
	(void)fs_remove_tree(dirfd, name, NULL);
	return 0;
}

struct dropped_name {
	const struct runner *runner;
	uint64_t epoch;
	struct seq_range range;
};

static int
remove_dropped(void *arg, int dirfd, const char *name)
{
	const struct dropped_name *d = arg;
	struct bundle_id id;

	if (bundle_id_parse(&id, name, NULL) == 0 && id.cls == BUNDLE_BULK &&
	    id.epoch == d->epoch && id.seq >= d->range.first &&
	    id.seq <= d->range.last)
		(void)unlinkat(dirfd, name, 0);
	return 0;
}

static int
finish_drop(void *arg, uint64_t epoch, const struct seq_range *range)
{
	struct dropped_name d = {arg, epoch, *range};

	fs_each(spool_new_fd(d.runner->spool), remove_dropped, &d, NULL);
	return 0;
}

void
outbox_recover(struct runner *r)
{
	/* Nobody else stages here, so all of it is debris. */
	fs_each(spool_tmp_fd(r->spool), remove_file, NULL, NULL);
	each_drop(r, finish_drop, r);
}

static int
highest_drop(void *arg, uint64_t epoch, const struct seq_range *range)
{
	struct outbox_epoch *o = arg;

	if (epoch == o->epoch && range->last > o->highest)
		o->highest = range->last;
	return 0;
}

void
outbox_confirmed(struct runner *r)
{
	const struct status_epoch *s;
	struct outbox_epoch o;
	int i;

	for (i = 0; i < r->status->epoch_count; i++) {
		s = &r->status->epochs[i];
		o = (struct outbox_epoch){s->epoch, 0, 0};
		each_drop(r, highest_drop, &o);
		if (o.highest != 0 && s->below >= o.highest)
			(void)unlinkat(
			    r->dropped, text_hex64(s->epoch).text, 0);
	}
}

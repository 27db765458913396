/*
 * Bundles in hand and the batch they form.
 */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "masterd/intake/batch.h"

/* DESIGN 11 */
#define BATCH_BUNDLES 256
#define BATCH_UNITS   1024
#define BATCH_BYTES   (32ull << 20)

const char *
fate_name(enum fate f)
{
	static const char *const names[FATE_COUNT] = {
	    "ingested", "duplicate", "conflict", "refused", "held", "damaged"};

	return names[f];
}

struct taken *
taken_new(const char *account, const char *name, int fd, uint64_t size)
{
	struct taken *t = mem_alloc(sizeof(*t));
	struct stat st;

	text_copy(t->account_name, sizeof(t->account_name), account);
	text_copy(t->name, sizeof(t->name), name);
	(void)bundle_id_parse(&t->id, name, NULL);
	t->fd = fd;
	t->size = size;
	if (fstat(fd, &st) == 0)
		t->arrived_ms = (uint64_t)st.st_ctim.tv_sec * 1000 +
		    (uint64_t)st.st_ctim.tv_nsec / 1000000;
	return t;
}

void
taken_strip(struct taken *t)
{
	int i;

	for (i = 0; i < t->count; i++) {
		store_stage_drop(t->items[i].file);
		buf_release(&t->items[i].text);
		buf_release(&t->items[i].facts);
		free(t->items[i].triage);
	}
	free(t->items);
	t->items = NULL;
	t->count = t->room = 0;
}

void
taken_free(struct taken *t)
{
	if (t == NULL)
		return;
	taken_strip(t);
	if (t->fd != -1)
		close(t->fd);
	free(t);
}

struct item *
taken_add(struct taken *t, const struct record *r)
{
	struct item *i;

	if (t->count == t->room) {
		t->room = t->room == 0 ? 16 : t->room * 2;
		t->items = mem_resize(t->items, (size_t)t->room, sizeof(*i));
	}
	i = &t->items[t->count++];
	memset(i, 0, sizeof(*i));
	i->r = *r;
	i->line = ++t->records;
	return i;
}

struct item *
taken_part(struct taken *t, int at, enum record_type type)
{
	int i;

	for (i = at + 1; i < t->count && t->items[i].r.type != REC_CRASH; i++)
		if (t->items[i].r.type == type)
			return &t->items[i];
	return NULL;
}

void
taken_judge(struct taken *t, enum fate fate, const char *reason)
{
	t->fate = fate;
	t->state = TAKEN_JUDGED;
	text_copy(t->reason, sizeof(t->reason), reason);
	if (fate != FATE_INGESTED)
		taken_strip(t);
}

void
batch_init(struct batch *b)
{
	memset(b, 0, sizeof(*b));
	b->last = &b->first;
}

void
batch_add(struct batch *b, struct taken *t, uint64_t up_ms)
{
	int i;

	if (b->count++ == 0)
		b->started_ms = up_ms;
	b->findings += t->id.cls != BUNDLE_BEAT;
	b->bytes += t->text_bytes;
	for (i = 0; i < t->count; i++)
		if (t->items[i].file != NULL) {
			b->units++;
			b->bytes += t->items[i].bytes;
		}
	t->next = NULL;
	*b->last = t;
	b->last = &t->next;
}

bool
batch_full(const struct batch *b)
{
	return b->count >= BATCH_BUNDLES || b->units >= BATCH_UNITS ||
	    b->bytes >= BATCH_BYTES;
}

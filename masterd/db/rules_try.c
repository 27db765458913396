/*
 * What other rules would do: the plan of a regroup by them that nobody applies,
 * with how often each line of their file left a frame out.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/regroup.h"
#include "masterd/db/rules_try.h"

#define EXAMPLES 20
#define LINES    64 /* of the file, of which frames are counted */
#define SLICE_MS 1000

struct line {
	int line;
	uint64_t frames;
	char *text;
};

struct lines {
	struct line list[LINES];
	int count;
};

static void
count_line(struct lines *l, const struct rules_named *named,
    const struct rules_word *w)
{
	struct buf text = BUF_INIT;
	int i;

	for (i = 0; i < l->count; i++)
		if (l->list[i].line == w->line) {
			l->list[i].frames++;
			return;
		}
	if (l->count == LINES)
		return;
	rules_line(named, w, &text);
	l->list[l->count++] = (struct line){
	    w->line, 1, text.len == 0 ? mem_strdup("") : buf_detach(&text)};
	buf_release(&text);
}

static void
count_frames(void *arg, const struct rules_named *named, const struct facts *f)
{
	struct rules_word w;
	int i;

	for (i = 0; i < f->depth[STACK_CRASH]; i++) {
		w = rules_frame(named, &f->stack[i]);
		if (!w.base && w.line > 0 && w.role != ROLE_NONE)
			count_line(arg, named, &w);
	}
}

static int
by_line(const void *x, const void *y)
{
	const struct line *a = x, *b = y;

	return a->line < b->line ? -1 : a->line > b->line;
}

static void
put_frames(struct lines *l, struct buf *out)
{
	int i;

	if (l->count > 0)
		qsort(l->list, (size_t)l->count, sizeof(l->list[0]), by_line);
	json_open(out, "frames", '[');
	for (i = 0; i < l->count; i++) {
		json_open(out, NULL, '{');
		json_put_string(out, "rule", l->list[i].text);
		json_put_u64(out, "frames_ignored", l->list[i].frames);
		json_close(out, '}');
	}
	json_close(out, ']');
}

int
rules_try(
    struct db *db, const struct rules *rules, struct buf *out, struct err *e)
{
	struct regroup *r = regroup_new(db, rules, "");
	struct lines l = {.count = 0};
	int got, i;

	regroup_watch(r, count_frames, &l);
	while ((got = regroup_read(r, SLICE_MS, e)) == 1)
		;
	if (got == 0)
		got = regroup_tell(r, out, e);
	if (got == 0) {
		put_frames(&l, out);
		got = regroup_examples(r, EXAMPLES, out, e);
	}
	for (i = 0; i < l.count; i++)
		free(l.list[i].text);
	regroup_free(r);
	return got;
}

/*
 * What comes of layers: who inherits from whom, and all values of one job.
 * At the bottom is what is built in, on top what the bot forces, so that each
 * value that a run will see is in the answer with its source.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/wire/sanitizers.h"
#include "masterd/plan/templates_internal.h"
#include "masterd/plan/values_internal.h"

#define COMPLAINTS_MAX 100

/* ---- who inherits from whom ------------------------------------------ */

enum mark { UNSEEN, ON_PATH, DONE };

struct check {
	struct templates *t;
	struct buf *out;
	int complaints;
	unsigned char *marks;      /* by number */
	const struct layer **path; /* being looked at, outermost first */
	int depth;
};

/* False when there were enough of them. */
static bool
another_line(struct check *c)
{
	if (++c->complaints > COMPLAINTS_MAX)
		return false;
	if (c->out->len > 0)
		buf_addc(c->out, '\n');
	if (c->complaints == COMPLAINTS_MAX)
		buf_adds(c->out, "and more");
	return c->complaints < COMPLAINTS_MAX;
}

static void
find_parents(struct check *c, struct layer *l)
{
	struct parent *p;
	int i;

	for (i = 0; i < l->parent_count; i++) {
		p = &l->parents[i];
		p->layer = layer_find(c->t, LAYER_TEMPLATE, p->name);
		if (p->layer != NULL || !another_line(c))
			continue;
		buf_printf(c->out, "%s: inherits: there is no template '%s'",
		    p->place, p->name);
		templates_nearest(c->t, p->name, c->out);
	}
}

static void
complain_of_cycle(struct check *c, const struct parent *p)
{
	int i = c->depth;

	if (!another_line(c))
		return;
	while (c->path[i - 1] != p->layer)
		i--;
	buf_printf(c->out, "%s: inherits: a circle: %s", p->place, p->name);
	/* A long one is cut: its place and its start are enough. */
	for (; i < c->depth && c->out->len < 100000; i++)
		buf_printf(c->out, " -> %s", c->path[i]->name);
	buf_printf(c->out, " -> %s", p->name);
}

static void
find_cycles(struct check *c, const struct layer *l)
{
	const struct parent *p;
	int i;

	c->marks[l->number] = ON_PATH;
	c->path[c->depth++] = l;
	for (i = 0; i < l->parent_count; i++) {
		p = &l->parents[i];
		if (p->layer == NULL)
			continue;
		if (c->marks[p->layer->number] == ON_PATH)
			complain_of_cycle(c, p);
		else if (c->marks[p->layer->number] == UNSEEN)
			find_cycles(c, p->layer);
	}
	c->depth--;
	c->marks[l->number] = DONE;
}

int
templates_check(struct templates *t, struct buf *out)
{
	struct check c = {.t = t, .out = out};
	int i;

	c.marks = mem_array((size_t)t->count + 1, 1);
	c.path = mem_array((size_t)t->count + 1, sizeof(*c.path));
	for (i = 0; i < t->count; i++)
		find_parents(&c, t->layers[i]);
	for (i = 0; i < t->count; i++)
		if (c.marks[t->layers[i]->number] == UNSEEN)
			find_cycles(&c, t->layers[i]);
	free(c.path);
	free(c.marks);
	return c.complaints == 0 ? 0 : -1;
}

/* ---- what is built in ------------------------------------------------ */

#define BUILT_IN "built in"

/* clang-format off */
/* Facts 5.3: OSS-Fuzz's base runner. */
static const struct {
	const char *sanitizer, *list, *options;
} built_in[] = {
	{ "address", "asan_options",
	    "alloc_dealloc_mismatch=0:allocator_release_to_os_interval_ms=500:"
	    "check_malloc_usable_size=0:detect_container_overflow=1:"
	    "detect_odr_violation=0:detect_leaks=1:"
	    "detect_stack_use_after_return=1:fast_unwind_on_fatal=0:"
	    "handle_segv=1:handle_sigill=1:max_uar_stack_size_log=16:"
	    "print_scariness=1:quarantine_size_mb=10:strict_memcmp=1:"
	    "use_sigaltstack=1:dedup_token_length=3" },
	{ "undefined", "ubsan_options",
	    "print_summary=1:silence_unsigned_overflow=1:"
	    "dedup_token_length=3" },
	{ "memory", "msan_options", "print_stats=0:dedup_token_length=3" },
	{ "thread", "tsan_options", "history_size=3:report_signal_unsafe=0" },
};

/* What finds most per machine hour gets most; others have their default. */
static const struct {
	const char *sanitizer, *weight;
} weights[] = {
	{ "address", "60" },
	{ "none", "25" },
};
/* clang-format on */

static void
put_options(struct values *out, const char *list, const char *options,
    const char *source)
{
	struct buf key = BUF_INIT, text = BUF_INIT;
	struct sanitizer_option o;

	while (sanitizer_option_next(&options, &o)) {
		buf_reset(&key);
		buf_printf(&key, "%s.%.*s", list, (int)o.name_len, o.name);
		buf_reset(&text);
		buf_add(&text, o.value, o.value_len);
		values_put(out, key.data, buf_text(&text), source);
	}
	buf_release(&text);
	buf_release(&key);
}

static void
put_built_in(struct values *out, const char *sanitizer)
{
	size_t i, count;
	const struct value_key *keys = values_keys(&count);
	struct buf source = BUF_INIT;

	for (i = 0; i < count; i++)
		if (keys[i].kind != VALUE_LIST)
			values_put(
			    out, keys[i].name, keys[i].fallback, BUILT_IN);
	for (i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
		if (strcmp(weights[i].sanitizer, sanitizer) != 0)
			continue;
		buf_printf(&source, BUILT_IN ", sanitizer %s", sanitizer);
		values_put(out, "weight", weights[i].weight, source.data);
	}
	for (i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
		buf_reset(&source);
		buf_printf(
		    &source, BUILT_IN ", sanitizer %s", built_in[i].sanitizer);
		put_options(
		    out, built_in[i].list, built_in[i].options, source.data);
	}
	buf_release(&source);
}

static void
put_forced(struct values *out)
{
	struct buf list = BUF_INIT;
	int i;

	for (i = 0; i < SANITIZER_TOOLS; i++) {
		buf_reset(&list);
		buf_printf(&list, "%s_options", sanitizer_tools[i].section);
		put_options(out, list.data, sanitizer_tools[i].forced,
		    "forced by the bot");
	}
	buf_release(&list);
}

/* ---- all values of a job --------------------------------------------- */

/* What it inherits, each once, then its own. */
static void
merge_layer(struct values *out, const struct layer *l, unsigned char *seen)
{
	int i;

	seen[l->number] = 1;
	for (i = 0; i < l->parent_count; i++)
		if (l->parents[i].layer != NULL &&
		    !seen[l->parents[i].layer->number])
			merge_layer(out, l->parents[i].layer, seen);
	values_merge(out, &l->own);
}

static void
merge_named(struct values *out, const struct templates *t, enum layer_kind kind,
    const char *name)
{
	const struct layer *l = layer_find(t, kind, name);
	unsigned char *seen;

	if (l == NULL)
		return;
	seen = mem_array((size_t)t->count, 1);
	merge_layer(out, l, seen);
	free(seen);
}

static int
no_template(const struct templates *t, const char *name, struct err *e)
{
	struct buf hint = BUF_INIT;

	templates_nearest(t, name, &hint);
	err_set(e, ERR_NOT_FOUND, "there is no template '%s'%s",
	    value_shown(name).text, buf_text(&hint));
	buf_release(&hint);
	return -1;
}

int
templates_resolve(const struct templates *t, const struct templates_ask *ask,
    struct values *out, struct err *e)
{
	if (ask->template[0] != '\0' &&
	    layer_find(t, LAYER_TEMPLATE, ask->template) == NULL)
		return no_template(t, ask->template, e);
	put_built_in(out, ask->sanitizer);
	merge_named(out, t, LAYER_BASE, "");
	merge_named(out, t, LAYER_ENGINE, ask->engine);
	merge_named(out, t, LAYER_SANITIZER, ask->sanitizer);
	merge_named(out, t, LAYER_PROJECT, ask->project);
	merge_named(out, t, LAYER_TEMPLATE, ask->template);
	if (ask->job != NULL)
		values_merge(out, ask->job);
	put_forced(out);
	if (values_fit(out, e) == 0)
		return 0;
	values_release(out);
	return -1;
}

/*
 * The verdicts on a whole folder.  What is skipped is said, because a target
 * that was left out silently is a bug that nobody looks for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/admin/build_targets.h"

#define SHOWN       4
#define WORDS       8
#define TARGETS_MAX 2000

/* In order of what says most about a crash; after them what only a person can
 * know. */
static const char *const engines[] = {
    "libfuzzer", "afl", "honggfuzz", "command", NULL};
static const char *const sanitizers[] = {
    "address", "memory", "thread", "undefined", "none", NULL};

static int
place(const char *const *words, const char *word)
{
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

/* The word that most have; the earlier one when two have as many. */
static const char *
most(const char *const *words, const int *votes)
{
	int i, best = 0;

	for (i = 1; words[i] != NULL; i++)
		if (votes[i] > votes[best])
			best = i;
	return words[best];
}

static int
check_wish(
    const char *what, const char *const *words, const char *wish, struct err *e)
{
	struct buf list = BUF_INIT;
	int i;

	if (wish[0] == '\0' || place(words, wish) != -1)
		return 0;
	for (i = 0; words[i] != NULL; i++)
		buf_printf(&list, "%s%s",
		    i == 0                     ? ""
			: words[i + 1] == NULL ? " or "
					       : ", ",
		    words[i]);
	err_set(e, ERR_REFUSED, "%s: %s, not '%.40s'", what, list.data, wish);
	buf_release(&list);
	return -1;
}

/* ---- engine and sanitizer -------------------------------------------- */

/* Returns whether any target shows the engine. */
static bool
vote(struct build_targets *t, const struct manifest *m, const uint32_t *traits,
    const struct build_wish *wish)
{
	int votes[WORDS] = {0}, more[WORDS] = {0}, i;
	char name[TARGET_MAX_LEN + 1];
	const char *engine;
	bool mine;

	for (i = 0; i < m->count; i++)
		if (traits_verdict(&m->files[i], traits[i], name) == NULL &&
		    (engine = traits_engine(traits[i])) != NULL)
			votes[place(engines, engine)]++;
	t->engine = wish->engine[0] != '\0'
	    ? engines[place(engines, wish->engine)]
	    : most(engines, votes);
	for (i = 0; i < m->count; i++) {
		engine = traits_engine(traits[i]);
		mine = engine != NULL && strcmp(engine, t->engine) == 0;
		if (traits_verdict(&m->files[i], traits[i], name) == NULL &&
		    (mine || votes[place(engines, t->engine)] == 0))
			more[place(sanitizers, traits_sanitizer(traits[i]))]++;
	}
	t->sanitizer = wish->sanitizer[0] != '\0'
	    ? sanitizers[place(sanitizers, wish->sanitizer)]
	    : most(sanitizers, more);
	return votes[place(engines, t->engine)] > 0;
}

/* ---- each file ------------------------------------------------------- */

struct judging {
	const struct build_targets *t;
	bool wished; /* the engine, */
	bool seen;   /* and some target shows it */
};

static bool
name_taken(const struct build_targets *t, const char *name)
{
	int i;

	for (i = 0; i < t->count; i++)
		if (strcmp(t->list[i].name, name) == 0)
			return true;
	return false;
}

/* Why it is no target of this build; NULL: it is. */
static const char *
judge(const struct judging *j, const struct ticket_file *f, uint32_t traits,
    char name[TARGET_MAX_LEN + 1])
{
	const char *why = traits_verdict(f, traits, name);
	const char *engine = traits_engine(traits);

	if (why != NULL)
		return why;
	if (engine == NULL && !j->wished)
		return "was not linked with a fuzzing engine";
	if (engine != NULL && strcmp(engine, j->t->engine) != 0 &&
	    (!j->wished || j->seen))
		return j->wished ? "is for another engine"
				 : "is for another engine than the other "
				   "targets";
	if (name_taken(j->t, name))
		return "has the name of another target";
	return NULL;
}

static void
add_target(struct build_targets *t, const struct ticket_file *f,
    uint32_t traits, const char *name)
{
	struct build_target *b;

	t->list = mem_resize(t->list, (size_t)t->count + 1, sizeof(*t->list));
	b = &t->list[t->count];
	text_copy(b->name, sizeof(b->name), name);
	text_copy(b->program, sizeof(b->program), f->path);
	if (t->count++ == 0)
		t->arch = traits_arch(traits);
	else if (strcmp(t->arch, traits_arch(traits)) != 0)
		t->arch = "";
}

static bool
is_side_file(const struct build_targets *t, const char *path)
{
	int i;

	for (i = 0; i < t->count; i++)
		if (traits_side_file(path, t->list[i].program))
			return true;
	return false;
}

static void
add_skipped(struct build_targets *t, const struct manifest *m,
    const char *const *reasons)
{
	int i;

	for (i = 0; i < m->count; i++) {
		if (reasons[i] == NULL || is_side_file(t, m->files[i].path))
			continue;
		json_open(&t->skipped, NULL, '{');
		json_put_string(&t->skipped, "path", m->files[i].path);
		json_put_string(&t->skipped, "reason", reasons[i]);
		json_close(&t->skipped, '}');
	}
}

/* ---- none ------------------------------------------------------------ */

/* Programs first: they say more than data. */
static bool
is_program(const struct ticket_file *f, uint32_t traits)
{
	return f->mode == 0755 || (traits & TRAIT_ELF) != 0;
}

/* "no fuzz target in this build: 'run.sh' is no ELF program; 3 files are not
 * executable". */
static int
no_target(const struct manifest *m, const uint32_t *traits,
    const char *const *reasons, struct err *e)
{
	struct buf list = BUF_INIT;
	int i, programs = 0;

	for (i = 0; i < m->count; i++) {
		if (!is_program(&m->files[i], traits[i]) || programs++ >= SHOWN)
			continue;
		buf_printf(&list, "%s'%.64s' %s", programs > 1 ? "; " : "",
		    m->files[i].path, reasons[i]);
	}
	if (programs > SHOWN)
		buf_printf(&list, "; and %d more programs", programs - SHOWN);
	if (m->count > programs)
		buf_printf(&list, "%s%d file%s not executable",
		    programs > 0 ? "; " : "", m->count - programs,
		    m->count - programs == 1 ? " is" : "s are");
	err_set(e, ERR_REFUSED, "no fuzz target in this build: %s", list.data);
	buf_release(&list);
	return -1;
}

int
build_targets_find(struct build_targets *t, const struct manifest *m,
    const uint32_t *traits, const struct build_wish *wish, struct err *e)
{
	struct judging j = {.t = t, .wished = wish->engine[0] != '\0'};
	char name[TARGET_MAX_LEN + 1];
	const char **reasons;
	int i, got = 0;

	memset(t, 0, sizeof(*t));
	t->arch = "";
	if (check_wish("engine", engines, wish->engine, e) == -1 ||
	    check_wish("sanitizer", sanitizers, wish->sanitizer, e) == -1)
		return -1;
	j.seen = vote(t, m, traits, wish);
	reasons = mem_array((size_t)m->count, sizeof(*reasons));
	for (i = 0; i < m->count && t->count <= TARGETS_MAX; i++) {
		reasons[i] = judge(&j, &m->files[i], traits[i], name);
		if (reasons[i] == NULL)
			add_target(t, &m->files[i], traits[i], name);
	}
	if (t->count > TARGETS_MAX)
		got = err_set(e, ERR_REFUSED, "over %d targets in one build",
		    TARGETS_MAX);
	else if (t->count == 0)
		got = no_target(m, traits, reasons, e);
	else
		add_skipped(t, m, reasons);
	free(reasons);
	return got;
}

void
build_targets_release(struct build_targets *t)
{
	free(t->list);
	buf_release(&t->skipped);
	memset(t, 0, sizeof(*t));
}

void
build_targets_skipped(const struct build_targets *t, struct buf *out)
{
	json_open(out, "skipped", '[');
	buf_add(out, buf_text(&t->skipped), t->skipped.len);
	json_close(out, ']');
}

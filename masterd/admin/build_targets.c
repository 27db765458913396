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

#define SHOWN 4

/* In order of what says most about a crash. */
static const char *const engines[] = {"libfuzzer", "afl", "honggfuzz", NULL};
static const char *const sanitizers[] = {
    "address", "memory", "thread", "undefined", "none", NULL};

static int
place(const char *const *words, const char *word)
{
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return 0;
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

static void
skip(struct build_targets *t, const char *path, const char *why)
{
	json_open(&t->skipped, NULL, '{');
	json_put_string(&t->skipped, "path", path);
	json_put_string(&t->skipped, "reason", why);
	json_close(&t->skipped, '}');
}

static void
vote(struct build_targets *t, const struct manifest *m, const uint32_t *traits)
{
	int engine_votes[8] = {0}, sanitizer_votes[8] = {0}, i;
	char name[TARGET_MAX_LEN + 1];

	for (i = 0; i < m->count; i++)
		if (traits_verdict(&m->files[i], traits[i], name) == NULL)
			engine_votes[place(
			    engines, traits_engine(traits[i]))]++;
	t->engine = most(engines, engine_votes);
	for (i = 0; i < m->count; i++)
		if (traits_verdict(&m->files[i], traits[i], name) == NULL &&
		    strcmp(traits_engine(traits[i]), t->engine) == 0)
			sanitizer_votes[place(
			    sanitizers, traits_sanitizer(traits[i]))]++;
	t->sanitizer = most(sanitizers, sanitizer_votes);
}

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
judge(const struct build_targets *t, const struct ticket_file *f,
    uint32_t traits, char name[TARGET_MAX_LEN + 1])
{
	const char *why = traits_verdict(f, traits, name);

	if (why != NULL)
		return why;
	if (strcmp(traits_engine(traits), t->engine) != 0)
		return "is for another engine than the other targets";
	if (name_taken(t, name))
		return "has the name of another target";
	return NULL;
}

/* "no fuzz target in this build: 'run.sh' is no ELF program; 3 files are not
 * executable". */
static int
no_target(const struct manifest *m, const uint32_t *traits, struct err *e)
{
	char name[TARGET_MAX_LEN + 1];
	struct buf list = BUF_INIT;
	int i, shown = 0, programs = 0;

	for (i = 0; i < m->count; i++) {
		if (m->files[i].mode != 0755)
			continue;
		if (programs++ >= SHOWN)
			continue;
		buf_printf(&list, "%s'%.64s' %s", shown++ > 0 ? "; " : "",
		    m->files[i].path,
		    traits_verdict(&m->files[i], traits[i], name));
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
    const uint32_t *traits, struct err *e)
{
	char name[TARGET_MAX_LEN + 1];
	struct build_target *b;
	const char *why;
	int i;

	memset(t, 0, sizeof(*t));
	vote(t, m, traits);
	for (i = 0; i < m->count; i++) {
		why = judge(t, &m->files[i], traits[i], name);
		if (why != NULL) {
			if (m->files[i].mode == 0755)
				skip(t, m->files[i].path, why);
			continue;
		}
		t->list =
		    mem_resize(t->list, (size_t)t->count + 1, sizeof(*t->list));
		b = &t->list[t->count++];
		text_copy(b->name, sizeof(b->name), name);
		text_copy(b->program, sizeof(b->program), m->files[i].path);
	}
	return t->count > 0 ? 0 : no_target(m, traits, e);
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

/*
 * What the rules say of a frame.  Three sets are asked in turn, the project's,
 * that of [all] and the built-in one; the first that knows the frame decides,
 * and within a set the newest rule.  So a line in a file can take back any
 * other, and none has to be edited out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/triage/rules_internal.h"

#define STATE_LINES 3
#define DISTANCE    0.30
#define LIKENESS    0.80
#define GROUP       25

enum { SET_BASE, SET_ALL, SET_PROJECT, SETS };

struct rules_named {
	const struct rules_set *sets[SETS]; /* NULL: has none */
	const struct rules *rules;
};

struct rules {
	struct rules_set all;
	struct rules_set **projects;
	int project_count;
	struct rules_named *named; /* [0] for all, then one a project */
	char *text;
	struct rules_name name;
};

/* clang-format off */
static const char *const roles[ROLE_COUNT] = {
	"none", "runtime", "allocator", "interceptor", "engine", "driver",
	"panic", "libc", "signal",
};
/* clang-format on */

const char *
rules_role(enum role r)
{
	return roles[r];
}

static struct rules_set *
section(void *arg, const char *project)
{
	struct rules *r = arg;
	struct rules_set *s;
	int i;

	if (project == NULL)
		return &r->all;
	for (i = 0; i < r->project_count; i++)
		if (strcmp(r->projects[i]->project, project) == 0)
			return r->projects[i];
	if (r->project_count == RULES_PROJECTS)
		return NULL;
	s = mem_alloc(sizeof(*s));
	rules_set_init(s);
	s->project = mem_strdup(project);
	r->projects = mem_resize(r->projects, (size_t)r->project_count + 1,
	    sizeof(struct rules_set *));
	r->projects[r->project_count++] = s;
	return s;
}

static const struct rules_set *base_set(void);

/* All is read: what each project is asked for. */
static void
name_all(struct rules *r, const struct rules_set *base)
{
	int i;

	rules_set_index(&r->all);
	r->named = mem_array((size_t)r->project_count + 1, sizeof(*r->named));
	for (i = 0; i <= r->project_count; i++) {
		r->named[i].rules = r;
		r->named[i].sets[SET_BASE] = base;
		r->named[i].sets[SET_ALL] = &r->all;
		if (i == 0)
			continue;
		rules_set_index(r->projects[i - 1]);
		r->named[i].sets[SET_PROJECT] = r->projects[i - 1];
	}
}

/* A file that says nothing is the built-in rules, and has their name. */
static void
name_text(struct rules *r, const char *text, size_t len, int said)
{
	struct digest d;

	if (said == 0) {
		snprintf(
		    r->name.text, sizeof(r->name.text), "%d", RULES_VERSION);
		return;
	}
	digest_of(&d, text, len);
	snprintf(r->name.text, sizeof(r->name.text), "%d-%.8s", RULES_VERSION,
	    digest_hex(&d).text);
}

static int
read_text(struct rules *r, const char *text, size_t len, struct buf *complaints,
    int *said)
{
	struct rules_reader reader = {.text = text,
	    .len = len,
	    .section = section,
	    .arg = r,
	    .complaints = complaints};

	rules_set_init(&r->all);
	return rules_read(&reader, said);
}

void
rules_free(struct rules *r)
{
	int i;

	if (r == NULL)
		return;
	rules_set_release(&r->all);
	for (i = 0; i < r->project_count; i++) {
		rules_set_release(r->projects[i]);
		free(r->projects[i]);
	}
	free(r->projects);
	free(r->named);
	free(r->text);
	free(r);
}

const struct rules *
rules_base(void)
{
	static struct rules *base;
	struct buf complaints = BUF_INIT;
	struct rules *r;
	int said = 0;

	if (base != NULL)
		return base;
	r = mem_alloc(sizeof(*r));
	if (read_text(r, base_rules_text, strlen(base_rules_text), &complaints,
		&said) > 0) {
		/* They are compiled in, and a test reads them. */
		fprintf(stderr, "built-in rules: %s", buf_text(&complaints));
		abort();
	}
	/* Its rules stand where the others' built-in ones do. */
	name_all(r, &r->all);
	r->named[0].sets[SET_ALL] = NULL;
	name_text(r, NULL, 0, 0);
	buf_release(&complaints);
	return base = r;
}

static const struct rules_set *
base_set(void)
{
	return &rules_base()->all;
}

int
rules_complaints(struct buf *out, const char *text, size_t len)
{
	struct rules *r = mem_alloc(sizeof(*r));
	int n, said = 0;

	n = read_text(r, text, len, out, &said);
	rules_free(r);
	return n;
}

int
rules_parse(struct rules **out, const char *text, size_t len, struct err *e)
{
	struct rules *r = mem_alloc(sizeof(*r));
	struct buf complaints = BUF_INIT;
	int said = 0;

	if (read_text(r, text, text != NULL ? len : 0, &complaints, &said) >
	    0) {
		/* The sentence ends without the last line's end. */
		err_set(e, ERR_REFUSED, "%.*s", (int)complaints.len - 1,
		    complaints.data);
		buf_release(&complaints);
		rules_free(r);
		return -1;
	}
	buf_release(&complaints);
	name_all(r, base_set());
	if (text != NULL) {
		r->text = mem_array(len + 1, 1);
		memcpy(r->text, text, len);
	}
	name_text(r, text, len, said);
	*out = r;
	return 0;
}

struct rules_name
rules_name(const struct rules *r)
{
	return r->name;
}

const struct rules_named *
rules_of(const struct rules *r, const char *project)
{
	int i;

	for (i = 0; project != NULL && i < r->project_count; i++)
		if (strcmp(r->projects[i]->project, project) == 0)
			return &r->named[i + 1];
	return &r->named[0];
}

/* The newest rule of one set that matches any of the frame's names. */
static const struct rule *
find_in(const struct rules_set *s, enum finder_kind kind, const struct frame *f,
    const char *function)
{
	const struct rule *best, *r;

	best = rules_find(s, kind, RULE_FUNCTION, function, strlen(function));
	r = rules_find(s, kind, RULE_FILE, f->file.p, f->file.n);
	if (r != NULL && (best == NULL || r > best))
		best = r;
	r = rules_find(s, kind, RULE_MODULE, f->module.p, f->module.n);
	if (r != NULL && (best == NULL || r > best))
		best = r;
	if (function[0] != '\0')
		return best;
	r = rules_find(s, kind, RULE_UNNAMED, f->module.p, f->module.n);
	return r != NULL && (best == NULL || r > best) ? r : best;
}

struct rules_word
rules_judge(
    const struct rules_named *r, const struct frame *f, const char *function)
{
	struct rules_word w = {.role = ROLE_NONE};
	const struct rule *role = NULL, *widen = NULL;
	int i;

	for (i = SETS - 1; i >= 0; i--) {
		if (r->sets[i] == NULL)
			continue;
		if (role == NULL) {
			role = find_in(r->sets[i], FIND_ROLE, f, function);
			w.base = role != NULL && i == SET_BASE;
		}
		if (widen == NULL) {
			widen = find_in(r->sets[i], FIND_WIDEN, f, function);
			if (role == NULL)
				w.base = widen != NULL && i == SET_BASE;
		}
	}
	if (role != NULL && role->verb == RULE_IGNORE)
		w.role = role->role;
	w.widens = w.role == ROLE_NONE && widen != NULL;
	if (role != NULL)
		w.line = role->line;
	else if (widen != NULL)
		w.line = widen->line;
	return w;
}

struct rules_word
rules_frame(const struct rules_named *r, const struct frame *f)
{
	struct frame_name name = frame_function(f);

	return rules_judge(r, f, name.text);
}

struct rules_limits
rules_limits(const struct rules_named *r)
{
	struct rules_limits l = {.state = STATE_LINES,
	    .distance = DISTANCE,
	    .likeness = LIKENESS,
	    .group = GROUP,
	    .show_timeouts = false};
	const struct rules_set *s;
	int i;

	for (i = 0; i < SETS; i++) {
		if ((s = r->sets[i]) == NULL)
			continue;
		l.state = s->state >= 0 ? s->state : l.state;
		l.distance = s->distance >= 0 ? s->distance : l.distance;
		l.likeness = s->likeness >= 0 ? s->likeness : l.likeness;
		l.group = s->group >= 0 ? s->group : l.group;
		if (s->timeouts >= 0)
			l.show_timeouts = s->timeouts == 1;
	}
	return l;
}

void
rules_line(
    const struct rules_named *r, const struct rules_word *w, struct buf *out)
{
	const char *text = w->base ? base_rules_text : r->rules->text;
	int n = w->line;

	if (text == NULL || n <= 0)
		return;
	while (--n > 0 && (text = strchr(text, '\n')) != NULL)
		text++;
	if (text != NULL)
		buf_add(out, text, strcspn(text, "\r\n"));
}

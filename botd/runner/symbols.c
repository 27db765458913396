/*
 * Names for frames that came with module and offset only.  llvm-symbolizer
 * (the build's own comes first) is started in the session's cage when one is
 * needed and kept open, so that it reads a binary once; addresses go to it and
 * names come back over one socket.  Answers are kept for the session: runs of
 * one crash ask for the same offsets.
 *
 * Without it, after its third death or when it is too slow, frames stay as
 * they are: a stripped binary's always do.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "botd/runner/session.h"
#include "lib/base/log.h"
#include "lib/triage/facts.h"

#define ANSWER_MS   20000 /* for one report; the first reads the binary */
#define IDLE_MS     60000 /* then it is ended */
#define SOON_MS     1
#define DEATHS_MOST 3
#define CACHE_MOST  4096
#define ASK_MOST    400 /* addresses of one report */
#define NAME_MOST   1000
#define ANSWER_MOST 16384
/* A binary's own tables say how many frames are inlined into one. */
#define REWRITTEN_MOST (2u << 20)

struct symbol {
	char *module;
	uint64_t offset;
	char *answer; /* pairs of lines, function and place; "": no names */
};

struct symbols {
	struct session *session;
	struct run run;
	struct loop_source *timer;
	struct symbol *cache;
	int count, answered; /* those behind "answered" were asked for */
	bool busy;
	struct buf line, answer; /* what comes, and what came of this one */
	unsigned deaths;
};

/* ---- the report's lines ------------------------------------------------ */

struct nameless {
	uint64_t number, pc, offset;
	struct span module;
	struct span rest; /* of the line, from the module's bracket */
};

static bool
is_module(struct span m)
{
	size_t i;

	if (m.n == 0 || m.n > 512 || m.p[0] != '/')
		return false;
	for (i = 0; i < m.n; i++)
		if (!isprint((unsigned char)m.p[i]) || m.p[i] == '"' ||
		    m.p[i] == '\\')
			return false;
	return true;
}

/* The bracket before the module's path: a frame has only its last part. */
static size_t
bracket_of(struct span line, struct span module)
{
	size_t at;

	if (module.n == 0 || module.p <= line.p || module.p >= line.p + line.n)
		return 0;
	for (at = (size_t)(module.p - line.p) - 1; at > 0; at--)
		if (line.p[at] == '(' && line.p[at - 1] == ' ')
			return at;
	return 0;
}

/* A frame in "line", and whether it lacks a name. */
static bool
take_frame(struct frame *f, struct nameless *n, struct span line)
{
	bool found = frame_parse(f, line);
	struct span path;
	size_t at;

	n->module.n = 0;
	if (!found || f->function.n > 0 ||
	    (at = bracket_of(line, f->module)) == 0)
		return found;
	path = span_from(line, at + 1);
	path = span_until(path, (size_t)(f->module.p + f->module.n - path.p));
	if (!is_module(path))
		return found;
	n->number = f->number;
	n->pc = f->pc;
	n->module = path;
	n->offset = f->offset;
	n->rest = span_from(line, at);
	return found;
}

/* "in f <null> (m+0x1)": the format prints that where it knows no file. */
void
symbols_drop_nulls(struct buf *report)
{
	static const char mark[] = " <null> (";
	struct buf out = BUF_INIT;
	const char *p = report->data, *end = p + report->len, *at;

	if (report->len == 0 || strstr(p, mark) == NULL)
		return;
	while (
	    (at = memmem(p, (size_t)(end - p), mark, strlen(mark))) != NULL) {
		buf_add(&out, p, (size_t)(at - p));
		buf_adds(&out, " (");
		p = at + strlen(mark);
	}
	buf_add(&out, p, (size_t)(end - p));
	buf_release(report);
	*report = out;
}

/* ---- the cache --------------------------------------------------------- */

static struct symbol *
symbol_of(const struct symbols *m, const struct nameless *n)
{
	struct symbol *y;
	int i;

	for (i = 0; i < m->count; i++) {
		y = &m->cache[i];
		if (y->offset == n->offset &&
		    strlen(y->module) == n->module.n &&
		    memcmp(y->module, n->module.p, n->module.n) == 0)
			return y;
	}
	return NULL;
}

static void
forget_all(struct symbols *m)
{
	int i;

	for (i = 0; i < m->count; i++) {
		free(m->cache[i].module);
		free(m->cache[i].answer);
	}
	m->count = m->answered = 0;
}

static void
want(struct symbols *m, const struct nameless *n)
{
	struct symbol *y;

	m->cache =
	    mem_resize(m->cache, (size_t)m->count + 1, sizeof(m->cache[0]));
	y = &m->cache[m->count++];
	y->module = mem_alloc(n->module.n + 1);
	memcpy(y->module, n->module.p, n->module.n);
	y->offset = n->offset;
	y->answer = NULL;
}

/* ---- rewriting --------------------------------------------------------- */

static void
add_clean(struct buf *out, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < NAME_MOST; i++)
		buf_addc(out, isprint((unsigned char)text[i]) ? text[i] : '?');
}

/* "/a.c:3:0" is "/a.c:3"; "??:0:0" is nothing. */
static void
add_place(struct buf *out, const char *place, size_t len)
{
	if (len >= 2 && memcmp(place, "??", 2) == 0)
		return;
	if (len > 2 && memcmp(place + len - 2, ":0", 2) == 0)
		len -= 2;
	if (len > 2 && memcmp(place + len - 2, ":0", 2) == 0)
		len -= 2;
	buf_addc(out, ' ');
	add_clean(out, place, len);
}

/* Frames for one that had no name; returns how many more they are. */
static uint64_t
add_named(struct buf *out, const struct nameless *n, const char *answer,
    uint64_t shift)
{
	const char *function = answer, *place, *end;
	uint64_t i;

	for (i = 0; *function != '\0'; i++, function = end + 1) {
		place = strchr(function, '\n') + 1;
		end = strchr(place, '\n');
		buf_printf(
		    out, "    #%ju ", (uintmax_t)(n->number + shift + i));
		if (n->pc != 0)
			buf_printf(out, "0x%jx ", (uintmax_t)n->pc);
		buf_adds(out, "in ");
		add_clean(out, function, (size_t)(place - 1 - function));
		add_place(out, place, (size_t)(end - place));
		buf_addc(out, ' ');
		buf_add(out, n->rest.p, n->rest.n);
		buf_addc(out, '\n');
	}
	return i == 0 ? 0 : i - 1;
}

/* A frame behind one that became several. */
static void
add_renumbered(
    struct buf *out, struct span line, uint64_t number, uint64_t shift)
{
	size_t at = 0;

	while (at < line.n && line.p[at] != '#')
		at++;
	buf_add(out, line.p, at);
	buf_printf(out, "#%ju", (uintmax_t)(number + shift));
	for (at++; at < line.n && isdigit((unsigned char)line.p[at]); at++)
		;
	if (at < line.n)
		buf_add(out, line.p + at, line.n - at);
	buf_addc(out, '\n');
}

static void
rewrite(const struct symbols *m, struct buf *report)
{
	struct span rest = {report->data, report->len}, line;
	struct buf out = BUF_INIT;
	const struct symbol *y;
	struct nameless n;
	struct frame f;
	uint64_t shift = 0;

	while (span_line(&rest, &line)) {
		n.module.n = 0;
		if (take_frame(&f, &n, line) && f.number == 0)
			shift = 0;
		y = n.module.n == 0 ? NULL : symbol_of(m, &n);
		if (y != NULL && y->answer != NULL && y->answer[0] != '\0' &&
		    out.len < REWRITTEN_MOST) {
			shift += add_named(&out, &n, y->answer, shift);
		} else if (shift > 0 && line.n > 0 &&
		    memchr(line.p, '#', line.n) != NULL &&
		    frame_parse(&f, line)) {
			add_renumbered(&out, line, f.number, shift);
		} else {
			buf_add(&out, line.p, line.n);
			buf_addc(&out, '\n');
		}
	}
	buf_release(report);
	*report = out;
}

/* ---- the program ------------------------------------------------------- */

/* What was asked for is answered, or never will be. */
static void
settle(struct symbols *m)
{
	for (; m->answered < m->count; m->answered++)
		if (m->cache[m->answered].answer == NULL)
			m->cache[m->answered].answer = mem_strdup("");
	m->busy = false;
	loop_timer_set(m->timer, SOON_MS, NULL);
}

static void
lose(struct symbols *m, const char *why)
{
	m->deaths++;
	log_warn("symbolizer.lost", LOG_T("lease", m->session->lease),
	    LOG_T("reason", why), LOG_N("deaths", m->deaths));
	settle(m);
}

/* Function and place in turn; no name at all is "??". */
static void
take_answer(struct symbols *m)
{
	const char *text = buf_text(&m->answer), *p;
	int lines = 0;

	for (p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	if (lines % 2 != 0 || strncmp(text, "??\n", 3) == 0)
		text = "";
	m->cache[m->answered++].answer = mem_strdup(text);
	buf_reset(&m->answer);
	if (m->answered == m->count)
		settle(m);
}

static void
take_line(struct symbols *m)
{
	const char *text = buf_text(&m->line);

	/* Its complaints come by the same socket. */
	if (strncmp(text, "LLVMSymbolizer:", 15) == 0 ||
	    strstr(text, ": error: ") != NULL ||
	    strstr(text, ": warning: ") != NULL)
		return;
	if (m->line.len == 0)
		take_answer(m);
	else if (m->answer.len + m->line.len < ANSWER_MOST)
		buf_printf(&m->answer, "%s\n", text);
}

static void
on_bytes(void *arg, const char *bytes, size_t len)
{
	struct symbols *m = arg;
	size_t i;

	for (i = 0; i < len && m->busy; i++) {
		if (bytes[i] != '\n') {
			if (m->line.len < ANSWER_MOST)
				buf_addc(&m->line, bytes[i]);
			continue;
		}
		take_line(m);
		buf_reset(&m->line);
	}
}

static void
on_ended(void *arg)
{
	struct symbols *m = arg;

	if (m->busy)
		lose(m, "it ended");
}

/* Too slow; or it has answered, or has nothing to do any more. */
static void
on_time(void *arg)
{
	struct symbols *m = arg;

	if (m->busy) {
		run_release(&m->run);
		lose(m, "it took too long");
		return;
	}
	if (m->session->outcome.has || m->session->finds != NULL) {
		loop_timer_set(m->timer, IDLE_MS, NULL);
		reproduce_kick(m->session); /* may free all this */
		return;
	}
	run_release(&m->run);
}

static int
start(struct symbols *m, struct err *e)
{
	struct session *s = m->session;
	struct engine_plan plan = ENGINE_PLAN_INIT;
	struct caged c;
	int rc;

	cage_paths_fill(&c.paths, s);
	if (c.paths.symbolizer[0] == '\0')
		return err_set(e, ERR_NOT_FOUND, "there is no symbolizer");
	strv_add(&plan.argv, "%s", c.paths.symbolizer);
	strv_add(&plan.argv, "--output-style=LLVM");
	strv_add(&plan.argv, "--inlines");
	strv_add(&plan.argv, "--demangle");
	strv_add(&plan.env, "PATH=/usr/local/bin:/usr/bin:/bin");
	strv_add(&plan.env, "HOME=/tmp");
	caged_fill(&c, s, "names", &plan, true);
	c.spec.talks = true;
	rc = run_start(&m->run, &c.spec, e);
	engine_plan_release(&plan);
	return rc;
}

static int
say_all(struct symbols *m)
{
	struct buf text = BUF_INIT;
	int i, rc;

	for (i = m->answered; i < m->count; i++)
		buf_printf(&text, "CODE \"%s\" 0x%jx\n", m->cache[i].module,
		    (uintmax_t)m->cache[i].offset);
	rc = run_say(&m->run, text.data, text.len);
	buf_release(&text);
	return rc;
}

/* ---- asking ------------------------------------------------------------ */

static struct symbols *
symbols_of(struct session *s)
{
	struct symbols *m = s->symbols;

	if (m != NULL)
		return m;
	m = s->symbols = mem_alloc(sizeof(*m));
	m->session = s;
	run_init(&m->run, s->runner->loop, on_bytes, on_ended, m);
	m->timer = loop_timer(s->runner->loop, on_time, m, NULL);
	return m;
}

/* Frames without a name; those that were not asked for yet are put on the list
 * of "m", when there is one. */
static int
nameless_frames(struct symbols *m, const struct buf *report)
{
	struct span rest = {report->data, report->len}, line;
	struct nameless n;
	struct frame f;
	int found = 0;

	while (found < ASK_MOST && span_line(&rest, &line)) {
		/* Quick: most lines of a long report are no frames. */
		if (line.n == 0 || memchr(line.p, '#', line.n) == NULL)
			continue;
		if (!take_frame(&f, &n, line) || n.module.n == 0)
			continue;
		found++;
		if (m != NULL && symbol_of(m, &n) == NULL)
			want(m, &n);
	}
	return found;
}

bool
symbols_wanted(struct session *s, const struct buf *report)
{
	return report->len > 0 && reproduce_can_run(s) &&
	    nameless_frames(NULL, report) > 0;
}

bool
symbols_ask(struct session *s, struct buf *report)
{
	struct symbols *m;
	struct err e;

	symbols_drop_nulls(report);
	if (!symbols_wanted(s, report))
		return false;
	m = symbols_of(s);
	if (m->count > CACHE_MOST)
		forget_all(m);
	(void)nameless_frames(m, report);
	if (m->answered == m->count) {
		rewrite(m, report);
		return false;
	}
	m->busy = true;
	buf_reset(&m->line);
	buf_reset(&m->answer);
	if (m->deaths >= DEATHS_MOST) {
		settle(m);
		return true;
	}
	if (!run_is_on(&m->run) && start(m, &e) == -1) {
		lose(m, e.text);
	} else if (say_all(m) == -1) {
		run_release(&m->run);
		lose(m, "it does not listen");
	} else {
		loop_timer_set(m->timer, ANSWER_MS, NULL);
	}
	return true;
}

bool
symbols_busy(const struct session *s)
{
	return s->symbols != NULL && s->symbols->busy;
}

void
symbols_free(struct symbols *m)
{
	if (m == NULL)
		return;
	run_release(&m->run);
	loop_drop(m->timer);
	forget_all(m);
	free(m->cache);
	buf_release(&m->line);
	buf_release(&m->answer);
	free(m);
}

/*
 * The engine of a session: its cage is described here, its output read line
 * by line, and what it uses is looked at each second.  Looking has to stay
 * cheap: everything that is not the engine may cost 2 % of it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"

#define TMP_BYTES     (512ull << 20)
#define FILE_BYTES    (1ull << 30)
#define ENTRIES_MOST  1000000
#define LOG_FILE_MOST (1u << 20)
#define SYMBOLIZER    "/usr/bin/llvm-symbolizer"
#define USAGE_MS      1000
/* A walk that took 10 ms is not done again for 2 s. */
#define USAGE_SHARE 200

/* ---- output ---------------------------------------------------------- */

static void
write_log(struct session *s, const char *bytes, size_t len)
{
	ssize_t ignored;

	if (s->log == -1)
		return;
	if (s->log_bytes + len > LOG_FILE_MOST) {
		ignored = ftruncate(s->log, 0);
		(void)ignored;
		s->log_bytes = 0;
	}
	ignored = write(s->log, bytes, len); /* for people, no more */
	(void)ignored;
	s->log_bytes += len;
}

static void
on_bytes(void *arg, const char *bytes, size_t len)
{
	const char *end = bytes + len, *newline;
	struct session *s = arg;

	write_log(s, bytes, len);
	for (; bytes < end; bytes = newline + 1) {
		newline = memchr(bytes, '\n', (size_t)(end - bytes));
		if (newline == NULL) {
			if (s->line.len < ENGINE_LINE_MAX)
				buf_add(&s->line, bytes, (size_t)(end - bytes));
			break;
		}
		if (s->line.len == 0) {
			s->engine->line(
			    &s->now, bytes, (size_t)(newline - bytes));
			continue;
		}
		buf_add(&s->line, bytes, (size_t)(newline - bytes));
		s->engine->line(&s->now, s->line.data, s->line.len);
		buf_reset(&s->line);
	}
}

static void
on_ended(void *arg)
{
	struct session *s = arg;

	buf_reset(&s->line);
	session_engine_ended(s);
}

void
launch_init(struct session *s)
{
	run_init(&s->run, s->runner->loop, on_bytes, on_ended, s);
}

/* ---- the cage -------------------------------------------------------- */

/* Folders of work/<lease>/, in the order of the enum. */
enum place {
	PLACE_BUILD,
	PLACE_CORPUS,
	PLACE_INPUTS,
	PLACE_SEEDS,
	PLACE_ARTIFACTS,
	PLACE_CRASHES,
	PLACE_SIDE,
	PLACES
};

static const struct {
	const char *name;
	bool writable;
} places[PLACES] = {
    [PLACE_BUILD] = {"build", false},
    [PLACE_CORPUS] = {"corpus", true},
    [PLACE_INPUTS] = {"units", false},
    [PLACE_SEEDS] = {"seeds", false},
    [PLACE_ARTIFACTS] = {"artifacts", true},
    [PLACE_CRASHES] = {"crashes", false},
    [PLACE_SIDE] = {"side", false},
};

static char *
path_of(struct cage_paths *p, enum place place)
{
	char *const paths[PLACES] = {p->build, p->corpus, p->inputs, p->seeds,
	    p->artifacts, p->crashes, p->side};

	return paths[place];
}

static void
host_path(char *out, size_t size, const struct session *s, enum place place)
{
	snprintf(out, size, "%s/work/%s/%s", s->runner->root_path, s->lease,
	    places[place].name);
}

void
cage_paths_fill(struct cage_paths *p, const struct session *s)
{
	int i;

	p->symbolizer[0] = '\0';
	for (i = 0; i < PLACES; i++) {
		if (s->runner->config->no_sandbox)
			host_path(
			    path_of(p, (enum place)i), 512, s, (enum place)i);
		else
			snprintf(path_of(p, (enum place)i), 512, "/work/%s",
			    places[i].name);
	}
	/* DESIGN 10: a tool inside the build comes first. */
	if (faccessat(s->build, "llvm-symbolizer", X_OK, 0) == 0)
		snprintf(p->symbolizer, sizeof(p->symbolizer),
		    "%s/llvm-symbolizer", p->build);
	else if (access(SYMBOLIZER, X_OK) == 0)
		snprintf(p->symbolizer, sizeof(p->symbolizer), SYMBOLIZER);
}

void
engine_target_fill(struct engine_target *t, const struct session *s,
    const struct cage_paths *p)
{
	*t = (struct engine_target){.build_fd = s->build,
	    .build = p->build,
	    .program = s->ticket.program,
	    .sanitizer = s->ticket.sanitizer,
	    .side_fd = s->side,
	    .side = p->side,
	    .corpus = p->corpus,
	    .artifacts = p->artifacts,
	    .memory_mb = s->memory_mb,
	    .timeout_ms = s->ticket.limits.timeout_ms,
	    .arguments = s->ticket.arguments,
	    .argument_count = s->ticket.argument_count,
	    .environment = s->ticket.environment,
	    .environment_count = s->ticket.environment_count};
	if (p->symbolizer[0] != '\0')
		t->symbolizer = p->symbolizer;
}

void
caged_fill(struct caged *c, const struct session *s, const char *what,
    const struct engine_plan *plan, bool reproduce)
{
	const struct runner_config *config = s->runner->config;
	int i;

	for (i = 0; i < PLACES; i++) {
		host_path(c->host[i], sizeof(c->host[i]), s, (enum place)i);
		c->binds[i] = (struct cage_bind){c->host[i],
		    path_of(&c->paths, (enum place)i),
		    places[i].writable && !reproduce};
	}
	snprintf(c->name, sizeof(c->name), "%d-%s-%s", (int)getpid(), s->lease,
	    what);
	c->spec = (struct cage_spec){.name = c->name,
	    .binds = c->binds,
	    .bind_count = PLACES,
	    .dir = c->paths.build,
	    .argv = (const char *const *)plan->argv.list,
	    .env = (const char *const *)plan->env.list,
	    .memory = s->memory_mb << 20,
	    .processes = config->processes,
	    .file_size = config->work_bytes < FILE_BYTES ? config->work_bytes
							 : FILE_BYTES,
	    .tmp_bytes = TMP_BYTES,
	    .none = config->no_sandbox,
	    .nice = config->nice,
	    .idle = config->sched_idle};
}

/* The same at each start: once is enough. */
static void
log_notes(struct session *s, struct engine_plan *plan)
{
	char *line, *next;

	if (s->restarts > 0)
		return;
	if (s->ticket.limits.memory_mb > s->memory_mb)
		log_info("memory.cut", LOG_T("lease", s->lease),
		    LOG_N("wanted_mb", s->ticket.limits.memory_mb),
		    LOG_N("memory_mb", s->memory_mb));
	for (line = plan->notes.data; line != NULL && *line != '\0';
	     line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		check_note(s, line);
		if (next == NULL)
			break;
	}
}

int
launch_engine(struct session *s, struct err *e)
{
	struct engine_plan plan = ENGINE_PLAN_INIT;
	const char *inputs[3] = {NULL, NULL, NULL};
	struct engine_target t;
	struct caged c;
	int rc, n = 0;

	cage_paths_fill(&c.paths, s);
	engine_target_fill(&t, s, &c.paths);
	if (s->has_inputs)
		inputs[n++] = c.paths.inputs;
	if (s->seeds > 0)
		inputs[n++] = c.paths.seeds;
	t.inputs = inputs;
	t.seconds = (s->ends_ms - clock_up_ms()) / 1000;
	rc = s->check ? s->engine->check(&plan, &t, e)
		      : s->engine->session(&plan, &t, e);
	if (rc == 0) {
		s->dict = plan.dict_entries;
		s->timeout_s = plan.timeout_s;
		buf_reset(&s->strategies);
		s->engine->strategies(&s->strategies, &plan);
		log_notes(s, &plan);
		caged_fill(&c, s, "run", &plan, false);
		rc = run_start(&s->run, &c.spec, e);
	}
	if (rc == 0)
		log_info("engine.started", LOG_T("lease", s->lease),
		    LOG_N("dict", s->dict), LOG_N("seeds", s->seeds),
		    LOG_N("seconds", t.seconds),
		    LOG_N("restarts", s->restarts));
	engine_plan_release(&plan);
	return rc;
}

/* ---- looking --------------------------------------------------------- */

static bool
wrote_too_much(struct session *s)
{
	uint64_t bytes, entries, b, n, before = clock_up_ms(), took;

	if (before < s->usage_next_ms)
		return false;
	fs_usage(s->dir, places[PLACE_CORPUS].name, &bytes, &entries);
	fs_usage(s->dir, places[PLACE_ARTIFACTS].name, &b, &n);
	took = clock_up_ms() - before;
	s->usage_next_ms = before +
	    (took * USAGE_SHARE > USAGE_MS ? took * USAGE_SHARE : USAGE_MS);
	return bytes + b > s->runner->config->work_bytes ||
	    entries + n > ENTRIES_MOST;
}

void
launch_look(struct session *s)
{
	struct cage_usage u;
	const char *what;

	cage_look(s->run.cage, &u);
	if (cage_over(s->run.cage, &u, &what)) {
		s->killed_for = what;
		run_kill(&s->run);
	} else if (wrote_too_much(s)) {
		s->killed_for = "bytes or files written";
		if (!s->check)
			session_end(s, STOP_FAILED,
			    "the session wrote more bytes or files than it "
			    "may");
		run_kill(&s->run);
	} else if (session_cpu_is_used(s, u.cpu_ms)) {
		session_end(s, STOP_DONE, NULL);
	}
}

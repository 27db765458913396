/*
 * clang's libFuzzer: a target is its own engine.  Here a target's side files
 * become flags and sanitizer options, what may not be undone comes last, and
 * the output's lines become counters.  Facts: FuzzerOptions.h, clang 14.
 */
#include <sys/stat.h>

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/engine/dict.h"
#include "botd/engine/engine.h"
#include "botd/engine/options.h"
#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/text.h"

#define SECTION "libfuzzer"

/* libFuzzer's exit codes; those of the sanitizers are forced to the first. */
#define EXIT_REPORT  77
#define EXIT_TIMEOUT 70
#define EXIT_OOM     71
#define EXIT_STOPPED 72

#define TIMEOUT_DEFAULT 25 /* seconds; facts 5.3 */
#define TIMEOUT_MAX     1200

/* What the runner decides; a target's wish for these is not heard. */
static const char *const not_theirs[] = {"artifact_prefix",
    "exact_artifact_path", "max_total_time", "fork", "jobs", "workers", "merge",
    "merge_control_file", "minimize_crash", "minimize_crash_internal_step",
    "cleanse_crash", "help", "error_exitcode", "timeout_exitcode", "reload",
    "stop_file", "print_final_stats", "create_missing_dirs", "ignore_crashes",
    "ignore_timeouts", "ignore_ooms", "seed_inputs", "features_dir",
    "collect_data_flow", "data_flow_trace", "set_cover_merge",
    "ignore_remaining_args", NULL};

/* Flags that also hold when one input is run again. */
static const char *const for_reproduce[] = {"malloc_limit_mb", "detect_leaks",
    "close_fd_mask", "handle_segv", "handle_bus", "handle_abrt", "handle_ill",
    "handle_fpe", "handle_usr1", "handle_usr2", NULL};

struct tool {
	const char *variable;
	const char *section; /* of .options */
	const char *base;    /* facts 5.3: OSS-Fuzz's base runner */
	const char *forced;  /* facts 6.2: last, so that nothing undoes it */
};

#define FORCED_ALL                                                 \
	"exitcode=77:symbolize=1:handle_abort=1:abort_on_error=0:" \
	"allocator_may_return_null=1:log_path=stderr:log_exe_name=0"

static const struct tool tools[] = {
    {"ASAN_OPTIONS", "asan",
	"alloc_dealloc_mismatch=0:allocator_release_to_os_interval_ms=500:"
	"check_malloc_usable_size=0:detect_container_overflow=1:"
	"detect_odr_violation=0:detect_leaks=1:"
	"detect_stack_use_after_return=1:fast_unwind_on_fatal=0:"
	"handle_segv=1:handle_sigill=1:max_uar_stack_size_log=16:"
	"print_scariness=1:quarantine_size_mb=10:strict_memcmp=1:"
	"use_sigaltstack=1:dedup_token_length=3",
	FORCED_ALL},
    {"UBSAN_OPTIONS", "ubsan",
	"print_summary=1:silence_unsigned_overflow=1:dedup_token_length=3",
	FORCED_ALL ":print_stacktrace=1:halt_on_error=1"},
    {"MSAN_OPTIONS", "msan", "print_stats=0:dedup_token_length=3", FORCED_ALL},
    {"TSAN_OPTIONS", "tsan", "history_size=3:report_signal_unsafe=0",
	FORCED_ALL ":halt_on_error=1:stack_trace_format=DEFAULT"},
};

static bool
in_list(const char *const *list, const char *word)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* ---- side files ------------------------------------------------------ */

/* "T.options" for "T", "T.exe" and "T.par" (facts 5.2). */
static void
side_name(struct buf *out, const char *program, const char *suffix)
{
	size_t n = strlen(program);

	if (n > 4 &&
	    (strcmp(program + n - 4, ".exe") == 0 ||
		strcmp(program + n - 4, ".par") == 0))
		n -= 4;
	buf_reset(out);
	buf_add(out, program, n);
	buf_adds(out, suffix);
}

static void
options_load(
    struct options *o, struct engine_plan *p, const struct engine_target *t)
{
	struct buf name = BUF_INIT, bytes = BUF_INIT;
	struct err e;

	*o = (struct options){.text = NULL, .count = 0};
	side_name(&name, t->program, ".options");
	err_clear(&e);
	if (fs_read_file(t->build_fd, name.data, &bytes, OPTIONS_MAX_BYTES + 1,
		&e) == 0) {
		/* Facts 5.2: what cannot be parsed is ignored. */
		if (options_parse(o, bytes.data, bytes.len, &e) == -1)
			buf_printf(
			    &p->notes, "ignored '%s': %s\n", name.data, e.text);
	} else if (e.cls != ERR_NOT_FOUND) {
		buf_printf(&p->notes, "ignored '%s': %s\n", name.data, e.text);
	}
	buf_release(&bytes);
	buf_release(&name);
}

/*
 * The dictionary's path in "name": the one that .options names, relative to
 * that file, else T.dict.  False when there is none.
 */
static bool
dict_name(struct buf *name, const struct options *o, struct engine_plan *p,
    const struct engine_target *t)
{
	const char *wish = options_get(o, SECTION, "dict");
	const char *slash = strrchr(t->program, '/');
	struct stat st;

	if (wish != NULL && wish[0] != '\0') {
		buf_reset(name);
		if (slash != NULL)
			buf_add(
			    name, t->program, (size_t)(slash - t->program) + 1);
		buf_adds(name, wish);
		if (wish[0] != '/' && strstr(wish, "..") == NULL &&
		    fstatat(t->build_fd, name->data, &st, 0) == 0)
			return true;
		buf_printf(
		    &p->notes, "no dictionary: there is no '%s'\n", wish);
		return false;
	}
	side_name(name, t->program, ".dict");
	return fstatat(t->build_fd, name->data, &st, 0) == 0;
}

/* A dictionary with an error ends libFuzzer: it gets a checked copy. */
static void
add_dict(struct engine_plan *p, const struct options *o,
    const struct engine_target *t)
{
	struct buf name = BUF_INIT, bytes = BUF_INIT, good = BUF_INIT;
	struct dict_count n;
	struct err e;

	if (!dict_name(&name, o, p, t))
		goto out;
	if (fs_read_file(t->build_fd, name.data, &bytes, DICT_MAX_BYTES, &e) ==
	    -1) {
		buf_printf(&p->notes, "no dictionary: %s\n", e.text);
		goto out;
	}
	dict_check(&good, buf_text(&bytes), bytes.len, &n);
	if (n.dropped + n.repaired > 0)
		buf_printf(&p->notes,
		    "dictionary '%s': %ju lines dropped, %ju repaired\n",
		    name.data, (uintmax_t)n.dropped, (uintmax_t)n.repaired);
	if (n.entries == 0)
		goto out;
	if (fs_replace(t->side_fd, "dict", good.data, good.len, 0644, false,
		&e) == -1) {
		buf_printf(&p->notes, "no dictionary: %s\n", e.text);
		goto out;
	}
	p->dict_entries = n.entries;
	strv_add(&p->argv, "-dict=%s/dict", t->side);
out:
	buf_release(&good);
	buf_release(&bytes);
	buf_release(&name);
}

/* ---- flags ----------------------------------------------------------- */

static bool
flag_ok(const char *key)
{
	if (*key == '\0')
		return false;
	for (; *key != '\0'; key++)
		if (!islower((unsigned char)*key) &&
		    !isdigit((unsigned char)*key) && *key != '_')
			return false;
	return true;
}

/* "random(a, b)" is a uniform integer, drawn anew for each run. */
static void
add_flag(struct engine_plan *p, const char *key, const char *value)
{
	long a, b;

	if (sscanf(value, "random(%ld ,%ld )", &a, &b) == 2 && a <= b &&
	    b - a >= 0)
		strv_add(&p->argv, "-%s=%jd", key,
		    (intmax_t)a +
			(intmax_t)random_below((uint64_t)(b - a) + 1));
	else
		strv_add(&p->argv, "-%s=%s", key, value);
}

static void
add_wishes(struct engine_plan *p, const struct options *o, bool reproduce)
{
	const struct option *w;
	int i;

	for (i = 0; i < o->count; i++) {
		w = &o->list[i];
		if (strcmp(w->section, SECTION) != 0 ||
		    strcmp(w->key, "dict") == 0 ||
		    strcmp(w->key, "timeout") == 0 ||
		    strcmp(w->key, "rss_limit_mb") == 0)
			continue;
		if (reproduce && !in_list(for_reproduce, w->key))
			continue;
		if (!flag_ok(w->key) || in_list(not_theirs, w->key))
			buf_printf(&p->notes,
			    "ignored option '%s': the bot decides it\n",
			    w->key);
		else
			add_flag(p, w->key, w->value);
	}
}

/* Both limits may be lowered by a target, and none switched off. */
static void
add_limits(struct engine_plan *p, const struct options *o,
    const struct engine_target *t)
{
	const char *wish;
	uint64_t n;

	p->timeout_s = TIMEOUT_DEFAULT;
	wish = options_get(o, SECTION, "timeout");
	if (wish != NULL && text_to_u64(&n, wish) == 0 && n >= 1 &&
	    n <= TIMEOUT_MAX)
		p->timeout_s = n;
	else if (wish != NULL)
		buf_printf(&p->notes, "ignored timeout '%s'\n", wish);
	strv_add(&p->argv, "-timeout=%ju", (uintmax_t)p->timeout_s);
	wish = options_get(o, SECTION, "rss_limit_mb");
	if (wish == NULL || text_to_u64(&n, wish) == -1 || n == 0 ||
	    n > t->memory_mb) {
		n = t->memory_mb;
		if (wish != NULL)
			buf_printf(&p->notes, "rss_limit_mb '%s' cut to %ju\n",
			    wish, (uintmax_t)n);
	}
	strv_add(&p->argv, "-rss_limit_mb=%ju", (uintmax_t)n);
}

/* ---- environment ----------------------------------------------------- */

/* A quote would swallow what is forced after it. */
static bool
value_ok(const char *v)
{
	return strpbrk(v, "'\"\\\n") == NULL;
}

static void
add_tool(struct engine_plan *p, const struct tool *tool,
    const struct options *o, const struct engine_target *t)
{
	struct buf text = BUF_INIT;
	const struct option *w;
	int i;

	buf_adds(&text, tool->base);
	for (i = 0; i < o->count; i++) {
		w = &o->list[i];
		if (strcmp(w->section, tool->section) != 0)
			continue;
		if (flag_ok(w->key) && value_ok(w->value))
			buf_printf(&text, ":%s=%s", w->key, w->value);
		else
			buf_printf(&p->notes, "ignored %s option '%s'\n",
			    tool->section, w->key);
	}
	buf_printf(&text, ":%s", tool->forced);
	if (t->symbolizer != NULL)
		buf_printf(
		    &text, ":external_symbolizer_path=%s", t->symbolizer);
	strv_add(&p->env, "%s=%s", tool->variable, text.data);
	buf_release(&text);
}

static void
add_env(struct engine_plan *p, const struct options *o,
    const struct engine_target *t)
{
	size_t i;

	strv_add(&p->env, "PATH=/usr/local/bin:/usr/bin:/bin");
	strv_add(&p->env, "HOME=/tmp");
	strv_add(&p->env, "TMPDIR=/tmp");
	strv_add(&p->env, "LANG=C.UTF-8");
	strv_add(&p->env, "LD_LIBRARY_PATH=%s/lib", t->build);
	strv_add(&p->env, "OUT=%s", t->build);
	for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		add_tool(p, &tools[i], o, t);
}

static int
start_plan(struct engine_plan *p, struct options *o,
    const struct engine_target *t, struct err *e)
{
	struct stat st;

	*p = (struct engine_plan)ENGINE_PLAN_INIT;
	if (fstatat(t->build_fd, t->program, &st, 0) == -1)
		return err_sys(e, "the build has no target '%s'", t->program);
	options_load(o, p, t);
	strv_add(&p->argv, "%s/%s", t->build, t->program);
	return 0;
}

static int
libfuzzer_session(
    struct engine_plan *p, const struct engine_target *t, struct err *e)
{
	struct options o;
	int i;

	if (start_plan(p, &o, t, e) == -1)
		return -1;
	add_wishes(p, &o, false);
	add_limits(p, &o, t);
	add_dict(p, &o, t);
	strv_add(&p->argv, "-max_total_time=%ju",
	    (uintmax_t)(t->seconds == 0 ? 1 : t->seconds));
	strv_add(&p->argv, "-artifact_prefix=%s/", t->artifacts);
	strv_add(&p->argv, "-print_final_stats=1");
	/* New segments are dropped into the first folder in mid-session. */
	strv_add(&p->argv, "-reload=1");
	strv_add(&p->argv, "%s", t->corpus);
	for (i = 0; t->inputs != NULL && t->inputs[i] != NULL; i++)
		strv_add(&p->argv, "%s", t->inputs[i]);
	add_env(p, &o, t);
	options_release(&o);
	return 0;
}

static int
libfuzzer_reproduce(struct engine_plan *p, const struct engine_target *t,
    const char *input, struct err *e)
{
	struct options o;

	if (start_plan(p, &o, t, e) == -1)
		return -1;
	add_wishes(p, &o, true);
	add_limits(p, &o, t);
	strv_add(&p->argv, "%s", input);
	add_env(p, &o, t);
	options_release(&o);
	return 0;
}

/* ---- output ---------------------------------------------------------- */

/* Number after "key" in the line; "size" also takes a unit of bytes. */
static bool
number_after(
    const char *line, const char *key, uint64_t *value, const char **rest)
{
	const char *p = strstr(line, key);
	char *end;

	if (p == NULL)
		return false;
	p += strlen(key);
	if (!isdigit((unsigned char)*p))
		return false;
	*value = strtoull(p, &end, 10);
	if (rest != NULL)
		*rest = end;
	return true;
}

static uint64_t
scaled(uint64_t n, const char *unit)
{
	switch (tolower((unsigned char)unit[0])) {
	case 'k':
		return n << 10;
	case 'm':
		return n << 20;
	case 'g':
		return n << 30;
	}
	return n;
}

/* "#258\tREDUCE cov: 9 ft: 9 corp: 4/20b lim: 8 exec/s: 0 rss: 30Mb ..." */
static void
status_line(struct engine_stats *s, const char *line)
{
	const char *rest;
	uint64_t n;
	char *event;

	n = strtoull(line + 1, &event, 10);
	if (event == line + 1 || *event != '\t')
		return;
	event++;
	s->execs = n;
	if (strncmp(event, "READ", 4) != 0)
		s->ready = true;
	number_after(event, "cov: ", &s->edges, NULL);
	number_after(event, "ft: ", &s->features, NULL);
	number_after(event, "exec/s: ", &s->execs_per_second, NULL);
	number_after(event, "rss: ", &s->rss_mb, NULL);
	if (number_after(event, "corp: ", &s->units, &rest) && *rest == '/' &&
	    isdigit((unsigned char)rest[1])) {
		n = strtoull(rest + 1, &event, 10);
		s->unit_bytes = scaled(n, event);
	}
}

static void
libfuzzer_line(struct engine_stats *s, const char *line, size_t len)
{
	char text[ENGINE_LINE_MAX];
	uint64_t n;

	if (len == 0 || (line[0] != '#' && line[0] != 's' && line[0] != 'D'))
		return;
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, line, len);
	text[len] = '\0';
	if (text[0] == '#')
		status_line(s, text);
	else if (number_after(
		     text, "stat::number_of_executed_units: ", &n, NULL) &&
	    n >= s->execs)
		s->execs = n;
	else if (number_after(text, "stat::peak_rss_mb: ", &n, NULL))
		s->rss_mb = n;
}

static enum engine_end
libfuzzer_ended(int code, int signo, const char *output, size_t len)
{
	if (signo == SIGKILL || signo == SIGTERM || signo == SIGINT)
		return END_INTERRUPTED;
	if (signo != 0)
		return END_CRASH;
	switch (code) {
	case 0:
		return END_CLEAN;
	case EXIT_STOPPED:
		return END_INTERRUPTED;
	case EXIT_REPORT:
	case EXIT_TIMEOUT:
	case EXIT_OOM:
		return END_CRASH;
	}
	/* 1 is both a sanitizer's default and libFuzzer's "cannot run". */
	return engine_report_start(output, len) < len ? END_CRASH : END_BROKEN;
}

static enum artifact
libfuzzer_artifact(const char *name)
{
	if (strncmp(name, "timeout-", 8) == 0)
		return ARTIFACT_TIMEOUT;
	if (strncmp(name, "crash-", 6) == 0 || strncmp(name, "leak-", 5) == 0 ||
	    strncmp(name, "oom-", 4) == 0)
		return ARTIFACT_CRASH;
	return ARTIFACT_IGNORED;
}

const struct engine ENGINE_LIBFUZZER = {
    .name = "libfuzzer",
    .session = libfuzzer_session,
    .reproduce = libfuzzer_reproduce,
    .line = libfuzzer_line,
    .ended = libfuzzer_ended,
    .artifact = libfuzzer_artifact,
};

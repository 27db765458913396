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
#include "botd/engine/environment.h"
#include "botd/engine/libfuzzer.h"
#include "botd/engine/options.h"
#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/wire/flags.h"

#define SECTION "libfuzzer"

/* libFuzzer's exit codes; those of the sanitizers are forced to the first. */
#define EXIT_REPORT  77
#define EXIT_TIMEOUT 70
#define EXIT_OOM     71
#define EXIT_STOPPED 72

#define TIMEOUT_DEFAULT 25 /* seconds; facts 5.3 */
#define TIMEOUT_MAX     1200

/* Flags that also hold when one input is run again. */
static const char *const for_reproduce[] = {"malloc_limit_mb", "detect_leaks",
    "close_fd_mask", "handle_segv", "handle_bus", "handle_abrt", "handle_ill",
    "handle_fpe", "handle_usr1", "handle_usr2", NULL};

#define CHECK_RUNS "4" /* facts 5.4 */
#define CHECK_SEED "1337"
#define CHECK_DONE "Done " CHECK_RUNS " runs"

static bool
in_list(const char *const *list, const char *word)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* ---- the job's arguments --------------------------------------------- */

/* "-flag=value" taken apart; false for anything else. */
static bool
split_argument(char *key, size_t size, const char **value, const char *word)
{
	size_t len = strcspn(word, "=");

	if (word[0] != '-' || word[len] != '=' || len > size ||
	    !option_key_ok(word + 1, len - 1))
		return false;
	memcpy(key, word + 1, len - 1);
	key[len - 1] = '\0';
	*value = word + len + 1;
	return true;
}

/* The last value that the job gives a flag, or NULL. */
static const char *
argument(const struct engine_target *t, const char *flag)
{
	const char *value;
	char key[64];
	int i;

	for (i = t->argument_count - 1; i >= 0; i--)
		if (split_argument(key, sizeof(key), &value, t->arguments[i]) &&
		    strcmp(key, flag) == 0)
			return value;
	return NULL;
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
 * The dictionary's path in "name": the one that the job or .options names,
 * relative to the target's folder, else T.dict.  False when there is none.
 */
static bool
dict_name(struct buf *name, const struct options *o, struct engine_plan *p,
    const struct engine_target *t)
{
	const char *wish = argument(t, "dict");
	const char *slash = strrchr(t->program, '/');
	struct stat st;

	if (wish == NULL)
		wish = options_get(o, SECTION, "dict");
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

/* Those that are looked at by themselves. */
static const char *const apart[] = {"dict", "timeout", "rss_limit_mb", NULL};

static void
add_wish(struct engine_plan *p, const char *key, const char *value,
    const char *const *only)
{
	if (in_list(apart, key) || (only != NULL && !in_list(only, key)))
		return;
	if (!option_key_ok(key, strlen(key)) || flag_refusal(key) != NULL)
		buf_printf(&p->notes,
		    "ignored option '%s': the bot decides it\n", key);
	else
		add_flag(p, key, value);
}

/* The target's wishes, then the job's: of two alike libFuzzer takes the last,
 * and the job's were set by a person who knows this target. */
static void
add_wishes(struct engine_plan *p, const struct options *o,
    const struct engine_target *t, const char *const *only)
{
	const char *value;
	char key[64];
	int i;

	for (i = 0; i < o->count; i++)
		if (strcmp(o->list[i].section, SECTION) == 0)
			add_wish(p, o->list[i].key, o->list[i].value, only);
	for (i = 0; i < t->argument_count; i++) {
		if (split_argument(key, sizeof(key), &value, t->arguments[i]))
			add_wish(p, key, value, only);
		else if (only == NULL)
			buf_printf(&p->notes,
			    "ignored argument '%s': it is no -flag=value\n",
			    t->arguments[i]);
	}
}

/* "n" when it is a number of 1 to "most". */
static bool
within(uint64_t *n, const char *text, uint64_t most)
{
	return text_to_u64(n, text) == 0 && *n >= 1 && *n <= most;
}

/*
 * The job's limit for one input.  A target may lower it; where the job has
 * none a target may have up to 20 minutes, as a job's own argument may.
 */
static void
set_timeout(struct engine_plan *p, const struct options *o,
    const struct engine_target *t)
{
	uint64_t n, most = TIMEOUT_MAX;
	const char *wish;

	p->timeout_s = TIMEOUT_DEFAULT;
	if (t->timeout_ms != 0) {
		n = t->timeout_ms / 1000 + (t->timeout_ms % 1000 != 0);
		most = p->timeout_s = n < TIMEOUT_MAX ? n : TIMEOUT_MAX;
	}
	wish = options_get(o, SECTION, "timeout");
	if (wish != NULL && within(&n, wish, most))
		p->timeout_s = n;
	else if (wish != NULL)
		buf_printf(&p->notes, "ignored timeout '%s'\n", wish);
	wish = argument(t, "timeout");
	if (wish != NULL && within(&n, wish, TIMEOUT_MAX))
		p->timeout_s = n;
	else if (wish != NULL)
		buf_printf(&p->notes, "ignored argument '-timeout=%s'\n", wish);
}

/* To the nearest whole one, and never none. */
static uint64_t
percent_of(uint64_t n, unsigned percent)
{
	if (percent != 0)
		n = (n * percent + 50) / 100;
	return n == 0 ? 1 : n;
}

/* Both limits may be lowered by a target, and none switched off. */
static void
add_limits(struct engine_plan *p, const struct options *o,
    const struct engine_target *t)
{
	const char *wish = argument(t, "rss_limit_mb");
	uint64_t n;

	set_timeout(p, o, t);
	p->timeout_s = percent_of(p->timeout_s, t->time_percent);
	strv_add(&p->argv, "-timeout=%ju", (uintmax_t)p->timeout_s);
	if (wish == NULL)
		wish = options_get(o, SECTION, "rss_limit_mb");
	if (wish == NULL || !within(&n, wish, t->memory_mb)) {
		n = t->memory_mb;
		if (wish != NULL)
			buf_printf(&p->notes, "rss_limit_mb '%s' cut to %ju\n",
			    wish, (uintmax_t)n);
	}
	strv_add(&p->argv, "-rss_limit_mb=%ju",
	    (uintmax_t)percent_of(n, t->memory_percent));
}

/* ---- plans ----------------------------------------------------------- */

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
	add_wishes(p, &o, t, NULL);
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
	environment_add(p, &o, t, false);
	options_release(&o);
	return 0;
}

static int
libfuzzer_reproduce(struct engine_plan *p, const struct engine_target *t,
    const char *const *inputs, struct err *e)
{
	struct options o;

	if (start_plan(p, &o, t, e) == -1)
		return -1;
	add_wishes(p, &o, t, for_reproduce);
	add_limits(p, &o, t);
	for (; *inputs != NULL; inputs++)
		strv_add(&p->argv, "%s", *inputs);
	environment_add(p, &o, t, false);
	options_release(&o);
	return 0;
}

/* With the options and words that a session will have, and no corpus. */
static int
libfuzzer_check(
    struct engine_plan *p, const struct engine_target *t, struct err *e)
{
	struct options o;

	if (start_plan(p, &o, t, e) == -1)
		return -1;
	add_wishes(p, &o, t, NULL);
	add_limits(p, &o, t);
	add_dict(p, &o, t);
	strv_add(&p->argv, "-seed=" CHECK_SEED);
	strv_add(&p->argv, "-runs=" CHECK_RUNS);
	strv_add(&p->argv, "-detect_leaks=0");
	strv_add(&p->argv, "-artifact_prefix=%s/", t->artifacts);
	environment_add(p, &o, t, true);
	options_release(&o);
	return 0;
}

static const char *
libfuzzer_checked(const char *output, size_t len)
{
	static const char no_interest[] =
	    "no interesting inputs were found. Is the code instrumented";

	if (memmem(output, len, CHECK_DONE, strlen(CHECK_DONE)) != NULL)
		return NULL;
	if (memmem(output, len, no_interest, strlen(no_interest)) != NULL)
		return "it is not instrumented: no interesting inputs were "
		       "found";
	return "";
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

	if (len == 0 || (line[0] != '#' && line[0] != 's' && line[0] != 'I'))
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
	else if (strncmp(text, "INFO: Loaded ", 13) == 0 &&
	    strstr(text, " modules ") != NULL &&
	    number_after(text, "(", &n, NULL))
		s->instrumented = n;
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
	if (strncmp(name, "oom-", 4) == 0)
		return ARTIFACT_MEMORY;
	if (strncmp(name, "crash-", 6) == 0 || strncmp(name, "leak-", 5) == 0)
		return ARTIFACT_CRASH;
	return ARTIFACT_IGNORED;
}

const struct engine ENGINE_LIBFUZZER = {
    .name = "libfuzzer",
    .session = libfuzzer_session,
    .reproduce = libfuzzer_reproduce,
    .check = libfuzzer_check,
    .checked = libfuzzer_checked,
    .line = libfuzzer_line,
    .ended = libfuzzer_ended,
    .artifact = libfuzzer_artifact,
    .parents = libfuzzer_parents,
    .strategies = libfuzzer_strategies,
    .came_to = libfuzzer_came_to,
};
